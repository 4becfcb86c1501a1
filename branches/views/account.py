"""``/account/``: what is mine: posts, password, sessions, second factor."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from branches import feeds
from branches import second_factor as factor
from branches.access import Actor
from branches.accounts import change_password, sign_out_everywhere
from branches.middleware import OUTSIDE
from branches.models import CalendarFeed, RecoveryCode, User
from branches.passwords import why_change
from branches.views.sign_in import CodeForm, safe_address
from common.addresses import client_address
from common.clock import local_date, now
from common.errors import Refused
from common.models import AuditEntry
from common.saying import full_date

Kind = AuditEntry.Kind
RECENT = 8
"""Lines of one's own at the door that the page shows: enough to notice a stranger."""


def me(request: HttpRequest) -> User:
    """The signed-in person."""
    return cast(User, request.user)


@require_POST
def calendar_feed(request: HttpRequest) -> HttpResponse:
    """Make the address of one's calendar feed, once more (the old one ends), or revoke it. The address is shown once."""
    user, at, address = me(request), now(), client_address(request)
    if request.POST.get("act") == "revoke":
        feeds.revoke_feed(user, at=at, address=address)
        messages.success(request, _("The calendar address no longer works."))
        return redirect("branches:account")
    token = feeds.make_feed(user, at=at, address=address)
    return _account_page(request, feed_address=request.build_absolute_uri(f"/calendar/{token}.ics"))


@require_GET
@never_cache
def account(request: HttpRequest) -> HttpResponse:
    """My name, posts, password, second factor, sessions, and what happened at the door lately."""
    return _account_page(request)


def _account_page(request: HttpRequest, *, feed_address: str = "") -> HttpResponse:
    user, at = me(request), now()
    actor: Actor = request.actor  # type: ignore[attr-defined]
    door = (Kind.SIGN_IN, Kind.SIGN_IN_FAILED, Kind.LOCKED_OUT, Kind.SIGN_OUT, Kind.PASSWORD)
    days = settings.PASSWORD_MAX_AGE_DAYS
    last = None if actor.posts else actor.last_post
    response = render(
        request,
        "branches/account.html",
        {
            "posts": actor.posts,
            "last_post": last,
            "last_day": full_date(last.until) if last and last.until else "",
            "password_since": local_date(user.password_since),
            "password_until": local_date(user.password_since + timedelta(days=days)) if days else None,
            "outside": request.session.get(OUTSIDE) or not user.has_usable_password(),
            "has_factor": factor.has_second_factor(user),
            "codes_left": RecoveryCode.objects.filter(user=user).count(),
            "recent": AuditEntry.objects.filter(account=user.username, kind__in=door)[:RECENT],
            "idle_minutes": settings.IDLE_SECONDS // 60,
            "at": at,
            "feed": CalendarFeed.objects.filter(user=user).first(),
            "feed_address": feed_address,
        },
    )
    if feed_address:
        response["Cache-Control"] = "no-store"
    return response


# the password ---------------------------------------------------------------------------------------------------------


class PasswordForm(forms.Form):
    """The present password (unless it has just been given), and the new one twice."""

    old = forms.CharField(
        label=gettext_lazy("Present password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    new = forms.CharField(
        label=gettext_lazy("New password"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=gettext_lazy("New password once more"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, ask_old: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not ask_old:
            del self.fields["old"]
            self.fields["new"].widget.attrs["autofocus"] = True
        self.fields["new"].help_text = _(
            "At least %(length)s characters of at least %(kinds)s kinds: small letters, capital letters, digits, others. "
            "Not like your account or name, and none of the common ones."
        ) % {"length": settings.PASSWORD_MIN_LENGTH, "kinds": settings.PASSWORD_KINDS}

    def clean(self) -> dict[str, Any]:
        """Both new ones must agree."""
        given = super().clean() or {}
        if given.get("new") and given.get("again") and given["new"] != given["again"]:
            self.add_error("again", _("The two new passwords differ. Type both again."))
        return given


@sensitive_post_parameters()
@never_cache
def password(request: HttpRequest) -> HttpResponse:
    """``/account/password/``: also the first page for who signs in with an initial or an old password."""
    user, at = me(request), now()
    if not user.has_usable_password():
        raise Refused(_("You sign in through your organization; your password is changed there."))
    why = why_change(user, at=at)
    form = PasswordForm(request.POST or None, ask_old=not user.must_change_password)
    if form.is_valid():
        given = form.cleaned_data
        try:
            change_password(
                user, old=given.get("old"), new=given["new"], at=at, address=client_address(request)
            )
        except Refused as refusal:
            for name, sentence in refusal.fields.items():
                form.add_error(name, str(sentence))
        else:
            update_session_auth_hash(request, user)
            messages.success(request, _("Your password is changed. Other sessions of yours have ended."))
            return redirect(safe_address(request, request.GET.get("next", "")))
    return render(request, "branches/password.html", {"form": form, "why": why})


@require_POST
def sign_out_elsewhere(request: HttpRequest) -> HttpResponse:
    """End my sessions on all other machines; this one goes on."""
    user = me(request)
    sign_out_everywhere(user, at=now(), address=client_address(request))
    update_session_auth_hash(request, user)
    messages.success(request, _("All your other sessions have ended."))
    return redirect("branches:account")


# the second factor ----------------------------------------------------------------------------------------------------


@sensitive_post_parameters()
@never_cache
def second_factor(request: HttpRequest) -> HttpResponse:
    """``/account/second-factor/``: set it up with a first code; later new recovery codes, or off, with a code."""
    user, at, address = me(request), now(), client_address(request)
    on = factor.has_second_factor(user)
    form = CodeForm(request.POST or None)
    if not on:
        form.fields["code"].help_text = _("Six digits, a new number every half-minute.")
    if form.is_valid():
        code = form.cleaned_data["code"]
        try:
            if not on:
                codes = factor.confirm_enrolment(user, code, at=at, address=address)
                return _show_codes(request, codes)
            factor.check_code(user, code, at=at)
        except Refused as refusal:
            form.add_error("code", str(refusal))
        else:
            if "off" in request.POST:
                factor.remove(user, by=user, at=at, address=address)
                messages.success(request, _("The second factor is off. Your password alone signs you in."))
                return redirect("branches:account")
            return _show_codes(request, factor.renew_recovery_codes(user, at=at, address=address))
    context: dict[str, Any] = {"form": form, "on": on}
    actor: Actor = request.actor  # type: ignore[attr-defined]
    context["wanted"] = bool(actor.roles & settings.SECOND_FACTOR_FOR)
    if on:
        context["codes_left"] = RecoveryCode.objects.filter(user=user).count()
    else:
        secret = factor.begin_enrolment(user)
        context["secret"] = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
        context["picture"] = factor.picture_of(user, secret)
    return render(request, "branches/second_factor.html", context)


def _show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """Shown in the answer itself and nowhere kept; asking again makes new ones."""
    return render(request, "branches/recovery_codes.html", {"codes": codes})
