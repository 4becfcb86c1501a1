"""A list of a page as a workbook: the same filters, order and columns, all pages of it.

Rows are read and written as they come; what is held is one chunk of rows and a file on disk. Texts stay texts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import IO, Any, NamedTuple

from django.http import FileResponse, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from branches.access import Actor
from branches.roster.looks import BODY_FONT, HEADER_FONT, Styles, add_head, append, cell_of, set_up_page
from common import saying
from common.addresses import client_address
from common.audit import record
from common.cells import clean, lines_needed, sheet_title
from common.clock import local_date
from common.errors import Refused, Sentence
from common.models import AuditEntry

MAX_CELLS = 100_000
"""What one click may ask for: some three seconds of work, 14,000 tasks. A longer list is narrowed by its filters first."""
CHUNK = 1000
HEAD = 3
"""Title, what the list is, headings: the rows repeated on each printed page."""
TALLEST = 22
"""Characters of a head written downwards, as on the screen; more would push the rows off a printed page."""
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_INKS = {"red": "B3241B", "yellow": "815300", "green": "1C7440", "suspended": "5C6169", "done": "5C6169"}
_WASHES = {"red": "FCECEA", "yellow": "FDF3DD", "suspended": "EFEEEB"}


class Mark(NamedTuple):
    """A light in a cell: its colour beside words or a shape that say the same."""

    light: str
    text: str


Value = str | int | float | date | Mark | None


@dataclass(frozen=True)
class Column:
    """A column: ``width`` in half-width characters; ``tall`` heads are written downwards."""

    name: Sentence
    width: float
    centred: bool = False
    tall: bool = False


@dataclass
class Listing:
    """What is exported. ``count`` rows are promised before the first is read; ``filters`` say how it was narrowed."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Value]]
    count: int
    filters: Sequence[str] = ()
    frozen: int = 1
    """Columns that stay in sight."""
    foot: Sequence[Sequence[Value]] = field(default=())
    """Rows of sums below the list."""


class Looks(Styles):
    """The prepared styles of one sheet, by what a cell holds."""

    def of(self, column: Column, value: Value, *, bold: bool = False) -> Any:
        """The style of a cell."""
        light = value.light if isinstance(value, Mark) else ""
        kind = "day" if isinstance(value, date) else "number" if isinstance(value, int | float) else "text"
        key = (column.centred, light, kind, bold)
        if key not in self._known:
            wash = _WASHES.get(light)
            self._known[key] = self._array(
                Font(
                    name=BODY_FONT, size=10, bold=bold or light == "red", color=_INKS.get(light) or "000000"
                ),
                "center" if column.centred or kind != "text" else "left",
                fill=PatternFill("solid", fgColor=wash) if wash else None,
                number_format={"day": "yyyy.m.d", "number": "General"}.get(kind),
            )
        return self._known[key]

    def heading(self, column: Column) -> Any:
        """The style of a column's head."""
        if not column.tall:
            return self.header
        # a copy: a cell that is given another alignment changes the style array it shares
        cell = cell_of(self._sheet, None, copy(self.header))
        cell.font = Font(name=HEADER_FONT, size=10)
        cell.alignment = Alignment(horizontal="center", vertical="top", textRotation=255)
        return cell._style  # noqa: SLF001 - openpyxl has no public name for a prepared style


def respond(request: HttpRequest, listing: Listing, *, at: datetime) -> FileResponse:
    """The workbook as a download; who exported what stands in the audit log.

    Raises Refused for more than ``MAX_CELLS`` cells, before anything is read.
    """
    most = MAX_CELLS // len(listing.columns)
    if listing.count > most:
        sentence = _(
            "This list has %(count)s rows; at most %(most)s can be exported at once. Narrow it by its filters first."
        )
        raise Refused(sentence % {"count": listing.count, "most": most}, code="too_many_rows")
    actor: Actor = request.actor  # type: ignore[attr-defined]
    held = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it when it is sent
    rows = write(listing, held, actor=actor, at=at)
    held.seek(0)
    data = {"list": listing.title, "rows": rows}
    record(AuditEntry.Kind.EXPORT, at=at, user=actor.user, address=client_address(request), data=data)
    name = f"{listing.title} {local_date(at):%Y-%m-%d}.xlsx"
    response = FileResponse(held, as_attachment=True, filename=name, content_type=MEDIA_TYPE)
    response["Cache-Control"] = "private, no-store"
    return response


