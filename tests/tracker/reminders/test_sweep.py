"""The sweep changes nothing but the time: after an outage, twice, at once, and after a crash."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import translation

from branches.models import Post
from common.leases import last_completed
from tests.factories import World, actor_at, issue, make_measure, make_plan, make_post, make_user, submitted
from tests.tracker.reminders.helpers import (
    DUE,
    T_MINUS_1,
    T_MINUS_5,
    T_PLUS_1,
    T_PLUS_3,
    T_PLUS_7,
    at,
    rows,
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
from tracker.transitions import perform

pytestmark = pytest.mark.django_db


def shares(world: World, count: int, **fields) -> list[Task]:
    """A task of each of ``count`` measures for every branch of the world, acknowledgement long settled."""
    plan = make_plan(world)
    for number in range(count):
        make_measure(world, plan, title=f"事项{number}", **fields)
    issue(world, plan)
    Task.objects.update(state=Task.State.ACTIVE)
    return list(Task.objects.all())


def state_of_everything() -> list:
    reminders = Reminder.objects.order_by("pk").values_list(
        "task", "step", "nominal_due", "recipient", "state", "notice"
    )
    notices = Notice.objects.order_by("pk").values_list("recipient", "key", "data", "read_at")
    return [
        list(reminders),
        list(notices),
        Event.objects.count(),
        list(Task.objects.values_list("urgings", "version")),
    ]


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


def planned_only(day: date) -> None:
    calendar = planning.Calendar.load()
    win = planning.window(at=at(day), last=None, calendar=calendar)
    list(planning.plan_reminders(win, at=at(day), calendar=calendar))


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


# --- two at once


def overtaking(monkeypatch, insert=planning.insert_new) -> list:
    """Let another whole sweep run between a sweep's reading and its first writing; the list gets what that one did."""
    overtaken: list = []

    def after_the_other(pattern, names, rows):
        if not overtaken:
            overtaken.append(None)
            monkeypatch.setattr(planning, "insert_new", original)
            overtaken[0] = sweep(at=at(T_PLUS_1), name="the other")
        return insert(pattern, names, rows)

    original = planning.insert_new
    monkeypatch.setattr(planning, "insert_new", after_the_other)
    return overtaken


def test_a_sweep_that_another_overtakes_between_reading_and_writing_plans_nothing_twice(world, monkeypatch):
    shares(world, 2)
    overtaken = overtaking(monkeypatch)
    outer = sweep_on(T_PLUS_1)
    assert (overtaken[0].planned, overtaken[0].handed.delivered) == (4, 4)
    assert (outer.planned, outer.missed, outer.handed.delivered) == (0, 0, 0)
    assert Reminder.objects.filter(step="due+1").count() == Event.objects.filter(act="remind").count() == 4


def plainly(pattern, names, rows) -> int:
    """What a writer would do who trusts what he has just read."""
    made = [Reminder(planned_at=pattern.planned_at, **dict(zip(names, row, strict=True))) for row in rows]
    return len(Reminder.objects.bulk_create(made))


def test_the_control_a_plain_insert_in_that_race_runs_into_the_unique_key(world, monkeypatch):
    shares(world, 2)
    overtaking(monkeypatch, insert=plainly)
    with pytest.raises(IntegrityError), transaction.atomic():
        planned_only(T_PLUS_1)


def sweep_in_threads(count: int, day: date) -> list:
    barrier, swept, wrong = threading.Barrier(count), [], []

    def run(number: int) -> None:
        try:
            barrier.wait()
            # a lease of its own each: all of them plan
            swept.append(sweep(at=at(day), name=f"sweep {number}"))
        except Exception as error:  # noqa: BLE001 - shown by the assertion
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    return swept


@pytest.mark.django_db(transaction=True)
def test_four_sweeps_at_once_are_exact():
    world = World(branches=12)
    tasks = shares(world, 5)
    swept = sweep_in_threads(4, T_PLUS_3)
    # handler (none) and secretary are one person; committee, leader and responsible leader one each
    assert Reminder.objects.filter(step="due+3").count() == len(tasks) * 4
    assert sum(one.planned for one in swept) == sum(one.handed.delivered for one in swept) == len(tasks) * 4
    assert Event.objects.filter(act="remind").count() == len(tasks)
    assert Event.objects.filter(act="late_complete").count() == len(tasks)
    assert Notice.objects.filter(kind="reminders").count() == 12 + 3
    assert (
        sorted(notice.data["count"] for notice in Notice.objects.filter(kind="reminders"))
        == [5] * 12 + [60] * 3
    )
    assert set(Task.objects.values_list("urgings", "ladder_level")) == {(1, 2)}


