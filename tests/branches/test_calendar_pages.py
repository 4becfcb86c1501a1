"""The working-day calendar on its pages: checked first, entered as a whole, mended by the day, audited."""

from datetime import date
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from openpyxl import Workbook

from common.models import AuditEntry, Workday
from common.workdays import Calendar
from tests.branches.test_accounts import Offices, signed_in

pytestmark = pytest.mark.django_db
NOTICE_2027 = """国务院办公厅关于2027年部分节假日安排的通知
一、元旦：1月1日（周五）至3日（周日）放假，共3天。
二、春节：2月5日（农历除夕、周五）至11日（周四）放假调休，共7天。2月14日（周日）、2月20日（周六）上班。
三、清明节：4月3日至5日放假，共3天。
四、劳动节：5月1日至5日放假调休，共5天。5月8日（周六）上班。
五、端午节：6月9日（周三）放假1天，不调休。
六、中秋节：9月15日（周三）放假1天，不调休。
七、国庆节：10月1日至7日放假调休，共7天。9月26日（周日）、10月9日（周六）上班。"""


@pytest.fixture(autouse=True)
def language():
    yield
    translation.deactivate()


@pytest.fixture
def offices():
    return Offices()


@pytest.fixture
def client(offices):
    return signed_in(offices.admin)


def kept(year):
    return [(row.day, row.kind, row.name, row.official) for row in Workday.objects.filter(day__year=year)]


def checked(client, **given):
    return client.post("/calendar/notice/", {"year": 2027, "text": NOTICE_2027} | given)


def confirmed(client, **given):
    entry = checked(client, **given).context["entry"]
    return checked(client, confirm=1, seen=entry.seen, **given)


def test_the_check_shows_what_would_change_and_changes_nothing(client):
    before = kept(2027)
    answer = checked(client)
    assert answer.status_code == 200
    assert kept(2027) == before
    body = answer.content.decode()
    assert "全部法定节假日均已列出，该年将转为正式" in body
    changes = {change.day: change for change in answer.context["entry"].changes}
    assert changes[date(2027, 10, 9)].before is None
    assert changes[date(2027, 10, 9)].after.kind == "MAKE_UP"


def test_a_confirmed_notice_makes_the_year_official_and_is_audited(client, offices):
    assert Calendar.load().is_provisional(date(2027, 3, 1))
    assert confirmed(client).status_code == 302
    calendar = Calendar.load()
    assert not calendar.is_provisional(date(2027, 3, 1))
    assert calendar.is_working(date(2027, 10, 9))
    assert not calendar.is_working(date(2027, 10, 7))
    assert all(official for *_rest, official in kept(2027))
    entry = AuditEntry.objects.get(kind="SETTING")
    assert (entry.actor, entry.data["act"], entry.data["year"]) == (offices.admin, "import", 2027)
    assert "2027-10-09" in entry.data["days"]
    shown = signed_in(offices.auditor).get("/audit/?kind=SETTING").content.decode()
    assert "已导入 · 工作日历 · 2027 · 正式 · " in shown


def test_days_that_the_whole_notice_does_not_name_go(client):
    Workday.objects.create(day=date(2027, 7, 1), kind="HOLIDAY", name="误录")
    confirmed(client)
    assert not Workday.objects.filter(day=date(2027, 7, 1)).exists()


def test_a_part_of_a_notice_changes_its_days_alone_and_leaves_the_year_provisional(client):
    others = [row for row in kept(2027) if row[0].month != 10]
    part = "国庆节：10月1日至7日放假调休，共7天。10月9日上班。"
    assert "该年不转为正式" in checked(client, text=part).content.decode()
    assert confirmed(client, text=part).status_code == 302
    assert [row for row in kept(2027) if row[0].month != 10] == others
    assert [row[0].day for row in kept(2027) if row[0].month == 10] == [1, 4, 5, 6, 7, 9]
    assert Calendar.load().is_provisional(date(2027, 10, 1))


def test_one_error_and_nothing_is_entered(client):
    before = kept(2027)
    wrong = NOTICE_2027.replace("共5天", "共6天")
    answer = checked(client, text=wrong, confirm=1, seen="")
    assert answer.status_code == 422
    assert "天数与日期不符" in answer.content.decode()
    assert "共6天" in answer.content.decode()
    assert kept(2027) == before
    assert not AuditEntry.objects.filter(kind="SETTING").exists()