def write(listing: Listing, target: IO[bytes], *, actor: Actor, at: datetime) -> int:
    """Write the workbook; returns how many rows it has, sums apart. ``at`` stands in its second line."""
    book = Workbook(write_only=True)
    book.properties.creator, book.properties.title = clean(actor.user.name), clean(listing.title)
    sheet = book.create_sheet(sheet_title(listing.title))
    columns = listing.columns
    widths = [column.width for column in columns]
    set_up_page(sheet, widths)
    looks = Looks(sheet)
    last = get_column_letter(len(columns))
    sheet.freeze_panes = f"{get_column_letter(listing.frozen + 1)}{HEAD + 1}"
    sheet.print_title_rows = f"1:{HEAD}"
    _add_head(sheet, looks, listing, actor=actor, at=at)
    row = HEAD
    for row, values in enumerate(listing.rows, HEAD + 1):
        _add_row(sheet, looks, row, columns, values)
    sheet.auto_filter.ref = f"A{HEAD}:{last}{max(row, HEAD + 1)}"
    for number, values in enumerate(listing.foot, row + 1):
        _add_row(sheet, looks, number, columns, values, bold=True)
    sheet.print_area = f"A1:{last}{max(row + len(listing.foot), HEAD + 1)}"
    book.save(target)
    return row - HEAD


def _add_head(sheet: Any, looks: Looks, listing: Listing, *, actor: Actor, at: datetime) -> None:
    columns = listing.columns
    add_head(sheet, looks, listing.title, _about(listing, actor=actor, at=at), len(columns))
    whole = sum(column.width for column in columns)
    sheet.row_dimensions[2].height = 16.0 * lines_needed(_about(listing, actor=actor, at=at), whole) + 4
    names = [_shortened(str(column.name)) if column.tall else str(column.name) for column in columns]
    if any(column.tall for column in columns):
        tall = max(len(name) for name, column in zip(names, columns, strict=True) if column.tall)
        height = tall * 13.0 + 8
    else:
        lines = max(lines_needed(n, c.width * 0.85) for n, c in zip(names, columns, strict=True))
        height = 15.0 * max(lines, 1) + 8
    sheet.row_dimensions[HEAD].height = height
    sheet.append([cell_of(sheet, n, looks.heading(c)) for n, c in zip(names, columns, strict=True)])


def _shortened(name: str) -> str:
    return name if len(name) <= TALLEST else f"{name[: TALLEST - 1]}…"


def _about(listing: Listing, *, actor: Actor, at: datetime) -> str:
    """Which filters, how many rows, who and when."""
    rows = ngettext("%(count)s row", "%(count)s rows", listing.count) % {"count": listing.count}
    name, post = actor.user.name, actor.title
    who = _("exported by %(who)s (%(post)s)") if post else _("exported by %(who)s")
    chosen = "；".join(listing.filters) or _("no filters")
    return " · ".join([chosen, rows, who % {"who": name, "post": post}, saying.full_moment(at)])


def _add_row(
    sheet: Any,
    looks: Looks,
    row: int,
    columns: Sequence[Column],
    values: Sequence[Value],
    *,
    bold: bool = False,
) -> None:
    cells, lines = [], 1
    for column, value in zip(columns, values, strict=True):
        text = value.text if isinstance(value, Mark) else value
        cells.append(cell_of(sheet, text, looks.of(column, value, bold=bold)))
        if isinstance(text, str) and 2 * len(text) >= column.width:
            lines = max(lines, lines_needed(text, column.width))
    append(sheet, row, cells, lines)


def each(queryset: Any) -> Iterator[Any]:
    """The rows of a query, a chunk at a time."""
    return queryset.iterator(chunk_size=CHUNK)


def said(name: Any, value: Any) -> str:
    """One filter in words: 亮灯：逾期."""
    return _("%(name)s: %(value)s") % {"name": name, "value": value}
