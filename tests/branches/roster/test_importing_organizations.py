"""What a roster changes in the tree: organisations come, move, and get their details."""

from __future__ import annotations

from datetime import date

import pytest

from branches.models import Area, Organization, Placement, Term
from branches.tree import move_organization
from common.models import AuditEntry
from tests.branches.roster.sheets import (
    DAY,
    below,
    check,
    faults,
    organization,
    post,
    run,
    the,
)
from tests.factories import World, make_organization

pytestmark = pytest.mark.django_db


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
