"""``fanout``: issue 30 measures to 3,500 branches, 105,000 tasks with their first events.

Floor: the same rows by a bare cross-join ``INSERT … SELECT`` without hashes or checks. Beside it stands what an ORM
loop would cost (``bulk_create``). Issuing again must find nothing to do, quickly.
"""

from __future__ import annotations

import os
from datetime import date

import django

from benchmarks.measure import Goal, Result, compare, peak_memory

MEASURES = int(os.environ.get("BENCH_MEASURES", "30"))
BRANCHES = int(os.environ.get("BENCH_BRANCHES", "3500"))


def run() -> Result:
    django.setup()
    from django.core.management import call_command
    from django.db import connection, transaction

    from branches.models import Organization, Post, User
    from branches.models.organization import step
    from common.clock import moment
    from tests.append_only import unguarded
    from tracker.events import build_event
    from tracker.fan_out import fan_out
    from tracker.models import Event, Measure, Notice, Plan, Task

    call_command("migrate", verbosity=0)
    if Organization.objects.exists():
        raise SystemExit("fanout needs an empty database of its own: set DATABASE_URL.")
    at, day, due = moment(date(2026, 1, 5)), date(2026, 1, 5), date(2026, 3, 31)
    user = User.objects.create(username="clerk", name="办事员")
    top = Organization.objects.create(
        kind="WORK_COMMITTEE", code="TOP", name="工委", short_name="工委", path=step(1), active_from=day
    )
    Organization.objects.bulk_create(
        Organization(
            kind="BRANCH",
            code=f"B{n:05d}",
            name=f"第{n}支部",
            short_name=f"第{n}支部",
            parent=top,
            path=top.path + step(n),
            active_from=day,
        )
        for n in range(1, BRANCHES + 1)
    )
    Post.objects.create(user=user, organization=top, role="CLERK", since=day)
    plan = Plan.objects.create(
        organization=top,
        title="清单",
        period="2026H1",
        state="ISSUED",
        issued_at=at,
        created_by=user,
        created_at=at,
    )
    tables = ("tracker_event", "tracker_notice", "tracker_task", "tracker_measure", "tracker_tally")

    def empty() -> None:
        """The stage before issuing: the plan with its measures, and no task."""
        with unguarded(), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
            else:
                for table in tables:
                    cursor.execute(f"DELETE FROM {table}")
        Measure.objects.bulk_create(
            Measure(
                plan=plan, position=n, title=f"事项{n}", due=due, receiver_kinds=["BRANCH"], state="ACTIVE"
            )
            for n in range(MEASURES)
        )

    columns = [
        str(f.column)
        for f in Task._meta.concrete_fields
        if f.column not in {"id", "measure_id", "organization_id"}
    ]
    pattern = Task(issued_on=day, acknowledge_by=day, original_due=due, due=due)
    values = [
        f.get_db_prep_save(getattr(pattern, f.attname), connection)
        for f in Task._meta.concrete_fields
        if f.column in columns
    ]

    def floor() -> int:
        marks = ", ".join(["%s"] * len(values))
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO tracker_task (measure_id, organization_id, {', '.join(columns)}) "
                f"SELECT m.id, o.id, {marks} FROM tracker_measure m CROSS JOIN branches_organization o "
                "WHERE o.kind = 'BRANCH'",
                values,
            )
            made = cursor.rowcount
            cursor.execute(
                "INSERT INTO tracker_event (subject_kind, subject_id, sequence, act, at, from_state, to_state, body, "
                "hash) SELECT 'task', id, 1, 'assign', %s, '', 'PENDING', %s, %s FROM tracker_task",
                [connection.ops.adapt_datetimefield_value(at), "x" * 200, "0" * 64],
            )
        return made

    def ours() -> int:
        return fan_out(plan, at=at)

    def objects() -> int:
        made = 0
        branches = list(Organization.objects.filter(kind="BRANCH"))
        for measure in Measure.objects.all():
            with transaction.atomic():
                tasks = Task.objects.bulk_create(
                    Task(
                        measure=measure,
                        organization=o,
                        issued_on=day,
                        acknowledge_by=day,
                        original_due=due,
                        due=due,
                    )
                    for o in branches
                )
                events = [
                    build_event(
                        t, "assign", actor=None, post="", at=at, from_state="", to_state=t.state, said={}
                    )
                    for t in tasks
                ]
                Event.objects.bulk_create(events)
                made += len(tasks)
        return made

    before_kb = peak_memory()
    empty()
    if ours() != MEASURES * BRANCHES:
        raise AssertionError("fanout: not every branch was given every measure")
    added_kb = peak_memory() - before_kb
    limit = 2.0 if connection.vendor == "postgresql" else 3.0
    result = compare(
        "fanout",
        {"insert select": floor, "fan_out": ours, "bulk_create": objects},
        [Goal("fan_out", "insert select", limit), Goal("fan_out", "bulk_create", 0.35)],
        rounds=int(os.environ.get("BENCH_ROUNDS", "5")),
        before=empty,
    )
    empty()
    ours()
    again = compare("fanout again", {"fan_out": ours_again(fan_out, plan, at)}, [], rounds=3)
    ratio = min(again.seconds["fan_out"]) / min(result.seconds["fan_out"])
    result.goals.append((Goal("issuing again", "fan_out", 0.25), ratio))
    result.notes = {
        "database": connection.vendor,
        "tasks": MEASURES * BRANCHES,
        "added_memory_mb": round(added_kb / 1024, 1),
        "notices": Notice.objects.count(),
    }
    return result


def ours_again(fan_out, plan, at):  # type: ignore[no-untyped-def]
    def run_again() -> None:
        assert fan_out(plan, at=at) == 0

    return run_again
