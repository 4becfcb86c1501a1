"""The burden on branches: counted where it arises, by unit and month, shown to those who cause it."""

from __future__ import annotations

import io
from datetime import date

import pytest
from openpyxl import load_workbook

from branches.models import Area
from common.clock import moment
from tests.factories import (
    World,
    acknowledged,
    issue,
    make_inspection,
    make_measure,
    make_plan,
    on,
    submitted,
)
from tracker.burden import BurdenFilter, burden_of
from tracker.models import Evidence, StoredFile, Task, Visit
from tracker.transitions import perform

pytestmark = pytest.mark.django_db
DAY = date(2026, 6, 1)
QUERIES = 13


def burden(actor, **chosen):
    return burden_of(BurdenFilter(chosen, actor=on(actor, DAY), day=DAY))


def months(found, unit):
    [row] = [row for row in found.rows if row.unit == unit]
    return [count for count, _over in row.months]


@pytest.fixture
def tasks(world) -> list[Task]:
    """Due on 31 March and monthly for the first branch, given out in January."""
    plan = make_plan(world)
    make_measure(world, plan)
    make_measure(world, plan, title="主题党日", due=None, cadence="monthly", receivers=[world.branch])
    issue(world, plan)
    return list(Task.objects.filter(organization=world.branch).order_by("due", "pk"))


def test_tasks_fall_into_the_month_of_their_date_and_of_their_issue(world, tasks):
    assert months(burden(world.office), world.branch) == [1, 1, 2, 1, 1, 1]
    assert months(burden(world.office), world.branches[1]) == [0, 0, 1, 0, 0, 0]
    assert months(burden(world.office, kind="given"), world.branch) == [7, 0, 0, 0, 0, 0]


def test_a_withdrawn_task_no_longer_falls_due_but_was_given_out(world, tasks):
    perform(tasks[0], "withdraw", actor=world.issuer, at=moment(date(2026, 1, 9)), given={"reason": "重复"})
    assert months(burden(world.office), world.branch)[0] == 0
    assert months(burden(world.office, kind="given"), world.branch)[0] == 7


def test_a_report_is_asked_for_by_the_date_and_again_by_urging_and_return(world, tasks):
    perform(tasks[0], "urge", actor=world.office, at=moment(date(2026, 2, 3)), given={})
    task = submitted(world, acknowledged(world, tasks[1]), at=moment(date(2026, 2, 10)))
    at = moment(date(2026, 2, 11))
    perform(task, "return", actor=on(world.reviewer, date(2026, 2, 11)), at=at, given={"reason": "缺记录"})
    assert months(burden(world.office, kind="reports"), world.branch) == [1, 3, 2, 1, 1, 1]


def test_an_urging_late_in_the_evening_belongs_to_the_office_s_month(world, tasks):
    """23:30 of 31 January in Shanghai; 00:30 of 1 February there is still January elsewhere."""
    perform(tasks[0], "urge", actor=world.office, at=moment(date(2026, 1, 31), 23, 30), given={})
    perform(tasks[0], "urge", actor=world.office, at=moment(date(2026, 2, 1), 0, 30), given={})
    assert months(burden(world.office, kind="reports"), world.branch)[:2] == [2, 2]


def test_uploads_and_visits_are_counted_at_the_branch(world, tasks):
    file = StoredFile.objects.create(sha256="a" * 64, size=1, media_type="image/png")
    at = moment(date(2026, 4, 30), 23, 30)
    Evidence.objects.create(
        task=tasks[0], file=file, name="照片.png", added_by=world.secretary.user, added_at=at
    )
    inspection = make_inspection(world)
    Visit.objects.create(inspection=inspection, organization=world.branch, visited_on=date(2026, 3, 9))
    Visit.objects.create(inspection=inspection, organization=world.branches[1])
    assert months(burden(world.office, kind="uploads"), world.branch) == [0, 0, 0, 1, 0, 0]
    found = burden(world.office, kind="visits")
    assert months(found, world.branch) == [0, 0, 1, 0, 0, 0]
    assert months(found, world.branches[1]) == [0] * 6
    assert found.rows[0].sums == {"due": 7, "given": 7, "reports": 7, "uploads": 1, "visits": 1}


