"""Lets Django's flush between transactional tests clear the history, which the database otherwise refuses."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.db.backends.base.operations import BaseDatabaseOperations

_triggers = import_module("tracker.migrations.0002_events_are_append_only")


def let_flush_clear_events() -> None:
    """Take the triggers away for the length of each flush, and put them back."""
    flush = BaseDatabaseOperations.execute_sql_flush

    def without_triggers(self: BaseDatabaseOperations, sql_list: Any) -> None:
        vendor = self.connection.vendor
        with self.connection.cursor() as cursor:
            for statement in _triggers.UNDO[vendor]:
                cursor.execute(statement)
        flush(self, sql_list)
        with self.connection.cursor() as cursor:
            for statement in {"sqlite": _triggers.SQLITE, "postgresql": _triggers.POSTGRESQL}[vendor]:
                cursor.execute(statement)

    BaseDatabaseOperations.execute_sql_flush = without_triggers  # type: ignore[method-assign]
