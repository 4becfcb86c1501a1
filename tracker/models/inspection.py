"""Inspections: a planned round with its modes, its scope and its visits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches.models import Organization
from tracker.models.plan import Plan
from tracker.models.subject import Subject

if TYPE_CHECKING:
    from branches.access import Actor


class InspectionQuerySet(models.QuerySet["Inspection"]):
    def visible_to(self, actor: Actor) -> InspectionQuerySet:
        """Inspections of organisations in sight. The visited learn of them through their findings:
        an unscheduled inspection is not announced.
        """
        return self.filter(actor.scope("organization__path"))


class Inspection(Subject):
    """督查. The sample is drawn by a recorded seed from a recorded list, so that anybody can re-draw it."""

    KIND = "inspection"

    class State(models.TextChoices):
        PLANNED = "PLANNED", _("planned")
        UNDER_WAY = "UNDER_WAY", pgettext_lazy("inspection", "under way")
        REPORTED = "REPORTED", _("reported")
        CLOSED = "CLOSED", pgettext_lazy("inspection", "closed")

    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="inspections", verbose_name=_("carried out by")
    )
    plan = models.ForeignKey(
        Plan,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="inspections",
        verbose_name=_("plan checked"),
    )
    number = models.CharField(_("number"), max_length=60, unique=True, editable=False)
    purpose = models.CharField(_("purpose"), max_length=200)
    scheduled = models.BooleanField(_("scheduled (not unscheduled)"), default=True)
    concentrated = models.BooleanField(_("concentrated (not routine)"), default=True)
    sampled = models.BooleanField(_("sampled (not full)"), default=True)
    key_point = models.BooleanField(_("key-point (not thematic)"), default=False)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.PLANNED, editable=False)
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"))
    drawn_from = models.JSONField(default=list, editable=False)
    """Codes of the organisations the sample was drawn from, in drawing order."""
    seed = models.CharField(_("seed"), max_length=40, blank=True, editable=False)
    sample_size = models.PositiveIntegerField(_("sample size"), default=0)
    conclusion = models.TextField(_("conclusion"), blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = InspectionQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_on", "-pk"]
        verbose_name = _("inspection")
        verbose_name_plural = _("inspections")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")), name="inspection_ends_after_it_starts"
            )
        ]

    def __str__(self) -> str:
        return self.purpose

    @property
    def state_tone(self) -> str:
        """The tone of the state's badge."""
        tones = {self.State.UNDER_WAY: "info", self.State.REPORTED: "warn"}
        return tones.get(self.State(self.state), "neutral")


class Visit(models.Model):
    """检查. The check of one organisation inside an inspection."""

    inspection = models.ForeignKey(Inspection, models.PROTECT, related_name="visits")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="visits")
    visited_on = models.DateField(_("visited on"), null=True, blank=True)
    remark = models.TextField(_("what was seen"), blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["inspection", "organization__path"]
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        constraints = [models.UniqueConstraint(fields=["inspection", "organization"], name="visit_once")]

    def __str__(self) -> str:
        return f"{self.inspection} · {self.organization}"