def test_a_month_above_the_ceiling_is_marked_and_its_unit_comes_first(world, tasks, settings):
    settings.LOAD_CEILING = 1
    found = burden(world.office)
    assert found.rows[0].unit == world.branch
    assert found.rows[0].months[2] == (2, True)
    assert (found.rows[0].over, found.over) == (1, 1)
    settings.LOAD_CEILING = 2
    assert burden(world.office).over == 0


def test_each_sees_the_branches_in_sight_alone(world, tasks):
    assert {row.unit for row in burden(world.reviewer).rows} == set(world.branches)
    assert {row.unit for row in burden(world.secretary).rows} == {world.branch}


def test_it_can_be_narrowed_to_what_one_organization_causes(world, tasks):
    from tests.factories import actor_at
    from tracker.models import Plan
    from tracker.plans import add_measure, create_plan

    clerk, at = actor_at(world.committee, "CLERK"), moment(date(2026, 1, 5))
    own = create_plan(
        organization=world.committee, title="机关党委清单", period="2026H1", kind="LIST", actor=clerk, at=at
    )
    fields = {"title": "自查", "no_source_reason": "例行", "due": date(2026, 5, 29)}
    measure = add_measure(own, actor=clerk, at=at, fields=fields, receivers=[world.branch])
    Plan.objects.filter(pk=own.pk).update(state="ISSUED", issued_at=at)
    Task.objects.create(
        measure=measure,
        organization=world.branch,
        issued_on=date(2026, 1, 5),
        due=date(2026, 5, 29),
        original_due=date(2026, 5, 29),
        acknowledge_by=date(2026, 1, 8),
    )
    assert months(burden(world.office, by=str(world.committee.pk)), world.branch) == [0, 0, 0, 0, 1, 0]
    assert months(burden(world.office, by=str(world.top.pk)), world.branch) == [1, 1, 2, 1, 1, 1]
    assert months(burden(world.office), world.branch) == [1, 1, 2, 1, 2, 1]


def test_areas_and_names_narrow_the_rows_and_the_sums(world, tasks):
    area = Area.objects.create(organization=world.top, name="一片区")
    world.branches[1].area = area
    world.branches[1].save()
    found = burden(world.office, area=str(area.pk))
    assert [row.unit for row in found.rows] == [world.branches[1]]
    assert (found.foot, found.sums["due"]) == ([0, 0, 1, 0, 0, 0], 1)
    assert [row.unit for row in burden(world.office, q=world.branch.name).rows] == [world.branch]


@pytest.mark.parametrize("code", ["", "2026H9", "x", "2026h1"])
def test_a_period_that_is_none_is_the_present_one(world, code):
    assert burden(world.office, period=code).chosen.period.code == "2026H1"


def test_the_page_and_the_workbook_say_the_same(world, tasks, client, time_machine, settings):
    settings.LOAD_CEILING = 1
    time_machine.move_to(moment(DAY), tick=False)
    client.force_login(world.office.user)
    text = client.get("/burden/").content.decode()
    assert "1 个单位超过上限" in text
    answer = client.get("/burden/export/?kind=due")
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    rows = list(book.active.iter_rows(min_row=3, values_only=True))
    assert rows[0][:4] == ("单位", "1月", "2月", "3月")
    assert rows[1][1:7] == (1, 1, "▲ 2", 1, 1, 1)
    assert rows[-1] == ("合计", 1, 1, 3, 1, 1, 1, 8, 8, 8, 0, 0)


@pytest.mark.parametrize("branches", [1, 3])
def test_the_page_asks_a_constant_number_of_queries(
    branches, client, time_machine, django_assert_num_queries
):
    world = World(branches=branches)
    plan = make_plan(world)
    make_measure(world, plan)
    issue(world, plan)
    time_machine.move_to(moment(DAY), tick=False)
    client.force_login(world.office.user)
    with django_assert_num_queries(QUERIES):
        assert len(client.get("/burden/").context["burden"].rows) == branches + 1
