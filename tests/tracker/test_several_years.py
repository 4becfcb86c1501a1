"""A plan over several years opens each year's work shortly before that year begins."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from common.clock import moment
from common.errors import Refused
from common.jobs import run_due_jobs
from common.models import Job
from common.workdays import Calendar
from tests.factories import World, issue, make_measure
from tracker.fan_out import fan_out, open_next_years
from tracker.issuing import preview
from tracker.models import Measure, Plan, Task
from tracker.occurrences import opened
from tracker.plans import create_plan

pytestmark = pytest.mark.django_db
JAN = moment(date(2026, 1, 5))
LATE = moment(date(2026, 12, 10))


@pytest.fixture
def world() -> World:
    return World()


def five_years(world: World, **fields: Any) -> Plan:
    given: dict[str, Any] = {
        "organization": world.top,
        "title": "机关纪委建设五年行动",
        "period": "2026H1",
        "kind": Plan.Kind.SPECIAL,
        "until_year": 2030,
        "actor": world.office,
        "at": JAN,
    }
    return create_plan(**(given | fields))


def labels(plan: Plan, measure: Measure, day: date) -> list[str]:
    return [o.label for o in opened(plan, measure, since=date(2026, 1, 5), day=day, calendar=Calendar.load())]


def test_each_further_year_opens_a_month_before_it_begins(world):
    plan = five_years(world)
    measure = make_measure(world, plan, cadence="yearly", due=None)
    assert [p.code for p in plan.periods] == ["2026", "2027", "2028", "2029", "2030"]
    assert labels(plan, measure, date(2026, 1, 5)) == ["2026"]
    assert labels(plan, measure, date(2026, 11, 30)) == ["2026"]
    assert labels(plan, measure, date(2026, 12, 1)) == ["2026", "2027"]
    assert plan.period_label == "2026—2030年"


def test_a_second_half_year_comes_first_and_whole_years_follow(world):
    plan = five_years(world, period="2026H2", until_year=2027)
    measure = make_measure(world, plan, cadence="half-yearly", due=None)
    assert labels(plan, measure, date(2027, 1, 1)) == ["2026H2", "2027H1", "2027H2"]


def test_the_tick_asks_once_for_the_next_years_tasks_and_they_are_made(world):
    plan = five_years(world)
    make_measure(world, plan, cadence="yearly", due=None)
    issue(world, plan)
    Job.objects.all().delete()
    assert Task.objects.count() == len(world.branches)
    assert open_next_years(at=moment(date(2026, 6, 1))) == 0
    assert open_next_years(at=LATE) == open_next_years(at=LATE) == 1
    assert Job.objects.count() == 1
    run_due_jobs(at=LATE)
    assert sorted(set(Task.objects.values_list("occurrence", flat=True))) == ["2026", "2027"]
    assert fan_out(Plan.objects.get(pk=plan.pk), at=LATE) == 0


def test_what_the_preview_promises_is_what_issuing_makes(world):
    plan = five_years(world)
    make_measure(world, plan, cadence="quarterly", due=None)
    promised = preview(plan, day=date(2026, 1, 5), calendar=Calendar.load()).new_tasks
    issue(world, plan, at=JAN)
    assert Task.objects.count() == promised == 4 * len(world.branches)


def test_a_measure_is_not_to_be_verified_before_its_last_year(world):
    from tracker.transitions.measure import _all_tasks_closed

    plan = five_years(world, until_year=2027)
    measure = make_measure(world, plan, cadence="yearly", due=None)
    issue(world, plan)
    Task.objects.update(state=Task.State.DONE, completed_at=LATE)
    assert not _all_tasks_closed(measure)
    fan_out(Plan.objects.get(pk=plan.pk), at=LATE)
    Task.objects.update(state=Task.State.DONE, completed_at=LATE)
    assert _all_tasks_closed(measure)


def test_a_plan_ends_after_it_begins_and_within_ten_years(world):
    for year in (2025, 2036):
        with pytest.raises(Refused):
            five_years(world, until_year=year)
    assert five_years(world, until_year=None).period_label == "2026年上半年"


def test_the_clerk_makes_one_on_the_page(world, client, time_machine):
    time_machine.move_to(JAN, tick=False)
    client.force_login(world.office.user)
    given = {
        "organization": world.top.pk,
        "title": "五年行动",
        "half": "2026",
        "until_year": "2030",
        "kind": "SPECIAL",
    }
    client.post("/plans/new/", given)
    assert Plan.objects.get().until_year == 2030
