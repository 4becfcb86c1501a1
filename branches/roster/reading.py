"""A roster file as rows: which sheet holds what, which column is which, and every row that holds anything.

A workbook is parsed in a process of its own with limits on memory and time; a CSV here, where it can do no harm.
Nothing is judged yet but the shape: a value is what stood in its cell.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from branches.roster.layout import SHEETS, Sheet
from branches.roster.shape import MAX_CHARACTERS, MAX_COLUMNS, MAX_ROWS, BadFile, check_shape, encoding_of
from common.ooxml import MEGABYTE

MEMORY = 1024 * MEGABYTE
"""Address space of the parser's process, in bytes."""
CPU_SECONDS = 90
"""Less than a worker may take for one piece of work; 100,000 rows of 20 cells take a tenth of it."""
HEADER_WITHIN = 12
"""Rows at the top among which the headings are looked for."""

_PARSER = Path(__file__).with_name("workbook_parser.py")

Values = list[Any]


@dataclass
class RawSheet:
    """One sheet as it stood: rows by number. ``layout`` and ``columns`` when it is one of the two that are read."""

    title: str
    days_since_1904: int = 0
    rows: list[tuple[int, Values]] = field(default_factory=list)
    layout: Sheet | None = None
    columns: dict[str, int] = field(default_factory=dict)
    """By the name of a column of the layout: its place in a row, from 0."""
    first: int = 0
    """Index in ``rows`` of the first row below the headings."""
    doubled: str = ""
    """A heading that stands twice."""

    @property
    def body(self) -> list[tuple[int, Values]]:
        """The rows below the headings."""
        return self.rows[self.first :]

    @property
    def width(self) -> int:
        """The columns in use."""
        return max((len(values) for _number, values in self.rows), default=0)


def read_roster(path: Path, name: str) -> list[RawSheet]:
    """The visible sheets of a file in order, those of organisations and of posts recognised by their headings.

    Raises BadFile: not a roster, too large, formulas, two sheets of the same kind, none at all.
    """
    return recognised(read_sheets(path, name), SHEETS)


def recognised(sheets: list[RawSheet], layouts: Sequence[Sheet]) -> list[RawSheet]:
    """The same sheets, those in one of the layouts recognised. Raises BadFile: none is, or two are the same."""
    for sheet in sheets:
        _recognise(sheet, layouts)
    found = [sheet.layout.name for sheet in sheets if sheet.layout]
    if not found:
        raise BadFile("no_headings")
    if len(found) > len(set(found)):
        raise BadFile("two_sheets")
    doubled = next((sheet for sheet in sheets if sheet.doubled), None)
    if doubled:
        raise BadFile("two_columns", sheet=doubled.title, heading=doubled.doubled)
    return sheets


def read_sheets(path: Path, name: str) -> list[RawSheet]:
    """The visible sheets of a workbook or CSV, whatever they hold. Raises BadFile: damaged, too large, formulas."""
    kind = check_shape(path, name)
    return list(_csv_sheets(path, name) if kind == "csv" else _workbook_sheets(path))


def parser_command(path: Path) -> list[str]:
    """The program that parses a workbook, with its limits."""
    limits = (MAX_ROWS, MAX_COLUMNS, MAX_CHARACTERS, MEMORY, CPU_SECONDS)
    return [sys.executable, "-I", str(_PARSER), str(path), *map(str, limits)]


def _workbook_sheets(path: Path) -> Iterator[RawSheet]:
    sheet: RawSheet | None = None
    ended = False
    load = json.JSONDecoder().decode
    with subprocess.Popen(parser_command(path), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as parser:
        try:
            assert parser.stdout is not None
            for line in parser.stdout:
                value = load(line.decode("ascii"))
                if isinstance(value, list):
                    assert sheet is not None
                    sheet.rows.append((value[0], value[1]))
                elif "sheet" in value:
                    if sheet:
                        yield sheet
                    sheet = RawSheet(value["sheet"], value["1904"])
                elif "refused" in value:
                    raise BadFile(value.pop("refused"), **value)
                else:
                    ended = True
        finally:
            parser.kill()
    if not ended:
        raise BadFile("broken" if parser.returncode == 5 else "too_costly")
    if sheet:
        yield sheet


def _csv_sheets(path: Path, name: str) -> Iterator[RawSheet]:
    sheet = RawSheet(PurePath(name).stem[:31] or "CSV")
    csv.field_size_limit(MAX_CHARACTERS)
    with path.open(encoding=encoding_of(path), newline="") as text:
        sample = text.readline()
        text.seek(0)
        delimiter = max(",\t;", key=sample.count)
        try:
            for number, values in enumerate(csv.reader(text, delimiter=delimiter), 1):
                if number > MAX_ROWS:
                    raise BadFile("rows", rows=MAX_ROWS)
                if len(values) > MAX_COLUMNS:
                    raise BadFile("columns", columns=MAX_COLUMNS)
                row = [_from_csv(value) for value in values]
                if any(row):
                    sheet.rows.append((number, row))
        except csv.Error as error:
            raise BadFile("broken") from error
    yield sheet


def _from_csv(value: str) -> Any:
    """A cell's text. A leading apostrophe before what would be a formula was put there to keep it a text."""
    if value[:1] == "=":
        return {"f": 1}
    return (value[1:] if value[:1] == "'" and value[1:2] in "=+-@" else value) or None


def _recognise(sheet: RawSheet, layouts: Sequence[Sheet]) -> None:
    """Find the headings: a row, or two rows where a group stands above, with the names of a layout's columns."""
    for index, (number, values) in enumerate(sheet.rows[:HEADER_WITHIN]):
        for layout in layouts:
            named = _named(layout, values)
            if not layout.key_columns <= set(named):
                continue
            sheet.layout, sheet.columns, sheet.first = layout, named, index + 1
            sheet.doubled = _doubled(layout, values)
            following = sheet.rows[index + 1] if index + 1 < len(sheet.rows) else (0, [])
            below = _named(layout, following[1])
            if following[0] == number + 1 and below and not any(k in below for k in layout.key_columns):
                sheet.columns = named | below
                sheet.first = index + 2
            return


def _named(layout: Sheet, values: Values) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, value in enumerate(values):
        name = layout.column_named(value) if isinstance(value, str) else None
        if name:
            found.setdefault(name, place)
    return found


def _doubled(layout: Sheet, values: Values) -> str:
    seen: set[str] = set()
    for value in values:
        name = layout.column_named(value) if isinstance(value, str) else None
        if name and name in seen:
            return str(value)
        seen.add(name or "")
    return ""
