"""The lists as workbooks: each answers the address of its list with ``export/`` added, filters and all."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpRequest
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from common.clock import local_date, now
from common.workdays import Calendar
from tracker import list_exports
from tracker.exporting import respond, said
from tracker.finding_list import FindingFilter
from tracker.reviewing import queue_of
from tracker.task_list import TaskFilter
from tracker.views.acts import actor_of
from tracker.views.grid import grid_of
from tracker.views.plan_parts import plan_of, table_of
from tracker.views.tasks import words_of


@require_GET
def tasks(request: HttpRequest) -> FileResponse:
    """The list of tasks."""
    at, calendar = now(), Calendar.load()
    day = local_date(at)
    chosen = TaskFilter(request.GET, actor=actor_of(request), day=day, calendar=calendar)
    filters = _filters(chosen)
    return respond(
        request, list_exports.tasks_listing(chosen, filters=filters, day=day, calendar=calendar), at=at
    )


def _filters(chosen: TaskFilter) -> list[str]:
    on = chosen.chosen
    names = {
        "light": pgettext("task", "Light"),
        "plan": _("Plan"),
        "org": _("Unit"),
        "q": _("Search"),
    }
    lights = dict(chosen.fields["light"].choices)  # type: ignore[attr-defined]
    with_control = {name: lights[on[name]] if name == "light" else on[name] for name in names if name in on}
    words = [said(names[name], value) for name, value in with_control.items()]
    return [*words, *(str(text) for text in words_of(chosen).values())]


@require_GET
def findings(request: HttpRequest) -> FileResponse:
    """The list of findings."""
    at = now()
    day = local_date(at)
    chosen = FindingFilter(request.GET, actor=actor_of(request), day=day)
    return respond(request, list_exports.findings_listing(chosen, day=day, calendar=Calendar.load()), at=at)


@require_GET
def review(request: HttpRequest) -> FileResponse:
    """Everything that waits for this reviewer."""
    at = now()
    queue = queue_of(actor_of(request))
    listing = list_exports.queue_listing(queue, day=local_date(at), calendar=Calendar.load())
    return respond(request, listing, at=at)


@require_GET
def measures(request: HttpRequest, pk: int) -> FileResponse:
    """The measures of a plan in sight, those of them that the plan's page shows."""
    plan = plan_of(request, pk)
    return respond(request, list_exports.measures_listing(plan, table_of(request, plan)["rows"]), at=now())


@require_GET
def grid(request: HttpRequest) -> FileResponse:
    """All rows of the grid. Raises Http404 where there is no plan."""
    _plans, found = grid_of(request)
    if found is None:
        raise Http404
    return respond(request, list_exports.grid_listing(found), at=now())


urlpatterns: list = [
    path("tasks/export/", tasks, name="tasks_export"),
    path("findings/export/", findings, name="findings_export"),
    path("review/export/", review, name="review_export"),
    path("plans/<int:pk>/export/", measures, name="plan_export"),
    path("grid/export/", grid, name="grid_export"),
]
