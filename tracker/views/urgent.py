"""``/tasks/new/``: give out one urgent task that no plan foresaw."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from branches.models import Organization
from common.clock import now
from common.errors import NotAllowed, Refused
from tracker.forms.refusals import lead_to_error, put
from tracker.forms.urgent import UrgentForm
from tracker.urgent import assign_urgently
from tracker.views.acts import actor_of
from tracker.views.sources import offices_of

FOUND = 40


@require_http_methods(["GET", "POST"])
def urgent_new(request: HttpRequest) -> HttpResponse:
    """One page; sent, it leads to where the making of the tasks can be watched."""
    actor = actor_of(request)
    offices = offices_of(actor)
    organization = _chosen(request, offices)
    sent = request.POST if request.method == "POST" else None
    form = UrgentForm(sent, organization=organization, day=actor.day, initial={"evidence_required": True})
    clashes: list[Any] = []
    status = 200
    if sent is not None and "find" not in sent:
        status = 422
        if form.is_valid():
            try:
                measure = assign_urgently(
                    organization,
                    actor=actor,
                    at=now(),
                    fields=form.values(),
                    receivers=form.cleaned_data["receivers"],
                    keep_reason=form.cleaned_data["keep_reason"],
                    load_consent=form.cleaned_data["load_consent"],
                )
            except Refused as refusal:
                put(form, refusal)
                clashes, status = getattr(refusal, "clashes", []), refusal.status
            else:
                return redirect("tracker:plan_progress", measure.plan_id)
        lead_to_error(form)
    context = {
        "form": form,
        "organization": organization,
        "offices": offices,
        "clashes": clashes,
        "asks_reason": bool(clashes) or bool(form["keep_reason"].value()),
        "asks_consent": "load_consent" in form.errors or bool(form["load_consent"].value()),
        "found": _found(request, organization),
    }
    return render(request, "tracker/urgent/new.html", context, status=status)


@require_GET
def organizations(request: HttpRequest) -> HttpResponse:
    """Part of the form: the units that are ticked, and those a search finds."""
    organization = _chosen(request, offices_of(actor_of(request)))
    ticked = [
        int(v) for v in request.GET.getlist("receivers") if v.isascii() and v.isdecimal() and len(v) < 19
    ]
    within = Organization.objects.below(organization)
    context = {"chosen": within.filter(pk__in=ticked), "found": _found(request, organization)}
    return render(request, "tracker/plans/_receivers.html", context)


def _chosen(request: HttpRequest, offices: list[Organization]) -> Organization:
    """For whom the person gives it out: the one named, else the first of the offices."""
    if not offices:
        raise NotAllowed(
            _("Only the office of an organization gives out tasks. Ask your Party-affairs clerk.")
        )
    given = request.POST if request.method == "POST" else request.GET
    return next((o for o in offices if str(o.pk) == given.get("office")), offices[0])


def _found(request: HttpRequest, organization: Organization) -> list[Organization]:
    given = request.POST if request.method == "POST" else request.GET
    q = given.get("org_q", "").replace("\0", "").strip()[:40]
    if not q:
        return []
    within = Organization.objects.below(organization).active_on(actor_of(request).day)
    fitting = (
        within.filter(name__icontains=q) | within.filter(short_name__icontains=q) | within.filter(code=q)
    )
    ticked = [v for v in given.getlist("receivers") if v.isascii() and v.isdecimal() and len(v) < 19]
    return list(fitting.exclude(pk__in=ticked)[:FOUND])


urlpatterns: list = [
    path("tasks/new/", urgent_new, name="urgent_new"),
    path("tasks/new/organizations/", organizations, name="urgent_organizations"),
]
