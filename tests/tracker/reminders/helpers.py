"""What the ladder's tests share: days around a task that is due on Tuesday 31 March 2026, and what was sent."""

from __future__ import annotations

from datetime import date

from branches.access import Actor
from common.clock import moment
from tests.factories import World, acknowledged, issue, make_measure, make_plan, make_task
from tracker.models import Event, Notice, Reminder, Task
from tracker.reminders import planning
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


def shares(world: World, count: int, **fields) -> list[Task]:
    """A task of each of ``count`` measures for every branch of the world, acknowledgement long settled."""
    plan = make_plan(world)
    for number in range(count):
        make_measure(world, plan, title=f"事项{number}", **fields)
    issue(world, plan)
    Task.objects.update(state=Task.State.ACTIVE)
    return list(Task.objects.all())


def state_of_everything() -> list:
    reminders = Reminder.objects.order_by("pk").values_list(
        "task", "step", "nominal_due", "recipient", "state", "notice"
    )
    notices = Notice.objects.order_by("pk").values_list("recipient", "key", "data", "read_at")
    return [
        list(reminders),
        list(notices),
        Event.objects.count(),
        list(Task.objects.values_list("urgings", "version")),
    ]


def planned_only(day: date) -> None:
    calendar = planning.Calendar.load()
    win = planning.window(at=at(day), last=None, calendar=calendar)
    list(planning.plan_reminders(win, at=at(day), calendar=calendar))
