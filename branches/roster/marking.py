"""Marking errors: a copy of a roster with its wrong cells filled and a list of everything that is wrong in front.

The copy is written afresh from the rows that were read, so nothing of a strange file but its rows comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.utils import get_column_letter

from branches.roster.cells import Doubt, parser_of
from branches.roster.faults import Fault
from branches.roster.layout import PROBLEMS, Column, Kind, folded, said_everywhere
from branches.roster.looks import Styles, Value, add_head, append, cell_of, set_up_page
from branches.roster.reading import RawSheet
from common.cells import lines_needed, sheet_title

COMMENTS = 500
"""Cells that carry their sentence as a comment, too; more would make the file slow to open."""
PROBLEM_WIDTH = 46.0
PROBLEM = gettext_lazy("Problem")


def write_marked(target: Path | IO[bytes], sheets: Sequence[RawSheet], faults: Sequence[Fault]) -> None:
    """Write the copy of a file that has faults. It can be mended and uploaded again as it is."""
    book = Workbook(write_only=True)
    _add_problems(book, faults, sheets)
    for raw in sheets:
        if raw.layout:
            _Copy(book, raw, [fault for fault in faults if fault.sheet == raw.title]).write()
    book.save(target)


def _add_problems(book: Any, faults: Sequence[Fault], sheets: Sequence[RawSheet]) -> None:
    """A sheet that lists every fault: where, what stands there, what to do."""
    names = [(_("Sheet"), 14), (_("Row"), 8), (_("Column"), 18), (_("Content"), 26), (str(PROBLEM), 64)]
    sheet = book.create_sheet(sheet_title(PROBLEMS))
    set_up_page(sheet, [width for _name, width in names])
    styles = Styles(sheet)
    sheet.freeze_panes = "A4"
    add_head(sheet, styles, str(PROBLEMS), "", len(names))
    append(sheet, 3, [cell_of(sheet, name, styles.header) for name, _width in names], 1)
    by_title = {raw.title: (raw, dict(raw.rows)) for raw in sheets}
    titles = {raw.title: headings_of(raw) for raw in sheets}
    for number, fault in enumerate(faults, 4):
        where = f"{fault.column_letters} {titles.get(fault.sheet, {}).get(fault.column, '')}".strip()
        sentence = fault.sentence
        cells: list[Value] = [fault.sheet, fault.row, where, _content(fault, by_title[fault.sheet]), sentence]
        looks = [styles.number if isinstance(value, int) else styles.text for value in cells]
        made = [cell_of(sheet, value, look) for value, look in zip(cells, looks, strict=True)]
        append(sheet, number, made, lines_needed(sentence, 64))
    sheet.auto_filter.ref = f"A3:E{3 + max(len(faults), 1)}"


def _content(fault: Fault, of: tuple[RawSheet, dict[int, list[Any]]]) -> str:
    """What stands in the cell a fault is about, as the reader sees it there."""
    raw, rows = of
    values = rows.get(fault.row, [])
    if not 0 < fault.column <= len(values):
        return ""
    columns = (
        {place + 1: raw.layout.by_name[name] for name, place in raw.columns.items()} if raw.layout else {}
    )
    return _shown(_again(values[fault.column - 1], columns.get(fault.column), raw))


class _Copy:
    """One sheet as it came, row numbers and all, with its sentences in one more column at the end."""

    def __init__(self, book: Any, raw: RawSheet, faults: Sequence[Fault]) -> None:
        assert raw.layout
        self.raw = raw
        self.by_row: dict[int, list[Fault]] = {}
        for fault in faults:
            self.by_row.setdefault(fault.row, []).append(fault)
        self.columns = {place: raw.layout.by_name[name] for name, place in raw.columns.items()}
        self.heading_row = raw.rows[raw.first - 1][0]
        self.width = raw.width - self._has_old_sentences()
        self.comments = 0
        self.sheet = book.create_sheet(sheet_title(raw.title))
        self.styles = Styles(self.sheet)

    def _has_old_sentences(self) -> bool:
        """Whether the last column is that of a marked copy that was mended."""
        last = self.raw.width - 1
        if last in self.columns:
            return False
        heads = {folded(text) for text in said_everywhere(PROBLEM)}
        above = (values[last] for _n, values in self.raw.rows[: self.raw.first] if len(values) > last)
        return any(isinstance(value, str) and folded(value) in heads for value in above)

    def write(self) -> None:
        """Head rows as headings, body rows with what is wrong, empty rows in between as they were."""
        sheet = self.sheet
        widths = [self.columns[i].width if i in self.columns else 16 for i in range(self.width)]
        set_up_page(sheet, [*widths, PROBLEM_WIDTH])
        for place, column in self.columns.items():
            sheet.column_dimensions[get_column_letter(place + 1)].hidden = column.kind is Kind.SYSTEM
        sheet.freeze_panes = f"A{self.heading_row + 1}"
        at = 0
        for index, (number, values) in enumerate(self.raw.rows):
            for _empty in range(at, number - 1):
                sheet.append([])
            at = number
            if index < self.raw.first:
                self._head_row(number, values)
            else:
                self._body_row(number, values)
        last = get_column_letter(self.width + 1)
        sheet.auto_filter.ref = f"A{self.heading_row}:{last}{max(at, self.heading_row + 1)}"

    def _head_row(self, number: int, values: list[Any]) -> None:
        # The row above the headings may hold groups; what is further up is a title.
        style = self.styles.header if number >= self.heading_row - 1 else self.styles.note
        texts = [_shown(values[place]) if place < len(values) else "" for place in range(self.width)]
        cells = [cell_of(self.sheet, text, style) for text in texts]
        if number == self.heading_row:
            cells.append(cell_of(self.sheet, str(PROBLEM), self.styles.header))
        append(self.sheet, number, cells, 2)

    def _body_row(self, number: int, values: list[Any]) -> None:
        faults = self.by_row.get(number, [])
        wrong = {fault.column: fault for fault in faults}
        cells = []
        for place in range(self.width):
            value = values[place] if place < len(values) else None
            column, fault = self.columns.get(place), wrong.get(place + 1)
            look = self.styles.copied(column, wrong=fault is not None or 0 in wrong)
            cell = cell_of(self.sheet, _again(value, column, self.raw), look)
            if fault and self.comments < COMMENTS:
                self.comments += 1
                cell.comment = Comment(fault.sentence, _("Import"), width=260, height=90)
            cells.append(cell)
        lines = 1
        if faults:
            told = "\n".join(f"{f.column_letters}: {f.sentence}" if f.column else f.sentence for f in faults)
            cells.append(cell_of(self.sheet, told, self.styles.copied(None, wrong=True)))
            lines = lines_needed(told, PROBLEM_WIDTH)
        append(self.sheet, number, cells, lines)


def headings_of(raw: RawSheet) -> dict[int, str]:
    """What stands above each recognised column, by its number from 1, in the reader's language."""
    if not raw.layout:
        return {}
    return {place + 1: str(raw.layout.by_name[name].label) for name, place in raw.columns.items()}


def _again(value: Any, column: Column | None, raw: RawSheet) -> Value:
    """A value of a body cell as it may be written back: days as days, everything else as it was shown."""
    if column and column.kind is Kind.DAY and isinstance(value, int | float) and not isinstance(value, bool):
        try:
            day: date | None = parser_of(column)(value, raw.days_since_1904)
        except Doubt:
            return value
        return day
    if isinstance(value, bool | dict):
        return _shown(value)
    return value


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return _("(formula)") if "f" in value else str(value["e"])
    return str(value)
