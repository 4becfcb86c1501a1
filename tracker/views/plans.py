"""Pages of plans: the list, the measure table with its panel, the preview, issuing and its progress."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from branches.access import Actor
from branches.models import Organization
from common.clock import now
from common.errors import NotAllowed, Refused, Stale
from common.jobs import request_job
from common.models import Job
from common.templatetags.ui import job_progress
from common.workdays import Calendar
from tracker.asked import words_behind
from tracker.forms.plans import ManyForm, MeasureForm, PlanForm, kinds_below, leaders_for
from tracker.forms.refusals import put
from tracker.issuing import preview
from tracker.models import Measure, Plan, Task
from tracker.plan_table import (
    counts_by,
    dues_for,
    holes_of,
    lacks_of,
    latest_job,
    rows_of,
    total_of,
    weeks_of,
)
from tracker.plans import (
    add_measure,
    create_plan,
    edit_measure,
    edit_measures,
    merge_measures,
    move_measure,
    remove_measure,
    split_measure,
)
from tracker.transitions import act_form, decide, perform
from tracker.transitions.parties import is_office
from tracker.views.acts import act_page, actor_of, offers_for
from tracker.views.sources import offices_of

PAGE = 30
UNITS_SHOWN = 15
FOUND = 20


def plan_list(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    plans = Plan.objects.visible_to(actor).select_related("organization")
    q, state = request.GET.get("q", "").strip()[:100], request.GET.get("state", "")
    if q:
        plans = plans.filter(title__icontains=q)
    if state in Plan.State.values:
        plans = plans.filter(state=state)
    page = Paginator(plans, PAGE).get_page(request.GET.get("page"))
    tasks = Task.objects.visible_to(actor).filter(measure__plan__in=[plan.pk for plan in page])
    counts = counts_by("measure__plan", tasks, day=actor.day, calendar=Calendar.load())
    context = {
        "page": page,
        "rows": [(plan, counts.get(plan.pk)) for plan in page],
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
    plan = _plan(request, pk)
    return render(request, "tracker/plans/plan.html", _table(request, plan))


def measure_page(request: HttpRequest, pk: int, measure: int) -> HttpResponse:
    """One measure beside the table: its form while it is not issued, else its facts, words and acts."""
    plan = _plan(request, pk)
    actor = actor_of(request)
    shown = _measure(request, plan, measure)
    form = None
    if _may_edit(actor, plan) and shown.state == Measure.State.PROPOSED:
        form = _measure_form(request, plan, shown)
        if request.method == "POST" and "find" not in request.POST and form.is_valid():
            try:
                edit_measure(
                    shown,
                    actor=actor,
                    at=now(),
                    fields=form.values(),
                    receivers=form.cleaned_data["receivers"],
                    version=_number(request.POST.get("version")),
                )
            except Refused as refusal:
                put(form, refusal)
                if isinstance(refusal, Stale):
                    shown = _measure(request, plan, measure)
            else:
                messages.success(request, _("Saved."))
                following = _following(plan, shown) if "next" in request.POST else shown
                return redirect(_measure_address(plan, following))
    elif request.method == "POST":
        raise NotAllowed(_("This measure can only be read."))
    context = _panel(request, plan, shown, form)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "tracker/plans/_measure.html", context)
    status = 422 if form is not None and form.is_bound and form.errors else 200
    return render(request, "tracker/plans/plan.html", _table(request, plan) | context, status=status)


def measure_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a measure by hand, with the reason why it has no source."""
    plan = _plan(request, pk)
    actor = actor_of(request)
    _require_edit(actor, plan)
    form = _measure_form(request, plan, Measure(plan=plan, lead=plan.organization))
    form.fields["no_source_reason"].required = True
    if request.method == "POST" and "find" not in request.POST and form.is_valid():
        try:
            measure = add_measure(
                plan, actor=actor, at=now(), fields=form.values(), receivers=form.cleaned_data["receivers"]
            )
        except Refused as refusal:
            put(form, refusal)
        else:
            messages.success(request, _("Added to the plan."))
            return redirect(_measure_address(plan, measure))
    context = {"plan": plan, "form": form, "by_hand": True, "found": _found(request, plan)}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "tracker/plans/measure_new.html", context, status=status)


