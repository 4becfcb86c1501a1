"""Only one at a time: a lease row taken by a conditional update, on both databases.

Two beats, or a worker on each of four machines, may all start the same work; whoever's update counts one row does it.
The lease alone is no proof against doing a thing twice (a process may sleep past its end): the work itself must also be
safe to repeat.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db.models import Q

from common.models import Lease


@contextmanager
def held(name: str, *, at: datetime, for_: timedelta) -> Iterator[bool]:
    """Hold the lease ``name`` for the block; the value says whether it could be had (if not, do nothing).

    Freed at the end of the block, and marked as completed at ``at`` unless the block raised. A process that dies in
    the block keeps others out until ``for_`` has passed.
    """
    token = uuid.uuid4()
    Lease.objects.get_or_create(name=name, defaults={"held_until": at})
    taken = Lease.objects.filter(Q(token=None) | Q(held_until__lte=at), name=name)
    if not taken.update(token=token, held_until=at + for_):
        yield False
        return
    mine = Lease.objects.filter(name=name, token=token)
    try:
        yield True
    except BaseException:
        mine.update(token=None, held_until=at)
        raise
    mine.update(token=None, held_until=at, completed_at=at)


def last_completed(name: str) -> datetime | None:
    """When the work called ``name`` was last done to its end, or None if it never was."""
    return Lease.objects.filter(name=name).values_list("completed_at", flat=True).first()
