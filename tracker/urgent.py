"""Urgent tasks outside any plan (临时交办): given out in one step, by the same verbs and checks as a plan's.

They are gathered in one plan a year and organisation, so that review, reminders, reports and the grid know them
like every other task.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from branches.access import Actor
from branches.models import Organization, User
from common.clock import local_date
from common.errors import NotAllowed, Refused
from common.periods import Period
from common.workdays import Calendar
from tracker.clashes import Clash, clashes_in, keep_clashes
from tracker.issuing import targets_of
from tracker.models import Measure, Plan
from tracker.plans import add_measure, create_plan
from tracker.transitions import perform
from tracker.transitions.parties import is_office


class Clashing(Refused):
    """Work that is under way at the same units asks for nearly the same, or falls into the same week."""

    def __init__(self, clashes: Sequence[Clash]) -> None:
        sentence = _("Other work meets this at the same units. Look at it, then say why both are needed.")
        super().__init__(sentence, code="clash", fields={"keep_reason": sentence})
        self.clashes = list(clashes)


def assign_urgently(
    organization: Organization,
    *,
    actor: Actor,
    at: datetime,
    fields: Mapping[str, Any],
    receivers: Iterable[Organization],
    keep_reason: str = "",
    load_consent: User | None = None,
) -> Measure:
    """Give out one task that no plan foresaw; the job that makes the units' tasks is asked for in the same transaction.

    ``fields`` are those of a measure; ``responsible_leader`` has ordered it and stands as who approved it. Effects in
    order: lock the organisation; find or create its plan of urgent tasks of the year; register the measure; keep its
    clashes for ``keep_reason``; issue or supplement the plan. Refused anywhere, nothing is left behind.
    The same once more (title, requirement, day and receivers) is answered with the measure there is.

    Raises NotAllowed unless the actor is the organisation's office, Clashing for clashes without a reason, Refused
    for everything the checks before issuing refuse, and for another task of the same title and day.
    """
    require_giving(actor, organization)
    due = fields.get("due")
    if due is None or due < local_date(at):
        sentence = _("This date has already passed. Choose today or a later day.")
        raise Refused(sentence, fields={"due": sentence})
    named = sorted({unit.pk: unit for unit in receivers}.values(), key=lambda unit: unit.path)
    with transaction.atomic():
        Organization.objects.select_for_update().get(pk=organization.pk)
        plan = _plan_of_the_year(organization, actor=actor, at=at)
        if known := _the_same(plan, fields, named):
            return known
        values = {"no_source_reason": _("urgent task, given out outside the plans"), **fields}
        measure = add_measure(plan, actor=actor, at=at, fields=values, receivers=named)
        _settle_clashes(plan, measure, reason=keep_reason, actor=actor, at=at)
        act = "issue" if plan.is_open else "supplement"
        given = {
            "approved_by": measure.responsible_leader_id,
            "reason": measure.title,
            "load_consent": load_consent.pk if load_consent else "",
        }
        perform(plan, act, actor=actor, at=at, given=given)
    return measure


def require_giving(actor: Actor, organization: Organization) -> None:
    """Raise NotAllowed unless the actor is the organisation's office."""
    if not is_office(actor, organization):
        raise NotAllowed(
            _("Only the office of %(unit)s gives out urgent tasks.") % {"unit": organization.short_name}
        )


def _plan_of_the_year(organization: Organization, *, actor: Actor, at: datetime) -> Plan:
    year = Period(local_date(at).year)
    known = (
        Plan.objects.filter(organization=organization, kind=Plan.Kind.URGENT, period=year.code)
        .exclude(state=Plan.State.CLOSED)
        .select_related("organization")
        .first()
    )
    return known or create_plan(
        organization=organization,
        title=_("Urgent tasks of %(unit)s, %(period)s")
        % {"unit": organization.short_name, "period": year.label},
        period=year.code,
        kind=Plan.Kind.URGENT,
        actor=actor,
        at=at,
    )


def _the_same(plan: Plan, fields: Mapping[str, Any], named: Sequence[Organization]) -> Measure | None:
    """What was given out before with these very words, day and receivers; Refused where only the receivers differ."""
    same = Measure.objects.filter(
        plan=plan,
        title=fields.get("title", ""),
        requirement=fields.get("requirement", ""),
        due=fields["due"],
    ).exclude(state=Measure.State.WITHDRAWN)
    for measure in same.prefetch_related("receivers"):
        before = {unit.pk for unit in measure.receivers.all()}
        kinds = set(measure.receiver_kinds) == set(fields.get("receiver_kinds", []))
        if kinds and before == {unit.pk for unit in named}:
            return measure
        sentence = _(
            "This has been given out already, to other units. Add the further units on its plan's page."
        )
        raise Refused(sentence, code="known", fields={"title": sentence})
    return None


def _settle_clashes(plan: Plan, measure: Measure, *, reason: str, actor: Actor, at: datetime) -> None:
    targets = targets_of(plan, day=local_date(at), calendar=Calendar.load())
    clashes = [
        clash for clash in clashes_in(targets) if clash.kept is None and clash.measure.pk == measure.pk
    ]
    if clashes and not reason.strip():
        raise Clashing(clashes)
    if clashes:
        keep_clashes(plan, [clash.key for clash in clashes], reason=reason, actor=actor, at=at)
