"""Period arithmetic: from the history of tasks to the figures of a period. Pure; no Django.

One definition for every report. A period is the half-open window [begin, end) in the office's time zone;
a task counts by what its events *before the end* say, so that an old report can be reproduced after later
edits. Balance: opening + added + reopened = done_in + withdrawn + closing, and the closing of one period is
the opening of the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

OPEN = frozenset({"PENDING", "ACTIVE", "SUBMITTED", "SECOND_REVIEW", "SUSPENDED"})
IN_HAND = frozenset({"PENDING", "ACTIVE"})
IN_REVIEW = frozenset({"SUBMITTED", "SECOND_REVIEW"})
DONE, SUSPENDED, WITHDRAWN = "DONE", "SUSPENDED", "WITHDRAWN"
SETS_DUE = frozenset({"assign", "amend", "extend", "return", "return_second", "resume", "reopen"})
"""Acts whose ``due`` is the date in force from then on; others only mention a date."""


class Figure(StrEnum):
    """What a task can count in. Each figure is the number of tasks that carry its mark."""

    OPENING = "opening"
    ADDED = "added"
    REOPENED = "reopened"
    DUE_IN = "due_in"
    DUE_DONE = "due_done"
    DUE_ON_TIME = "due_on_time"
    DONE_IN = "done_in"
    DONE_LATE = "done_late"
    WITHDRAWN = "withdrawn"
    CLOSING = "closing"
    SUSPENDED = "suspended"
    WAITING = "waiting"
    EXTENDED = "extended"
    OVERDUE = "overdue"
    RED = "red"
    YELLOW = "yellow"


@dataclass(frozen=True, slots=True)
class Window:
    """The period [begin, end) and the time zone its days are counted in."""

    begin: datetime
    end: datetime
    zone: tzinfo

    def day(self, at: datetime) -> date:
        """The local day of a moment."""
        return at.astimezone(self.zone).date()

    @property
    def last_day(self) -> date:
        """The local day of the last moment that counts."""
        return self.day(self.end - timedelta(microseconds=1))

    @property
    def due_before(self) -> date:
        """A due date before this day has passed at the end: 1 July for a cut-off of 30 June, 24:00."""
        return self.day(self.end)


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a task: the act, when, the state after it, and the due date it set (None: left alone)."""

    act: str
    at: datetime
    state: str
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """Something scoring may deduct for: ``late`` (completion), ``return`` or ``late_acknowledge``, and its day."""

    kind: str
    day: date


@dataclass(slots=True)
class Course:
    """What became of one task, as of the end of a window."""

    assigned_at: datetime
    original_due: date
    due: date
    state_at_begin: str = ""
    """Empty when the task was assigned in the window."""
    state: str = ""
    acknowledged_at: datetime | None = None
    submitted_at: datetime | None = None
    submitted_late: bool = False
    completed_at: datetime | None = None
    suspended_at: datetime | None = None
    late_when_suspended: bool = False
    reopened_in: bool = False
    extended: bool = False
    returned: bool = False
    returns: int = 0
    incidents: tuple[Incident, ...] = ()

    @property
    def is_counted(self) -> bool:
        """Open at the begin, added, or reopened in the window; nothing else counts in any figure."""
        return self.state_at_begin in OPEN or not self.state_at_begin or self.reopened_in


def trace(steps: Sequence[Step], window: Window, *, acknowledge_by: date | None = None) -> Course | None:
    """Follow a task through its events up to the end of the window; None when it was assigned later.

    ``steps`` in order of their sequence, the first one the assignment with the first due date.
    ``acknowledge_by`` is the last day for the acknowledgement; a later one, or none, is an incident of the
    day after. Lateness is found from the days themselves, so a night without a sweep changes no figure.
    """
    if not steps or steps[0].at >= window.end:
        return None
    first = steps[0]
    assert first.due is not None
    course = Course(assigned_at=first.at, original_due=first.due, due=first.due)
    incidents: list[Incident] = []
    for step in steps:
        if step.at >= window.end:
            break
        _follow(course, step, window, incidents)
    if course.state == DONE and course.submitted_late and course.is_counted:
        # Of the period in which it was completed, with the day on which it was handed in.
        incidents.append(Incident("late", window.day(course.submitted_at or first.at)))
    if acknowledge_by and _acknowledged_late(course, acknowledge_by, window):
        _note(incidents, "late_acknowledge", acknowledge_by + timedelta(days=1), window)
    course.incidents = tuple(sorted(incidents, key=lambda incident: incident.day))
    return course


def _acknowledged_late(course: Course, acknowledge_by: date, window: Window) -> bool:
    if course.acknowledged_at:
        return window.day(course.acknowledged_at) > acknowledge_by
    return course.state == "PENDING" and acknowledge_by < window.due_before


