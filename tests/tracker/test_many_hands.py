"""Many people at one report at the same moment, through HTTP: nothing is lost; without the lock some of it is.

Each edit reads the number reported so far and reports one more, as the version it has read. Refused because somebody
was faster (412), it reads again and tries once more. An edit that got lost would be missing from the number.
"""

from __future__ import annotations

import json
import logging
import os
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.models import QuerySet
from django.test import Client

from branches.api.authentication import mark_of
from branches.models import ApiToken, User
from tests.factories import World, acknowledged, make_post, make_task
from tracker.api import subjects
from tracker.events import history
from tracker.models import Task
from tracker.transitions import perform

pytestmark = pytest.mark.django_db(transaction=True)
HANDS = 4
EDITS = 1600 if os.environ.get("BIHUAN_REQUIRE_ALL") == "1" else 160
"""By all hands together. The whole number takes a minute or two, and runs where nothing is left out."""
PAUSE = 0.4
"""Seconds at most that a program steps back when it was overtaken; without that, most requests are in vain."""


@pytest.fixture(autouse=True)
def _quietly() -> Iterator[None]:
    """A line of the log for each request would be a good part of the work."""
    logging.disable(logging.INFO)
    yield
    logging.disable(logging.NOTSET)


@dataclass
class Hand:
    """One of the clerks of the unit with a program of their own."""

    user: User
    task: int
    edits: int
    start: threading.Barrier
    accepted: int = 0
    overtaken: int = 0
    steps_back: random.Random = field(default_factory=random.Random)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        _row, token = ApiToken.objects.create(user=self.user, mark=mark_of(self.user))
        self.client = Client(raise_request_exception=False, headers={"Authorization": f"Token {token}"})
        self.thread = threading.Thread(target=self.work)

    def work(self) -> None:
        try:
            self.start.wait()
            seen = self.read()
            for _ in range(self.edits):
                seen = self.edit(seen)
        except Exception as error:  # noqa: BLE001 - shown by the assertion
            self.wrong.append(repr(error))
        finally:
            connection.close()

    def read(self) -> tuple[int, str]:
        """The number so far, and the version it belongs to."""
        return self.understood(self.client.get(f"/api/v1/tasks/{self.task}/"))

    def edit(self, seen: tuple[int, str]) -> tuple[int, str]:
        """Report one more than was read, reading again until nobody was faster."""
        while True:
            number, version = seen
            said = {"progress": f"已完成{number + 1}件", "percent": 50, "number": number + 1}
            answer = self.client.post(
                f"/api/v1/tasks/{self.task}/acts/report/",
                json.dumps(said),
                content_type="application/json",
                headers={"If-Match": version},
            )
            if answer.status_code == 200:
                self.accepted += 1
                return self.understood(answer)
            # without the lock, PostgreSQL's unique key of the history may stop what nothing else stops: not accepted
            assert answer.status_code in {412, 500}, answer.content
            self.overtaken += 1
            time.sleep(self.steps_back.random() * PAUSE)
            seen = self.read()

    def understood(self, answer: Any) -> tuple[int, str]:
        assert answer.status_code == 200, (answer.status_code, answer.content)
        return int(float(answer.json()["number"] or 0)), answer.headers["ETag"]


def all_at_once(*, edits: int) -> tuple[Task, list[Hand]]:
    cache.clear()
    world = World(branches=1)
    task = acknowledged(world, make_task(world, target_number=60, target_unit="件", target_of="案例"))
    start = threading.Barrier(HANDS, timeout=20)
    clerks = [make_post(world.branch, "CLERK").user for _ in range(HANDS)]
    hands = [Hand(clerk, task.pk, edits, start) for clerk in clerks]
    for hand in hands:
        hand.thread.start()
    for hand in hands:
        hand.thread.join()
    assert [hand.wrong for hand in hands] == [[]] * HANDS
    return Task.objects.get(pk=task.pk), hands


def test_of_all_edits_of_one_report_by_four_people_at_once_none_is_lost():
    task, hands = all_at_once(edits=EDITS // HANDS)
    reports = [event.said["number"] for event in history(task) if event.act == "report"]
    assert sum(hand.accepted for hand in hands) == EDITS
    assert task.number == EDITS
    assert [float(number) for number in reports] == list(range(1, EDITS + 1))
    assert sum(hand.overtaken for hand in hands) > 0, "nobody met anybody: this run proves nothing"


def test_the_control_without_lock_and_version_edits_get_lost(monkeypatch):
    """What the test above would see if the row were not locked and the version not compared."""

    def carelessly(subject: Any, act: str, *, version: int, **more: Any) -> Any:
        del version
        return perform(subject, act, **more)

    monkeypatch.setattr(subjects, "perform", carelessly)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_options: self)
    logging.disable(logging.CRITICAL)
    task, hands = all_at_once(edits=20)
    assert sum(hand.accepted for hand in hands) == HANDS * 20
    assert task.number is not None
    assert task.number < HANDS * 20
