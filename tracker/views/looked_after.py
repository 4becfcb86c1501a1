"""``/looked-after/``: the organisations this person looks after as area liaison or linked leader (包联)."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from common.clock import local_date, now
from common.workdays import Calendar
from tracker.exporting import respond
from tracker.looked_after import charges_of, standings_of
from tracker.own_exports import looked_after_listing
from tracker.views.acts import actor_of

MOST = 300
"""More than anybody looks after; the page says so when it leaves some out."""


@require_GET
def looked_after(request: HttpRequest) -> HttpResponse:
    actor, calendar = actor_of(request), Calendar.load()
    day = local_date(now())
    charges = list(charges_of(actor)[: MOST + 1])
    context = {
        "rows": standings_of(actor, charges[:MOST], day=day, calendar=calendar),
        "more": len(charges) > MOST,
        "areas": list(actor.user.areas.all()),
    }
    return render(request, "tracker/looked_after/page.html", context)


@require_GET
def export(request: HttpRequest) -> FileResponse:
    """The same list as a workbook."""
    actor, at = actor_of(request), now()
    charges = list(charges_of(actor))
    standings = standings_of(actor, charges, day=local_date(at), calendar=Calendar.load())
    return respond(request, looked_after_listing(standings), at=at)


urlpatterns: list = [
    path("looked-after/", looked_after, name="looked_after"),
    path("looked-after/export/", export, name="looked_after_export"),
]
