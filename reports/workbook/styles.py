"""The looks of a workbook: made once for a book, then shared by every cell (a style object a cell cost 20 times)."""

from __future__ import annotations

from typing import Any

from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

from reports.workbook.sheet import Kind, Look

TITLE_FONT, HEADER_FONT, BODY_FONT, SUB_FONT = "方正小标宋简体", "黑体", "仿宋_GB2312", "楷体_GB2312"
"""The official names; readers have them, the server need not."""
FORMATS = {
    Kind.COUNT: "0",
    Kind.SCORE: "0.0",
    Kind.RATE: "0.0%",
    Kind.CHANGE: "+0;-0;0",
    Kind.RATE_CHANGE: "+0.0%;-0.0%;0.0%",
    Kind.PERCENT: "0%",
    Kind.DAY: "yyyy.m.d",
}
_LEFT = {Kind.TEXT}
_LINE = Side(style="thin", color="808080")
_FRAME = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_NO_FRAME = Border()
_FILLS = {Look.HEADER: "F2F2F2", Look.GROUP: "FFFFFF", Look.TOTAL: "F7F7F7"}


class Styles:
    """The prepared style arrays of one workbook, by look and kind.

    A text's style carries quotePrefix, so that editing a cell cannot make it a formula.
    """

    def __init__(self, sheet: Any) -> None:
        self._sheet = sheet
        self._known: dict[tuple[Look, Kind, bool], Any] = {}
        self.title = self._array(Font(name=TITLE_FONT, size=22), Alignment(**_MIDDLE), _NO_FRAME, text=True)
        subtitle = Alignment(horizontal="right", vertical="center")
        self.subtitle = self._array(Font(name=SUB_FONT, size=11), subtitle, _NO_FRAME, text=True)

    def of(self, look: Look, kind: Kind, *, text: bool) -> Any:
        """The style of a cell; ``text`` when the value is one, also in a column of numbers (—)."""
        key = (look, kind, text)
        if key not in self._known:
            self._known[key] = self._make(look, kind, text=text)
        return self._known[key]

    def _make(self, look: Look, kind: Kind, *, text: bool) -> Any:
        bold = look in {Look.HEADER, Look.GROUP, Look.TOTAL}
        name = HEADER_FONT if look is Look.HEADER else SUB_FONT if look is Look.GROUP else BODY_FONT
        size = {Look.HEADER: 11, Look.GROUP: 12}.get(look, 10)
        left = look in {Look.NOTE, Look.WRITING} or (kind in _LEFT and look not in {Look.HEADER, Look.GROUP})
        grouped = look is Look.GROUP and kind in _LEFT
        alignment = Alignment(
            horizontal="left" if left or grouped else "center",
            vertical="top" if look is Look.WRITING else "center",
            wrap_text=True,
        )
        fill = _FILLS.get(look)
        frame = _NO_FRAME if look is Look.NOTE else _FRAME
        return self._array(
            Font(name=name, size=size, bold=bold),
            alignment,
            frame,
            fill=PatternFill("solid", fgColor=fill) if fill else None,
            number_format=None if text else FORMATS.get(kind),
            text=text,
        )

    def _array(
        self,
        font: Font,
        alignment: Alignment,
        border: Border,
        *,
        fill: PatternFill | None = None,
        number_format: str | None = None,
        text: bool = False,
    ) -> Any:
        cell = WriteOnlyCell(self._sheet)
        cell.font, cell.alignment, cell.border = font, alignment, border
        if fill:
            cell.fill = fill
        if number_format:
            cell.number_format = number_format
        cell.quotePrefix = text
        return cell._style  # noqa: SLF001 - openpyxl has no public name for a prepared style


_MIDDLE = {"horizontal": "center", "vertical": "center", "wrap_text": True}
