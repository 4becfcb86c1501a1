"""``/looked-after/``: the organisations this person looks after as area liaison or linked leader (包联)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from common.clock import local_date, now
from common.workdays import Calendar
from tracker.looked_after import charges_of, standings_of
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


urlpatterns: list = [path("looked-after/", looked_after, name="looked_after")]
