"""The office's lists as workbooks: each answers the address of its list with ``export/`` added, filters and all."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from common.clock import local_date, now
from common.workdays import Calendar
from tracker import office_exports
from tracker.exporting import respond
from tracker.gaps import gaps_in_sight, spelled_out
from tracker.left_behind import never_acting
from tracker.models import Inspection, Plan, Source
from tracker.office_exports import searched
from tracker.plan_table import standings_by_plan
from tracker.views.acts import actor_of
from tracker.views.inspections import inspections_found
from tracker.views.plans import plans_found
from tracker.views.review import waiting_measures
from tracker.views.sources import sources_found


def _q(request: HttpRequest) -> str:
    return request.GET.get("q", "").replace("\0", "").strip()[:100]


@require_GET
def sources(request: HttpRequest) -> FileResponse:
    """The list of sources."""
    q, category = _q(request), request.GET.get("category", "")
    only_open = bool(request.GET.get("open"))
    found = sources_found(actor_of(request), q=q, category=category, only_open=only_open)
    known = category in Source.Category.values
    words = searched(q, choice=(_("Category"), Source.Category(category).label) if known else None)
    filters = [*words, *([_("Not fully decided")] if only_open else [])]
    return respond(request, office_exports.sources_listing(found, filters=filters), at=now())


@require_GET
def plans(request: HttpRequest) -> FileResponse:
    """The list of plans."""
    actor, at = actor_of(request), now()
    q, state = _q(request), request.GET.get("state", "")
    found = list(plans_found(actor, q=q, state=state))
    counts = standings_by_plan(found, actor=actor, day=local_date(at))
    known = state in Plan.State.values
    filters = searched(q, choice=(_("State"), Plan.State(state).label) if known else None)
    return respond(request, office_exports.plans_listing(found, counts, filters=filters), at=at)


@require_GET
def inspections(request: HttpRequest) -> FileResponse:
    """The list of inspections."""
    q, state = _q(request), request.GET.get("state", "")
    found = inspections_found(actor_of(request), q=q, state=state)
    known = state in Inspection.State.values
    filters = searched(q, choice=(_("State"), Inspection.State(state).label) if known else None)
    return respond(request, office_exports.inspections_listing(found, filters=filters), at=now())


@require_GET
def silent(request: HttpRequest) -> FileResponse:
    """Who has not acted for long while tasks wait, in sight."""
    at = now()
    posts = never_acting(actor_of(request), day=local_date(at), calendar=Calendar.load())
    return respond(request, office_exports.silent_listing(posts), at=at)


@require_GET
def gaps(request: HttpRequest) -> FileResponse:
    """Every gap of the chain in sight."""
    at = now()
    found = spelled_out(gaps_in_sight(actor_of(request), day=local_date(at)))
    return respond(request, office_exports.gaps_listing(found), at=at)


@require_GET
def measures_to_verify(request: HttpRequest) -> FileResponse:
    """The measures that wait to be verified."""
    return respond(request, office_exports.to_verify_listing(waiting_measures(request)), at=now())


urlpatterns: list = [
    path("sources/export/", sources, name="sources_export"),
    path("plans/export/", plans, name="plans_export"),
    path("inspections/export/", inspections, name="inspections_export"),
    path("tasks/gaps/export/", gaps, name="gaps_export"),
    path("tasks/silent/export/", silent, name="silent_export"),
    path("review/measures/export/", measures_to_verify, name="measures_to_verify_export"),
]
