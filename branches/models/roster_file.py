"""Roster files (名册): workbooks of organisations and posts that came in to be imported or were exported.

They hold personal data, so they are kept for days, not for ever; ``branches.roster.files`` writes and clears them.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from branches.models.organization import Organization
from common.models import Job


class RosterFile(models.Model):
    """One file on its way in or out, what was found in it, and what became of it."""

    class Kind(models.TextChoices):
        IMPORT = "IMPORT", _("import")
        EXPORT = "EXPORT", _("export")

    class Stage(models.TextChoices):
        CHECKING = "CHECKING", _("being checked")
        FAULTY = "FAULTY", _("has errors")
        READY = "READY", _("ready to be imported")
        EMPTY = "EMPTY", _("changes nothing")
        IMPORTED = "IMPORTED", _("imported")
        WRITING = "WRITING", _("being written")
        WRITTEN = "WRITTEN", _("written")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    stage = models.CharField(_("stage"), max_length=10, choices=Stage)
    organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, related_name="+", verbose_name=_("Party organization")
    )
    """Whose keepers see the file: the topmost organisation of the duty by which it was asked for."""
    name = models.CharField(_("file name"), max_length=120)
    file = models.FileField(upload_to="rosters/", blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    marked = models.FileField(upload_to="rosters/", blank=True)
    """The copy with its errors marked."""
    faults = models.JSONField(default=list)
    """``[sheet, row, column, code, params]`` each; sentences are made when they are read, in the reader's language."""
    figures = models.JSONField(default=dict)
    """How many of what would be, or were, added and changed."""
    accounts = models.JSONField(default=list)
    """Ids of the accounts an import made, so that their initial passwords can be handed out."""
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        verbose_name = _("roster file")
        verbose_name_plural = _("roster files")

    def __str__(self) -> str:
        return self.name

    @property
    def job_key(self) -> str:
        """The key of the job that is at work on the file, or was last."""
        step = "import" if self.released_by_id else "check" if self.kind == self.Kind.IMPORT else "export"
        return f"roster-{self.pk}-{step}"

    @property
    def job(self) -> Job | None:
        """That job; one query."""
        return Job.objects.filter(key=self.job_key).first()

    @property
    def stage_tone(self) -> str:
        """The colour of its badge."""
        tones = {"FAULTY": "bad", "READY": "info", "IMPORTED": "good", "WRITTEN": "good"}
        return tones.get(self.stage, "neutral")
