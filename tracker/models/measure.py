"""Measures: one piece of work in a plan, anchored to the words that asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches.models import Organization, Rating
from tracker.models.plan import Plan
from tracker.models.source import Action
from tracker.models.subject import Subject
from tracker.variants import LABELS, asked_of, said_of

if TYPE_CHECKING:
    from branches.access import Actor


class MeasureQuerySet(models.QuerySet["Measure"]):
    def visible_to(self, actor: Actor) -> MeasureQuerySet:
        """Measures of plans in sight; a receiver sees only what it received or is asked about."""
        from tracker.models.task import Task

        # unit by unit: the first one in sight mostly answers it, where asking for tasks in sight reads them all
        held = Task.objects.filter(
            measure=models.OuterRef(models.OuterRef("pk")), organization=models.OuterRef("pk")
        )
        receiving = Organization.objects.visible_to(actor).filter(models.Exists(held))
        asked = Organization.objects.visible_to(actor).values("pk")
        laid_before = Plan.consulted.through.objects.filter(organization__in=asked).values("plan")
        return self.filter(
            actor.scope("plan__organization__path")
            | models.Exists(receiving)
            | models.Q(plan__state=Plan.State.CONSULTING, plan__in=laid_before)
        )


class Measure(Subject):
    """举措（事项）. Becomes one task per receiving organisation and occurrence."""

    KIND = "measure"

    class State(models.TextChoices):
        PROPOSED = "PROPOSED", _("proposed")
        RESERVED = "RESERVED", _("in reserve")
        ACTIVE = "ACTIVE", _("under way")
        VERIFYING = "VERIFYING", _("to be verified")
        VERIFIED = "VERIFIED", _("verified and closed out")
        WITHDRAWN = "WITHDRAWN", _("withdrawn")

    class Theme(models.TextChoices):
        """The chain of kinds the reading proposes (see ``tracker.reading``)."""

        RESPONSIBILITY = "responsibility", _("responsibility")
        INDICATOR = "indicator", _("assessment")
        INSPECTION = "inspection", _("inspection")
        ACCOUNTABILITY = "accountability", _("accountability")
        RECTIFICATION = "rectification", _("rectification")
        INCENTIVE = "incentive", _("incentive")
        INSTITUTION = "institution", _("institution building")
        ROUTINE = "routine", _("organizational life")
        ORGANIZATION = "organization", _("organization building")
        ACTIVITY = "activity", _("activity")
        EDUCATION = "education", _("education")
        CONDUCT = "conduct", _("conduct and discipline")

    class Cadence(models.TextChoices):
        ONCE = "once", _("once")
        WEEKLY = "weekly", _("every week")
        MONTHLY = "monthly", _("every month")
        QUARTERLY = "quarterly", _("every quarter")
        HALF_YEARLY = "half-yearly", _("every half-year")
        YEARLY = "yearly", _("every year")

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="measures", verbose_name=_("plan"))
    carried_from = models.ForeignKey(
        Plan, models.PROTECT, null=True, blank=True, related_name="carried_over", editable=False
    )
    """结转: the plan it was issued with, once it has moved to a later one together with its tasks."""
    breaks_down = models.ForeignKey(
        "tracker.Task", models.PROTECT, null=True, blank=True, related_name="broken_down", editable=False
    )
    """分解: the task from above that this measure passes on."""
    position = models.PositiveIntegerField(_("number"), default=0)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.PROPOSED, editable=False)
    title = models.CharField(_("measure"), max_length=120)
    requirement = models.TextField(_("what is asked"), blank=True)
    variants = models.JSONField(_("asked of some otherwise"), default=dict, blank=True)
    """分类要求: what a kind of organisation or a role is asked instead (``tracker.variants``)."""
    theme = models.CharField(_("theme"), max_length=20, choices=Theme, blank=True)
    actions = models.ManyToManyField(
        Action, blank=True, related_name="measures", verbose_name=_("source words")
    )
    routine = models.CharField(pgettext_lazy("measure", "routine"), max_length=40, blank=True, editable=False)
    """Key of the routine catalogue (``tracker.routines``) it was made from."""
    no_source_reason = models.CharField(_("why without a source"), max_length=200, blank=True)
    responsible_leader = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("responsible leader"),
    )
    lead = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("lead unit")
    )
    supporting = models.CharField(_("supporting units"), max_length=200, blank=True)
    business = models.CharField(_("business matter it serves"), max_length=200, blank=True)
    """同部署、同落实、同考核: the unit's own business that is arranged together with it, in words."""
    deliverable = models.CharField(_("deliverable"), max_length=200, blank=True)
    evidence_required = models.BooleanField(_("evidence required"), default=True)
    evidence_note = models.CharField(_("which evidence"), max_length=200, blank=True)
    target_number = models.DecimalField(_("target"), max_digits=12, decimal_places=2, null=True, blank=True)
    target_unit = models.CharField(_("unit"), max_length=20, blank=True)
    target_of = models.CharField(_("what is counted"), max_length=100, blank=True)
    weight = models.PositiveSmallIntegerField(
        _("weight"), default=1, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    starts_on = models.DateField(_("not before"), null=True, blank=True)
    """启动: the first day of its window (“七一”前后); None: at once."""
    due = models.DateField(_("due date"), null=True, blank=True)
    event = models.CharField(_("counted from the event"), max_length=60, blank=True)
    """What starts the clock where no day is known yet (大会召开后30日); somebody declares the day."""
    event_days = models.PositiveSmallIntegerField(
        _("days after the event"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
    )
    due_words = models.CharField(_("time in the source's words"), max_length=100, blank=True)
    cadence = models.CharField(_("cadence"), max_length=12, choices=Cadence, default=Cadence.ONCE)
    review_on = models.DateField(_("to be looked at again on"), null=True, blank=True, editable=False)
    receiver_kinds = models.JSONField(_("received by all of kind"), default=list, blank=True)
    """``Organization.Kind`` values: every active organisation of these kinds below the issuer receives it."""
    receiver_area = models.ForeignKey(
        "branches.Area",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("only in the area"),
    )
    receiver_tag = models.ForeignKey(
        "branches.Tag",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("only with the tag"),
    )
    receiver_rating = models.CharField(_("only those rated"), max_length=10, choices=Rating.Kind, blank=True)
    """These three narrow the kinds; organisations named one by one receive it in any case."""
    receivers = models.ManyToManyField(
        Organization, blank=True, related_name="+", verbose_name=_("also received by")
    )

    objects = MeasureQuerySet.as_manager()

    class Meta:
        ordering = ["plan", "position", "pk"]
        verbose_name = _("measure")
        verbose_name_plural = _("measures")
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "routine"],
                condition=~models.Q(routine="") & models.Q(carried_from=None) & ~models.Q(state="WITHDRAWN"),
                name="routine_once_in_a_plan",
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def awaits_event(self) -> bool:
        """Its date hangs on an event whose day nobody has declared; until then it gives no tasks."""
        return bool(self.event) and self.due is None and self.cadence == self.Cadence.ONCE

    def asked_of(self, kind: str) -> str:
        """What an organisation of a kind (``Organization.Kind``) is asked, with what falls to single roles there."""
        return asked_of(kind, requirement=self.requirement, variants=self.variants)

    @property
    def asked_otherwise(self) -> str:
        """Who is asked otherwise and what, a line for each; empty for most measures."""
        return said_of(self.variants)

    @property
    def variant_labels(self) -> str:
        """Who is asked otherwise."""
        return "、".join(str(label) for key, label in LABELS.items() if key in self.variants)

    @property
    def target(self) -> str:
        """The target as it is said: 60 个 案例; empty where the measure carries none."""
        if self.target_number is None:
            return ""
        return f"{self.target_number.normalize():f} {self.target_unit} {self.target_of}".strip()
