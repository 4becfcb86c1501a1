"""A real Celery worker on a real Redis: the tick rings, the database decides."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from celery import Celery
from django.conf import settings
from django.db import connection

from common.clock import today
from common.leases import last_completed
from common.models import Workday
from common.workdays import Calendar
from tests.factories import World, make_task
from tracker.models import Notice, Reminder, Task

pytestmark = [pytest.mark.redis, pytest.mark.django_db(transaction=True)]

WORKER = """
import django; django.setup()
from datetime import time
from tracker.reminders import sweep
sweep.OPENS, sweep.CLOSES = time.min, time.max  # the test may run at night
from config.celery import app
app.worker_main(["worker", "-Q", "sweep", "-c", "1", "--without-gossip", "--without-mingle", "-l", "WARNING"])
"""


def database_url() -> str:
    """The address of the test's own database, for another process."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{Path(database['NAME']).resolve()}"
    user = f"{database['USER']}:{database['PASSWORD']}" if database["PASSWORD"] else database["USER"]
    return f"postgresql://{user}@{database['HOST']}:{database['PORT'] or 5432}/{database['NAME']}"


@pytest.fixture
def broker(redis_url: str) -> Iterator[str]:
    """A Redis database of the test's own, empty before and after; tests at the same time have different ones."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
    url = redis_url.rsplit("/", 1)[0] + f"/{8 + number}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        yield url
        client.flushdb()


@pytest.fixture
def worker(broker: str, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url(),
        "REDIS_URL": broker,
        "VAR_DIR": str(tmp_path),
    }
    with (tmp_path / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", WORKER], cwd=settings.BASE_DIR, env=environment, stdout=log, stderr=log
        )
        yield process
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture
def world() -> World:
    Workday.objects.update_or_create(day=today(), defaults={"kind": Workday.Kind.MAKE_UP, "name": ""})
    return World()


def overdue_since_yesterday(world: World) -> Task:
    task = make_task(world, due=Calendar.load().add(today(), -1))
    Task.objects.filter(pk=task.pk).update(state=Task.State.ACTIVE)
    return task


def ring(broker: str) -> None:
    with Celery(broker=broker) as app:
        app.send_task("tracker.sweep", queue="sweep", ignore_result=True)


def eventually(task: Task, *, seconds: float = 120) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if Reminder.objects.filter(task=task, state=Reminder.State.DELIVERED).exists():
            return True
        time.sleep(0.2)
    return False


def test_a_tick_makes_a_worker_sweep_and_an_emptied_redis_loses_nothing(world, broker, worker):
    first = overdue_since_yesterday(world)
    ring(broker)
    assert eventually(first)
    digest = Notice.objects.get(kind="reminders")
    assert (digest.recipient, digest.data["count"]) == (world.secretary.user, 1)
    assert last_completed("sweep") is not None

    second = overdue_since_yesterday(world)
    with redis.Redis.from_url(broker) as client:
        client.flushdb()
    ring(broker)
    assert eventually(second)
    digest.refresh_from_db()
    assert digest.data["count"] == 2
    assert Reminder.objects.filter(step="due+1").count() == 2


def test_ticks_that_nobody_heard_are_made_up_for_by_the_next(world, broker, request):
    """No worker is there, and what was rung is lost: what is owed stands in the database all the same."""
    task = overdue_since_yesterday(world)
    for _ in range(3):
        ring(broker)
    with redis.Redis.from_url(broker) as client:
        client.flushdb()
    request.getfixturevalue("worker")
    ring(broker)
    assert eventually(task)
    assert Notice.objects.filter(kind="reminders").count() == 1
