"""What becomes of one task: acknowledged, worked on, handed in, reviewed; by some units promptly, by some late or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from random import Random
from typing import Any

from branches.access import Actor
from branches.models import Organization, Post
from common.clock import local_date, moment
from common.workdays import Calendar
from tracker.demo.city import City
from tracker.demo.diary import Life
from tracker.demo.files import paper, picture
from tracker.demo.script import Ask
from tracker.demo.words import pick, table
from tracker.evidence import attach
from tracker.models import Evidence, Task
from tracker.transitions import perform

Kind, Role = Organization.Kind, Post.Role


@dataclass(frozen=True)
class Temper:
    """How a unit works: the chance that it is late here or there, never finishes, or has something sent back."""

    late_acknowledgement: float
    late: float
    never: float
    returned: float
    reports: float


PROMPT = Temper(0.01, 0.03, 0.0, 0.05, 0.45)
USUAL = Temper(0.08, 0.13, 0.015, 0.13, 0.35)
SLACK = Temper(0.35, 0.4, 0.12, 0.3, 0.15)


class Fate(Enum):
    """What a task is chosen for, so that every state is there to be looked at."""

    SUSPENDED = "suspended for some weeks, then resumed"
    STOPPED = "suspended shortly before the end"
    WITHDRAWN = "withdrawn"
    FORGOTTEN = "overdue to the end"
    SENT_BACK = "returned, and not handed in again"
    WAITING = "handed in just before the end"
    HALF_REVIEWED = "passed the first review only"
    UNTOUCHED = "not even acknowledged"


class World:
    """What all lives share: the city, the calendar, the end of the story, and how each unit works."""

    def __init__(self, city: City, *, seed: str, until: datetime, calendar: Calendar, detailed: bool) -> None:
        self.city, self.seed, self.until, self.calendar = city, seed, until, calendar
        self.detailed = detailed
        """Reports and optional evidence, too: left out where there are very many tasks."""
        self.words = table("words")

    def rng(self, *about: object) -> Random:
        """A stream of chance of its own for each thing, so that no life disturbs another."""
        return Random(" ".join(map(str, (self.seed, *about))))  # noqa: S311 - repeatable on purpose

    def temper(self, organization: Organization) -> Temper:
        """One unit in ten is slack, one in four usual; offices of departments are mostly prompt."""
        roll = self.rng("temper", organization.code).random()
        if organization.kind not in {Kind.BRANCH, Kind.GENERAL_BRANCH}:
            return PROMPT if roll > 0.2 else USUAL
        return SLACK if roll < 0.1 else USUAL if roll < 0.4 else PROMPT

    def hour(self, rng: Random, day: date) -> datetime:
        """A moment of a working day at or after ``day``."""
        hour, minute = rng.choice((8, 9, 9, 10, 10, 11, 14, 15, 15, 16, 17)), rng.randrange(60)
        return moment(self.calendar.add(day, 0), hour, minute)

    def days_on(self, day: date, count: int) -> date:
        return self.calendar.add(day, count) if count else day


class Career:
    """The life of one task."""

    def __init__(self, world: World, task: Task, ask: Ask, fate: Fate | None = None) -> None:
        self.world, self.task, self.ask, self.fate = world, task, ask, fate
        self.unit = task.organization
        self.temper = world.temper(self.unit)
        self.at = world.until
        self.rng = world.rng(
            "task", task.measure.plan.title, ask.fields["title"], self.unit.code, task.occurrence
        )

    def live(self) -> Life:
        """From acknowledgement to completion, as the unit's temper and the task's fate will have it."""
        if self.fate is Fate.UNTOUCHED:
            return
        yield from self._acknowledge()
        if self.fate in {Fate.SUSPENDED, Fate.STOPPED}:
            yield from self._suspend()
        if self.fate is Fate.WITHDRAWN:
            yield from self._wait(self._before_due(15))
            self._do("withdraw", self._issuer(), reason=self._say("withdraw"))
            return
        if self.fate is Fate.FORGOTTEN or (self.fate is None and self.rng.random() < self.temper.never):
            yield from self._report(0.35)
            return
        if self.rng.random() < self.temper.reports:
            yield from self._report(self.rng.uniform(0.3, 0.85))
        yield from self._ask_extension()
        yield from self._hand_in(self._day_of_submission())
        yield from self._review()

    def _acknowledge(self) -> Life:
        # A unit takes up all it got on one day in one sitting.
        shared = self.world.rng("desk", self.unit.code, self.task.issued_on)
        late = shared.random() < self.temper.late_acknowledgement
        limit = self.task.acknowledge_by
        day = (
            self.world.days_on(limit, shared.randint(1, 5))
            if late
            else self._between(shared, self.task.issued_on, limit)
        )
        sitting = self.world.hour(shared, day)
        yield from self._wait(
            max(sitting, moment(self.task.issued_on, 17)) + timedelta(seconds=self.rng.randint(20, 900))
        )
        while (actor := self._unit_actor()) is None:
            yield from self._wait(self.at + timedelta(days=7))
        handler = self.world.city.holders(self.unit, Role.CLERK, Role.SECRETARY, at=self.at)[0]
        self._do("acknowledge", actor, handler=handler.pk)

    def _report(self, share: float) -> Life:
        """Say how far it is when that share of the time has passed."""
        if not self.world.detailed or (self.task.due - local_date(self.at)).days < 12:
            return
        percent = int(20 * share) * 5
        passed = (self.task.due - local_date(self.at)) * share
        yield from self._wait(self.world.hour(self.rng, local_date(self.at) + passed))
        actor = self._unit_actor()
        if actor is None or self.task.state != Task.State.ACTIVE:
            return
        text = pick(self.rng, list(self.ask.progress) or self.world.words["report"])
        given: dict[str, Any] = {"progress": text, "percent": percent}
        given |= {"problems": self._say("problem"), "next_step": self._say("next")}
        if target := self.ask.fields["target_number"]:
            given["number"] = round(float(target) * percent / 100, 1 if target % 1 else 0)
        self._do("report", actor, **given)

    def _suspend(self) -> Life:
        if self.fate is Fate.SUSPENDED:
            yield from self._wait(self._before_due(14))
            back = self.world.hour(self.rng, self.world.days_on(local_date(self.at), 11))
        else:
            yield from self._wait(
                self.world.hour(self.rng, self.world.calendar.add(local_date(self.world.until), -8))
            )
            back = self.world.until + timedelta(days=21)
        given = {"reason": self._say("suspend"), "until": local_date(back)}
        self._do("suspend", self._issuer(), **given)
        yield from self._wait(back)
        self._do("resume", self._issuer(), remark=self._say("resume"))

    def _ask_extension(self) -> Life:
        """Some ask in time for a later date; the office decides two days later."""
        if self.task.occurrence or self.rng.random() > 0.05:
            return
        yield from self._wait(self._before_due(self.rng.randint(2, 4)))
        secretary = self.world.city.actor(self.unit, Role.SECRETARY, at=self.at)
        if secretary is None or local_date(self.at) > self.task.due:
            return
        until = self.world.days_on(self.task.due, 8)
        self._do("ask_extension", secretary, reason=self._say("extension"), until=until)
        yield from self._wait(self.world.hour(self.rng, self.world.days_on(local_date(self.at), 2)))
        request = self.task.extensions.get()
        act, remark = ("grant", "remark") if self.rng.random() < 0.75 else ("refuse", "reason")
        office = self._office()
        perform(request, act, actor=office, at=self.at, given={remark: self._say(act)})
        self.task = Task.objects.get(pk=self.task.pk)

    def _day_of_submission(self) -> date:
        due, calendar = self.task.due, self.world.calendar
        if self.fate is Fate.WAITING:
            return calendar.add(local_date(self.world.until), -1)
        if self.fate is None and self.rng.random() < self.temper.late:
            return calendar.add(due, self.rng.choice((1, 1, 2, 3, 5, 8, 12, 25)))
        early = calendar.add(due, -self.rng.choice((0, 0, 1, 1, 2, 3, 4, 6, 9)))
        # Work of a month is not handed in before the month.
        floor = date(due.year, due.month, 4) if len(self.task.occurrence) == 7 else self.task.issued_on
        return max(early, floor)

    def _hand_in(self, day: date) -> Life:
        yield from self._wait(self.world.hour(self.rng, day))
        while (actor := self._unit_actor()) is None:
            yield from self._wait(self.at + timedelta(days=5))
        self._attach(actor)
        given: dict[str, Any] = {"progress": pick(self.rng, list(self.ask.done) or self.world.words["done"])}
        if target := self.ask.fields["target_number"]:
            short = self.rng.random() < 0.08 and target > 1
            given["number"] = target - 1 if short else target + (self.rng.random() < 0.25 and target < 50)
        self._do("submit", actor, **given)

    def _attach(self, actor: Actor) -> None:
        wanted = self.ask.fields["evidence_required"]
        if not wanted and not (
            self.world.detailed and self.ask.fields["evidence_note"] and self.rng.random() < 0.4
        ):
            return
        if Evidence.objects.filter(task=self.task).exists():
            return
        note = self.ask.fields["evidence_note"] or "佐证材料"
        if "照片" in note:
            upload = picture(note.split("或")[0], self.rng.randrange(6))
        else:
            lines = (self.rng.choice(self.ask.done or ("详见正文。",)).format(n=12), "云川市 · 样例材料")
            upload = paper(note.split("或")[0], self.ask.fields["deliverable"] or note, lines)
        self.task = attach(self.task, upload=upload, actor=actor, at=self.at)

    def _review(self) -> Life:
        back = self.fate is Fate.SENT_BACK or (self.fate is None and self.rng.random() < self.temper.returned)
        yield from self._wait(self._after(1, 4))
        if back:
            self._do("return", self._reviewer(), reason=self._say("return"))
            if self.fate is Fate.SENT_BACK:
                return
            yield from self._wait(self._after(2, 5))
            while (actor := self._unit_actor()) is None:
                yield from self._wait(self.at + timedelta(days=5))
            given: dict[str, Any] = {"progress": self._say("resubmit")}
            if self.ask.fields["target_number"]:
                given["number"] = self.task.number
            self._do("submit", actor, **given)
            yield from self._wait(self._after(1, 3))
        self._do("approve", self._reviewer(), remark=self._say("approve"))
        if self.task.state == Task.State.SECOND_REVIEW and self.fate is not Fate.HALF_REVIEWED:
            yield from self._wait(self._after(1, 5))
            self._do("approve_second", self._office(), remark=self._say("approve"))

    # who and when ----------------------------------------------------------------------------------------------------

    def _wait(self, until: datetime) -> Life:
        self.at = yield until

    def _do(self, act: str, actor: Actor, **given: Any) -> None:
        self.task = perform(self.task, act, actor=actor, at=self.at, given=given)

    def _say(self, kind: str) -> str:
        return pick(self.rng, self.world.words[kind])

    def _unit_actor(self) -> Actor | None:
        return self.world.city.actor(self.unit, Role.SECRETARY, Role.CLERK, at=self.at)

    def _issuer(self) -> Actor:
        return self.world.city.one(self.world.city.top, Role.LEADER, Role.SECRETARY, at=self.at)

    def _office(self) -> Actor:
        return self.world.city.one(self.world.city.top, Role.CLERK, at=self.at)

    def _reviewer(self) -> Actor:
        """The clerk of the nearest committee above, else the secretary of the leading group, else the office."""
        city = self.world.city
        two = self.task.measure.plan.two_reviews
        for organization in city.above(self.unit):
            roles = [Role.CLERK, Role.DEPUTY_SECRETARY]
            if two and organization.kind == Kind.LEADING_GROUP:
                roles = [Role.SECRETARY]
            if actor := city.actor(organization, *roles, at=self.at):
                return actor
        return self._office()

    def _after(self, least: int, most: int) -> datetime:
        return self.world.hour(
            self.rng, self.world.days_on(local_date(self.at), self.rng.randint(least, most))
        )

    def _before_due(self, working_days: int) -> datetime:
        day = self.world.calendar.add(self.task.due, -working_days)
        return self.world.hour(self.rng, max(day, local_date(self.at) + timedelta(days=1)))

    def _between(self, rng: Random, first: date, last: date) -> date:
        return first + timedelta(days=rng.randint(0, max(0, (last - first).days)))


def choose_fates(
    tasks: Sequence[Task], *, world: World, last: bool, special: Organization
) -> dict[int, Fate]:
    """A few tasks with a story of their own. ``last``: the half-year the story ends in; ``special``: a unit to be looked at."""
    rng = world.rng("fates", tasks[0].measure.plan.title if tasks else "")
    today = local_date(world.until)
    single = [t for t in tasks if not t.occurrence and t.organization.kind == Kind.BRANCH]
    fates: dict[int, Fate] = {}

    def choose(fate: Fate, fitting: list[Task], count: int = 1) -> None:
        free = [t for t in fitting if t.pk not in fates]
        fates.update({t.pk: fate for t in rng.sample(free, min(count, len(free)))})

    others = [t for t in single if t.organization_id != special.pk]
    choose(Fate.SUSPENDED, [t for t in others if t.due < today or not last])
    choose(Fate.WITHDRAWN, others)
    if last:
        mine = [t for t in tasks if t.organization_id == special.pk]
        past = sorted((t for t in mine if t.due < today), key=lambda t: t.due)
        choose(Fate.FORGOTTEN, past[-1:])
        choose(Fate.SENT_BACK, past[-3:-1])
        coming = sorted((t for t in tasks if t.due > today), key=lambda t: t.due)
        choose(Fate.WAITING, [t for t in coming if t.organization_id == special.pk][:1])
        choose(Fate.WAITING, [t for t in coming if t.organization_id != special.pk][:12], 5)
        choose(Fate.STOPPED, [t for t in others if t.due > world.calendar.add(today, 4)])
    return fates


def fates_of_small_plan(tasks: Sequence[Task], *, fresh: bool, special: Organization) -> dict[int, Fate]:
    """In a list handed out at the very end the unit to be looked at has not opened its task yet; in the campaign
    before, its task came back, and the last of the others wait for their second review.
    """
    mine = {
        t.pk: Fate.UNTOUCHED if fresh else Fate.SENT_BACK for t in tasks if t.organization_id == special.pk
    }
    if fresh:
        return mine
    others = [t for t in tasks if t.organization_id != special.pk and t.measure.plan.two_reviews]
    return mine | {t.pk: Fate.HALF_REVIEWED for t in others[-3:]}
