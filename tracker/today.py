"""What an office sees in the morning: what waits for it, how its plans stand, who lags, what happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2b
from heapq import nsmallest
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from branches.access import Actor
from branches.models import Organization
from common.workdays import Calendar
from tracker.gaps import count_gaps
from tracker.light_counts import red_by
from tracker.lights import near_until, pace_between
from tracker.models import Event, Extension, Finding, Measure, Plan, Tally, Task
from tracker.reviewing import queue_of
from tracker.tallies import totals_by_plan
from tracker.task_list import own_units
from tracker.timeline import Line, lines_of
from tracker.transitions.parties import OFFICE_ROLES, REVIEW_ROLES

VERIFIERS = OFFICE_ROLES | {"INSPECTOR"}
LATELY = timedelta(days=14)
PACES_KEPT = 3600
"""Seconds for which the paces of the plans in somebody's sight are kept."""
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
    """Not handed in, and few working days to the due date."""
    this_week: int = 0
    """Not handed in, and due by Sunday."""
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
    """The issued plans with tasks in sight, newest first, and how far they are (five queries, and two once an hour).

    Progress is the mean per cent of the tasks that count; the pace is the mean of where they should be by now.
    """
    tasks, tallies = Task.objects.visible_to(actor), Tally.objects.visible_to(actor)
    totals = {
        plan: counts
        for plan, counts in totals_by_plan(tallies.filter(plan__state=Plan.State.ISSUED)).items()
        if _counted(counts)
    }
    plans = Plan.objects.in_bulk(totals)
    red = red_by("measure__plan", tasks, day=day)
    soon = dict(_coming(tasks, day=day, calendar=calendar))
    paces = _paces(actor, totals, day=day, calendar=calendar)
    return [
        PlanStanding(
            plans[plan],
            total=(total := _counted(counts)),
            done=counts["done"],
            overdue=red[plan].number if plan in red else 0,
            near=soon.get(plan, (0, 0))[0],
            this_week=soon.get(plan, (0, 0))[1],
            progress=counts["percent"] / total,
            pace=paces.get(plan, 0.0),
        )
        for plan, counts in sorted(totals.items(), reverse=True)
    ]


def _counted(counts: dict[str, int]) -> int:
    """How many of a plan's tasks are neither suspended nor withdrawn."""
    return sum(counts[name] for name in ("pending", "active", "returned", "review", "done"))


def _coming(tasks: Any, *, day: date, calendar: Calendar) -> Iterator[tuple[int, tuple[int, int]]]:
    """By plan: tasks not handed in that are near their date, and those due this week (one query)."""
    near_until_, week_end = near_until(day, calendar), end_of_week(day)
    until = max(near_until_, week_end + timedelta(days=1))
    coming = tasks.in_hand().filter(due__gte=day, due__lt=until).order_by().values_list("measure__plan")
    near, this_week = Q(due__lt=near_until_), Q(due__lte=week_end)
    for plan, *counts in coming.annotate(near=Count("due", filter=near), week=Count("due", filter=this_week)):
        yield plan, (counts[0], counts[1])


def end_of_week(day: date) -> date:
    """The Sunday of a day's week."""
    return day + timedelta(days=6 - day.weekday())


def _paces(
    actor: Actor, totals: dict[int, dict[str, int]], *, day: date, calendar: Calendar
) -> dict[int, float]:
    """By plan the mean of where its tasks in sight should be by now, in per cent.

    It takes reading every task, and moves by the working day: what was found is kept for an hour, or until the number
    of tasks of a plan changes.
    """
    sight = "|".join(sorted(post.organization.path for post in actor.business_posts))
    key = f"paces:{day}:{blake2b(sight.encode(), digest_size=16).hexdigest()}"
    wanted = {plan: _counted(counts) for plan, counts in totals.items()}
    kept, paces = cache.get(key, ({}, {}))
    if kept != wanted:
        paces = _count_paces(actor, day=day, calendar=calendar)
        cache.set(key, (wanted, paces), timeout=PACES_KEPT)
    return paces


def _count_paces(actor: Actor, *, day: date, calendar: Calendar) -> dict[int, float]:
    groups = (
        Task.objects.visible_to(actor)
        .filter(measure__plan__state=Plan.State.ISSUED)
        .exclude(state__in=[Task.State.WITHDRAWN, Task.State.SUSPENDED])
        .order_by()
        .values_list("measure__plan", "issued_on", "due")
        .annotate(number=Count("pk"))
    )
    sums: dict[int, tuple[int, float]] = {}
    for plan, issued_on, due, number in groups:
        tasks, pace = sums.get(plan, (0, 0.0))
        expected = pace_between(issued_on, due, day=day, calendar=calendar)
        sums[plan] = (tasks + number, pace + number * expected)
    return {plan: pace / tasks for plan, (tasks, pace) in sums.items()}


def laggards_of(actor: Actor, *, day: date, calendar: Calendar, limit: int = 6) -> list[Laggard]:
    """The units in sight with most overdue tasks, then the longest overdue (three queries)."""
    red = red_by("organization", Task.objects.visible_to(actor), day=day)
    worst = nsmallest(limit, red.items(), key=lambda item: (-item[1].number, item[1].first, item[0]))
    units = Organization.objects.in_bulk([unit for unit, _red in worst])
    return [
        Laggard(units[unit], found.number, max(0, calendar.between(found.first, day)))
        for unit, found in worst
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
