"""A city of any size for the benchmarks: organisations, people, plans, and up to millions of tasks with a life.

Tasks and their first events are made by the product's own fan-out; what became of them is written by the database in
sets, each act with its event in the chain, so that the whole verifies like a history that people made.

``BENCH_TASKS`` says how many tasks (100 measures for each branch); the same number gives the same city.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

TASKS = int(os.environ.get("BENCH_TASKS", "1000000"))
MEASURES = 100
PER_COMMITTEE = 100
COMMITTEES_PER_WORK_COMMITTEE = 10
"""So that a work committee has the subtree of 1,000 branches that the pages are measured on."""
ISSUED = date(2026, 1, 5)
DAY = date(2026, 6, 15)
PLANS = 4


@dataclass(frozen=True)
class City:
    """Whom the benchmarks ask as, and what they ask for."""

    day: date
    work_committee: Any
    clerk: Any
    secretary: Any
    plan: Any


def seed(tasks: int = TASKS) -> City:
    """Fill an empty database, or find the city a run before this one left there. Raises SystemExit on another one."""
    from django.core.management import call_command

    from branches.models import Organization
    from tracker.models import Task

    call_command("migrate", verbosity=0)
    if not Organization.objects.exists():
        branches = max(1, tasks // MEASURES)
        _organizations(branches)
        _people()
        _plans()
        _life()
        _settle()
    elif not Organization.objects.filter(code="BENCH").exists():
        raise SystemExit("The benchmarks need an empty database of their own: set DATABASE_URL.")
    elif abs(Task.objects.count() - tasks) > MEASURES:
        raise SystemExit("This database holds a city of another size: give it another one, or drop it.")
    return _city()


def _city() -> City:
    from branches.models import Organization, Post
    from tracker.models import Plan

    committee = Organization.objects.filter(kind="WORK_COMMITTEE", parent__isnull=False).earliest("path")
    branch = Organization.objects.filter(kind="BRANCH").earliest("path")
    held = Post.objects.select_related("user")
    return City(
        day=DAY,
        work_committee=committee,
        clerk=held.get(organization=committee, role="CLERK").user,
        secretary=held.get(organization=branch, role="SECRETARY").user,
        plan=Plan.objects.earliest("pk"),
    )


def _organizations(branches: int) -> None:
    from branches.models import Organization
    from branches.models.organization import step

    def made(kind: str, code: str, name: str, parent: Any, number: int) -> Organization:
        path = (parent.path if parent else "") + step(number)
        return Organization(
            kind=kind, code=code, name=name, short_name=name, parent=parent, path=path, active_from=ISSUED
        )

    top = made("WORK_COMMITTEE", "BENCH", "市直机关工委", None, 1)
    top.save()
    committees = -(-branches // PER_COMMITTEE)
    groups = -(-committees // COMMITTEES_PER_WORK_COMMITTEE)
    work = Organization.objects.bulk_create(
        made("WORK_COMMITTEE", f"W{n:03d}", f"第{n + 1}系统工委", top, n + 1) for n in range(groups)
    )
    below = Organization.objects.bulk_create(
        made(
            "COMMITTEE",
            f"C{n:05d}",
            f"第{n + 1}机关党委",
            work[n // COMMITTEES_PER_WORK_COMMITTEE],
            n % COMMITTEES_PER_WORK_COMMITTEE + 1,
        )
        for n in range(committees)
    )
    Organization.objects.bulk_create(
        [
            made(
                "BRANCH",
                f"B{n:06d}",
                f"第{n + 1}党支部",
                below[n // PER_COMMITTEE],
                n % PER_COMMITTEE + 1,
            )
            for n in range(branches)
        ],
        batch_size=2000,
    )


def _people() -> None:
    """A clerk and a leader for each committee, a secretary for each branch. Nobody has a password."""
    from branches.models import Organization, Post, User

    roles = {
        "WORK_COMMITTEE": ("CLERK", "LEADER"),
        "COMMITTEE": ("SECRETARY", "CLERK"),
        "BRANCH": ("SECRETARY",),
    }
    posts = [
        (organization, role)
        for organization in Organization.objects.order_by("path")
        for role in roles[organization.kind]
    ]
    people = User.objects.bulk_create(
        [
            User(username=f"{o.code}-{role}".lower(), name=f"{o.short_name}{number}")
            for number, (o, role) in enumerate(posts)
        ],
        batch_size=2000,
    )
    Post.objects.bulk_create(
        [
            Post(user=person, organization=organization, role=role, since=ISSUED)
            for person, (organization, role) in zip(people, posts, strict=True)
        ],
        batch_size=2000,
    )


def _plans() -> None:
    """Four plans of the top committee, 25 measures each, due on the working days of the year; issued by the fan-out."""
    from branches.models import Organization, Post
    from common.clock import moment
    from common.workdays import Calendar
    from tracker.fan_out import fan_out
    from tracker.models import Measure, Plan

    top, calendar = Organization.objects.get(code="BENCH"), Calendar.load()
    clerk = Post.objects.get(organization=top, role="CLERK").user
    for number in range(PLANS):
        plan = Plan.objects.create(
            organization=top,
            title=f"{'一二三四'[number]}类重点任务清单",
            period="2026",
            state="ISSUED",
            issued_at=moment(ISSUED),
            created_by=clerk,
            created_at=moment(ISSUED),
        )
        each = MEASURES // PLANS
        Measure.objects.bulk_create(
            Measure(
                plan=plan,
                position=n,
                title=f"第{number * each + n + 1}项工作：开展专题学习并报送情况",
                due=calendar.roll_back(date(2026, 1, 31) + timedelta(days=(number * each + n) * 3)),
                receiver_kinds=["BRANCH"],
                state="ACTIVE",
            )
            for n in range(each)
        )
        fan_out(plan, at=moment(ISSUED))


def _life() -> None:
    """What became of the tasks by ``DAY``: nearly all acknowledged, the due ones mostly done, some late, some returned."""
    from common.clock import moment

    def on(day: date) -> datetime:
        return moment(day)

    _act("acknowledge", "PENDING", "ACTIVE", on(date(2026, 1, 8)), "id % 50 <> 0", "percent = percent")
    _act(
        "report", "ACTIVE", "ACTIVE", on(date(2026, 3, 2)), "id % 20 = 1", "percent = 40, progress = '已开展'"
    )
    submitted = on(date(2026, 1, 28))
    _act(
        "submit",
        "ACTIVE",
        "SUBMITTED",
        submitted,
        "due < '2026-06-10' AND id % 25 <> 2 OR due < '2026-07-20' AND id % 5 = 3",
        "percent = 100, submitted_at = {at}",
    )
    _act(
        "approve",
        "SUBMITTED",
        "DONE",
        on(date(2026, 1, 30)),
        "due < '2026-06-01' AND id % 200 <> 7",
        "completed_at = {at}",
    )


def _act(act: str, before: str, after: str, at: datetime, where: str, change: str) -> None:
    """One act on many tasks, in two statements: the next event of each chain, and the row with its new head."""
    from tracker.models import Event, Task

    values, body = _pieces(
        {
            "subject": Task.KIND,
            "act": act,
            "at": at.astimezone(UTC).isoformat(timespec="seconds"),
            "actor": None,
            "from": before,
            "to": after,
            "said": {},
        }
    )
    postgresql = connection.vendor == "postgresql"
    hashed = f"encode(sha256(convert_to({body}, 'UTF8')), 'hex')" if postgresql else f"SHA256{body}"
    moment = connection.ops.adapt_datetimefield_value(at)
    columns = "subject_kind, subject_id, sequence, act, at, from_state, to_state, body, hash"
    chosen = f"state = %s AND ({where})"
    change = change.replace("{at}", "%s")
    moments = [moment] * change.count("%s")
    last = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO tracker_event ({columns}) SELECT 'task', id, event_count + 1, %s, %s, %s, %s, {body}, {hashed}"
            f" FROM tracker_task WHERE {chosen.replace('%', '%%').replace('%%s', '%s')}",
            [act, moment, before, after, *values, *values, before],
        )
        cursor.execute(
            f"UPDATE tracker_task SET state = %s, event_count = e.sequence, event_head = e.hash, {change}"
            " FROM tracker_event e WHERE e.id > %s AND e.subject_kind = 'task' AND e.subject_id = tracker_task.id",
            [after, *moments, last],
        )


def _pieces(said: dict[str, Any]) -> tuple[list[str], str]:
    """A body as ``canonical`` writes it, taken apart at what differs from row to row: its texts, and the SQL of it."""
    from tracker.events import canonical

    differing = {
        "id": "CAST(id AS TEXT)",
        "previous": "event_head",
        "sequence": "CAST(event_count + 1 AS TEXT)",
    }
    marks = {name: f"<{name}>" for name in differing}
    rest = canonical(said | marks)
    for name in ("id", "sequence"):
        rest = rest.replace(f'"{marks[name]}"', marks[name])
    texts, parts = [], []
    for name in sorted(differing):  # the order in which they are written
        text, rest = rest.split(marks[name], 1)
        texts.append(text)
        parts += ["%s", differing[name]]
    return [*texts, rest], f"({' || '.join([*parts, '%s'])})"


def _settle() -> None:
    """Leave the database as a city's is that was vacuumed while it grew: without what the acts in sets left behind."""
    from tracker.tallies import fold

    fold()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM FULL tracker_task")
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
