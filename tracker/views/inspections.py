"""``/inspections/``: plan a round, draw its sample where all can see it, record what is found, report, close."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from branches.access import Actor
from branches.models import Organization
from common.clock import local_date, now
from common.errors import NotAllowed, Refused
from tracker.inspections import (
    MODES,
    chosen_codes,
    draw,
    draw_sample,
    is_keeper,
    kept_by,
    mark_of,
    modes_of,
    plan_inspection,
    record_finding,
    record_visit,
)
from tracker.models import Finding, Inspection, Plan, Task, Visit
from tracker.timeline import timeline_of
from tracker.transitions.forms import day, plain_text
from tracker.views.acts import act_page, actor_of, offers_for

State = Inspection.State
PAGE = 50
AXES = {
    "scheduled": gettext_lazy("When it comes"),
    "concentrated": gettext_lazy("How it is run"),
    "sampled": gettext_lazy("Whom it reaches"),
    "key_point": gettext_lazy("What it looks at"),
}


class InspectionForm(forms.Form):
    """A round to be planned; the four modes are chosen in the words of the office."""

    organization = forms.ModelChoiceField(
        Organization.objects.none(), label=gettext_lazy("Carried out by"), empty_label=None
    )
    purpose = forms.CharField(
        label=gettext_lazy("Purpose"),
        max_length=200,
        help_text=gettext_lazy("What is to be looked at, in one line. It becomes the title."),
    )
    plan = forms.ModelChoiceField(
        Plan.objects.none(),
        label=gettext_lazy("Plan checked"),
        required=False,
        empty_label=gettext_lazy("none in particular"),
    )
    starts_on = day(gettext_lazy("From"))
    ends_on = day(gettext_lazy("To"))
    sample_size = forms.IntegerField(
        label=gettext_lazy("Sample size"),
        required=False,
        min_value=1,
        help_text=gettext_lazy("How many branches are drawn. Leave it empty for a full inspection."),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = [organization.pk for organization in kept_by(actor)]
        self.fields["organization"].queryset = Organization.objects.filter(pk__in=own)  # type: ignore[attr-defined]
        plans = Plan.objects.visible_to(actor).filter(state=Plan.State.ISSUED)
        self.fields["plan"].queryset = plans  # type: ignore[attr-defined]
        unplanned = Inspection()
        for axis, words in MODES.items():
            self.fields[axis] = forms.TypedChoiceField(
                label=AXES[axis],
                choices=[(str(int(value)), word) for value, word in words.items()],
                coerce=lambda value: value == "1",
                widget=forms.RadioSelect,
                initial=str(int(getattr(unplanned, axis))),
            )

    @property
    def axes(self) -> list[forms.BoundField]:
        """The four pairs of modes, shown side by side."""
        return [self[axis] for axis in MODES]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("sampled") is False:
            cleaned["sample_size"] = 0
        elif "sampled" in cleaned and "sample_size" not in self.errors and not cleaned.get("sample_size"):
            self.add_error("sample_size", _("Say how many branches are to be drawn."))
        return cleaned


class SeedForm(forms.Form):
    """The number that draws the sample."""

    seed = forms.CharField(
        label=gettext_lazy("Seed"),
        max_length=40,
        help_text=gettext_lazy("A number nobody can choose, such as today's lottery number or thrown dice."),
    )


class VisitForm(forms.Form):
    """What was seen at one unit."""

    visited_on = day(gettext_lazy("Visited on"))
    remark = plain_text(gettext_lazy("What was seen"), rows=4)


class FactForm(forms.Form):
    """One fault."""

    fact = plain_text(gettext_lazy("What was found"), rows=3)


def inspections_found(actor: Actor, *, q: str, state: str) -> Any:
    """The rounds in sight that a search lets through, newest first; a state that is none narrows nothing."""
    found = _inspections(actor)
    if state in State.values:
        found = found.filter(state=state)
    if q:
        found = found.filter(Q(purpose__icontains=q) | Q(number__icontains=q))
    return found.order_by("-pk")


def _inspections(actor: Actor) -> Any:
    return (
        Inspection.objects.visible_to(actor)
        .select_related("organization", "plan")
        .annotate(
            visits_all=Count("visits", distinct=True),
            visits_done=Count("visits", filter=Q(visits__visited_on__isnull=False), distinct=True),
            findings_all=Count("visits__findings", distinct=True),
            findings_open=Count(
                "visits__findings", filter=Q(visits__findings__state__in=Finding.OPEN), distinct=True
            ),
        )
    )


@require_GET
def inspection_list(request: HttpRequest) -> HttpResponse:
    """``/inspections/``: the rounds in sight, newest first."""
    actor = actor_of(request)
    in_sight = Inspection.objects.visible_to(actor)
    counts = dict(in_sight.order_by().values_list("state").annotate(Count("pk")))
    chosen = request.GET.get("state", "")
    query = request.GET.get("q", "").replace("\0", "").strip()[:100]
    found = inspections_found(actor, q=query, state=chosen)
    after = _cursor(request.GET.get("after", ""))
    if after:
        found = found.filter(pk__lt=after)
    rows = list(found[: PAGE + 1])
    more, rows = len(rows) > PAGE, rows[:PAGE]
    return render(
        request,
        "tracker/inspections/list.html",
        {
            "rows": [(row, modes_of(row)) for row in rows],
            "next": rows[-1].pk if more else "",
            "tabs": [("", _("All"), sum(counts.values()), chosen not in State.values)]
            + [(value, label, counts.get(value, 0), chosen == value) for value, label in State.choices],
            "state": chosen if chosen in State.values else "",
            "q": query,
            "narrowed": bool(query or chosen in State.values),
            "may_plan": bool(kept_by(actor)),
        },
    )


@require_http_methods(["GET", "POST"])
def inspection_new(request: HttpRequest) -> HttpResponse:
    """``/inspections/new/``: plan a round."""
    actor = actor_of(request)
    own = kept_by(actor)
    if not own:
        raise NotAllowed(_("Only inspectors and offices plan inspections."))
    form = InspectionForm(request.POST or None, actor=actor, initial={"organization": own[0].pk})
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        try:
            inspection = plan_inspection(
                organization=fields.pop("organization"), actor=actor, at=now(), fields=fields
            )
        except Refused as refusal:
            _take_over(form, refusal)
        else:
            messages.success(request, _("The inspection is planned."))
            return redirect("tracker:inspection", inspection.pk)
    return render(
        request,
        "tracker/inspections/new.html",
        {"form": form, "one_unit": len(own) == 1, "branches": _branches_below(own[0])},
        status=422 if form.is_bound else 200,
    )


@require_GET
def inspection_page(request: HttpRequest, pk: int) -> HttpResponse:
    """``/inspections/<pk>/``: how far the round is, what was seen where, what was found."""
    actor, at = actor_of(request), now()
    inspection = get_object_or_404(_inspections(actor), pk=pk)
    visits = list(
        inspection.visits.select_related("organization", "recorded_by").annotate(found=Count("findings"))
    )
    findings = Finding.objects.filter(visit__inspection=inspection).select_related("organization")
    keeper = is_keeper(actor, inspection.organization)
    return render(
        request,
        "tracker/inspections/inspection.html",
        {
            "inspection": inspection,
            "modes": modes_of(inspection),
            "offers": offers_for(inspection, actor=actor, at=at),
            "visits": visits,
            "findings": list(findings.order_by("pk")),
            "lines": timeline_of(inspection),
            "may_record": keeper and inspection.state == State.UNDER_WAY,
            "seed_form": SeedForm() if keeper and _to_be_drawn(inspection) else None,
            "drawn": _drawn(inspection),
        },
    )


@require_http_methods(["GET", "POST"])
def inspection_draw(request: HttpRequest, pk: int) -> HttpResponse:
    """``/inspections/<pk>/draw/``: draw once by a seed; afterwards anybody may draw again and compare."""
    actor = actor_of(request)
    inspection = get_object_or_404(_inspections(actor), pk=pk)
    form = SeedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            draw_sample(inspection, seed=form.cleaned_data["seed"], actor=actor, at=now())
        except Refused as refusal:
            _take_over(form, refusal)
        else:
            messages.success(request, _("The sample is drawn and recorded."))
            return redirect("tracker:inspection_draw", pk)
    keeper = is_keeper(actor, inspection.organization)
    again = request.GET.get("seed", "").replace("\0", "").strip()[:40]
    names = {o.code: o for o in Organization.objects.filter(code__in=inspection.drawn_from)}
    context: dict[str, Any] = {
        "inspection": inspection,
        "codes": [(code, names.get(code)) for code in inspection.drawn_from],
        "drawn": _drawn(inspection, names),
        "again": again,
    }
    if again:
        redrawn = draw(inspection.drawn_from, seed=again, size=inspection.sample_size)
        context["redrawn"] = [(code, names.get(code), mark_of(again, code)[:12]) for code in redrawn]
        context["same"] = bool(inspection.seed) and redrawn == chosen_codes(inspection)
    if (form.is_bound and form.errors) or (keeper and _to_be_drawn(inspection)):
        context["seed_form"] = form
    return render(
        request,
        "tracker/inspections/draw.html",
        context,
        status=422 if form.is_bound and form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
def visit_page(request: HttpRequest, pk: int, visit_pk: int) -> HttpResponse:
    """``/inspections/<pk>/visits/<visit>/``: what the system already knows of the unit, then what was seen there."""
    actor, at = actor_of(request), now()
    inspection = get_object_or_404(Inspection.objects.visible_to(actor).select_related("organization"), pk=pk)
    visit = get_object_or_404(
        Visit.objects.select_related("organization__parent", "recorded_by"),
        pk=visit_pk,
        inspection=inspection,
    )
    visit.inspection = inspection
    today = local_date(at)
    wanted = "fact" if "fact" in request.POST else "visit" if request.method == "POST" else ""
    known = {"visited_on": visit.visited_on or today, "remark": visit.remark}
    visit_form = VisitForm(request.POST if wanted == "visit" else None, initial=known)
    fact_form = FactForm(request.POST if wanted == "fact" else None)
    sent = {"visit": visit_form, "fact": fact_form}.get(wanted)
    if sent is not None and sent.is_valid():
        try:
            said = _record(visit, wanted, sent.cleaned_data, actor=actor, at=at)
        except Refused as refusal:
            _take_over(sent, refusal)
        else:
            messages.success(request, said)
            return redirect("tracker:visit", pk, visit_pk)
    tasks = Task.objects.filter(organization=visit.organization)
    return render(
        request,
        "tracker/inspections/visit.html",
        {
            "inspection": inspection,
            "visit": visit,
            "visit_form": visit_form,
            "fact_form": fact_form,
            "may_record": is_keeper(actor, inspection.organization) and inspection.state == State.UNDER_WAY,
            "findings": list(visit.findings.order_by("pk")),
            "org_pk": str(visit.organization_id),
            "open": tasks.open().count(),
            "overdue": tasks.overdue_on(today).count(),
            "returned": tasks.filter(returned=True).count(),
            "findings_open": Finding.objects.visible_to(actor)
            .filter(organization=visit.organization)
            .open()
            .count(),
            "latest": list(
                tasks.exclude(submitted_at=None)
                .select_related("measure")
                .order_by("-submitted_at", "-pk")[:5]
            ),
        },
        status=422 if sent is not None else 200,
    )


def inspection_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """``/inspections/<pk>/<act>/``: start, report, close, call off."""
    inspection = get_object_or_404(Inspection.objects.visible_to(actor_of(request)), pk=pk)
    return act_page(request, inspection, act, page=reverse("tracker:inspection", args=[pk]))


def _record(visit: Visit, what: str, given: dict[str, Any], *, actor: Actor, at: Any) -> str:
    """Record a visit or a fault seen there; returns the sentence that says so."""
    if what == "visit":
        record_visit(visit, actor=actor, at=at, **given)
        return _("The visit is recorded.")
    finding = record_finding(
        organization=visit.organization,
        found_by=visit.inspection.organization,
        fact=given["fact"],
        visit=visit,
        actor=actor,
        at=at,
    )
    return _("Recorded as %(number)s. It is seen by the unit once it is assigned.") % {
        "number": finding.number
    }


def _take_over(form: forms.Form, refusal: Refused) -> None:
    """Put a refusal where the form shows it."""
    shown = {name: sentence for name, sentence in refusal.fields.items() if name in form.fields}
    for name, sentence in shown.items():
        form.add_error(name, str(sentence))
    if not shown:
        form.add_error(None, str(refusal))


def _to_be_drawn(inspection: Inspection) -> bool:
    return inspection.sampled and not inspection.seed and inspection.state == State.PLANNED


def _drawn(
    inspection: Inspection, names: dict[str, Organization] | None = None
) -> list[tuple[str, Organization | None, str]]:
    """The drawn sample in drawing order: code, organisation, the beginning of its digest. Empty before the drawing."""
    if not inspection.seed:
        return []
    codes = chosen_codes(inspection)
    known = names or {o.code: o for o in Organization.objects.filter(code__in=codes)}
    return [(code, known.get(code), mark_of(inspection.seed, code)[:12]) for code in codes]


def _branches_below(organization: Organization) -> int:
    return Organization.objects.below(organization, itself=False).of_kind(Organization.Kind.BRANCH).count()


def _cursor(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None


urlpatterns: list = [
    path("inspections/", inspection_list, name="inspections"),
    path("inspections/new/", inspection_new, name="inspection_new"),
    path("inspections/<int:pk>/", inspection_page, name="inspection"),
    path("inspections/<int:pk>/draw/", inspection_draw, name="inspection_draw"),
    path("inspections/<int:pk>/visits/<int:visit_pk>/", visit_page, name="visit"),
    path("inspections/<int:pk>/<slug:act>/", inspection_act, name="inspection_act"),
]
