"""The facts of a period, from the history of real tasks."""

from __future__ import annotations

import inspect
import json
import re
from datetime import date, timedelta

import pytest

from common.periods import Period
from reports.facts import facts_of
from reports.figures import SETS_DUE, Figure
from tests.factories import issue, make_measure, make_plan, on, proven
from tests.reports.conftest import day
from tracker.models import Measure, Task
from tracker.transitions import perform
from tracker.transitions.engine import transitions_of

pytestmark = pytest.mark.django_db
H1, H2 = Period.parse("2026H1"), Period.parse("2026H2")


def facts(half, period=H1, *, at=None, organization=None):
    return facts_of(organization or half.world.top, period, cut_off=at or period.end)


def marked(found, figure: Figure, half) -> list[str]:
    names = {task.pk: name for name, task in half.tasks.items()}
    return sorted(names[row.id] for row in found.tasks_in(figure))


def test_each_task_counts_where_its_history_puts_it(told):
    half, found = told
    expected = {
        Figure.OPENING: [],
        Figure.ADDED: sorted(half.tasks),
        Figure.REOPENED: [],
        Figure.DUE_IN: ["late", "on_time", "overdue", "returned", "waiting"],
        Figure.DUE_DONE: ["late", "on_time", "returned"],
        Figure.DUE_ON_TIME: ["on_time", "returned"],
        Figure.DONE_IN: ["early", "late", "on_time", "returned"],
        Figure.DONE_LATE: ["late"],
        Figure.WITHDRAWN: ["withdrawn"],
        Figure.CLOSING: ["overdue", "suspended", "unacknowledged", "waiting"],
        Figure.SUSPENDED: ["suspended"],
        Figure.WAITING: ["waiting"],
        Figure.EXTENDED: [],
        Figure.OVERDUE: ["overdue"],
        Figure.RED: ["overdue", "unacknowledged"],
        Figure.YELLOW: ["waiting"],
    }
    assert {figure: marked(found, figure, half) for figure in Figure} == expected
    assert found.totals.is_balanced
    assert (found.totals.completion_rate, found.totals.on_time_rate) == (0.6, 0.4)


def test_units_and_measures_add_up_to_the_totals(told):
    _half, found = told
    for name in found.totals.__dataclass_fields__:
        assert sum(getattr(row.counts, name) for row in found.units) == getattr(found.totals, name)
        assert sum(getattr(row.counts, name) for row in found.measures) == getattr(found.totals, name)


def test_a_work_committee_sees_organ_committees_and_a_committee_its_branches(half):
    world = half.world
    assert [row.unit.id for row in facts(half).units] == [world.committee.pk]
    below = facts(half, organization=world.committee)
    assert [row.unit.id for row in below.units] == [branch.pk for branch in world.branches]
    assert below.totals == facts(half).totals
    assert [row.unit.id for row in facts(half, organization=world.branch).units] == [world.branch.pk]


def test_the_other_committee_counts_nothing_of_it(half):
    assert facts(half, organization=half.world.other_committee).is_empty


def test_the_overdue_row_says_how_long_and_why(told):
    half, found = told
    [row] = found.overdue
    assert (row.days_late, row.problems, row.percent, row.due) == (
        33,
        "人手不足，方案未定稿",
        40,
        date(2026, 5, 29),
    )
    assert row.handler == half.world.secretaries[1].user.name


def test_what_is_left_open_opens_the_next_period(half):
    first, second = facts(half), facts(half, H2)
    assert second.totals.opening == first.totals.closing == 4
    assert second.previous == first.totals
    assert first.previous is None


def test_an_old_report_comes_out_the_same_after_later_acts(half):
    before = facts(half).frozen()
    world = half.world
    half.approve("waiting", day(7, 3))
    half.act("on_time", "reopen", world.inspector, day(7, 6), reason="回头看发现反弹", due=date(2026, 7, 31))
    half.act("suspended", "resume", world.issuer, day(9, 1))
    half.act("overdue", "withdraw", world.issuer, day(7, 2), reason="并入其他事项")
    after = facts(half).frozen()
    assert before == after
    later = facts(half, H2)
    assert later.totals.is_balanced
    assert marked(later, Figure.REOPENED, half) == ["on_time"]
    assert marked(later, Figure.DONE_IN, half) == ["waiting"]
    assert marked(later, Figure.WITHDRAWN, half) == ["overdue"]


