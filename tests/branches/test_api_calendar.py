"""The working-day calendar through the API: read by everybody, mended by the topmost administrator."""

from __future__ import annotations

from datetime import date

import pytest

from common.models import AuditEntry, Workday
from common.workdays import Calendar
from tests.api_program import Program, nobody_has_asked_yet, refusal
from tests.factories import make_post, make_user

__all__ = ["nobody_has_asked_yet"]
pytestmark = pytest.mark.django_db
DAY = "workdays/2031/05-06/"


@pytest.fixture
def keeper(world) -> Program:
    return Program(make_post(world.top, "ADMINISTRATOR").user)


def test_a_year_is_read_by_everybody_signed_in(world, keeper):
    assert Program(world.secretary.user).get("workdays/2031/").json() == {
        "year": 2031,
        "official": False,
        "days": [],
    }
    for year in ("1999", "2101"):
        assert refusal(keeper.get(f"workdays/{year}/")) == (404, "not_found")
    assert refusal(Program().get("workdays/2031/")) == (401, "not_authenticated")


def test_a_day_is_made_a_holiday_once_and_let_go_again(keeper):
    for _ in range(2):
        answer = keeper.send("PUT", DAY, {"kind": "HOLIDAY", "name": "调休"})
        assert answer.status_code == 200
    assert answer.json()["days"] == [
        {"day": "2031-05-06", "kind": "HOLIDAY", "name": "调休", "official": False}
    ]
    assert not Calendar.load().is_working(date(2031, 5, 6))
    assert AuditEntry.objects.filter(kind=AuditEntry.Kind.SETTING).count() == 1
    assert keeper.send("PUT", DAY, {"kind": ""}).json()["days"] == []


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (DAY, {"kind": "MAKE_UP"}, (400, "refused")),
        (DAY, {"kind": "FEAST"}, (400, "invalid")),
        (DAY, {"name": "x"}, (400, "invalid")),
        (DAY, {"kind": "HOLIDAY", "colour": 1}, (400, "invalid")),
        ("workdays/2031/02-30/", {"kind": "HOLIDAY"}, (404, "not_found")),
        ("workdays/1999/05-06/", {"kind": "HOLIDAY"}, (400, "refused")),
    ],
)
def test_what_is_no_day_or_changes_nothing_is_refused(path, body, expected, keeper):
    assert refusal(keeper.send("PUT", path, body)) == expected
    assert not Workday.objects.filter(day__year__in=[1999, 2031]).exists()


def test_nobody_else_changes_a_day(world):
    lower = make_post(world.committee, "ADMINISTRATOR").user
    for user in (lower, world.office.user, make_user()):
        assert refusal(Program(user).send("PUT", DAY, {"kind": "HOLIDAY"})) == (403, "not_allowed")
    assert not Workday.objects.filter(day__year__in=[1999, 2031]).exists()
