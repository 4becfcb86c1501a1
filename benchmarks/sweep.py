"""``sweep``: 1,000,000 open tasks, 50,000 reminders due, 10,000 recipients with their digests.

Floor: the reminders alone by a bare ``INSERT … SELECT … ON CONFLICT DO NOTHING``. A repeat must add nothing, quickly.
Half of the reminders are before the date, half urge: those also enter the history of their task.
"""

from __future__ import annotations

import os
from datetime import date
from typing import Any

import django

from benchmarks.measure import Goal, Result, compare, peak_memory

TASKS = int(os.environ.get("BENCH_TASKS", "1000000"))
DUE = TASKS // 20
BRANCHES = TASKS // 100
DAY = date(2026, 4, 1)
FAR, TOMORROW, YESTERDAY = date(2026, 6, 30), date(2026, 4, 2), date(2026, 3, 31)


def run() -> Result:
    django.setup()
    from django.db import connection

    from common.clock import moment
    from common.models import Lease
    from tests.append_only import unguarded
    from tracker.models import Event, Notice, Reminder, Task
    from tracker.reminders.sweep import sweep

    seed()
    at = moment(DAY)

    def empty() -> None:
        with unguarded(), connection.cursor() as cursor:
            for table in ("tracker_reminder", "tracker_notice", "tracker_event"):
                cursor.execute(f"DELETE FROM {table}")
            cursor.execute(
                "UPDATE tracker_task SET event_count = 0, event_head = '', urgings = 0, ladder_level = 0"
                " WHERE urgings > 0"
            )
        Lease.objects.all().delete()
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE tracker_task, tracker_event, tracker_reminder, tracker_notice")

    def floor() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO tracker_reminder (task_id, step, nominal_due, recipient_id, state, planned_at,"
                " lease_token) SELECT t.id, CASE WHEN t.due = %s THEN 'due+1' ELSE 'due-1' END, %s, p.user_id,"
                " 'PLANNED', %s, '' FROM tracker_task t JOIN branches_post p ON p.organization_id = t.organization_id"
                " AND p.role = 'SECRETARY' AND p.until IS NULL WHERE t.due IN (%s, %s)"
                " AND t.state IN ('PENDING', 'ACTIVE') ON CONFLICT DO NOTHING",
                [YESTERDAY, DAY, connection.ops.adapt_datetimefield_value(at), YESTERDAY, TOMORROW],
            )
            return int(cursor.rowcount)

    def ours() -> int:
        return sweep(at=at).handed.delivered

    before_kb = peak_memory()
    result = compare(
        "sweep",
        {"insert select": floor, "sweep": ours},
        [Goal("sweep", "insert select", 2.2)],
        rounds=int(os.environ.get("BENCH_ROUNDS", "5")),
        before=empty,
    )
    counts = (Reminder.objects.count(), Event.objects.filter(act="remind").count())
    again = compare("again", {"sweep": lambda: (sweep(at=at).planned, None)[1]}, [], rounds=3)
    repeat = min(again.seconds["sweep"]) / min(result.seconds["sweep"])
    result.goals.append((Goal("repeat", "sweep", 0.35), repeat))
    assert counts == (Reminder.objects.count(), Event.objects.filter(act="remind").count())
    result.notes = {
        "database": connection.vendor,
        "open_tasks": Task.objects.in_hand().count(),
        "reminders": Reminder.objects.filter(state="DELIVERED").count(),
        "digests": Notice.objects.filter(kind="reminders").count(),
        "urgings": Event.objects.filter(act="remind").count(),
        "new_rows_by_a_repeat": Reminder.objects.count() - counts[0],
        "repeat_ms": round(min(again.seconds["sweep"]) * 1000),
        "added_memory_mb": round((peak_memory() - before_kb) / 1024, 1),
    }
    return result


def seed() -> None:
    """Branches with a secretary each under a hundred committees, and the open tasks; few of them near their date."""
    from django.core.management import call_command

    from branches.models import Organization, Post, User
    from branches.models.organization import step
    from common.clock import moment
    from tracker.models import Measure, Plan, Task

    call_command("migrate", verbosity=0)
    if Organization.objects.exists():
        raise SystemExit("sweep needs an empty database of its own: set DATABASE_URL.")
    since = date(2020, 1, 1)

    def organization(kind: str, name: str, parent: Any, number: int) -> Organization:
        path = (parent.path if parent else "") + step(number)
        return Organization(
            kind=kind, code=name, name=name, short_name=name, parent=parent, path=path, active_from=since
        )

    top = organization("WORK_COMMITTEE", "TOP", None, 1)
    top.save()
    committees = Organization.objects.bulk_create(
        organization("COMMITTEE", f"C{n}", top, n) for n in range(1, 101)
    )
    units = Organization.objects.bulk_create(
        [organization("BRANCH", f"B{n}", committees[n % 100], 1 + n // 100) for n in range(BRANCHES)],
        batch_size=2000,
    )
    people = User.objects.bulk_create(
        [User(username=f"u{n}", name=f"书记{n}") for n in range(BRANCHES)], batch_size=2000
    )
    Post.objects.bulk_create(
        [
            Post(user=person, organization=unit, role="SECRETARY", since=since)
            for person, unit in zip(people, units, strict=True)
        ],
        batch_size=2000,
    )
    at = moment(date(2026, 1, 5))
    plan = Plan.objects.create(
        organization=top,
        title="清单",
        period="2026H1",
        state="ISSUED",
        issued_at=at,
        created_by=people[0],
        created_at=at,
    )
    measures = Measure.objects.bulk_create(
        Measure(plan=plan, position=n, title=f"事项{n}", state="ACTIVE") for n in range(TASKS // BRANCHES)
    )
    due = {0: YESTERDAY, 1: YESTERDAY, 2: TOMORROW}  # of a hundred tasks of a branch, five
    due |= {3: TOMORROW, 4: YESTERDAY}
    for number, measure in enumerate(measures):
        Task.objects.bulk_create(
            [
                Task(
                    measure=measure,
                    organization=unit,
                    state="ACTIVE",
                    issued_on=YESTERDAY,  # so that no earlier step is owed
                    acknowledge_by=date(2026, 1, 8),
                    original_due=due.get(number, FAR),
                    due=due.get(number, FAR),
                    late_for=due.get(number),  # that lateness is written down is not what is measured
                )
                for unit in units
            ],
            batch_size=2000,
        )
