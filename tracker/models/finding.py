"""Findings: a fault found, put right by written measures, closed out by somebody else."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches.models import Organization
from tracker.models.inspection import Visit
from tracker.models.subject import Subject

if TYPE_CHECKING:
    from branches.access import Actor


class FindingQuerySet(models.QuerySet["Finding"]):
    def visible_to(self, actor: Actor) -> FindingQuerySet:
        """Findings kept by organisations in sight, and those of units in sight from their assignment on.

        What an inspection has found but not yet assigned stays with the inspectors: an unannounced round must not
        announce itself, and what is dropped never concerned the unit.
        """
        kept = actor.scope("found_by__path")
        assigned = ~Q(state=Finding.State.FOUND) & Q(dropped=False)
        return self.filter(kept | (actor.scope("organization__path") & assigned))

    def below(self, organization: Organization) -> FindingQuerySet:
        return self.filter(
            organization__path__gte=organization.path, organization__path__lt=organization.path + "~"
        )

    def open(self) -> FindingQuerySet:
        return self.filter(state__in=Finding.OPEN)

    def overdue_on(self, day: date) -> FindingQuerySet:
        return self.filter(state__in=["ASSIGNED", "RECTIFYING"], due__lt=day)


class Finding(Subject):
    """问题."""

    KIND = "finding"

    class State(models.TextChoices):
        FOUND = "FOUND", _("found")
        ASSIGNED = "ASSIGNED", _("assigned for rectification")
        RECTIFYING = "RECTIFYING", _("being put right")
        SUBMITTED = "SUBMITTED", _("acceptance requested")
        CLOSED = "CLOSED", pgettext_lazy("finding", "closed out")

    OPEN = frozenset({State.FOUND, State.ASSIGNED, State.RECTIFYING, State.SUBMITTED})

    class Kind(models.TextChoices):
        IMMEDIATE = "IMMEDIATE", _("put right at once")
        TIMED = "TIMED", _("put right by a date")
        LASTING = "LASTING", _("lasting, with a rule")

    class Origin(models.TextChoices):
        VISIT = "VISIT", _("visit")
        TOUR = "TOUR", _("inspection tour")
        SPEECH = "SPEECH", _("speech")
        SELF_CHECK = "SELF_CHECK", _("self-check")

    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="findings", verbose_name=_("responsible unit")
    )
    found_by = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("found by"))
    """The organisation whose office or inspectors keep this finding."""
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, blank=True, related_name="findings")
    origin = models.CharField(_("origin"), max_length=12, choices=Origin, default=Origin.VISIT)
    number = models.CharField(_("number"), max_length=60, unique=True, editable=False)
    fact = models.TextField(_("what was found"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.FOUND, editable=False)
    kind = models.CharField(_("kind of rectification"), max_length=10, choices=Kind, blank=True)
    due = models.DateField(_("due date"), null=True, blank=True)
    responsible_leader = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    standard = models.CharField(_("standard of completion"), max_length=200, blank=True)
    measures = models.TextField(_("measures taken"), blank=True)
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("responsible person"),
    )
    progress = models.TextField(_("latest progress"), blank=True)
    dropped = models.BooleanField(default=False)
    not_accepted = models.PositiveSmallIntegerField(_("times not accepted"), default=0)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closing_remark = models.CharField(max_length=300, blank=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering = ["due", "pk"]
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        constraints = [
            models.CheckConstraint(
                condition=Q(state="FOUND") | Q(due__isnull=False) | Q(dropped=True),
                name="finding_has_its_date",
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.fact[:40]}"

    @property
    def state_tone(self) -> str:
        """The tone of the state's badge."""
        tones = {self.State.FOUND: "warn", self.State.SUBMITTED: "info", self.State.CLOSED: "good"}
        return tones.get(self.State(self.state), "neutral")
