"""Beside a new source: what its superior's papers ask, and what the last period left open."""

from __future__ import annotations

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from common.clock import now
from common.errors import Refused
from tracker.carry_forward import left_open
from tracker.deciding import Target
from tracker.exporting import respond
from tracker.forms.refusals import put
from tracker.forms.sources import AsideForm, RestsOnForm
from tracker.models import Action, Measure, Source
from tracker.own_exports import STATES, left_open_listing, superior_listing
from tracker.plans import merge_actions
from tracker.sources import set_aside
from tracker.superior import Paper, papers_behind, rest_on
from tracker.transitions.parties import is_office
from tracker.views.acts import actor_of
from tracker.views.plan_parts import number


def _source(request: HttpRequest, pk: int) -> Source:
    sources = Source.objects.visible_to(actor_of(request)).select_related("organization")
    return get_object_or_404(sources, pk=pk)


def superior(request: HttpRequest, pk: int) -> HttpResponse:
    """Each demand of the papers behind a source: taken up by which measure, not for us, or still open."""
    source, actor = _source(request, pk), actor_of(request)
    target = Target.of(source, request.GET, actor=actor)
    may_decide = is_office(actor, source.organization)
    form = RestsOnForm(
        request.POST or None, source=source, initial={"papers": [paper.pk for paper in source.rests_on.all()]}
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                rest_on(
                    source,
                    list(form.cleaned_data["papers"]),
                    actor=actor,
                    at=now(),
                    version=number(request.POST.get("version")),
                )
            except Refused as refusal:
                status = refusal.status
                put(form, refusal)
            else:
                return redirect(_address("tracker:source_superior", pk, target))
    papers = papers_behind(source, plan=target.plan)
    chosen = _state(request)
    total = sum(len(paper.asked) for paper in papers)
    settled = sum(paper.settled for paper in papers)
    narrow(papers, chosen)
    context = {
        "source": source,
        "target": target,
        "papers": papers,
        "total": total,
        "settled": settled,
        "state": chosen,
        "form": form,
        "may_decide": may_decide,
    }
    return render(request, "tracker/sources/superior.html", context, status=status)


def narrow(papers: list[Paper], state: str) -> None:
    """Leave of the papers' demands those in a state; all without one."""
    if state:
        for paper in papers:
            paper.asked = [one for one in paper.asked if one.state == state]


def _state(request: HttpRequest) -> str:
    chosen = request.GET.get("state", "")
    return chosen if chosen in STATES else ""


@require_GET
def superior_export(request: HttpRequest, pk: int) -> FileResponse:
    """The demands of the papers behind a source as a workbook."""
    source, state = _source(request, pk), _state(request)
    papers = papers_behind(source, plan=None)
    narrow(papers, state)
    return respond(request, superior_listing(source, papers, state=state), at=now())


@require_GET
def forward_export(request: HttpRequest, pk: int) -> FileResponse:
    """What the last period left open as a workbook."""
    source, actor = _source(request, pk), actor_of(request)
    target = Target.of(source, request.GET, actor=actor)
    found = left_open(source, into=target.plan, day=actor.day)
    return respond(request, left_open_listing(source, found), at=now())


@require_POST
def take_up(request: HttpRequest, pk: int, asked: int) -> HttpResponse:
    """Let a measure take up a superior's demand, or say with a reason that it is not for us."""
    source, actor = _source(request, pk), actor_of(request)
    target = Target.of(source, request.GET, actor=actor)
    action = get_object_or_404(Action.objects.filter(source__in=source.rests_on.all()), pk=asked)
    if "measure" in request.POST:
        measures = Measure.objects.filter(plan__organization=source.organization).select_related("plan")
        measure = get_object_or_404(measures, pk=number(request.POST.get("measure")) or 0)
        merge_actions(measure, [action], actor=actor, at=now())
        messages.success(request, _("“%(title)s” takes it up.") % {"title": measure.title})
    else:
        form = AsideForm(request.POST)
        if not form.is_valid():
            raise Refused(
                _("Say in a few words why this demand is not for you."), fields={"reason": _("Missing.")}
            )
        set_aside([action], reason=form.cleaned_data["reason"], actor=actor, at=now())
    return redirect(_address("tracker:source_superior", pk, target) + f"#asked-{asked}")


def forward(request: HttpRequest, pk: int) -> HttpResponse:
    """What the last period left open, beside the new source: each measure with the acts that settle it."""
    source, actor = _source(request, pk), actor_of(request)
    target = Target.of(source, request.GET, actor=actor)
    found = left_open(source, into=target.plan, day=actor.day)
    context = {
        "source": source,
        "target": target,
        "forward": found,
        "may_decide": is_office(actor, source.organization),
        "here": _address("tracker:source_forward", pk, target),
    }
    return render(request, "tracker/sources/forward.html", context)


def _address(route: str, pk: int, target: Target) -> str:
    return reverse(route, args=[pk]) + (f"?{target.query}" if target.query else "")


urlpatterns = [
    path("sources/<int:pk>/superior/", superior, name="source_superior"),
    path("sources/<int:pk>/superior/export/", superior_export, name="source_superior_export"),
    path("sources/<int:pk>/left-open/export/", forward_export, name="source_forward_export"),
    path("sources/<int:pk>/superior/<int:asked>/", take_up, name="source_take_up"),
    path("sources/<int:pk>/left-open/", forward, name="source_forward"),
]
