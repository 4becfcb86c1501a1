"""The door: signing in and out."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.utils.translation import gettext_lazy as _


class SignInForm(AuthenticationForm):
    """Account and password; a wrong pair is refused without saying which of the two was wrong."""

    error_messages = {
        "invalid_login": _("Account or password is not right. Mind capital letters, and try again."),
        "inactive": _("This account is disabled. Please ask your administrator."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("Account")
        self.fields["password"].label = _("Password")
        if self.data.get("username"):
            # The second try starts where it mostly went wrong.
            self.fields["username"].widget.attrs.pop("autofocus", None)
            self.fields["password"].widget.attrs["autofocus"] = True


class SignIn(LoginView):
    """``/sign-in/``; who is signed in already goes on to where they wanted to go."""

    form_class = SignInForm
    template_name = "branches/sign_in.html"
    redirect_authenticated_user = True
