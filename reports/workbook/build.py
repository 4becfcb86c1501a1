"""The one builder of workbooks: style, page set-up, row heights and safety. It knows nothing of tasks.

Rows are written as they come (openpyxl's write-only mode), with shared styles; nothing of a sheet is held
but what it merges. No formula is ever written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from common.cells import clean, lines_needed, row_height, sheet_title, text_width, write_text
from reports.workbook.chart import draw
from reports.workbook.sheet import Column, Kind, Layout, Line, Look, Page, Table, Value
from reports.workbook.styles import Styles

TITLE_HEIGHT, SUBTITLE_HEIGHT, HEADER_HEIGHT = 42.0, 20.0, 20.0
HEADER_ROWS = 4
PAPERS = {"A4": 9, "A3": 8}
_MARGIN, _BINDING = 15 / 25.4, 25 / 25.4


@dataclass(frozen=True)
class Export:
    """Who asked for a workbook and when, for its properties and the sheet 说明."""

    by: str
    at: datetime


def write_workbook(
    sheets: Iterable[Table | Layout], target: Path | IO[bytes], *, title: str, export: Export
) -> None:
    """Write sheets, in order, as one .xlsx to a path or an open binary file."""
    book = Workbook(write_only=True)
    book.properties.title = clean(title)
    book.properties.creator = clean(export.by)
    book.properties.created = book.properties.modified = export.at.replace(tzinfo=None)
    for sheet in sheets:
        writer = _Writer(book, sheet.name)
        if isinstance(sheet, Table):
            writer.table(sheet)
        else:
            writer.layout(sheet)
    book.save(target)


class _Writer:
    """Writes one sheet, top down."""

    def __init__(self, book: Workbook, name: Any) -> None:
        self.sheet = book.create_sheet(sheet_title(name))
        self.styles = Styles(self.sheet)
        self.row = 0

    def table(self, table: Table) -> None:
        columns = list(table.columns)
        self._set_up(table.page, [column.width for column in columns], repeat=True)
        self.sheet.freeze_panes = f"{get_column_letter(table.freeze + 1)}{HEADER_ROWS + 1}"
        for index, column in enumerate(columns, 1):
            if column.kind is Kind.CODE:
                self.sheet.column_dimensions[get_column_letter(index)].hidden = True
        shown = [column for column in columns if column.kind is not Kind.CODE]
        self._head(table.title, table.subtitle, len(shown))
        self._headers(columns)
        body = self._looks(columns, Look.BODY)
        for values in table.rows:
            self._record(columns, body, values)
        if self.row == HEADER_ROWS and table.empty:
            self._spread(table.empty, len(shown), Look.NOTE)
        elif table.total is not None:
            self._record(columns, self._looks(columns, Look.TOTAL), table.total)
        last = get_column_letter(len(columns))
        self.sheet.auto_filter.ref = f"A{HEADER_ROWS}:{last}{max(self.row - bool(table.total), HEADER_ROWS)}"
        self.sheet.print_area = f"A1:{get_column_letter(len(shown))}{self.row}"

    def layout(self, layout: Layout) -> None:
        self._set_up(layout.page, layout.widths, repeat=False)
        self._head(layout.title, layout.subtitle, len(layout.widths))
        for line in layout.lines:
            self._line(line, layout.widths)
        for chart in layout.charts:
            self.sheet.add_chart(draw(chart, self.sheet))
        self.sheet.print_area = f"A1:{get_column_letter(len(layout.widths))}{self.row}"

    def _set_up(self, page: Page, widths: Sequence[float], *, repeat: bool) -> None:
        sheet = self.sheet
        for index, width in enumerate(widths, 1):
            sheet.column_dimensions[get_column_letter(index)].width = width or 1
        setup = sheet.page_setup
        setup.paperSize = PAPERS[page.paper]
        setup.orientation = "portrait" if page.portrait else "landscape"
        setup.fitToWidth, setup.fitToHeight = 1, 1 if page.one_page else 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        margins = sheet.page_margins
        margins.top = margins.bottom = margins.right = _MARGIN
        # The binding edge: left of an upright page, above a landscape one.
        margins.left = _BINDING if page.portrait else _MARGIN
        margins.top = _MARGIN if page.portrait else _BINDING
        margins.header = margins.footer = _MARGIN / 2
        sheet.print_options.horizontalCentered = True
        sheet.oddFooter.center.text = _("Page &P of &N")
        sheet.oddFooter.center.size = 9
        sheet.sheet_view.showGridLines = False
        if repeat:
            sheet.print_title_rows = f"1:{HEADER_ROWS}"

    def _head(self, title: str, subtitle: str, width: int) -> None:
        self._append([self._cell(title, self.styles.title)], TITLE_HEIGHT)
        self._merge(1, width)
        self._append([self._cell(subtitle, self.styles.subtitle)], SUBTITLE_HEIGHT)
        self._merge(1, width)

    def _headers(self, columns: Sequence[Column]) -> None:
        """Two header rows: groups above, names below; a column without group is merged down."""
        style = self.styles.of(Look.HEADER, Kind.SHORT, text=True)
        names = [_balanced(str(column.name), column.width) for column in columns]
        top = [str(column.group or name) for column, name in zip(columns, names, strict=True)]
        first, most = self.row + 1, max(name.count("\n") + 1 for name in names)
        self._append([self._cell(text, style) for text in top], HEADER_HEIGHT)
        self._append([self._cell(name, style) for name in names], max(HEADER_HEIGHT, row_height(most)))
        start = 0
        while start < len(columns):
            group, end = columns[start].group, start
            while group and end + 1 < len(columns) and columns[end + 1].group == group:
                end += 1
            rows = (first, first) if group else (first, first + 1)
            if end > start or not group:
                self._merge(start + 1, end + 1, first_row=rows[0], last_row=rows[1])
            start = end + 1

    def _looks(self, columns: Sequence[Column], look: Look) -> list[tuple[Any, Any]]:
        """The styles of each column for a text and for any other value, looked up once, not once a cell."""
        return [
            (self.styles.of(look, c.kind, text=True), self.styles.of(look, c.kind, text=False))
            for c in columns
        ]

    def _record(
        self, columns: Sequence[Column], looks: Sequence[tuple[Any, Any]], values: Sequence[Value]
    ) -> None:
        cells, lines = [], 1
        for column, (for_text, for_number), value in zip(columns, looks, values, strict=True):
            if isinstance(value, str):
                cells.append(self._cell(value, for_text))
                if column.width:
                    lines = max(lines, lines_needed(value, column.width))
            else:
                cells.append(self._plain(value, for_number))
        self._append(cells, row_height(lines))

    def _line(self, line: Line, widths: Sequence[float]) -> None:
        cells: list[Any] = []
        merges, lines, column = [], 1, 1
        for span in line.spans:
            room = sum(widths[column - 1 : column - 1 + span.columns])
            value = span.value
            if isinstance(value, str):
                value = _balanced(value, room) if span.look is Look.HEADER else value
                lines = max(lines, lines_needed(value, room))
            cells.append(self._value(value, span.kind, span.look))
            cells += [self._value(None, span.kind, span.look) for _ in range(span.columns - 1)]
            if span.columns > 1:
                merges.append((column, column + span.columns - 1))
            column += span.columns
        self._append(cells, line.height or row_height(lines))
        for first, last in merges:
            self._merge(first, last)

    def _spread(self, text: str, width: int, look: Look) -> None:
        self._append([self._value(text, Kind.TEXT, look)], row_height(2))
        self._merge(1, width)

    def _value(self, value: Value, kind: Kind, look: Look) -> Any:
        if isinstance(value, str):
            return self._cell(value, self.styles.of(look, kind, text=True))
        return self._plain(value, self.styles.of(look, kind, text=False))

    def _plain(self, value: float | date | None, style: Any) -> Any:
        if isinstance(value, datetime) or (value is not None and not isinstance(value, int | float | date)):
            raise TypeError(f"A cell cannot hold {value!r}.")
        cell = WriteOnlyCell(self.sheet, value)
        cell._style = style  # noqa: SLF001 - shared: a style object a cell cost 20 times
        return cell

    def _cell(self, text: str, style: Any) -> Any:
        cell = WriteOnlyCell(self.sheet)
        cell._style = style  # noqa: SLF001 - shared
        return write_text(cell, text)

    def _append(self, cells: list[Any], height: float) -> None:
        self.row += 1
        self.sheet.row_dimensions[self.row].height = height
        self.sheet.append(cells)

    def _merge(self, first: int, last: int, *, first_row: int = 0, last_row: int = 0) -> None:
        if first == last and first_row == last_row:
            return
        top, bottom = first_row or self.row, last_row or first_row or self.row
        area = f"{get_column_letter(first)}{top}:{get_column_letter(last)}{bottom}"
        self.sheet.merged_cells.add(area)


def _balanced(text: str, width: float) -> str:
    """A heading broken into lines of like length: 期初/结转 rather than 期初结/转. Bold heads need more room."""
    room, wide = max(width * 0.85, 2), text_width(text)
    if not width or wide <= room or "\n" in text or text.isascii():
        return text
    lines = -int(-wide // room)
    each = -(-len(text) // lines)
    return "\n".join(text[start : start + each] for start in range(0, len(text), each))