def _follow(course: Course, step: Step, window: Window, incidents: list[Incident]) -> None:
    inside = step.at >= window.begin
    day = window.day(step.at)
    match step.act:
        case "acknowledge":
            course.acknowledged_at = step.at
        case "submit":
            course.submitted_at, course.returned = step.at, False
            course.submitted_late = day > course.due
        case "take_back":
            course.submitted_at = None
        case "return" | "return_second":
            course.submitted_at, course.returned = None, True
            course.returns += 1
            _note(incidents, "return", step.at, window)
        case "suspend":
            course.suspended_at, course.late_when_suspended = step.at, day > course.due
        case "extend":
            course.extended = True
        case "reopen":
            # It starts again, with a date of its own.
            course.submitted_at = course.completed_at = None
            course.extended = False
            course.reopened_in = course.reopened_in or inside
    if step.act in SETS_DUE and step.due is not None:
        course.due = step.due
    if step.state == DONE and course.state != DONE:
        course.completed_at = step.at
    course.state = step.state
    if not inside:
        course.state_at_begin = step.state


def _note(incidents: list[Incident], kind: str, at: datetime | date, window: Window) -> None:
    day = window.day(at) if isinstance(at, datetime) else at
    if window.day(window.begin) <= day <= window.last_day:
        incidents.append(Incident(kind, day))


def figures_of(course: Course, window: Window) -> frozenset[Figure]:
    """The figures one task counts in; empty when it does not count in this period at all."""
    if not course.is_counted:
        return frozenset()
    done, withdrawn = course.state == DONE, course.state == WITHDRAWN
    marks = {_entry(course), Figure.DONE_IN if done else Figure.WITHDRAWN if withdrawn else Figure.CLOSING}
    past_due = course.due < window.due_before
    if done and course.submitted_late:
        marks.add(Figure.DONE_LATE)
    if past_due and not withdrawn and (course.state != SUSPENDED or course.late_when_suspended):
        marks.add(Figure.DUE_IN)
        if done:
            marks.add(Figure.DUE_DONE)
            if not course.submitted_late:
                marks.add(Figure.DUE_ON_TIME)
    if course.state == SUSPENDED:
        marks.add(Figure.SUSPENDED)
    if course.state in IN_REVIEW:
        marks.add(Figure.WAITING)
    if course.extended:
        marks.add(Figure.EXTENDED)
    if course.state in IN_HAND and past_due:
        marks.add(Figure.OVERDUE)
    return frozenset(marks)


def _entry(course: Course) -> Figure:
    if not course.state_at_begin:
        return Figure.ADDED
    return Figure.OPENING if course.state_at_begin in OPEN else Figure.REOPENED


@dataclass(frozen=True)
class Counts:
    """The figures of some tasks. Rates are fractions of 1, None where there is nothing to divide."""

    opening: int = 0
    added: int = 0
    reopened: int = 0
    due_in: int = 0
    due_done: int = 0
    due_on_time: int = 0
    done_in: int = 0
    done_late: int = 0
    withdrawn: int = 0
    closing: int = 0
    suspended: int = 0
    waiting: int = 0
    extended: int = 0
    overdue: int = 0
    red: int = 0
    yellow: int = 0

    @classmethod
    def of(cls, marks: Iterable[Iterable[Figure]]) -> Counts:
        """How many tasks carry each mark."""
        numbers = dict.fromkeys((field.name for field in fields(cls)), 0)
        for of_task in marks:
            for figure in of_task:
                numbers[figure.value] += 1
        return cls(**numbers)

    @property
    def completion_rate(self) -> float | None:
        """办结率: of what was due, the share that is done. Never done_in ÷ due_in: that can pass 100 %."""
        return self.due_done / self.due_in if self.due_in else None

    @property
    def on_time_rate(self) -> float | None:
        """按时办结率: of what was due, the share done in time."""
        return self.due_on_time / self.due_in if self.due_in else None

    @property
    def is_balanced(self) -> bool:
        """What came in equals what went out and what is left."""
        return self.opening + self.added + self.reopened == self.done_in + self.withdrawn + self.closing

    @property
    def is_empty(self) -> bool:
        return not self.opening + self.added + self.reopened


@dataclass(frozen=True)
class Month:
    """One month of the period: what falls due in it, what of all that is due was completed in it.

    The running totals are the expected pace and how far the work has come; ``done_total`` is None for a
    month that had not begun at the cut-off.
    """

    first_day: date
    due: int
    done: int
    due_total: int
    done_total: int | None


def months_of(courses: Iterable[Course], window: Window, *, last_day: date) -> list[Month]:
    """The months of a period up to ``last_day`` (which may lie after the cut-off: the pace is known ahead).

    Counted are tasks due by ``last_day`` that are neither withdrawn nor suspended; what was carried in
    overdue falls in the first month.
    """
    months: list[date] = []
    month = window.day(window.begin).replace(day=1)
    while month <= last_day:
        months.append(month)
        month = (month + timedelta(days=32)).replace(day=1)
    due, done = dict.fromkeys(months, 0), dict.fromkeys(months, 0)
    for course in courses:
        if not course.is_counted or course.state in {WITHDRAWN, SUSPENDED} or course.due > last_day:
            continue
        due[max(course.due.replace(day=1), months[0])] += 1
        if course.completed_at:
            done[window.day(course.completed_at).replace(day=1)] += 1
    result: list[Month] = []
    due_total = done_total = 0
    for first in months:
        due_total, done_total = due_total + due[first], done_total + done[first]
        begun = first <= window.last_day
        result.append(Month(first, due[first], done[first], due_total, done_total if begun else None))
    return result
