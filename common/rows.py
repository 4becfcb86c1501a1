"""Many rows in one statement, where the object layer would ask or build an object for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import CharField, Field, ForeignKey, Model, PositiveIntegerField, TextField


def insert_new(pattern: Model, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
    """Insert rows, passing over those a unique key already knows; return how many were new.

    ``names`` are the attributes (``task_id``, not ``task``) that differ from row to row, in the order of each row's
    values; all other columns are those of ``pattern``, an unsaved instance. Django's
    ``bulk_create(ignore_conflicts=True)`` does the same but cannot say the number. Two processes that insert the same
    rows at once should give them in the same order, or PostgreSQL sees a deadlock.
    """
    if not rows:
        return 0
    fields = {f.attname: f for f in pattern._meta.concrete_fields if not f.primary_key}
    differing = [fields.pop(name) for name in names]
    same = [_prepared(f, getattr(pattern, f.attname)) for f in fields.values()]
    columns = ", ".join(_column(f) for f in [*differing, *fields.values()])
    into = f"INSERT INTO {_quoted(pattern._meta.db_table)} ({columns})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            marks = "".join(", %s" for _value in same)
            cursor.execute(
                f"{into} SELECT given.*{marks} FROM {_unnested(differing)} AS given ON CONFLICT DO NOTHING",  # noqa: S608
                [*same, *_by_column(differing, rows)],
            )
        else:
            marks = ", ".join(["%s"] * (len(differing) + len(same)))
            given = zip(*_by_column(differing, rows), strict=True)
            cursor.executemany(
                f"{into} VALUES ({marks}) ON CONFLICT DO NOTHING", [[*row, *same] for row in given]
            )
        return cursor.rowcount


def update_each(model: type[Model], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write the columns of the attributes ``names`` for many rows; each row is its primary key and then the values."""
    if not rows:
        return
    by_name = {f.attname: f for f in model._meta.concrete_fields}
    key = model._meta.pk
    assert key is not None
    fields = [key, *(by_name[name] for name in names)]
    table = _quoted(model._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            given = ", ".join(_column(f) for f in fields)
            assignments = ", ".join(f"{_column(f)} = given.{_column(f)}" for f in fields[1:])
            cursor.execute(
                f"UPDATE {table} SET {assignments} FROM {_unnested(fields)} AS given ({given})"  # noqa: S608
                f" WHERE {table}.{_column(key)} = given.{_column(key)}",
                _by_column(fields, rows),
            )
        else:
            assignments = ", ".join(f"{_column(f)} = %s" for f in fields[1:])
            values = zip(*_by_column(fields, rows), strict=True)
            cursor.executemany(
                f"UPDATE {table} SET {assignments} WHERE {_column(key)} = %s",  # noqa: S608
                [[*row[1:], row[0]] for row in values],
            )


Fields = Sequence["Field[Any, Any]"]


def _unnested(fields: Fields) -> str:
    """The rows as one array a column: a statement of ten parameters instead of ten thousand."""
    types = [f.rel_db_type(connection) if f.primary_key else f.db_type(connection) for f in fields]
    return f"unnest({', '.join(f'%s::{kind}[]' for kind in types)})"


def _by_column(fields: Fields, rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    columns = zip(*rows, strict=True)
    return [_prepared_column(f, column) for f, column in zip(fields, columns, strict=True)]


_AS_THEY_ARE = {CharField: str, TextField: str, PositiveIntegerField: int, ForeignKey: int}
"""Fields of exactly these classes hand values of exactly these types to any database unchanged."""


def _prepared_column(field: Field[Any, Any], values: Sequence[Any]) -> list[Any]:
    same = _AS_THEY_ARE.get(type(field))
    if same and all(type(value) is same or value is None for value in values):
        return list(values)  # asking the field about each of a hundred thousand values took a second
    return [_prepared(field, value) for value in values]


def _prepared(field: Field[Any, Any], value: Any) -> Any:
    return field.get_db_prep_save(value, connection)


def _column(field: Field[Any, Any]) -> str:
    return _quoted(str(field.column))


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
