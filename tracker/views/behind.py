"""Beside a new source: what its superior's papers ask, and what the last period left open."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.clock import now
from common.errors import Refused
from tracker.carry_forward import left_open
from tracker.deciding import Target
from tracker.forms.refusals import put
from tracker.forms.sources import AsideForm, RestsOnForm
from tracker.models import Action, Measure, Source
from tracker.plans import merge_actions
from tracker.sources import set_aside
from tracker.superior import papers_behind, rest_on
from tracker.transitions.parties import is_office
from tracker.views.acts import actor_of
from tracker.views.plan_parts import number

FILTERS = ("open", "taken", "aside")


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
    chosen = request.GET.get("state", "")
    total = sum(len(paper.asked) for paper in papers)
    settled = sum(paper.settled for paper in papers)
    if chosen in FILTERS:
        for paper in papers:
            paper.asked = [one for one in paper.asked if one.state == chosen]
    context = {
        "source": source,
        "target": target,
        "papers": papers,
        "total": total,
        "settled": settled,
        "state": chosen if chosen in FILTERS else "",
        "form": form,
        "may_decide": may_decide,
    }
    return render(request, "tracker/sources/superior.html", context, status=status)


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
    path("sources/<int:pk>/superior/<int:asked>/", take_up, name="source_take_up"),
    path("sources/<int:pk>/left-open/", forward, name="source_forward"),
]
