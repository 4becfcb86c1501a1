"""How sheets of a roster look: fonts, frames and formats, prepared once a sheet and shared by its cells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from branches.roster.layout import Column, Kind
from common.cells import clean, row_height

TITLE_FONT, HEADER_FONT, BODY_FONT, SUB_FONT = "方正小标宋简体", "黑体", "仿宋_GB2312", "楷体_GB2312"
"""The official names; readers have them, the server need not."""
Value = str | int | float | date | None

_LINE = Side(style="thin", color="808080")
_FRAME = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_FORMATS = {
    Kind.DAY: "yyyy.m.d",
    Kind.COUNT: "0",
    Kind.KEY: "@",
    Kind.TEXT: "@",
    Kind.PARAGRAPHS: "@",
    Kind.LIST: "@",
    Kind.SYSTEM: "@",
}
_CENTRED = frozenset({Kind.KEY, Kind.CHOICE, Kind.COUNT, Kind.DAY})
_LEFT_KEYS = frozenset({"email"})
_WRONG = PatternFill("solid", fgColor="F8CBAD")
_HEADER = PatternFill("solid", fgColor="F2F2F2")


class Styles:
    """The prepared style arrays of one sheet: a style object a cell would cost twenty times as much."""

    def __init__(self, sheet: Any) -> None:
        self._sheet = sheet
        self._known: dict[Any, Any] = {}
        self.title = self._array(Font(name=TITLE_FONT, size=22), "center", frame=False)
        self.subtitle = self._array(Font(name=SUB_FONT, size=11), "right", frame=False)
        self.header = self._array(Font(name=HEADER_FONT, size=11, bold=True), "center", fill=_HEADER)
        self.text = self._array(Font(name=BODY_FONT, size=10), "left")
        self.number = self._array(Font(name=BODY_FONT, size=10), "center", number_format="0")
        self.note = self._array(Font(name=BODY_FONT, size=11), "left", frame=False)

    def body(self, column: Column) -> Any:
        """The style of a column's cells, filled or still empty."""
        return self.copied(column, wrong=False)

    def copied(self, column: Column | None, *, wrong: bool) -> Any:
        """The style of a body cell; ``wrong`` fills it."""
        key = (column.name if column else "", wrong)
        if key not in self._known:
            centred = column is not None and column.kind in _CENTRED and column.name not in _LEFT_KEYS
            self._known[key] = self._array(
                Font(name=BODY_FONT, size=10),
                "center" if centred else "left",
                fill=_WRONG if wrong else None,
                number_format=_FORMATS.get(column.kind) if column else None,
            )
        return self._known[key]

    def _array(
        self,
        font: Font,
        horizontal: str,
        *,
        frame: bool = True,
        fill: PatternFill | None = None,
        number_format: str | None = None,
    ) -> Any:
        cell = WriteOnlyCell(self._sheet)
        cell.font = font
        cell.alignment = Alignment(horizontal=horizontal, vertical="center", wrap_text=True)
        if frame:
            cell.border = _FRAME
        if fill:
            cell.fill = fill
        if number_format:
            cell.number_format = number_format
        cell.quotePrefix = number_format in (None, "@")
        return cell._style  # noqa: SLF001 - openpyxl has no public name for a prepared style


def cell_of(sheet: Any, value: Value, style: Any) -> Any:
    """A cell with a prepared style; a text is a text, whatever it begins with."""
    cell = WriteOnlyCell(sheet)
    if isinstance(value, str):
        if value:
            cell.value = value if value.isprintable() and len(value) < 1000 else clean(value)
            cell.data_type = "s"
    elif value is not None:
        cell.value = value
    cell._style = style  # noqa: SLF001 - shared
    return cell


def set_up_page(sheet: Any, widths: Sequence[float]) -> None:
    """Column widths, A4 landscape, one page wide."""
    for index, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(index)].width = width or 1
    sheet.page_setup.paperSize = 9
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    margins = sheet.page_margins
    margins.left = margins.right = margins.bottom = 15 / 25.4
    margins.top = 25 / 25.4
    sheet.print_options.horizontalCentered = True
    margins.footer = 7 / 25.4
    sheet.oddFooter.center.text = _("Page &P of &N")
    sheet.sheet_view.showGridLines = False


def add_head(sheet: Any, styles: Styles, title: str, subtitle: str, width: int, *, columns: int = 0) -> None:
    """Title and subtitle over ``width`` columns. ``columns``: all there are, so that no column's frame reaches up here."""
    for row, (text, style, height) in enumerate(
        ((title, styles.title, 42), (subtitle, styles.subtitle, 20)), 1
    ):
        sheet.row_dimensions[row].height = height
        sheet.append(
            [cell_of(sheet, text if place == 0 else None, style) for place in range(max(width, columns))]
        )
        if width > 1:
            sheet.merged_cells.add(f"A{row}:{get_column_letter(width)}{row}")


def append(sheet: Any, row: int, cells: list[Any], lines: int) -> None:
    """One row; in write-only mode its height must be known before it is written."""
    sheet.row_dimensions[row].height = row_height(lines)
    sheet.append(cells)
