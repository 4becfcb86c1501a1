"""What the settings promise about databases, the secret key, the queue and the headers."""

import re
import stat
import threading

import pytest
from django.conf import settings
from django.db import connection

from config.celery import app
from config.database import database_from_url
from config.secret_key import kept_secret_key


def test_sqlite_takes_the_write_lock_first_and_waits_for_it(tmp_path):
    database = database_from_url(f"sqlite:///{tmp_path}/new/bihuan.sqlite3")
    assert database["NAME"] == f"{tmp_path}/new/bihuan.sqlite3"
    assert (tmp_path / "new").is_dir()
    assert database["OPTIONS"] == {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000; PRAGMA foreign_keys=ON"
        ),
    }
    assert database["TEST"]["NAME"] == f"{tmp_path}/new/test_bihuan.sqlite3"
    assert database.get("ATOMIC_REQUESTS", False) is False


@pytest.mark.django_db
def test_the_suite_itself_runs_on_a_file_in_wal_mode():
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert cursor.execute("PRAGMA synchronous").fetchone() == (1,)
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (20000,)


def test_postgresql_connections_are_kept_checked_and_do_not_wait_for_ever():
    database = database_from_url("postgresql://clerk:p%40ss@db.example:5433/bihuan?sslmode=require")
    assert (database["USER"], database["PASSWORD"], database["HOST"]) == ("clerk", "p@ss", "db.example")
    assert (database["PORT"], database["NAME"]) == (5433, "bihuan")
    assert (database["CONN_MAX_AGE"], database["CONN_HEALTH_CHECKS"]) == (60, True)
    assert database["OPTIONS"] == {"options": "-c lock_timeout=5s -c jit=off", "sslmode": "require"}
    assert database.get("ATOMIC_REQUESTS", False) is False


@pytest.mark.parametrize("url", ["sqlite://:memory:", "mysql://localhost/bihuan"])
def test_other_databases_are_refused(url):
    with pytest.raises(ValueError, match="DATABASE_URL"):
        database_from_url(url)


def test_the_secret_key_is_made_once_and_only_its_owner_can_read_it(tmp_path):
    path = tmp_path / "var" / "secret_key"
    keys, start = [], threading.Barrier(8)

    def read():
        start.wait()
        keys.append(kept_secret_key(path))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert set(keys) == {kept_secret_key(path)}
    assert len(keys[0]) > 50
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_the_queue_forgets_results_and_keeps_the_messages_of_dead_workers():
    assert app.conf.result_backend is None
    assert app.conf.task_ignore_result
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1
    assert (app.conf.task_soft_time_limit, app.conf.task_time_limit) == (100, 120)
    assert app.conf.broker_connection_max_retries is None
    assert app.conf.visibility_timeout == app.conf.broker_transport_options["visibility_timeout"] == 300
    assert app.conf.broker_transport_options["socket_timeout"] == 5


def test_ticks_do_not_pile_up_and_the_sweep_has_its_own_queue():
    app.loader.import_default_modules()
    schedule = app.conf.beat_schedule
    names = {entry["task"] for entry in schedule.values()}
    elsewhere = {"common.run_jobs", "tracker.anchor", "tracker.fold"}
    assert names == {"tracker.sweep"} | elsewhere
    for entry in schedule.values():
        assert entry["options"]["expires"] <= entry["schedule"]
        assert entry["task"] in app.tasks, f"nobody does {entry['task']}"
    queues = {name: app.amqp.router.route({}, name)["queue"].name for name in names}
    assert queues == {"tracker.sweep": "sweep"} | dict.fromkeys(elsewhere, "jobs")


@pytest.mark.django_db
def test_every_page_forbids_inline_scripts_styles_and_anything_from_outside(client):
    answer = client.get(settings.LOGIN_URL)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.django_db
def test_a_page_is_closed_unless_it_says_otherwise(client):
    answer = client.get("/admin/password_change/")
    assert answer.status_code == 302
    assert client.get("/").url == "/sign-in/?next=/"


def test_every_setting_by_environment_stands_in_the_manual():
    source = (settings.BASE_DIR / "config" / "settings.py").read_text(encoding="utf-8")
    command = (settings.BASE_DIR / "config" / "management" / "commands" / "run.py").read_text(
        encoding="utf-8"
    )
    named = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source))
    named |= set(re.findall(r'os\.environ\.get\("([A-Z_]+)"', command)) - {"LC_ALL", "LC_MESSAGES", "LANG"}
    assert len(named) > 20
    manual = (settings.BASE_DIR / "docs" / "operations.md").read_text(encoding="utf-8")
    assert named == {name for name in re.findall(r"`([A-Z][A-Z_]+)`", manual) if name in named}
