"""Calendar feeds: made and revoked by their owner, found again by the token alone."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.db import transaction

from branches.models import CalendarFeed, User
from common.audit import record
from common.models import AuditEntry


def make_feed(user: User, *, at: datetime, address: str | None = None) -> str:
    """The token of a new feed, 256 bits of chance; one made earlier ends. Only its hash is kept. Audited."""
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        CalendarFeed.objects.update_or_create(
            user=user, defaults={"digest": _digest(token), "created_at": at}
        )
        data = {"act": "feed_on", "user": user.pk}
        record(AuditEntry.Kind.ACCOUNT, at=at, user=user, address=address, data=data)
    return token


def revoke_feed(user: User, *, at: datetime, address: str | None = None) -> None:
    """End a person's feed at once; without one, nothing happens. Audited."""
    with transaction.atomic():
        gone, _rows = CalendarFeed.objects.filter(user=user).delete()
        if gone:
            data = {"act": "feed_off", "user": user.pk}
            record(AuditEntry.Kind.ACCOUNT, at=at, user=user, address=address, data=data)


def owner_of(token: str) -> User | None:
    """Whose feed a token opens; nobody's for an unknown token or a disabled account. One query."""
    found = CalendarFeed.objects.select_related("user").filter(digest=_digest(token)).first()
    return found.user if found and found.user.is_active else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
