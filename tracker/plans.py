"""Verbs on plans and measures before they are issued. States are written by ``tracker.transitions`` alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from branches.access import Actor
from branches.models import Organization
from common.errors import NotAllowed, Refused
from common.periods import Period
from tracker.models import Action, Measure, Plan
from tracker.transitions import start_history
from tracker.transitions.parties import is_office


def create_plan(
    *,
    organization: Organization,
    title: str,
    period: str,
    kind: str,
    actor: Actor,
    at: datetime,
    two_reviews: bool = False,
) -> Plan:
    """A new draft. Raises NotAllowed unless the actor is the office of the organisation, Refused for a bad period."""
    if not is_office(actor, organization):
        raise NotAllowed(
            _("Only the office of %(unit)s may draw up its plans.") % {"unit": organization.short_name}
        )
    code = Period.parse(period).code
    with transaction.atomic():
        plan = Plan(
            organization=organization,
            title=title,
            period=code,
            kind=kind,
            two_reviews=two_reviews,
            created_by=actor.user,
            created_at=at,
        )
        plan.save(force_insert=True)
        start_history(plan, "create", actor=actor, at=at, said={"title": title, "period": code})
    return plan


def add_measure(
    plan: Plan,
    *,
    actor: Actor,
    at: datetime,
    fields: Mapping[str, Any],
    actions: Iterable[Action] = (),
    receivers: Iterable[Organization] = (),
) -> Measure:
    """Register a measure in a plan, anchored to the actions it takes up.

    Effects in order: lock the plan; insert at the end; link receivers and actions; mark the actions as taken;
    append the event. A measure without actions needs ``no_source_reason``. Lead unit is the issuer unless named.
    Raises NotAllowed, or Refused when the plan is closed or a reason is missing.
    """
    chosen = list(actions)
    with transaction.atomic():
        plan = _locked(plan, actor)
        if not chosen and not fields.get("no_source_reason"):
            raise Refused(
                _("Say why this measure has no source."),
                fields={"no_source_reason": _("Say why this measure has no source.")},
            )
        last = Measure.objects.filter(plan=plan).aggregate(last=Max("position"))["last"] or 0
        measure = Measure(plan=plan, position=last + 1, **{"lead": plan.organization, **fields})
        measure.save(force_insert=True)
        measure.receivers.set(receivers)
        measure.actions.set(chosen)
        Action.objects.filter(pk__in=[action.pk for action in chosen]).update(
            decision=Action.Decision.TAKEN, decided_by=actor.user, decided_at=at, reason=""
        )
        said = {"title": measure.title, "actions": [action.pk for action in chosen]}
        start_history(measure, "register", actor=actor, at=at, said=said)
    return measure


def _locked(plan: Plan, actor: Actor) -> Plan:
    locked = Plan.objects.select_for_update(of=("self",)).select_related("organization").get(pk=plan.pk)
    if not is_office(actor, locked.organization):
        raise NotAllowed(
            _("Only the office of %(unit)s may change this plan.") % {"unit": locked.organization.short_name}
        )
    if locked.state == Plan.State.CLOSED:
        raise Refused(_("This plan is closed and can only be read."))
    return locked
