"""An empty SQLite database is filled wholly or not at all."""

import sqlite3
import sys
from contextlib import closing

import pytest

from config import first_start
from config.processes import Supervisor

FILL = (
    "import os, sqlite3, sys; path = os.environ['DATABASE_URL'].removeprefix('sqlite:///')\n"
    "database = sqlite3.connect(path); database.execute('INSERT INTO person VALUES (1)'); database.commit()\n"
    "os._exit({code})"
)


@pytest.fixture
def empty(tmp_path, monkeypatch, settings):
    """A database in WAL mode with a table and no rows, and a sample that adds one row and ends as told."""
    path = tmp_path / "bihuan.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE person (id INTEGER)")
    monkeypatch.setattr(first_start, "_real", lambda: path)
    monkeypatch.setattr(first_start.connections, "close_all", lambda: None)
    monkeypatch.setattr(first_start.connection, "vendor", "sqlite", raising=False)

    def load(code: int):
        part = first_start.Part
        command = [sys.executable, "-c", FILL.format(code=code)]
        monkeypatch.setattr(first_start, "Part", lambda name, _, log, env: part(name, command, log, env=env))
        return first_start.load_sample(Supervisor({}), log=tmp_path / "log")

    def people() -> int:
        with closing(sqlite3.connect(path)) as database:
            return database.execute("SELECT count(*) FROM person").fetchone()[0]

    return load, people, tmp_path


def test_a_complete_sample_is_put_into_place_even_if_its_process_ended_abruptly(empty):
    load, people, folder = empty
    assert load(0) is None
    assert people() == 1
    assert list(folder.glob("*.loading*")) == []


def test_a_sample_that_fails_leaves_the_database_as_it_was(empty):
    load, people, folder = empty
    assert load(3).process.returncode == 3
    assert people() == 0
    assert list(folder.glob("*.loading*")) == []
