"""Who asks: a token of a person, or the person's own session in the browser."""

from __future__ import annotations

from typing import Any

from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication
from rest_framework import exceptions

from branches.models import User


class PersonToken(TokenAuthentication):
    """``Authorization: Token …``; void as soon as the account's sessions are."""

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        """The person and the token. Raises AuthenticationFailed for one that is unknown, expired or void."""
        user, found = super().authenticate_credentials(token)
        if not constant_time_compare(found.mark, mark_of(user)):
            found.delete()
            raise exceptions.AuthenticationFailed(_("This token is not valid any more. Sign in again."))
        return user, found


def mark_of(user: User) -> str:
    """What tokens and sessions of an account are bound to."""
    return user.get_session_auth_hash()


class PersonTokenScheme(OpenApiAuthenticationExtension):
    """How the schema describes it."""

    target_class = "branches.api.authentication.PersonToken"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """The header, as OpenAPI says it."""
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": "Token <token>"}
