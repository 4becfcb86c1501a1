"""Kept counts: reading them, folding their lines together, and comparing them with the tasks.

Who writes them is the database (migration ``0004_tallies_follow_tasks``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, Count, F, IntegerField, Min, Q, QuerySet, Sum, Value, When

from tracker.models import Tally, Task

State = Task.State
_UNCOUNTED = Q(state__in=[State.SUSPENDED, State.WITHDRAWN])
KEPT: Mapping[str, Q] = {
    "pending": Q(state=State.PENDING),
    "active": Q(state=State.ACTIVE, returned=False),
    "returned": Q(state=State.ACTIVE, returned=True),
    "review": Q(state__in=[State.SUBMITTED, State.SECOND_REVIEW]),
    "suspended": Q(state=State.SUSPENDED),
    "done": Q(state=State.DONE),
    "withdrawn": Q(state=State.WITHDRAWN),
}
"""The counts a line keeps, each as a condition on tasks; every task is in exactly one."""
LIVE = tuple(name for name in KEPT if name != "withdrawn")
_PAIR = ("organization_id", "plan_id")
_COLUMNS = (*Tally.COUNTS, "percent")


def totals_of(tallies: QuerySet[Tally]) -> dict[str, int]:
    """Each kept count over these lines (one query)."""
    sums = tallies.order_by().aggregate(**{f"of_{name}": Sum(name) for name in _COLUMNS})
    return {name: sums[f"of_{name}"] or 0 for name in _COLUMNS}


def totals_by_plan(tallies: QuerySet[Tally]) -> dict[int, dict[str, int]]:
    """The same for each plan (one query)."""
    # prefixed: an aggregate must not bear the name of a field
    sums = {f"of_{name}": Sum(name) for name in _COLUMNS}
    rows = tallies.order_by().values_list("plan").annotate(**sums)
    return {plan: dict(zip(_COLUMNS, counts, strict=True)) for plan, *counts in rows}


def fold() -> int:
    """Make one line of the lines of each organisation and plan; returns how many lines it replaced.

    Adds nothing to any count and waits for nobody: lines written meanwhile stay beside the new one, and of two that
    fold at once the second finds nothing left to do.
    """
    if connection.vendor != "postgresql":
        return 0
    names = ", ".join(_COLUMNS)
    sums = ", ".join(f"SUM({name})" for name in _COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH crowded AS (
                SELECT organization_id, plan_id FROM tracker_tally GROUP BY 1, 2 HAVING COUNT(*) > 1
            ), gone AS (
                DELETE FROM tracker_tally t USING crowded c
                WHERE t.organization_id = c.organization_id AND t.plan_id = c.plan_id RETURNING t.*
            ), folded AS (
                INSERT INTO tracker_tally (organization_id, plan_id, since, {names})
                SELECT organization_id, plan_id, MIN(since), {sums} FROM gone GROUP BY 1, 2 ORDER BY 1, 2
            )
            SELECT COUNT(*) FROM gone
            """  # noqa: S608 - names of our own
        )
        return int(cursor.fetchone()[0])


def differing() -> list[tuple[int, int]]:
    """Organisations and plans (ids) of which the lines and the tasks say different counts. Two queries."""
    counted, kept = _counted(), _kept()
    empty = (None, *(0 for _ in _COLUMNS))
    pairs = counted.keys() | kept.keys()
    return sorted(pair for pair in pairs if counted.get(pair, empty)[1:] != kept.get(pair, empty)[1:])


def mend() -> int:
    """Count anew what differs from the tasks; returns of how many organisations and plans the counts were wrong.

    Nothing changes a task meanwhile: PostgreSQL holds the writers of the table up, SQLite has one writer anyway.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE tracker_task IN SHARE MODE")
        wrong, counted = differing(), _counted()
        for organization, plan in wrong:
            Tally.objects.filter(organization=organization, plan=plan).delete()
        Tally.objects.bulk_create(
            [
                Tally(**dict(zip((*_PAIR, "since", *_COLUMNS), (*pair, *counted[pair]), strict=True)))
                for pair in wrong
                if pair in counted
            ],
            batch_size=500,
        )
    return len(wrong)


def _counted() -> dict[tuple[int, int], tuple[Any, ...]]:
    """What the tasks say: by organisation and plan the first day and the counts."""
    percent = Case(When(_UNCOUNTED, then=Value(0)), default=F("percent"), output_field=IntegerField())
    rows = (
        Task.objects.order_by()
        .values_list("organization_id", "measure__plan_id")
        .annotate(
            first=Min("issued_on"),
            **{f"of_{name}": Count("pk", filter=condition) for name, condition in KEPT.items()},
            of_percent=Sum(percent),
        )
    )
    return {(unit, plan): tuple(rest) for unit, plan, *rest in rows}


def _kept() -> dict[tuple[int, int], tuple[Any, ...]]:
    """What the lines say."""
    sums = {f"of_{name}": Sum(name) for name in _COLUMNS}
    rows = Tally.objects.order_by().values_list(*_PAIR).annotate(first=Min("since"), **sums)
    return {(unit, plan): tuple(rest) for unit, plan, *rest in rows}
