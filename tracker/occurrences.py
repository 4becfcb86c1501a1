"""When a measure falls due: once, or at the end of each week, month, quarter, half-year or year of its period."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings

from common.periods import Period
from common.workdays import Calendar
from tracker.models import Measure, Plan

_MONTHS = {
    Measure.Cadence.MONTHLY: 1,
    Measure.Cadence.QUARTERLY: 3,
    Measure.Cadence.HALF_YEARLY: 6,
    Measure.Cadence.YEARLY: 12,
}


@dataclass(frozen=True)
class Occurrence:
    """One falling due. ``label`` is empty for a measure done once, else 2026-W05, 2026-03, 2026Q1, 2026H1 or 2026."""

    label: str
    due: date
    provisional: bool
    """The day rests on a calendar year without an official notice."""
    begins: date = date.min
    """The first day of its interval; a single one has none and is opened at once."""


def occurrences_of(measure: Measure, *, period: Period, since: date, calendar: Calendar) -> list[Occurrence]:
    """The occurrences of a measure in a period that fall due on or after ``since``.

    A recurring measure falls due on the last working day of each of its intervals; a single one on its date.
    A measure without date and cadence has none.
    """
    if measure.cadence == Measure.Cadence.ONCE:
        if measure.due is None:
            return []
        return [Occurrence("", measure.due, calendar.is_provisional(measure.due))]
    since = max(since, measure.starts_on) if measure.starts_on else since
    if measure.cadence == Measure.Cadence.WEEKLY:
        return list(_weeks(period, since, calendar))
    months = _MONTHS[Measure.Cadence(measure.cadence)]
    found = []
    for month in range(period.first_day.month, period.last_day.month + 1):
        if month % months:
            continue
        last = date(period.year, month, monthrange(period.year, month)[1])
        due = calendar.roll_back(last)
        if due >= since:
            begins = date(period.year, month - months + 1, 1)
            label = _label(period.year, month, months)
            found.append(Occurrence(label, due, calendar.is_provisional(last), begins))
    return found


def planned(plan: Plan, measure: Measure, *, since: date, calendar: Calendar) -> list[Occurrence]:
    """All occurrences of a measure in its plan's periods, due on or after ``since``, in order."""
    periods = plan.periods[:1] if measure.cadence == Measure.Cadence.ONCE else plan.periods
    return [
        occurrence
        for period in periods
        for occurrence in occurrences_of(measure, period=period, since=since, calendar=calendar)
    ]


def horizon(day: date) -> date:
    """The last day whose intervals have their tasks already: OPEN_AHEAD_DAYS after a local day.

    Nobody gets five years at once. With half a year a half-year plan is opened whole when it is issued.
    """
    return day + timedelta(days=settings.OPEN_AHEAD_DAYS)


@dataclass(frozen=True)
class Opening:
    """The occurrences of a measure by a local day: those opened by then, and those that follow."""

    opened: list[Occurrence]
    following: list[Occurrence]

    @property
    def next_on(self) -> date | None:
        """The day on which the next one is opened."""
        if not self.following:
            return None
        return self.following[0].begins - timedelta(days=settings.OPEN_AHEAD_DAYS)


def opening_of(plan: Plan, measure: Measure, *, since: date, day: date, calendar: Calendar) -> Opening:
    """The occurrences due on or after ``since``, parted by the horizon of ``day``; a single one is always opened."""
    found, last = planned(plan, measure, since=since, calendar=calendar), horizon(day)
    return Opening([o for o in found if o.begins <= last], [o for o in found if o.begins > last])


def _weeks(period: Period, since: date, calendar: Calendar) -> Iterator[Occurrence]:
    """The last working day of each week that ends in the period; a week without one is left out."""
    monday = period.first_day - timedelta(days=period.first_day.weekday())
    while (sunday := monday + timedelta(days=6)) <= period.last_day:
        due = calendar.roll_back(sunday)
        if due >= max(monday, since, period.first_day):
            year, week, _day = monday.isocalendar()
            yield Occurrence(f"{year}-W{week:02d}", due, calendar.is_provisional(due), monday)
        monday += timedelta(days=7)


def _label(year: int, month: int, months: int) -> str:
    match months:
        case 1:
            return f"{year}-{month:02d}"
        case 3:
            return f"{year}Q{month // 3}"
        case 6:
            return f"{year}H{month // 6}"
        case _:
            return str(year)
