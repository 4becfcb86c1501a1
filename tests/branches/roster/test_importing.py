"""A roster as a whole: all or nothing, the same again is nothing, and only within one's reach."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from branches.models import Area, Organization, Placement, Post, Term, User
from branches.roster.exporting import write_export
from branches.roster.importing import import_roster
from branches.roster.reach import Reach
from branches.roster.reading import read_roster
from common.errors import NotAllowed
from common.models import AuditEntry
from tests.branches.roster.sheets import (
    AT,
    DAY,
    below,
    check,
    faults,
    organization,
    post,
    run,
    sheets,
    the,
)
from tests.factories import World, actor_at, make_post, make_user

pytestmark = pytest.mark.django_db


def everything():
    return [
        list(model.objects.order_by("pk").values_list())
        for model in (Organization, Placement, User, Post, Term, Area, AuditEntry)
    ]


def test_one_fault_and_nothing_is_written(tmp_path, top):
    before = everything()
    changes = run(
        tmp_path,
        organizations=[below(top, "B1"), below(top, "B2", kind="")],
        posts=[post("B1", "甲", "user1")],
    )
    assert faults(changes) == [("D6", "needed")]
    assert everything() == before


def test_an_import_done_twice_finds_nothing_to_do(tmp_path, top):
    rows = {
        "organizations": [below(top, "B1", tags="青年", area="一片", term_began=DAY, linked_leader="user1")],
        "posts": [post("B1", "甲", "user1", phone="13800000000")],
    }
    assert run(tmp_path, **rows).faults == []
    after = everything()
    again = run(tmp_path, **rows)
    assert (again.faults, again.is_empty) == ([], True)
    assert everything() == after


def test_what_was_exported_changes_nothing_when_it_is_imported(tmp_path):
    world = World()
    make_post(world.branch, "MEMBER", user=world.secretary.user)
    write_export(tmp_path / "out.xlsx", reach=None, day=DAY, by="系统")
    outcome = import_roster(read_roster(tmp_path / "out.xlsx", "out.xlsx"), reach=Reach(), by=None, at=AT)
    assert (faults(outcome.changes), outcome.changes.is_empty) == ([], True)
    assert outcome.changes.rows == Organization.objects.count() + Post.objects.count()


def test_the_cost_in_statements_does_not_grow_with_the_rows(tmp_path, top):
    counts = []
    for number in (1, 30):
        organizations = [
            below(top, f"{number}B{n}", tags="青年", area="一片", term_began=DAY) for n in range(number)
        ]
        posts = [post(f"{number}B{n}", "甲", f"user{number}.{n}") for n in range(number)]
        read = sheets(tmp_path, organizations=organizations, posts=posts)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert import_roster(read, reach=Reach(), by=None, at=AT).changes.faults == []
        counts.append(len(queries))
    assert counts[0] == counts[1] + 2  # the area and the tag were made the first time


# --- whose reach ----------------------------------------------------------------------------------------------------


@pytest.fixture
def keepers():
    """An administrator and a security officer of one committee, and the world around them."""
    world = World()
    admin = actor_at(world.committee, "ADMINISTRATOR", day=DAY)
    officer = actor_at(world.committee, "SECURITY_OFFICER", day=DAY)
    return world, admin, officer


def test_outside_the_reach_nothing_is_known_and_nothing_is_changed(tmp_path, keepers):
    world, admin, _officer = keepers
    outside = world.other_branch
    stranger = make_user("外人", organization=world.other_committee)
    changes = check(
        tmp_path,
        reach=Reach(admin),
        organizations=[
            organization(outside.code, "改名", parent=world.committee.code),
            organization("N1", parent=outside.parent.code),
            organization("N2", parent=None),
            organization("N3", parent=world.committee.code, linked_leader=stranger.username),
            organization("N4", parent=world.committee.code, second_superior=outside.code),
            organization("N5", parent=world.committee.code, system=f"O{outside.pk}.0"),
        ],
        posts=[
            post(outside.code, "甲", "user1"),
            post(world.branch.code, "外人", stranger.username),
        ],
    )
    assert [(f.sheet, f.place, f.code) for f in changes.faults] == [
        ("党组织", "A5", "code_taken"),
        ("党组织", "E6", "no_organization"),
        ("党组织", "E7", "needs_superior"),
        ("党组织", "J8", "no_account"),
        ("党组织", "I9", "no_organization"),
        ("党组织", "P10", "no_such_record"),
        ("任职", "A5", "no_organization"),
        ("任职", "E6", "account_taken"),
    ]


def test_posts_are_granted_by_a_security_officer_and_accounts_made_by_an_administrator(tmp_path, keepers):
    world, admin, officer = keepers
    rows = {
        "organizations": [organization("N1", parent=world.committee.code)],
        "posts": [post("N1", "甲", "user1")],
    }
    with pytest.raises(NotAllowed):
        run(tmp_path, reach=Reach(admin, admin), **rows)
    with pytest.raises(NotAllowed):
        run(tmp_path, reach=Reach(officer, officer), **rows)
    assert not Organization.objects.filter(code="N1").exists()
    assert run(tmp_path, reach=Reach(admin, officer), **rows).faults == []
    assert Post.objects.get(user__username="user1").organization == the("N1")


def test_nobody_grants_a_post_to_themselves_by_a_file(tmp_path, keepers):
    world, _admin, officer = keepers
    row = post(world.branch.code, officer.user.name, officer.user.username, role="委员")
    assert faults(check(tmp_path, reach=Reach(officer, officer), posts=[row])) == [("E5", "own_account")]
