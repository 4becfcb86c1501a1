"""包联: what an area's liaison and a linked leader look after, with its lights and what is overdue."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from branches.models import Area
from common.clock import moment
from common.workdays import Calendar
from tests.factories import World, actor_at, issue, make_measure, make_plan, make_user, on
from tracker.looked_after import charges_of, standings_of
from tracker.models import Task

pytestmark = pytest.mark.django_db
DAY = date(2026, 4, 10)
QUERIES = 9


@pytest.fixture
def world() -> World:
    world = World()
    plan = make_plan(world)
    make_measure(world, plan)
    make_measure(world, plan, title="主题党日", due=None, cadence="monthly", receivers=[world.branches[1]])
    issue(world, plan)
    return world


@pytest.fixture
def liaison(world):
    someone = actor_at(world.top, "LIAISON")
    area = Area.objects.create(organization=world.top, name="一片区", liaison=someone.user)
    for unit in world.branches:
        unit.area = area
        unit.save()
    return on(someone, DAY)


def standings(actor):
    return standings_of(actor, list(charges_of(actor)), day=DAY, calendar=Calendar.load())


def test_the_liaison_of_an_area_sees_its_units_the_worst_first(world, liaison):
    first, second = standings(liaison)
    assert (first.organization, first.red, first.light) == (world.branches[1], 7, "red")
    assert (second.organization, second.red, second.open) == (world.branch, 1, 1)
    assert [task.title for task in second.overdue] == ["召开警示教育大会"]
    assert second.longest == 7


def test_a_linked_leader_sees_the_organization_with_all_below_it(world):
    world.committee.linked_leader = world.leader.user
    world.committee.save()
    [row] = standings(on(world.leader, DAY))
    assert (row.organization, row.is_linked, row.red) == (world.committee, True, 8)
    assert row.overdue[0].due <= row.overdue[-1].due


def test_a_unit_looked_after_by_itself_is_not_counted_at_the_one_above_it_too(world):
    for unit in (world.committee, world.branch):
        unit.linked_leader = world.leader.user
        unit.save()
    found = {row.organization: row.red for row in standings(on(world.leader, DAY))}
    assert found == {world.committee: 7, world.branch: 1}


def test_being_named_gives_sight_to_nobody_without_a_post_above(world):
    stranger = make_user()
    world.branch.linked_leader = stranger
    world.branch.save()
    other = actor_at(world.other_committee, "LEADER")
    world.branches[1].linked_leader = other.user
    world.branches[1].save()
    assert standings(on(other, DAY)) == []
    from branches.access import Actor

    assert standings(Actor.on(stranger, DAY)) == []


def test_what_is_done_or_withdrawn_is_not_overdue(world, liaison):
    Task.objects.filter(organization=world.branch).update(state="WITHDRAWN")
    [found] = [row for row in standings(liaison) if row.organization == world.branch]
    assert (found.red, found.open, found.light, found.overdue) == (0, 0, "", [])


def test_the_page_and_the_first_page_show_them(world, liaison, time_machine):
    time_machine.move_to(moment(DAY), tick=False)
    client = Client()
    client.force_login(liaison.user)
    page = client.get("/looked-after/").content.decode()
    assert "一片区" in page
    assert world.branch.short_name in page
    assert "召开警示教育大会" in page
    home = client.get("/").content.decode()
    assert "包联单位" in home
    client.force_login(world.office.user)
    assert "您没有包联单位" in client.get("/looked-after/").content.decode()
    assert "全部包联单位" not in client.get("/").content.decode()


@pytest.mark.parametrize("branches", [1, 3])
def test_the_page_asks_a_constant_number_of_queries(branches, time_machine, django_assert_num_queries):
    world = World(branches=branches)
    issue(world, (plan := make_plan(world), make_measure(world, plan))[0])
    someone = actor_at(world.top, "LIAISON")
    area = Area.objects.create(organization=world.top, name="一片区", liaison=someone.user)
    type(world.branch).objects.filter(pk__in=[b.pk for b in world.branches]).update(area=area)
    time_machine.move_to(moment(DAY), tick=False)
    client = Client()
    client.force_login(someone.user)
    with django_assert_num_queries(QUERIES):
        assert len(client.get("/looked-after/").context["rows"]) == branches
