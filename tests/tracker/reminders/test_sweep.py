"""The sweep changes nothing but the time: after an outage, twice, at once, and after a crash."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.utils import translation

from branches.models import Post
from common.leases import last_completed
from tests.factories import actor_at, make_post, make_user, submitted
from tests.tracker.reminders.helpers import (
    DUE,
    T_MINUS_1,
    T_MINUS_5,
    T_PLUS_1,
    T_PLUS_3,
    T_PLUS_7,
    at,
    planned_only,
    rows,
    shares,
    state_of_everything,
    sweep_on,
    task_in_hand,
)
from tracker.events import history
from tracker.models import Event, Notice, Plan, Reminder, Task
from tracker.notices import sentence_of
from tracker.reminders import delivery, planning
from tracker.reminders.delivery import LEASE, claim, deliver
from tracker.reminders.digest import lines_of
from tracker.reminders.sweep import sweep

pytestmark = pytest.mark.django_db


# --- the digest


def test_a_person_gets_one_digest_a_day_however_many_tasks(world):
    shares(world, 3)
    swept = sweep_on(T_PLUS_1)
    digests = Notice.objects.filter(kind="reminders")
    assert {notice.recipient for notice in digests} == {secretary.user for secretary in world.secretaries}
    assert (digests.count(), swept.handed.delivered, len(swept.handed.people)) == (2, 6, 2)
    notice = digests.get(recipient=world.secretary.user)
    assert (notice.data["count"], notice.data["urged"], notice.task) == (3, 3, None)
    assert {line.task.organization for line in lines_of(notice)} == {world.branch}
    with translation.override("zh-hans"):
        assert sentence_of(notice) == "您有 3 项任务临近或逾期：逾期催办 3 项"


def test_a_digest_about_one_task_names_it_and_leads_to_it(world):
    task = task_in_hand(world)
    sweep_on(T_MINUS_1)
    notice = Notice.objects.get(kind="reminders")
    assert notice.task == task
    with translation.override("zh-hans"):
        assert sentence_of(notice) == "您有 1 项任务临近或逾期：“召开警示教育大会”，临近期限"


def test_what_becomes_due_later_in_the_day_joins_the_same_digest_and_shows_it_as_unread(world):
    task_in_hand(world)
    sweep_on(T_PLUS_1)
    Notice.objects.update(read_at=at(T_PLUS_1, 10))
    task_in_hand(world, due=DUE)
    sweep_on(T_PLUS_1, 11)
    notice = Notice.objects.get(kind="reminders")
    assert (notice.data["count"], notice.read_at) == (2, None)
    assert Reminder.objects.filter(notice=notice).count() == 2


# --- twice, and after an outage


def test_a_second_sweep_changes_nothing(world):
    shares(world, 2)
    for day in (T_MINUS_5, T_MINUS_1, T_PLUS_1, T_PLUS_3, T_PLUS_7):
        first = sweep_on(day)
        before = state_of_everything()
        again = sweep_on(day, 9, 1)
        assert first.planned > 0
        assert (again.planned, again.missed, again.late, again.handed.delivered) == (0, 0, 0, 0)
        assert state_of_everything() == before


def test_after_an_outage_only_the_highest_step_goes_out_and_the_skipped_ones_are_recorded(world):
    task = task_in_hand(world)
    sweep_on(T_MINUS_5)
    swept = sweep_on(date(2026, 4, 7))  # nothing ran for two weeks; T+3 was on 3 April
    states = {(step, state) for step, state, _person in rows()}
    assert states == {
        ("due-5", "DELIVERED"),
        ("due-1", "MISSED"),
        ("due+1", "MISSED"),
        ("due+3", "DELIVERED"),
    }
    assert swept.missed == Reminder.objects.filter(state="MISSED").count() == 2
    assert [event.said["step"] for event in history(task) if event.act == "remind"] == ["due+3"]
    late = Reminder.objects.filter(step="due+3").first()
    assert late.made_up
    digest = Notice.objects.get(key=f"reminders:{world.secretary.user.pk}:2026-04-07")
    with translation.override("zh-hans"):
        assert sentence_of(digest).endswith("（其中补发 1 项）")


def test_each_day_of_an_outage_of_a_week_is_made_up_for_once(world):
    tasks = shares(world, 1)
    sweep_on(date(2026, 3, 31))
    for day in (date(2026, 4, 8), date(2026, 4, 9)):
        sweep_on(day)
    sent = Reminder.objects.filter(state="DELIVERED", step="due+3")
    assert sent.values("task", "recipient").distinct().count() == sent.count() > len(tasks)


def test_what_is_older_than_the_window_is_recorded_and_not_sent(world):
    task_in_hand(world)
    sweep_on(date(2026, 3, 20))
    sweep_on(date(2026, 4, 29))  # T+7 was on 10 April, thirteen working days before
    assert {state for _step, state, _person in rows()} == {"MISSED"}
    assert {step for step, _state, _person in rows()} == {"due-5", "due-1", "due+1", "due+3", "due+7"}
    assert Notice.objects.filter(kind="reminders").count() == 0


def test_a_planned_row_that_a_higher_step_overtook_is_missed(world):
    task_in_hand(world)
    calendar = planning.Calendar.load()
    win = planning.window(at=at(T_PLUS_1), last=None, calendar=calendar)
    assert (
        sum(planned for planned, _missed in planning.plan_reminders(win, at=at(T_PLUS_1), calendar=calendar))
        == 1
    )
    sweep_on(T_PLUS_3)
    assert ("due+1", "MISSED", world.secretary.user.pk) in rows()
    assert {step for step, state, _person in rows() if state == "DELIVERED"} == {"due+3"}


# --- crashes


def test_a_crash_between_claim_and_delivery_delivers_once_when_the_lease_has_ended(world):
    task_in_hand(world)
    calendar = planning.Calendar.load()
    win = planning.window(at=at(T_PLUS_1), last=None, calendar=calendar)
    list(planning.plan_reminders(win, at=at(T_PLUS_1), calendar=calendar))
    dead = claim(at=at(T_PLUS_1))
    assert dead is not None
    assert sweep(at=at(T_PLUS_1) + LEASE / 4).handed.delivered == 0
    assert sweep(at=at(T_PLUS_1) + LEASE).handed.delivered == 1
    # the dead one was only asleep, and wakes up
    assert deliver(dead, at=at(T_PLUS_1) + LEASE, calendar=calendar).delivered == 0
    assert Notice.objects.filter(kind="reminders").count() == 1
    assert Event.objects.filter(act="remind").count() == 1


def test_a_worker_whose_claim_is_taken_over_in_mid_delivery_writes_nothing(world, monkeypatch):
    task_in_hand(world)
    original = delivery._record_urgings

    def stolen(*args, **kwargs):
        original(*args, **kwargs)
        Reminder.objects.update(lease_token="another")

    monkeypatch.setattr(delivery, "_record_urgings", stolen)
    swept = sweep_on(T_PLUS_1)
    assert (swept.handed.delivered, Notice.objects.filter(kind="reminders").count()) == (0, 0)
    assert Event.objects.filter(act="remind").count() == 0
    monkeypatch.setattr(delivery, "_record_urgings", original)
    assert sweep_on(T_PLUS_1, 9, 2).handed.delivered == 1


def test_one_task_that_cannot_be_delivered_does_not_hold_up_the_others(world, monkeypatch, caplog):
    broken, *others = shares(world, 3)
    original = delivery._record_urgings

    def poisoned(rows, tasks, **kwargs):
        if broken.pk in tasks:
            raise RuntimeError("poison")
        original(rows, tasks, **kwargs)

    monkeypatch.setattr(delivery, "_record_urgings", poisoned)
    sweep_on(T_PLUS_1)
    assert set(Reminder.objects.filter(state="DELIVERED").values_list("task", flat=True)) == {
        t.pk for t in others
    }
    assert f"task {broken.pk}" in caplog.text
    monkeypatch.setattr(delivery, "_record_urgings", original)
    sweep_on(T_PLUS_1, 9, 2)
    assert Reminder.objects.filter(step="due+1").exclude(state="DELIVERED").count() == 0


def test_a_fault_that_hits_every_task_fails_the_sweep_and_is_seen(world, monkeypatch):
    shares(world, 4)

    def broken(*args, **kwargs):
        raise RuntimeError("no digest today")

    with monkeypatch.context() as fault:
        fault.setattr(delivery, "open_digests", broken)
        with pytest.raises(RuntimeError, match="no digest today"):
            sweep_on(T_PLUS_1)
    assert last_completed("sweep") is None
    assert Reminder.objects.filter(state="DELIVERED").count() == 0
    assert sweep_on(T_PLUS_1, 9, 2).handed.delivered == 8


# --- looked at again before delivery


def test_whose_post_has_ended_meanwhile_is_not_told_but_the_successor_is(world):
    task_in_hand(world)
    Task.objects.update(handler=None)
    planned_only(T_PLUS_1)
    Post.objects.filter(organization=world.branch).update(until=T_PLUS_1)
    heir = make_post(world.branch, "SECRETARY", user=make_user(), since=date(2026, 4, 2))
    sweep_on(date(2026, 4, 2))
    assert rows(step="due+1") == {
        ("due+1", "DROPPED", world.secretary.user.pk),
        ("due+1", "DELIVERED", heir.user_id),
    }
    assert [event.said["to"] for event in Event.objects.filter(act="remind")] == [str(heir.user)]


def test_work_that_was_handed_in_meanwhile_is_not_urged(world):
    task = task_in_hand(world)
    planned_only(T_PLUS_1)
    submitted(world, task, at=at(T_PLUS_1, 8))
    swept = sweep_on(T_PLUS_1)
    assert (swept.handed.delivered, swept.handed.dropped) == (0, 1)
    assert Event.objects.filter(act="remind").count() == 0


def test_a_date_that_was_moved_meanwhile_drops_the_old_step(world):
    task_in_hand(world)
    planned_only(T_PLUS_1)
    Task.objects.update(due=date(2026, 5, 29))
    assert sweep_on(T_PLUS_1).handed.dropped == 1


def test_a_plan_paused_meanwhile_sends_nothing(world):
    task_in_hand(world)
    planned_only(T_PLUS_1)
    Plan.objects.update(reminders_paused_until=T_PLUS_1)
    assert sweep_on(T_PLUS_1).handed.delivered == 0


def test_the_number_of_queries_does_not_grow_with_the_tasks(world, django_assert_max_num_queries):
    from django.test.utils import CaptureQueriesContext

    shares(world, 1)
    with CaptureQueriesContext(connection) as few:
        sweep_on(T_PLUS_1)
    Reminder.objects.all().delete()
    Task.objects.all().update(late_for=None)
    shares(world, 4)
    actor_at(world.top, "LIAISON")
    with CaptureQueriesContext(connection) as many:
        sweep_on(T_PLUS_1, 10)
    assert len(many) <= len(few)
