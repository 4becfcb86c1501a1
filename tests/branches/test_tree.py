"""The tree has one writer; every move is dated."""

from __future__ import annotations

from datetime import date

import pytest

from branches.access import Actor
from branches.models import Organization, Placement, Post
from branches.tree import (
    change_organization,
    merge_organization,
    move_organization,
    parents_on,
    retire_organization,
)
from common.errors import Refused, Stale
from tests.factories import World, make_organization

pytestmark = pytest.mark.django_db
MAY, APRIL_30 = date(2026, 5, 1), date(2026, 4, 30)


def test_a_move_takes_the_whole_subtree_and_its_sight_along(world):
    move_organization(world.committee, to=world.other_committee.parent, since=MAY)
    moved = Organization.objects.get(pk=world.committee.pk)
    branch = Organization.objects.get(pk=world.branch.pk)
    assert branch.path.startswith(moved.path)
    assert moved.path.startswith(world.other_committee.parent.path)
    chief = Actor.on(world.chief.user, MAY)
    assert not chief.sees(branch)
    assert set(Organization.objects.visible_to(world.reviewer)) == set()  # as of the old paths
    assert Actor.on(world.reviewer.user, MAY).sees(branch)


def test_a_past_day_reads_the_tree_as_it_stood(world):
    move_organization(world.branch, to=world.other_committee, since=MAY)
    assert parents_on(APRIL_30)[world.branch.pk] == world.committee.pk
    assert parents_on(MAY)[world.branch.pk] == world.other_committee.pk
    assert Placement.objects.filter(organization=world.branch).count() == 2


@pytest.mark.parametrize("branches", [1, 12])
def test_a_move_costs_the_same_whatever_moves_along(branches, django_assert_max_num_queries):
    world = World(branches=branches)
    with django_assert_max_num_queries(14):
        move_organization(world.committee, to=world.other_committee.parent, since=MAY)


def test_nothing_moves_below_itself_or_below_a_branch(world):
    with pytest.raises(Refused):
        move_organization(world.group, to=world.committee, since=MAY)
    with pytest.raises(Refused):
        move_organization(world.branch, to=world.branches[1], since=MAY)
    with pytest.raises(Refused):
        make_organization("BRANCH", parent=world.branch)


def test_a_move_before_the_present_placement_is_refused(world):
    move_organization(world.branch, to=world.other_committee, since=MAY)
    with pytest.raises(Refused) as refusal:
        move_organization(world.branch, to=world.committee, since=MAY)
    assert list(refusal.value.fields) == ["since"]


def test_a_retired_organization_ends_its_posts_and_must_be_empty(world):
    with pytest.raises(Refused):
        retire_organization(world.committee, last_day=APRIL_30)
    retire_organization(world.branch, last_day=APRIL_30)
    assert Post.objects.get(user=world.secretary.user).until == APRIL_30
    assert world.branch not in Organization.objects.active_on(MAY)
    assert not Actor.on(world.secretary.user, MAY).posts


def test_a_merged_committee_hands_its_branches_over_and_ends(world):
    merge_organization(world.committee, into=world.other_committee, last_day=APRIL_30)
    parents = parents_on(MAY)
    assert {parents[branch.pk] for branch in world.branches} == {world.other_committee.pk}
    assert Organization.objects.get(pk=world.committee.pk).active_until == APRIL_30


def test_a_change_against_an_older_version_is_stale(world):
    change_organization(world.branch, fields={"short_name": "一支部"}, version=0)
    with pytest.raises(Stale):
        change_organization(world.branch, fields={"short_name": "二支部"}, version=0)
    assert Organization.objects.get(pk=world.branch.pk).short_name == "一支部"


def test_paths_stay_unique_after_children_left(world):
    first = world.branches[-1]
    move_organization(first, to=world.other_committee, since=MAY)
    newcomer = make_organization("BRANCH", parent=world.committee)
    move_organization(newcomer, to=world.other_committee, since=MAY)
    paths = list(Organization.objects.values_list("path", flat=True))
    assert len(paths) == len(set(paths))
