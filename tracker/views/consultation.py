"""Pages of a consultation: sending a draft for comments, commenting measure by measure, answering every comment."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from common.clock import now
from common.errors import Refused
from common.workdays import Calendar
from tracker.comment_list import STATES, Consultation, Filter, comments_for, consultation_of
from tracker.consultation import answer, comment, receiving_units
from tracker.models import Comment, Plan
from tracker.views.acts import act_page, actor_of
from tracker.views.plan_parts import measure_of, number, plan_of

LIMIT = 2000
UNITS_SHOWN = 60


def plan_consult(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the draft for comments: who is asked stands above the closing date."""
    plan = plan_of(request, pk)
    units = receiving_units(plan, at=now())
    return act_page(
        request,
        plan,
        "consult",
        page=reverse("tracker:plan", args=[pk]),
        about="tracker/plans/_asked.html",
        context={"asked": units[:UNITS_SHOWN], "asked_count": len(units), "hidden": len(units[UNITS_SHOWN:])},
    )


def plan_back(request: HttpRequest, pk: int) -> HttpResponse:
    return act_page(request, plan_of(request, pk), "back_to_draft", page=reverse("tracker:plan", args=[pk]))


@require_GET
def comments(request: HttpRequest, pk: int) -> HttpResponse:
    """The measures with what was said of them; the reader's own forms, the office's answers."""
    plan = plan_of(request, pk)
    wanted = Filter.of(request.GET)
    return _page(request, plan, consultation_of(plan, actor=actor_of(request), wanted=wanted), wanted)


def _page(
    request: HttpRequest, plan: Plan, shown: Consultation, wanted: Filter, *, status: int = 200, **more: Any
) -> HttpResponse:
    calendar, day = Calendar.load(), actor_of(request).day
    until = plan.comments_until
    context = {
        "plan": plan,
        "shown": shown,
        "filter": wanted,
        "states": STATES.items(),
        "verdicts": Comment.Verdict.choices,
        "limit": LIMIT,
        "running": plan.state == Plan.State.CONSULTING,
        "days": calendar.between(day, until) if until and plan.state == Plan.State.CONSULTING else None,
        "calendar": calendar,
        **more,
    }
    return render(request, "tracker/plans/comments.html", context, status=status)


@require_POST
def say(request: HttpRequest, pk: int, measure: int) -> HttpResponse:
    """A unit's comment on one measure; what was typed comes back when it cannot be taken."""
    plan, actor = plan_of(request, pk), actor_of(request)
    about = measure_of(request, plan, measure)
    if (pk_of_unit := number(request.POST.get("unit"))) is None:
        raise Refused(_("This form is incomplete. Open the page again and send it once more."))
    unit = plan.consulted.filter(pk=pk_of_unit).first()
    if unit is None or not (actor.sees(unit) or actor.sees(plan.organization)):
        raise Http404
    text = request.POST.get("text", "").replace("\0", "")
    problem = _("Write at most %(limit)s characters.") % {"limit": LIMIT} if len(text) > LIMIT else ""
    status = 422
    if not problem:
        try:
            comment(about, organization=unit, text=text, actor=actor, at=now())
        except Refused as refusal:
            if refusal.status != 400:
                raise
            problem, status = str(refusal), 422
        else:
            messages.success(request, _("Your comment is with the issuing office."))
            return redirect(_address(plan, measure))
    shown = consultation_of(plan, actor=actor, wanted=Filter())
    for row in shown.rows:
        for voice in row.voices:
            if row.measure.pk == measure and voice.unit.pk == unit.pk:
                voice.typed, voice.problem = text, problem
    return _page(request, plan, shown, Filter(), status=status, problem=problem)


@require_POST
def reply(request: HttpRequest, pk: int, comment: int) -> HttpResponse:
    """The office's answer to one comment, with its reason."""
    plan, actor = plan_of(request, pk), actor_of(request)
    found = get_object_or_404(Comment, pk=comment, pk__in=[c.pk for c in comments_for(plan, actor)])
    verdict, reason = request.POST.get("verdict", ""), request.POST.get("reason", "").replace("\0", "")
    problem = _("Write at most %(limit)s characters.") % {"limit": LIMIT} if len(reason) > LIMIT else ""
    if not problem:
        try:
            answer(found, verdict=verdict, reason=reason, actor=actor, at=now())
        except Refused as refusal:
            if refusal.status != 400:
                raise
            problem = str(refusal)
        else:
            messages.success(request, _("Answered; the author is told."))
            keep = request.POST.get("keep", "")
            return redirect(_address(plan, found.measure_id, keep=keep if keep in STATES else ""))
    shown = consultation_of(plan, actor=actor, wanted=Filter())
    tried = {"pk": comment, "verdict": verdict, "reason": reason, "problem": problem}
    return _page(request, plan, shown, Filter(), status=422, tried=tried)


def _address(plan: Plan, measure: int, *, keep: str = "") -> str:
    query = f"?state={keep}" if keep else ""
    return f"{reverse('tracker:plan_comments', args=[plan.pk])}{query}#measure-{measure}"


urlpatterns = [
    path("plans/<int:pk>/consult/", plan_consult, name="plan_consult"),
    path("plans/<int:pk>/back_to_draft/", plan_back, name="plan_back"),
    path("plans/<int:pk>/comments/", comments, name="plan_comments"),
    path("plans/<int:pk>/comments/<int:measure>/", say, name="plan_comment"),
    path("plans/<int:pk>/comments/<int:comment>/answer/", reply, name="plan_answer"),
]
