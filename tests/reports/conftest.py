"""A half-year in the life of a small world, told by the product's own verbs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from django.db import transaction

from branches.access import Actor
from common.clock import local_date, moment
from common.periods import Period
from reports.facts import Facts, facts_of
from tests.factories import World, issue, make_measure, make_plan, on
from tracker.inspections import record_finding
from tracker.models import Finding, Task
from tracker.transitions import perform


def day(month: int, number: int, hour: int = 9, *, year: int = 2026) -> Any:
    return moment(date(year, month, number), hour)


@dataclass
class HalfYear:
    """The first half of 2026 at three branches of one committee and one of another.

    ``tasks`` by a word for what became of them; every one is 1 task of its own measure.
    """

    world: World
    tasks: dict[str, Task] = field(default_factory=dict)
    finding: Finding | None = None

    def act(self, name: str, act: str, actor: Actor, at: Any, **given: Any) -> Task:
        self.tasks[name] = perform(self.tasks[name], act, actor=on(actor, local_date(at)), at=at, given=given)
        return self.tasks[name]

    def acknowledge(self, name: str, who: Actor, at: Any) -> None:
        self.act(name, "acknowledge", who, at, handler=who.user.pk)

    def submit(self, name: str, who: Actor, at: Any) -> None:
        self.act(name, "submit", who, at, progress="已完成并归档")

    def approve(self, name: str, at: Any) -> None:
        self.act(name, "approve", self.world.reviewer, at, remark="同意办结")


WORK = {
    "on_time": ("制定廉洁文化建设措施", date(2026, 3, 31), 0),
    "late": ("召开警示教育大会", date(2026, 3, 31), 0),
    "overdue": ("一支部一品牌方案", date(2026, 5, 29), 1),
    "returned": ("专题党课", date(2026, 4, 30), 1),
    "waiting": ("支部书记述职材料", date(2026, 6, 30), 1),
    "early": ("换届筹备", date(2026, 9, 30), 2),
    "suspended": ("党员轮训", date(2026, 6, 15), 2),
    "withdrawn": ("外出考察", date(2026, 5, 15), 2),
    "unacknowledged": ("党费收缴核查", date(2026, 9, 30), 2),
}
"""Title, due date and the branch (by number) of each task."""


def live(half: HalfYear) -> HalfYear:
    world = half.world
    plan = make_plan(world)
    measures = {
        name: make_measure(world, plan, title=title, due=due, receivers=[world.branches[number]])
        for name, (title, due, number) in WORK.items()
    }
    issue(world, plan)
    half.tasks = {name: Task.objects.get(measure=measure) for name, measure in measures.items()}
    first, second, third = world.secretaries
    for name, (_title, _due, number) in WORK.items():
        if name not in {"withdrawn", "unacknowledged"}:
            half.acknowledge(name, world.secretaries[number], day(1, 6))
    half.submit("on_time", first, day(3, 30))
    half.approve("on_time", day(4, 20))
    half.submit("late", first, day(4, 3))
    half.approve("late", day(4, 8))
    half.act(
        "overdue",
        "report",
        second,
        day(5, 20),
        progress="完成初稿",
        percent=40,
        problems="人手不足，方案未定稿",
    )
    half.submit("returned", second, day(4, 20))
    half.act("returned", "return", world.reviewer, day(4, 22), reason="缺少会议照片")
    half.submit("returned", second, day(4, 29))
    half.approve("returned", day(5, 6))
    half.submit("waiting", second, day(6, 29))
    half.submit("early", third, day(6, 1))
    half.approve("early", day(6, 3))
    half.act("suspended", "suspend", world.issuer, day(5, 6), reason="集中力量防汛", until=date(2026, 9, 1))
    half.act("withdrawn", "withdraw", world.issuer, day(3, 2), reason="上级调整")
    return half


@pytest.fixture
def half(db) -> HalfYear:
    """The story told; the day after is 1 July."""
    return tell()


@pytest.fixture(scope="module")
def told(django_db_setup, django_db_blocker) -> tuple[HalfYear, Facts]:
    """The story and its facts for tests that only look at them: told once a module, the database left as it was."""
    with django_db_blocker.unblock(), transaction.atomic():
        half = tell()
        period = Period.parse("2026H1")
        facts = facts_of(half.world.top, period, cut_off=period.end)
        transaction.set_rollback(True)
    return half, facts


def tell() -> HalfYear:
    world = World(branches=3)
    half = live(HalfYear(world))
    found = record_finding(
        organization=world.branches[1],
        found_by=world.top,
        fact="会议记录不规范",
        actor=on(world.inspector, date(2026, 4, 15)),
        at=day(4, 15),
    )
    half.finding = perform(
        found,
        "assign",
        actor=on(world.inspector, date(2026, 4, 16)),
        at=day(4, 16),
        given={"kind": "TIMED", "due": date(2026, 6, 15), "standard": "记录完整"},
    )
    return half
