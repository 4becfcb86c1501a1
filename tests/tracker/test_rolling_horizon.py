"""Recurring measures open their occurrences on a rolling horizon; a plan over several years most of all."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from branches.models import Organization
from common.clock import moment
from common.errors import Refused
from common.jobs import run_due_jobs
from common.workdays import Calendar
from tests.factories import World, issue, make_measure, make_organization
from tracker.fan_out import _open_reached as open_one
from tracker.fan_out import ask_to_open_ahead, fan_out, open_ahead
from tracker.issuing import preview
from tracker.models import Measure, Notice, Plan, Task
from tracker.occurrences import opening_of
from tracker.plans import create_plan
from tracker.transitions import perform
from tracker.verification import verify_history

pytestmark = pytest.mark.django_db
JAN = moment(date(2026, 1, 5))
LATE = moment(date(2026, 12, 10))


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
    opening = opening_of(plan, measure, since=date(2026, 1, 5), day=day, calendar=Calendar.load())
    return [occurrence.label for occurrence in opening.opened]


def made(measure: Measure) -> list[str]:
    return sorted(set(Task.objects.filter(measure=measure).values_list("occurrence", flat=True)))


def test_an_occurrence_opens_so_many_days_before_its_interval_begins(world, settings):
    settings.OPEN_AHEAD_DAYS = 31
    plan = five_years(world)
    measure = make_measure(world, plan, cadence="yearly", due=None)
    assert [p.code for p in plan.periods] == ["2026", "2027", "2028", "2029", "2030"]
    assert labels(plan, measure, date(2026, 1, 5)) == ["2026"]
    assert labels(plan, measure, date(2026, 11, 30)) == ["2026"]
    assert labels(plan, measure, date(2026, 12, 1)) == ["2026", "2027"]
    assert plan.period_label == "2026—2030年"
    quarterly = make_measure(world, plan, title="按季", cadence="quarterly", due=None)
    assert labels(plan, quarterly, date(2026, 2, 28)) == ["2026Q1"]
    assert labels(plan, quarterly, date(2026, 3, 1)) == ["2026Q1", "2026Q2"]
    weekly = make_measure(world, plan, title="每周", cadence="weekly", due=None)
    assert labels(plan, weekly, date(2026, 1, 5))[-1] == "2026-W06"


@pytest.mark.parametrize(
    ("cadence", "last"), [("weekly", "2026-W26"), ("monthly", "2026-06"), ("quarterly", "2026Q2")]
)
def test_by_default_a_half_year_plan_is_opened_whole(world, cadence, last):
    plan = five_years(world, until_year=None)
    measure = make_measure(world, plan, cadence=cadence, due=None)
    assert labels(plan, measure, date(2026, 1, 5))[-1] == last


def test_a_second_half_year_comes_first_and_whole_years_follow(world):
    plan = five_years(world, period="2026H2", until_year=2027)
    measure = make_measure(world, plan, cadence="half-yearly", due=None)
    assert labels(plan, measure, date(2027, 1, 1)) == ["2026H2", "2027H1", "2027H2"]


def test_the_tick_asks_once_a_day_and_what_has_come_near_is_made_and_told(world, settings):
    settings.OPEN_AHEAD_DAYS = 31
    plan = five_years(world)
    measure = make_measure(world, plan, cadence="yearly", due=None)
    issue(world, plan)
    assert made(measure) == ["2026"]
    Notice.objects.all().delete()
    assert open_ahead(at=moment(date(2026, 6, 1))) == 0
    assert [ask_to_open_ahead(at=LATE) for _ in range(3)] == [True, False, False]
    run_due_jobs(at=LATE)
    assert made(measure) == ["2026", "2027"]
    assert Notice.objects.filter(recipient=world.secretary.user, kind="assigned").get().data["count"] == 1
    assert open_ahead(at=LATE) == fan_out(Plan.objects.get(pk=plan.pk), at=LATE) == 0
    assert verify_history().breaks == []


def test_killed_between_two_measures_and_run_again_the_result_is_the_same(world, settings, monkeypatch):
    settings.OPEN_AHEAD_DAYS = 31
    plan = five_years(world)
    measures = [make_measure(world, plan, title=t, cadence="monthly", due=None) for t in ("一", "二", "三")]
    issue(world, plan)
    later = moment(date(2026, 2, 2))
    real, calls = open_one, []

    def killed(*args: Any, **kwargs: Any) -> int:
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    monkeypatch.setattr("tracker.fan_out._open_reached", killed)
    Notice.objects.all().delete()
    with pytest.raises(KeyboardInterrupt):
        open_ahead(at=later)
    monkeypatch.undo()
    settings.OPEN_AHEAD_DAYS = 31
    expected = ["2026-01", "2026-02", "2026-03"]
    assert [made(m) for m in measures] == [expected, expected[:2], expected[:2]]
    assert open_ahead(at=later) == 2 * len(world.branches)
    assert [made(m) for m in measures] == [expected] * 3
    assert Notice.objects.filter(recipient=world.secretary.user, kind="assigned").get().data["count"] == 3


def test_nothing_that_nobody_confirmed_is_opened(world, settings):
    """Neither a measure added after issuing, nor what is withdrawn, nor the past of a unit that joins."""
    settings.OPEN_AHEAD_DAYS = 31
    plan = five_years(world)
    kinds = [Organization.Kind.BRANCH.value]
    measure = make_measure(world, plan, cadence="monthly", due=None, receiver_kinds=kinds, receivers=[])
    issue(world, plan)
    added = make_measure(world, plan, title="补充", cadence="monthly", due=None)
    joined = make_organization("BRANCH", parent=world.committee)
    open_ahead(at=moment(date(2026, 2, 2)))
    added.refresh_from_db()
    assert (added.state, made(added)) == (Measure.State.PROPOSED, [])
    own = Task.objects.filter(measure=measure, organization=joined)
    assert list(own.values_list("occurrence", flat=True)) == ["2026-03"]
    measure.refresh_from_db()
    at = moment(date(2026, 2, 3))
    perform(measure, "withdraw", actor=world.issuer, at=at, given={"reason": "合并"})
    assert open_ahead(at=moment(date(2026, 5, 4))) == 0


def test_what_the_preview_promises_is_what_issuing_makes_and_the_rest_is_told(
    world, settings, client, time_machine
):
    settings.OPEN_AHEAD_DAYS = 92
    plan = five_years(world, until_year=None, period="2026")
    make_measure(world, plan, cadence="quarterly", due=None)
    shown = preview(plan, day=date(2026, 1, 5), calendar=Calendar.load())
    [line] = shown.following
    branches = len(world.branches)
    assert (shown.new_tasks, shown.later_tasks, line.following) == (2 * branches, 2 * branches, 2)
    assert shown.next_on == line.next_on == date(2026, 3, 31)
    issue(world, plan, at=JAN)
    assert Task.objects.count() == shown.new_tasks
    time_machine.move_to(JAN, tick=False)
    client.force_login(world.office.user)
    answer = client.get(f"/plans/{plan.pk}/")
    [row] = answer.context["rows"]
    assert [occurrence.label for occurrence in row.opening.following] == ["2026Q3", "2026Q4"]
    assert "后续2期" in answer.content.decode()


def test_clashes_and_load_are_looked_for_among_what_follows_too(world, settings):
    settings.OPEN_AHEAD_DAYS, settings.LOAD_CEILING = 31, 0
    plan = five_years(world, until_year=None, period="2026")
    make_measure(world, plan, cadence="monthly", due=None)
    months = {
        load.month.month for load in preview(plan, day=date(2026, 1, 5), calendar=Calendar.load()).overloads
    }
    assert months == set(range(1, 13))


def test_a_measure_is_not_to_be_verified_before_its_last_occurrence(world, settings):
    from tracker.transitions.measure import _all_tasks_closed

    settings.OPEN_AHEAD_DAYS = 31
    plan = five_years(world, until_year=2027)
    measure = make_measure(world, plan, cadence="yearly", due=None)
    issue(world, plan)
    Task.objects.update(state=Task.State.DONE, completed_at=LATE)
    assert not _all_tasks_closed(measure)
    measure.refresh_from_db()
    open_ahead(at=LATE)
    Task.objects.update(state=Task.State.DONE, completed_at=LATE)
    assert _all_tasks_closed(measure)


@pytest.mark.parametrize("page", ["", "preview/"])
def test_pages_ask_the_same_for_one_and_for_three_recurring_measures(
    world, settings, client, page, django_assert_max_num_queries
):
    settings.OPEN_AHEAD_DAYS = 31
    client.force_login(world.office.user)
    counts = []
    for number in (1, 3):
        plan = five_years(world, title=f"清单{number}")
        for title in ("走访结对社区", "报送工作信息", "讲一次党课")[:number]:
            variants = {"BRANCH": "开展一次", "SECRETARY": "讲一课"}
            make_measure(world, plan, title=title, cadence="monthly", due=None, variants=variants)
        if not page:
            issue(world, plan)
        client.get(f"/plans/{plan.pk}/{page}")
        with django_assert_max_num_queries(100) as found:
            assert client.get(f"/plans/{plan.pk}/{page}").status_code == 200
        counts.append(len(found.captured_queries))
    assert counts[1] == counts[0]


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
