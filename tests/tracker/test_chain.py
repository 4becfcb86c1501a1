"""Who answers for a task, as of a day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from branches.models import Post
from tests.factories import SPRING, World, make_post
from tracker.chain import chain_of, chains_of

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
