"""The text of a source itself: the file as received, reading it again, and a corrected text in its place."""

from __future__ import annotations

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.clock import now
from common.errors import Refused
from tracker.correcting import correct_source
from tracker.forms.refusals import lead_to_error, put
from tracker.forms.sources import CorrectionForm
from tracker.models import Source
from tracker.rereading import reread
from tracker.views.acts import actor_of
from tracker.views.sources import desk_address, desk_context, open_desk


def source_file(request: HttpRequest, pk: int) -> FileResponse:
    """The file as received."""
    source = get_object_or_404(Source.objects.visible_to(actor_of(request)), pk=pk)
    if not source.original:
        raise Http404
    return FileResponse(
        source.original.open("rb"),
        as_attachment=True,
        filename=source.original_name,
        content_type="application/octet-stream",
    )


@require_POST
def read_again(request: HttpRequest, pk: int) -> HttpResponse:
    source, _desk, target = open_desk(request, pk)
    result = reread(source, actor=actor_of(request), at=now())
    sentence = _("Read again: %(added)s new, %(dropped)s no longer found, every decision kept.")
    messages.success(request, sentence % {"added": result.added, "dropped": result.dropped})
    return redirect(desk_address(pk, target))


def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """A corrected text in the place of this one; every decision on words it still has goes along."""
    source, desk, target = open_desk(request, pk)
    desk.require_office()
    form = CorrectionForm(request.POST or None, request.FILES or None, source=source)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"] or None
        try:
            corrected = correct_source(
                source,
                text=form.cleaned_data["text"],
                actor=actor_of(request),
                at=now(),
                original=file,
                original_name=file.name if file else "",
            )
        except Refused as refusal:
            put(form, refusal)
        else:
            sentence = _(
                "The corrected text is in place: %(carried)s decisions went along, %(lost)s did not."
            )
            messages.success(request, sentence % {"carried": corrected.carried, "lost": corrected.lost})
            return redirect(desk_address(corrected.source.pk, target))
    lead_to_error(form)
    context = desk_context(desk, target) | {"form": form}
    return render(request, "tracker/sources/correct.html", context, status=422 if form.errors else 200)


urlpatterns = [
    path("sources/<int:pk>/file/", source_file, name="source_file"),
    path("sources/<int:pk>/read-again/", read_again, name="source_reread"),
    path("sources/<int:pk>/correct/", correct, name="source_correct"),
]
