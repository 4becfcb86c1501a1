"""What the pages of plans and of their measures share: sight, rights and the table."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from branches.access import Actor
from common.clock import now
from common.models import Job
from common.workdays import Calendar
from tracker.forms.plans import ManyForm, kinds_below, leaders_for
from tracker.loop import steps_of_plan
from tracker.models import Measure, Plan
from tracker.plan_table import (
    latest_job,
    rows_of,
    total_of,
)
from tracker.transitions.parties import may_edit
from tracker.views.acts import actor_of, offers_for

PAUSING = frozenset({"pause_reminders", "resume_reminders"})
HEAD = frozenset({"consult", "back_to_draft", "close"}) | PAUSING
"""The acts that stand as buttons at the head of a plan; issuing has its preview."""


def plan_of(request: HttpRequest, pk: int) -> Plan:
    plans = Plan.objects.visible_to(actor_of(request)).select_related("organization", "approved_by")
    return get_object_or_404(plans, pk=pk)


def measure_of(request: HttpRequest, plan: Plan, pk: int) -> Measure:
    measures = Measure.objects.visible_to(actor_of(request)).select_related("responsible_leader", "lead")
    measure = get_object_or_404(measures, pk=pk, plan=plan)
    measure.plan = plan
    return measure


def table_of(request: HttpRequest, plan: Plan) -> dict[str, Any]:
    """What the table needs; the same for the plan's page and for that of one of its measures."""
    actor, calendar = actor_of(request), Calendar.load()
    editing = may_edit(actor, plan)
    rows = rows_of(plan, actor=actor, day=actor.day, calendar=calendar, editing=editing)
    total = total_of(row.counts for row in rows)
    job = latest_job(plan) if actor.sees(plan.organization) else None
    return {
        "plan": plan,
        "plan_key": str(plan.pk),
        "plan_page": reverse("tracker:plan", args=[plan.pk]),
        "rows": rows,
        "counts": total,
        "loop": steps_of_plan(plan, total),
        "lacks": sum(len(row.lacks) for row in rows),
        "drafts": sum(row.editable for row in rows),
        "may_edit": editing,
        "inside": actor.sees(plan.organization),
        "many": many_form(plan, actor, None) if editing else None,
        "carried_over": list(plan.carried_over.exclude(plan=plan).select_related("plan"))
        if actor.sees(plan.organization) and not plan.is_open
        else [],
        "job": job if job and job.state != Job.State.DONE else None,
        "offers": [
            b
            for b in offers_for(plan, actor=actor, at=now())
            if b.act in HEAD and (b.allowed or b.act not in PAUSING)
        ],
        "paused_until": plan.reminders_paused_until
        if plan.reminders_paused_until and plan.reminders_paused_until >= actor.day
        else None,
    }


def many_form(plan: Plan, actor: Actor, data: Any) -> ManyForm:
    leaders = leaders_for(plan.organization, day=actor.day)
    return ManyForm(data, leaders=leaders, kinds=kinds_below(plan.organization))


def number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 10 else None
