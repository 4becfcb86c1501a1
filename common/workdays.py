"""Arithmetic on working days, from the editable calendar.

A ``Calendar`` is a snapshot of the exceptions: load it once per request or job and pass it on.
No package is asked in a request; the table is filled by a migration and edited by people.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import accumulate

_ONE = timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """Which days are worked. ``exceptions`` maps a day to True (worked) or False (off)."""

    exceptions: dict[date, bool]
    official_years: frozenset[int] = frozenset()

    @classmethod
    def load(cls) -> Calendar:
        """The calendar as it stands in the database now (one query)."""
        from common.models import Workday

        rows = list(Workday.objects.values_list("day", "kind", "official"))
        return cls(
            exceptions={day: kind == Workday.Kind.MAKE_UP for day, kind, _ in rows},
            official_years=frozenset(day.year for day, _, official in rows if official),
        )

    def is_working(self, day: date) -> bool:
        return self.exceptions.get(day, day.weekday() < 5)

    def is_provisional(self, day: date) -> bool:
        """True where no official notice for the day's year has been entered."""
        return day.year not in self.official_years

    def add(self, day: date, count: int) -> date:
        """The working day ``count`` working days after (before, if negative) ``day``.

        ``add(day, 0)`` is ``day`` itself when it is worked, else the next working day.
        """
        step = _ONE if count >= 0 else -_ONE
        if count == 0:
            while not self.is_working(day):
                day += _ONE
            return day
        for _ in range(abs(count)):
            day += step
            while not self.is_working(day):
                day += step
        return day

    def roll_back(self, day: date) -> date:
        """The day itself when it is worked, else the working day before it."""
        while not self.is_working(day):
            day -= _ONE
        return day

    def between(self, first: date, last: date) -> int:
        """Working days after ``first`` up to and including ``last``; negative when ``last`` is earlier.

        Monday to Tuesday is 1; a day to itself is 0.
        """
        return self._worked_until(last) - self._worked_until(first)

    def _worked_until(self, day: date) -> int:
        """Working days since Monday, 1 January of the year 1, up to and including ``day``."""
        weeks, rest = divmod(day.toordinal(), 7)
        days, sums = self._shifts
        return weeks * 5 + min(rest, 5) + sums[bisect_right(days, day)]

    @cached_property
    def _shifts(self) -> tuple[list[date], list[int]]:
        """The exceptions in order, and how many working days the first n of them add to the plain weeks."""
        days = sorted(self.exceptions)
        added = (int(self.exceptions[day]) - int(day.weekday() < 5) for day in days)
        return days, list(accumulate(added, initial=0))
