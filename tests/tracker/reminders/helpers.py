"""What the ladder's tests share: days around a task that is due on Tuesday 31 March 2026, and what was sent."""

from __future__ import annotations

from datetime import date

from branches.access import Actor
from common.clock import moment
from tests.factories import World, acknowledged, make_task
from tracker.models import Reminder, Task
from tracker.reminders.sweep import Swept, sweep

T_MINUS_5, T_MINUS_1 = date(2026, 3, 24), date(2026, 3, 30)
DUE = date(2026, 3, 31)
T_PLUS_1, T_PLUS_3 = date(2026, 4, 1), date(2026, 4, 3)
T_PLUS_7 = date(2026, 4, 10)  # 6 April is a holiday


def at(day: date, hour: int = 9, minute: int = 0):
    return moment(day, hour, minute)


def sweep_on(day: date, hour: int = 9, minute: int = 0) -> Swept:
    return sweep(at=at(day, hour, minute))


def task_in_hand(world: World, **fields) -> Task:
    """An acknowledged task, due on 31 March; its secretary is the responsible person."""
    return acknowledged(world, make_task(world, **fields))


def rows(**where) -> set[tuple[str, str, int]]:
    """(step, state, recipient) of all reminders."""
    return set(Reminder.objects.filter(**where).values_list("step", "state", "recipient_id"))


def delivered(*people: Actor, step: str) -> set[tuple[str, str, int]]:
    return {(step, "DELIVERED", person.user.pk) for person in people}
