"""A calendar of what happens: lives run side by side, each waiting for its next moment."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator
from datetime import datetime
from itertools import count

from django.db import transaction

Life = Generator[datetime, datetime, None]
"""Yields the moment it waits for and is told the moment at which it goes on; acts then, and so on."""

CHUNK = 200
"""Acts in one transaction: fewer commits, and a crash leaves whole acts."""


class Diary:
    """Runs lives in the order of their moments; the same lives give the same order every time."""

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, int, Life]] = []
        self._order = count()
        self._now: datetime | None = None

    def begin(self, life: Life) -> None:
        """Let a life run up to its first moment. A moment that has already passed counts as now."""
        self._advance(life, None)

    def run(self, *, until: datetime, tell: Callable[[datetime], None] | None = None) -> None:
        """Do everything that is due at or before ``until``; ``tell`` hears of each chunk's last moment."""
        while self._waiting and self._waiting[0][0] <= until:
            with transaction.atomic():
                for _ in range(CHUNK):
                    if not self._waiting or self._waiting[0][0] > until:
                        break
                    self._now, _number, life = heapq.heappop(self._waiting)
                    self._advance(life, self._now)
            if tell and self._now:
                tell(self._now)

    def _advance(self, life: Life, now: datetime | None) -> None:
        try:
            moment = next(life) if now is None else life.send(now)
        except StopIteration:
            return
        heapq.heappush(self._waiting, (max(moment, self._now or moment), next(self._order), life))
