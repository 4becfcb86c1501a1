"""Tokens of programs that ask in a person's name."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken


class ApiToken(AbstractAuthToken):
    """Only the token's hash is kept. It ends when it expires, and with all sessions of the account.

    ``mark`` is what the account's sessions were checked against when it was made: a new password, a withdrawn post or
    a sign-out everywhere changes that, and the token is void at its next use.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="auth_token_set")
    name = models.CharField(_("used for"), max_length=60, blank=True)
    mark = models.CharField(max_length=128, editable=False)

    class Meta(AbstractAuthToken.Meta):
        abstract = False
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.name or self.token_key
