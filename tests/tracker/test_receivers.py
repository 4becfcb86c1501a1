"""Whom a measure reaches: all of a kind, narrowed by area, tag or rating, and those named one by one."""

from __future__ import annotations

from datetime import date

import pytest

from branches.models import Area, Organization, Rating, Tag
from common.workdays import Calendar
from tests.factories import SPRING, World, issue, make_measure, make_plan
from tracker.issuing import preview, receivers_of
from tracker.models import Task

pytestmark = pytest.mark.django_db
PREVIEW_QUERIES = 9


@pytest.fixture
def world() -> World:
    return World(branches=4)


def area_of(branch: Organization, name: str) -> Area:
    top = Organization.objects.get(path=branch.paths_above()[0])
    area = Area.objects.create(organization=top, name=name)
    Organization.objects.filter(pk=branch.pk).update(area=area)
    return area


def tag_of(branch: Organization, name: str) -> Tag:
    tag = Tag.objects.create(name=name)
    branch.tags.add(tag)
    return tag


def rate(branch: Organization, kind: str, *, year: int = 2025) -> str:
    Rating.objects.create(
        organization=branch, year=year, kind=kind, decided_on=date(year, 12, 1), decided_by="工委"
    )
    return kind


def test_kinds_are_narrowed_by_area_tag_or_rating(world):
    first, second, third, _fourth = world.branches
    area, tag, rating = area_of(first, "第一片区"), tag_of(second, "窗口单位"), rate(third, "MODEL")
    rate(first, "MODEL", year=2023)
    plan = make_plan(world)

    def reached(**fields) -> list[Organization]:
        measure = make_measure(world, plan, receivers=[], receiver_kinds=["BRANCH"], **fields)
        return list(receivers_of(measure, plan, day=SPRING))

    assert reached(receiver_area=area) == [first]
    assert reached(receiver_tag=tag) == [second]
    assert reached(receiver_rating=rating) == [third]
    assert reached(receiver_area=area, receiver_tag=tag) == []


def test_issuing_reaches_exactly_those(world):
    plan = make_plan(world)
    tag = tag_of(world.branches[1], "窗口单位")
    make_measure(world, plan, receivers=[], receiver_kinds=["BRANCH"], receiver_tag=tag)
    issue(world, plan)
    assert [task.organization for task in Task.objects.all()] == [world.branches[1]]


def test_measures_that_differ_in_one_part_of_their_rule_are_previewed_each_with_its_own(world):
    """The preview asks once for all measures that go to the same: two rules must never pass for one."""
    first, second, third, fourth = world.branches
    every = [*world.branches, world.other_branch]
    rules: list[tuple[dict, list[Organization], list[Organization]]] = [
        ({}, [], every),
        ({"receiver_kinds": ["COMMITTEE"]}, [], [world.committee, world.other_committee]),
        ({"receiver_kinds": ["LEADING_GROUP"]}, [], [world.group, world.other_branch.parent.parent]),
        ({"receiver_area": area_of(first, "第一片区")}, [], [first]),
        ({"receiver_area": area_of(second, "第二片区")}, [], [second]),
        ({"receiver_tag": tag_of(third, "窗口单位")}, [], [third]),
        ({"receiver_tag": tag_of(fourth, "垂管单位")}, [], [fourth]),
        ({"receiver_rating": rate(second, "MODEL")}, [], [second]),
        ({"receiver_rating": rate(third, "STANDARD")}, [], [third]),
        ({}, [world.committee], [*every, world.committee]),
        ({}, [world.group], [*every, world.group]),
    ]
    plan = make_plan(world)
    reached = {}
    for fields, named, expected in rules:
        measure = make_measure(world, plan, receivers=named, **{"receiver_kinds": ["BRANCH"], **fields})
        reached[measure.pk] = {organization.pk for organization in expected}
    shown = preview(plan, day=SPRING, calendar=Calendar.load())
    assert {line.measure.pk: set(line.receiver_ids) for line in shown.lines} == reached
    issue(world, plan)
    made: dict[int, set[int]] = {measure: set() for measure in reached}
    for measure, organization in Task.objects.values_list("measure", "organization"):
        made[measure].add(organization)
    assert made == reached


@pytest.mark.parametrize("measures", [1, 4])
def test_the_preview_asks_once_for_measures_that_go_to_the_same(world, measures, django_assert_num_queries):
    plan = make_plan(world)
    for number in range(measures):
        make_measure(world, plan, title=f"事项{number}", receivers=[], receiver_kinds=["BRANCH"])
    calendar = Calendar.load()
    with django_assert_num_queries(PREVIEW_QUERIES):
        shown = preview(plan, day=SPRING, calendar=calendar)
    assert shown.new_tasks == measures * 5
