"""The tree of organisations and the page of one, each within sight."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from branches.models import Post
from common.clock import moment
from tests.factories import actor_at, make_organization, make_post, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_march():
    with time_machine.travel(moment(date(2026, 3, 10), 10), tick=False):
        yield


def names(nodes) -> list[str]:
    return [node.organization.short_name for node in nodes]


def test_the_tree_begins_at_the_top_of_what_is_in_sight(client, world):
    client.force_login(world.office.user)
    [top] = client.get("/organizations/").context["nodes"]
    assert top.organization == world.top
    assert top.branches == 3
    assert [node.branches for node in top.opened] == [2, 1]
    client.force_login(world.reviewer.user)
    [own] = client.get("/organizations/").context["nodes"]
    assert (own.organization, names(own.opened)) == (world.committee, [b.short_name for b in world.branches])


def test_two_posts_far_apart_give_two_tops(client, world):
    make_post(world.other_branch, "MEMBER", user=world.reviewer.user)
    client.force_login(world.reviewer.user)
    assert names(client.get("/organizations/").context["nodes"]) == [
        world.committee.short_name,
        world.other_branch.short_name,
    ]


def test_one_more_level_comes_as_a_part_and_without_script_as_a_page(client, world):
    client.force_login(world.office.user)
    address = f"/organizations/?below={world.committee.code}"
    part = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert all(branch.short_name in part for branch in world.branches)
    assert "<html" in client.get(address).content.decode()


def test_out_of_sight_is_not_found(client, world):
    client.force_login(world.secretary.user)
    assert client.get(f"/organizations/{world.branch.code}/").status_code == 200
    for hidden in (world.branches[1], world.committee, world.other_branch):
        assert client.get(f"/organizations/{hidden.code}/").status_code == 404
        assert client.get("/organizations/", {"below": hidden.code}).status_code == 404
    hits = client.get("/organizations/", {"q": "支部"}).context["hits"]
    assert names([node for node, _trail in hits]) == [world.branch.short_name]


def test_the_search_finds_by_name_and_code_within_sight_only(client, world):
    extra = make_organization("BRANCH", parent=world.committee, name="财政局预算处支部")
    make_organization("BRANCH", parent=world.other_committee, name="审计局预算处支部")
    client.force_login(world.reviewer.user)
    for words in ("预算处", extra.code.lower()):
        hits = client.get("/organizations/", {"q": words}).context["hits"]
        assert names([node for node, _trail in hits]) == [extra.short_name]
    assert client.get("/organizations/", {"q": "\0没有"}).context["hits"] == []


def test_the_page_tells_who_holds_and_who_held_the_posts(client, world):
    old, new = make_user("范听澜"), make_user("尹嘉禾")
    Post.objects.create(
        user=old,
        organization=world.other_branch,
        role="CLERK",
        since=date(2024, 1, 1),
        until=date(2026, 2, 28),
    )
    Post.objects.create(user=new, organization=world.other_branch, role="CLERK", since=date(2026, 3, 1))
    Post.objects.create(user=old, organization=world.other_branch, role="MEMBER", since=date(2026, 5, 1))
    client.force_login(world.office.user)
    context = client.get(f"/organizations/{world.other_branch.code}/").context
    assert [(str(p.user), p.role) for p in context["now"]] == [
        (str(world.other_secretary.user), "SECRETARY"),
        ("尹嘉禾", "CLERK"),
    ]
    assert [str(p.user) for p in context["before"]] == ["范听澜"]
    assert [p.role for p in context["coming"]] == ["MEMBER"]


def test_a_branch_without_a_head_says_so(client, world):
    bare = make_organization("BRANCH", parent=world.committee)
    client.force_login(world.reviewer.user)
    assert client.get(f"/organizations/{bare.code}/").context["has_head"] is False
    assert client.get(f"/organizations/{world.branch.code}/").context["has_head"] is True


def test_an_administrator_sees_the_tree_but_no_way_to_the_work(client, world):
    admin = actor_at(world.top, "ADMINISTRATOR")
    client.force_login(admin.user)
    assert names(client.get("/organizations/").context["nodes"]) == [world.top.short_name]
    page = client.get(f"/organizations/{world.branch.code}/").content.decode()
    assert "/tasks/?org=" not in page
    client.force_login(world.office.user)
    assert "/tasks/?org=" in client.get(f"/organizations/{world.branch.code}/").content.decode()


def test_somebody_without_a_post_sees_an_empty_tree(client, world):
    client.force_login(make_user())
    assert client.get("/organizations/").context["nodes"] == []
    assert client.get(f"/organizations/{world.top.code}/").status_code == 404


def test_tree_search_and_page_take_a_constant_number_of_queries(client, world):
    client.force_login(world.office.user)
    addresses = ("/organizations/", f"/organizations/{world.committee.code}/", "/organizations/?q=党支部")

    def queries() -> list[int]:
        counted = []
        for address in addresses:
            client.get(address)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            counted.append(len(captured))
        return counted

    before = queries()
    for _again in range(3):
        make_post(make_organization("BRANCH", parent=world.committee, name="新设党支部"), "SECRETARY")
        make_organization("LEADING_GROUP", parent=world.top)
    assert queries() == before
