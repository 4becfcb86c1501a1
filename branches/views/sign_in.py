"""The door: account and password, then, for those who have it on, a code; and signing out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate, load_backend, login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.signals import user_login_failed
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from branches.lockout import seconds_left, wait_sentence
from branches.middleware import WHY
from branches.models import User
from branches.passwords import is_expired
from branches.second_factor import check_code, has_second_factor
from common.addresses import client_address
from common.clock import now
from common.errors import Refused

PENDING = "pending_sign_in"
"""Session key: a password was right and a code is still owed."""
PATIENCE = timedelta(minutes=10)

REASONS = {
    "idle": _("You were signed out because nothing was done for a while. Sign in to go on where you were."),
    "closed": _("This account has been disabled. Please ask your administrator."),
    "elsewhere": _(
        "This session was ended: the password was changed, or somebody signed this account out everywhere."
    ),
}


class SignInForm(AuthenticationForm):
    """Account and password; a wrong pair is refused without saying which of the two was wrong."""

    error_messages = {
        "invalid_login": _("Account or password is not right. Mind capital letters, and try again."),
        "inactive": _("This account is disabled. Please ask your administrator."),
        "expired": _("This initial password is too old. Ask your administrator for a new one."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("Account")
        self.fields["password"].label = _("Password")
        if self.data.get("username"):
            # The second try starts where it mostly went wrong.
            self.fields["username"].widget.attrs.pop("autofocus", None)
            self.fields["password"].widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any]:
        """Ask the backends; say how long the door is closed, or that the account or its first password is."""
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if not username or not password:
            return self.cleaned_data
        self.user_cache = authenticate(self.request, username=username, password=password)
        if self.user_cache is None:
            wait = seconds_left(username, address=client_address(self.request), at=now())
            if wait:
                raise ValidationError(wait_sentence(wait), code="locked")
            raise self._why_not(username, password)
        self.confirm_login_allowed(self.user_cache)
        return self.cleaned_data

    def _why_not(self, username: str, password: str) -> ValidationError:
        """Only who knows the password learns that the account is closed."""
        user = User.objects.filter(username=username).first()
        stopped = user is not None and (not user.is_active or is_expired(user, at=now()))
        if user is None or not stopped or not user.check_password(password):
            return self.get_invalid_login_error()
        code = "expired" if user.is_active else "inactive"
        return ValidationError(self.error_messages[code], code=code)


class SignIn(LoginView):
    """``/sign-in/``; who is signed in already goes on to where they wanted to go."""

    form_class = SignInForm
    template_name = "branches/sign_in.html"
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Sign in, or ask for the code first."""
        user = form.get_user()
        return enter(self.request, user, to=self.get_success_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The reason why the last session ended, and the way through the organisation's own identity provider."""
        context = super().get_context_data(**kwargs)
        why = "" if context["form"].is_bound else self.request.COOKIES.get(WHY, "")
        provider = (
            (settings.OIDC_LABEL or _("Sign in through your organization")) if settings.OIDC_ISSUER else ""
        )
        return context | {"why": REASONS.get(why, ""), "provider": provider}

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """The page; a reason is said once."""
        response = super().render_to_response(context, **kwargs)
        if WHY in self.request.COOKIES:
            response.delete_cookie(WHY)
        return response


def enter(request: HttpRequest, user: User, *, to: str, **session: Any) -> HttpResponse:
    """Let somebody in whose identity is proven, or lead them to the code they owe. ``session``: kept in it."""
    if has_second_factor(user):
        request.session.cycle_key()
        request.session[PENDING] = {
            "user": user.pk,
            "hash": user.get_session_auth_hash(),
            "backend": user.backend,
            "at": int(now().timestamp()),
            "to": to,
            "session": session,
        }
        return redirect("branches:sign_in_code")
    login(request, user)
    request.session.update(session)
    return redirect(to)


class CodeForm(forms.Form):
    """A code of the app, or a recovery code."""

    code = forms.CharField(
        label=pgettext_lazy("second factor", "Code"),
        max_length=20,
        help_text=_("Six digits from your authenticator app, or one of your recovery codes."),
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
        ),
    )


@login_not_required
@never_cache
@csrf_protect
@sensitive_post_parameters()
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """``/sign-in/code/``: the second step. A right password is kept waiting for ten minutes."""
    pending = request.session.get(PENDING)
    at = now()
    user = _pending_user(pending, at=int(at.timestamp()))
    if pending is None or user is None:
        request.session.pop(PENDING, None)
        return redirect(settings.LOGIN_URL)
    form = CodeForm(request.POST or None)
    if form.is_valid():
        try:
            check_code(user, form.cleaned_data["code"], at=at)
        except Refused as refusal:
            form.add_error("code", str(refusal))
            if refusal.code != "locked":
                credentials = {"username": user.username, "step": "code"}
                user_login_failed.send(sender=__name__, credentials=credentials, request=request)
        else:
            del request.session[PENDING]
            login(request, user, backend=pending["backend"])
            request.session.update(pending["session"])
            return redirect(safe_address(request, pending["to"]))
    return render(request, "branches/sign_in_code.html", {"form": form})


def _pending_user(pending: dict[str, Any] | None, *, at: int) -> User | None:
    """The person whose password was right, unless that was long ago or it has been changed since."""
    if not pending or at - pending["at"] > PATIENCE.total_seconds():
        return None
    user = load_backend(pending["backend"]).get_user(pending["user"])
    return user if user and user.get_session_auth_hash() == pending["hash"] else None


def safe_address(request: HttpRequest, to: str) -> str:
    own = url_has_allowed_host_and_scheme(
        to, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return to if own else resolve_url(settings.LOGIN_REDIRECT_URL)
