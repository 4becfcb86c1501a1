"""Lights (亮灯): computed from date, pace and state; never stored as a state.

Rules of workflow 7, first match wins:
red – in hand and the due date passed, or not acknowledged within the limit;
yellow – open and at most five working days to the due date, or more than 20 points behind the expected
pace, or returned and not handed in again;
green – all other open or done tasks; none – suspended or withdrawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from common import saying
from common.workdays import Calendar
from tracker.models import Task

NEAR_DAYS = 5
"""Working days before the due date from which a task is near; places use 3 to 5."""
BEHIND_POINTS = 20
"""Percentage points behind the expected pace that turn a light yellow."""


SIGNS = {"red": "■", "yellow": "▲", "green": "●", "suspended": "‖", "done": "✓"}
"""The lights from worst to best, as ``Glance`` names them, with the shape that says the same without colour."""


class Light(models.TextChoices):
    RED = "red", _("overdue")
    YELLOW = "yellow", _("near or behind")
    GREEN = "green", _("on course")
    DONE = "done", _("completed")
    NONE = "none", _("no light")


class Facts(NamedTuple):
    """What the rules ask of a task, for those who read many of them."""

    state: str
    returned: bool
    issued_on: date
    due: date
    acknowledge_by: date
    percent: int


FACTS = tuple(Facts.__annotations__)
"""Their names, which are those of the fields of a task."""


def expected_pace(task: Task | Facts, *, day: date, calendar: Calendar) -> float:
    """序时进度 in per cent: working days from issue to ``day`` over working days from issue to the due date."""
    return pace_between(task.issued_on, task.due, day=day, calendar=calendar)


def pace_between(issued_on: date, due: date, *, day: date, calendar: Calendar) -> float:
    """The same for any task with these two dates."""
    whole = calendar.between(issued_on, due)
    passed = calendar.between(issued_on, day)
    return 100.0 if whole <= 0 else max(0.0, min(100.0, 100 * passed / whole))


def light_of(task: Task | Facts, *, day: date, calendar: Calendar) -> Light:
    """The light of a task on a local day."""
    state = Task.State(task.state)
    if state in {Task.State.SUSPENDED, Task.State.WITHDRAWN}:
        return Light.NONE
    if state == Task.State.DONE:
        return Light.DONE
    in_hand = state in Task.IN_HAND
    if in_hand and (day > task.due or (state == Task.State.PENDING and day > task.acknowledge_by)):
        return Light.RED
    if calendar.between(day, task.due) <= NEAR_DAYS or (in_hand and task.returned):
        return Light.YELLOW
    if in_hand and expected_pace(task, day=day, calendar=calendar) - task.percent > BEHIND_POINTS:
        return Light.YELLOW
    return Light.GREEN


def is_red(*, day: date) -> Q:
    """The red rule as a condition on tasks, for lists and counts."""
    late, unacknowledged = red_parts(day=day)
    return late | unacknowledged


def red_parts(*, day: date) -> tuple[Q, Q]:
    """The two ways of being red, which exclude each other; each enters an index of its own."""
    late = Q(state__in=Task.IN_HAND, due__lt=day)
    return late, Q(state=Task.State.PENDING, acknowledge_by__lt=day, due__gte=day)


def is_near(*, day: date, calendar: Calendar) -> Q:
    """Open and near its date or returned: the part of the yellow rule that needs no pace; red is not excluded."""
    in_hand = Q(state__in=Task.IN_HAND)
    reviewing = Q(state__in=[Task.State.SUBMITTED, Task.State.SECOND_REVIEW])
    return ((in_hand | reviewing) & Q(due__lt=near_until(day, calendar))) | (in_hand & Q(returned=True))


def near_until(day: date, calendar: Calendar) -> date:
    """The first due date that is not near: days off after the last near working day still count as near."""
    return calendar.add(day, NEAR_DAYS + 1)


def is_behind(tasks: models.QuerySet[Task], *, day: date, calendar: Calendar) -> Q:
    """The pace part of the yellow rule as a condition on ``tasks``; red is not excluded. One query.

    The pace depends on the day of issue and the due date alone, and few pairs of them are in hand at a time.
    """
    pairs = tasks.in_hand().order_by().values_list("issued_on", "due").distinct()  # type: ignore[attr-defined]
    behind = Q(pk__in=[])
    for issued_on, due in pairs:
        pace = pace_between(issued_on, due, day=day, calendar=calendar)
        if pace > BEHIND_POINTS:
            behind |= Q(issued_on=issued_on, due=due, percent__lt=pace - BEHIND_POINTS)
    return Q(state__in=Task.IN_HAND) & behind


@dataclass(frozen=True)
class Glance:
    """What a list shows of a task: its light (``suspended`` included), the reason in words, and the pace.

    ``days`` are the working days left (negative: overdue); days and pace are None once it is out of the unit's hands.
    """

    light: str
    word: str
    days: int | None
    pace: int | None


def glance(task: Task, *, day: date, calendar: Calendar) -> Glance:
    """A task as of a local day, in the reader's language. No query."""
    light = light_of(task, day=day, calendar=calendar)
    state = Task.State(task.state)
    if light == Light.NONE:
        name = "suspended" if state == Task.State.SUSPENDED else ""
        return Glance(name, str(state.label), None, None)
    if light == Light.DONE:
        return Glance("done", _now("completed late") if task.done_late else str(state.label), None, None)
    days = calendar.between(day, task.due)
    if state not in Task.IN_HAND:
        return Glance(
            light.value, _now("handed in late") if task.done_late else _now("handed in"), None, None
        )
    pace = round(expected_pace(task, day=day, calendar=calendar))
    return Glance(light.value, _why(task, light, days=days, pace=pace, day=day), days, pace)


def _why(task: Task, light: Light, *, days: int, pace: int, day: date) -> str:
    if light == Light.RED and day > task.due:
        return saying.time_left(days) if days < 0 else _now("overdue")
    if light == Light.RED:
        return _now("not acknowledged in time")
    if task.returned:
        return _now("returned")
    if light == Light.YELLOW and days > NEAR_DAYS:
        return _now("%(points)s points behind") % {"points": pace - task.percent}
    return saying.time_left(days)
