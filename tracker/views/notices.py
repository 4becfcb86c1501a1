"""Notices: the list behind the bell."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from common.clock import now
from tracker.exporting import respond
from tracker.models import Notice
from tracker.notices import address_of, look_of, mark_read, sentence_of, unread
from tracker.own_exports import notices_listing
from tracker.views.acts import actor_of

PAGE = 40


@require_GET
def notice_list(request: HttpRequest) -> HttpResponse:
    """``/notices/``: one's own notices, newest first; ``?unread=1`` leaves out what was read."""
    user = actor_of(request).user
    waiting = Notice.objects.filter(unread(user)).count()
    only_unread, shown = _mine(request)
    after = request.GET.get("after", "")
    if after.isdecimal() and len(after) < 19:
        shown = shown.filter(pk__lt=int(after))
    # By key, which rises with time: notices are only ever added.
    rows = list(shown.select_related("task__organization")[: PAGE + 1])
    more, rows = len(rows) > PAGE, rows[:PAGE]
    keep = "unread=1&" if only_unread else ""
    return render(
        request,
        "tracker/notices/list.html",
        {
            "notices": [_shown(notice) for notice in rows],
            "waiting": waiting,
            "only_unread": only_unread,
            "all_shown": not only_unread,
            "next_url": f"?{keep}after={rows[-1].pk}" if more else "",
        },
    )


@require_GET
def export(request: HttpRequest) -> FileResponse:
    """The same list as a workbook, all pages of it."""
    only_unread, mine = _mine(request)
    return respond(request, notices_listing(mine, only_unread=only_unread), at=now())


def _mine(request: HttpRequest) -> tuple[bool, QuerySet[Notice]]:
    """Whether only unread ones are asked for, and one's own notices, newest first."""
    only_unread = request.GET.get("unread") == "1"
    mine = Notice.objects.filter(recipient=actor_of(request).user).order_by("-pk")
    return only_unread, mine.filter(read_at__isnull=True) if only_unread else mine


def _shown(notice: Notice) -> dict[str, Any]:
    icon, tone = look_of(notice)
    return {"notice": notice, "sentence": sentence_of(notice), "icon": icon, "tone": tone}


@require_GET
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """``/notices/<pk>/``: leads to what the notice is about; opening marks it as read."""
    user = actor_of(request).user
    notice = get_object_or_404(Notice, pk=pk, recipient=user)
    mark_read(Notice.objects.filter(pk=pk), user=user, at=now())
    return redirect(address_of(notice))


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all of one's notices as read."""
    user = actor_of(request).user
    if mark_read(Notice.objects.all(), user=user, at=now()):
        messages.success(request, _("All notices are marked as read."))
    return redirect("tracker:notices")


urlpatterns: list = [
    path("notices/", notice_list, name="notices"),
    path("notices/export/", export, name="notices_export"),
    path("notices/read/", read_all, name="read_notices"),
    path("notices/<int:pk>/", open_notice, name="notice"),
]
