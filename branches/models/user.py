"""A person who signs in. Rights come only from posts, never from flags on the person."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):  # type: ignore[django-manager-missing] # of the tokens, whose library says no types
    """用户. ``name`` is the person's name as written; first and last names are not kept apart."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("name"), max_length=40)
    phone = models.CharField(_("phone number"), max_length=20, blank=True)
    """For reminders by SMS and to reach a person; a text, because a number would lose its zeros and digits."""

    organization = models.ForeignKey(
        "branches.Organization",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="accounts",
        verbose_name=_("kept by"),
    )
    """Whose administrator looks after the account while it holds no post. It gives no sight of anything."""
    must_change_password = models.BooleanField(_("must change the password"), default=False)
    initial_until = models.DateTimeField(_("initial password valid until"), null=True, blank=True)
    """Set with an initial password; after this moment it opens nothing."""
    password_changed_at = models.DateTimeField(_("password changed at"), null=True, blank=True)
    sessions_mark = models.CharField(max_length=32, blank=True, default="", editable=False)
    """Part of what every session is checked against: a new mark ends all sessions of the account."""

    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)

    @property
    def password_since(self) -> datetime:
        """Since when the password has been what it is, for its age."""
        return self.password_changed_at or self.date_joined

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        """A change of the password or of the mark ends every other session at its next request."""
        value = f"{self.password}:{self.sessions_mark}"
        return salted_hmac("branches.User.session", value, secret=secret, algorithm="sha256").hexdigest()
