"""Kept counts when several people act on the tasks of one unit at the same moment, while the lines are folded."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from django.db import connection

from common.clock import moment
from tests.factories import World, acknowledged, issue, make_measure, make_plan, on
from tracker.models import Tally, Task
from tracker.tallies import differing, fold, totals_of
from tracker.transitions import perform

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2026, 3, 20)
ROUNDS = 6


def test_no_count_is_lost_or_made_twice():
    world = World()
    plan = make_plan(world)
    for number in range(4):
        make_measure(world, plan, title=f"第{number}项", receivers=[world.branch])
    issue(world, plan)
    tasks = [acknowledged(world, task) for task in Task.objects.order_by("pk")]
    secretary, begin, over, wrong = on(world.secretary, DAY), threading.Barrier(5), threading.Event(), []

    def hand_in_and_take_back(task: Task) -> None:
        try:
            begin.wait()
            for _ in range(ROUNDS):
                perform(task, "submit", actor=secretary, at=moment(DAY), given={"progress": "已按要求完成"})
                perform(task, "take_back", actor=secretary, at=moment(DAY))
        except Exception as error:  # noqa: BLE001 - told by the test, not by the thread
            wrong.append(error)
        finally:
            connection.close()

    def fold_again_and_again() -> None:
        try:
            begin.wait()
            while not over.is_set():
                fold()
        except Exception as error:  # noqa: BLE001
            wrong.append(error)
        finally:
            connection.close()

    hands = [threading.Thread(target=hand_in_and_take_back, args=[task]) for task in tasks]
    folding = threading.Thread(target=fold_again_and_again)
    for thread in (*hands, folding):
        thread.start()
    for thread in hands:
        thread.join()
    over.set()
    folding.join()
    assert wrong == []
    assert differing() == []
    assert totals_of(Tally.objects.all())["active"] == len(tasks)
