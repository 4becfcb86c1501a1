"""包联: the organisations one person looks after, as area liaison or linked leader, and how they stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from branches.access import Actor
from branches.models import Organization
from common.workdays import Calendar
from tracker.light_counts import Lights
from tracker.lights import is_red
from tracker.models import Task

LIT = frozenset({"red", "yellow", "done"})
OVERDUE_SHOWN = 3
"""Overdue tasks named beside each organisation; the rest are behind its number."""


@dataclass
class Charge:
    """One organisation looked after, with all below it. Counts are of tasks."""

    organization: Organization
    is_linked: bool
    """As linked leader; else through the area."""
    open: int = 0
    red: int = 0
    yellow: int = 0
    done: int = 0
    longest: int = 0
    """Working days of the task that is overdue longest."""
    overdue: list[Task] = field(default_factory=list)

    @property
    def light(self) -> str:
        """The worst light of its tasks."""
        if self.red:
            return "red"
        return "yellow" if self.yellow else "green" if self.open else "done" if self.done else ""


def charges_of(actor: Actor) -> QuerySet[Organization]:
    """The organisations in sight that this person looks after, in the order of the tree.

    Being liaison or linked leader gives sight to nobody by itself: who holds no post above them sees none.
    """
    me = actor.user.pk
    mine = Q(area__liaison=me) | Q(linked_leader=me)
    return Organization.objects.visible_to(actor).active_on(actor.day).filter(mine).order_by("path")


def standings_of(actor: Actor, charges: list[Organization], *, day: date, calendar: Calendar) -> list[Charge]:
    """How each of them stands on a local day, the worst first; three queries, however many there are."""
    found = {o.pk: Charge(o, o.linked_leader_id == actor.user.pk) for o in charges}
    if not found:
        return []
    tasks = Task.objects.visible_to(actor).filter(_within(charges))
    for path, facts, light, number in Lights(day=day, calendar=calendar).groups(tasks, "organization__path"):
        for charge in _above(path, found.values()):
            charge.open += number if facts.state in Task.OPEN else 0
            if light in LIT:
                setattr(charge, light, getattr(charge, light) + number)
            if light == "red":
                charge.longest = max(charge.longest, -calendar.between(day, facts.due))
    late = tasks.filter(is_red(day=day)).select_related("measure", "organization").order_by("due", "pk")
    for task in late[: OVERDUE_SHOWN * max(len(found), 10)]:
        for charge in _above(task.organization.path, found.values()):
            if len(charge.overdue) < OVERDUE_SHOWN:
                charge.overdue.append(task)
    return sorted(found.values(), key=lambda c: (-c.red, -c.longest, -c.yellow, c.organization.path))


def _within(charges: list[Organization]) -> Q:
    """Tasks of the organisations or of anything below; those below another one of them add nothing to the condition."""
    within, last = Q(pk__in=[]), None
    for organization in sorted(charges, key=lambda o: o.path):
        if last is None or not organization.path.startswith(last):
            last = organization.path
            within |= Q(organization__path__gte=last, organization__path__lt=last + "~")
    return within


def _above(path: str, charges: Any) -> list[Charge]:
    """The nearest of the organisations at or above a path, alone: nothing is counted at two of them."""
    fitting = [charge for charge in charges if path.startswith(charge.organization.path)]
    return sorted(fitting, key=lambda c: -len(c.organization.path))[:1]
