"""Sign-in through the organisation's own identity provider (OpenID Connect), a setting; off by default.

The provider proves who somebody is; whether they have an account, and what they may do, is decided here. No account is ever
made. Authlib checks state, nonce, PKCE, signature, issuer, audience and time.
"""

from __future__ import annotations

import logging

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import DjangoOAuth2App, OAuth
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.signals import user_login_failed
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from joserfc.errors import JoseError

from branches.middleware import OUTSIDE
from branches.models import User
from branches.views.sign_in import enter, safe_address

log = logging.getLogger(__name__)

TO = "sign_in_to"
BACKEND = "branches.backends.AccountBackend"
PATIENCE = 5
"""Seconds one call to the provider may take: somebody waits at the door."""

Trouble = (AuthlibBaseError, JoseError, requests.RequestException, RuntimeError, ValueError, KeyError)
"""What Authlib lets out when the provider does not answer, answers nonsense or answers "no"."""


def _provider() -> DjangoOAuth2App:
    if not settings.OIDC_ISSUER:
        raise Http404
    oauth = OAuth()
    oauth.register(
        "provider",
        server_metadata_url=f"{settings.OIDC_ISSUER.rstrip('/')}/.well-known/openid-configuration",
        client_id=settings.OIDC_CLIENT_ID,
        client_secret=settings.OIDC_CLIENT_SECRET,
        client_kwargs={
            "scope": "openid profile",
            "code_challenge_method": "S256",
            "default_timeout": PATIENCE,
        },
    )
    return oauth.create_client("provider")


@require_GET
@login_not_required
@never_cache
def leave(request: HttpRequest) -> HttpResponse:
    """``/sign-in/provider/``: off to the provider, remembering where the person wanted to go."""
    request.session[TO] = safe_address(request, request.GET.get("next", ""))
    try:
        return _provider().authorize_redirect(request, _callback(request))
    except Trouble as trouble:
        return _sent_back(request, trouble)


@require_GET
@login_not_required
@never_cache
def come_back(request: HttpRequest) -> HttpResponse:
    """``/sign-in/provider/callback/``: an active account of that name is let in."""
    to = request.session.pop(TO, settings.LOGIN_REDIRECT_URL)
    try:
        token = _provider().authorize_access_token(request)
        account = str(token["userinfo"][settings.OIDC_USERNAME_CLAIM])
    except Trouble as trouble:
        return _sent_back(request, trouble)
    user = User.objects.filter(username=account, is_active=True).first()
    if user is None:
        credentials = {"username": account, "step": "provider"}
        user_login_failed.send(sender=__name__, credentials=credentials, request=request)
        sentence = _("There is no active account %(account)s here. Ask your administrator to set it up.")
        messages.error(request, sentence % {"account": account})
        return redirect(settings.LOGIN_URL)
    user.backend = BACKEND
    return enter(request, user, to=safe_address(request, to), **{OUTSIDE: True})


def _callback(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("branches:provider_callback"))


def _sent_back(request: HttpRequest, trouble: Exception) -> HttpResponse:
    log.warning("sign-in through the provider failed: %s", type(trouble).__name__)
    messages.error(
        request,
        _("Signing in through your organization did not work. Try again, or use your account and password."),
    )
    return redirect(settings.LOGIN_URL)
