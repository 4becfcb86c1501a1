"""Counting in working days, as decreed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.workdays import Calendar

SPRING_FESTIVAL = {date(2026, 2, d): False for d in (16, 17, 18, 19, 20, 23)}
MAKE_UP = {date(2026, 2, 14): True, date(2026, 2, 28): True}
CALENDAR = Calendar(SPRING_FESTIVAL | MAKE_UP)
days = st.dates(date(2026, 1, 1), date(2026, 12, 31))


def test_spring_festival_lies_between_two_working_saturdays():
    assert CALENDAR.is_working(date(2026, 2, 14))
    assert CALENDAR.add(date(2026, 2, 14), 1) == date(2026, 2, 24)
    assert CALENDAR.add(date(2026, 2, 24), -1) == date(2026, 2, 14)
    assert CALENDAR.between(date(2026, 2, 13), date(2026, 2, 28)) == 6


@given(days, days)
def test_between_counts_what_counting_by_hand_counts(first, last):
    low, high = min(first, last), max(first, last)
    by_hand = sum(CALENDAR.is_working(low + timedelta(days=i)) for i in range(1, (high - low).days + 1))
    assert CALENDAR.between(low, high) == by_hand
    assert CALENDAR.between(high, low) == -by_hand


@given(days, st.integers(1, 40))
def test_adding_and_counting_agree(day, count):
    assert CALENDAR.between(day, CALENDAR.add(day, count)) == count


@pytest.mark.django_db
def test_the_calendar_of_2026_holds_248_working_days_120_of_them_to_the_end_of_june():
    calendar = Calendar.load()
    assert calendar.between(date(2025, 12, 31), date(2026, 12, 31)) == 248
    assert calendar.between(date(2025, 12, 31), date(2026, 6, 30)) == 120
    assert not calendar.is_provisional(date(2026, 3, 1))
    assert calendar.is_provisional(date(2027, 3, 1))
