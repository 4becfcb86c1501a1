"""The numbers behind a measure's target: the list of the units, the sum, how it is counted and of which base."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from branches.models import Organization
from common.clock import now
from common.errors import Refused
from tracker.exporting import respond
from tracker.models import Base, Counting, Measure
from tracker.target_list import SHOWN, NumberFilter, numbers_listing, share_of
from tracker.targets import (
    TargetSum,
    counted,
    in_hand,
    is_share,
    nested_in,
    occurrences_in,
    read_bases,
    set_counting,
    sums_of,
)
from tracker.transitions.parties import may_edit, require_edit
from tracker.views.acts import actor_of
from tracker.views.plan_parts import measure_of, plan_of

PAGE = 100


def numbers(request: HttpRequest, pk: int, measure: int) -> HttpResponse:
    """``…/measures/<measure>/numbers/``: the list; sent by the office, how the target is counted."""
    shown = _measure(request, pk, measure)
    typed = None
    if request.method == "POST":
        refusal = _count(request, shown)
        if refusal is None:
            messages.success(request, _("Saved."))
            return redirect("tracker:measure_numbers", pk, measure)
        messages.error(request, str(refusal))
        typed = request.POST
    context = _context(request, shown, typed)
    return render(request, "tracker/plans/numbers.html", context, status=422 if typed is not None else 200)


@require_GET
def export(request: HttpRequest, pk: int, measure: int) -> FileResponse:
    """The same list as a workbook."""
    shown = _measure(request, pk, measure)
    found, chosen, _occurrences = _chosen(request, shown)
    return respond(request, numbers_listing(shown, found, chosen, actor=actor_of(request)), at=now())


def _measure(request: HttpRequest, pk: int, measure: int) -> Measure:
    plan = plan_of(request, pk)
    shown = measure_of(request, plan, measure)
    if shown.target_number is None:
        raise Http404
    return shown


def _chosen(request: HttpRequest, measure: Measure) -> tuple[TargetSum | None, NumberFilter, list[str]]:
    actor = actor_of(request)
    dated = occurrences_in(measure, actor=actor)
    labels = [label for label, _due in dated]
    chosen = NumberFilter(request.GET, occurrences=labels, default=in_hand(dated, day=actor.day))
    found = sums_of([measure], actor=actor, day=actor.day, occurrence=chosen.occurrence)
    return found.get(measure.pk), chosen, labels


def _context(request: HttpRequest, measure: Measure, typed: Any) -> dict[str, Any]:
    actor = actor_of(request)
    found, chosen, labels = _chosen(request, measure)
    page = Paginator(chosen.tasks(measure, actor=actor), PAGE).get_page(request.GET.get("page"))
    kind = found.kind if found else "each"
    context: dict[str, Any] = {
        "plan": measure.plan,
        "measure": measure,
        "sum": found,
        "filter": chosen,
        "occurrences": labels,
        "shown": [
            (name, words) for name, (words, _q) in SHOWN.items() if name != "over" or is_share(measure)
        ],
        "page": page,
        "rows": [(task, share_of(task, measure, kind)) for task in page],
        "is_share": is_share(measure),
        "nested": len(nested_in(_reporting(measure, chosen.occurrence, request))),
        "may_edit": may_edit(actor, measure.plan),
    }
    if context["may_edit"]:
        context["together"] = "together" in typed if typed is not None else kind == "together"
        context["bases"] = typed.get("bases", "") if typed is not None else _base_list(measure)
    return context


def _reporting(measure: Measure, occurrence: str, request: HttpRequest) -> list[str]:
    """The paths of the units that reported a number in one occurrence."""
    tasks = counted(measure, actor=actor_of(request)).filter(occurrence=occurrence, number__isnull=False)
    return list(tasks.order_by().values_list("organization__path", flat=True))


def _base_list(measure: Measure) -> str:
    rows = Base.objects.filter(measure=measure).select_related("organization").order_by("organization__path")
    return "\n".join(f"{row.organization.short_name}\t{row.number.normalize():f}" for row in rows)


def _count(request: HttpRequest, measure: Measure) -> Refused | None:
    actor = actor_of(request)
    require_edit(actor, measure.plan)
    held = counted(measure, actor=actor).order_by().values("organization")
    units = Organization.objects.filter(pk__in=held)
    try:
        if "members" in request.POST:
            bases: Any = {unit.pk: unit.full_members + unit.probationary_members for unit in units}
            together = Counting.objects.filter(measure=measure, together=True).exists()
        else:
            bases = read_bases(request.POST.get("bases", ""), units)
            together = "together" in request.POST
        set_counting(measure, together=together, bases=bases, actor=actor, at=now())
    except Refused as refusal:
        return refusal
    return None


urlpatterns: list = [
    path("plans/<int:pk>/measures/<int:measure>/numbers/", numbers, name="measure_numbers"),
    path("plans/<int:pk>/measures/<int:measure>/numbers/export/", export, name="measure_numbers_export"),
]
