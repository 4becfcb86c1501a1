"""What the door writes into the audit log, whichever door it was."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from branches.lockout import seconds_left
from branches.middleware import SEEN
from branches.models import User
from common.addresses import client_address
from common.audit import record
from common.clock import now
from common.models import AuditEntry

Kind = AuditEntry.Kind


@receiver(user_logged_in)
def _signed_in(request: HttpRequest | None, user: User, **_kwargs: Any) -> None:
    at = now()
    record(Kind.SIGN_IN, at=at, user=user, address=client_address(request))
    if request is not None and hasattr(request, "session"):
        request.session[SEEN] = int(at.timestamp())


@receiver(user_logged_out)
def _signed_out(request: HttpRequest | None, user: User | None, **_kwargs: Any) -> None:
    if user is not None and user.pk:
        record(Kind.SIGN_OUT, at=now(), user=user, address=client_address(request))


@receiver(user_login_failed)
def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_kwargs: Any) -> None:
    """A wrong pair is a line, the one that closes the door another; knocking at a closed door is none.

    So whoever knocks a million times writes six lines in five minutes.
    """
    if getattr(request, "locked_out", False):
        return
    at, address = now(), client_address(request)
    # A NUL byte, which PostgreSQL refuses, can only come past the form.
    account = str(credentials.get("username") or "").replace("\0", "")
    known = User.objects.filter(username=account).first()
    data = {"step": credentials["step"]} if "step" in credentials else {}
    if known:
        data["user"] = known.pk
    record(Kind.SIGN_IN_FAILED, at=at, account=account, success=False, address=address, data=data)
    if request is not None and seconds_left(account, address=address, at=at):
        record(Kind.LOCKED_OUT, at=at, account=account, success=False, address=address, data=data)
