"""The yearly notice, read as it is published; what cannot be right is said and nothing is guessed."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from common.holiday_notice import read_notice

NOTICE_2026 = """国务院办公厅关于2026年
部分节假日安排的通知
　　经国务院批准，现将2026年元旦、春节、清明节、劳动节、端午节、中秋节和国庆节放假调休日期的具体安排通知如下。
　　一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
　　二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
　　三、清明节：4月4日（周六）至6日（周一）放假，共3天。
　　四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
　　五、端午节：6月19日（周五）至21日（周日）放假，共3天。
　　六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
　　七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。
　　节假日期间，各地区、各部门要妥善安排好值班和安全、保卫等工作。
国务院办公厅
2025年11月4日"""


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def said(reading):
    return [str(fault.sentence) for fault in reading.faults]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text", [NOTICE_2026, NOTICE_2026.replace("\n", ""), NOTICE_2026.replace("日（", "日\n（")]
)
def test_the_notice_of_2026_gives_the_calendar_of_2026_however_its_lines_are_broken(text):
    from common.models import Workday

    reading = read_notice(text, year=2026)
    stored = Workday.objects.filter(day__year=2026)
    assert said(reading) == []
    assert {day: worked for day, (worked, _name) in reading.exceptions.items()} == {
        row.day: row.kind == "MAKE_UP" for row in stored
    }
    assert reading.missing == []


def test_a_single_sentence_gives_its_days_and_is_no_whole_year():
    reading = read_notice("国庆节：10月1日至7日放假调休，共7天。9月28日（星期日）上班。", year=2025)
    assert list(reading.off) == [date(2025, 10, n) for n in range(1, 8)]
    assert list(reading.worked) == [date(2025, 9, 28)]
    assert reading.missing == ["元旦", "春节", "清明", "劳动", "端午", "中秋"]


def test_new_years_day_may_begin_in_the_old_year():
    explicit = read_notice("一、元旦：2022年12月31日至2023年1月2日放假调休，共3天。", year=2023)
    implied = read_notice("元旦：12月31日至1月2日放假调休，共3天。", year=2023)
    assert list(explicit.off) == list(implied.off) == [date(2022, 12, 31), date(2023, 1, 1), date(2023, 1, 2)]


def test_lines_of_days_are_read_too():
    reading = read_notice("2027-10-01,放假,国庆节\n2027/10/9\t上班", year=2027)
    assert reading.exceptions == {date(2027, 10, 1): (False, "国庆节"), date(2027, 10, 9): (True, "")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("国庆节：10月1日至7日放假，共8天。", "The number of days does not fit the dates."),
        (
            "国庆节：10月1日（周五）放假。",
            "The day of the week does not fit the date; is this the right year?",
        ),
        ("国庆节：9月31日放假。", "There is no such day."),
        ("国庆节：10月8日上班。", "A make-up day is a Saturday or Sunday; this one is worked anyway."),
        ("国庆节：10月7日至1日放假。", "This holiday has no plausible length."),
        ("国庆节：放假时间另行通知。", "No day off is named here."),
        ("国庆节：10月1号放假。", "These dates cannot be understood."),
        ("国庆节：10月3日放假。10月3日上班。", "This day is both off and worked."),
        (
            "关于2025年部分节假日安排的通知 国庆节：10月1日放假。",
            "This notice is for another year than the chosen one.",
        ),
        ("2026-13-01 放假", "There is no such day."),
        ("2025-10-01 放假", "This day is not in the chosen year."),
        ("2026-10-01 也许", "Write 放假 for a day off or 上班 for a day that is worked."),
        ("各地要妥善安排好值班。", "The text names no day that is off or worked."),
        ("", "The text names no day that is off or worked."),
    ],
)
def test_what_cannot_be_right_is_said(text, expected):
    assert said(read_notice(text, year=2026)) == [expected]


@given(st.text(alphabet="元旦国庆节春：。，、月日年至放假上班共天（）周一二1234567890\n -", max_size=200))
def test_no_text_breaks_the_reading(text):
    reading = read_notice(text, year=2026)
    assert reading.faults or reading.off or reading.worked
