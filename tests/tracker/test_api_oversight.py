"""What those who answer for many read through the API: grid, gaps, silence, burden, whom one looks after."""

from __future__ import annotations

import pytest

from branches.models import Area, Organization, User
from common.clock import today
from common.periods import Period
from tests.api_program import Program, counted, refusal
from tests.factories import acknowledged, issue, make_measure, make_plan, make_task, make_user
from tracker.models import Plan, Task

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(world) -> Plan:
    """Two measures; the first branch has both, the second one only the first."""
    plan = make_plan(world)
    make_measure(world, plan)
    make_measure(world, plan, title="开展主题党日", receivers=[world.branch])
    return issue(world, plan)


# --- the grid ------------------------------------------------------------------------------------------------------


def test_the_grid_shows_each_unit_with_each_measure_and_adds_up(world, plan, office):
    told = office.get(f"plans/{plan.pk}/grid/").json()
    assert [column["title"] for column in told["columns"]] == ["召开警示教育大会", "开展主题党日"]
    assert [(row["organization"], len(row["cells"])) for row in told["results"]] == [
        (world.branch.pk, 2),
        (world.branches[1].pk, 1),
    ]
    assert (told["count"], sum(told["lights"].values())) == (2, 3)
    assert sum(told["columns"][0]["lights"].values()) == 2


def test_the_grid_comes_in_pages_and_within_ones_sight(world, plan, office):
    first = office.get(f"plans/{plan.pk}/grid/", page_size=1).json()
    second = office.client.get(first["next"], headers=office.headers).json()
    assert [row["organization"] for row in [*first["results"], *second["results"]]] == [
        branch.pk for branch in world.branches
    ]
    own = Program(world.secretary.user).get(f"plans/{plan.pk}/grid/").json()
    assert [row["organization"] for row in own["results"]] == [world.branch.pk]
    assert refusal(Program(make_user()).get(f"plans/{plan.pk}/grid/")) == (404, "not_found")


def test_a_draft_has_no_grid_and_a_filter_that_makes_no_sense_is_refused(world, plan, office):
    assert refusal(office.get(f"plans/{make_plan(world).pk}/grid/")) == (404, "not_found")
    for name, value in {"light": "pink", "kind": "PARTY", "sort": "name", "area": "x"}.items():
        answer = office.get(f"plans/{plan.pk}/grid/", **{name: value})
        assert refusal(answer) == (400, "invalid")
        assert set(answer.json()["fields"]) == {name}
    about = office.get(f"plans/{plan.pk}/grid/", about="主题党日").json()
    assert [row["organization"] for row in about["results"]] == [world.branch.pk]


def test_the_grid_takes_the_same_queries_however_many_units_there_are(world, plan, office):
    path = f"plans/{plan.pk}/grid/"
    with counted() as more:
        assert len(office.get(path).json()["results"]) == 2
    with counted() as one:
        assert len(office.get(path, page_size=1).json()["results"]) == 1
    assert len(one) == len(more)
    with counted() as more:
        assert office.get(path, sort="behind").json()["count"] == 2
    with counted() as one:
        assert office.get(path, q=world.branch.short_name).json()["count"] == 1
    assert len(one) == len(more)


# --- gaps ----------------------------------------------------------------------------------------------------------


def test_gaps_are_listed_by_unit_within_ones_sight(world, office):
    world.branches[1].posts.all().delete()
    found = {row["organization"]: row["gaps"] for row in office.get("gaps/").json()["results"]}
    assert len(found[world.branches[1].pk]) == 1
    assert found[world.branches[1].pk][0]["roles"]
    assert world.branch.pk not in found
    assert Program(world.secretary.user).get("gaps/").json()["results"] == []


def test_tasks_left_by_their_handler_and_people_who_never_act_are_listed(world, office):
    acknowledged(world, make_task(world))
    make_task(world)
    silent = office.get("gaps/silent/").json()["results"]
    assert [(row["user"], row["waiting"]) for row in silent] == [(world.secretary.user.pk, 2)]
    assert office.get("gaps/left/").json()["results"] == []
    User.objects.filter(pk=world.secretary.user.pk).update(is_active=False)
    (left,) = office.get("gaps/left/").json()["results"]
    assert (left["organization"], left["tasks"]) == (world.branch.pk, 1)
    assert Program(world.other_secretary.user).get("gaps/left/").json()["results"] == []


def test_the_lists_of_gaps_take_the_same_queries_for_one_and_for_two(world, office):
    numbers: dict[str, list[int]] = {"gaps/": [], "gaps/left/": [], "gaps/silent/": []}
    for branch, secretary in zip(world.branches, world.secretaries, strict=True):
        plan = make_plan(world)
        make_measure(world, plan, receivers=[branch])
        issue(world, plan)
        Task.objects.filter(organization=branch).update(state="ACTIVE", handler=make_user())
        assert secretary.posts
        for path, found in numbers.items():
            with counted() as queries:
                assert office.get(path).json()["count"] >= len(found) + 1
            found.append(len(queries))
    assert all(len(set(found)) == 1 for found in numbers.values()), numbers


# --- burden and charges --------------------------------------------------------------------------------------------


def test_the_burden_is_counted_for_each_branch_and_month(world, plan, office):
    told = office.get("burden/", period="2026H1", sort="tree").json()
    assert (len(told["months"]), told["months"][0]) == (6, "2026-01-01")
    row = next(row for row in told["results"] if row["organization"] == world.branch.pk)
    assert (row["months"][2], row["sums"]["due"], row["months_over"]) == (2, 2, 0)
    assert (told["sums"]["due"], told["month_sums"][2], told["count"]) == (3, 3, 3)
    assert office.get("burden/").json()["months"][0] == Period.of(today()).first_day.isoformat()


@pytest.mark.parametrize(
    ("name", "value"),
    [("period", "2026X1"), ("kind", "smoke"), ("by", "0"), ("area", "0"), ("sort", "up"), ("page", "x")],
)
def test_a_question_about_the_burden_that_makes_no_sense_is_refused(name, value, plan, office):
    assert refusal(office.get("burden/", **{name: value}))[0] == (404 if name == "page" else 400)


def test_the_burden_takes_the_same_queries_for_all_and_for_one(world, plan, office):
    with counted() as more:
        assert office.get("burden/", period="2026H1").json()["count"] == 3
    with counted() as one:
        assert office.get("burden/", period="2026H1", q=world.branch.name).json()["count"] == 1
    assert len(one) == len(more)


def test_a_liaison_reads_how_those_stand_whom_they_look_after(world, plan):
    liaison = world.inspector.user
    area = Area.objects.create(organization=world.top, name="第一片区", liaison=liaison)
    Organization.objects.filter(pk=world.branch.pk).update(area=area)
    (charge,) = Program(liaison).get("looked-after/").json()["results"]
    assert (charge["organization"], charge["linked"]) == (world.branch.pk, False)
    overdue = Task.objects.filter(organization=world.branch, due__lt=today()).count()
    assert (charge["open"], charge["overdue"]) == (2, overdue)
    assert Program(world.leader.user).get("looked-after/").json()["results"] == []
