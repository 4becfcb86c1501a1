"""Arithmetic on working days, from the editable calendar.

A ``Calendar`` is a snapshot of the exceptions: load it once per request or job and pass it on.
No package is asked in a request; the table is filled by a migration and edited by people.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

_ONE = timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """Which days are worked. ``exceptions`` maps a day to True (worked) or False (off)."""

    exceptions: dict[date, bool]
    official_years: frozenset[int] = frozenset()
    _counted: dict[tuple[date, date], int] = field(default_factory=dict, repr=False, compare=False)
    """Spans counted before: a report asks for few, each ten thousand times."""

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
        if last < first:
            return -self.between(last, first)
        known = self._counted.get((first, last))
        if known is None:
            known = self._counted[first, last] = self._count(first, last)
        return known

    def _count(self, first: date, last: date) -> int:
        days = (last - first).days
        weeks, rest = divmod(days, 7)
        count = weeks * 5 + sum(
            (first + timedelta(days=weeks * 7 + i)).weekday() < 5 for i in range(1, rest + 1)
        )
        for day, worked in self.exceptions.items():
            if first < day <= last:
                count += int(worked) - int(day.weekday() < 5)
        return count
