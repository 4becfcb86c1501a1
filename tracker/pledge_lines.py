"""What a pledge (责任状) says, line by line: in the words of its day, beside the plan of today and the outcome."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common import saying
from common.clock import local_date
from tracker.models import Measure, Pledge, Task

AGREED: dict[str, Promise] = {
    "title": gettext_lazy("measure"),
    "requirement": gettext_lazy("what is asked"),
    "deliverable": gettext_lazy("deliverable"),
    "target": gettext_lazy("target"),
    "cadence": gettext_lazy("cadence"),
    "due": gettext_lazy("due date"),
}
"""What a line of a pledge says of its measure; another value of one of these is a change of the plan."""


@dataclass(frozen=True)
class Change:
    """One difference between a pledge and the plan as it is now. ``facts``: what, before, after."""

    kind: str
    title: str
    facts: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass
class Outcome:
    """What became of one line, in tasks, held against the agreed dates (not the extended ones)."""

    agreed: int = 0
    done: int = 0
    late: int = 0
    """Handed in after the agreed day, or not handed in although it has passed."""
    withdrawn: int = 0
    extended: int = 0

    def add(self, other: Outcome) -> None:
        for name in vars(other):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def light(self) -> str:
        if self.late and self.done < self.agreed:
            return "red"
        return "done" if self.agreed and self.done == self.agreed else "green" if self.agreed else ""

    @property
    def word(self) -> str:
        """The outcome in one word, as the comparison shows it."""
        if not self.agreed:
            return _("withdrawn")
        if self.done == self.agreed:
            return _("done late") if self.late else _("done on time")
        return _("late") if self.late else _("not yet due")


@dataclass
class Line:
    """One line of a pledge beside its outcome."""

    no: int
    title: str
    requirement: str
    deliverable: str
    time: str
    outcome: Outcome
    tasks: list[Task]


def agreed_lines(tasks: Iterable[Task]) -> list[dict[str, Any]]:
    """What a unit has to deliver by when, one line for each measure, in the plan's order; tasks carry their measure."""
    by_measure: dict[Measure, list[Task]] = defaultdict(list)
    for task in tasks:
        if task.state != Task.State.WITHDRAWN:
            by_measure[task.measure].append(task)
    ordered = sorted(by_measure.items(), key=lambda item: (item[0].position, item[0].pk))
    return [_said(measure, own) for measure, own in ordered]


def _said(measure: Measure, tasks: list[Task]) -> dict[str, Any]:
    single = measure.cadence == Measure.Cadence.ONCE
    return {
        "measure": measure.pk,
        "title": measure.title,
        "requirement": tasks[0].requirement,
        "deliverable": measure.deliverable,
        "target": measure.target,
        "cadence": measure.cadence,
        "due": measure.due.isoformat() if single and measure.due else "",
        "tasks": {str(task.pk): task.original_due.isoformat() for task in sorted(tasks, key=lambda t: t.pk)},
    }


def present_tasks(pledges: Sequence[Pledge]) -> dict[int, list[Task]]:
    """The tasks each pledge is about, by pledge id: those of its plan and those carried over from it. One query."""
    agreed = {int(pk) for pledge in pledges for line in pledge.lines for pk in line["tasks"]}
    tasks = Task.objects.filter(
        Q(measure__plan__in={pledge.plan_id for pledge in pledges})
        | Q(measure__carried_from__in={pledge.plan_id for pledge in pledges}),
        organization__in={pledge.organization_id for pledge in pledges},
    ).select_related("measure", "organization")
    found: dict[int, list[Task]] = {pledge.pk: [] for pledge in pledges}
    by_unit: dict[int, list[Pledge]] = defaultdict(list)
    for pledge in pledges:
        by_unit[pledge.organization_id].append(pledge)
    for task in tasks:
        plans = {task.measure.plan_id, task.measure.carried_from_id}
        for pledge in by_unit[task.organization_id]:
            if pledge.plan_id in plans and (task.measure.plan_id == pledge.plan_id or task.pk in agreed):
                found[pledge.pk].append(task)
    return found


def present_lines(pledge: Pledge) -> list[dict[str, Any]]:
    """The lines as the plan would give them today."""
    return agreed_lines(present_tasks([pledge])[pledge.pk])


def changes_of(pledge: Pledge) -> list[Change]:
    """What the plan says differently since the pledge was drawn up; empty while it still holds (one query)."""
    return changes_between(pledge.lines, present_lines(pledge))


def changes_between(agreed: Sequence[dict[str, Any]], present: Sequence[dict[str, Any]]) -> list[Change]:
    """Lines that went, came, or say something else. A further occurrence of an agreed measure is no change."""
    before = {line["measure"]: line for line in agreed}
    after = {line["measure"]: line for line in present}
    changes = [Change("removed", line["title"]) for pk, line in before.items() if pk not in after]
    changes += [Change("added", line["title"]) for pk, line in after.items() if pk not in before]
    for pk, line in before.items():
        now = after.get(pk, line)
        facts = [
            (str(label), _in_words(name, line[name]), _in_words(name, now[name]))
            for name, label in AGREED.items()
            if line[name] != now[name]
        ]
        if facts:
            changes.append(Change("changed", line["title"], facts))
    return changes


def _in_words(name: str, value: str) -> str:
    if name == "cadence":
        return str(Measure.Cadence(value).label)
    if name == "due" and value:
        return saying.full_date(date.fromisoformat(value))
    return value or "—"


def time_of(line: dict[str, Any]) -> str:
    """By when a line is to be delivered: a date, or a rhythm with its number of times and its last day."""
    if line["due"]:
        return saying.full_date(date.fromisoformat(line["due"]))
    days = sorted(line["tasks"].values())
    times = ngettext("%(count)s time", "%(count)s times", len(days)) % {"count": len(days)}
    return _("%(cadence)s, %(times)s, the last by %(day)s") % {
        "cadence": Measure.Cadence(line["cadence"]).label,
        "times": times,
        "day": saying.full_date(date.fromisoformat(days[-1])) if days else "—",
    }


def outcome_of(line: dict[str, Any], tasks: Iterable[Task], *, day: date) -> Outcome:
    """What became of a line's tasks by a local day, held against the agreed dates."""
    outcome = Outcome()
    for task in tasks:
        if task.measure_id != line["measure"]:
            continue
        due = date.fromisoformat(line["tasks"].get(str(task.pk), task.original_due.isoformat()))
        if task.state == Task.State.WITHDRAWN:
            outcome.withdrawn += 1
            continue
        outcome.agreed += 1
        outcome.extended += task.due > due
        is_done = task.state == Task.State.DONE
        outcome.done += is_done
        waits = task.state in {Task.State.SUBMITTED, Task.State.SECOND_REVIEW}
        handed_in = local_date(task.submitted_at) if task.submitted_at and (is_done or waits) else day
        outcome.late += task.state != Task.State.SUSPENDED and handed_in > due
    return outcome


def lines_of(pledge: Pledge, tasks: Sequence[Task], *, day: date) -> list[Line]:
    """The lines of a pledge with their outcomes as of a local day; ``tasks`` as ``present_tasks`` gives them."""
    return [
        Line(
            number,
            line["title"],
            line["requirement"],
            "；".join(filter(None, [line["deliverable"], line["target"]])),
            time_of(line),
            outcome_of(line, tasks, day=day),
            [task for task in tasks if task.measure_id == line["measure"]],
        )
        for number, line in enumerate(pledge.lines, start=1)
    ]


def sum_of(lines: Iterable[Line]) -> Outcome:
    whole = Outcome()
    for line in lines:
        whole.add(line.outcome)
    return whole
