"""Sight and rights come from posts, on a day."""

from __future__ import annotations

from datetime import date

import pytest

from branches.access import Actor
from branches.models import Organization, Post
from tests.factories import SPRING, actor_at, make_organization, make_post, make_user

pytestmark = pytest.mark.django_db


def seen_by(actor: Actor) -> set[Organization]:
    return set(Organization.objects.visible_to(actor))


def test_a_secretary_sees_the_own_branch_and_nothing_beside_it(world):
    assert seen_by(world.secretary) == {world.branch}


def test_a_committee_sees_itself_and_all_below(world):
    assert seen_by(world.reviewer) == {world.committee, *world.branches}


def test_sight_in_python_and_in_the_database_are_the_same_rule(world):
    actors = [world.office, world.chief, world.reviewer, world.secretary, world.other_secretary]
    for actor in actors:
        assert {o for o in Organization.objects.all() if actor.sees(o)} == seen_by(actor)


def test_two_posts_add_up(world):
    make_post(world.other_branch, "MEMBER", user=world.secretary.user)
    assert seen_by(Actor.on(world.secretary.user, SPRING)) == {world.branch, world.other_branch}


@pytest.mark.parametrize("role", sorted(Post.SYSTEM_ROLES))
def test_a_system_duty_gives_no_sight_of_business(world, role):
    assert seen_by(actor_at(world.top, role)) == set()


def test_a_post_counts_from_its_first_to_its_last_day(world):
    user = make_user()
    Post.objects.create(
        user=user, organization=world.branch, role="CLERK", since=date(2026, 2, 1), until=date(2026, 2, 28)
    )
    days = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 1)]
    assert [bool(seen_by(Actor.on(user, day))) for day in days] == [False, True, True, False]


def test_a_disabled_account_sees_nothing(world):
    world.secretary.user.is_active = False
    assert seen_by(Actor.on(world.secretary.user, SPRING)) == set()


def test_a_code_like_prefix_does_not_open_a_neighbours_subtree(world):
    neighbour = make_organization("COMMITTEE", parent=world.group)
    assert neighbour not in seen_by(world.reviewer)


def test_a_root_sees_its_own_tree_only(world):
    stranger = make_organization("WORK_COMMITTEE")
    assert stranger not in seen_by(world.office)
