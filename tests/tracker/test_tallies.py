"""Kept counts say what the tasks say, whatever changed them and however."""

from __future__ import annotations

import random
from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.http import QueryDict

from common.clock import moment
from common.workdays import Calendar
from tests.factories import acknowledged, actor_at, issue, make_measure, make_plan, make_task, on, submitted
from tracker.fan_out import fan_out
from tracker.models import Measure, Plan, Tally, Task
from tracker.plans import create_plan
from tracker.tallies import differing, fold, mend, totals_by_plan, totals_of
from tracker.task_list import TaskFilter, counts_of
from tracker.transitions import perform

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 25)
MARCH = moment(DAY)


def totals(**counts: int) -> bool:
    """Whether the lines add up to these counts, and to 0 of every other."""
    return {name: count for name, count in totals_of(Tally.objects.all()).items() if count} == counts


def test_issuing_counts_what_was_made_and_issuing_again_nothing_more(world):
    plan = make_plan(world)
    make_measure(world, plan)
    make_measure(world, plan, title="开展廉政谈话", receivers=[world.branch])
    issue(world, plan)
    both = len(world.branches)
    assert totals(pending=both + 1)
    assert totals_by_plan(Tally.objects.below(world.branch))[plan.pk]["pending"] == 2
    assert {line.since for line in Tally.objects.all()} == {date(2026, 1, 5)}
    fan_out(plan, at=MARCH)
    assert totals(pending=both + 1)
    assert differing() == []


def test_every_act_of_a_task_moves_it_from_one_count_to_the_next(world):
    task = make_task(world)
    reviewer, secretary, issuer = (
        on(a, date(2026, 3, 25)) for a in (world.reviewer, world.secretary, world.issuer)
    )
    acknowledged(world, task)
    assert totals(active=1)
    perform(task, "report", actor=secretary, at=MARCH, given={"progress": "已过半", "percent": 60})
    assert totals(active=1, percent=60)
    submitted(world, Task.objects.get(pk=task.pk))
    assert totals(review=1, percent=100)
    perform(
        task, "return", actor=reviewer, at=MARCH, given={"reason": "请补会议记录", "due": date(2026, 4, 10)}
    )
    assert totals(returned=1, percent=100)
    perform(task, "suspend", actor=issuer, at=MARCH, given={"reason": "机构改革", "until": date(2026, 5, 8)})
    assert totals(suspended=1)
    perform(task, "resume", actor=issuer, at=MARCH, given={"due": date(2026, 6, 1)})
    assert totals(returned=1, percent=100)
    submitted(world, Task.objects.get(pk=task.pk), at=MARCH)
    perform(task, "approve", actor=reviewer, at=MARCH)
    assert totals(done=1, percent=100)
    perform(
        task,
        "reopen",
        actor=on(world.office, date(2026, 3, 25)),
        at=MARCH,
        given={"reason": "数据有误", "due": date(2026, 6, 1)},
    )
    perform(task, "withdraw", actor=issuer, at=MARCH, given={"reason": "并入另一项"})
    assert totals(withdrawn=1)
    assert differing() == []


def test_a_task_that_goes_to_another_unit_is_counted_there(world):
    task = make_task(world)
    office = on(world.office, date(2026, 3, 25))
    given = {"organization": world.branches[1].pk, "reason": "职能划转", "due": date(2026, 4, 30)}
    perform(task, "reassign", actor=office, at=MARCH, given=given)
    assert totals(pending=1, withdrawn=1)
    assert totals_of(Tally.objects.filter(organization=world.branches[1]))["pending"] == 1
    assert differing() == []


def test_a_measure_that_is_carried_over_takes_its_counts_along(world):
    make_task(world)
    measure = Measure.objects.get()
    july = moment(date(2026, 7, 6))
    later = create_plan(
        organization=world.top, title="下半年", period="2026H2", kind=Plan.Kind.LIST, two_reviews=False,
        actor=world.office, at=july,
    )  # fmt: skip
    office = actor_at(world.top, "CLERK", day=date(2026, 7, 6))
    perform(measure, "carry_forward", actor=office, at=july, given={"to": later.pk})
    counts = totals_by_plan(Tally.objects.all())
    assert {plan: line["pending"] for plan, line in counts.items() if any(line.values())} == {later.pk: 1}
    assert Tally.objects.get(plan=later).since == date(2026, 1, 5)
    assert differing() == []


