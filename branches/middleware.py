"""Who is asking: the person with today's posts, whether they have been away too long, what they must do first."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from branches.access import Actor
from branches.models import User
from branches.passwords import why_change
from branches.second_factor import has_second_factor
from common.addresses import client_address
from common.audit import record
from common.clock import now, today
from common.errors import NotAllowed
from common.models import AuditEntry

Answer = Callable[[HttpRequest], HttpResponse]
SEEN = "seen"
"""Session key: when this session last asked for anything, in seconds."""
WHY = "why"
"""Cookie: why the last session ended, until the sign-in page has said it."""
OUTSIDE = "signed_in_elsewhere"
"""Session key: the organisation's own identity provider vouched for the person; our password rules do not apply."""


class ActorMiddleware:
    """After authentication. Posts are read at each request, so a withdrawn right ends at once."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        def load() -> Actor | None:
            return Actor.on(request.user, today()) if request.user.is_authenticated else None

        request.actor = SimpleLazyObject(load)  # type: ignore[attr-defined]
        return self.get_response(request)


class SessionEndMiddleware:
    """Right after authentication: ends idle sessions, and lets the sign-in page say why a session has ended.

    A session that was not used for ``IDLE_SECONDS`` is over, whatever its cookie says. Who is sent to the door learns the
    reason and comes back afterwards to the page they were on; what they were typing is kept by the page's draft. A form
    sent too late leads back to the page it stood on, never to the address it was sent to.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        owner = request.session.get(SESSION_KEY)
        why = ""
        if owner is not None and not request.user.is_authenticated:
            why = "closed" if User.objects.filter(pk=owner, is_active=False).exists() else "elsewhere"
            request.session.flush()
        elif owner is not None:
            why = self._age(request)
        response = self.get_response(request)
        if why:
            # A part of a page is asked for first and the page itself afterwards: the reason must outlive one request.
            response.set_cookie(
                WHY, why, max_age=300, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
            )
        return _back_to_the_page(request, response)

    def _age(self, request: HttpRequest) -> str:
        at = int(now().timestamp())
        seen = request.session.get(SEEN, at)
        if settings.IDLE_SECONDS and at - seen > settings.IDLE_SECONDS:
            logout(request)
            return "idle"
        # Not at every request: a write to the database for each would be the dearest part of most pages.
        if SEEN not in request.session or at - seen >= min(60, settings.IDLE_SECONDS / 10 or 60):
            request.session[SEEN] = at
        return ""


def _back_to_the_page(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    door = resolve_url(settings.LOGIN_URL)
    if request.method in ("GET", "HEAD") or not response.headers.get("Location", "").startswith(door + "?"):
        return response
    page = urlsplit(request.headers.get("Referer", ""))
    own = page.netloc == request.get_host()
    came_from = (page.path + (f"?{page.query}" if page.query else "")) if own else "/"
    response.headers["Location"] = f"{door}?{urlencode({'next': came_from})}"
    return response


class FirstThingsFirstMiddleware:
    """Whoever must change their password, or must set up a second factor, does that before anything else.

    Everything else is closed meanwhile: pages lead there, programs get 403 with the sentence.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        """Ask before the view runs, but let the door, the way out and the page in question through."""
        # Doors of programs are open to tokens, so they say `login_not_required`; a session in them is still a person.
        closed = getattr(view, "login_required", True) or request.path.startswith("/api/")
        if not closed or not request.user.is_authenticated:
            return None
        match = request.resolver_match
        name = match.view_name if match else ""
        if name in ALWAYS_OPEN:
            return None
        user = request.user
        if not request.session.get(OUTSIDE) and why_change(user, at=now()):
            return _first(request, "branches:password", name)
        wanted = settings.SECOND_FACTOR_FOR
        actor: Actor = request.actor  # type: ignore[attr-defined]
        if wanted and actor.roles & wanted and not has_second_factor(user):
            return _first(request, "branches:second_factor", name)
        return None


ALWAYS_OPEN = frozenset({"branches:sign_out", "set_language"})


def _first(request: HttpRequest, name: str, present: str) -> HttpResponse | None:
    if present == name:
        return None
    if request.path.startswith("/api/"):
        sentence = _("Sign in on the page first: something has to be set right there.")
        return JsonResponse(NotAllowed(sentence, code="account_incomplete").as_json(), status=403)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": reverse(name)})
    back = {"next": request.get_full_path()} if request.method in ("GET", "HEAD") else {}
    return redirect(reverse(name) + (f"?{urlencode(back)}" if back else ""))


class AuditRefusalsMiddleware:
    """Every 403 to a signed-in person is a line of the audit log: which page, never what stood on it."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        user = getattr(request, "user", None)
        if response.status_code == 403 and user is not None and user.is_authenticated:
            record(
                AuditEntry.Kind.REFUSAL,
                at=now(),
                user=user,
                success=False,
                address=client_address(request),
                data={"method": request.method or "", "path": request.path[:200]},
            )
        return response
