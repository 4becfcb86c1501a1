"""The audit log on its page: for auditors alone, each as far as their duty reaches."""

from datetime import date

import pytest
from django.utils import translation

from branches.models import Post
from branches.views.audit import entries_visible_to, in_words
from common.audit import record
from common.clock import moment, now
from common.models import AuditEntry
from tests.branches.test_accounts import Offices, acting, signed_in

pytestmark = pytest.mark.django_db
Kind = AuditEntry.Kind


@pytest.fixture(autouse=True)
def language():
    yield
    translation.deactivate()


@pytest.fixture
def offices():
    offices = Offices()
    for day, user, kind, success in (
        (1, offices.secretary, Kind.SIGN_IN, True),
        (2, offices.stranger, Kind.SIGN_IN, True),
        (3, offices.stranger, Kind.REFUSAL, False),
    ):
        record(kind, at=moment(date(2026, 3, day)), user=user, success=success, address="10.0.0.1")
    record(Kind.SIGN_IN_FAILED, at=moment(date(2026, 3, 4)), account="nobody-known", success=False)
    return offices


def days(found):
    return [entry.at.day for entry in found]


def test_an_auditor_at_a_root_reads_all_and_a_lower_one_their_people(offices):
    assert days(entries_visible_to(acting(offices.auditor))) == [4, 3, 2, 1]
    assert days(entries_visible_to(acting(offices.low_auditor))) == [1]


def test_nobody_else_reads_any_of_it(offices):
    for user in (offices.admin, offices.officer, offices.secretary, offices.low_admin):
        assert list(entries_visible_to(acting(user))) == []
        answer = signed_in(user).get("/audit/")
        assert answer.status_code == 403
        assert "只有审计员可以查看审计日志" in answer.content.decode()
        assert "nobody-known" not in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [4, 3, 2, 1]),
        ({"kind": "SIGN_IN"}, [2, 1]),
        ({"success": "no"}, [4, 3]),
        ({"since": "2026-03-02", "until": "2026-03-03"}, [3, 2]),
        ({"q": "nobody"}, [4]),
        ({"since": "the other day", "kind": "NONSENSE"}, [4, 3, 2, 1]),
        ({"q": "\0"}, [4, 3, 2, 1]),
        ({"after": "nonsense"}, [4, 3, 2, 1]),
    ],
)
def test_it_is_filtered_and_what_means_nothing_narrows_nothing(offices, query, expected):
    client = signed_in(offices.auditor)
    rows = client.get("/audit/", query).context["rows"]
    assert [
        entry.at.day for entry, _tone, _words in rows if entry.at.year == 2026 and entry.at.month == 3
    ] == expected


def test_a_person_is_found_by_name(offices):
    rows = signed_in(offices.auditor).get("/audit/", {"q": offices.secretary.name}).context["rows"]
    assert [entry.actor for entry, _tone, _words in rows] == [offices.secretary]


def test_the_pages_follow_each_other_newest_first_without_a_gap(offices, monkeypatch):
    """Of the same moment what was written last comes first; what was written late stands at its own time."""
    monkeypatch.setattr("branches.views.audit.PAGE", 3)
    for day in (2, 2, 2, 2, 1):
        record(Kind.EXPORT, at=moment(date(2026, 3, day)), user=offices.secretary)
    client = signed_in(offices.auditor)
    seen, after = [], ""
    for _page in range(5):
        answer = client.get("/audit/", {"after": after} if after else {})
        seen += [entry.pk for entry, _tone, _words in answer.context["rows"]]
        after = answer.context["after"]
        if not after:
            break
    newest_first = sorted(AuditEntry.objects.all(), key=lambda entry: (entry.at, entry.pk), reverse=True)
    assert seen == [entry.pk for entry in newest_first]
    assert list(entries_visible_to(acting(offices.auditor)).values_list("pk", flat=True)) == seen


@pytest.mark.parametrize("number", [1, 3])
def test_it_asks_the_same_number_of_questions_however_many_lines(offices, number, django_assert_num_queries):
    for post in list(Post.objects.all())[:number]:
        data = {"act": "end", "user": post.user_id, "organization": post.organization.code, "role": post.role}
        record(Kind.POST, at=now(), user=offices.officer, data=data)
    client = signed_in(offices.auditor)
    client.get("/audit/")
    with django_assert_num_queries(7):
        assert len(client.get("/audit/?kind=POST").context["rows"]) == number


def test_a_line_says_what_was_done_to_whom(offices):
    signed_in(offices.low_admin).post(f"/users/{offices.secretary.pk}/disable/")
    page = signed_in(offices.auditor).get("/audit/?kind=ACCOUNT").content.decode()
    assert f"停用账号 · {offices.secretary.name}" in page


def test_a_line_reads_the_same_however_the_database_keeps_its_details(offices):
    told = {"act": "import", "setting": "calendar", "year": 2027, "official": True, "days": ["2027-10-09"]}
    entries = [
        record(Kind.SETTING, at=moment(date(2026, 3, 5)), user=offices.admin, data=data)
        for data in (told, dict(sorted(told.items())), dict(reversed(told.items())))
    ]
    with translation.override("zh-hans"):
        assert in_words(entries) == ["已导入 · 工作日历 · 2027 · 正式 · 2027-10-09"] * 3


def test_what_has_no_place_of_its_own_in_a_line_comes_last_by_name(offices):
    told = {"zone": "东区", "year": 2027, "form": "zip", "act": "import"}
    entries = [
        record(Kind.EXPORT, at=moment(date(2026, 3, 5)), user=offices.admin, data=data)
        for data in (told, dict(reversed(told.items())))
    ]
    with translation.override("zh-hans"):
        assert in_words(entries) == ["已导入 · 2027 · zip · 东区"] * 2
