"""Where an account and its password are looked at, for every door: page, API, admin."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from branches.lockout import charge, forget
from branches.models import User
from branches.passwords import is_expired
from common.addresses import client_address
from common.clock import now


class AccountBackend(ModelBackend):
    """Django's own, behind the lock-out. Rights never come from here: they come from posts."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """The user, or None. A locked door raises PermissionDenied: no other backend is asked either.

        Without a request (a command, a test's ``client.login``) nothing is counted.
        """
        if request is None or username is None:
            return super().authenticate(request, username=username, password=password, **kwargs)
        at, address = now(), client_address(request)
        if charge(username, address=address, at=at):
            request.locked_out = True  # type: ignore[attr-defined]
            raise PermissionDenied
        user = super().authenticate(request, username=username, password=password, **kwargs)
        if user is not None:
            forget(username, address=address)
        return user

    def user_can_authenticate(self, user: Any) -> bool:
        """Active, and not with an initial password that lay about too long."""
        return super().user_can_authenticate(user) and not is_expired(user, at=now())
