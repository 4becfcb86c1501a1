"""The working-day calendar through the API: read by everybody, mended by the topmost administrator."""

from __future__ import annotations

from datetime import date

import pytest

from common.models import AuditEntry, Workday
from common.workdays import Calendar
from tests.api_program import Program, refusal
from tests.branches.test_calendar_pages import NOTICE_2027, kept
from tests.factories import make_post, make_user

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


# --- the yearly notice ---------------------------------------------------------------------------------------------

NOTICE = "workdays/2027/notice/"


def seen_by(keeper: Program) -> str:
    return keeper.post(f"{NOTICE}check/", {"text": NOTICE_2027}).json()["seen"]


def entered(keeper: Program) -> object:
    return keeper.post(NOTICE, {"text": NOTICE_2027, "seen": seen_by(keeper)})


def test_the_check_of_a_notice_says_what_would_change_and_writes_nothing(keeper):
    before = kept(2027)
    told = keeper.post(f"{NOTICE}check/", {"text": NOTICE_2027}).json()
    assert (told["whole"], told["missing"], told["becomes_official"], told["faults"]) == (True, [], True, [])
    change = next(change for change in told["changes"] if change["day"] == "2027-10-09")
    assert change == {
        "day": "2027-10-09",
        "before": None,
        "after": {"day": "2027-10-09", "kind": "MAKE_UP", "name": "国庆节", "official": True},
    }
    assert kept(2027) == before


def test_a_notice_that_was_looked_at_is_entered_as_a_whole_and_audited(keeper):
    answer = entered(keeper)
    assert (answer.status_code, answer.json()["becomes_official"]) == (200, True)
    calendar = Calendar.load()
    assert not calendar.is_provisional(date(2027, 3, 1))
    assert calendar.is_working(date(2027, 10, 9))
    entry = AuditEntry.objects.get(kind=AuditEntry.Kind.SETTING)
    assert (entry.data["act"], entry.data["year"], entry.data["official"]) == ("import", 2027, True)
    assert refusal(entered(keeper)) == (400, "refused"), "there is nothing left to change"


def test_a_notice_comes_as_a_table_too(keeper):
    rows = "日期,安排,节日\n2027-10-01,放假,国庆节\n2027-10-09,上班,国庆节\n".encode()
    told = keeper.upload(f"{NOTICE}check/", "安排.csv", rows).json()
    assert (told["whole"], "国庆节" in told["missing"], "春节" in told["missing"]) == (False, False, True)
    wrong = keeper.upload(f"{NOTICE}check/", "安排.csv", "日期,安排\n2027-10-01,\n".encode())
    assert (wrong.status_code, set(wrong.json()["fields"])) == (400, {"file"})


def test_what_was_not_seen_is_not_entered(keeper):
    seen = seen_by(keeper)
    Workday.objects.create(day=date(2027, 7, 1), kind="HOLIDAY")
    before = kept(2027)
    answer = keeper.post(NOTICE, {"text": NOTICE_2027, "seen": seen})
    assert refusal(answer) == (409, "stale")
    assert kept(2027) == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": NOTICE_2027.replace("共5天", "共6天"), "seen": "x"}, "text"),
        ({"text": "今年照常上班。", "seen": "x"}, "text"),
        ({"text": "", "seen": "x"}, "text"),
        ({"seen": "x"}, "text"),
        ({"text": NOTICE_2027}, "seen"),
        ({"text": NOTICE_2027, "seen": "x", "colour": 1}, "colour"),
    ],
)
def test_a_notice_that_is_wrong_is_refused_by_its_field_and_nothing_is_entered(keeper, body, field):
    before = kept(2027)
    answer = keeper.post(NOTICE, body)
    assert (answer.status_code, set(answer.json()["fields"])) == (400, {field})
    assert kept(2027) == before


def test_faults_of_a_notice_are_listed_with_their_words(keeper):
    told = keeper.post(f"{NOTICE}check/", {"text": NOTICE_2027.replace("共5天", "共6天")}).json()
    assert (told["changes"], told["seen"]) == ([], "")
    assert told["faults"] == [{"words": "5月1日至5日放假调休…6天", "sentence": "天数与日期不符。"}]


def test_nobody_else_enters_a_notice_and_a_year_out_of_reach_is_none(world, keeper):
    before = kept(2027)
    lower = make_post(world.committee, "ADMINISTRATOR").user
    for user in (lower, world.office.user, make_user()):
        for rest in ("", "check/"):
            answer = Program(user).post(f"{NOTICE}{rest}", {"text": NOTICE_2027, "seen": "x"})
            assert refusal(answer) == (403, "not_allowed")
    assert refusal(keeper.post("workdays/1999/notice/check/", {"text": NOTICE_2027})) == (404, "not_found")
    assert kept(2027) == before
