"""Targets add up: who reported how much, of what, with the list behind each sum; nothing counted twice."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from common.clock import moment
from common.errors import NotAllowed, Refused
from tests.factories import World, issue, make_measure, make_plan
from tracker.events import history
from tracker.models import Base, Measure, Task
from tracker.targets import nested_in, read_bases, set_counting, sums_of
from tracker.transitions import perform

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 24)
NOW = moment(DAY, 10)
CASES = {"target_number": Decimal(60), "target_unit": "个", "target_of": "案例"}
TALKS = {"target_number": Decimal(100), "target_unit": "%", "target_of": "谈心谈话"}


@pytest.fixture
def world() -> World:
    return World(branches=3)


@pytest.fixture(autouse=True)
def _in_march():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def office(client, world):
    client.force_login(world.office.user)
    return client


def measured(world: World, **fields) -> Measure:
    """An issued measure of the three branches, whose tasks are in hand."""
    plan = make_plan(world)
    measure = make_measure(world, plan, **fields)
    issue(world, plan)
    for task in Task.objects.filter(measure=measure):
        secretary = world.secretaries[world.branches.index(task.organization)]
        perform(task, "acknowledge", actor=secretary, at=NOW, given={"handler": secretary.user.pk})
    return Measure.objects.select_related("plan__organization").get(pk=measure.pk)


def tasks_of(measure: Measure) -> list[Task]:
    return list(measure.tasks.order_by("original_due", "organization__path"))


def report(world: World, task: Task, number: int | str, *, hand_in: bool = False) -> Task:
    task.refresh_from_db()
    secretary = world.secretaries[world.branches.index(task.organization)]
    said = {"progress": f"已完成{number}", "percent": 50, "number": number}
    return perform(task, "submit" if hand_in else "report", actor=secretary, at=NOW, given=said)


def found(measure: Measure, world: World, **more):
    return sums_of([measure], actor=more.pop("actor", world.office), day=DAY, **more)[measure.pk]


def counting(measure: Measure, world: World, *, together=False, bases=None) -> None:
    set_counting(measure, together=together, bases=bases or {}, actor=world.office, at=NOW)


def test_a_target_of_each_unit_is_summed_over_the_units(world):
    measure = measured(world, **CASES)
    for task, number in zip(tasks_of(measure), (60, 30, None), strict=True):
        if number:
            report(world, task, number)
    sums = found(measure, world)
    assert (sums.kind, sums.units, sums.reporting) == ("each", 3, 2)
    assert (sums.reported, sums.approved, sums.target, sums.reported_share) == (90, 0, 180, 50.0)


def test_sixty_cases_of_all_together(world):
    measure = measured(world, **CASES)
    counting(measure, world, together=True)
    first, second, _third = tasks_of(measure)
    done = report(world, first, 30, hand_in=True)
    perform(done, "approve", actor=world.reviewer, at=NOW)
    report(world, second, "15.5")
    sums = found(measure, world)
    assert (sums.reported, sums.approved, sums.target) == (Decimal("45.5"), 30, 60)
    assert (sums.approved_share, round(sums.reported_share, 2)) == (50.0, 75.83)


def test_a_share_is_of_its_base_list_and_without_one_nothing_is_added(world):
    measure = measured(world, **TALKS)
    first, second, third = tasks_of(measure)
    report(world, first, 100)
    assert not found(measure, world).adds_up
    counting(measure, world, bases={first.organization_id: 12, second.organization_id: 28})
    report(world, first, 12)
    report(world, second, 18)
    report(world, third, 9)  # not in the base list: in no sum
    sums = found(measure, world)
    assert (sums.reported, sums.base, sums.target, sums.reported_share) == (30, 40, 40, 75.0)
    assert (sums.units, sums.without_base) == (3, 1)


def test_ninety_per_cent_of_a_base_is_a_target_of_nine_tenths(world):
    measure = measured(world, **(TALKS | {"target_number": Decimal(90)}))
    first = tasks_of(measure)[0]
    counting(measure, world, bases={first.organization_id: 20})
    report(world, first, 18)
    assert (found(measure, world).target, found(measure, world).reported_share) == (18, 100.0)


def test_more_than_the_base_is_refused_with_the_base_named(world):
    measure = measured(world, **TALKS)
    first = tasks_of(measure)[0]
    counting(measure, world, bases={first.organization_id: 12})
    with pytest.raises(Refused) as refusal:
        report(world, first, 13)
    assert refusal.value.fields["number"] == "不能超过本单位基数 12；基数有误的，请联系主管机关修改。"
    first.refresh_from_db()
    assert first.number is None


def test_withdrawn_and_reassigned_tasks_are_in_no_sum(world):
    measure = measured(world, **CASES)
    first, second, third = tasks_of(measure)
    for task in (first, second, third):
        report(world, task, 10)
    perform(Task.objects.get(pk=first.pk), "withdraw", actor=world.issuer, at=NOW, given={"reason": "重复"})
    moved = {"organization": world.other_branch.pk, "due": date(2026, 4, 30), "reason": "职责调整"}
    perform(Task.objects.get(pk=second.pk), "reassign", actor=world.office, at=NOW, given=moved)
    sums = found(measure, world)
    assert (sums.units, sums.reported, sums.target) == (2, 10, 120)


def test_the_occurrences_of_a_recurring_measure_are_never_added_up(world):
    measure = measured(world, cadence="quarterly", due=None, **CASES)
    spring, summer = (
        list(measure.tasks.filter(occurrence=label).order_by("organization__path"))
        for label in ("2026Q1", "2026Q2")
    )
    for task in spring:
        report(world, task, 60)
    report(world, summer[0], 5)
    assert (found(measure, world).occurrence, found(measure, world).reported) == ("2026Q1", 180)
    assert found(measure, world, occurrence="2026Q2").reported == 5
    later = sums_of([measure], actor=world.office, day=date(2026, 4, 2))[measure.pk]
    assert (later.occurrence, later.reported) == ("2026Q2", 5)


def test_who_sees_a_part_reads_the_sum_of_that_part_and_no_target_of_all(world):
    measure = measured(world, **CASES)
    counting(measure, world, together=True)
    for task in tasks_of(measure):
        report(world, task, 10)
    own = found(measure, world, actor=world.secretary)
    assert (own.units, own.reported, own.target) == (1, 10, None)


def test_only_the_office_says_how_it_is_counted_and_the_history_keeps_it(world):
    measure = measured(world, **TALKS)
    unit = world.branch.pk
    for actor in (world.secretary, world.leader, world.reviewer):
        with pytest.raises(NotAllowed):
            set_counting(measure, together=False, bases={unit: Decimal(3)}, actor=actor, at=NOW)
    counting(measure, world, bases={unit: Decimal(3)})
    counting(measure, world, bases={unit: Decimal(3)})
    events = [event for event in history(measure) if event.act == "count"]
    assert [(event.said["base"], event.actor_id) for event in events] == [("3", world.office.user.pk)]


def test_a_base_list_is_read_by_name_short_name_or_code(world):
    one, two, three = world.branches
    text = f"{one.name}\t12\n\n {two.code}, 7.5 \n{three.short_name} 0"
    assert read_bases(text, world.branches) == {one.pk: 12, two.pk: Decimal("7.50"), three.pk: 0}


@pytest.mark.parametrize(
    "line", ["没有的支部 3", "{unit}", "{unit} -1", "{unit} NaN", "{unit} 1e99", "{unit} x"]
)
def test_a_line_that_cannot_be_read_is_named_and_nothing_is_kept(office, world, line):
    measure = measured(world, **TALKS)
    counting(measure, world, bases={world.branches[1].pk: Decimal(5)})
    text = f"{world.branches[1].short_name} 9\n{line.format(unit=world.branch.short_name)}"
    response = office.post(page_of(measure), {"bases": text})
    assert response.status_code == 422
    assert text in response.content.decode()
    assert list(Base.objects.values_list("number", flat=True)) == [5]


def page_of(measure: Measure) -> str:
    return f"/plans/{measure.plan_id}/measures/{measure.pk}/numbers/"


def test_the_list_behind_the_sum_is_narrowed_and_says_each_share(office, world):
    measure = measured(world, **CASES)
    first, second, third = tasks_of(measure)
    report(world, first, 30)
    perform(report(world, second, 60, hand_in=True), "approve", actor=world.reviewer, at=NOW)

    def listed(**query) -> list:
        return [(task.pk, share) for task, share in office.get(page_of(measure), query).context["rows"]]

    assert listed() == [(first.pk, 50.0), (second.pk, 100.0), (third.pk, None)]
    assert listed(show="reported") == listed()[:2]
    assert listed(show="approved") == listed()[1:2]
    assert listed(show="none") == listed()[2:]
    assert listed(q=second.organization.short_name) == listed()[1:2]
    assert listed(show="?", occurrence="2030Q1") == listed()


def test_the_list_is_exported_with_its_sums_below(office, world):
    measure = measured(world, **CASES)
    report(world, tasks_of(measure)[0], 30)
    response = office.get(page_of(measure) + "export/")
    sheet = load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    rows = [tuple(cell.value for cell in row) for row in sheet.iter_rows(min_row=4)]
    assert [row[3] for row in rows] == [30, None, None, 30, 0, 180]
    assert [row[0] for row in rows[3:]] == ["填报合计", "审核通过合计", "目标合计"]


def test_members_become_the_base_at_one_press(office, world):
    measure = measured(world, **TALKS)
    type(world.branch).objects.filter(pk=world.branch.pk).update(full_members=9, probationary_members=2)
    assert office.post(page_of(measure), {"members": "1"}).status_code == 302
    assert Base.objects.get(organization=world.branch).number == 11


def test_the_sum_stands_on_the_plan_on_the_measure_and_in_the_grid(office, world):
    measure = measured(world, **CASES)
    report(world, tasks_of(measure)[0], 90)
    for address in (f"/plans/{measure.plan_id}/", f"/plans/{measure.plan_id}/measures/{measure.pk}/"):
        body = office.get(address).content.decode()
        assert page_of(measure) in body
        assert "90 / 180" in body
    grid = office.get("/grid/", {"plan": measure.plan_id})
    assert [sums.reported_share for sums in grid.context["grid"].targets] == [50.0]
    assert office.get("/grid/", {"kind": "BRANCH"}).context["grid"].targets == []


def test_a_committee_that_reports_beside_its_branches_is_pointed_out(office, world):
    measure = measured(world, **CASES)
    assert office.get(page_of(measure)).context["nested"] == 0
    report(world, tasks_of(measure)[0], 10)
    above = Task.objects.get(pk=tasks_of(measure)[1].pk)
    Task.objects.filter(pk=above.pk).update(organization=world.committee, number=10)
    assert office.get(page_of(measure)).context["nested"] == 1


def test_a_measure_without_a_target_has_no_such_page(office, world):
    assert office.get(page_of(measured(world))).status_code == 404


def test_the_sums_take_the_same_number_of_questions_for_one_measure_and_three(office, world):
    plan = make_plan(world)
    measures = [
        make_measure(world, plan, title=f"事项{n}", **fields)
        for n, fields in enumerate((CASES, TALKS, CASES))
    ]
    issue(world, plan)
    for known in measures:
        known.plan.organization  # noqa: B018 - at hand, as the pages have it
    with CaptureQueriesContext(connection) as one:
        sums_of(measures[:1], actor=world.office, day=DAY)
    with CaptureQueriesContext(connection) as three:
        assert len(sums_of(measures, actor=world.office, day=DAY)) == 3
    assert len(one) == len(three) == 2


def test_units_below_others_that_report_too_are_found():
    assert nested_in(["0001", "00010002", "00010003", "0002", "00020001"]) == {
        "00010002",
        "00010003",
        "00020001",
    }
