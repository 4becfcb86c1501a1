"""The table of the plan (任务清单)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from branches.models import Organization
from common.clock import local_date
from common.errors import Stale
from common.jobs import request_job
from common.workdays import Calendar
from tracker.models import Measure, Plan
from tracker.transitions import forms
from tracker.transitions.engine import Context, Sentence, Transition
from tracker.transitions.parties import ISSUER, OFFICE

State = Plan.State


def _nothing_missing(context: Context) -> Sentence | None:
    """The checks before issue (workflow 1.1): every measure can be given to somebody by a date."""
    from tracker.issuing import missing_in

    lacks = missing_in(context.subject)
    if not lacks.measures:
        return _("The plan has no measures yet. Add one before issuing.")
    if lacks.lines:
        first = lacks.lines[0]
        return ngettext(
            "%(count)s thing is missing: “%(measure)s” has %(what)s. The preview lists it.",
            "%(count)s things are missing, first: “%(measure)s” has %(what)s. The preview lists them all.",
            len(lacks.lines),
        ) % {"count": len(lacks.lines), "measure": first.measure.title, "what": first.sentence}
    return None


def _has_receivers(context: Context) -> Sentence | None:
    from tracker.consultation import receiving_units

    if not receiving_units(context.subject, at=context.at):
        return _("No measure names a receiving organization yet, so there is nobody to ask.")
    return None


def _open_consultation(context: Context) -> None:
    context.subject.comments_until = context.given["until"]


def _invite(context: Context) -> None:
    from tracker.consultation import invite

    invite(context.subject, at=context.at)


def _comments_are_answered(context: Context) -> Sentence | None:
    from tracker.consultation import unanswered

    if left := unanswered(context.subject):
        return ngettext(
            "%(count)s comment still waits for its answer.",
            "%(count)s comments still wait for their answers.",
            left,
        ) % {"count": left}
    return _nothing_missing(context)


def _as_seen(context: Context) -> None:
    """What is given out is what the preview showed, if the number of tasks seen there was sent. Raises Stale.

    The plan's version alone does not say it: a measure is changed without it.
    """
    from tracker.issuing import preview

    seen = context.given.get("tasks")
    if seen is None:
        return
    day = local_date(context.at)
    if seen != preview(context.subject, day=day, calendar=Calendar.load()).new_tasks:
        raise Stale(_("The plan has changed since this preview was drawn. Look at it again, then issue."))


def _issue(context: Context) -> None:
    _as_seen(context)
    plan = context.subject
    plan.approved_by, plan.issued_at = context.given["approved_by"], context.at
    plan.number = _next_number(plan, local_date(context.at).year)
    context.notes["number"] = plan.number


def _next_number(plan: Plan, year: int) -> str:
    """〔2026〕3号: assigned once, never reused; the issuer's row lock keeps two plans apart."""
    Organization.objects.select_for_update().get(pk=plan.organization_id)
    prefix = f"〔{year}〕"
    taken = Plan.objects.filter(organization=plan.organization_id, number__startswith=prefix)
    numbers = [int(number[len(prefix) : -1]) for number in taken.values_list("number", flat=True)]
    return f"{prefix}{max(numbers, default=0) + 1}号"


def _request_fan_out(context: Context) -> None:
    """The tasks are made by a job; the request only asks for it, in this transaction."""
    plan = context.subject
    request_job(
        "fan_out",
        payload={"plan": plan.pk},
        requested_by=context.actor.user if context.actor else None,
        at=context.at,
        key=f"fan_out:{plan.pk}:{plan.version}",
    )


def _measures_are_settled(context: Context) -> Sentence | None:
    settled = {Measure.State.VERIFIED, Measure.State.WITHDRAWN}
    left = Measure.objects.filter(plan=context.subject).exclude(state__in=settled).count()
    if left:
        return ngettext(
            "%(count)s measure is neither verified nor withdrawn.",
            "%(count)s measures are neither verified nor withdrawn.",
            left,
        ) % {"count": left}
    return None


def _not_paused(context: Context) -> Sentence | None:
    until = context.subject.reminders_paused_until
    if until and until >= local_date(context.at):
        return _("Reminders are paused until %(day)s already.") % {"day": f"{until:%Y-%m-%d}"}
    return None


def _paused(context: Context) -> Sentence | None:
    return None if _not_paused(context) else _("Reminders are not paused.")


def _pause(context: Context) -> None:
    """暂停催办 (重大任务期): nothing is sent until the end of that day; due dates and events go on."""
    context.subject.reminders_paused_until = context.given["until"]


def _end_pause(context: Context) -> None:
    context.subject.reminders_paused_until = None


TABLE: list[Transition] = [
    Transition(
        "consult",
        _("Send for comments"),
        frozenset({State.DRAFT}),
        State.CONSULTING,
        who=(OFFICE,),
        form=forms.ConsultForm,
        ready=_has_receivers,
        effect=_open_consultation,
        after=_invite,
    ),
    Transition(
        "back_to_draft", _("Back to draft"), frozenset({State.CONSULTING}), State.DRAFT, who=(OFFICE,)
    ),
    Transition(
        "issue",
        _("Issue"),
        frozenset({State.DRAFT, State.CONSULTING}),
        State.ISSUED,
        who=(OFFICE, ISSUER),
        form=forms.IssueForm,
        ready=_comments_are_answered,
        effect=_issue,
        after=_request_fan_out,
        primary=True,
        dangerous=True,
    ),
    Transition(
        "supplement",
        _("Supplement"),
        frozenset({State.ISSUED}),
        None,
        who=(OFFICE, ISSUER),
        form=forms.SupplementForm,
        ready=_nothing_missing,
        effect=_as_seen,
        after=_request_fan_out,
        dangerous=True,
    ),
    Transition(
        "pause_reminders",
        _("Pause reminders"),
        frozenset({State.ISSUED}),
        None,
        who=(OFFICE, ISSUER),
        form=forms.PauseForm,
        guard=_not_paused,
        effect=_pause,
    ),
    Transition(
        "resume_reminders",
        _("Resume reminders"),
        frozenset({State.ISSUED}),
        None,
        who=(OFFICE, ISSUER),
        guard=_paused,
        effect=_end_pause,
    ),
    Transition(
        "close",
        _("Close and file"),
        frozenset({State.ISSUED}),
        State.CLOSED,
        who=(OFFICE,),
        guard=_measures_are_settled,
        dangerous=True,
    ),
]
