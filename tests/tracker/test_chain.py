"""Who answers for a task, as of a day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from branches.models import Post, User
from tests.factories import SPRING, World, make_post, make_user
from tracker.chain import chain_of, chains_of
from tracker.gaps import count_gaps, gaps_in_sight, spelled_out

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return World(branches=3)


def test_four_levels_answer_from_the_leading_group_down_to_the_branch(world):
    links = chain_of(world.branch, day=SPRING)
    assert [link.organization for link in links] == [world.group, world.group, world.committee, world.branch]
    assert [link.holders for link in links] == [
        (world.chief.user,),
        (world.group_leader.user,),
        (world.committee_secretary.user,),
        (world.secretary.user,),
    ]


def test_the_chain_of_a_day_follows_the_hand_over_of_a_post(world):
    Post.objects.filter(user=world.secretary.user).update(until=date(2026, 3, 31))
    successor = make_post(world.branch, "SECRETARY", since=date(2026, 4, 1)).user
    assert chain_of(world.branch, day=date(2026, 3, 31))[-1].holders == (world.secretary.user,)
    assert chain_of(world.branch, day=date(2026, 4, 1))[-1].holders == (successor,)


def test_a_level_without_a_holder_is_a_gap(world):
    Post.objects.filter(user=world.committee_secretary.user).update(until=SPRING - timedelta(days=1))
    assert [link.is_gap for link in chain_of(world.branch, day=SPRING)] == [False, False, True, False]


def test_a_disabled_account_answers_for_nothing(world):
    world.secretary.user.is_active = False
    world.secretary.user.save()
    assert chain_of(world.branch, day=SPRING)[-1].is_gap


@pytest.mark.parametrize("count", [1, 3])
def test_many_chains_cost_two_queries(world, count, django_assert_num_queries):
    with django_assert_num_queries(2):
        chains_of(world.branches[:count], day=SPRING)


def test_two_holders_of_the_post_for_one_are_a_gap_of_their_own(world):
    second = make_post(world.committee, "SECRETARY").user
    link = chain_of(world.branch, day=SPRING)[2]
    assert (link.holders, link.is_gap, link.is_shared) == (
        (world.committee_secretary.user, second),
        False,
        True,
    )
    [gap] = spelled_out(gaps_in_sight(world.office, day=SPRING).filter(pk=world.committee.pk))
    assert (gap.organization, gap.level, gap.is_shared, gap.roles) == (
        world.committee,
        link.level,
        True,
        ["书记"],
    )


def test_several_leaders_in_charge_of_fields_and_several_clerks_are_no_gap(world):
    make_post(world.group, "LEADER")
    before = count_gaps(world.office, day=SPRING)
    make_post(world.branch, "CLERK")
    make_post(world.branch, "CLERK")
    assert not any(link.is_gap or link.is_shared for link in chain_of(world.branch, day=SPRING))
    assert count_gaps(world.office, day=SPRING) == before
    make_post(world.branch, "SECRETARY")
    assert count_gaps(world.office, day=SPRING) == before + 1


def test_a_post_handed_over_has_one_holder_on_each_day(world):
    Post.objects.filter(user=world.secretary.user).update(until=date(2026, 3, 31))
    make_post(world.branch, "SECRETARY", since=date(2026, 4, 1))
    for day in (date(2026, 3, 31), date(2026, 4, 1)):
        assert not chain_of(world.branch, day=day)[-1].is_shared


def test_the_list_of_gaps_says_what_the_chains_say(world):
    """Of two holders, only those count who hold the post on that day with an open account."""
    twice, disabled, ended = world.branches
    make_post(twice, "SECRETARY")
    User.objects.filter(pk=world.secretaries[1].user.pk).update(is_active=False)
    Post.objects.filter(user=world.secretaries[2].user).update(until=SPRING - timedelta(days=1))
    make_post(world.other_branch, "SECRETARY", user=make_user(is_active=False))
    make_post(world.other_branch, "SECRETARY", since=SPRING + timedelta(days=1))
    leaving = make_post(world.other_branch, "SECRETARY")
    Post.objects.filter(pk=leaving.pk).update(until=SPRING - timedelta(days=1))
    listed = spelled_out(gaps_in_sight(world.office, day=SPRING))
    chains = chains_of([*world.branches, world.other_branch], day=SPRING).values()
    open_ = {link for links in chains for link in links if link.is_gap or link.is_shared}
    assert {(gap.organization, gap.level, gap.is_shared) for gap in listed} == {
        (link.organization, link.level, link.is_shared) for link in open_
    }
    assert [(gap.organization, gap.is_shared) for gap in listed if gap.organization.kind == "BRANCH"] == [
        (twice, True),
        (disabled, False),
        (ended, False),
    ]
    assert count_gaps(world.office, day=SPRING) == len(listed)


def test_one_person_with_two_entries_of_a_post_is_one_holder(world):
    before = count_gaps(world.office, day=SPRING)
    make_post(world.branch, "SECRETARY", user=world.secretary.user, since=date(2025, 1, 1))
    assert chain_of(world.branch, day=SPRING)[-1].holders == (world.secretary.user,)
    assert count_gaps(world.office, day=SPRING) == before
