"""Lets Django's flush between transactional tests clear what the database otherwise refuses to delete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations

_calendar = import_module("common.migrations.0002_fill_calendar")
GUARDS = [
    import_module("common.migrations.0003_audit_is_append_only"),
    import_module("tracker.migrations.0002_events_are_append_only"),
]


@contextmanager
def unguarded() -> Iterator[None]:
    """The append-only tables without their triggers, as a superuser could make them; then guarded again."""
    vendor = connection.vendor
    with connection.cursor() as cursor:
        for guard in GUARDS:
            for statement in guard.UNDO[vendor]:
                cursor.execute(statement)
    yield
    with connection.cursor() as cursor:
        for guard in GUARDS:
            for statement in {"sqlite": guard.SQLITE, "postgresql": guard.POSTGRESQL}[vendor]:
                cursor.execute(statement)


def let_flush_clear_events() -> None:
    """Take the triggers away for the length of each flush, and put them back.

    A flush also takes what a migration filled in; the calendar is put back for the tests that come after.
    """
    flush = BaseDatabaseOperations.execute_sql_flush

    def without_triggers(self: BaseDatabaseOperations, sql_list: Any) -> None:
        with unguarded():
            flush(self, sql_list)
        _calendar.fill(apps, None)

    BaseDatabaseOperations.execute_sql_flush = without_triggers  # type: ignore[method-assign]
