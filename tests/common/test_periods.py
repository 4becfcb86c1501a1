"""Half-years meet without a gap and without an overlap."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from common.clock import local_date, moment
from common.errors import Refused
from common.periods import Period


def test_the_cut_off_is_the_first_moment_of_the_next_period():
    first, second = Period.parse("2026H1"), Period.parse("2026h2")
    assert first.end == second.begin == moment(date(2026, 7, 1), 0)
    assert first.next == second
    assert second.previous == first
    assert second.next.code == "2027H1"


def test_the_last_second_of_june_belongs_to_the_first_half():
    assert Period.of(local_date(Period(2026, 1).end - timedelta(seconds=1))) == Period(2026, 1)


def test_a_year_is_not_two_halves_but_itself():
    year = Period.parse("2026")
    assert (year.first_day, year.last_day, year.previous.code) == (
        date(2026, 1, 1),
        date(2026, 12, 31),
        "2025",
    )


@pytest.mark.parametrize("code", ["", "2026H3", "26H1", "2026-1", "上半年", "2026H1x"])
def test_what_is_no_period_is_refused_with_an_example(code):
    with pytest.raises(Refused, match="2026H1"):
        Period.parse(code)
