"""The only place that asks what time it is. Views, jobs and commands call it; verbs take ``at``."""

from __future__ import annotations

from datetime import date, datetime, time

from django.utils import timezone


def now() -> datetime:
    """The current moment, aware, in UTC."""
    return timezone.now()


def local(at: datetime) -> datetime:
    """A moment (aware) on the office's clock, whoever reads it."""
    return timezone.localtime(at, timezone.get_default_timezone())


def local_date(at: datetime) -> date:
    """The calendar day of a moment in the office's time zone.

    ``at.date()`` would still say yesterday in Shanghai until 08:00.
    """
    return local(at).date()


def today() -> date:
    """The office's calendar day, now."""
    return local_date(now())


def start_of_day(day: date) -> datetime:
    """The first moment of a local day, aware."""
    return timezone.make_aware(datetime.combine(day, time.min))


def moment(day: date, hour: int = 9, minute: int = 0) -> datetime:
    """An aware moment at a local wall-clock time of a day."""
    return timezone.make_aware(datetime.combine(day, time(hour, minute)))