def test_whatever_is_written_past_the_verbs_is_counted_too(world):
    plan = make_plan(world)
    for number in range(4):
        make_measure(world, plan, title=f"第{number}项")
    issue(world, plan)
    draw = random.Random(7)
    states = [state for state in Task.State.values if state != "DONE"]
    for _ in range(60):
        chosen = Task.objects.filter(pk__in=draw.sample(list(Task.objects.values_list("pk", flat=True)), 3))
        match draw.randrange(4):
            case 0:
                chosen.update(state=draw.choice(states))
            case 1:
                chosen.update(percent=draw.randrange(101))
            case 2:
                chosen.update(returned=draw.random() < 0.5, state="ACTIVE")
            case 3:
                chosen.update(state="DONE", completed_at=MARCH)
    assert differing() == []


def test_a_change_that_is_rolled_back_leaves_no_count(world):
    task = make_task(world)
    with transaction.atomic():
        acknowledged(world, task)
        transaction.set_rollback(True)
    assert totals(pending=1)


def test_folding_makes_one_line_of_many_and_changes_no_count(world):
    task = make_task(world)
    acknowledged(world, task)
    submitted(world, Task.objects.get(pk=task.pk))
    before = Tally.objects.count()
    assert before == (3 if connection.vendor == "postgresql" else 1)
    fold()
    assert Tally.objects.count() == 1
    assert Tally.objects.get().since == date(2026, 1, 5)
    assert totals(review=1, percent=100)
    assert fold() == 0


def test_counts_that_were_made_wrong_are_found_and_mended(world):
    make_task(world)
    plan = Plan.objects.get()
    Tally.objects.update(pending=5)
    Tally.objects.create(organization=world.other_branch, plan=plan, done=2)
    assert differing() == sorted([(world.branch.pk, plan.pk), (world.other_branch.pk, plan.pk)])
    assert mend() == 2
    assert (differing(), mend()) == ([], 0)
    assert totals(pending=1)


def test_a_task_that_is_given_another_unit_or_measure_by_hand_is_counted_there(world):
    make_task(world)
    other = make_measure(world, make_plan(world), title="另一项")
    Task.objects.update(organization=world.other_branch, measure=other, percent=20)
    (line,) = totals_by_plan(Tally.objects.below(world.other_branch)).items()
    assert line == (
        other.plan_id,
        dict.fromkeys(totals_of(Tally.objects.none()), 0) | {"pending": 1, "percent": 20},
    )
    assert differing() == []


@pytest.fixture
def varied(world):
    """Tasks of two plans in every state."""
    plans = [make_plan(world), make_plan(world)]
    for number, plan in enumerate(plans):
        for due in (date(2026, 3, 20), date(2026, 3, 27), date(2026, 9, 30)):
            make_measure(
                world,
                plan,
                title=f"第{number}项{due}",
                due=due,
                receivers=[*world.branches, world.other_branch],
            )
        issue(world, plan)
    for number, task in enumerate(Task.objects.order_by("pk")):
        state = Task.State.values[number % 7]
        Task.objects.filter(pk=task.pk).update(
            state=state, returned=number % 3 == 0, completed_at=MARCH if state == "DONE" else None
        )
    return plans


@pytest.mark.parametrize(
    "query",
    ["", "group=done", "plan={plan}", "org={org}", "unit={unit}", "kind=BRANCH", "kind=COMMITTEE", "mine=1"],
)
def test_the_numbers_of_the_groups_are_the_same_kept_or_counted_one_by_one(world, varied, query):
    address = query.format(plan=varied[0].pk, org=world.committee.pk, unit=world.branch.pk)
    calendar = Calendar.load()
    for actor in (world.office, world.secretary):
        chosen = TaskFilter(QueryDict(address), actor=actor, day=DAY, calendar=calendar)
        kept = chosen.counts()
        assert kept == counts_of(chosen.narrow(), day=DAY, calendar=calendar)
    assert sum(kept.values()) > 0 or query == "kind=COMMITTEE"


def test_plans_in_sight_are_those_of_which_a_unit_in_sight_holds_a_task(world, varied):
    first, second = varied
    Task.objects.filter(measure__plan=second, organization=world.other_branch).delete()
    assert set(Plan.objects.visible_to(world.other_secretary)) == {first}
    assert set(Plan.objects.visible_to(world.secretary)) == {first, second}


def test_the_command_names_what_differs_and_mends_only_when_asked(world, capsys):
    make_task(world)
    call_command("recount_tasks")
    Tally.objects.update(pending=5)
    with pytest.raises(SystemExit) as left:
        call_command("recount_tasks")
    assert left.value.code == 1
    call_command("recount_tasks", "--mend")
    call_command("recount_tasks")
    agree, named, differ, *mended, again = capsys.readouterr().out.splitlines()
    assert agree == again == "计数与任务全部一致。"
    assert world.branch.short_name in named
    assert differ == "有 1 个单位清单的计数与任务不符。"
    assert mended[-1] == "已更正 1 个。"
    assert differing() == []
