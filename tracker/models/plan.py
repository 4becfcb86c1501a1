"""Plans: the numbered list of measures that one organisation issues for one period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from branches.models import Organization
from common.periods import Period
from tracker.models.subject import Subject

if TYPE_CHECKING:
    from branches.access import Actor


class PlanQuerySet(models.QuerySet["Plan"]):
    def visible_to(self, actor: Actor) -> PlanQuerySet:
        """Plans of organisations in sight, plans that gave one of them a task, and drafts laid before one of them."""
        from tracker.models.tally import Tally

        received = Tally.objects.visible_to(actor).plans()
        asked = Organization.objects.visible_to(actor).values("pk")
        laid_before = Plan.consulted.through.objects.filter(organization__in=asked).values("plan")
        return self.filter(
            actor.scope("organization__path")
            | Q(pk__in=received)
            | Q(state=Plan.State.CONSULTING, pk__in=laid_before)
        )


class Plan(Subject):
    """任务清单（工作要点）."""

    KIND = "plan"

    class State(models.TextChoices):
        DRAFT = "DRAFT", _("draft")
        CONSULTING = "CONSULTING", _("in consultation")
        ISSUED = "ISSUED", _("issued")
        CLOSED = "CLOSED", _("closed")

    class Kind(models.TextChoices):
        KEY_POINTS = "KEY_POINTS", _("key points")
        LIST = "LIST", _("task list")
        SPECIAL = "SPECIAL", _("special campaign")
        ACTIVITY = "ACTIVITY", _("activity plan")
        URGENT = "URGENT", _("urgent tasks")

    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="plans", verbose_name=_("issued by")
    )
    title = models.CharField(_("title"), max_length=200)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.LIST)
    period = models.CharField(_("period"), max_length=6)
    """Code of a ``common.periods.Period``."""
    until_year = models.PositiveSmallIntegerField(_("runs until the end of"), null=True, blank=True)
    """The last year of a plan over several years (五年行动); None: only its period."""
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.DRAFT, editable=False)
    two_reviews = models.BooleanField(_("two levels of review"), default=False)
    comments_until = models.DateField(_("comments until"), null=True, blank=True, editable=False)
    consulted = models.ManyToManyField(
        Organization, blank=True, related_name="+", editable=False, verbose_name=_("asked for comments")
    )
    number = models.CharField(_("document number"), max_length=30, blank=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    issued_at = models.DateTimeField(null=True, blank=True, editable=False)
    reminders_paused_until = models.DateField(_("reminders paused until"), null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "number"], condition=~Q(number=""), name="plan_number_once"
            ),
            # 临时交办: one plan a year and organisation gathers what no plan foresaw
            models.UniqueConstraint(
                fields=["organization", "period"],
                condition=Q(kind="URGENT") & ~Q(state="CLOSED"),
                name="urgent_plan_once",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def period_label(self) -> str:
        first = Period.parse(self.period)
        if self.until_year and self.until_year > first.year:
            return _now("%(first)s to %(last)s") % {"first": first.year, "last": self.until_year}
        return first.label

    @property
    def periods(self) -> list[Period]:
        """The period itself, and the years that follow it; over several years a first half-year runs on to December."""
        first = Period.parse(self.period)
        if not self.until_year or self.until_year <= first.year:
            return [first]
        opening = first if first.half == 2 else Period(first.year)
        return [opening, *(Period(year) for year in range(first.year + 1, self.until_year + 1))]

    @property
    def is_open(self) -> bool:
        """Still editable by the office."""
        return self.state in {self.State.DRAFT, self.State.CONSULTING}
