"""The administration: for holders of the post alone, within their reach, a window except for the calendar."""

from datetime import date
from urllib.parse import unquote

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import translation

from branches.models import Organization, User
from common.models import AuditEntry, Workday
from tests.branches.test_accounts import Offices, signed_in
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PAGES = [
    "/admin/",
    "/admin/branches/organization/",
    "/admin/branches/user/",
    "/admin/common/workday/",
    "/admin/tracker/loopstep/",
]


@pytest.fixture(autouse=True)
def language():
    yield
    translation.deactivate()


@pytest.fixture
def offices():
    return Offices()


def test_only_settings_organizations_and_accounts_are_there():
    """No business text: not a plan, not a task, not a source."""
    assert {model._meta.label for model in admin.site._registry} == {
        "branches.Organization",
        "branches.User",
        "common.Workday",
        "tracker.LoopStep",
    }


def test_the_admins_own_sign_in_page_leads_on(offices):
    assert signed_in(offices.admin).get("/admin/login/")["Location"] == "/admin/"


@pytest.mark.parametrize("path", [*PAGES, "/admin/login/"])
def test_it_is_closed_to_everybody_without_the_post(offices, path):
    for user in (offices.officer, offices.auditor, offices.secretary, make_user(is_staff=True)):
        answer = signed_in(user).get(path)
        assert answer.status_code == 403, user
        assert "只有系统管理员可以打开系统管理" in answer.content.decode()


def test_who_is_not_signed_in_comes_to_the_one_door_and_back(client):
    door = client.get("/admin/common/workday/", follow=True)
    assert unquote(door.redirect_chain[-1][0]) == "/sign-in/?next=/admin/common/workday/"


@pytest.mark.parametrize("path", PAGES)
def test_an_administrator_opens_it_in_our_look_without_anything_inline(offices, path):
    answer = signed_in(offices.admin).get(path)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "css/pages/admin.css" in page
    assert 'style="' not in page
    assert "<style" not in page
    assert "onclick" not in page
    assert "<script>" not in page
    assert "unsafe" not in answer["Content-Security-Policy"]


def test_a_lower_administrator_sees_their_subtree(offices):
    client = signed_in(offices.low_admin)
    organizations = client.get("/admin/branches/organization/").context["cl"].queryset
    assert set(organizations) == set(Organization.objects.below(offices.bureau))
    people = client.get("/admin/branches/user/").context["cl"].queryset
    assert offices.stranger not in people
    assert offices.secretary in people
    pk = offices.other.pk
    assert client.get(f"/admin/branches/organization/{pk}/change/").status_code == 302


@pytest.mark.parametrize("model", ["organization", "user"])
def test_organizations_and_accounts_cannot_be_changed_here(offices, model):
    client = signed_in(offices.admin)
    subject = offices.branch if model == "organization" else offices.secretary
    page = f"/admin/branches/{model}/"
    assert client.get(f"{page}add/").status_code == 403
    assert client.post(f"{page}{subject.pk}/delete/", {"post": "yes"}).status_code == 403
    before = type(subject).objects.filter(pk=subject.pk).values().get()
    assert client.post(f"{page}{subject.pk}/change/", {"name": "changed"}).status_code == 403
    assert type(subject).objects.filter(pk=subject.pk).values().get() == before
    shown = client.get(f"{page}{subject.pk}/change/").content.decode()
    assert "pbkdf2" not in shown
    assert 'name="_save"' not in shown


def test_the_calendar_is_edited_at_a_root_and_every_change_is_audited(offices):
    client = signed_in(offices.admin)
    given = {"day": "2027-05-01", "kind": "HOLIDAY", "name": "劳动节", "official": "on"}
    Workday.objects.filter(day="2027-05-01").delete()
    assert client.post("/admin/common/workday/add/", given).status_code == 302
    page = reverse("admin:common_workday_change", args=["2027-05-01"])
    assert client.post(page, given | {"name": "五一"}).status_code == 302
    assert Workday.objects.get(day=date(2027, 5, 1)).name == "五一"
    remove = reverse("admin:common_workday_delete", args=["2027-05-01"])
    assert client.post(remove, {"post": "yes"}).status_code == 302
    lines = AuditEntry.objects.filter(kind="SETTING").order_by("pk")
    said = {"setting": "calendar", "day": "2027-05-01", "kind": "HOLIDAY"}
    assert [(entry.actor, entry.data) for entry in lines] == [
        (offices.admin, {"act": act, **said}) for act in ("add", "change", "delete")
    ]


def test_many_days_deleted_at_once_are_as_many_lines(offices):
    Workday.objects.filter(day__year=2031).delete()
    for day in ("2031-01-01", "2031-01-02"):
        Workday.objects.create(day=day, kind="HOLIDAY")
    given = {"action": "delete_selected", "_selected_action": ["2031-01-01", "2031-01-02"], "post": "yes"}
    assert signed_in(offices.admin).post("/admin/common/workday/", given).status_code == 302
    assert AuditEntry.objects.filter(kind="SETTING").count() == 2
    assert not Workday.objects.filter(day__year=2031).exists()


def test_a_lower_administrator_only_looks_at_the_calendar(offices):
    client = signed_in(offices.low_admin)
    assert client.get("/admin/common/workday/").status_code == 200
    assert client.get("/admin/common/workday/add/").status_code == 403


def test_an_emergency_superuser_without_a_post_may_look(offices):
    client = signed_in(make_user(is_superuser=True))
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/branches/user/").context["cl"].queryset.count() == User.objects.count()


def test_signing_out_and_the_password_have_one_place(offices):
    client = signed_in(offices.admin)
    assert client.get("/admin/password_change/")["Location"] == "/account/password/"
    assert client.post("/admin/logout/")["Location"] == "/account/"
