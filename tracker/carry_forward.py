"""What the last period leaves open, beside the new speech: to be continued, finished or dropped (结转)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Max, Q

from common.periods import Period
from tracker.models import Action, Measure, Plan, Source, Task


@dataclass(frozen=True)
class Left:
    """A measure of an earlier plan that is neither verified nor withdrawn, with how its tasks stand."""

    measure: Measure
    open: int
    done: int
    overdue: int
    last_due: date | None


@dataclass(frozen=True)
class Forward:
    """What stands open before a day: measures under way, and words of earlier sources nobody has decided on."""

    measures: list[Left]
    promises: list[Action]
    moved: list[Measure]


def left_open(source: Source, *, into: Plan | None, day: date) -> Forward:
    """What an organisation's earlier plans and sources leave open, seen from a new source. Three queries.

    ``into`` is the plan the new source's measures go to: its own measures are left out, what was carried into it is
    listed apart. Promises are the undecided demands and announcements of the organisation's sources dated before this
    one, within the two half-years before it.
    """
    running = [Measure.State.ACTIVE, Measure.State.VERIFYING]
    hand = Q(tasks__state__in=Task.OPEN)
    measures = (
        Measure.objects.filter(plan__organization=source.organization_id, plan__state=Plan.State.ISSUED)
        .filter(state__in=running)
        .select_related("plan", "responsible_leader")
        .annotate(
            open_tasks=Count("tasks", filter=hand),
            done_tasks=Count("tasks", filter=Q(tasks__state=Task.State.DONE)),
            late_tasks=Count("tasks", filter=Q(tasks__state__in=Task.IN_HAND, tasks__due__lt=day)),
            last_due=Max("tasks__due", filter=hand),
        )
        .order_by("plan__period", "plan", "position")
    )
    own = Period.parse(into.period).begin if into else None
    earlier = [
        m
        for m in measures
        if m.plan_id != (into.pk if into else 0) and (own is None or _begins(m.plan) < own)
    ]
    carried = (
        list(Measure.objects.filter(plan=into).exclude(carried_from=None).select_related("carried_from"))
        if into
        else []
    )
    since = Period.of(source.dated).previous.begin.date()
    promises = (
        Action.objects.filter(
            source__organization=source.organization_id,
            source__dated__lt=source.dated,
            source__dated__gte=since,
            decision=Action.Decision.OPEN,
            done=False,
        )
        .select_related("source")
        .order_by("source__dated", "source", "start")
    )
    left = [Left(m, m.open_tasks, m.done_tasks, m.late_tasks, m.last_due) for m in earlier]
    return Forward(left, list(promises[:200]), carried)


def _begins(plan: Plan):  # type: ignore[no-untyped-def]
    return Period.parse(plan.period).begin
