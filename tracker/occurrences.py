"""When a measure falls due: once, or at the end of each week, month, quarter, half-year or year of its period."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

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
            found.append(Occurrence(_label(period.year, month, months), due, calendar.is_provisional(last)))
    return found


AHEAD = timedelta(days=31)
"""How long before a further year of a plan begins its recurring work is opened."""


def opened(plan: Plan, measure: Measure, *, since: date, day: date, calendar: Calendar) -> list[Occurrence]:
    """The occurrences that a plan has opened by a local day, due on or after ``since``.

    Those of its period, and of each further year from a month before it begins: nobody gets five years at once.
    """
    if measure.cadence == Measure.Cadence.ONCE:
        return occurrences_of(measure, period=plan.periods[0], since=since, calendar=calendar)
    first, *further = plan.periods
    periods = [first, *(period for period in further if period.first_day <= day + AHEAD)]
    return [
        occurrence
        for period in periods
        for occurrence in occurrences_of(measure, period=period, since=since, calendar=calendar)
    ]


def _weeks(period: Period, since: date, calendar: Calendar) -> Iterator[Occurrence]:
    """The last working day of each week that ends in the period; a week without one is left out."""
    monday = period.first_day - timedelta(days=period.first_day.weekday())
    while (sunday := monday + timedelta(days=6)) <= period.last_day:
        due = calendar.roll_back(sunday)
        if due >= max(monday, since, period.first_day):
            year, week, _day = monday.isocalendar()
            yield Occurrence(f"{year}-W{week:02d}", due, calendar.is_provisional(due))
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
