"""Pages of plans: the list, the measure table with its panel, the preview, issuing and its progress."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from branches.access import Actor
from branches.models import Organization
from common.clock import now
from common.errors import NotAllowed, Refused
from common.models import Job
from common.templatetags.ui import job_progress
from common.workdays import Calendar
from tracker.clashes import keep_clashes
from tracker.consultation import unanswered
from tracker.fan_out import ask_again
from tracker.forms.plans import PlanForm
from tracker.forms.refusals import put
from tracker.issuing import preview
from tracker.models import Measure, Plan
from tracker.plan_table import (
    dues_for,
    holes_of,
    lacks_of,
    latest_job,
    standings_by_plan,
    weeks_of,
)
from tracker.plans import (
    create_plan,
    edit_measures,
)
from tracker.transitions import act_form, decide, perform
from tracker.transitions.parties import may_edit, require_edit
from tracker.views import consultation, measures, routines
from tracker.views.acts import act_page, actor_of
from tracker.views.plan_parts import many_form, number, plan_of, table_of
from tracker.views.sources import offices_of

PAGE = 30
UNITS_SHOWN = 15


def plans_found(actor: Actor, *, q: str, state: str) -> QuerySet[Plan]:
    """The plans in sight that a search lets through; a state that is none narrows nothing."""
    plans = Plan.objects.visible_to(actor).select_related("organization")
    if q:
        plans = plans.filter(title__icontains=q)
    return plans.filter(state=state) if state in Plan.State.values else plans


def plan_list(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    q, state = request.GET.get("q", "").strip()[:100], request.GET.get("state", "")
    plans = plans_found(actor, q=q, state=state)
    page = Paginator(plans, PAGE).get_page(request.GET.get("page"))
    standings = standings_by_plan(page, actor=actor, day=actor.day)
    context = {
        "page": page,
        "rows": [(plan, standings.get(plan.pk)) for plan in page],
        "q": q,
        "state": state,
        "states": Plan.State.choices,
        "may_add": bool(offices_of(actor)),
        "filtered": bool(q or state),
    }
    return render(request, "tracker/plans/list.html", context)


def plan_new(request: HttpRequest) -> HttpResponse:
    """Create a draft; coming from a source, back to it with the new plan chosen."""
    actor = actor_of(request)
    offices = offices_of(actor)
    if not offices:
        raise NotAllowed(
            _("Only the office of an organization draws up plans. Ask your Party-affairs clerk.")
        )
    source = request.GET.get("source", "")
    form = PlanForm(request.POST or None, offices=offices, day=actor.day)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            plan = create_plan(period=given.pop("half"), **given, actor=actor, at=now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            if source.isdigit():
                return redirect(f"{reverse('tracker:source', args=[int(source)])}?plan={plan.pk}")
            return redirect("tracker:plan", plan.pk)
    context = {"form": form, "one_office": len(offices) == 1}
    return render(request, "tracker/plans/new.html", context, status=422 if form.errors else 200)


def plan_page(request: HttpRequest, pk: int) -> HttpResponse:
    plan = plan_of(request, pk)
    return render(request, "tracker/plans/plan.html", table_of(request, plan))


def plan_close(request: HttpRequest, pk: int) -> HttpResponse:
    return act_page(request, plan_of(request, pk), "close", page=reverse("tracker:plan", args=[pk]))


def plan_pause(request: HttpRequest, pk: int) -> HttpResponse:
    return act_page(request, plan_of(request, pk), "pause_reminders", page=reverse("tracker:plan", args=[pk]))


def plan_resume(request: HttpRequest, pk: int) -> HttpResponse:
    return act_page(
        request, plan_of(request, pk), "resume_reminders", page=reverse("tracker:plan", args=[pk])
    )


@require_POST
def many(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the ticked measures the same leader, receivers or date."""
    plan = plan_of(request, pk)
    actor = actor_of(request)
    require_edit(actor, plan)
    form = many_form(plan, actor, request.POST)
    ticked = [int(value) for value in request.POST.getlist("measures") if value.isdigit()]
    chosen = list(Measure.objects.filter(plan=plan, pk__in=ticked).select_related("plan"))
    if form.is_valid() and chosen and form.values():
        count = edit_measures(chosen, actor=actor, at=now(), fields=form.values())
        messages.success(
            request,
            ngettext("%(count)s measure changed.", "%(count)s measures changed.", count) % {"count": count},
        )
        return redirect("tracker:plan", pk)
    if form.is_valid():
        sentence = (
            _("Tick at least one measure.") if not chosen else _("Choose what the ticked measures shall get.")
        )
        form.add_error(None, sentence)
    context = table_of(request, plan) | {"many": form, "ticked": ticked}
    return render(request, "tracker/plans/plan.html", context, status=422)


