"""``/burden/``: what is asked of each branch, for those who ask it."""

from __future__ import annotations

from django.conf import settings
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from common.clock import local_date, now
from tracker.burden import KINDS, BurdenFilter, burden_listing, burden_of, month_name, periods_to_choose
from tracker.exporting import respond
from tracker.views.acts import actor_of

PAGE = 100


@require_GET
def burden_page(request: HttpRequest) -> HttpResponse:
    """One page of the rows; the sums are of all of them."""
    day = local_date(now())
    chosen = BurdenFilter(request.GET, actor=actor_of(request), day=day)
    burden = burden_of(chosen)
    periods = periods_to_choose(day)
    context = {
        "burden": burden,
        "filter": chosen,
        "page": Paginator(burden.rows, PAGE).get_page(request.GET.get("page")),
        "months": [month_name(month) for month in burden.months],
        "kinds": [(kind, label, burden.sums[kind], kind == chosen.kind) for kind, label in KINDS.items()],
        "periods": periods if chosen.period in periods else [chosen.period, *periods],
        "ceiling": settings.LOAD_CEILING,
    }
    return render(request, "tracker/burden/page.html", context)


@require_GET
def burden_export(request: HttpRequest) -> FileResponse:
    """The same as a workbook."""
    at = now()
    chosen = BurdenFilter(request.GET, actor=actor_of(request), day=local_date(at))
    return respond(request, burden_listing(burden_of(chosen)), at=at)


urlpatterns: list = [
    path("burden/", burden_page, name="burden"),
    path("burden/export/", burden_export, name="burden_export"),
]
