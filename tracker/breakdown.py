"""Breaking a task down (分解): a committee that received work passes it on to its own branches, by a plan of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from branches.access import Actor
from branches.models import Organization
from common.clock import local_date
from common.errors import NotAllowed, Refused, Sentence
from common.periods import Period
from tracker.models import Measure, Plan, Task
from tracker.plans import add_measure, create_plan
from tracker.transitions.parties import is_office

CARRIED = (
    "requirement",
    "variants",
    "theme",
    "deliverable",
    "evidence_required",
    "evidence_note",
    "due_words",
)
"""What the broken-down measure takes over from the one received; all of it can be changed in the draft."""


@dataclass(frozen=True)
class Breakdown:
    """The measure that breaks a task down, and how far its own tasks are."""

    measure: Measure
    tasks: int
    done: int


def why_not_break_down(task: Task, *, actor: Actor) -> Sentence | None:
    """Why this person may not break this task down now; None when they may. Queries: two."""
    unit = task.organization
    if not is_office(actor, unit):
        return _("Only the office of %(unit)s breaks its tasks down.") % {"unit": unit.short_name}
    if task.state not in Task.IN_HAND:
        return _("Only a task in hand is broken down.")
    if not Organization.objects.below(unit, itself=False).active_on(actor.day).exists():
        return _("No organization stands below %(unit)s.") % {"unit": unit.short_name}
    if breakdown_of(task):
        return _("This task has been broken down already.")
    return None


def breakdown_of(task: Task) -> Breakdown | None:
    """The measure that breaks a task down, unless it was withdrawn (one query)."""
    made = (
        Measure.objects.filter(breaks_down=task)
        .exclude(state=Measure.State.WITHDRAWN)
        .select_related("plan")
        .annotate(
            tasks_in_all=Count("tasks"), tasks_done=Count("tasks", filter=Q(tasks__state=Task.State.DONE))
        )
        .order_by("-pk")
        .first()
    )
    return Breakdown(made, made.tasks_in_all, made.tasks_done) if made else None


def break_down(task: Task, *, actor: Actor, at: datetime) -> Measure:
    """Put a task of one's own into a draft plan of one's own, for all branches below.

    The newest draft is used, or one is made for the half-year in which the task is due. The words that asked for the
    work stay reachable from every task made of it. The office then settles dates and receivers and issues as always.
    Raises NotAllowed or Refused as ``why_not_break_down`` says.
    """
    with transaction.atomic():
        locked = Task.objects.select_for_update(of=("self",)).get(pk=task.pk)
        locked.organization, locked.measure = task.organization, task.measure
        if reason := why_not_break_down(locked, actor=actor):
            raise (Refused if is_office(actor, task.organization) else NotAllowed)(reason)
        plan = _draft_of(locked, actor=actor, at=at)
        asked = locked.measure
        fields = {name: getattr(asked, name) for name in CARRIED}
        return add_measure(
            plan,
            actor=actor,
            at=at,
            fields=fields
            | {
                "title": asked.title,
                "due": locked.due,
                "receiver_kinds": [Organization.Kind.BRANCH.value],
                "breaks_down": locked,
                "no_source_reason": _("Breaks down %(number)s of %(unit)s.")
                % {
                    "number": f"{asked.plan.number}-{asked.position}",
                    "unit": asked.plan.organization.short_name,
                },
            },
        )


def _draft_of(task: Task, *, actor: Actor, at: datetime) -> Plan:
    own = Plan.objects.filter(organization=task.organization, state=Plan.State.DRAFT).order_by("-pk").first()
    if own:
        return own
    period = Period.of(max(task.due, local_date(at)))
    return create_plan(
        organization=task.organization,
        title=_("%(unit)s, %(period)s: tasks broken down")
        % {"unit": task.organization.short_name, "period": period.label},
        period=period.code,
        kind=Plan.Kind.LIST,
        actor=actor,
        at=at,
    )
