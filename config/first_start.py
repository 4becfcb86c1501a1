"""The first start fills an empty database with the sample committee: wholly, or not at all."""

import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, connections

from config.processes import Part, Supervisor


def is_empty() -> bool:
    """True when nobody could sign in anyway."""
    return not get_user_model().objects.exists()


def load_sample(supervisor: Supervisor, *, log: Path) -> Part | None:
    """Run `manage.py demo` to its end; return None, or the part that failed.

    On SQLite it fills a copy, put into place only when it is complete: stopped or killed half-way, it is as if it had
    never begun. On PostgreSQL it fills the database itself, and an interrupted load has to be cleared by hand.
    """
    draft = _copy_of_the_database() if connection.vendor == "sqlite" else None
    env = {"DATABASE_URL": f"sqlite:///{quote(str(draft))}"} if draft else {}
    loading = Part("demo", [sys.executable, str(settings.BASE_DIR / "manage.py"), "demo"], log, env=env)
    try:
        if supervisor.run_to_end(loading):
            if draft:
                _put_into_place(draft)
            return None
        return None if supervisor.asked_to_stop else loading
    finally:
        if draft:
            _remove(draft)


def _real() -> Path:
    return Path(settings.DATABASES["default"]["NAME"])


def _copy_of_the_database() -> Path:
    draft = _real().with_name(f"{_real().name}.loading")
    _remove(draft)
    connections.close_all()
    shutil.copyfile(_real(), draft)
    return draft


def _put_into_place(draft: Path) -> None:
    with closing(sqlite3.connect(draft)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    _remove(_real())
    draft.replace(_real())


def _remove(path: Path) -> None:
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
