"""What a roster changes about people: accounts, posts, who takes over from whom."""

from __future__ import annotations

from datetime import date

import pytest

from branches.access import Actor
from branches.models import Post, User
from common.models import AuditEntry
from tests.branches.roster.sheets import (
    DAY,
    YESTERDAY,
    below,
    check,
    faults,
    post,
    run,
    the,
)
from tests.factories import World

pytestmark = pytest.mark.django_db


def test_people_get_accounts_that_nobody_can_open_yet_and_their_posts(tmp_path, top):
    rows = [
        post("B1", "陈立言", "13800000001", phone="13800000001", email="chen@example.org"),
        post("B1", "陈立言", "13800000001", role="党务干部", until=date(2026, 12, 31)),
    ]
    changes = run(tmp_path, organizations=[below(top, "B1")], posts=rows)
    assert changes.faults == []
    user = User.objects.get(username="13800000001")
    assert (user.name, user.phone, user.email, user.organization) == (
        "陈立言",
        "13800000001",
        "chen@example.org",
        the("B1"),
    )
    assert not user.has_usable_password()
    assert user.must_change_password
    assert list(user.posts.order_by("role").values_list("role", "since", "until")) == [
        ("CLERK", DAY, date(2026, 12, 31)),
        ("SECRETARY", DAY, None),
    ]
    acts = [(e.kind, e.data.get("act")) for e in AuditEntry.objects.order_by("pk")]
    assert acts == [
        ("ACCOUNT", "create"),
        ("TREE", "add"),
        ("POST", "appoint"),
        ("POST", "appoint"),
        ("IMPORT", None),
    ]


def test_a_new_secretary_takes_over_from_the_one_no_row_is_about(tmp_path):
    world = World()
    old = world.secretary.user
    session = old.sessions_mark
    changes = run(tmp_path, posts=[post(world.branch.code, "新书记", "new", since=YESTERDAY)])
    assert changes.faults == []
    assert changes.figures()["handed_over"] == 1
    assert list(
        Post.objects.filter(organization=world.branch, role="SECRETARY").values_list(
            "user__username", "since", "until"
        )
    ) == [
        (old.username, date(2020, 1, 1), date(2026, 6, 29)),
        ("new", YESTERDAY, None),
    ]
    old.refresh_from_db()
    assert old.sessions_mark != session
    assert not Actor.on(old, DAY).posts


def test_a_clerk_stands_beside_the_clerk_who_is_there(tmp_path):
    world = World()
    changes = run(tmp_path, posts=[post(world.committee.code, "乙", "second", role="党务干部")])
    assert (changes.faults, changes.endings) == ([], [])
    assert Post.objects.held_on(DAY).filter(organization=world.committee, role="CLERK").count() == 2


def exported(held: Post, **values):
    ends = held.until.toordinal() if held.until else 0
    row = post(held.organization.code, held.user.name, held.user.username, since=held.since, until=held.until)
    return row | {"role": held.role, "system": f"P{held.pk}.{ends}"} | values


def test_another_person_in_an_exported_row_takes_over_any_post(tmp_path):
    world = World()
    clerk = world.reviewer.posts[0]
    changes = run(tmp_path, posts=[exported(clerk, name="乙", account="second", since=DAY)])
    assert changes.faults == []
    assert list(
        Post.objects.filter(organization=world.committee, role="CLERK").values_list("user__username", "until")
    ) == [
        (clerk.user.username, YESTERDAY),
        ("second", None),
    ]


def test_a_last_day_ends_a_post_and_the_same_row_again_changes_nothing(tmp_path):
    world = World()
    held = world.secretary.posts[0]
    row = exported(held, until=date(2026, 7, 31))
    assert run(tmp_path, posts=[row]).faults == []
    held.refresh_from_db()
    assert held.until == date(2026, 7, 31)
    assert faults(check(tmp_path, posts=[row])) == [("5", "changed_since")]
    assert run(tmp_path, posts=[row | {"system": None}]).is_empty


def test_the_old_row_left_in_beside_the_new_head_is_told(tmp_path):
    world = World()
    held = world.secretary.posts[0]
    rows = [exported(held), post(world.branch.code, "新书记", "new")]
    changes = check(tmp_path, posts=rows)
    assert faults(changes) == [("E6", "two_heads")]
    rows[0]["until"] = YESTERDAY
    assert faults(check(tmp_path, posts=rows)) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"name": ""}, [("D5", "needed")]),
        ({"since": None}, [("H5", "needed")]),
        ({"until": YESTERDAY}, [("I5", "until_early")]),
        ({"organization": "NONE"}, [("A5", "no_organization")]),
        ({"account": "x"}, [("E5", "not_account")]),
        ({"account": "disabled", "name": "停用"}, [("E5", "account_closed")]),
        ({"account": "disabled", "name": "别人"}, [("D5", "other_name"), ]),
        ({"role": "安全管理员"}, [("C5", "not_choice")]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_post_is_said_at_its_cell(tmp_path, top, values, expected):
    User.objects.create(username="disabled", name="停用", is_active=False)
    row = post(top.code, "甲", "user1") | values
    assert faults(check(tmp_path, posts=[row])) == expected


def test_posts_that_cannot_be_are_told(tmp_path):
    world = World()
    held, clerk = world.secretary.posts[0], world.reviewer.posts[0]
    code = world.branch.code
    cases = [
        (exported(held, since=DAY), ("H5", "since_fixed")),
        (exported(held, role="CLERK"), ("C5", "post_moved")),
        (exported(held, organization=world.branches[1].code), ("C5", "post_moved")),
        (exported(held, account="other", name="乙", since=held.since), ("H5", "hand_over_early")),
        (exported(clerk, system=f"P{clerk.pk}.7"), ("5", "changed_since")),
        (post(code, held.user.name, held.user.username), ("H5", "held_already")),
        (post(code, "乙", "other", since=date(2019, 1, 1)), ("E5", "two_heads")),
    ]
    for row, expected in cases:
        assert faults(check(tmp_path, posts=[row])) == [expected]


def test_rows_that_contradict_each_other_are_told(tmp_path, top):
    rows = [
        post(top.code, "甲", "user1", role="委员", phone="13800000000"),
        post(top.code, "甲", "user1", role="委员", phone="13800000000"),
        post(top.code, "乙", "user1", role="党务干部"),
        post(top.code, "甲", "user1", role="督查员", phone="13900000000"),
        post(top.code, "丙", "user3"),
        post(top.code, "丁", "user4"),
    ]
    assert faults(check(tmp_path, posts=rows)) == [
        ("E6", "twice"),
        ("E7", "two_names"),
        ("E8", "two_names"),
        ("E10", "two_heads"),
    ]


def test_phone_and_mail_of_known_people_are_brought_up_to_date(tmp_path):
    world = World()
    held = world.secretary.posts[0]
    changes = run(tmp_path, posts=[exported(held, phone="13812345678")])
    assert changes.faults == []
    held.user.refresh_from_db()
    assert held.user.phone == "13812345678"
