"""Lock-out: after a few wrong tries at one account from one address, nobody tries on from there for a while.

By account *and* address, so that a stranger elsewhere cannot lock anybody out. Kept in the database, so that it holds for
all web processes and over a restart. No name of a browser, no header and no form is kept with it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Case, F, Value, When
from django.utils.translation import ngettext

from branches.models import Tries

KEPT = timedelta(days=1)


def charge(account: str, *, address: str | None, at: datetime) -> int:
    """Count one try *before* the password is looked at; return the seconds to wait, 0 if it may be looked at.

    Counting first is what makes the limit exact: of a hundred guesses sent at the same moment, five are looked at.
    A try during the lock neither counts nor prolongs it. Yesterday's rows are swept away.
    """
    if not (settings.LOCKOUT_TRIES and settings.LOCKOUT_SECONDS):
        return 0
    key = _key(account, address)
    pause = timedelta(seconds=settings.LOCKOUT_SECONDS)
    limit = settings.LOCKOUT_TRIES
    open_again = at - pause
    Tries.objects.filter(last_at__lt=at - max(KEPT, pause)).delete()
    allowed = Tries.objects.filter(**key).exclude(count__gte=limit, last_at__gt=open_again)
    charged = allowed.update(
        count=Case(When(last_at__lte=open_again, then=Value(1)), default=F("count") + 1), last_at=at
    )
    if charged:
        return 0
    try:
        with transaction.atomic():
            Tries.objects.create(**key, count=1, last_at=at)
    except IntegrityError:
        return seconds_left(account, address=address, at=at) or charge(account, address=address, at=at)
    return 0


def seconds_left(account: str, *, address: str | None, at: datetime) -> int:
    """How long nobody may try this account from this address; 0 while it is open."""
    if not (settings.LOCKOUT_TRIES and settings.LOCKOUT_SECONDS):
        return 0
    tries = Tries.objects.filter(**_key(account, address), count__gte=settings.LOCKOUT_TRIES).first()
    if tries is None:
        return 0
    left = tries.last_at + timedelta(seconds=settings.LOCKOUT_SECONDS) - at
    return max(0, -int(-left.total_seconds() // 1))


def forget(account: str, *, address: str | None = None, everywhere: bool = False) -> None:
    """After a success, or (``everywhere``) when an administrator has given a new password."""
    if everywhere:
        Tries.objects.filter(account=account[:150]).delete()
    else:
        Tries.objects.filter(**_key(account, address)).delete()


def wait_sentence(seconds: int) -> str:
    """What the person at the locked door reads."""
    minutes = -(-seconds // 60)
    return ngettext(
        "Too many wrong tries. The account is closed for this computer; try again in %(count)s minute, or ask your "
        "administrator for a new password.",
        "Too many wrong tries. The account is closed for this computer; try again in %(count)s minutes, or ask your "
        "administrator for a new password.",
        minutes,
    ) % {"count": minutes}


def _key(account: str, address: str | None) -> dict[str, str]:
    return {"account": account[:150], "address": address or ""}
