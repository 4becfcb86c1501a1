"""Inspections of the sample: planned, drawn, visited, reported; findings put right and closed out by somebody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from branches.models import Post
from common.clock import local_date
from tracker.demo.careers import World
from tracker.demo.diary import Diary, Life
from tracker.demo.words import pick
from tracker.inspections import draw_sample, plan_inspection, record_finding, record_visit
from tracker.models import Finding, Visit
from tracker.transitions import perform

Role = Post.Role


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
        faults = 0
        for visit in Visit.objects.filter(inspection=inspection).select_related("organization"):
            at = yield world.hour(rng, world.days_on(local_date(at), rng.choice((0, 1, 1))))
            found = faults < 3 or (faults < len(world.words["findings"]) and rng.random() < 0.5)
            words = world.words["visits"]["fault" if found else "good"]
            record_visit(
                visit, visited_on=local_date(at), remark=pick(rng, words), actor=self._inspector(at), at=at
            )
            if found:
                finding = self._record(visit, faults, at)
                lingers = self.plan.leaves_one and faults == 2
                self.diary.begin(Rectifying(self.world, finding, faults, lingers=lingers).live())
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

    def _inspector(self, at: datetime) -> Any:
        return self.world.city.one(self.top, Role.INSPECTOR, at=at)


class Rectifying:
    """The life of one finding: every fourth one is put right late, every fifth one not accepted at first.

    One that ``lingers`` is worked on, but its acceptance is never requested.
    """

    def __init__(self, world: World, finding: Finding, number: int, *, lingers: bool = False) -> None:
        self.world, self.finding, self.number, self.lingers = world, finding, number, lingers
        self.rng: Random = world.rng("finding", finding.number)
        facts = world.words["findings"]
        self.text = next(entry for entry in facts if entry["fact"] == finding.fact)

    def live(self) -> Life:
        """Assign, enter measures, report, request acceptance, and be closed out by the second inspector."""
        world, rng, finding, unit = self.world, self.rng, self.finding, self.finding.organization
        city = world.city
        at = yield world.hour(rng, world.days_on(local_date(finding.recorded_at), rng.randint(2, 4)))
        day = local_date(at)
        kind, days = ((Finding.Kind.IMMEDIATE, 5), (Finding.Kind.TIMED, 20), (Finding.Kind.LASTING, 40))[
            self.number % 3
        ]
        given: dict[str, Any] = {
            "kind": kind,
            "due": world.days_on(day, days),
            "standard": self.text["standard"],
        }
        leader = next((u for o in city.above(unit) if (u := city.actor(o, Role.SECRETARY, at=at))), None)
        given["responsible_leader"] = leader.user.pk if leader else None
        finding = perform(finding, "assign", actor=city.one(city.top, Role.CLERK, at=at), at=at, given=given)
        for act, wait in (
            ("enter_measures", 2),
            ("report", max(2, days // 2)),
            ("submit", max(2, days // 3)),
        ):
            if act == "submit" and self.lingers:
                return
            late = 15 if act == "submit" and self.number % 4 == 3 else 0
            at = yield world.hour(rng, world.days_on(local_date(at), wait + late))
            while (actor := city.actor(unit, Role.SECRETARY, Role.CLERK, at=at)) is None:
                at = yield at + timedelta(days=7)
            given = {"progress": self.text["progress"]}
            if act == "enter_measures":
                given = {"measures": self.text["measures"], "handler": actor.user.pk}
            finding = perform(finding, act, actor=actor, at=at, given=given)
        if self.number % 5 == 4:
            at = yield world.hour(rng, world.days_on(local_date(at), 3))
            reason = {"reason": "现场核验与报告不一致，请补充整改后再次申请验收。"}
            finding = perform(finding, "not_accepted", actor=self._checker(at), at=at, given=reason)
            at = yield world.hour(rng, world.days_on(local_date(at), 6))
            actor = city.one(unit, Role.SECRETARY, Role.CLERK, at=at)
            finding = perform(
                finding, "submit", actor=actor, at=at, given={"progress": "已补充整改，请再次核验。"}
            )
        at = yield world.hour(rng, world.days_on(local_date(at), 4))
        perform(
            finding,
            "accept",
            actor=self._checker(at),
            at=at,
            given={"remark": "现场核验属实，群众认可，同意销号。"},
        )

    def _checker(self, at: datetime) -> Any:
        """Not the inspector who recorded it."""
        return self.world.city.one(self.world.city.top, Role.INSPECTOR, at=at, which=1)