def test_a_report_in_the_middle_of_the_period_counts_up_to_its_moment(half):
    found = facts(half, at=day(4, 1))
    assert found.is_live
    assert marked(found, Figure.DONE_IN, half) == []
    assert marked(found, Figure.WAITING, half) == ["on_time"]
    assert marked(found, Figure.OVERDUE, half) == ["late"]
    assert [month.done_total for month in found.months] == [0, 0, 0, 0, None, None]
    assert facts(half, at=H1.begin + timedelta(days=1)).is_empty


def test_a_due_date_moved_by_a_suspension_is_the_date_in_force(half):
    half.act("suspended", "resume", half.world.issuer, day(6, 8))
    assert "suspended" not in marked(facts(half), Figure.DUE_IN, half)
    [row] = [row for row in facts(half).tasks if row.id == half.tasks["suspended"].pk]
    half.tasks["suspended"].refresh_from_db()
    assert row.due == half.tasks["suspended"].due > date(2026, 6, 30)


def test_every_act_that_changes_the_due_date_says_so_in_the_history(half):
    """The acts whose effect assigns ``due`` are exactly those the figures read it from."""
    assigns = re.compile(r"(task|subject)\.due(, [^=\n]+)? = ")
    rows = transitions_of("task").values()
    writers = {row.act for row in rows if row.effect and assigns.search(inspect.getsource(row.effect))}
    assert writers | {"assign"} == SETS_DUE


def test_findings_are_listed_as_of_the_cut_off(half):
    world = half.world
    [row] = facts(half).findings
    assert (row.state, row.due, row.days_late, row.unit.id) == (
        "ASSIGNED",
        date(2026, 6, 15),
        16,
        world.branches[1].pk,
    )
    assert facts(half).units[0].open_findings == 1
    assert facts(half, at=day(4, 15)).findings == []
    who = on(world.secretaries[1], date(2026, 7, 2))
    found = half.finding
    given = {"measures": "建立制度", "handler": who.user.pk}
    found = perform(found, "enter_measures", actor=who, at=day(7, 2), given=given)
    found = proven(found, actor=who, at=day(7, 3))
    found = perform(found, "submit", actor=who, at=day(7, 3), given={"progress": "已整改"})
    inspector = on(world.inspector, date(2026, 7, 6))
    perform(found, "accept", actor=inspector, at=day(7, 6), given={"remark": "核查属实"})
    assert facts(half).findings[0].state == "ASSIGNED"
    [closed] = facts(half, H2).findings
    assert (closed.is_open, closed.remark, closed.closed_on) == (False, "核查属实", date(2026, 7, 6))
    assert facts_of(world.top, Period.parse("2027H1"), cut_off=Period.parse("2027H1").end).findings == []


def test_scores_say_what_they_were_counted_from(told):
    half, found = told
    by_unit = {row.unit.id: row.score for row in found.scores}
    first, second, third = (by_unit[branch.pk] for branch in half.world.branches)
    assert [(line.indicator, line.points) for line in first.lines] == [
        ("completion", 40.0), ("punctuality", 28.0), ("quality", 20.0), ("acknowledgement", 10.0),
    ]  # fmt: skip
    assert (first.points, first.stars) == (98.0, 5)
    [late] = first.lines[1].happenings
    assert (late.kind, late.day, late.task) == ("late", date(2026, 4, 3), half.tasks["late"].pk)
    assert second.lines[0].points == pytest.approx(40 / 3, abs=0.05)
    assert [h.kind for h in second.lines[2].happenings] == ["return"]
    assert (third.points, third.stars) == (None, None)


def test_facts_can_be_kept_as_json(told):
    _half, found = told
    frozen = found.frozen()
    assert json.loads(json.dumps(frozen)) == frozen
    assert frozen["totals"]["completion_rate"] == 0.6
    assert frozen["tasks"]["count"] == 9


@pytest.mark.parametrize("copies", [1, 3])
def test_the_number_of_queries_does_not_grow_with_the_tasks(half, copies, django_assert_num_queries):
    world = half.world
    for _ in range(copies):
        plan = make_plan(world, at=day(2, 2))
        make_measure(world, plan, receivers=world.branches, at=day(2, 2))
        issue(world, plan, at=day(2, 2))
    with django_assert_num_queries(7):
        facts(half)


def test_the_figures_agree_with_the_rows_of_today(half):
    """Counted straight from the task rows, which is a second way to the same numbers."""
    found = facts(half)
    tasks = Task.objects.below(half.world.top)
    assert found.totals.closing == tasks.open().count()
    assert found.totals.done_in == tasks.filter(state="DONE").count()
    assert found.totals.done_late == tasks.filter(state="DONE", done_late=True).count()
    assert found.totals.overdue == tasks.overdue_on(date(2026, 7, 1)).count()
    assert len(found.measures) == Measure.objects.count()
