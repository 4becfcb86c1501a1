"""Lists as a person has narrowed them, kept under a name and shown above the list."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.errors import Refused
from common.models import SavedFilter

AT_MOST = 12
"""For one list of one person; more would be a list of their own."""
PASSING = ("after", "before", "page", "saved")
"""Parameters that say where one is in a list, not what it shows."""
LISTS = frozenset({"/tasks/", "/grid/", "/findings/", "/sources/", "/inspections/", "/organizations/"})


def worth_saving(given: QueryDict) -> str:
    """The query of an address without what only says the place in the list; empty when nothing is narrowed."""
    query = given.copy()
    for name in PASSING:
        query.pop(name, None)
    for name in [name for name, values in query.lists() if not any(values)]:
        del query[name]
    return query.urlencode()


def save_filter(user: Any, *, path: str, query: str, name: str) -> SavedFilter:
    """Keep a narrowed list under a name; the same name again takes the place of the former.

    Raises Refused for a list that is none, nothing narrowed, a missing or long name, or when there are too many.
    """
    name = " ".join(name.split())
    if path not in LISTS:
        raise Refused(_("This list cannot be saved."))
    kept = worth_saving(QueryDict(query)) if len(query) <= 2000 else ""
    if not kept:
        raise Refused(_("Narrow the list first; then save what you see."))
    if not name or len(name) > 20:
        sentence = _("Give it a name of at most 20 characters.")
        raise Refused(sentence, fields={"name": sentence})
    if len(kept) > 500:
        raise Refused(_("These filters are too long to be saved. Leave some out."))
    with transaction.atomic():
        own = SavedFilter.objects.select_for_update().filter(user=user, path=path)
        if len(own.exclude(name=name)) >= AT_MOST:
            raise Refused(
                _("You have saved %(count)s filters for this list. Remove one first.") % {"count": AT_MOST}
            )
        saved, _created = SavedFilter.objects.update_or_create(
            user=user, path=path, name=name, defaults={"query": kept}
        )
    return saved


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Save the list one is looking at."""
    given = {field: request.POST.get(field, "") for field in ("path", "query", "name")}
    try:
        saved = save_filter(request.user, **given)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(_back(given["path"], given["query"]))
    messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
    return redirect(saved.url)


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a saved filter of one's own."""
    saved = get_object_or_404(SavedFilter, pk=pk, user=cast(Any, request.user))
    saved.delete()
    messages.success(request, _("“%(name)s” is removed.") % {"name": saved.name})
    return redirect(saved.path)


def _back(path: str, query: str) -> str:
    """The list again; nowhere but to a list of ours."""
    if path not in LISTS:
        return "/"
    kept = worth_saving(QueryDict(query[:2000]))
    return f"{path}?{kept}" if kept else path


urlpatterns = [
    path("filters/", save, name="filter_save"),
    path("filters/<int:pk>/remove/", remove, name="filter_remove"),
]
