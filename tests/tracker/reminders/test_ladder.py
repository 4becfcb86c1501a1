"""Each rung of the ladders: on its working day, to its people, and not to others."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from branches.models import Post
from common.clock import local_date
from common.workdays import Calendar
from tests.factories import actor_at, make_post, make_task, make_user, on, submitted
from tests.tracker.reminders.helpers import (
    DUE,
    T_MINUS_1,
    T_MINUS_5,
    T_PLUS_1,
    T_PLUS_3,
    T_PLUS_7,
    at,
    delivered,
    rows,
    sweep_on,
    task_in_hand,
)
from tracker.events import history
from tracker.models import Notice, Plan, Reminder, Task
from tracker.reminders.ladder import STEPS
from tracker.transitions import perform

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("day", "step"), [(T_MINUS_5, "due-5"), (T_MINUS_1, "due-1")], ids=["five days", "one day"]
)
def test_before_the_date_the_responsible_person_is_reminded_and_nobody_else(world, day, step):
    handler = actor_at(world.branch, "MEMBER")
    task = make_task(world)
    perform(
        task,
        "acknowledge",
        actor=world.secretary,
        at=at(date(2026, 1, 6)),
        given={"handler": handler.user.pk},
    )
    assert sweep_on(day - timedelta(days=1)).planned == 0
    sweep_on(day)
    assert rows(state="DELIVERED") == delivered(handler, step=step)
    assert [event.act for event in history(task)] == ["assign", "acknowledge"]


def test_without_a_responsible_person_the_secretary_is_reminded(world):
    task = make_task(world)
    Task.objects.update(acknowledge_by=date(2026, 6, 1))
    sweep_on(T_MINUS_5)
    assert rows() == delivered(world.secretary, step="due-5")
    assert task.handler is None


def test_a_responsible_person_without_a_post_any_more_gives_way_to_the_secretary(world):
    handler = actor_at(world.branch, "MEMBER")
    task = make_task(world)
    perform(
        task,
        "acknowledge",
        actor=world.secretary,
        at=at(date(2026, 1, 6)),
        given={"handler": handler.user.pk},
    )
    Post.objects.filter(user=handler.user).update(until=date(2026, 3, 1))
    sweep_on(T_MINUS_5)
    assert rows() == delivered(world.secretary, step="due-5")


def test_the_ladder_climbs_the_chain_rung_by_rung(world):
    handler = actor_at(world.branch, "MEMBER")
    liaison = actor_at(world.top, "LIAISON")
    strangers = {world.other_secretary.user.pk, world.office.user.pk, world.reviewer.user.pk}
    task = make_task(world)
    perform(
        task,
        "acknowledge",
        actor=world.secretary,
        at=at(date(2026, 1, 6)),
        given={"handler": handler.user.pk},
    )

    sweep_on(T_PLUS_1)
    branch = [handler, world.secretary]
    assert rows(step="due+1") == delivered(*branch, step="due+1")
    sweep_on(T_PLUS_3)
    committee = [*branch, world.committee_secretary, world.group_leader, world.leader]
    assert rows(step="due+3") == delivered(*committee, step="due+3")
    sweep_on(T_PLUS_7)
    everybody = [*committee, world.chief, liaison]
    assert rows(step="due+7") == delivered(*everybody, step="due+7")
    assert not strangers & {person for _step, _state, person in rows()}

    task.refresh_from_db()
    assert (task.urgings, task.ladder_level) == (3, 3)
    urgings = [event for event in history(task) if event.act == "remind"]
    assert [event.said["step"] for event in urgings] == ["due+1", "due+3", "due+7"]
    assert [event.actor for event in urgings] == [None, None, None]
    assert urgings[0].said["to"] == "、".join(
        str(person.user) for person in sorted(branch, key=lambda person: person.user.pk)
    )


def test_where_the_committee_has_no_secretary_its_deputy_is_told(world):
    Post.objects.filter(organization=world.committee, role="SECRETARY").update(until=date(2026, 1, 31))
    deputy = actor_at(world.committee, "DEPUTY_SECRETARY")
    task_in_hand(world)
    sweep_on(T_PLUS_3)
    assert deputy.user.pk in {person for step, _state, person in rows(step="due+3")}
    assert world.committee_secretary.user.pk not in {person for step, _state, person in rows()}


def test_the_acknowledgement_has_its_own_short_ladder(world):
    clerk = actor_at(world.branch, "CLERK")
    task = make_task(world)  # issued on Monday 5 January, to be acknowledged by Thursday 8
    assert task.acknowledge_by == date(2026, 1, 8)
    sweep_on(date(2026, 1, 7))
    assert rows() == delivered(world.secretary, clerk, step="ack-1")
    sweep_on(date(2026, 1, 9))
    assert rows(step="ack+1") == delivered(world.secretary, clerk, world.committee_secretary, step="ack+1")
    sweep_on(date(2026, 1, 13))
    assert rows(step="ack+3") == delivered(world.office, step="ack+3")
    task.refresh_from_db()
    assert (task.urgings, task.ladder_level) == (2, 1)


def test_an_acknowledged_task_leaves_the_short_ladder(world):
    task_in_hand(world)
    for day in (date(2026, 1, 7), date(2026, 1, 9), date(2026, 1, 13)):
        assert sweep_on(day).planned == 0


def test_steps_of_the_day_of_issue_and_before_are_not_made_up_for(world):
    make_task(world, due=date(2026, 1, 6))
    sweep_on(date(2026, 1, 5), 17)
    assert rows() == set()
    sweep_on(date(2026, 1, 6))
    assert rows(step__startswith="due") == set()


@pytest.mark.parametrize("state", ["SUBMITTED", "SECOND_REVIEW", "DONE", "SUSPENDED", "WITHDRAWN"])
def test_a_task_that_is_not_in_hand_gets_nothing(world, state):
    task_in_hand(world)
    Task.objects.update(state=state, completed_at=at(T_MINUS_5))
    for day in (T_MINUS_1, T_PLUS_1, T_PLUS_3, T_PLUS_7):
        assert sweep_on(day).planned == 0


def test_a_task_returned_after_its_date_begins_the_climb_anew(world):
    task = submitted(world, task_in_hand(world), at=at(date(2026, 3, 31)))
    reviewer = on(world.reviewer, T_PLUS_7)
    perform(task, "return", actor=reviewer, at=at(T_PLUS_7), given={"reason": "缺照片"})
    assert sweep_on(T_PLUS_7, 17).planned == 0
    sweep_on(date(2026, 4, 13))
    assert {step for step, _state, _person in rows()} == {"due+1"}


def test_a_task_taken_back_counts_as_never_handed_in(world):
    task = submitted(world, task_in_hand(world), at=at(DUE))
    sweep_on(T_PLUS_1)
    perform(task, "take_back", actor=on(world.secretary, T_PLUS_1), at=at(T_PLUS_1, 10))
    sweep_on(T_PLUS_1, 11)
    assert rows(state="DELIVERED") == delivered(world.secretary, step="due+1")


def test_an_extension_moves_the_ladder(world):
    task = task_in_hand(world)
    asked = {"reason": "会议改期", "until": date(2026, 4, 30)}
    perform(task, "ask_extension", actor=world.secretary, at=at(T_MINUS_5), given=asked)
    perform(task.extensions.get(), "grant", actor=world.office, at=at(T_MINUS_5), given={})
    for day in (T_MINUS_1, T_PLUS_1, T_PLUS_3, T_PLUS_7):
        assert sweep_on(day).planned == 0
    sweep_on(date(2026, 4, 23))
    assert rows(step="due-5") == delivered(world.secretary, step="due-5")


def test_a_paused_plan_sends_nothing_and_afterwards_only_the_highest_step(world):
    task = task_in_hand(world)
    Plan.objects.update(reminders_paused_until=date(2026, 4, 5))
    for day in (T_MINUS_5, T_MINUS_1, T_PLUS_1, T_PLUS_3):
        assert sweep_on(day).planned == 0
    assert Notice.objects.filter(kind="reminders").count() == 0
    assert "late_complete" in {event.act for event in history(task)}, "dates and events go on"
    sweep_on(date(2026, 4, 7))
    states = {(step, state) for step, state, _person in rows()}
    assert states == {
        ("due-5", "DROPPED"),
        ("due-1", "DROPPED"),
        ("due+1", "DROPPED"),
        ("due+3", "DELIVERED"),
    }


def test_the_spring_festival_and_its_made_up_saturdays_are_counted(world):
    # Off from Monday 16 to Monday 23 February; Saturdays 14 and 28 February are worked.
    calendar = Calendar.load()
    due = date(2026, 2, 24)
    days = {step.code: step.nominal(due, calendar) for step in STEPS.values() if step.code.startswith("due")}
    assert days == {
        "due-5": date(2026, 2, 10),
        "due-1": date(2026, 2, 14),
        "due+1": date(2026, 2, 25),
        "due+3": date(2026, 2, 27),
        "due+7": date(2026, 3, 4),
    }
    task_in_hand(world, due=due)
    sweep_on(date(2026, 2, 14))
    assert rows(step="due-1") == delivered(world.secretary, step="due-1")
    for day in range(15, 25):
        assert sweep_on(date(2026, 2, day)).handed.delivered == 0
    sweep_on(date(2026, 2, 25))
    assert rows(step="due+1") == delivered(world.secretary, step="due+1")


def test_a_date_on_a_day_off_is_counted_from_like_any_other(world):
    task_in_hand(world, due=date(2026, 3, 29))  # a Sunday
    sweep_on(date(2026, 3, 27))
    assert rows(step="due-1") == delivered(world.secretary, step="due-1")
    sweep_on(date(2026, 3, 30))
    assert rows(step="due+1") == delivered(world.secretary, step="due+1")


@pytest.mark.parametrize(
    ("day", "hour", "minute", "goes_out"),
    [
        (T_PLUS_1, 8, 29, False),
        (T_PLUS_1, 8, 30, True),
        (T_PLUS_1, 17, 59, True),
        (T_PLUS_1, 18, 0, False),
        (date(2026, 4, 4), 9, 0, False),
        (date(2026, 4, 6), 9, 0, False),
        (date(2026, 5, 9), 9, 0, True),
    ],
    ids=["early", "opens", "before closing", "closed", "Saturday", "Qingming", "make-up Saturday"],
)
def test_reminders_go_out_in_office_hours_of_working_days(world, day, hour, minute, goes_out):
    task_in_hand(world, due=Calendar.load().add(day, -1))
    swept = sweep_on(day, hour, minute)
    assert (swept.open, swept.handed.delivered > 0) == (goes_out, goes_out)


def test_a_person_on_several_posts_is_told_once(world):
    make_post(world.committee, "DEPUTY_SECRETARY", user=world.secretary.user)
    Post.objects.filter(organization=world.committee, role="SECRETARY").delete()
    task_in_hand(world)
    sweep_on(T_PLUS_3)
    assert Reminder.objects.filter(recipient=world.secretary.user, step="due+3").count() == 1


def test_a_disabled_account_is_told_nothing(world):
    task_in_hand(world)
    world.group_leader.user.is_active = False
    world.group_leader.user.save()
    sweep_on(T_PLUS_3)
    assert world.group_leader.user.pk not in {person for _step, _state, person in rows()}


def test_the_urging_by_hand_counts_too(world):
    task = task_in_hand(world)
    perform(task, "urge", actor=world.office, at=at(T_PLUS_1), given={"remark": "请抓紧"})
    task.refresh_from_db()
    assert (task.urgings, task.ladder_level) == (1, 1)


def test_a_vacant_post_filled_within_the_window_still_hears_of_it(world):
    Post.objects.filter(organization=world.branch).update(until=date(2026, 3, 1))
    make_task(world)
    Task.objects.update(acknowledge_by=date(2026, 6, 1))
    assert sweep_on(T_PLUS_1).handed.delivered == 0
    successor = make_post(world.branch, "SECRETARY", user=make_user(), since=date(2026, 4, 2))
    sweep_on(date(2026, 4, 2))
    assert rows(state="DELIVERED") == {("due+1", "DELIVERED", successor.user_id)}
    assert Reminder.objects.get(step="due+1").made_up
    assert local_date(Reminder.objects.get(step="due+1").delivered_at) == date(2026, 4, 2)
