"""Tasks: one organisation's share of one measure, for one occurrence."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from branches.models import Organization
from tracker.models.measure import Measure
from tracker.models.subject import Subject

if TYPE_CHECKING:
    from branches.access import Actor


class TaskQuerySet(models.QuerySet["Task"]):
    def visible_to(self, actor: Actor) -> TaskQuerySet:
        """Tasks held by organisations in sight."""
        return self.filter(actor.scope("organization__path"))

    def below(self, organization: Organization) -> TaskQuerySet:
        """Tasks held by an organisation and all below it."""
        return self.filter(
            organization__path__gte=organization.path, organization__path__lt=organization.path + "~"
        )

    def open(self) -> TaskQuerySet:
        return self.filter(state__in=Task.OPEN)

    def in_hand(self) -> TaskQuerySet:
        """With the branch: neither handed in nor finished. Only these can be late."""
        return self.filter(state__in=Task.IN_HAND)

    def due_by(self, day: date) -> TaskQuerySet:
        return self.filter(due__lte=day)

    def overdue_on(self, day: date) -> TaskQuerySet:
        return self.in_hand().filter(due__lt=day)


class Task(Subject):
    """承办单. Unique per measure × organisation × occurrence, whatever happens twice."""

    KIND = "task"

    class State(models.TextChoices):
        PENDING = "PENDING", _("to be acknowledged")
        ACTIVE = "ACTIVE", _("in hand")
        SUBMITTED = "SUBMITTED", _("awaiting review")
        SECOND_REVIEW = "SECOND_REVIEW", _("awaiting second review")
        DONE = "DONE", _("completed")
        SUSPENDED = "SUSPENDED", _("suspended")
        WITHDRAWN = "WITHDRAWN", _("withdrawn")

    OPEN = frozenset({State.PENDING, State.ACTIVE, State.SUBMITTED, State.SECOND_REVIEW, State.SUSPENDED})
    IN_HAND = frozenset({State.PENDING, State.ACTIVE})
    TONES: ClassVar[dict[str, str]] = {
        State.PENDING: "warn",
        State.SUBMITTED: "info",
        State.SECOND_REVIEW: "info",
        State.DONE: "good",
    }

    measure = models.ForeignKey(Measure, models.PROTECT, related_name="tasks", verbose_name=_("measure"))
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="tasks", verbose_name=_("responsible unit")
    )
    occurrence = models.CharField(_("occurrence"), max_length=12, default="", blank=True)
    """Empty for a measure done once; else the period, as 2026-03, 2026Q1, 2026H1 or 2026."""
    state = models.CharField(_("state"), max_length=14, choices=State, default=State.PENDING, editable=False)
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="handled_tasks",
        verbose_name=_("responsible person"),
    )
    issued_on = models.DateField(_("assigned on"))
    acknowledge_by = models.DateField(_("to be acknowledged by"))
    original_due = models.DateField(_("original due date"), editable=False)
    due = models.DateField(_("due date"))
    percent = models.PositiveSmallIntegerField(_("per cent"), default=0)
    number = models.DecimalField(_("number reported"), max_digits=12, decimal_places=2, null=True, blank=True)
    progress = models.TextField(_("latest progress"), blank=True)
    progress_at = models.DateTimeField(null=True, blank=True)
    returns = models.PositiveSmallIntegerField(_("times returned"), default=0)
    returned = models.BooleanField(default=False)
    """Sent back and not handed in again since."""
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    """Who passed the first review of the present round."""
    completed_at = models.DateTimeField(_("completed"), null=True, blank=True)
    done_late = models.BooleanField(default=False)
    """The submission that was finally accepted came after the due date in force."""
    reassigned_from = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="reassigned_to", editable=False
    )
    in_hand_since = models.DateField(null=True, blank=True, editable=False)
    """The day it came back to the branch (returned, reopened, resumed) or its date was moved; empty before that."""
    urgings = models.PositiveSmallIntegerField(_("times urged"), default=0, editable=False)
    ladder_level = models.PositiveSmallIntegerField(_("ladder level"), default=0, editable=False)
    """Of the newest urging: 1 催办, 2 督办, 3 升级; 0 before the first."""
    late_acknowledged = models.BooleanField(default=False, editable=False)
    """The acknowledgement limit passed, and the history says so."""
    late_for = models.DateField(null=True, blank=True, editable=False)
    """The due date whose passing the history tells of; another one, once moved, can be missed again."""
    state_before = models.CharField(max_length=14, blank=True, editable=False)
    suspended_on = models.DateField(null=True, blank=True)
    suspended_until = models.DateField(_("to be looked at again on"), null=True, blank=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ["due", "pk"]
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        constraints = [
            models.UniqueConstraint(fields=["measure", "organization", "occurrence"], name="task_once"),
            models.CheckConstraint(condition=Q(percent__lte=100), name="task_percent_at_most_100"),
            models.CheckConstraint(
                condition=~Q(state="DONE") | Q(completed_at__isnull=False), name="task_done_has_its_day"
            ),
        ]
        indexes = [
            # a page of a list by due date, for those who see most of the tasks
            models.Index(fields=["due", "id"], name="task_by_due"),
            # secretary's list and the lists of an organisation: open tasks by date
            models.Index(
                F("organization"),
                F("due"),
                condition=Q(completed_at__isnull=True),
                name="task_open_by_organization",
            ),
            # sweep: open tasks near or past their date
            models.Index(F("due"), condition=Q(state__in=["PENDING", "ACTIVE"]), name="task_in_hand_by_due"),
            # sweep: what came back after its date, and what nobody has acknowledged yet
            models.Index(
                F("in_hand_since"),
                condition=Q(state__in=["PENDING", "ACTIVE"], in_hand_since__isnull=False),
                name="task_came_back",
            ),
            models.Index(F("acknowledge_by"), condition=Q(state="PENDING"), name="task_pending_by_limit"),
            # what is late or near in a subtree: answered from the index alone, a probe for each unit
            models.Index(
                fields=[
                    "organization",
                    "due",
                    "state",
                    "returned",
                    "acknowledge_by",
                    "measure",
                    "issued_on",
                ],
                condition=Q(state__in=["PENDING", "ACTIVE"]),
                name="task_in_hand_by_unit",
            ),
            # the same for what was not acknowledged in time
            models.Index(
                fields=["organization", "acknowledge_by", "due", "measure"],
                condition=Q(state="PENDING"),
                name="task_pending_by_unit",
            ),
            # review queue
            models.Index(
                fields=["organization", "submitted_at", "id"],
                condition=Q(state__in=["SUBMITTED", "SECOND_REVIEW"]),
                name="task_in_review_by_unit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.measure.title} · {self.organization.short_name}"

    @property
    def state_tone(self) -> str:
        """The colour of the state's badge."""
        return self.TONES.get(self.state, "neutral")

    @property
    def title(self) -> str:
        return f"{self.measure.title}（{self.occurrence}）" if self.occurrence else self.measure.title

    @property
    def requirement(self) -> str:
        """What its measure asks of an organisation like the one that holds it."""
        return self.measure.asked_of(self.organization.kind)
