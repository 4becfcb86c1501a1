"""What the machine's watcher is told."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection

from common import clock
from common.leases import held

AT = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)


@pytest.fixture
def at(monkeypatch):
    moment = [AT]
    monkeypatch.setattr(clock, "now", lambda: moment[0])
    return moment


@pytest.fixture
def no_database():
    def refuse(execute, *args):
        raise DatabaseError

    with connection.execute_wrapper(refuse):
        yield


@pytest.mark.django_db
def test_a_stopped_sweep_shows_after_three_minutes(client, at):
    assert client.get("/healthz").json() == {"status": "ok", "sweep": "stalled", "last_sweep": None}
    with held("sweep", at=AT, for_=timedelta(minutes=2)):
        pass
    last = "2026-07-01T01:00:00Z"
    at[0] = AT + timedelta(seconds=180)
    assert client.get("/healthz").json() == {"status": "ok", "sweep": "ok", "last_sweep": last}
    at[0] = AT + timedelta(seconds=181)
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "sweep": "stalled", "last_sweep": last}


@pytest.mark.django_db
def test_health_without_a_database_is_alive_but_not_ready(client, no_database):
    assert client.get("/healthz").json() == {"status": "ok", "sweep": "unknown", "last_sweep": None}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")


@pytest.mark.django_db
def test_ready_when_the_database_answers(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "database": "ok"})
