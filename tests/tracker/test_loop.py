"""The life of a task from issuing to completion, by verbs alone."""

from __future__ import annotations

from datetime import date

import pytest

from common.clock import moment
from common.errors import NotAllowed, Refused, Stale
from tests.factories import (
    acknowledged,
    actor_at,
    issue,
    make_measure,
    make_plan,
    make_post,
    make_task,
    submitted,
)
from tracker.fan_out import fan_out
from tracker.models import Event, Measure, Notice, Task
from tracker.transitions import available_acts, perform

pytestmark = pytest.mark.django_db
MARCH = moment(date(2026, 3, 25))


def test_a_task_goes_from_issue_to_completion(world):
    task = submitted(world, make_task(world))
    done = perform(task, "approve", actor=world.reviewer, at=MARCH, given={"remark": "同意办结"})
    assert (done.state, done.completed_at, done.done_late) == (Task.State.DONE, MARCH, False)
    acts = list(Event.objects.filter(subject_kind="task", subject_id=task.pk).values_list("act", flat=True))
    assert acts == ["assign", "acknowledge", "submit", "approve"]
    assert Measure.objects.get(pk=task.measure_id).state == Measure.State.VERIFYING


def test_issuing_again_makes_only_what_is_missing(world):
    plan = make_plan(world)
    make_measure(world, plan)
    issued = issue(world, plan)
    assert Task.objects.count() == 2
    assert fan_out(issued, at=MARCH) == 0
    assert Event.objects.filter(subject_kind="task").count() == 2


def test_a_recurring_measure_becomes_one_task_per_quarter(world):
    plan = make_plan(world)
    make_measure(world, plan, cadence="quarterly", due=None, receivers=[world.branch])
    issue(world, plan)
    dues = list(Task.objects.order_by("due").values_list("occurrence", "due"))
    assert dues == [("2026Q1", date(2026, 3, 31)), ("2026Q2", date(2026, 6, 30))]


def test_an_incomplete_plan_is_not_issued_and_says_what_is_missing(world):
    plan = make_plan(world)
    make_measure(world, plan, due=None, responsible_leader=None)
    with pytest.raises(Refused) as refusal:
        issue(world, plan)
    assert refusal.value.code == "not_ready"
    plan.refresh_from_db()
    assert (plan.state, Task.objects.count()) == ("DRAFT", 0)


def test_a_late_submission_makes_a_late_completion_but_a_slow_reviewer_does_not(world):
    in_time = submitted(world, make_task(world), at=moment(date(2026, 3, 31), 23))
    done = perform(in_time, "approve", actor=world.reviewer, at=moment(date(2026, 4, 20)))
    assert done.done_late is False
    late = submitted(world, make_task(world), at=moment(date(2026, 4, 1), 0))
    assert perform(late, "approve", actor=world.reviewer, at=moment(date(2026, 4, 2))).done_late is True


def test_nobody_reviews_their_own_submission_even_with_two_posts(world):
    make_post(world.committee, "CLERK", user=world.secretary.user)
    task = submitted(world, make_task(world))
    both = actor_at(world.branch, "SECRETARY")
    with pytest.raises(NotAllowed):
        perform(task, "approve", actor=both, at=MARCH)
    assert Task.objects.get(pk=task.pk).state == Task.State.SUBMITTED


def test_the_second_review_needs_a_second_person(world):
    make_post(world.top, "CLERK", user=world.reviewer.user)
    task = submitted(world, make_task(world, two_reviews=True))
    first = perform(task, "approve", actor=world.reviewer, at=MARCH)
    assert first.state == Task.State.SECOND_REVIEW
    with pytest.raises(NotAllowed):
        perform(first, "approve_second", actor=actor_at(world.committee, "CLERK"), at=MARCH)
    assert perform(first, "approve_second", actor=world.issuer, at=MARCH).state == Task.State.DONE


def test_a_return_leads_back_to_the_branch_with_a_reason_and_is_counted(world):
    task = submitted(world, make_task(world))
    with pytest.raises(Refused) as refusal:
        perform(task, "return", actor=world.reviewer, at=MARCH, given={"reason": "  "})
    assert list(refusal.value.fields) == ["reason"]
    back = perform(task, "return", actor=world.reviewer, at=MARCH, given={"reason": "缺少会议照片"})
    assert (back.state, back.returns, back.returned) == (Task.State.ACTIVE, 1, True)
    assert Notice.objects.filter(kind="returned", recipient=world.secretary.user).count() == 1


def test_another_branch_may_not_act(world):
    task = make_task(world)
    with pytest.raises(NotAllowed):
        perform(task, "acknowledge", actor=world.other_secretary, at=MARCH, given={})
    assert available_acts(task, actor=world.other_secretary, at=MARCH) == []


def test_evidence_that_is_required_is_required_on_every_path(world):
    task = acknowledged(world, make_task(world, evidence_required=True, evidence_note="会议照片"))
    with pytest.raises(Refused) as refusal:
        perform(task, "submit", actor=world.secretary, at=MARCH, given={"progress": "完成"})
    assert "会议照片" in str(refusal.value)
    assert Task.objects.get(pk=task.pk).state == Task.State.ACTIVE


def test_a_stale_form_is_refused_and_changes_nothing(world):
    task = make_task(world)
    seen = task.version
    acknowledged(world, task)
    with pytest.raises(Stale):
        perform(task, "acknowledge", actor=world.secretary, at=MARCH, given={}, version=seen)


def test_an_act_out_of_turn_names_the_state(world):
    task = make_task(world)
    with pytest.raises(Refused) as refusal:
        perform(task, "submit", actor=world.secretary, at=MARCH, given={"progress": "完成"})
    assert refusal.value.code == "wrong_state"


def test_withdrawing_a_measure_withdraws_its_open_tasks_and_leaves_done_ones(world):
    plan = make_plan(world)
    measure = make_measure(world, plan)
    issue(world, plan)
    mine = submitted(world, Task.objects.get(organization=world.branch))
    perform(mine, "approve", actor=world.reviewer, at=MARCH)
    measure.refresh_from_db()
    perform(measure, "withdraw", actor=world.issuer, at=MARCH, given={"reason": "上级调整"})
    assert sorted(Task.objects.values_list("state", flat=True)) == ["DONE", "WITHDRAWN"]


def test_suspension_stops_the_clock_in_working_days_and_keeps_the_original_date(world):
    task = acknowledged(world, make_task(world))
    stopped = perform(
        task,
        "suspend",
        actor=world.issuer,
        at=moment(date(2026, 3, 2)),
        given={"reason": "集中力量防汛", "until": date(2026, 3, 31)},
    )
    again = perform(stopped, "resume", actor=world.issuer, at=moment(date(2026, 3, 9)))
    assert (again.state, again.due, again.original_due) == (
        Task.State.ACTIVE,
        date(2026, 4, 8),
        date(2026, 3, 31),
    )
