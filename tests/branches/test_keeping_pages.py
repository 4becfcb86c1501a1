"""Pages on which organisations, posts, terms, ratings and areas are looked after: what they do, show first, and refuse."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from branches.models import Area, Organization, Placement, Post, Rating, Term, User
from common.clock import moment
from common.models import AuditEntry
from tests.factories import World, make_organization, make_post, make_user

pytestmark = pytest.mark.django_db
DAY, YESTERDAY = date(2026, 3, 10), date(2026, 3, 9)


@pytest.fixture(autouse=True)
def _in_march():
    with time_machine.travel(moment(DAY, 10), tick=False):
        yield


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def admin(world) -> Client:
    return signed_in(make_post(world.top, "ADMINISTRATOR").user)


@pytest.fixture
def officer(world) -> Client:
    return signed_in(make_post(world.top, "SECURITY_OFFICER").user)


def page(organization, name="") -> str:
    return f"/organizations/{organization.code}/{name}/".replace("//", "/")


def problems(answer) -> str:
    return " ".join(str(error) for errors in answer.context["form"].errors.values() for error in errors)


def last_line() -> dict:
    return AuditEntry.objects.filter(kind="TREE").latest("pk").data


# --- add and change -------------------------------------------------------------------------------------------------


def details(**fields):
    given = {
        "name": "中共市财政局机关第九支部",
        "short_name": "财政局九支部",
        "full_members": 12,
        "probationary_members": 1,
    }
    return given | fields


def test_an_organization_is_added_below_another_with_all_that_is_known(admin, world):
    area = Area.objects.create(organization=world.top, name="第一片区")
    given = details(
        kind="BRANCH",
        code="CZJ-09",
        active_from="2026-03-01",
        area=area.pk,
        tags="窗口单位、青年支部",
        second_superior=world.other_committee.code,
        linked_leader=world.leader.user.username,
    )
    answer = admin.post(page(world.committee, "add"), given)
    assert answer.url == "/organizations/CZJ-09/"
    added = Organization.objects.get(code="CZJ-09")
    assert (added.parent, added.area, added.second_superior, added.linked_leader) == (
        world.committee,
        area,
        world.other_committee,
        world.leader.user,
    )
    assert sorted(tag.name for tag in added.tags.all()) == ["窗口单位", "青年支部"]
    assert Placement.objects.get(organization=added).since == date(2026, 3, 1)
    assert last_line() == {"act": "add", "organization": "CZJ-09", "superior": world.committee.code}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"code": ""}, "code"),
        ({"code": "../x"}, "code"),
        ({"code": "taken"}, "code"),
        ({"name": ""}, "name"),
        ({"short_name": "长" * 41}, "short_name"),
        ({"active_from": "2026-02-30"}, "active_from"),
        ({"full_members": "-1"}, "full_members"),
        ({"second_superior": "没有"}, "second_superior"),
        ({"linked_leader": "没有"}, "linked_leader"),
        ({"tags": "长" * 31}, "tags"),
    ],
)
def test_a_bad_entry_is_refused_at_its_field_and_what_was_typed_stays(admin, world, given, field):
    make_organization("BRANCH", parent=world.committee)
    Organization.objects.filter(pk=world.other_branch.pk).update(code="taken")
    before = Organization.objects.count()
    typed = details(kind="BRANCH", code="N1", active_from="2026-03-01") | given
    answer = admin.post(page(world.committee, "add"), typed)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) - {"__all__"} == {field}
    assert Organization.objects.count() == before
    if field != "name":
        assert "中共市财政局机关第九支部" in answer.content.decode()


def test_nothing_is_added_below_a_branch(admin, world):
    assert admin.get(page(world.branch, "add")).status_code == 400


def test_details_change_and_the_version_guards_them(admin, world):
    form = admin.get(page(world.branch, "change")).context["form"]
    assert form.initial["version"] == 0
    answer = admin.post(page(world.branch, "change"), details(version=0, tags="窗口单位"))
    assert answer.status_code == 302
    world.branch.refresh_from_db()
    assert (world.branch.short_name, world.branch.full_members, world.branch.version) == (
        "财政局九支部",
        12,
        1,
    )
    assert last_line()["fields"] == ["full_members", "name", "probationary_members", "short_name", "tags"]
    admin.post(page(world.branch, "change"), details(version=1, tags=""))
    assert world.branch.tags.count() == 0


def test_who_comes_second_sees_both_and_decides(admin, world):
    admin.post(page(world.branch, "change"), details(version=0, unit="财政局"))
    answer = admin.post(page(world.branch, "change"), details(version=0, name="我的名称"))
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "我的名称" in text
    assert "现已保存的内容：中共市财政局机关第九支部" in text
    version = answer.context["form"].data["version"]
    assert (
        admin.post(page(world.branch, "change"), details(version=version, name="我的名称")).status_code == 302
    )
    world.branch.refresh_from_db()
    assert (world.branch.name, world.branch.unit) == ("我的名称", "")


def test_a_form_without_its_version_is_stale(admin, world):
    assert admin.post(page(world.branch, "change"), details()).status_code == 422
    world.branch.refresh_from_db()
    assert world.branch.version == 0


def test_a_second_superior_out_of_reach_stays_when_it_is_not_touched(world):
    Organization.objects.filter(pk=world.branch.pk).update(second_superior=world.other_committee)
    small = signed_in(make_post(world.committee, "ADMINISTRATOR").user)
    given = details(version=0, second_superior=world.other_committee.code)
    assert small.post(page(world.branch, "change"), given).status_code == 302
    world.branch.refresh_from_db()
    assert world.branch.second_superior == world.other_committee
    given = details(version=1, second_superior=world.other_branch.code)
    assert small.post(page(world.branch, "change"), given).status_code == 422


# --- move, merge, end -----------------------------------------------------------------------------------------------


def test_a_move_is_shown_before_it_is_made(admin, world):
    to = world.other_committee.parent
    given = {"to": to.code, "since": "2026-03-10"}
    answer = admin.post(page(world.committee, "move"), given)
    assert answer.status_code == 200
    effects = answer.context["effects"]
    assert effects[:4] == [
        "下级2个党组织随之改隶，其中党支部2个。",
        "其中任职的4人职务不变。",
        f"此后不再看到的有：{world.group.short_name}。",
        f"此后可以看到的有：{to.short_name}。",
    ]
    world.committee.refresh_from_db()
    assert world.committee.parent == world.group
    assert admin.post(page(world.committee, "move"), given | {"confirm": "1"}).status_code == 302
    world.committee.refresh_from_db()
    assert world.committee.parent == to
    assert last_line() == {
        "act": "move",
        "organization": world.committee.code,
        "superior": to.code,
        "since": "2026-03-10",
    }


def test_a_move_that_cannot_be_says_why_and_changes_nothing(admin, world):
    answer = admin.post(
        page(world.group, "move"), {"to": world.committee.code, "since": "2026-03-10", "confirm": "1"}
    )
    assert answer.status_code == 422
    assert "自身之下" in problems(answer)
    answer = admin.post(page(world.committee, "move"), {"to": world.branch.code, "since": "2026-03-10"})
    assert list(answer.context["form"].errors) == ["to"]
    answer = admin.post(
        page(world.committee, "move"),
        {"to": world.other_committee.code, "since": "2019-01-01", "confirm": "1"},
    )
    assert "since" in answer.context["form"].errors
    world.committee.refresh_from_db()
    assert world.committee.parent == world.group


def test_an_end_shows_whose_posts_end_and_writes_each_into_the_audit_log(admin, world):
    secretary = world.secretary.user
    answer = admin.post(page(world.branch, "retire"), {"last_day": "2026-03-09"})
    assert secretary.name in answer.context["effects"][0]
    assert Post.objects.get(user=secretary).until is None
    session = secretary.sessions_mark
    admin.post(page(world.branch, "retire"), {"last_day": "2026-03-09", "confirm": "1"})
    secretary.refresh_from_db()
    assert Post.objects.get(user=secretary).until == YESTERDAY
    assert secretary.sessions_mark != session
    assert AuditEntry.objects.get(kind="POST").data == {
        "act": "end",
        "user": secretary.pk,
        "organization": world.branch.code,
        "role": "SECRETARY",
        "until": "2026-03-09",
    }
    assert last_line()["act"] == "retire"
    assert "已于" in admin.get(page(world.branch)).content.decode()


def test_what_still_has_organizations_below_is_not_ended(admin, world):
    answer = admin.post(page(world.committee, "retire"), {"last_day": "2026-03-09"})
    assert "还有2个直接下级" in problems(answer)
    answer = admin.post(page(world.committee, "retire"), {"last_day": "2026-03-09", "confirm": "1"})
    assert answer.status_code == 422
    world.committee.refresh_from_db()
    assert world.committee.active_until is None


def test_a_merge_moves_what_stood_below_and_ends_the_rest(admin, world):
    given = {"into": world.other_committee.code, "last_day": "2026-03-10"}
    answer = admin.post(page(world.committee, "merge"), given)
    assert answer.context["effects"][0].startswith("直接下级2个（连同所有下级共2个）")
    admin.post(page(world.committee, "merge"), given | {"confirm": "1"})
    world.branch.refresh_from_db()
    world.committee.refresh_from_db()
    assert world.branch.parent == world.other_committee
    assert world.committee.active_until == DAY
    assert last_line()["into"] == world.other_committee.code
    assert (
        "into"
        in admin.post(page(world.branch, "merge"), {"into": world.committee.code}).context["form"].errors
    )


def test_the_preview_of_a_move_costs_the_same_for_three_and_for_thirty(admin):
    counts = []
    for branches in (3, 30):
        world = World(branches=branches)
        root = make_post(world.top, "ADMINISTRATOR").user
        with CaptureQueriesContext(connection) as queries:
            signed_in(root).post(
                page(world.committee, "move"), {"to": world.other_committee.code, "since": "2026-03-10"}
            )
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- posts ----------------------------------------------------------------------------------------------------------


def test_somebody_is_appointed_on_the_page_of_the_organization(officer, world):
    person = make_user("尹嘉禾", organization=world.branch)
    given = {"person": person.username, "role": "CLERK", "since": "2026-03-10"}
    assert officer.post(page(world.branch, "appoint"), given).status_code == 302
    assert Post.objects.get(user=person).role == "CLERK"
    answer = officer.post(page(world.branch, "appoint"), given)
    assert "已" in problems(answer)
    assert Post.objects.filter(user=person).count() == 1


def test_nobody_appoints_themselves(world):
    user = make_post(world.top, "SECURITY_OFFICER").user
    given = {"person": user.username, "role": "CLERK", "since": "2026-03-10"}
    answer = signed_in(user).post(page(world.branch, "appoint"), given)
    assert answer.status_code == 422
    assert not Post.objects.filter(user=user, role="CLERK").exists()


def test_a_hand_over_is_shown_then_ends_one_post_and_begins_the_other(officer, world):
    old, new = Post.objects.get(user=world.secretary.user), make_user("尹嘉禾", organization=world.branch)
    address = f"{page(world.branch)}posts/{old.pk}/"
    given = {"person": "尹嘉禾", "since": "2026-03-10"}
    effects = officer.post(address, given).context["effects"]
    assert effects[0] == f"尹嘉禾自 2026-03-10 起任书记；{old.user}的任职于前一天结束。"
    assert officer.post(address, given | {"confirm": "1"}).status_code == 302
    old.refresh_from_db()
    assert old.until == YESTERDAY
    assert Post.objects.get(user=new).since == DAY
    answer = officer.post(address, {"person": "尹嘉禾", "since": "2019-01-01", "confirm": "1"})
    assert "since" in answer.context["form"].errors


def test_a_post_of_another_organization_is_not_found_here(officer, world):
    foreign = Post.objects.get(user=world.other_secretary.user)
    assert officer.get(f"{page(world.branch)}posts/{foreign.pk}/").status_code == 404


# --- terms and ratings ----------------------------------------------------------------------------------------------


def test_the_superior_enters_a_term_and_the_one_before_ends(world):
    clerk = signed_in(world.reviewer.user)
    clerk.post(page(world.branch, "term"), {"number": 4, "began_on": "2023-05-04"})
    clerk.post(page(world.branch, "term"), {"number": 5, "began_on": "2026-03-01"})
    assert list(
        Term.objects.order_by("began_on").values_list("number", "began_on", "due_on", "ended_on")
    ) == [
        (4, date(2023, 5, 4), date(2026, 5, 4), date(2026, 2, 28)),
        (5, date(2026, 3, 1), date(2029, 3, 1), None),
    ]
    answer = clerk.post(page(world.branch, "term"), {"began_on": "2026-03-01"})
    assert "began_on" in answer.context["form"].errors
    text = clerk.get(page(world.branch)).content.decode()
    assert "第5届" in text
    assert "以往1届" in text


def test_an_election_is_shifted_with_an_approval_only(world):
    clerk = signed_in(world.reviewer.user)
    clerk.post(page(world.branch, "term"), {"began_on": "2023-05-04"})
    assert "六个月内" in clerk.get(page(world.branch)).content.decode()
    address = page(world.branch, "term") + "shift/"
    answer = clerk.post(address, {"due_on": "2026-11-04"})
    assert list(answer.context["form"].errors) == ["approval"]
    clerk.post(address, {"due_on": "2026-11-04", "approval": "市直机关工委批复〔2026〕3号"})
    term = Term.objects.get()
    assert (term.due_on, term.approval) == (date(2026, 11, 4), "市直机关工委批复〔2026〕3号")
    assert last_line()["before"] == "2026-05-04"


def test_an_overdue_election_says_so_in_a_word(world):
    Term.objects.create(
        organization=world.branch, began_on=date(2020, 1, 1), due_on=date(2023, 1, 1), years=3
    )
    assert "逾期" in signed_in(world.reviewer.user).get(page(world.branch)).content.decode()


def test_a_rating_is_recorded_once_a_year_and_corrected_in_place(world):
    clerk = signed_in(world.reviewer.user)
    given = {"year": 2025, "kind": "STARS", "stars": 4, "decided_on": "2026-01-15", "decided_by": "机关党委"}
    clerk.post(page(world.branch, "rating"), given)
    clerk.post(page(world.branch, "rating"), given | {"stars": 5})
    assert list(Rating.objects.values_list("organization", "year", "stars")) == [(world.branch.pk, 2025, 5)]
    assert "★★★★★" in clerk.get(page(world.branch)).content.decode()
    for wrong in ({"stars": ""}, {"stars": 6}, {"decided_on": "2024-01-01"}, {"kind": "其他"}, {"year": ""}):
        assert clerk.post(page(world.branch, "rating"), given | wrong).status_code == 422


def test_nobody_rates_or_elects_their_own_organization(world):
    for name in ("term", "term/shift", "rating"):
        assert signed_in(world.secretary.user).get(f"{page(world.branch)}{name}/").status_code == 403


# --- areas ----------------------------------------------------------------------------------------------------------


def test_areas_have_a_liaison_and_may_be_changed_and_removed(admin, world):
    given = {"name": "第一片区", "organization": world.top.code, "liaison": world.inspector.user.username}
    assert admin.post("/areas/", given).status_code == 302
    area = Area.objects.get()
    assert (area.organization, area.liaison) == (world.top, world.inspector.user)
    assert admin.post("/areas/", given).context["form"].errors["name"]
    admin.post(f"/areas/{area.pk}/", {"name": "第二片区", "liaison": ""})
    area.refresh_from_db()
    assert (area.name, area.liaison) == ("第二片区", None)
    Organization.objects.filter(pk=world.branch.pk).update(area=area)
    assert admin.get("/areas/").context["areas"][0].size == 1
    admin.post(f"/areas/{area.pk}/remove/")
    world.branch.refresh_from_db()
    assert world.branch.area is None
    assert not Area.objects.exists()


def test_areas_belong_to_the_reach_of_the_duty(world):
    area = Area.objects.create(organization=world.top, name="第一片区")
    small = signed_in(make_post(world.committee, "ADMINISTRATOR").user)
    assert list(small.get("/areas/").context["areas"]) == []
    assert small.get(f"/areas/{area.pk}/").status_code == 404
    assert small.post(f"/areas/{area.pk}/remove/").status_code == 404
    assert signed_in(world.office.user).get("/areas/").status_code == 403


def test_the_list_of_areas_costs_the_same_with_one_and_with_three(admin, world):
    counts = []
    for names in (["甲"], ["乙", "丙"]):
        for name in names:
            Area.objects.create(organization=world.top, name=name, liaison=world.office.user)
        with CaptureQueriesContext(connection) as queries:
            admin.get("/areas/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- who sees which button ------------------------------------------------------------------------------------------


def test_each_duty_finds_its_own_acts_on_the_page_and_nobody_anothers(admin, officer, world):
    acts = ("change", "move", "retire", "appoint", "term", "rating")

    def found(client):
        text = client.get(page(world.branch)).content.decode()
        return {name for name in acts if f"{page(world.branch)}{name}/" in text}

    assert found(admin) == {"change", "move", "retire", "term", "rating"}
    assert found(officer) == {"appoint"}
    assert found(signed_in(world.reviewer.user)) == {"term", "rating"}
    assert found(signed_in(world.secretary.user)) == set()


# --- accounts -------------------------------------------------------------------------------------------------------


def test_an_administrator_changes_name_mail_and_phone_of_an_account(admin, world):
    user = world.secretary.user
    address = f"/users/{user.pk}/change/"
    given = {"name": "尹嘉禾", "email": "yin@example.gov.cn", "phone": "138 0013 8000"}
    assert admin.post(address, given).status_code == 302
    user.refresh_from_db()
    assert (user.name, user.email, user.phone) == ("尹嘉禾", "yin@example.gov.cn", "138 0013 8000")
    entry = AuditEntry.objects.get(kind="ACCOUNT")
    assert (entry.data["act"], entry.data["fields"]) == ("change", ["name", "email", "phone"])
    for wrong in ({"name": " "}, {"email": "nobody@"}, {"phone": "abc"}):
        assert admin.post(address, given | wrong).status_code == 422


def test_only_an_administrator_above_changes_an_account(officer, world):
    small = signed_in(make_post(world.committee, "ADMINISTRATOR").user)
    assert officer.get(f"/users/{world.secretary.user.pk}/change/").status_code == 403
    assert small.get(f"/users/{world.secretary.user.pk}/change/").status_code == 200
    assert small.get(f"/users/{world.other_secretary.user.pk}/change/").status_code == 404
