"""Sweeps at once: each step is planned and sent once, and without the unique key it would not be."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from tests.factories import World
from tests.tracker.reminders.helpers import (
    T_PLUS_1,
    T_PLUS_3,
    at,
    planned_only,
    shares,
    sweep_on,
    task_in_hand,
)
from tracker.models import Event, Notice, Reminder, Task
from tracker.reminders import planning
from tracker.reminders.sweep import sweep

pytestmark = pytest.mark.django_db


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
