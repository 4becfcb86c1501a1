"""Scoring by a scheme. Pure: facts in, points with their reasons out.

No data is no score: an indicator that nothing was counted for stays empty and its weight is left out; a branch
for which nothing was due has no total. An item is never below 0 nor above its weight, to one decimal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from reports.assessment.scheme import Indicator, Rule, Scheme

_EVENT_OF = {
    Rule.PER_LATE: "late",
    Rule.PER_RETURN: "return",
    Rule.PER_LATE_ACKNOWLEDGEMENT: "late_acknowledge",
}


@dataclass(frozen=True, slots=True)
class Happening:
    """Something a point was deducted for: what, when, and the task with its number."""

    kind: str
    day: date
    task: int
    number: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What scoring needs to know of one task in the period."""

    id: int
    number: str
    due: bool
    """It was due in the period."""
    done: bool
    """It was due and is done."""
    assigned: bool
    """It was assigned in the period."""
    handed_in: bool
    """Work was handed in at least once in the period."""
    day: date
    """The due date in force."""
    happenings: tuple[Happening, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One indicator's points, None without data; ``counted`` are the ids of the tasks looked at."""

    indicator: str
    weight: float
    points: float | None
    counted: tuple[int, ...]
    good: int
    """Of the counted tasks, those nothing was deducted for."""
    happenings: tuple[Happening, ...]

    @property
    def deducted(self) -> float:
        return 0.0 if self.points is None else round(self.weight - self.points, 1)


@dataclass(frozen=True, slots=True)
class Score:
    """The lines of one organisation, the points of 100, and the stars these propose."""

    lines: tuple[Line, ...]
    points: float | None
    stars: int | None


def score(tasks: Sequence[Judged], scheme: Scheme) -> Score:
    """Score the tasks of one organisation.

    The total is the points of the lines that have data, as a share of their weights, of 100; None when the
    first indicator (what was due) has none.
    """
    lines = tuple(_line(indicator, tasks) for indicator in scheme.indicators)
    with_data = [line for line in lines if line.points is not None]
    points = None
    if lines and lines[0].points is not None:
        reached = sum(line.points or 0.0 for line in with_data)
        points = round(100 * reached / sum(line.weight for line in with_data), 1)
    return Score(lines, points, scheme.stars_for(points))


def _line(indicator: Indicator, tasks: Sequence[Judged]) -> Line:
    if indicator.rule == Rule.SHARE_DONE:
        return _share_done(indicator, [task for task in tasks if task.due])
    counted = [task for task in tasks if _concerns(indicator.rule, task)]
    kind = _EVENT_OF[indicator.rule]
    happenings = _in_order(h for task in counted for h in task.happenings if h.kind == kind)
    hit = {happening.task for happening in happenings}
    points = max(0.0, indicator.weight - indicator.step * len(happenings)) if counted else None
    return Line(
        indicator.code,
        indicator.weight,
        points if points is None else round(points, 1),
        tuple(task.id for task in counted),
        sum(task.id not in hit for task in counted),
        happenings,
    )


def _share_done(indicator: Indicator, due: list[Judged]) -> Line:
    done = sum(task.done for task in due)
    left = _in_order(Happening("not_done", task.day, task.id, task.number) for task in due if not task.done)
    points = round(indicator.weight * done / len(due), 1) if due else None
    return Line(indicator.code, indicator.weight, points, tuple(task.id for task in due), done, left)


def _concerns(rule: Rule, task: Judged) -> bool:
    if rule == Rule.PER_LATE_ACKNOWLEDGEMENT:
        return task.assigned
    if rule == Rule.PER_RETURN:
        return task.handed_in
    return task.due or any(happening.kind == "late" for happening in task.happenings)


def _in_order(happenings: Iterable[Happening]) -> tuple[Happening, ...]:
    return tuple(sorted(happenings, key=lambda h: (h.day, h.number, h.task)))
