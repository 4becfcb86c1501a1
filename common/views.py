"""Pages for what went wrong: each says what to do. Parts of pages get the bare sentence, shown as a toast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Refused

TITLES = {
    400: gettext_lazy("This cannot be done"),
    403: gettext_lazy("You may not do this"),
    404: gettext_lazy("There is no such page"),
    409: gettext_lazy("Somebody else was first"),
}
CODES = {400: "bad_request", 403: "permission_denied", 404: "not_found", 409: "stale", 500: "server_error"}
"""What programs are told instead of a page, in the one shape of ``common.errors``."""
ADVICE = {
    400: gettext_lazy("The request could not be understood. Go back, check what you entered and try again."),
    403: gettext_lazy(
        "Your posts do not include this act. If they should, ask your committee or the administrator."
    ),
    404: gettext_lazy(
        "The address may be mistyped or out of date, or the page lies outside your organizations."
    ),
    409: gettext_lazy("Go back, reload the page, and look at what has changed before you try again."),
}


def refused(request: HttpRequest, exception: Refused) -> HttpResponse:
    """The answer to an act that was refused: its sentence, with its status."""
    return _problem(request, exception.status, reason=str(exception), details=list(exception.fields.values()))


@login_not_required
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django names it
    """400: the request could not be understood."""
    return _problem(request, 400)


@login_not_required
def permission_denied(request: HttpRequest, exception: PermissionDenied) -> HttpResponse:
    """403 with the reason, where one was given."""
    return _problem(request, 403, reason=str(exception))


@login_not_required
def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """404: no such page, or none in this person's sight; which of the two is not said."""
    return _problem(request, 404)


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """403: the form's token does not fit the session, mostly after signing in again in another tab."""
    return _problem(
        request,
        403,
        title=_("This form is out of date"),
        reason=_(
            "You have signed in again since the page was opened, or cookies are blocked. Nothing was saved."
        ),
        details=[
            _(
                "Go back (what you typed is still there), copy longer texts, reload the page and send it again."
            )
        ],
    )


@login_not_required
def server_error(request: HttpRequest) -> HttpResponse:
    """500, drawn without the database; if even that fails, in plain words."""
    sentence = _(
        "Something went wrong on the server. Nothing was changed: try again, and tell the administrator if it "
        "happens again."
    )
    if not _is_part(request):
        try:
            return HttpResponse(render_to_string("500.html", {"sentence": sentence}), status=500)
        except Exception:  # noqa: BLE001, S110 - whatever broke the page may break this one, too
            pass
    return _plain(sentence, 500)


def _is_part(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _plain(sentence: str, status: int) -> HttpResponse:
    return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")


def _problem(
    request: HttpRequest, status: int, *, title: str = "", reason: str = "", details: Sequence[Any] = ()
) -> HttpResponse:
    known = status if status in TITLES else 400
    if _is_part(request):
        return _plain("\n".join([reason or str(ADVICE[known]), *map(str, details)]), status)
    if request.path.startswith("/api/"):
        sentence = reason or str(ADVICE[known])
        return JsonResponse({"code": CODES[known], "message": sentence, "fields": {}}, status=status)
    context = {
        "status": status,
        "title": title or TITLES[known],
        "reason": reason,
        "details": details,
        "advice": "" if reason else ADVICE[known],
        "layout": "base.html" if getattr(request, "actor", None) else "alone.html",
    }
    return render(request, "problem.html", context, status=status)
