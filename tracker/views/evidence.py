"""Evidence of tasks and findings: taken in, and given out as downloads to those who see them."""

from __future__ import annotations

from typing import TypeVar

from django.contrib import messages
from django.db.models import Q
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from common.clock import now
from common.errors import NotAllowed, Refused, Stale
from tracker import evidence
from tracker.models import Evidence, Finding, Task
from tracker.views.acts import actor_of

S = TypeVar("S", bound=Task | Finding)


@require_POST
def add_evidence(request: HttpRequest, pk: int) -> HttpResponse:
    """Attach one or several files to a task; each is taken or refused by itself, with its sentence."""
    task = get_object_or_404(Task.objects.visible_to(actor_of(request)), pk=pk)
    return _add(request, task, page=reverse("tracker:task", args=[pk]))


@require_POST
def finding_add_evidence(request: HttpRequest, pk: int) -> HttpResponse:
    """The same for a finding that is being put right."""
    finding = get_object_or_404(Finding.objects.visible_to(actor_of(request)), pk=pk)
    return _add(request, finding, page=reverse("tracker:finding", args=[pk]))


@require_GET
def evidence_file(request: HttpRequest, pk: int, evidence_pk: int) -> FileResponse:
    """One file of a task as a download, for whoever sees the task."""
    tasks = Task.objects.visible_to(actor_of(request)).filter(pk=pk)
    return _download(request, Q(task__in=tasks), evidence_pk)


@require_GET
def finding_evidence_file(request: HttpRequest, pk: int, evidence_pk: int) -> FileResponse:
    """One file of a finding as a download, for whoever sees the finding."""
    findings = Finding.objects.visible_to(actor_of(request)).filter(pk=pk)
    return _download(request, Q(finding__in=findings), evidence_pk)


def attach_along(request: HttpRequest, subject: S) -> S:
    """Attach the files that came with a form; the form itself then goes on from the newer version.

    Raises Refused for the first file that is not taken, and Stale if somebody else acted in between.
    """
    for upload in request.FILES.getlist("files"):
        before = subject.version
        subject = evidence.attach(subject, upload=upload, actor=actor_of(request), at=now())
        if subject.version != before + 1:
            raise Stale(
                _("Somebody else acted on this in the meantime. Look at the present state and decide again.")
            )
    return subject


def _add(request: HttpRequest, subject: Task | Finding, *, page: str) -> HttpResponse:
    taken, uploads = 0, request.FILES.getlist("files")
    wanted = request.POST.get("replaces", "")
    replaces = int(wanted) if wanted.isdecimal() and len(wanted) < 19 else None
    if replaces and len(uploads) > 1:
        messages.error(request, _("Choose one file: it becomes the newer version of the other."))
        return redirect(f"{page}#evidence")
    for upload in uploads:
        try:
            evidence.attach(subject, upload=upload, actor=actor_of(request), at=now(), replaces=replaces)
            taken += 1
        except Refused as refusal:
            messages.error(request, str(refusal))
    if taken:
        sentence = (
            _("The newer version is attached; the earlier one stays below it.")
            if replaces
            else ngettext("%(count)s file attached", "%(count)s files attached", taken) % {"count": taken}
        )
        messages.success(request, sentence)
    if not uploads:
        messages.error(request, _("Choose a file or take a photo first."))
    return redirect(f"{page}#evidence")


def _download(request: HttpRequest, in_sight: Q, evidence_pk: int) -> FileResponse:
    """Raises Http404 for what is out of sight, NotAllowed for what its scan keeps back."""
    item = get_object_or_404(Evidence.objects.select_related("file").filter(in_sight), pk=evidence_pk)
    if reason := evidence.why_withheld(item, actor=actor_of(request)):
        raise NotAllowed(reason, code="withheld")
    response = FileResponse(
        evidence.open_file(item.file),
        as_attachment=True,
        filename=item.name,
        content_type=item.file.media_type,
    )
    # What a stranger uploaded never runs in this site's name, even if a browser were to show it.
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-cache"
    return response


urlpatterns: list = [
    path("tasks/<int:pk>/evidence/", add_evidence, name="add_evidence"),
    path("tasks/<int:pk>/evidence/<int:evidence_pk>/", evidence_file, name="evidence_file"),
    path("findings/<int:pk>/evidence/", finding_add_evidence, name="finding_add_evidence"),
    path(
        "findings/<int:pk>/evidence/<int:evidence_pk>/", finding_evidence_file, name="finding_evidence_file"
    ),
]
