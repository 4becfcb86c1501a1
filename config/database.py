"""One database address becomes Django's settings for it, with the options that keep either database honest."""

from pathlib import Path
from typing import Any

import dj_database_url

# A transaction takes SQLite's write lock when it begins: a reader that turns writer later fails at once, whatever the
# timeout. Under NORMAL a power cut may take the last commits, never the integrity.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000; PRAGMA foreign_keys=ON"
    ),
}
# Nobody waits longer than this for another's row; a request that does is answered with an error instead of hanging.
# Compiling a query takes longer than any of ours gains by it.
POSTGRESQL_OPTIONS = {"options": "-c lock_timeout=5s -c jit=off"}


def database_from_url(url: str) -> dict[str, Any]:
    """Return the `DATABASES` entry for `url` (`sqlite:////path/file` or `postgresql://…`).

    Raises ValueError for any other kind of database: races are only proven on these two.
    """
    database: dict[str, Any] = dict(dj_database_url.parse(url))
    engine = database["ENGINE"]
    if engine == "django.db.backends.sqlite3":
        path = Path(database["NAME"] or "")
        if str(database["NAME"]) in {"", ":memory:"}:
            raise ValueError(
                "DATABASE_URL: an in-memory SQLite cannot be shared between processes; name a file."
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        # A test database in memory would have neither WAL nor a second connection.
        database["TEST"] = {"NAME": str(path.with_name(f"test_{path.name}"))}
        database["OPTIONS"] = {**database.get("OPTIONS", {}), **SQLITE_OPTIONS}
    elif engine == "django.db.backends.postgresql":
        database["CONN_MAX_AGE"] = 60
        database["CONN_HEALTH_CHECKS"] = True
        database["OPTIONS"] = {**POSTGRESQL_OPTIONS, **database.get("OPTIONS", {})}
    else:
        raise ValueError(f"DATABASE_URL: {engine} is not supported; use sqlite:////path or postgresql://…")
    return database
