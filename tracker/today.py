"""What an office sees in the morning: what waits for it, how its plans stand, who lags, what happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from branches.access import Actor
from branches.models import Organization
from common.workdays import Calendar
from tracker.gaps import count_gaps
from tracker.lights import is_near, is_red, pace_between
from tracker.models import Event, Extension, Finding, Measure, Plan, Task
from tracker.reviewing import queue_of
from tracker.task_list import own_units
from tracker.timeline import Line, lines_of
from tracker.transitions.parties import OFFICE_ROLES, REVIEW_ROLES

VERIFIERS = OFFICE_ROLES | {"INSPECTOR"}
LATELY = timedelta(days=14)
TOLD = (
    "submit",
    "return",
    "return_second",
    "approve",
    "approve_second",
    "instruct",
    "ask_extension",
    "decline",
)
"""Acts on tasks that an office hears of on its first page."""


@dataclass(frozen=True)
class Duty:
    """Something that waits for this person, with the list it was counted from."""

    count: int
    label: str | Promise
    url: str
    tone: str = ""


@dataclass
class PlanStanding:
    """How an issued plan stands on a day, over the tasks in sight. Shares in per cent."""

    plan: Plan
    total: int = 0
    done: int = 0
    overdue: int = 0
    near: int = 0
    this_week: int = 0
    progress: float = 0.0
    pace: float = 0.0


@dataclass(frozen=True)
class Laggard:
    organization: Organization
    overdue: int
    longest: int
    """Working days of the task that is overdue longest."""


@dataclass(frozen=True)
class News:
    task: Task
    line: Line


def duties_of(actor: Actor, *, day: date) -> list[Duty]:
    """What waits for this person, each counted from the list it links to; empty ones are left out.

    A constant number of queries, one for each kind.
    """
    offices = [post.organization_id for post in actor.posts if post.role in VERIFIERS]
    deciders = [post.organization_id for post in actor.posts if post.role in REVIEW_ROLES]
    findings = Finding.objects.visible_to(actor).filter(found_by__in=offices)
    found = findings.aggregate(
        assign=Count("pk", filter=Q(state="FOUND")), accept=Count("pk", filter=Q(state="SUBMITTED"))
    )
    asked = Extension.objects.filter(state="PENDING", task__measure__plan__organization__in=deciders)
    own = Task.objects.filter(organization__in=own_units(actor), state__in=Task.IN_HAND)
    duties = [
        Duty(queue_of(actor).count(), _("To review"), "/review/"),
        Duty(asked.count(), _("Extensions asked for"), "/tasks/?extension=1"),
        Duty(found["assign"], _("Findings to assign"), "/findings/?state=FOUND"),
        Duty(found["accept"], _("Findings to accept"), "/findings/?state=SUBMITTED"),
        Duty(to_verify(actor).count(), _("Measures to verify"), "/review/measures/"),
        Duty(own.count(), _("My own unit's tasks"), "/tasks/?mine=1"),
        Duty(count_gaps(actor, day=day), _("Gaps in the chain"), "/tasks/gaps/", "warn"),
    ]
    return [duty for duty in duties if duty.count]


def to_verify(actor: Actor) -> QuerySet[Measure]:
    """Measures whose tasks are all closed, of plans whose office or inspector this person is.

    Those of a branch's own plan wait for the offices and inspectors above it.
    """
    own = [post.organization for post in actor.posts if post.role in VERIFIERS]
    theirs = Q(plan__organization__in=[organization.pk for organization in own])
    for organization in own:
        below = Q(plan__organization__path__startswith=organization.path, plan__organization__kind="BRANCH")
        theirs |= below & ~Q(plan__organization=organization.pk)
    return Measure.objects.filter(theirs, state=Measure.State.VERIFYING)


def standings_of(actor: Actor, *, day: date, calendar: Calendar) -> list[PlanStanding]:
    """The issued plans with tasks in sight, newest first, and how far they are (two queries).

    Progress is the mean per cent of the tasks that count; the pace is the mean of where they should be by now.
    """
    end_of_week = day + timedelta(days=6 - day.weekday())
    in_hand = Q(state__in=Task.IN_HAND)
    groups = (
        Task.objects.visible_to(actor)
        .filter(measure__plan__state=Plan.State.ISSUED)
        .exclude(state__in=[Task.State.WITHDRAWN, Task.State.SUSPENDED])
        .order_by()
        .values("measure__plan", "issued_on", "due")
        .annotate(
            total=Count("pk"),
            done=Count("pk", filter=Q(state=Task.State.DONE)),
            overdue=Count("pk", filter=is_red(day=day)),
            near=Count("pk", filter=is_near(day=day, calendar=calendar) & ~is_red(day=day)),
            this_week=Count("pk", filter=in_hand & Q(due__gte=day, due__lte=end_of_week)),
            percent=Sum("percent"),
        )
    )
    sums: dict[int, PlanStanding] = {}
    rows = list(groups)
    plans = Plan.objects.in_bulk({row["measure__plan"] for row in rows})
    for row in rows:
        standing = sums.setdefault(row["measure__plan"], PlanStanding(plans[row["measure__plan"]]))
        for name in ("total", "done", "overdue", "near", "this_week"):
            setattr(standing, name, getattr(standing, name) + row[name])
        standing.progress += row["percent"]
        standing.pace += row["total"] * pace_between(row["issued_on"], row["due"], day=day, calendar=calendar)
    for standing in sums.values():
        standing.progress /= standing.total
        standing.pace /= standing.total
    return sorted(sums.values(), key=lambda standing: -standing.plan.pk)


def laggards_of(actor: Actor, *, day: date, calendar: Calendar, limit: int = 6) -> list[Laggard]:
    """The units in sight with most overdue tasks, then the longest overdue (two queries)."""
    rows = (
        Task.objects.visible_to(actor)
        .filter(is_red(day=day))
        .order_by()
        .values("organization")
        .annotate(overdue=Count("pk"), first=Min("due"))
        .order_by("-overdue", "first", "organization")[:limit]
    )
    found = list(rows)
    units = Organization.objects.in_bulk([row["organization"] for row in found])
    return [
        Laggard(units[row["organization"]], row["overdue"], max(0, calendar.between(row["first"], day)))
        for row in found
    ]


def news_for(actor: Actor, *, at: datetime, limit: int = 8) -> list[News]:
    """The latest things that happened to tasks in sight within two weeks, newest first (two queries)."""
    tasks = Task.objects.visible_to(actor)
    events = list(
        Event.objects.filter(
            subject_kind="task",
            act__in=TOLD,
            at__gte=at - LATELY,
            subject_id__in=tasks.order_by().values("pk"),
        ).order_by("-at", "-pk")[:limit]
    )
    by_id = tasks.select_related("measure", "organization").in_bulk([event.subject_id for event in events])
    return [News(by_id[event.subject_id], lines_of([event])[0]) for event in events]