@pytest.mark.django_db(transaction=True)
def test_without_the_unique_key_sweeps_at_once_would_double(monkeypatch):
    """The control of the test above: the key taken off, reading at the same moment makes doubles."""
    world = World(branches=2)
    shares(world, 1)
    key = next(c for c in Reminder._meta.constraints if c.name == "reminder_once")
    with monkeypatch.context() as without, connection.schema_editor() as editor:
        # SQLite makes the table anew from what the model says
        without.setattr(Reminder._meta, "constraints", [])
        editor.remove_constraint(Reminder, key)
    both_have_read, original = threading.Barrier(2, timeout=20), planning.insert_new

    def together(*rows):
        both_have_read.wait()
        return original(*rows)

    monkeypatch.setattr(planning, "insert_new", together)
    try:
        sweep_in_threads(2, T_PLUS_1)
        assert Reminder.objects.filter(step="due+1").count() > 2
    finally:
        Reminder.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Reminder, key)


def test_while_one_sweep_plans_another_helps_to_deliver(world):
    task_in_hand(world)
    planned_only(T_PLUS_1)
    with planning_lease(at(T_PLUS_1)):
        swept = sweep_on(T_PLUS_1)
    assert (swept.planning, swept.planned, swept.handed.delivered) == (False, 0, 1)


def planning_lease(moment):
    from common.leases import held

    return held("sweep", at=moment, for_=timedelta(seconds=150))


# --- lateness


def test_lateness_is_written_once_on_the_day_after_the_date(world):
    task = task_in_hand(world)
    sweep_on(DUE, 23)
    assert [event.act for event in history(task) if event.act.startswith("late")] == []
    for hour in (0, 9, 23):
        sweep_on(T_PLUS_1, hour)
    sweep_on(T_PLUS_7)
    late = [event for event in history(task) if event.act.startswith("late")]
    assert [(event.act, event.said["due"], event.actor) for event in late] == [
        ("late_complete", "2026-03-31", None)
    ]
    assert (late[0].from_state, late[0].to_state) == ("ACTIVE", "ACTIVE")


def test_a_late_acknowledgement_is_an_event_of_its_own(world):
    from tests.factories import make_task

    task = make_task(world)
    sweep_on(date(2026, 1, 9), 0)
    sweep_on(date(2026, 1, 12), 0)
    assert [event.act for event in history(task)] == ["assign", "late_acknowledge"]


def test_an_act_that_comes_late_writes_its_lateness_itself_and_the_night_does_not_repeat_it(world):
    task = task_in_hand(world)
    submitted(world, task, at=at(T_PLUS_1, 7))
    assert [event.act for event in history(task)][-2:] == ["submit", "late_complete"]
    perform(
        Task.objects.get(), "return", actor=world.reviewer, at=at(T_PLUS_1, 8), given={"reason": "缺照片"}
    )
    sweep_on(date(2026, 4, 2))
    assert [event.act for event in history(task)].count("late_complete") == 1


def test_a_date_that_was_moved_can_be_missed_again(world):
    task = task_in_hand(world)
    sweep_on(T_PLUS_1)
    submitted(world, Task.objects.get(), at=at(T_PLUS_1, 10))
    given = {"reason": "补充材料", "due": date(2026, 4, 8)}
    perform(Task.objects.get(), "return", actor=world.reviewer, at=at(T_PLUS_1, 11), given=given)
    sweep_on(date(2026, 4, 9))
    dues = [event.said["due"] for event in history(task) if event.act == "late_complete"]
    assert dues == ["2026-03-31", "2026-04-08"]


def test_an_open_form_stays_valid_when_the_ladder_writes_into_the_history(world):
    task = task_in_hand(world)
    seen = task.version
    sweep_on(T_PLUS_1)
    report = {"progress": "正在落实", "percent": 50}
    after = perform(task, "report", actor=world.secretary, at=at(T_PLUS_1, 10), given=report, version=seen)
    assert (after.percent, after.urgings) == (50, 1)


# --- the command


def test_the_command_sends_at_a_moment_and_twice_changes_nothing(world, capsys):
    shares(world, 2)
    with translation.override("zh-hans"):
        call_command("send_reminders", "--at", "2026-04-01T09:00")
        first = capsys.readouterr().out
        before = state_of_everything()
        call_command("send_reminders", "--at", "2026-04-01")
        second = capsys.readouterr().out
    assert "记录逾期 4 条" in first
    assert "生成 4 条，发送 4 条（2 人），不再需要 0 条，错过 8 条。" in first
    assert "生成 0 条，发送 0 条（0 人），不再需要 0 条，错过 0 条。" in second
    assert state_of_everything() == before


def test_the_command_for_another_moment_is_no_sign_of_life(world):
    call_command("send_reminders", "--at", "2030-04-01T09:00:00+08:00")
    assert last_completed("sweep") is None
    call_command("send_reminders")
    assert last_completed("sweep") is not None


def test_the_command_says_when_it_is_no_time_for_reminders(world, capsys):
    with translation.override("zh-hans"):
        call_command("send_reminders", "--at", "2026-04-04T09:00")
    assert capsys.readouterr().out == "提醒只在工作日 08:30 至 18:00 发送，本次未发送。\n"


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01", "2026-04-01T25:00", ""])
def test_the_command_refuses_what_is_no_moment(text):
    with pytest.raises(CommandError) as refusal:
        call_command("send_reminders", "--at", text)
    assert "2026-07-01" in str(refusal.value)


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