def organizations(request: HttpRequest, pk: int) -> HttpResponse:
    """Part of a measure's form: the named receivers that are ticked, and those a search finds."""
    plan = _plan(request, pk)
    _require_edit(actor_of(request), plan)
    within = Organization.objects.below(plan.organization)
    ticked = [int(value) for value in request.GET.getlist("receivers") if value.isdigit()]
    context = {"chosen": within.filter(pk__in=ticked), "found": _found(request, plan)}
    return render(request, "tracker/plans/_receivers.html", context)


@require_POST
def measure_move(request: HttpRequest, pk: int, measure: int) -> HttpResponse:
    plan = _plan(request, pk)
    moved = _measure(request, plan, measure)
    to = _number(request.POST.get("to")) or 1
    move_measure(moved, to=to, actor=actor_of(request), at=now())
    return HttpResponseRedirect(f"{reverse('tracker:plan', args=[pk])}#measure-{measure}")


@require_POST
def measure_remove(request: HttpRequest, pk: int, measure: int) -> HttpResponse:
    plan = _plan(request, pk)
    gone = _measure(request, plan, measure)
    remove_measure(gone, actor=actor_of(request), at=now(), version=_number(request.POST.get("version")))
    messages.success(
        request,
        _("“%(title)s” is out of the draft; what it had taken up is undecided again.")
        % {"title": gone.title},
    )
    return redirect("tracker:plan", pk)


@require_POST
def measure_split(request: HttpRequest, pk: int, measure: int) -> HttpResponse:
    plan = _plan(request, pk)
    first = _measure(request, plan, measure)
    title = request.POST.get("title", "")[:120]
    second = split_measure(first, title=title, actor=actor_of(request), at=now())
    messages.success(request, _("Split. Settle now what the second part asks for."))
    return redirect(_measure_address(plan, second))


@require_POST
def measure_merge(request: HttpRequest, pk: int, measure: int) -> HttpResponse:
    plan = _plan(request, pk)
    into = _measure(request, plan, measure)
    other = _measure(request, plan, _number(request.POST.get("other")) or 0)
    merge_measures(into, other, actor=actor_of(request), at=now())
    messages.success(request, _("“%(title)s” was merged into this measure.") % {"title": other.title})
    return redirect(_measure_address(plan, into))


def measure_act(request: HttpRequest, pk: int, measure: int, act: str) -> HttpResponse:
    """The acts of the transition table on one measure: withdraw, verify, not verified."""
    plan = _plan(request, pk)
    return act_page(
        request, _measure(request, plan, measure), act, page=reverse("tracker:measure", args=[pk, measure])
    )


def plan_close(request: HttpRequest, pk: int) -> HttpResponse:
    return act_page(request, _plan(request, pk), "close", page=reverse("tracker:plan", args=[pk]))


