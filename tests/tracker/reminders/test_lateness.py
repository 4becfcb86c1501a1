"""Lateness: an event of the day after the date, written once, by the night or by the act that comes late."""

from __future__ import annotations

from datetime import date

import pytest

from tests.factories import submitted
from tests.tracker.reminders.helpers import (
    DUE,
    T_PLUS_1,
    T_PLUS_7,
    at,
    sweep_on,
    task_in_hand,
)
from tracker.events import history
from tracker.models import Task
from tracker.transitions import perform

pytestmark = pytest.mark.django_db


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
