"""The sample from its first day to its last: a half-year that has ended, and the one that runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from django.utils.translation import gettext as _

from branches.models import Organization, Post
from common.clock import local_date, moment
from common.errors import Refused
from common.periods import Period
from common.workdays import Calendar
from tracker.demo.accounts import Account, open_accounts
from tracker.demo.careers import Career, World, choose_fates, fates_of_small_plan
from tracker.demo.city import build_city
from tracker.demo.diary import Diary, Life
from tracker.demo.office import keep_an_eye
from tracker.demo.planning import draw_up, issue, read_in, small_plan
from tracker.demo.rounds import Inspecting, Round
from tracker.demo.script import Ask, Script, ask_by_days, foreign_scripts, own_script
from tracker.demo.words import FOLDER
from tracker.models import Plan, Task
from tracker.plans import add_measure
from tracker.reminders.delivery import claim, deliver
from tracker.reminders.lateness import record_lateness
from tracker.reminders.planning import give_up, plan_reminders, window
from tracker.sources import propose

DETAILED_UP_TO = 200
"""Branches up to which units also report on the way and show what they need not show."""
DAILY_SWEEPS = timedelta(days=14)
"""Reminders go out daily towards the end of the story, on Mondays before: nobody looks at each of those days.

Where there are very many tasks, on the first Monday of a month before, and then for the last few days.
"""


def build_demo(
    *,
    branches: int,
    seed: str,
    at: datetime,
    sources: Path | None = None,
    tell: Callable[[str], None] = lambda _line: None,
) -> list[Account]:
    """Fill an empty database with the sample committee and its life up to ``at``; returns who can sign in.

    The story begins with the half-year that ended last before ``at``. The same ``seed``, size and day give the same
    history, whatever the clock says; passwords are new each time. ``tell`` hears a line now and then.
    Raises Refused when organisations exist already, when ``branches`` is less than 1, or a source cannot be read.
    """
    if Organization.objects.exists():
        raise Refused(_("There are organizations already. The sample is only loaded into an empty database."))
    if branches < 1:
        raise Refused(_("The sample needs at least one branch."))
    story = Story(branches=branches, seed=seed, at=at, sources=sources, tell=tell)
    story.run()
    return open_accounts()


class Story:
    """Everything that happens, laid into one diary."""

    def __init__(
        self, *, branches: int, seed: str, at: datetime, sources: Path | None, tell: Callable[[str], None]
    ) -> None:
        self.until, self.sources, self.tell = at, sources, tell
        self.calendar = Calendar.load()
        self.present = Period.of(local_date(at))
        self.past = self.present.previous
        self.diary = Diary()
        self._reminded: datetime | None = None
        began = self.past.first_day
        turn = date(began.year, began.month + 3, 1)
        tell(_("Organizations and people …"))
        city = build_city(branches=branches, seed=seed, began=began, turn=turn)
        self.world = World(
            city, seed=seed, until=at, calendar=self.calendar, detailed=branches <= DETAILED_UP_TO
        )

    def run(self) -> None:
        """Lay out both half-years and live through them, with rounds of reminders in the mornings."""
        for turn, period in enumerate((self.past, self.present)):
            for script in self._scripts(period, turn):
                self.diary.begin(self._half_year(script, period))
        self.diary.begin(self._special_plan())
        self.diary.begin(self._fresh_plan())
        self.diary.begin(self._minutes())
        self.diary.begin(keep_an_eye(self.world, since=own_script(self.past).issued))
        for plan in self._rounds():
            self.diary.begin(Inspecting(self.world, self.diary, plan).live())
        self._live()

    def _live(self) -> None:
        day, last, month = self.past.first_day, local_date(self.until), 0
        while day <= last:
            if day.month != month:
                month = day.month
                self.tell(f"{day:%Y-%m} …")
            morning = moment(day, 9)
            if morning <= self.until and self._is_swept(day):
                self.diary.run(until=morning)
                self._remind(morning)
            day += timedelta(days=1)
        self.diary.run(until=self.until)

    def _is_swept(self, day: date) -> bool:
        if not self.calendar.is_working(day):
            return False
        left = local_date(self.until) - day
        if self.world.detailed:
            return left < DAILY_SWEEPS or day.weekday() == 0
        return left < DAILY_SWEEPS / 3 or (day.weekday() == 0 and day.day <= 7)

    def _remind(self, at: datetime) -> None:
        """A sweep during which the clock stands still, so that the same story has the same history."""
        record_lateness(at=at)
        reach = window(at=at, last=None, calendar=self.calendar)
        if self._reminded:
            # No sweep of this story fails half-way: what lies before the last one is settled.
            reach = replace(reach, since=local_date(self._reminded))
        for _planned in plan_reminders(reach, at=at, calendar=self.calendar):
            pass
        give_up(reach, at=at)
        while claimed := claim(at=at):
            deliver(claimed, at=at, calendar=self.calendar)
        self._reminded = at

    def _scripts(self, period: Period, turn: int) -> list[Script]:
        if self.sources:
            return foreign_scripts(self.sources, period, turn=turn) or [own_script(period)]
        return [own_script(period)]

    def _half_year(self, script: Script, period: Period) -> Life:
        """Speech, draft, issue; then every task begins a life of its own."""
        rng = self.world.rng("half-year", script.plan)
        at = yield moment(self.calendar.add(script.held, 0), 16, rng.randrange(60))
        source = read_in(self.world.city, script, at=at)
        at = yield moment(self.calendar.add(script.held, 2), 10, rng.randrange(60))
        plan, asks = draw_up(self.world.city, source, script, period=period.code, at=at)
        at = yield moment(self.calendar.add(script.issued, 0), 15, rng.randrange(60))
        self._hand_out(plan, asks, at=at, last=period == self.present)

    def _special_plan(self) -> Life:
        """A campaign with two levels of review, some weeks before the end."""
        day = self.calendar.add(local_date(self.until), -22)
        yield from self._small("special", max(day, self.calendar.add(own_script(self.present).issued, 5)))

    def _fresh_plan(self) -> Life:
        """A list issued the day before the end, so that something waits to be acknowledged."""
        yield from self._small("fresh", self.calendar.add(local_date(self.until), -1))

    def _small(self, name: str, day: date) -> Life:
        words = self.world.words["plans"][name]
        at = yield moment(day, 9, 20)
        asks = [
            ask_by_days(entry, self.calendar.add(day, entry["days"]), words["reason"])
            for entry in words["measure"]
        ]
        plan, made = small_plan(
            self.world.city,
            title=words["title"],
            period=Period.of(day).code,
            asks=asks,
            at=at,
            two_reviews=name == "special",
        )
        at = yield moment(day, 15, 10)
        self._hand_out(plan, made, at=at, last=False)

    def _hand_out(self, plan: Plan, asks: dict[int, Ask], *, at: datetime, last: bool) -> None:
        issue(self.world.city, plan, at=at)
        tasks = list(
            Task.objects.filter(measure__plan=plan)
            .select_related("measure__plan", "organization")
            .order_by("measure__position", "organization__path", "occurrence")
        )
        special = self.world.city.branches[0]
        if len(asks) > 2:
            fates = choose_fates(tasks, world=self.world, last=last, special=special)
        else:
            fresh = at > self.until - timedelta(days=7)
            fates = fates_of_small_plan(tasks, fresh=fresh, special=special)
        for task in tasks:
            self.diary.begin(Career(self.world, task, asks[task.measure_id], fates.get(task.pk)).live())

    def _minutes(self) -> Life:
        """A paper that is still being worked on at the end: a draft with a measure or two, the rest undecided."""
        words = self.world.words["minutes"]
        day = self.calendar.add(local_date(self.until), -2)
        at = yield moment(day, 10, 40)
        text = (FOLDER / "speeches" / "minutes.txt").read_text(encoding="utf-8")
        script = Script(words["title"], "中共云川市委市直机关工作委员会", text, words["plan"], day, day)
        source = read_in(self.world.city, script, at=at)
        at = yield moment(day, 15, 30)
        clerk = self.world.city.one(self.world.city.top, Post.Role.CLERK, at=at)
        plan, _made = small_plan(
            self.world.city, title=script.plan, period=Period.of(day).code, asks=[], at=at
        )
        for proposal in propose(source)[:2]:
            add_measure(plan, actor=clerk, at=at, fields=proposal.fields(), actions=[proposal.action])

    def _rounds(self) -> list[Round]:
        """A finished one in each half-year, one under way at the end, and one that is only planned."""
        past, present, today = self.past.first_day, self.present.first_day, local_date(self.until)
        thematic = {"scheduled": True, "concentrated": True, "sampled": True, "key_point": False}
        surprise = {"scheduled": False, "concentrated": False, "sampled": True, "key_point": True}
        full = {"scheduled": True, "concentrated": True, "sampled": False, "key_point": False}

        def working(day: date) -> date:
            return self.calendar.add(day, 0)

        second = working(date(present.year, present.month + 1, 20))
        in_time = second < today - timedelta(days=40)
        first = working(date(past.year, past.month + 3, 12))
        rounds = [Round(0, first, 30, thematic, 5, leaves_one=not in_time)]
        if in_time:
            rounds.append(Round(1, second, 25, surprise, 6, leaves_one=True))
        rounds.append(Round(2, self.calendar.add(today, -9), 25, surprise, 6))
        rounds.append(Round(3, self.calendar.add(today, 5), 20, full, 1))
        return rounds
