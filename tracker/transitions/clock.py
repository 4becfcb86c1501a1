"""What the clock does to a task: urging by the ladder, and lateness written down. Only the system does these."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from common.clock import local_date
from tracker.models import Task
from tracker.reminders.ladder import STEPS
from tracker.transitions.engine import Context, Sentence, Transition
from tracker.transitions.forms import ActForm
from tracker.transitions.many import record_for_many

State = Task.State
LATENESS = {"late_acknowledge": ("late_acknowledged",), "late_complete": ("late_for",)}
"""The acts that write lateness down, and the field by which a task remembers it."""
URGING = ("urgings", "ladder_level")
"""The fields an urging changes."""


class RemindForm(ActForm):
    """What the history keeps of an urging: which step, its nominal day, and who was told."""

    step = forms.ChoiceField(
        label=_("Step of the ladder"), choices=[(step.code, step.name) for step in STEPS.values()]
    )
    nominal = forms.DateField(label=_("Planned for"))
    to = forms.CharField(label=pgettext_lazy("reminder", "Sent to"))


def count_urging(context: Context) -> None:
    """One urging more; its level is that of the ladder's step, by hand the first."""
    task, step = context.subject, STEPS.get(context.given.get("step", ""))
    task.urgings += 1
    task.ladder_level = step.level if step else max(task.ladder_level, 1)


def _acknowledgement_not_yet_noted(context: Context) -> Sentence | None:
    task = context.subject
    if task.late_acknowledged or local_date(context.at) <= task.acknowledge_by:
        return _("This lateness is not there, or already written down.")
    return None


def _completion_not_yet_noted(context: Context) -> Sentence | None:
    task = context.subject
    if task.late_for == task.due or local_date(context.at) <= task.due:
        return _("This lateness is not there, or already written down.")
    return None


def _late_acknowledge(context: Context) -> None:
    context.subject.late_acknowledged = True
    context.notes["due"] = context.subject.acknowledge_by


def _late_complete(context: Context) -> None:
    context.subject.late_for = context.notes["due"] = context.subject.due


def note_late(act: str, context: Context) -> None:
    """After an act that itself came late: write the lateness down, unless the night already did."""
    record_for_many([context.subject], act, at=context.at, fields=LATENESS[act])


TABLE: list[Transition] = [
    Transition(
        "remind",
        _("Urged by the ladder"),
        frozenset({State.PENDING, State.ACTIVE}),
        None,
        form=RemindForm,
        effect=count_urging,
        offered=False,
    ),
    Transition(
        "late_acknowledge",
        _("Not acknowledged in time"),
        frozenset({State.PENDING, State.ACTIVE}),
        None,
        guard=_acknowledgement_not_yet_noted,
        effect=_late_acknowledge,
        offered=False,
    ),
    Transition(
        "late_complete",
        _("Not handed in in time"),
        frozenset({State.PENDING, State.ACTIVE, State.SUBMITTED}),
        None,
        guard=_completion_not_yet_noted,
        effect=_late_complete,
        offered=False,
    ),
]
