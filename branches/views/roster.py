"""``/roster/``: organizations and posts as a workbook, in and out, for those who look after them."""

from __future__ import annotations

import io

from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from branches.access import Actor
from branches.models import RosterFile
from branches.roster import files
from branches.roster.exporting import write_template
from branches.roster.faults import Fault, from_json
from branches.roster.layout import SHEETS
from branches.roster.reach import ORGANIZERS
from branches.roster.saying import lines_of
from common.addresses import client_address
from common.clock import local_date, now
from common.errors import NotAllowed, Refused
from common.templatetags.ui import job_progress

PAGE = 100
LATEST = 50
Stage = RosterFile.Stage
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _keeper(request: HttpRequest) -> Actor:
    """The administrator or security officer who asks. Raises NotAllowed for anybody else."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    files.top_of(actor)
    return actor


def _in_sight(actor: Actor, pk: int) -> RosterFile:
    found = (
        files.files_of(actor).select_related("asked_by", "released_by", "organization").filter(pk=pk).first()
    )
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The template, the export, the upload, and what was imported and exported lately."""
    actor = _keeper(request)
    problem = ""
    if request.method == "POST":
        uploaded = request.FILES.get("file")
        if uploaded is None:
            problem = _("Choose a file first.")
        else:
            try:
                received = files.receive_roster(uploaded, actor=actor, at=now())
            except NotAllowed:
                raise
            except Refused as refusal:
                problem = f"{uploaded.name}: {refusal}"
            else:
                return redirect("branches:roster_file", pk=received.pk)
    found = files.files_of(actor).select_related("asked_by").defer("faults", "accounts")[:LATEST]
    context = {"files": found, "problem": problem, "top": files.top_of(actor), "kept_days": files.KEPT_DAYS}
    return render(request, "branches/roster/index.html", context, status=422 if problem else 200)


@require_GET
def template(request: HttpRequest) -> FileResponse:
    """The empty workbook with drop-downs, examples and explanations."""
    _keeper(request)
    held = io.BytesIO()
    write_template(held)
    held.seek(0)
    return FileResponse(held, as_attachment=True, filename=_("Roster template.xlsx"), content_type=WORKBOOK)


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """Ask for an export; its page shows how far it is."""
    return redirect("branches:roster_file", pk=files.request_export(actor=_keeper(request), at=now()).pk)


@require_GET
@never_cache
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One file: how far it is, what is wrong with it, what it would change, what it has changed."""
    actor = _keeper(request)
    roster = _in_sight(actor, pk)
    job = roster.job
    here = reverse("branches:roster_file", args=[pk])
    waits = job is not None and (job.is_open or job.state == job.State.FAILED)
    if request.headers.get("HX-Request"):
        if waits:
            assert job
            return render(request, "partials/job_progress.html", job_progress(job, here))
        return HttpResponse(status=204, headers={"HX-Redirect": here})
    found = [from_json(values) for values in roster.faults]
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    waiting = 0
    if roster.stage == Stage.IMPORTED and actor.roles & ORGANIZERS:
        waiting = files.waiting_accounts(roster, actor).count()
    return render(
        request,
        "branches/roster/file.html",
        {
            "roster": roster,
            "job": job if waits else None,
            "here": here,
            "page": page,
            "faults": [(fault, _heading(roster, fault)) for fault in page],
            "changes": lines_of(roster.figures) if roster.kind == RosterFile.Kind.IMPORT else [],
            "why_not": files.why_not_release(roster, actor) if roster.stage == Stage.READY else "",
            "waiting": waiting,
        },
    )


def _heading(roster: RosterFile, fault: Fault) -> str:
    """What stands above a fault's column, in the reader's language."""
    name = roster.figures.get("headings", {}).get(fault.sheet, {}).get(str(fault.column))
    columns = {column.name: column for sheet in SHEETS for column in sheet.columns}
    return str(columns[name].label) if name in columns else ""


@require_POST
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Import a checked file."""
    actor = _keeper(request)
    files.release_roster(_in_sight(actor, pk), actor=actor, at=now())
    return redirect("branches:roster_file", pk=pk)


@require_GET
@never_cache
def download(request: HttpRequest, pk: int, which: str) -> FileResponse:
    """``file``: what was uploaded or exported. ``marked``: the copy with its errors marked."""
    roster = _in_sight(_keeper(request), pk)
    stored = {"file": roster.file, "marked": roster.marked}.get(which)
    if not stored:
        raise Http404
    name = roster.name
    if which == "marked":
        stem = name.rpartition(".")[0] or name
        name = _("%(name)s (errors marked).xlsx") % {"name": stem}
    return FileResponse(stored.open("rb"), as_attachment=True, filename=name)


@require_POST
@never_cache
def passwords(request: HttpRequest, pk: int) -> FileResponse:
    """Make initial passwords for an import's unused accounts and hand the list out; it is kept nowhere."""
    actor = _keeper(request)
    roster = _in_sight(actor, pk)
    held, at = io.BytesIO(), now()
    files.hand_out(
        roster,
        held,
        actor=actor,
        at=at,
        address=request.build_absolute_uri("/"),
        client=client_address(request),
    )
    held.seek(0)
    name = _("Initial passwords %(day)s.xlsx") % {"day": f"{local_date(at):%Y-%m-%d}"}
    return FileResponse(held, as_attachment=True, filename=name, content_type=WORKBOOK)
