"""Dates, times, shares and what is left of the time, as people say them. Pages, notices and papers agree here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, gettext, ngettext, pgettext

from common import clock

NOTHING = "—"

P = ParamSpec("P")
T = TypeVar("T")


def once_a_language(say: Callable[P, T]) -> Callable[P, T]:
    """Keep what ``say`` answered, for each language apart.

    Only for what depends on its arguments and the language alone, and for arguments that are equal only if they are said
    alike: a list says the same few dates and spans hundreds of times, each put together from several translations.
    """

    @lru_cache(maxsize=4096)
    def kept(_language: str | None, *args: P.args, **kwargs: P.kwargs) -> T:
        return say(*args, **kwargs)

    @wraps(say)
    def said(*args: P.args, **kwargs: P.kwargs) -> T:
        return kept(get_language(), *args, **kwargs)  # type: ignore[arg-type]

    return said


def weekday(day: date) -> str:
    """The day of the week in its short form, 周二."""
    return (
        pgettext("weekday", "Mon"),
        pgettext("weekday", "Tue"),
        pgettext("weekday", "Wed"),
        pgettext("weekday", "Thu"),
        pgettext("weekday", "Fri"),
        pgettext("weekday", "Sat"),
        pgettext("weekday", "Sun"),
    )[day.weekday()]


@once_a_language
def day_and_month(day: date, *, today: date) -> str:
    """6月30日; with the year when it is not the year of ``today``."""
    if day.year == today.year:
        return date_format(day, pgettext("date format", "j M"))
    return full_date(day)


@once_a_language
def full_date(day: date) -> str:
    """2026年6月30日."""
    return date_format(day, pgettext("date format", "j M Y"))


@once_a_language
def day_in_words(day: date, *, today: date) -> str:
    """6月30日 周二; with the year when it is not the year of ``today``."""
    return pgettext("day", "%(weekday)s %(day)s") % {
        "weekday": weekday(day),
        "day": day_and_month(day, today=today),
    }


@once_a_language
def full_day(day: date) -> str:
    """2026年6月30日 周二."""
    return pgettext("day", "%(weekday)s %(day)s") % {"weekday": weekday(day), "day": full_date(day)}


def moment_in_words(at: datetime, *, today: date) -> str:
    """09:12 on the day itself, else 6月30日 09:12; in the office's time zone."""
    local = clock.local(at)
    if local.date() == today:
        return f"{local:%H:%M}"
    return f"{day_and_month(local.date(), today=today)} {local:%H:%M}"


def full_moment(at: datetime) -> str:
    """2026年6月30日 周二 09:12:33, in the office's time zone."""
    local = clock.local(at)
    return f"{full_day(local.date())} {local:%H:%M:%S}"


@once_a_language
def time_left(working_days: int) -> str:
    """还有 5 个工作日, 今天到期 or 已逾期 3 个工作日, from the working days left (negative: overdue)."""
    if working_days > 0:
        text = ngettext("%(count)s working day left", "%(count)s working days left", working_days)
        return text % {"count": working_days}
    if working_days == 0:
        return gettext("due today")
    text = ngettext("%(count)s working day overdue", "%(count)s working days overdue", -working_days)
    return text % {"count": -working_days}


def percent(value: Decimal | float | None, *, places: int = 1) -> str:
    """86.4% from 86.4; "—" where there is nothing to divide."""
    if value is None:
        return NOTHING
    # Half up, as spreadsheets round: the same share must not read differently on paper.
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{number_format(rounded, decimal_pos=places)}%"
