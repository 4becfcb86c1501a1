"""The period arithmetic, against its definitions and against a second, slower way of counting."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports import figures
from reports.figures import Counts, Figure, Step, Window, figures_of, months_of, trace
from tracker.models import Task

SHANGHAI = ZoneInfo("Asia/Shanghai")
H1 = Window(datetime(2026, 1, 1, tzinfo=SHANGHAI), datetime(2026, 7, 1, tzinfo=SHANGHAI), SHANGHAI)
H2 = Window(datetime(2026, 7, 1, tzinfo=SHANGHAI), datetime(2027, 1, 1, tzinfo=SHANGHAI), SHANGHAI)


def at(month: int, day: int, hour: int = 9, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=SHANGHAI)


def life(*steps: tuple[str, datetime, str] | tuple[str, datetime, str, date], due: date) -> list[Step]:
    """A task's events; the first one's date is ``due``."""
    made = [Step(*step) for step in steps]
    return [Step(made[0].act, made[0].at, made[0].state, due), *made[1:]]


ASSIGN = ("assign", at(2, 2), "PENDING")
ACK = ("acknowledge", at(2, 3), "ACTIVE")


def marks(steps: list[Step], window: Window = H1) -> set[str]:
    course = trace(steps, window)
    return {figure.value for figure in figures_of(course, window)} if course else set()


def test_the_states_are_those_of_the_task():
    assert frozenset(Task.OPEN) == figures.OPEN
    assert frozenset(Task.IN_HAND) == figures.IN_HAND
    assert frozenset(Task.State) == figures.OPEN | {figures.DONE, figures.WITHDRAWN}


def test_every_figure_is_counted():
    assert [f.value for f in Figure] == list(Counts.__dataclass_fields__)


def test_assigned_and_done_in_time():
    steps = life(
        ASSIGN,
        ACK,
        ("submit", at(3, 31, 23), "SUBMITTED"),
        ("approve", at(4, 20), "DONE"),
        due=date(2026, 3, 31),
    )
    assert marks(steps) == {"added", "due_in", "due_done", "due_on_time", "done_in"}
    assert marks(steps, H2) == set()


def test_a_slow_reviewer_over_the_cut_off_leaves_the_task_waiting_then_done_on_time():
    steps = life(
        ASSIGN, ACK, ("submit", at(6, 30), "SUBMITTED"), ("approve", at(7, 9), "DONE"), due=date(2026, 6, 30)
    )
    assert marks(steps) == {"added", "due_in", "closing", "waiting"}
    assert marks(steps, H2) == {"opening", "due_in", "due_done", "due_on_time", "done_in"}


def test_the_last_day_still_counts_and_the_first_moment_after_does_not():
    due_on_last = life(ASSIGN, due=date(2026, 6, 30))
    due_after = life(ASSIGN, due=date(2026, 7, 1))
    assert marks(due_on_last) == {"added", "due_in", "closing", "overdue"}
    assert marks(due_after) == {"added", "closing"}
    assert marks(life(("assign", at(7, 1, 0), "PENDING"), due=date(2026, 7, 9))) == set()


def test_a_task_handed_in_after_its_day_is_late_by_local_time():
    late = life(
        ASSIGN,
        ACK,
        ("submit", at(4, 1, 0), "SUBMITTED"),
        ("approve", at(4, 2), "DONE"),
        due=date(2026, 3, 31),
    )
    assert marks(late) == {"added", "due_in", "due_done", "done_in", "done_late"}
    assert [(i.kind, i.day) for i in trace(late, H1).incidents] == [("late", date(2026, 4, 1))]


def test_a_late_completion_is_an_incident_of_the_period_that_counts_it_as_done():
    handed_in = ("submit", at(6, 29), "SUBMITTED")
    steps = life(ASSIGN, ACK, handed_in, ("approve", at(7, 2), "DONE"), due=date(2026, 6, 26))
    assert trace(steps, H1).incidents == ()
    assert [(i.kind, i.day) for i in trace(steps, H2).incidents] == [("late", date(2026, 6, 29))]


def test_early_work_counts_as_done_but_not_as_due():
    steps = life(
        ASSIGN, ACK, ("submit", at(3, 1), "SUBMITTED"), ("approve", at(3, 2), "DONE"), due=date(2026, 9, 30)
    )
    assert marks(steps) == {"added", "done_in"}
    assert marks(steps, H2) == set()


def test_withdrawn_tasks_leave_the_denominators():
    steps = life(ASSIGN, ("withdraw", at(5, 6), "WITHDRAWN"), due=date(2026, 3, 31))
    assert marks(steps) == {"added", "withdrawn"}
    assert marks(steps, H2) == set()


def test_a_suspended_task_is_due_only_when_it_was_late_before_the_stop():
    early = life(ASSIGN, ACK, ("suspend", at(3, 2), "SUSPENDED"), due=date(2026, 3, 31))
    late = life(ASSIGN, ACK, ("suspend", at(4, 2), "SUSPENDED"), due=date(2026, 3, 31))
    assert marks(early) == {"added", "closing", "suspended"}
    assert marks(late) == {"added", "closing", "suspended", "due_in"}


def test_reopened_is_counted_only_when_it_was_done_before_the_period():
    done = [ASSIGN, ACK, ("submit", at(3, 1), "SUBMITTED"), ("approve", at(3, 2), "DONE")]
    later = life(*done, ("reopen", at(9, 1), "ACTIVE", date(2026, 10, 30)), due=date(2026, 3, 31))
    same = life(*done, ("reopen", at(4, 1), "ACTIVE", date(2026, 5, 29)), due=date(2026, 3, 31))
    assert marks(later, H2) == {"reopened", "due_in", "closing", "overdue"}
    assert marks(same) == {"added", "due_in", "closing", "overdue"}
    assert marks(same, H2) == {"opening", "due_in", "closing", "overdue"}


def test_a_granted_extension_moves_the_date_in_force_and_is_counted_beside():
    steps = life(ASSIGN, ACK, ("extend", at(3, 30), "ACTIVE", date(2026, 7, 10)), due=date(2026, 3, 31))
    assert marks(steps) == {"added", "closing", "extended"}


def test_a_short_new_date_after_a_return_is_in_force_but_no_extension():
    handed_in = ("submit", at(3, 30), "SUBMITTED")
    steps = life(
        ASSIGN, ACK, handed_in, ("return", at(3, 31), "ACTIVE", date(2026, 7, 10)), due=date(2026, 3, 31)
    )
    assert marks(steps) == {"added", "closing"}
    assert [i.kind for i in trace(steps, H1).incidents] == ["return"]


def test_a_date_an_act_only_mentions_is_not_the_due_date():
    noted = ("late_acknowledge", at(2, 6), "PENDING", date(2026, 2, 5))
    assert trace(life(ASSIGN, noted, due=date(2026, 9, 30)), H1).due == date(2026, 9, 30)


@pytest.mark.parametrize(
    ("acknowledged", "kinds"),
    [(None, ["late_acknowledge"]), (at(2, 5, 23), []), (at(2, 6, 0), ["late_acknowledge"])],
)
def test_an_acknowledgement_after_its_limit_is_an_incident_of_the_day_after(acknowledged, kinds):
    steps = [("acknowledge", acknowledged, "ACTIVE")] if acknowledged else []
    course = trace(life(ASSIGN, *steps, due=date(2026, 9, 30)), H1, acknowledge_by=date(2026, 2, 5))
    assert [(i.kind, i.day) for i in course.incidents] == [(kind, date(2026, 2, 6)) for kind in kinds]
    assert (
        trace(life(ASSIGN, *steps, due=date(2026, 9, 30)), H2, acknowledge_by=date(2026, 2, 5)).incidents
        == ()
    )


def test_rates_are_over_what_was_due_and_empty_without_anything_due():
    assert (Counts().completion_rate, Counts().on_time_rate) == (None, None)
    counts = Counts(due_in=8, due_done=6, due_on_time=5, done_in=12)
    assert (counts.completion_rate, counts.on_time_rate) == (0.75, 0.625)


def test_months_show_the_pace_ahead_and_stop_counting_work_at_the_cut_off():
    window = Window(H1.begin, at(3, 15), SHANGHAI)
    done = life(
        ASSIGN, ACK, ("submit", at(2, 20), "SUBMITTED"), ("approve", at(2, 24), "DONE"), due=date(2026, 3, 31)
    )
    old = life(("assign", at(11, 3, year=2025), "PENDING"), due=date(2025, 12, 20))
    open_ = life(ASSIGN, due=date(2026, 6, 30))
    beyond = life(ASSIGN, due=date(2026, 9, 30))
    courses = [trace(steps, window) for steps in (done, old, open_, beyond)]
    months = months_of(courses, window, last_day=date(2026, 6, 30))
    assert [(m.due, m.done, m.due_total, m.done_total) for m in months] == [
        (1, 0, 1, 0), (0, 1, 1, 1), (1, 0, 2, 1), (0, 0, 2, None), (0, 0, 2, None), (1, 0, 3, None),
    ]  # fmt: skip


# random lives, counted twice -----------------------------------------------------------------------------------------

LEGAL: dict[str, list[tuple[str, str]]] = {
    "PENDING": [("acknowledge", "ACTIVE"), ("suspend", "SUSPENDED"), ("withdraw", "WITHDRAWN"), ("urge", "PENDING")],
    "ACTIVE": [("submit", "SUBMITTED"), ("amend", "ACTIVE"), ("extend", "ACTIVE"), ("suspend", "SUSPENDED"), ("withdraw", "WITHDRAWN"), ("report", "ACTIVE")],
    "SUBMITTED": [
        ("approve", "DONE"), ("approve", "SECOND_REVIEW"), ("return", "ACTIVE"), ("take_back", "ACTIVE"),
        ("withdraw", "WITHDRAWN"),
    ],
    "SECOND_REVIEW": [("approve_second", "DONE"), ("return_second", "ACTIVE"), ("withdraw", "WITHDRAWN")],
    "DONE": [("reopen", "ACTIVE")],
    "SUSPENDED": [("resume", "back"), ("withdraw", "WITHDRAWN")],
    "WITHDRAWN": [],
}  # fmt: skip
MOVES_DUE = {"return", "return_second", "resume", "reopen", "extend", "amend"}


@st.composite
def lives(draw) -> list[Step]:
    """A legal life that may begin, pause, end and begin again anywhere in three half-years."""
    moment = at(9, 1, year=2025) + timedelta(minutes=draw(st.integers(0, 430 * 24 * 60)))
    due = moment.date() + timedelta(days=draw(st.integers(0, 200)))
    steps = [Step("assign", moment, "PENDING", due)]
    state, before = "PENDING", "PENDING"
    for _ in range(draw(st.integers(0, 9))):
        if not LEGAL[state]:
            break
        act, target = draw(st.sampled_from(LEGAL[state]))
        moment += timedelta(minutes=draw(st.integers(0, 90 * 24 * 60)))
        if act == "suspend":
            before = state
        state = before if target == "back" else target
        new_due = None
        if act == "reopen" or (act in MOVES_DUE and draw(st.booleans())):
            new_due = moment.date() + timedelta(days=draw(st.integers(0, 60)))
        steps.append(Step(act, moment, state, new_due))
    return steps


class Model:
    """Straight from the definitions, by asking the list of events again and again."""

    def __init__(self, steps: list[Step], begin: datetime, end: datetime) -> None:
        self.steps, self.a, self.b = steps, begin, end

    def state(self, when: datetime) -> str | None:
        return next((s.state for s in reversed(self.steps) if s.at < when), None)

    def due(self, upto: int) -> date:
        return next(s.due for s in reversed(self.steps[: upto + 1]) if s.due)

    def last(self, *acts: str, state: str | None = None) -> int:
        found = [
            i for i, s in enumerate(self.steps)
            if s.at < self.b and (not acts or s.act in acts) and (state is None or s.state == state)
        ]  # fmt: skip
        return found[-1]

    def happened(self, act: str) -> bool:
        return any(s.act == act and self.a <= s.at < self.b for s in self.steps)

    def figures(self) -> dict[str, bool]:
        start, end = self.state(self.a), self.state(self.b)
        opening = start in figures.OPEN
        added = self.a <= self.steps[0].at < self.b
        reopened = start == "DONE" and self.happened("reopen")
        counted = opening or added or reopened
        done_in = counted and end == "DONE"
        if done_in:
            assert self.a <= self.steps[self.last(state="DONE")].at < self.b
        late = done_in and self.handed_in_late()
        due_in = counted and end not in {"WITHDRAWN", None} and self.due(self.last()) < self.b.date()
        if due_in and end == "SUSPENDED":
            stop = self.last("suspend")
            due_in = self.steps[stop].at.date() > self.due(stop)
        return {
            "opening": opening,
            "added": added,
            "reopened": reopened,
            "due_in": due_in,
            "due_done": due_in and done_in,
            "due_on_time": due_in and done_in and not late,
            "done_in": done_in,
            "done_late": late,
            "withdrawn": self.happened("withdraw"),
            "closing": end in figures.OPEN,
            "suspended": end == "SUSPENDED",
            "waiting": end in figures.IN_REVIEW,
        }

    def handed_in_late(self) -> bool:
        handed_in = self.last("submit")
        return self.steps[handed_in].at.date() > self.due(handed_in)


@settings(max_examples=300, deadline=None)
@given(st.lists(lives(), max_size=6))
def test_figures_agree_with_the_definitions_and_balance(many):
    for window in (H1, H2):
        counted = [figures_of(course, window) if (course := trace(s, window)) else frozenset() for s in many]
        counts = Counts.of(counted)
        expected = [Model(steps, window.begin, window.end).figures() for steps in many]
        for name in expected[0] if expected else []:
            assert getattr(counts, name) == sum(row[name] for row in expected), name
        assert counts.is_balanced
    first, second = (Counts.of(figures_of(c, w) for s in many if (c := trace(s, w))) for w in (H1, H2))
    assert first.closing == second.opening


@settings(max_examples=150, deadline=None)
@given(lives(), st.integers(0, 430 * 24 * 60))
def test_what_happens_after_the_end_changes_nothing(steps, minutes):
    cut = Window(H1.begin, max(H1.begin, at(9, 1, year=2025) + timedelta(minutes=minutes)), SHANGHAI)
    assert marks(steps, cut) == marks([s for s in steps if s.at < cut.end], cut)


def test_without_the_reopened_line_the_balance_would_not_hold():
    done = [ASSIGN, ACK, ("submit", at(3, 1), "SUBMITTED"), ("approve", at(3, 2), "DONE")]
    steps = life(*done, ("reopen", at(9, 1), "ACTIVE", date(2026, 10, 30)), due=date(2026, 3, 31))
    counts = Counts.of([figures_of(trace(steps, H2), H2)])
    assert counts.is_balanced
    assert not Counts(**{**vars(counts), "reopened": 0}).is_balanced


@pytest.mark.parametrize("figure", list(Figure))
def test_counts_add_up_mark_by_mark(figure):
    assert getattr(Counts.of([{figure}, {figure}, set()]), figure.value) == 2
