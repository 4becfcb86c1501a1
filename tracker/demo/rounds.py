"""Inspections of the sample: planned, drawn, visited, reported; findings put right and closed out by somebody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from branches.access import Actor
from branches.models import Post
from common.clock import local_date
from tracker.demo.careers import World
from tracker.demo.diary import Diary, Life
from tracker.demo.files import paper
from tracker.demo.words import pick
from tracker.evidence import attach
from tracker.inspections import draw_sample, plan_inspection, record_finding, record_visit
from tracker.models import Finding, Visit
from tracker.transitions import perform

Role = Post.Role
KINDS = ((Finding.Kind.IMMEDIATE, 5), (Finding.Kind.TIMED, 20), (Finding.Kind.LASTING, 40))
"""Kinds of rectification and the working days given for each, by turns."""
SPREAD = 11
"""Working days over which the visits of a round are spread."""
FEWEST = 3
"""Findings that every round comes home with, if it visits as many units."""


@dataclass(frozen=True)
class Round:
    """One inspection to be lived."""

    number: int
    starts: date
    days: int
    modes: dict[str, bool]
    share: int
    """One branch in so many is drawn."""
    leaves_one: bool = False
    """One of its findings is not put right in time, nor later."""


class Inspecting:
    """The life of one inspection, whose findings go on by themselves."""

    def __init__(self, world: World, diary: Diary, plan: Round) -> None:
        self.world, self.diary, self.plan = world, diary, plan
        self.rng = world.rng("inspection", plan.number, plan.starts)
        self.text = world.words["inspections"][plan.number]
        self.top = world.city.top

    def live(self) -> Life:
        """Plan and draw, start, visit one unit after another, report, close."""
        rng, world = self.rng, self.world
        at = yield world.hour(rng, world.days_on(self.plan.starts, -5))
        branches = len(world.city.branches)
        size = min(branches, max(3, -(-branches // self.plan.share))) if self.plan.modes["sampled"] else 0
        fields = {
            "purpose": self.text["purpose"],
            "starts_on": self.plan.starts,
            "ends_on": self.plan.starts + timedelta(days=self.plan.days),
            "sample_size": size,
            **self.plan.modes,
        }
        inspection = plan_inspection(organization=self.top, actor=self._inspector(at), at=at, fields=fields)
        if inspection.sampled:
            at = yield world.hour(rng, world.days_on(self.plan.starts, -2))
            seed = "".join(rng.choice("0123456789") for _ in range(6))
            draw_sample(inspection, seed=seed, actor=self._inspector(at), at=at)
        at = yield world.hour(rng, self.plan.starts)
        inspection = perform(inspection, "start", actor=self._inspector(at), at=at)
        visits = list(Visit.objects.filter(inspection=inspection).select_related("organization"))
        most, faults = len(world.words["findings"]), 0
        for number, visit in enumerate(visits):
            day = world.days_on(self.plan.starts, number * SPREAD // len(visits))
            at = yield max(at, world.hour(rng, day))
            missing = FEWEST - faults >= len(visits) - number
            found = missing or (faults < most and rng.random() < most / len(visits))
            words = world.words["visits"]["fault" if found else "good"]
            seen = pick(rng, words)
            record_visit(visit, visited_on=local_date(at), remark=seen, actor=self._inspector(at), at=at)
            if found:
                finding = self._record(visit, faults, at)
                lingers = self.plan.leaves_one and faults == 2
                self.diary.begin(Rectifying(world, finding, faults, lingers=lingers).live())
                faults += 1
        at = yield world.hour(rng, max(world.days_on(local_date(at), 3), inspection.ends_on))
        given = {"conclusion": self.text["conclusion"] or "督查情况总体良好。"}
        inspection = perform(inspection, "report", actor=self._inspector(at), at=at, given=given)
        at = yield world.hour(rng, world.days_on(local_date(at), 12))
        perform(inspection, "close", actor=self.world.city.one(self.top, Role.CLERK, at=at), at=at)

    def _record(self, visit: Visit, number: int, at: datetime) -> Finding:
        facts = self.world.words["findings"]
        return record_finding(
            organization=visit.organization,
            found_by=self.top,
            fact=facts[(number + 3 * self.plan.number) % len(facts)]["fact"],
            visit=visit,
            actor=self._inspector(at),
            at=at,
        )

    def _inspector(self, at: datetime) -> Actor:
        return self.world.city.one(self.top, Role.INSPECTOR, at=at)


class Rectifying:
    """The life of one finding: every fourth one is put right late, every fifth one not accepted at first.

    One that ``lingers`` is worked on, but its acceptance is never requested.
    """

    def __init__(self, world: World, finding: Finding, number: int, *, lingers: bool = False) -> None:
        self.world, self.finding, self.number, self.lingers = world, finding, number, lingers
        self.rng, self.at = world.rng("finding", finding.number), finding.recorded_at
        facts = world.words["findings"]
        self.text = next(entry for entry in facts if entry["fact"] == finding.fact)

    def live(self) -> Life:
        """Assign, enter measures, report, request acceptance, and be closed out by the second inspector."""
        yield from self._wait(self.rng.randint(2, 4))
        days = self._assign()
        yield from self._wait(2)
        yield from self._unit_does("enter_measures", measures=self.text["measures"])
        if days > 10:
            yield from self._wait(days // 2)
            yield from self._unit_does("report", progress=self.text["progress"])
        if self.lingers:
            return
        yield from self._wait(max(2, days // 3) + (15 if self.number % 4 == 3 else 0))
        yield from self._unit_does("submit", progress=self.text["progress"])
        if self.number % 5 == 4:
            yield from self._wait(3)
            self._do(
                "not_accepted", self._checker(), reason="现场核验与报告不一致，请补充整改后再次申请验收。"
            )
            yield from self._wait(6)
            yield from self._unit_does("submit", progress="已补充整改，请再次核验。")
        yield from self._wait(4)
        self._do("accept", self._checker(), remark="现场核验属实，群众认可，同意销号。")

    def _assign(self) -> int:
        """The office assigns it, by turns at once, by a date or for good; returns the working days given."""
        city, unit = self.world.city, self.finding.organization
        kind, days = KINDS[self.number % len(KINDS)]
        leader = next(
            (u for o in city.above(unit) for u in city.holders(o, Role.SECRETARY, at=self.at)), None
        )
        self._do(
            "assign",
            city.one(city.top, Role.CLERK, at=self.at),
            kind=kind,
            due=self.world.days_on(local_date(self.at), days),
            standard=self.text["standard"],
            responsible_leader=leader.pk if leader else None,
        )
        return days

    def _unit_does(self, act: str, **given: Any) -> Life:
        """An act of the unit, as soon as somebody is there to do it."""
        unit = self.finding.organization
        while (actor := self.world.city.actor(unit, Role.SECRETARY, Role.CLERK, at=self.at)) is None:
            self.at = yield self.at + timedelta(days=7)
        if act == "enter_measures":
            given["handler"] = actor.user.pk
        if act == "submit" and not self.finding.evidence.exists():
            proof = paper("整改情况报告", "整改情况报告", (self.text["progress"], "云川市 · 样例材料"))
            self.finding = attach(self.finding, upload=proof, actor=actor, at=self.at)
        self._do(act, actor, **given)

    def _do(self, act: str, actor: Actor, **given: Any) -> None:
        self.finding = perform(self.finding, act, actor=actor, at=self.at, given=given)

    def _wait(self, working_days: int) -> Life:
        self.at = yield self.world.hour(self.rng, self.world.days_on(local_date(self.at), working_days))

    def _checker(self) -> Actor:
        """Not the inspector who recorded it."""
        return self.world.city.one(self.world.city.top, Role.INSPECTOR, at=self.at, which=1)
