"""What a sheet is before it becomes a file: columns, bands of rows, and how it prints. No openpyxl here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any

Value = str | int | float | date | None
"""What a cell may hold. None is an empty cell; a missing rate or date that means something is ``NOTHING``."""
NOTHING = "—"


class Kind(Enum):
    """How a column's values look. The builder keeps one shared style for each."""

    TEXT = "text"
    SHORT = "short"
    """A short text, centred."""
    COUNT = "count"
    SCORE = "score"
    RATE = "rate"
    CHANGE = "change"
    """A signed number; plus and minus are written out."""
    RATE_CHANGE = "rate_change"
    PERCENT = "percent"
    """A share people reported, in whole per cent."""
    DAY = "day"
    CODE = "code"
    """Hidden: the record's id and version, by which an import would match."""


class Look(Enum):
    """How a row that is no ordinary row looks."""

    BODY = "body"
    HEADER = "header"
    GROUP = "group"
    TOTAL = "total"
    NOTE = "note"
    WRITING = "writing"
    """Left for a person to fill in."""


@dataclass(frozen=True)
class Column:
    """A column of a table sheet. ``group`` is the heading above neighbouring columns that share it."""

    name: Any
    width: float
    kind: Kind = Kind.TEXT
    group: Any = ""


@dataclass(frozen=True)
class Page:
    """How a sheet is printed."""

    paper: str = "A4"
    portrait: bool = False
    one_page: bool = False


@dataclass
class Table:
    """A sheet of one table: title, subtitle, two header rows, one record a row.

    ``rows`` is consumed once, in order, and never held: a long ledger can be written as it is computed.
    ``freeze`` columns stay in sight. ``total`` is a last row in bold.
    """

    name: Any
    title: str
    subtitle: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Value]]
    freeze: int = 2
    page: Page = field(default_factory=Page)
    total: Sequence[Value] | None = None
    empty: str = ""
    """The sentence shown instead of rows where there are none."""


@dataclass(frozen=True)
class Span:
    """A value over several columns of a laid-out row."""

    value: Value
    columns: int = 1
    kind: Kind = Kind.TEXT
    look: Look = Look.BODY


@dataclass(frozen=True)
class Line:
    """A row of a laid-out sheet; ``height`` None: computed from its texts."""

    spans: Sequence[Span]
    height: float | None = None


@dataclass(frozen=True)
class Chart:
    """A native bar chart of columns of a block of rows; all places are (column, row), counted from 1.

    It covers the cells from ``top_left`` up to, not including, ``below_right``.
    """

    title: str
    label_column: int
    series: Mapping[str, int]
    """The columns of values by the name each has in the legend."""
    first_row: int
    last_row: int
    top_left: tuple[int, int]
    below_right: tuple[int, int]


@dataclass
class Layout:
    """A sheet laid out by hand: rows of spans over columns of given widths, and charts."""

    name: Any
    title: str
    subtitle: str
    widths: Sequence[float]
    lines: Sequence[Line]
    charts: Sequence[Chart] = ()
    page: Page = field(default_factory=lambda: Page(portrait=True, one_page=True))
