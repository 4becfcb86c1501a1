"""Pages of a plan's measures as a spreadsheet: out as a workbook, back with a dry run, rows pasted the same way."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from branches.roster.faults import Fault
from branches.roster.marking import headings_of, write_marked
from branches.roster.reading import RawSheet
from common.addresses import client_address
from common.audit import record
from common.clock import local_date, now
from common.errors import Refused
from common.models import AuditEntry
from tracker.exporting import MEDIA_TYPE
from tracker.measure_table.checking import Found, check_table
from tracker.measure_table.follow_through import write_follow_through
from tracker.measure_table.importing import import_table
from tracker.measure_table.reading import MAX_ROWS, held, let_go, read_cells, read_file, read_pasted
from tracker.measure_table.writing import write_table
from tracker.models import Plan
from tracker.transitions.parties import require_edit
from tracker.views.acts import actor_of
from tracker.views.plan_parts import plan_of, table_of

FAULTS_SHOWN = 200


@require_GET
def export(request: HttpRequest, pk: int) -> FileResponse:
    """The task list as a workbook; who took it stands in the audit log."""
    return _list_of(request, pk, write_table, "")


@require_GET
def follow_through(request: HttpRequest, pk: int) -> FileResponse:
    """The same measures as a supervision office lists them; who took it stands in the audit log."""
    return _list_of(request, pk, write_follow_through, pgettext("follow-through", "Follow-through list"))


def _list_of(request: HttpRequest, pk: int, write: Callable[..., int], layout: str) -> FileResponse:
    plan, actor, at = plan_of(request, pk), actor_of(request), now()
    target = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it when it is sent
    rows = write(target, plan, actor=actor, at=at)
    target.seek(0)
    title = " ".join(filter(None, [plan.title, layout]))
    data = {"list": title, "rows": rows}
    record(AuditEntry.Kind.EXPORT, at=at, user=actor.user, address=client_address(request), data=data)
    return _workbook(target, f"{title} {local_date(at):%Y-%m-%d}.xlsx")


@require_http_methods(["GET", "POST"])
@never_cache
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Export, upload and paste; what is handed in is looked at and shown, nothing is changed yet."""
    plan = plan_of(request, pk)
    require_edit(actor_of(request), plan)
    if request.method == "GET":
        return _render(request, plan, {})
    pasted = request.POST.get("pasted", "")
    uploaded = request.FILES.get("file")
    try:
        if uploaded is not None:
            sheets, name = read_file(uploaded), uploaded.name or ""
        else:
            sheets, name = read_pasted(pasted), _("Pasted rows")
    except Refused as refusal:
        at_file = uploaded is not None or not pasted.strip()
        context = {"problem": str(refusal), "at_file": at_file, "pasted": pasted}
        return _render(request, plan, context, status=422)
    found = check_table(plan, sheets, actor=actor_of(request))
    return _render_found(request, plan, sheets, found, name=name, pasted="" if uploaded else pasted)


