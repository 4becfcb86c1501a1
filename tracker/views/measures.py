"""Pages of one measure: its panel beside the table, adding by hand, and its buttons."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from branches.models import Organization
from common.clock import now
from common.errors import NotAllowed, Refused, Stale
from common.workdays import Calendar
from tracker.amendments import amendments_of
from tracker.asked import words_behind
from tracker.forms.plans import MeasureForm, kinds_below, leaders_for
from tracker.forms.refusals import lead_to_error, put
from tracker.models import Measure, Plan, Task
from tracker.plan_table import (
    counts_by_measure,
)
from tracker.plans import (
    add_measure,
    declare_event,
    edit_measure,
    merge_measures,
    move_measure,
    remove_measure,
    split_measure,
)
from tracker.targets import sums_of
from tracker.transitions.parties import may_edit, require_edit
from tracker.views.acts import act_page, actor_of, offers_for
from tracker.views.plan_parts import measure_of, number, plan_of, table_of

FOUND = 20


def measure_page(request: HttpRequest, pk: int, measure: int) -> HttpResponse:
    """One measure beside the table: its form while it is not issued, else its facts, words and acts."""
    plan = plan_of(request, pk)
    actor = actor_of(request)
    shown = measure_of(request, plan, measure)
    form = None
    if may_edit(actor, plan) and shown.state == Measure.State.PROPOSED:
        form = _measure_form(request, plan, shown)
        if request.method == "POST" and "find" not in request.POST and form.is_valid():
            try:
                edit_measure(
                    shown,
                    actor=actor,
                    at=now(),
                    fields=form.values(),
                    receivers=form.cleaned_data["receivers"],
                    version=number(request.POST.get("version")),
                )
            except Refused as refusal:
                put(form, refusal)
                if isinstance(refusal, Stale):
                    shown = measure_of(request, plan, measure)
            else:
                messages.success(request, _("Saved."))
                following = _following(plan, shown) if "next" in request.POST else shown
                return redirect(_measure_address(plan, following))
    elif request.method == "POST":
        raise NotAllowed(_("This measure can only be read."))
    if form is not None:
        lead_to_error(form)
    context = _panel(request, plan, shown, form)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "tracker/plans/_measure.html", context)
    status = 422 if form is not None and form.is_bound and form.errors else 200
    return render(request, "tracker/plans/plan.html", table_of(request, plan) | context, status=status)


def measure_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a measure by hand, with the reason why it has no source."""
    plan = plan_of(request, pk)
    actor = actor_of(request)
    require_edit(actor, plan)
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
    lead_to_error(form)
    context = {"plan": plan, "form": form, "by_hand": True, "found": _found(request, plan)}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "tracker/plans/measure_new.html", context, status=status)


def organizations(request: HttpRequest, pk: int) -> HttpResponse:
    """Part of a measure's form: the named receivers that are ticked, and those a search finds."""
    plan = plan_of(request, pk)
    require_edit(actor_of(request), plan)
    within = Organization.objects.below(plan.organization)
    ticked = [int(value) for value in request.GET.getlist("receivers") if value.isdigit()]
    context = {"chosen": within.filter(pk__in=ticked), "found": _found(request, plan)}
    return render(request, "tracker/plans/_receivers.html", context)


@require_POST
def measure_move(request: HttpRequest, pk: int, measure: int) -> HttpResponse:
    plan = plan_of(request, pk)
    moved = measure_of(request, plan, measure)
    to = number(request.POST.get("to")) or 1
    move_measure(moved, to=to, actor=actor_of(request), at=now())
    return HttpResponseRedirect(f"{reverse('tracker:plan', args=[pk])}#measure-{measure}")


@require_POST
def measure_remove(request: HttpRequest, pk: int, measure: int) -> HttpResponse:
    plan = plan_of(request, pk)
    gone = measure_of(request, plan, measure)
    remove_measure(gone, actor=actor_of(request), at=now(), version=number(request.POST.get("version")))
    messages.success(
        request,
        _("“%(title)s” is out of the draft; what it had taken up is undecided again.")
        % {"title": gone.title},
    )
    return redirect("tracker:plan", pk)


