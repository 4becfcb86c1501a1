"""What a roster changes: organisations, people, posts, details. And what it never does: half a job, or one twice."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from branches.access import Actor
from branches.models import Area, Organization, Placement, Post, Term, User
from branches.roster.exporting import write_export
from branches.roster.importing import import_roster
from branches.roster.reach import Reach
from branches.roster.reading import read_roster
from branches.tree import move_organization
from common.errors import NotAllowed
from common.models import AuditEntry
from tests.branches.roster.sheets import AT, DAY, check, faults, organization, post, run, sheets
from tests.factories import World, actor_at, make_organization, make_post, make_user

pytestmark = pytest.mark.django_db
YESTERDAY = date(2026, 6, 30)


@pytest.fixture
def top() -> Organization:
    return make_organization("WORK_COMMITTEE", name="市直机关工委")


def below(top, code, name="", **values):
    return organization(code, name, parent=top.code, **values)


def the(code) -> Organization:
    return Organization.objects.get(code=code)


# --- organisations --------------------------------------------------------------------------------------------------


def test_new_organizations_come_to_stand_where_the_file_says_in_any_order(tmp_path, top):
    rows = [
        organization("B1", parent="C1"),
        organization("B2", parent="C1"),
        below(top, "C1", "财政局机关党委", kind="机关党委", active_from=date(2019, 3, 1)),
    ]
    changes = run(tmp_path, organizations=rows)
    assert changes.faults == []
    assert [(o.code, o.parent.code, o.kind) for o in Organization.objects.below(top, itself=False)] == [
        ("C1", top.code, "COMMITTEE"),
        ("B1", "C1", "BRANCH"),
        ("B2", "C1", "BRANCH"),
    ]
    assert [the(code).path for code in ("C1", "B1", "B2")] == [
        top.path + "0001",
        top.path + "00010001",
        top.path + "00010002",
    ]
    assert list(Placement.objects.filter(organization=the("C1")).values_list("parent", "since", "until")) == [
        (top.pk, date(2019, 3, 1), None)
    ]
    assert (the("B1").active_from, the("B1").short_name) == (DAY, "B1支部")


def test_new_ones_follow_the_children_that_are_there(tmp_path, top):
    child = make_organization("BRANCH", parent=top)
    run(tmp_path, organizations=[below(top, "B1")])
    assert [o.code for o in Organization.objects.filter(parent=top)] == [child.code, "B1"]


def test_a_tree_may_begin_with_its_root(tmp_path):
    changes = run(
        tmp_path,
        organizations=[organization("TOP", "工委", kind="机关工委", parent=None), organization("B1")],
    )
    assert changes.faults == []
    assert the("B1").parent == the("TOP")


def test_details_hang_on_new_and_known_ones_alike(tmp_path, top):
    known = make_organization("BRANCH", parent=top, name="旧支部")
    details = {
        "area": "第一片区",
        "tags": "窗口单位、青年支部，窗口单位",
        "second_superior": "G1",
        "linked_leader": "leader",
        "full_members": 23,
        "probationary_members": "１",
        "term_began": date(2024, 6, 20),
        "unit": "市财政局",
    }
    rows = [
        below(top, "G1", "财政局党组", kind="党组（党委）"),
        below(top, "B1", "新支部", **details),
        below(top, known.code, "旧支部", **details),
    ]
    changes = run(tmp_path, organizations=rows, posts=[post("G1", "范听澜", "leader", role="分管领导")])
    assert changes.faults == []
    for one in (the("B1"), the(known.code)):
        assert (one.area.name, one.second_superior.code, one.linked_leader.username) == (
            "第一片区",
            "G1",
            "leader",
        )
        assert (one.full_members, one.probationary_members, one.unit) == (23, 1, "市财政局")
        assert sorted(tag.name for tag in one.tags.all()) == ["窗口单位", "青年支部"]
        assert list(one.terms.values_list("began_on", "due_on", "years", "ended_on")) == [
            (date(2024, 6, 20), date(2027, 6, 20), 3, None)
        ]
    assert list(Area.objects.values_list("organization", "name")) == [(top.pk, "第一片区")]


def test_an_empty_cell_leaves_a_row_typed_by_hand_as_it_is_and_clears_an_exported_one(tmp_path, top):
    run(
        tmp_path,
        organizations=[below(top, "B1", unit="市财政局", tags="青年支部", area="一片区", full_members=9)],
    )
    bare = below(top, "B1")
    assert run(tmp_path, organizations=[bare]).is_empty
    changes = run(tmp_path, organizations=[bare | {"system": f"O{the('B1').pk}.{the('B1').version}"}])
    assert changes.faults == []
    one = the("B1")
    assert (one.unit, list(one.tags.all()), one.area, one.full_members) == ("", [], None, 9)
    assert one.version == 1


def test_a_later_term_ends_the_one_before(tmp_path, top):
    run(tmp_path, organizations=[below(top, "B1", term_began=date(2023, 5, 4))])
    run(tmp_path, organizations=[below(top, "B1", term_due=date(2026, 8, 1))])
    run(tmp_path, organizations=[below(top, "B1", term_began=date(2026, 6, 1))])
    assert list(Term.objects.order_by("began_on").values_list("began_on", "due_on", "ended_on")) == [
        (date(2023, 5, 4), date(2026, 8, 1), date(2026, 5, 31)),
        (date(2026, 6, 1), date(2029, 6, 1), None),
    ]


def test_another_superior_moves_the_whole_subtree_from_today(tmp_path):
    world = World()
    row = organization(
        world.committee.code, world.committee.name, kind="机关党委", parent=world.other_committee.parent.code
    )
    changes = run(tmp_path, organizations=[row])
    assert changes.faults == []
    moved, branch = the(world.committee.code), the(world.branch.code)
    assert moved.parent == world.other_committee.parent
    assert branch.is_below(moved)
    assert Placement.objects.get(organization=moved, until__isnull=True).since == DAY
    assert AuditEntry.objects.filter(kind="TREE", data__act="move").count() == 1


def test_two_that_change_places_are_moved_from_the_top_down(tmp_path, top):
    upper = make_organization("COMMITTEE", parent=top, name="上")
    lower = make_organization("GENERAL_BRANCH", parent=upper, name="下")
    rows = [
        organization(upper.code, "上", kind="机关党委", parent=lower.code),
        organization(lower.code, "下", kind="党总支", parent=top.code),
    ]
    assert run(tmp_path, organizations=rows).faults == []
    assert (the(lower.code).parent, the(upper.code).parent) == (top, the(lower.code))
    assert the(upper.code).is_below(the(lower.code))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"code": "B1"}], [("B5", "needed"), ("D5", "needed")]),
        ([organization("B1", parent="B1", kind="党总支")], [("E5", "below_itself")]),
        ([organization("B1"), organization("B2", parent="B1")], [("E6", "below_branch")]),
        ([organization("B1", parent="NONE")], [("E5", "no_organization")]),
        ([organization("B1", parent="TOP"), organization("B1", parent="TOP")], [("A6", "twice")]),
        ([organization("C1", parent="C2", kind="机关党委"), organization("C2", parent="C1", kind="机关党委")],
         [("E5", "below_itself"), ("E6", "below_itself")]),
        ([organization("B1", name="长" * 41)], [("C5", "no_short_name")]),
        ([organization("B1", system="O999.0")], [("P5", "no_such_record")]),
        ([organization("B1", second_superior="B1")], [("I5", "itself_second")]),
        ([organization("B1", second_superior="NONE")], [("I5", "no_organization")]),
        ([organization("B1", linked_leader="nobody")], [("J5", "no_account")]),
        ([organization("B1", term_due=DAY)], [("N5", "term_needs_begin")]),
        ([organization("B1", term_began=DAY, term_due=DAY)], [("O5", "term_due_early")]),
        ([organization("G1", kind="党组（党委）", term_began=DAY)], [("O5", "term_needs_due")]),
        ([organization("B1", full_members=-1)], [("K5", "not_count")]),
        ([organization("B1", kind="支委会")], [("D5", "not_choice")]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_organization_is_said_at_its_cell(tmp_path, rows, expected):
    root = organization("TOP", "工委", kind="机关工委", parent=None)
    found = check(tmp_path, organizations=[*rows, root])
    assert faults(found) == expected


def test_what_stays_is_not_changed_by_a_roster(tmp_path, top):
    known = make_organization("BRANCH", parent=top, name="支部")
    system = f"O{known.pk}.{known.version}"
    changes = check(
        tmp_path,
        organizations=[
            below(top, known.code, "支部", kind="党总支", active_from=date(2021, 1, 1)),
            below(top, "OTHER", "支部", system=system),
        ],
    )
    assert faults(changes) == [("D5", "kind_fixed"), ("M5", "founded_fixed"), ("A6", "code_fixed")]


def test_a_row_changed_in_the_system_after_the_export_is_refused(tmp_path, top):
    known = make_organization("BRANCH", parent=top, name="支部")
    system = f"O{known.pk}.{known.version}"
    other = make_organization("COMMITTEE", parent=top)
    move_organization(known, to=other, since=DAY)
    changes = check(tmp_path, organizations=[below(top, known.code, "支部", system=system)])
    assert faults(changes) == [("5", "changed_since"), ("E5", "moved_today")]


def test_a_tree_does_not_become_deeper_than_it_can(tmp_path):
    rows = [organization("L0", kind="机关工委", parent=None)]
    rows += [organization(f"L{n}", kind="党总支", parent=f"L{n - 1}") for n in range(1, 16)]
    assert faults(check(tmp_path, organizations=rows)) == [("E20", "too_deep")]
    assert run(tmp_path, organizations=rows[:-1]).faults == []


# --- people and posts -----------------------------------------------------------------------------------------------


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


# --- all or nothing, again and again ---------------------------------------------------------------------------------


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