@require_POST
@never_cache
def take_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Take over what was looked at: checked again, all or nothing."""
    plan = plan_of(request, pk)
    require_edit(actor_of(request), plan)
    try:
        name, sheets = let_go(request.POST.get("held", ""), plan)
    except Refused as refusal:
        return _render(request, plan, {"problem": str(refusal), "at_file": True}, status=422)
    found = import_table(
        plan, sheets, actor=actor_of(request), at=now(), name=name, address=client_address(request)
    )
    if found.faults:
        return _render_found(request, plan, sheets, found, name=name)
    messages.success(request, _("Taken over: %(what)s.") % {"what": _figures(found)})
    return redirect("tracker:plan", pk)


@require_POST
@never_cache
def cells(request: HttpRequest, pk: int) -> JsonResponse:
    """Cells of the draft table, edited or pasted in place: the same check, all or nothing, and what stands there now.

    Answers ``{"rows": {id: {"version", "html"}}}``, or 422 with ``message`` and ``faults`` (row from 0, column, sentence).
    """
    plan = plan_of(request, pk)
    actor = actor_of(request)
    require_edit(actor, plan)
    try:
        sheets = read_cells(json.loads(request.body or b"null"))
    except (ValueError, RecursionError) as error:
        raise Refused(
            _("These cells are incomplete. Open the page again and enter them once more.")
        ) from error
    found = import_table(plan, sheets, actor=actor, at=now(), name="", address=client_address(request))
    if found.faults:
        names = {place + 1: name for name, place in sheets[0].columns.items()}
        faults = [[fault.row - 1, names.get(fault.column, ""), _cell_said(fault)] for fault in found.faults]
        return JsonResponse({"message": faults[0][2], "faults": faults}, status=422)
    context = table_of(request, plan)
    changed = {change.measure.pk for change in found.changed if change.measure}
    last = len(context["rows"]) - 1
    rows = {
        row.measure.pk: {
            "version": row.measure.version,
            "html": render_to_string(
                "tracker/plans/_draft_row.html",
                {**context, "row": row, "first": number == 0, "last": number == last},
                request,
            ),
        }
        for number, row in enumerate(context["rows"])
        if row.measure.pk in changed
    }
    return JsonResponse({"rows": rows})


@require_POST
@never_cache
def marked(request: HttpRequest, pk: int) -> FileResponse:
    """A copy of what was handed in with its errors marked; it can be mended and uploaded as it is."""
    plan = plan_of(request, pk)
    require_edit(actor_of(request), plan)
    name, sheets = let_go(request.POST.get("held", ""), plan)
    found = check_table(plan, sheets, actor=actor_of(request))
    target = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it when it is sent
    write_marked(target, sheets, found.faults)
    target.seek(0)
    return _workbook(target, _("%(name)s (errors marked).xlsx") % {"name": name.rpartition(".")[0] or name})


def _workbook(target: Any, name: str) -> FileResponse:
    response = FileResponse(target, as_attachment=True, filename=name, content_type=MEDIA_TYPE)
    response["Cache-Control"] = "private, no-store"
    return response


def _render_found(
    request: HttpRequest, plan: Plan, sheets: list[RawSheet], found: Found, *, name: str, pasted: str = ""
) -> HttpResponse:
    headings = headings_of(sheets[0])
    context = {
        "found": found,
        "figures": _figures(found),
        "name": name,
        "pasted": pasted,
        "faults": [(fault, headings.get(fault.column, "")) for fault in found.faults[:FAULTS_SHOWN]],
        "more_faults": max(len(found.faults) - FAULTS_SHOWN, 0),
        "held": held(sheets, plan, name=name),
    }
    return _render(request, plan, context, status=422 if found.faults else 200)


def _cell_said(fault: Fault) -> str:
    """A fault at a cell of the page, where nobody has exported anything."""
    if fault.code == "changed_since":
        return _(
            "Somebody else changed this measure in the meantime. What you typed is still here: compare and save."
        )
    return fault.sentence


def _figures(found: Found) -> str:
    """How many of what, in one line."""
    new, changed = len(found.new), len(found.changed)
    told = [
        ngettext("%(n)s new measure", "%(n)s new measures", new) % {"n": new},
        ngettext("%(n)s changed", "%(n)s changed", changed) % {"n": changed},
        ngettext("%(n)s unchanged", "%(n)s unchanged", found.unchanged) % {"n": found.unchanged},
    ]
    if found.missing:
        missing = ngettext(
            "%(n)s not in the table, left alone", "%(n)s not in the table, left alone", found.missing
        )
        told.append(missing % {"n": found.missing})
    return "，".join(told)


def _render(request: HttpRequest, plan: Plan, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return render(
        request, "tracker/plans/table.html", {"plan": plan, "most": MAX_ROWS} | context, status=status
    )


urlpatterns = [
    path("plans/<int:pk>/table/", page, name="plan_table"),
    path("plans/<int:pk>/table/export/", export, name="plan_table_export"),
    path("plans/<int:pk>/follow-through/", follow_through, name="plan_follow_through"),
    path("plans/<int:pk>/table/import/", take_over, name="plan_table_import"),
    path("plans/<int:pk>/table/cells/", cells, name="plan_table_cells"),
    path("plans/<int:pk>/table/marked/", marked, name="plan_table_marked"),
]
