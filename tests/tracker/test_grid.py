"""The grid of a plan: who stands where with what, as the list of tasks behind each number says it."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from branches.models import Area, Organization
from common.clock import moment
from common.workdays import Calendar
from tests.factories import World, actor_at, issue, make_measure, make_plan
from tracker.fan_out import fan_out
from tracker.grid import Grid, GridFilter
from tracker.lights import light_of
from tracker.models import Measure, Task
from tracker.task_list import TaskFilter

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 24)


@pytest.fixture
def world() -> World:
    return World(branches=3)


@pytest.fixture(autouse=True)
def _in_march():
    with time_machine.travel(moment(DAY, 10), tick=False):
        yield


@pytest.fixture
def office(client, world):
    client.force_login(world.office.user)
    return client


def put(task: Task, **fields) -> None:
    Task.objects.filter(pk=task.pk).update(**fields)


def done() -> dict:
    return {"state": "DONE", "completed_at": moment(DAY, 9), "percent": 100}


def cells_of(response) -> dict[str, list[str]]:
    return {
        row["unit"].short_name: [cell.sign if cell else "" for cell in row["cells"]]
        for row in response.context["rows"]
    }


@pytest.fixture
def plan(world):
    """Two measures: the first branch is overdue with one, the second has completed it, the third is on course."""
    plan = make_plan(world)
    first = make_measure(world, plan, title="召开警示教育大会", due=date(2026, 6, 30))
    make_measure(world, plan, title="讲授专题党课", receivers=world.branches[:1], due=date(2026, 6, 30))
    issue(world, plan)
    Task.objects.update(state="ACTIVE", percent=90)
    late, finished, _on_course = Task.objects.filter(measure=first).order_by("organization__path")
    put(late, due=DAY - timedelta(days=3))
    put(finished, **done())
    return plan


def test_units_stand_down_measures_across_and_a_cell_leads_to_its_task(office, world, plan):
    response = office.get("/grid/")
    one, two, three = (branch.short_name for branch in world.branches)
    assert cells_of(response) == {one: ["■", "●"], two: ["✓", ""], three: ["●", ""]}
    assert [m.title for m in response.context["grid"].measures] == ["召开警示教育大会", "讲授专题党课"]
    late = Task.objects.get(organization=world.branch, measure__title="召开警示教育大会")
    assert f'<a class="red" href="/tasks/{late.pk}/" aria-label="逾期">■</a>' in response.content.decode()


def test_the_lists_of_a_light_hold_what_the_rule_gives_that_light(world, plan):
    """Every state × dates × per cent × returned, compared with the rule for one task in hand."""
    calendar = Calendar.load()
    measure = Measure.objects.first()
    Task.objects.all().delete()
    rows = []
    for number, state in enumerate(Task.State.values):
        for days in (-30, -1, 0, 1, 7, 8, 60):
            for percent in (0, 50, 100):
                for returned in (False, True):
                    due = DAY + timedelta(days=days)
                    limit = DAY + timedelta(days=-1 if percent == 50 else 3)
                    rows.append(
                        Task(
                            measure=measure,
                            organization=world.branch,
                            occurrence=f"{number}{days}{percent}{returned:d}",
                            state=state,
                            percent=percent,
                            returned=returned,
                            issued_on=date(2026, 1, 5),
                            acknowledge_by=limit,
                            original_due=due,
                            due=due,
                            completed_at=moment(DAY, 9) if state == "DONE" else None,
                        )
                    )
    Task.objects.bulk_create(rows)
    lists = {
        name: TaskFilter(QueryDict(f"light={name}"), actor=world.office, day=DAY, calendar=calendar).narrow()
        for name in ("red", "yellow", "green")
    }
    said = {pk: name for name, found in lists.items() for pk in found.values_list("pk", flat=True)}
    lights = {task.pk: light_of(task, day=DAY, calendar=calendar).value for task in Task.objects.all()}
    assert set(lights.values()) == {*lists, "done", "none"}
    assert said == {pk: light for pk, light in lights.items() if light in lists}
    assert len(said) == sum(found.count() for found in lists.values())


def test_the_sums_added_up_by_the_database_are_those_of_the_cells(world, plan):
    for number, task in enumerate(Task.objects.order_by("pk")):
        state = Task.State.values[number % 7]
        changes = {"state": state, "percent": number * 7 % 100, "returned": number % 4 == 0}
        Task.objects.filter(pk=task.pk).update(
            **changes, completed_at=moment(DAY) if state == "DONE" else None
        )

    def grid(query: str) -> Grid:
        chosen = GridFilter(QueryDict(query))
        return Grid(plan, actor=world.office, chosen=chosen, day=DAY, calendar=Calendar.load())

    for_the_page, all_read = grid(""), grid("sort=behind")
    assert for_the_page.by_measure == all_read.by_measure
    assert (for_the_page.total, for_the_page.areas) == (all_read.total, all_read.areas)
    assert sum(for_the_page.total.values()) == Task.objects.exclude(state="WITHDRAWN").count()
    some = for_the_page.filled(for_the_page.lines[1:3])
    by_unit = {line.unit: line for line in all_read.lines}
    assert [for_the_page.cells(line) for line in some] == [
        all_read.cells(by_unit[line.unit]) for line in some
    ]
    assert [for_the_page.counts(line) for line in some] == [
        all_read.counts(by_unit[line.unit]) for line in some
    ]
    assert {line.unit for line in for_the_page.lines} == set(by_unit)


def test_a_recurring_measure_shows_its_worst_light_with_how_many_of_it(office, world):
    plan = make_plan(world)
    make_measure(world, plan, cadence="monthly", due=None, receivers=[world.branch])
    issue(world, plan)
    tasks = list(Task.objects.order_by("due"))
    Task.objects.update(state="ACTIVE", percent=100)
    put(tasks[0], **done())
    put(tasks[1], due=DAY - timedelta(days=9))
    put(tasks[2], due=DAY - timedelta(days=2))
    response = office.get("/grid/")
    (row,) = response.context["rows"]
    (cell,) = row["cells"]
    assert (cell.sign, cell.words) == ("■2", "逾期 2 · 正常 3 · 办结 1")
    listed = office.get(cell.url)
    assert {r.task.pk for r in listed.context["rows"]} == {tasks[1].pk, tasks[2].pk}


def test_withdrawn_tasks_are_in_no_cell_and_suspended_ones_have_a_shape_of_their_own(office, world, plan):
    first, second, third = Task.objects.filter(measure__title="召开警示教育大会").order_by(
        "organization__path"
    )
    put(first, state="WITHDRAWN")
    put(second, state="SUSPENDED", completed_at=None)
    one, two, three = (branch.short_name for branch in world.branches)
    assert cells_of(office.get("/grid/")) == {one: ["", "●"], two: ["‖", ""], three: ["●", ""]}
    put(third, state="WITHDRAWN")
    assert list(cells_of(office.get("/grid/"))) == [one, two]


def test_every_sum_opens_a_list_of_exactly_so_many(office, world, plan):
    area = Area.objects.create(organization=world.top, name="第一片区")
    Organization.objects.filter(pk__in=[b.pk for b in world.branches[:2]]).update(area=area)
    # the committee holds the measure, too: a row must not count what lies below it
    measure = Measure.objects.get(title="召开警示教育大会")
    some = Task.objects.filter(measure=measure).first()
    some.pk, some.organization, some._state.adding = None, world.committee, True
    some.save()
    checked = 0
    for query in ("", f"?area={area.pk}", "?kind=BRANCH", "?light=red", "?q=支部", "?about=党课"):
        context = office.get(f"/grid/{query}").context
        sums = [s for row in context["rows"] for s in row["sums"]]
        sums += [s for _n, _s, _l, columns, total in context["foot"] for s in (*columns, total)]
        for each in sums:
            if each.url:
                assert office.get(each.url).context["count"] == each.count, (query, each)
                checked += 1
    assert checked > 40


def test_the_sums_of_the_columns_are_of_all_pages(office, world, plan, monkeypatch):
    monkeypatch.setattr("tracker.views.grid.PAGE", 1)
    response = office.get("/grid/?page=2")
    assert list(cells_of(response)) == [world.branches[1].short_name]
    assert response.context["grid"].total == {"red": 1, "yellow": 0, "green": 2, "suspended": 0, "done": 1}


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("light=red", [0]),
        ("light=done", [1]),
        ("light=blue", [0, 1, 2]),
        ("kind=COMMITTEE", []),
        ("about=党课", [0]),
        ("about=没有的", []),
        ("area=", [0, 1, 2]),
        ("area=x", [0, 1, 2]),
        ("area=²", [0, 1, 2]),
        ("page=99", [0, 1, 2]),
        ("sort=behind", [0, 2, 1]),
        ("q=%00", [0, 1, 2]),
    ],
)
def test_filters_and_order_keep_the_rows_they_name(office, world, plan, query, kept):
    response = office.get(f"/grid/?{query}")
    assert response.status_code == 200
    assert list(cells_of(response)) == [world.branches[n].short_name for n in kept]


def test_a_filter_by_area_or_name_keeps_the_units_of_it(office, world, plan):
    area = Area.objects.create(organization=world.top, name="第一片区")
    Organization.objects.filter(pk=world.branches[2].pk).update(area=area)
    assert list(cells_of(office.get(f"/grid/?area={area.pk}"))) == [world.branches[2].short_name]
    name = world.branches[1].short_name
    assert list(cells_of(office.get("/grid/", {"q": name}))) == [name]


def test_the_filters_stay_in_the_address_of_the_next_page(office, world, plan, monkeypatch):
    monkeypatch.setattr("tracker.views.grid.PAGE", 1)
    body = office.get("/grid/?sort=behind&kind=BRANCH").content.decode()
    addresses = [part.split('"')[0] for part in body.split('href="')[1:]]
    (following,) = {a.replace("&amp;", "&") for a in addresses if "page=2" in a}
    asked = parse_qs(urlsplit(following).query)
    assert asked == {"sort": ["behind"], "kind": ["BRANCH"], "page": ["2"]}


def test_a_committee_sees_its_own_branches_only_and_a_strangers_plan_does_not_exist(client, world, plan):
    other = make_plan(world)
    make_measure(world, other, receivers=[world.other_branch, world.branch])
    issue(world, other)
    client.force_login(world.reviewer.user)
    assert list(cells_of(client.get(f"/grid/?plan={other.pk}"))) == [world.branch.short_name]
    client.force_login(actor_at(world.other_committee, "CLERK").user)
    assert list(cells_of(client.get(f"/grid/?plan={other.pk}"))) == [world.other_branch.short_name]
    assert client.get(f"/grid/?plan={plan.pk}").status_code == 404


@pytest.mark.parametrize("asked", ["draft", "x", "-1", "9" * 30, "²"])
def test_a_plan_that_is_no_issued_one_is_not_found(office, world, plan, asked):
    draft = make_plan(world)
    assert office.get("/grid/", {"plan": draft.pk if asked == "draft" else asked}).status_code == 404


def test_without_any_plan_it_says_what_will_appear(office):
    response = office.get("/grid/")
    assert response.status_code == 200
    assert "尚未印发任务清单" in response.content.decode()


def test_a_phone_gets_the_units_with_a_count_for_each_light(office, world, plan):
    body = office.get("/grid/").content.decode()
    phone = body.split('<ul class="rows only-phone">')[1].split("</ul>")[0]
    assert phone.count("<li ") == 3
    assert f'/tasks/?plan={plan.pk}&amp;unit={world.branch.pk}">{world.branch.short_name}' in phone


def test_the_number_of_queries_is_the_same_for_one_row_and_for_many(office, world):
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert office.get("/grid/").status_code == 200
        return len(captured)

    plan = make_plan(world)
    make_measure(world, plan, receivers=[world.branch])
    issue(world, plan)
    office.get("/grid/")
    once = asked()
    for number in range(3):
        make_measure(world, plan, title=f"第{number}项")
    Measure.objects.update(state="ACTIVE")
    fan_out(plan, at=moment(DAY, 10))
    assert Task.objects.count() > 8
    assert asked() == once
    assert once <= 14
