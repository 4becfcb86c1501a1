"""The ladders as data: which step falls on which working day, and who is told.

Offsets are working days around the date a ladder hangs on. Steps after workflow 8; each contains the people of
the steps before it, so that nobody is passed over on the way up. The steps after the fourth are proposals that
a person decides on, never messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from common.workdays import Calendar
from tracker.models import Task


class Addressee(Enum):
    """Who is told, as a place in the chain; ``tracker.reminders.addressees`` finds the people of a day."""

    HANDLER = auto()
    """The responsible person; where none is named (any more), the unit's secretary."""
    SECRETARY = auto()
    """The unit's link of the chain (具体落实)."""
    UNIT = auto()
    """Secretary and clerk of the organisation that holds the task."""
    COMMITTEE = auto()
    LEADER = auto()
    RESPONSIBLE = auto()
    """The leader the measure names."""
    CHIEF = auto()
    LIAISON = auto()
    OFFICE = auto()
    """Clerk and deputy secretary of the organisation that issued the plan."""


class Ladder(Enum):
    """What a ladder hangs on. ``field`` is the task's date, ``states`` those in which the ladder runs."""

    DUE = ("due", frozenset({Task.State.PENDING, Task.State.ACTIVE}))
    ACKNOWLEDGE = ("acknowledge_by", frozenset({Task.State.PENDING}))

    def __init__(self, field: str, states: frozenset[str]) -> None:
        self.field = field
        self.states = states

    @property
    def steps(self) -> list[Step]:
        """The steps of this ladder, lowest first."""
        return [step for step in STEPS.values() if step.ladder is self]

    def anchor(self, task: Task) -> date:
        """The day the steps are counted from: the task's date, or the day it came back, if that was later.

        A task that was returned after its date begins the climb anew; it does not reach the chief next morning.
        """
        day: date = getattr(task, self.field)
        return max(day, task.in_hand_since) if task.in_hand_since else day


@dataclass(frozen=True)
class Step:
    """One rung. ``level`` is 0 for a reminder before the date; from 1 the history records an urging."""

    code: str
    ladder: Ladder
    offset: int
    level: int
    name: str | Promise
    to: frozenset[Addressee]

    def nominal(self, anchor: date, calendar: Calendar) -> date:
        """The working day this step belongs to."""
        return calendar.add(anchor, self.offset)


A = Addressee
_BRANCH = frozenset({A.HANDLER, A.SECRETARY})
_COMMITTEE = _BRANCH | {A.COMMITTEE, A.LEADER, A.RESPONSIBLE}
_UNIT = frozenset({A.UNIT})

STEPS: dict[str, Step] = {
    step.code: step
    for step in (
        Step("due-5", Ladder.DUE, -5, 0, pgettext_lazy("ladder", "reminder"), frozenset({A.HANDLER})),
        Step("due-1", Ladder.DUE, -1, 0, pgettext_lazy("ladder", "reminder"), frozenset({A.HANDLER})),
        Step("due+1", Ladder.DUE, 1, 1, pgettext_lazy("ladder", "urging"), _BRANCH),
        Step("due+3", Ladder.DUE, 3, 2, pgettext_lazy("ladder", "supervision"), _COMMITTEE),
        Step(
            "due+7",
            Ladder.DUE,
            7,
            3,
            pgettext_lazy("ladder", "escalation"),
            _COMMITTEE | {A.CHIEF, A.LIAISON},
        ),
        Step("ack-1", Ladder.ACKNOWLEDGE, -1, 0, _("reminder to acknowledge"), _UNIT),
        Step("ack+1", Ladder.ACKNOWLEDGE, 1, 1, _("urging to acknowledge"), _UNIT | {A.COMMITTEE}),
        Step("ack+3", Ladder.ACKNOWLEDGE, 3, 1, _("not acknowledged: to the office"), frozenset({A.OFFICE})),
    )
}


def with_the_branch_since(task: Task) -> date:
    """The day the task came into the branch's hands; steps of that day or earlier are not made up for."""
    return task.in_hand_since or task.issued_on


def steps_due(
    task: Task, ladder: Ladder, *, since: date, day: date, calendar: Calendar
) -> Iterator[tuple[Step, date]]:
    """The steps of a ladder whose nominal day lies in ``since`` … ``day``, lowest first, with that day."""
    anchor, began = ladder.anchor(task), with_the_branch_since(task)
    for step in ladder.steps:
        nominal = step.nominal(anchor, calendar)
        if since <= nominal <= day and nominal > began:
            yield step, nominal


def still_due(task: Task, step: Step, nominal: date, *, calendar: Calendar) -> bool:
    """Whether a planned step still fits the task: in hand, its date not moved, its plan not paused is asked apart."""
    return (
        task.state in step.ladder.states
        and step.nominal(step.ladder.anchor(task), calendar) == nominal
        and nominal > with_the_branch_since(task)
    )