def test_a_preview_that_is_out_of_date_is_not_carried_out(client):
    seen = checked(client).context["entry"].seen
    Workday.objects.create(day=date(2027, 7, 1), kind="HOLIDAY")
    before = kept(2027)
    answer = checked(client, confirm=1, seen=seen)
    assert answer.status_code == 409
    assert "工作日历已有改动" in answer.content.decode()
    assert kept(2027) == before


def test_the_same_notice_twice_finds_nothing_to_change(client):
    confirmed(client)
    assert "无需更改" in checked(client).content.decode()
    entry = checked(client).context["entry"]
    assert entry.changes == []
    assert checked(client, confirm=1, seen=entry.seen).status_code == 422
    assert AuditEntry.objects.filter(kind="SETTING").count() == 1


def workbook(*rows):
    book, held = Workbook(), BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(held)
    return SimpleUploadedFile("days.xlsx", held.getvalue())


def test_a_table_of_days_is_read_from_xlsx_and_csv(client):
    rows = [("日期", "安排", "节日"), (date(2027, 10, 1), "放假", "国庆节"), ("2027-10-09", "上班", None)]
    csv = "日期,安排,节日\n2027/10/1,放假,国庆节\n2027年10月9日,上班,\n".encode()
    for file in (workbook(*rows), SimpleUploadedFile("days.csv", csv)):
        answer = checked(client, text="", file=file)
        assert answer.status_code == 200, answer.content.decode()
        exceptions = answer.context["reading"].exceptions
        assert exceptions == {date(2027, 10, 1): (False, "国庆节"), date(2027, 10, 9): (True, "")}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("days.csv", "日期,安排\n国庆,放假\n".encode(), "第 2 行没有以日期开头"),
        ("days.csv", b"2027-10-01,\n", "第 1 行第二列没有写明"),
        ("days.csv", b"", "空文件"),
        ("days.pdf", b"%PDF-1.7", "请选择 .xlsx"),
        ("days.xlsx", b"PK\x03\x04nonsense", "损坏"),
        ("days.csv", b"2027-10-01,x\n" * 30000, "太大"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_with_the_reason(client, name, content, expected):
    answer = checked(client, text="", file=SimpleUploadedFile(name, content))
    assert answer.status_code == 422
    assert expected in answer.content.decode()


def test_a_day_is_mended_by_hand_and_audited(client, offices):
    page = "/calendar/2026-07-01/"
    assert client.post(page, {"kind": "HOLIDAY", "name": "防汛停工"}).status_code == 302
    assert Workday.objects.get(day=date(2026, 7, 1)).official
    assert client.post(page, {"kind": "", "name": ""}).status_code == 302
    assert not Workday.objects.filter(day=date(2026, 7, 1)).exists()
    lines = AuditEntry.objects.filter(kind="SETTING").order_by("pk")
    assert [(line.data["day"], line.data["before"], line.data["kind"]) for line in lines] == [
        ("2026-07-01", "", "HOLIDAY"),
        ("2026-07-01", "HOLIDAY", ""),
    ]


@pytest.mark.parametrize(
    ("day", "kind", "expected"),
    [
        ("2026-07-01", "MAKE_UP", "本来就上班"),
        ("2026-07-04", "HOLIDAY", "本来就休息"),
        ("2026-07-04", "X", ""),
    ],
)
def test_what_the_weekday_says_anyway_is_no_exception(client, day, kind, expected):
    answer = client.post(f"/calendar/{day}/", {"kind": kind, "name": "试"})
    assert answer.status_code == 422
    assert expected in answer.content.decode()
    assert not Workday.objects.filter(day=day).exists()


def test_a_day_that_is_none_does_not_exist(client):
    for day in ("2026-02-30", "x", "0"):
        assert client.get(f"/calendar/{day}/").status_code == 404


def test_the_calendar_is_kept_at_a_root_alone(offices):
    for user in (offices.low_admin, offices.officer, offices.auditor, offices.secretary):
        for page in ("/calendar/", "/calendar/notice/", "/calendar/2026-07-01/"):
            assert signed_in(user).get(page).status_code == 403
        assert signed_in(user).post("/calendar/2026-07-01/", {"kind": "HOLIDAY"}).status_code == 403
    assert not Workday.objects.filter(day=date(2026, 7, 1)).exists()


def test_the_year_says_whether_it_is_official_with_the_same_queries_for_any_number_of_days(client):
    with CaptureQueriesContext(connection) as few:
        body = client.get("/calendar/?year=2031").content.decode()
    assert "暂定" in body
    with CaptureQueriesContext(connection) as many:
        body = client.get("/calendar/?year=2026").content.decode()
    assert "正式" in body
    assert "248 个工作日" in body
    assert len(few) == len(many)
