"""Writing the audit log. Called inside the transaction of what it records, so that both exist or neither."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from common.models import AuditEntry


def record(
    kind: AuditEntry.Kind,
    *,
    at: datetime,
    user: Any = None,
    account: str = "",
    success: bool = True,
    address: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Append one line. ``user`` is who acted (None for the system or an unknown account)."""
    return AuditEntry.objects.create(
        kind=kind,
        at=at,
        actor=user if user and user.pk else None,
        account=(account or (user.get_username() if user else ""))[:150],
        success=success,
        address=address,
        data=dict(data or {}),
    )