@require_POST
def many(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the ticked measures the same leader, receivers or date."""
    plan = _plan(request, pk)
    actor = actor_of(request)
    _require_edit(actor, plan)
    form = _many_form(plan, actor, request.POST)
    ticked = [int(value) for value in request.POST.getlist("measures") if value.isdigit()]
    measures = list(Measure.objects.filter(plan=plan, pk__in=ticked).select_related("plan"))
    if form.is_valid() and measures and form.values():
        count = edit_measures(measures, actor=actor, at=now(), fields=form.values())
        messages.success(
            request,
            ngettext("%(count)s measure changed.", "%(count)s measures changed.", count) % {"count": count},
        )
        return redirect("tracker:plan", pk)
    if form.is_valid():
        sentence = (
            _("Tick at least one measure.")
            if not measures
            else _("Choose what the ticked measures shall get.")
        )
        form.add_error(None, sentence)
    context = _table(request, plan) | {"many": form, "ticked": ticked}
    return render(request, "tracker/plans/plan.html", context, status=422)


def preview_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Who would get what by when, what is still missing, and the act itself: issue, or supplement once issued.

    The form carries the version and the number of tasks that were shown: what is issued is what was seen. Pressed
    twice it leads to the same progress page.
    """
    plan = _plan(request, pk)
    actor = actor_of(request)
    if not actor.sees(plan.organization):
        raise Http404
    at, calendar = now(), Calendar.load()
    found = preview(plan, day=actor.day, calendar=calendar)
    act = "issue" if plan.is_open else "supplement"
    form = act_form(plan, act, actor=actor, at=at, data=request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        version = _number(request.POST.get("version"))
        if version is not None and Job.objects.filter(key=f"fan_out:{plan.pk}:{version + 1}").exists():
            return redirect("tracker:plan_progress", pk)
        status = 409
        if request.POST.get("tasks") != str(found.new_tasks):
            form.is_valid()
            form.add_error(
                None, _("The plan has changed since this preview was drawn. Look at it again, then issue.")
            )
        elif form.is_valid():
            try:
                perform(plan, act, actor=actor, at=at, given=request.POST, version=version)
            except Refused as refusal:
                status = refusal.status
                put(form, refusal)
            else:
                return redirect("tracker:plan_progress", pk)
        else:
            status = 422
    unit = (
        Organization.objects.below(plan.organization).filter(pk=_number(request.GET.get("unit")) or 0).first()
    )
    decision = decide(plan, act, actor=actor, at=at)
    shares = [share for share in found.shares if share.tasks]
    context = {
        "plan": plan,
        "preview": found,
        "weeks": weeks_of(found),
        "units": len(shares),
        "holes": holes_of(found),
        "lacks": lacks_of(found),
        "unit": unit,
        "unit_dues": dues_for(found, unit) if unit else [],
        "shown": shares[:UNITS_SHOWN],
        "hidden": shares[UNITS_SHOWN:],
        "act": act,
        "form": form,
        "decision": decision,
        "may_press": decision.allowed and found.may_issue and found.new_tasks > 0,
        "may_edit": _may_edit(actor, plan),
    }
    return render(request, "tracker/plans/preview.html", context, status=status)


def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the making of tasks stands; can be left and found again."""
    plan = _plan(request, pk)
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
        "may_retry": _may_edit(actor_of(request), plan),
    }
    return render(request, "tracker/plans/progress.html", context)


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a failed job back in the queue; a job that runs or is done stays what it is."""
    plan = _plan(request, pk)
    actor = actor_of(request)
    _require_edit(actor, plan)
    job = latest_job(plan)
    if job is not None:
        with transaction.atomic():
            request_job("fan_out", payload={"plan": plan.pk}, requested_by=actor.user, at=now(), key=job.key)
    return redirect("tracker:plan_progress", pk)


def _plan(request: HttpRequest, pk: int) -> Plan:
    plans = Plan.objects.visible_to(actor_of(request)).select_related("organization", "approved_by")
    return get_object_or_404(plans, pk=pk)


def _measure(request: HttpRequest, plan: Plan, pk: int) -> Measure:
    measures = Measure.objects.visible_to(actor_of(request)).select_related("responsible_leader", "lead")
    measure = get_object_or_404(measures, pk=pk, plan=plan)
    measure.plan = plan
    return measure


def _may_edit(actor: Actor, plan: Plan) -> bool:
    return plan.state != Plan.State.CLOSED and is_office(actor, plan.organization)


def _require_edit(actor: Actor, plan: Plan) -> None:
    if not _may_edit(actor, plan):
        raise NotAllowed(
            _("Only the office of %(unit)s may change this plan.") % {"unit": plan.organization.short_name}
        )


def _table(request: HttpRequest, plan: Plan) -> dict[str, Any]:
    """What the table needs; the same for the plan's page and for that of one of its measures."""
    actor, calendar = actor_of(request), Calendar.load()
    editing = _may_edit(actor, plan)
    rows = rows_of(plan, actor=actor, day=actor.day, calendar=calendar, editing=editing)
    job = latest_job(plan) if actor.sees(plan.organization) else None
    return {
        "plan": plan,
        "plan_key": str(plan.pk),
        "plan_page": reverse("tracker:plan", args=[plan.pk]),
        "rows": rows,
        "counts": total_of(row.counts for row in rows),
        "lacks": sum(len(row.lacks) for row in rows),
        "drafts": sum(row.editable for row in rows),
        "may_edit": editing,
        "inside": actor.sees(plan.organization),
        "many": _many_form(plan, actor, None) if editing else None,
        "job": job if job and job.state != Job.State.DONE else None,
        "offers": [b for b in offers_for(plan, actor=actor, at=now()) if b.act == "close"],
    }


def _panel(request: HttpRequest, plan: Plan, measure: Measure, form: MeasureForm | None) -> dict[str, Any]:
    actor = actor_of(request)
    others = Measure.objects.filter(plan=plan, state=Measure.State.PROPOSED).exclude(pk=measure.pk)
    tasks = Task.objects.visible_to(actor).filter(measure=measure)
    counts = counts_by("measure", tasks, day=actor.day, calendar=Calendar.load())
    return {
        "plan": plan,
        "measure": measure,
        "form": form,
        "words": words_behind(measure, actor=actor),
        "others": others.only("pk", "position", "title") if form is not None else [],
        "found": _found(request, plan) if form is not None else [],
        "measure_counts": counts.get(measure.pk),
        "measure_offers": offers_for(measure, actor=actor, at=now()),
        "kinds_said": [
            str(Organization.Kind(k).label) for k in measure.receiver_kinds if k in Organization.Kind
        ],
        "close_url": reverse("tracker:plan", args=[plan.pk]),
    }


def _measure_form(request: HttpRequest, plan: Plan, measure: Measure) -> MeasureForm:
    leaders = leaders_for(plan.organization, day=actor_of(request).day)
    data = request.POST if request.method == "POST" else None
    # The form writes what was typed into its instance: a copy keeps what the page shows true.
    copy = Measure.objects.get(pk=measure.pk) if measure.pk else measure
    form = MeasureForm(data, instance=copy, plan=plan, leaders=leaders, kinds=kinds_below(plan.organization))
    wanted = request.GET.get("field", "")
    if wanted in form.fields:
        form.fields[wanted].widget.attrs["autofocus"] = True
    return form


def _many_form(plan: Plan, actor: Actor, data: Any) -> ManyForm:
    leaders = leaders_for(plan.organization, day=actor.day)
    return ManyForm(data, leaders=leaders, kinds=kinds_below(plan.organization))


def _found(request: HttpRequest, plan: Plan) -> list[Organization]:
    """What the search for receivers finds: by name, short name or code, without those already ticked."""
    given = request.POST if request.method == "POST" else request.GET
    q = given.get("org_q", "").strip()[:40]
    if not q:
        return []
    within = Organization.objects.below(plan.organization).active_on(actor_of(request).day)
    fitting = (
        within.filter(name__icontains=q) | within.filter(short_name__icontains=q) | within.filter(code=q)
    )
    ticked = [value for value in given.getlist("receivers") if value.isdigit()]
    return list(fitting.exclude(pk__in=ticked)[:FOUND])


def _following(plan: Plan, measure: Measure) -> Measure:
    """The next measure that is not issued yet, round at the end."""
    order = list(Measure.objects.filter(plan=plan, state=Measure.State.PROPOSED).order_by("position", "pk"))
    place = next((n for n, m in enumerate(order) if m.pk == measure.pk), -1)
    return order[(place + 1) % len(order)] if order else measure


def _measure_address(plan: Plan, measure: Measure) -> str:
    return f"{reverse('tracker:measure', args=[plan.pk, measure.pk])}#measure-{measure.pk}"


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 10 else None


urlpatterns = [
    path("plans/", plan_list, name="plans"),
    path("plans/new/", plan_new, name="plan_new"),
    path("plans/<int:pk>/", plan_page, name="plan"),
    path("plans/<int:pk>/preview/", preview_page, name="plan_preview"),
    path("plans/<int:pk>/progress/", progress, name="plan_progress"),
    path("plans/<int:pk>/progress/again/", retry, name="plan_retry"),
    path("plans/<int:pk>/many/", many, name="plan_many"),
    path("plans/<int:pk>/close/", plan_close, name="plan_close"),
    path("plans/<int:pk>/organizations/", organizations, name="plan_organizations"),
    path("plans/<int:pk>/measures/new/", measure_new, name="measure_new"),
    path("plans/<int:pk>/measures/<int:measure>/", measure_page, name="measure"),
    path("plans/<int:pk>/measures/<int:measure>/move/", measure_move, name="measure_move"),
    path("plans/<int:pk>/measures/<int:measure>/remove/", measure_remove, name="measure_remove"),
    path("plans/<int:pk>/measures/<int:measure>/split/", measure_split, name="measure_split"),
    path("plans/<int:pk>/measures/<int:measure>/merge/", measure_merge, name="measure_merge"),
    path("plans/<int:pk>/measures/<int:measure>/<slug:act>/", measure_act, name="measure_act"),
]