def preview_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Who would get what by when, what is still missing, and the act itself: issue, or supplement once issued.

    The form carries the version and the number of tasks that were shown: what is issued is what was seen. Pressed
    twice it leads to the same progress page.
    """
    plan = plan_of(request, pk)
    actor = actor_of(request)
    if not actor.sees(plan.organization):
        raise Http404
    at, calendar = now(), Calendar.load()
    act = "issue" if plan.is_open else "supplement"
    form = act_form(plan, act, actor=actor, at=at, data=request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        version = number(request.POST.get("version"))
        if version is not None and Job.objects.filter(key=f"fan_out:{plan.pk}:{version + 1}").exists():
            return redirect("tracker:plan_progress", pk)
        status = 422
        if form.is_valid():
            try:
                perform(plan, act, actor=actor, at=at, given=request.POST, version=version)
            except Refused as refusal:
                status = refusal.status
                put(form, refusal)
            else:
                return redirect("tracker:plan_progress", pk)
    found = preview(plan, day=actor.day, calendar=calendar)
    unit = (
        Organization.objects.below(plan.organization).filter(pk=number(request.GET.get("unit")) or 0).first()
    )
    decision = decide(plan, act, actor=actor, at=at)
    shares = [share for share in found.shares if share.tasks]
    context = {
        "plan": plan,
        "preview": found,
        "calendar": calendar,
        "waiting": unanswered(plan) if plan.is_open else 0,
        "weeks": weeks_of(found),
        "units": len(shares),
        "holes": holes_of(found),
        "lacks": lacks_of(found),
        "unit": unit,
        "unit_dues": dues_for(found, unit) if unit else [],
        "shown": shares[:UNITS_SHOWN],
        "hidden": shares[UNITS_SHOWN:],
        "ceiling": settings.LOAD_CEILING,
        "ahead": settings.OPEN_AHEAD_DAYS,
        "act": act,
        "form": form,
        "decision": decision,
        "may_press": decision.allowed and found.may_issue and found.new_tasks > 0,
        "may_edit": may_edit(actor, plan),
    }
    return render(request, "tracker/plans/preview.html", context, status=status)


@require_POST
def keep(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the ticked clashes stand, for a reason."""
    plan, actor = plan_of(request, pk), actor_of(request)
    count = keep_clashes(
        plan,
        request.POST.getlist("clashes"),
        reason=request.POST.get("reason", ""),
        actor=actor,
        at=now(),
    )
    messages.success(
        request,
        ngettext("%(count)s clash is kept.", "%(count)s clashes are kept.", count) % {"count": count},
    )
    return redirect(f"{reverse('tracker:plan_preview', args=[pk])}#clashes")


def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the making of tasks stands; can be left and found again."""
    plan = plan_of(request, pk)
    job = latest_job(plan)
    if job is None:
        return redirect("tracker:plan", pk)
    url, result = reverse("tracker:plan_progress", args=[pk]), reverse("tracker:plan", args=[pk])
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "partials/job_progress.html", job_progress(job, url, result))
    context = {
        "plan": plan,
        "job": job,
        "url": url,
        "result": result,
        "failed": job.state == Job.State.FAILED,
        "may_retry": may_edit(actor_of(request), plan),
    }
    return render(request, "tracker/plans/progress.html", context)


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a failed job back in the queue; a job that runs or is done stays what it is."""
    ask_again(plan_of(request, pk), actor=actor_of(request), at=now())
    return redirect("tracker:plan_progress", pk)


urlpatterns = [
    path("plans/", plan_list, name="plans"),
    path("plans/new/", plan_new, name="plan_new"),
    path("plans/<int:pk>/", plan_page, name="plan"),
    path("plans/<int:pk>/preview/", preview_page, name="plan_preview"),
    path("plans/<int:pk>/clashes/", keep, name="plan_keep"),
    path("plans/<int:pk>/progress/", progress, name="plan_progress"),
    path("plans/<int:pk>/progress/again/", retry, name="plan_retry"),
    path("plans/<int:pk>/many/", many, name="plan_many"),
    path("plans/<int:pk>/close/", plan_close, name="plan_close"),
    path("plans/<int:pk>/pause_reminders/", plan_pause, name="plan_pause"),
    path("plans/<int:pk>/resume_reminders/", plan_resume, name="plan_resume"),
    *consultation.urlpatterns,
    *routines.urlpatterns,
    *measures.urlpatterns,
]
