"""Organizations, accounts and the audit log as workbooks: what their pages show, all pages, with their filters."""

from __future__ import annotations

import io
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from branches.exporting import HEAD
from branches.models import Organization, Post, User
from common.audit import record
from common.clock import moment, now
from common.models import AuditEntry
from tests.branches.test_accounts import Offices, signed_in
from tests.factories import make_organization, make_post, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def offices():
    return Offices()


def sheet_of(user, address: str):
    response = signed_in(user).get(address)
    assert response.status_code == 200, response.content.decode()[-400:]
    return load_workbook(io.BytesIO(b"".join(response.streaming_content))).active


def rows_of(user, address: str) -> list[tuple]:
    return [tuple(c.value for c in row) for row in sheet_of(user, address).iter_rows(min_row=HEAD + 1)]


def test_organizations_in_sight_stand_in_the_order_of_the_tree_with_heads_and_counts(offices):
    found = rows_of(offices.admin, "/organizations/export/")
    assert [row[1] for row in found] == ["市直机关工委", "城管局机关党委", "城管局一支部", "财政局机关党委"]
    assert [row[6:] for row in found] == [(2, 1), (0, 1), (0, 0), (0, 0)]
    assert found[2][3:6] == ("党支部", offices.bureau.short_name, offices.secretary.name)
    mine = rows_of(offices.secretary, "/organizations/export/")
    assert [row[1] for row in mine] == ["城管局一支部"]


def test_a_search_narrows_them_as_on_the_page_and_stands_in_the_head(offices):
    shown = signed_in(offices.admin).get("/organizations/?q=城管").context["hits"]
    found = rows_of(offices.admin, "/organizations/export/?q=城管")
    assert [row[2] for row in found] == [node.organization.code for node, _trail in shown]
    assert "查找：城管" in sheet_of(offices.admin, "/organizations/export/?q=城管")["A2"].value


def test_accounts_are_exported_with_their_posts_and_states_to_their_keepers_alone(offices):
    User.objects.filter(pk=offices.stranger.pk).update(is_active=False)
    User.objects.filter(pk=offices.secretary.pk).update(last_login=moment(date(2026, 3, 2), 9))
    Post.objects.filter(user=offices.low_auditor).update(until=date(2025, 1, 1))
    found = {row[1]: row for row in rows_of(offices.admin, "/users/export/")}
    assert sorted(found) == sorted(User.objects.values_list("username", flat=True))
    assert found[offices.stranger.username][3] == "已停用"
    assert found[offices.secretary.username][2:] == (
        offices.secretary.posts.get().title,
        found[offices.secretary.username][3],
        "2026年3月2日 周一 09:00:00",
    )
    assert found[offices.low_auditor.username][2] is None
    assert [row[1] for row in rows_of(offices.admin, "/users/export/?state=disabled")] == [
        offices.stranger.username
    ]
    below = {row[1] for row in rows_of(offices.low_admin, "/users/export/")}
    assert offices.stranger.username not in below
    for user in (offices.auditor, offices.secretary):
        assert signed_in(user).get("/users/export/").status_code == 403


def test_the_audit_log_is_exported_to_auditors_with_its_filters_and_says_so_itself(offices):
    for day, kind, success in ((1, "SIGN_IN", True), (2, "REFUSAL", False), (3, "REFUSAL", False)):
        at = moment(date(2026, 3, day), 9)
        record(AuditEntry.Kind(kind), at=at, user=offices.secretary, success=success, address="10.0.0.1")
    query = f"?kind=REFUSAL&since=2026-03-01&until=2026-03-02&q={offices.secretary.username}"
    assert rows_of(offices.auditor, f"/audit/export/{query}") == [
        (
            "拒绝访问",
            "2026-03-02 09:00:00",
            offices.secretary.name,
            offices.secretary.username,
            "被拒绝",
            None,
            "10.0.0.1",
        )
    ]
    entry = AuditEntry.objects.get(kind="EXPORT")
    assert (entry.actor, entry.data) == (offices.auditor, {"list": "审计日志", "rows": 1})
    for user in (offices.admin, offices.officer, offices.secretary):
        assert signed_in(user).get("/audit/export/").status_code == 403


@pytest.mark.parametrize("address", ["/organizations/export/", "/users/export/", "/audit/export/"])
def test_an_export_asks_the_same_queries_for_few_rows_and_for_many(offices, address):
    user = offices.auditor if "audit" in address else offices.admin
    record(AuditEntry.Kind.SIGN_IN, at=now(), user=offices.admin)

    def asked() -> int:
        client = signed_in(user)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(address)
            assert b"".join(answer.streaming_content)
        return len(captured)

    asked()
    once = asked()
    for number in range(3):
        unit = make_organization("BRANCH", parent=offices.bureau, name=f"新支部{number}")
        record(AuditEntry.Kind.POST, at=now(), user=make_post(unit, "SECRETARY").user)
        make_user(f"新人{number}")
    assert asked() == once
    assert Organization.objects.count() > 4


@pytest.mark.parametrize(
    "address", ["/organizations/?q=城管", "/users/?state=active", "/audit/?kind=SIGN_IN"]
)
def test_the_button_leads_to_the_export_of_these_filters(offices, address):
    record(AuditEntry.Kind.SIGN_IN, at=now(), user=offices.admin)
    page, _mark, query = address.partition("?")
    user = offices.auditor if "audit" in address else offices.admin
    body = signed_in(user).get(address).content.decode()
    from urllib.parse import quote

    assert f'href="{page}export/?{quote(query, safe="=")}"' in body
