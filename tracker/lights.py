"""Lights (亮灯): computed from date, pace and state; never stored as a state.

Rules of workflow 7, first match wins:
red – in hand and the due date passed, or not acknowledged within the limit;
yellow – open and at most five working days to the due date, or more than 20 points behind the expected
pace, or returned and not handed in again;
green – all other open or done tasks; none – suspended or withdrawn.
"""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.workdays import Calendar
from tracker.models import Task

NEAR_DAYS = 5
"""Working days before the due date from which a task is near; places use 3 to 5."""
BEHIND_POINTS = 20
"""Percentage points behind the expected pace that turn a light yellow."""


class Light(models.TextChoices):
    RED = "red", _("overdue")
    YELLOW = "yellow", _("near or behind")
    GREEN = "green", _("on course")
    DONE = "done", _("completed")
    NONE = "none", _("no light")


def expected_pace(task: Task, *, day: date, calendar: Calendar) -> float:
    """序时进度 in per cent: working days from issue to ``day`` over working days from issue to the due date."""
    whole = calendar.between(task.issued_on, task.due)
    passed = calendar.between(task.issued_on, day)
    return 100.0 if whole <= 0 else max(0.0, min(100.0, 100 * passed / whole))


def light_of(task: Task, *, day: date, calendar: Calendar) -> Light:
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
    return Q(state__in=Task.IN_HAND) & (Q(due__lt=day) | Q(state=Task.State.PENDING, acknowledge_by__lt=day))


def is_near(*, day: date, calendar: Calendar) -> Q:
    """Open and near its date or returned: the part of the yellow rule that needs no pace; red is not excluded."""
    near = calendar.add(day, NEAR_DAYS)
    in_hand = Q(state__in=Task.IN_HAND)
    reviewing = Q(state__in=[Task.State.SUBMITTED, Task.State.SECOND_REVIEW])
    return ((in_hand | reviewing) & Q(due__lte=near)) | (in_hand & Q(returned=True))
