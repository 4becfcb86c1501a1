"""``/calendar/<token>.ics``: a person's due dates for their calendar program. The token alone opens it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils import translation
from django.views.decorators.http import require_safe

from branches.access import Actor
from branches.feeds import owner_of
from common.clock import local_date, now
from tracker.calendar_feed import dues_of, icalendar


@login_not_required
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The owner's due dates by today's posts; an unknown or revoked token does not exist."""
    user, at = owner_of(token), now()
    if user is None:
        raise Http404
    with translation.override(settings.LANGUAGE_CODE):
        root = f"{request.scheme}://{request.get_host()}"
        dues = dues_of(Actor.on(user, local_date(at)))
        content = icalendar(dues, host=request.get_host().split(":")[0], root=root, at=at)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Cache-Control"] = "private, no-store"
    response["Content-Disposition"] = 'inline; filename="bihuan.ics"'
    response["Referrer-Policy"] = "no-referrer"
    return response


urlpatterns = [path("calendar/<str:token>.ics", feed, name="feed")]
