"""Sources: the speech or paper that asks for work, its outline and the actions found in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from branches.models import Organization

if TYPE_CHECKING:
    from branches.access import Actor


class SourceQuerySet(models.QuerySet["Source"]):
    def visible_to(self, actor: Actor) -> SourceQuerySet:
        return self.filter(actor.scope("organization__path"))

    def current(self) -> SourceQuerySet:
        """Without those that a corrected text has replaced."""
        return self.filter(corrected_by=None)


class Source(models.Model):
    """来源文件. The text is kept verbatim; spans below point into it by character."""

    class Category(models.TextChoices):
        SPEECH = "SPEECH", _("speech")
        KEY_POINTS = "KEY_POINTS", _("year's key points")
        SCHEME = "SCHEME", _("scheme")
        MINUTES = "MINUTES", _("minutes")
        INSTRUCTION = "INSTRUCTION", _("instruction")
        SUPERIOR = "SUPERIOR", _("superior's paper")
        TOUR_FEEDBACK = "TOUR_FEEDBACK", _("inspection tour feedback")
        INSPECTION = "INSPECTION", _("found by inspection")

    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="sources", verbose_name=_("kept by")
    )
    title = models.CharField(_("title"), max_length=200)
    category = models.CharField(_("category"), max_length=20, choices=Category, default=Category.SPEECH)
    issuer = models.CharField(_("issuer"), max_length=100, blank=True)
    number = models.CharField(_("document number"), max_length=60, blank=True)
    dated = models.DateField(_("date of the document"))
    text = models.TextField(_("text"))
    sha256 = models.CharField(max_length=64, editable=False)
    """Of the file as received, or of the pasted text in UTF-8."""
    original = models.FileField(_("file as received"), upload_to="sources/", blank=True)
    original_name = models.CharField(max_length=120, blank=True)
    rests_on = models.ManyToManyField(
        "self", symmetrical=False, blank=True, related_name="carried_out_by", verbose_name=_("rests on")
    )
    """The superior's papers that this one carries out."""
    corrects = models.OneToOneField(
        "self", models.PROTECT, null=True, editable=False, related_name="corrected_by"
    )
    """The earlier text whose place this one takes; that one can then only be read."""
    rules_version = models.CharField(max_length=20, blank=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=0, editable=False)

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering = ["-dated", "-pk"]
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        constraints = [models.UniqueConstraint(fields=["organization", "sha256"], name="source_once")]

    def __str__(self) -> str:
        return self.title


class Passage(models.Model):
    """要点. A leaf of the outline: ``source.text[start:end]``."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="passages")
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    path = models.JSONField(default=list)
    title = models.CharField(max_length=200)
    stance = models.CharField(max_length=20)
    kinds = models.JSONField(default=list)

    class Meta:
        ordering = ["start"]
        constraints = [models.UniqueConstraint(fields=["source", "start"], name="passage_once")]

    def __str__(self) -> str:
        return f"{' '.join(self.path)} {self.title}"


class Action(models.Model):
    """任务动作. Something definite to do and to show: ``source.text[start:end]``.

    ``slots`` are the facts of its sentence, as ``tracker.reading`` gives them:
    ``{"type", "start", "end", "text", "value"}``.
    """

    class Decision(models.TextChoices):
        OPEN = "OPEN", _("undecided")
        TAKEN = "TAKEN", _("became a measure")
        SET_ASIDE = "SET_ASIDE", _("needs no measure")

    source = models.ForeignKey(Source, models.CASCADE, related_name="actions")
    passage = models.ForeignKey(Passage, models.SET_NULL, null=True, related_name="actions")
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    kinds = models.JSONField(default=list)
    done = models.BooleanField(default=False)
    slots = models.JSONField(default=list)
    why = models.CharField(max_length=200, blank=True)
    added_by_hand = models.BooleanField(default=False)
    decision = models.CharField(max_length=10, choices=Decision, default=Decision.OPEN)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    carried_from = models.OneToOneField(
        "self", models.PROTECT, null=True, editable=False, related_name="carried_to"
    )
    """The same words in the earlier text; the decision came from there."""

    class Meta:
        ordering = ["start"]
        constraints = [models.UniqueConstraint(fields=["source", "start", "end"], name="action_once")]

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """The verbatim words; needs the source loaded."""
        return self.source.text[self.start : self.end]