@require_POST
def measure_split(request: HttpRequest, pk: int, measure: int) -> HttpResponse:
    plan = plan_of(request, pk)
    first = measure_of(request, plan, measure)
    title = request.POST.get("title", "")[:120]
    second = split_measure(first, title=title, actor=actor_of(request), at=now())
    messages.success(request, _("Split. Settle now what the second part asks for."))
    return redirect(_measure_address(plan, second))


@require_POST
def measure_merge(request: HttpRequest, pk: int, measure: int) -> HttpResponse:
    plan = plan_of(request, pk)
    into = measure_of(request, plan, measure)
    other = measure_of(request, plan, number(request.POST.get("other")) or 0)
    merge_measures(into, other, actor=actor_of(request), at=now())
    messages.success(request, _("“%(title)s” was merged into this measure.") % {"title": other.title})
    return redirect(_measure_address(plan, into))


@require_POST
def measure_declare(request: HttpRequest, pk: int, measure: int) -> HttpResponse:
    """The day of the event that starts the clock; an issued plan then goes on to the supplement."""
    plan = plan_of(request, pk)
    found = measure_of(request, plan, measure)
    on = parse_date(request.POST.get("on", "")) if len(request.POST.get("on", "")) == 10 else None
    if on is None:
        raise Refused(_("Enter the day of the event."))
    declared = declare_event(found, on=on, actor=actor_of(request), at=now())
    messages.success(request, _("Declared; it is due on %(day)s.") % {"day": f"{declared.due:%Y-%m-%d}"})
    return redirect(
        _measure_address(plan, found) if plan.is_open else reverse("tracker:plan_preview", args=[pk])
    )


def measure_act(request: HttpRequest, pk: int, measure: int, act: str) -> HttpResponse:
    """The acts of the transition table on one measure: withdraw, verify, not verified."""
    plan = plan_of(request, pk)
    return act_page(
        request, measure_of(request, plan, measure), act, page=reverse("tracker:measure", args=[pk, measure])
    )


def _panel(request: HttpRequest, plan: Plan, measure: Measure, form: MeasureForm | None) -> dict[str, Any]:
    actor = actor_of(request)
    others = Measure.objects.filter(plan=plan, state=Measure.State.PROPOSED).exclude(pk=measure.pk)
    tasks = Task.objects.visible_to(actor).filter(measure=measure)
    counts = counts_by_measure(tasks, day=actor.day, calendar=Calendar.load())
    return {
        "plan": plan,
        "measure": measure,
        "form": form,
        "words": words_behind(measure, actor=actor),
        "others": others.only("pk", "position", "title") if form is not None else [],
        "found": _found(request, plan) if form is not None else [],
        "measure_counts": counts.get(measure.pk),
        "target_sum": sums_of([measure], actor=actor, day=actor.day).get(measure.pk),
        "amendments": amendments_of(measure) if form is None else [],
        "may_declare": measure.awaits_event and may_edit(actor, plan) and measure.pk,
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


urlpatterns = [
    path("plans/<int:pk>/organizations/", organizations, name="plan_organizations"),
    path("plans/<int:pk>/measures/new/", measure_new, name="measure_new"),
    path("plans/<int:pk>/measures/<int:measure>/", measure_page, name="measure"),
    path("plans/<int:pk>/measures/<int:measure>/move/", measure_move, name="measure_move"),
    path("plans/<int:pk>/measures/<int:measure>/remove/", measure_remove, name="measure_remove"),
    path("plans/<int:pk>/measures/<int:measure>/split/", measure_split, name="measure_split"),
    path("plans/<int:pk>/measures/<int:measure>/merge/", measure_merge, name="measure_merge"),
    path("plans/<int:pk>/measures/<int:measure>/declare/", measure_declare, name="measure_declare"),
    path("plans/<int:pk>/measures/<int:measure>/<slug:act>/", measure_act, name="measure_act"),
]
