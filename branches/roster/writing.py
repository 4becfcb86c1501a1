"""Workbooks in the roster's layout: the template, the export and the marked copy differ only in their rows.

Rows are written as they come, with styles shared by column; every text is a text, whatever it begins with.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from branches.roster.layout import EXPLANATIONS, SHEETS, Column, Kind, Sheet
from branches.roster.looks import Styles, Value, add_head, append, cell_of, set_up_page
from branches.roster.shape import MAX_ROWS
from common.cells import clean, lines_needed, sheet_title, text_width
from common.errors import Sentence

HEADER_ROWS = 4


class RosterBook:
    """One workbook on its way to a file."""

    def __init__(self, *, by: str = "") -> None:
        self.book = Workbook(write_only=True)
        self.book.properties.creator = clean(by)
        self.book.properties.title = _("Party organizations and posts")

    def save(self, target: Path | IO[bytes]) -> None:
        """Write the file."""
        self.book.save(target)

    def table(self, layout: Sheet, rows: Iterable[Sequence[Value]], *, title: str, subtitle: str) -> int:
        """One sheet of the layout with these rows, ready to be filled in and imported; returns how many there were."""
        sheet = self.book.create_sheet(sheet_title(layout.title))
        columns = layout.columns
        set_up_page(sheet, [column.width for column in columns])
        styles = Styles(sheet)
        looks = [styles.body(column) for column in columns]
        for index, (column, look) in enumerate(zip(columns, looks, strict=True), 1):
            dimension = sheet.column_dimensions[get_column_letter(index)]
            dimension.hidden = column.kind is Kind.SYSTEM
            # Cells that are empty yet take the style of their column: a phone number typed there stays a text.
            dimension._style = look  # noqa: SLF001
        last = get_column_letter(sum(column.kind is not Kind.SYSTEM for column in columns))
        sheet.freeze_panes = f"C{HEADER_ROWS + 1}"
        add_head(sheet, styles, title, subtitle, len(columns) - 1, columns=len(columns))
        add_headings(sheet, styles, columns)
        widths = [column.width for column in columns]
        row = HEADER_ROWS
        for row, values in enumerate(rows, HEADER_ROWS + 1):
            lines = 1
            for width, value in zip(widths, values, strict=True):
                if width and isinstance(value, str) and 2 * len(value) >= width:
                    lines = max(lines, lines_needed(value, width))
            append(
                sheet, row, [cell_of(sheet, v, look) for v, look in zip(values, looks, strict=True)], lines
            )
        sheet.data_validations.dataValidation.extend(validations(columns))
        sheet.auto_filter.ref = f"A{HEADER_ROWS}:{last}{max(row, HEADER_ROWS + 1)}"
        sheet.print_title_rows = f"1:{HEADER_ROWS}"
        sheet.print_area = f"A1:{last}{max(row, HEADER_ROWS + 1)}"
        return row - HEADER_ROWS

    def explanations(
        self, lines: Sequence[str], layouts: Sequence[Sheet] = SHEETS, *, title: Sentence = EXPLANATIONS
    ) -> None:
        """The last sheet: how to fill it in, and every column with an example."""
        names = [
            (_("Sheet"), 12),
            (_("Column"), 18),
            (_("Needed"), 8),
            (_("Explanation"), 64),
            (_("Example"), 24),
        ]
        sheet = self.book.create_sheet(sheet_title(title))
        widths = [width for _name, width in names]
        last = get_column_letter(len(names))
        set_up_page(sheet, widths)
        styles = Styles(sheet)
        add_head(sheet, styles, str(title), "", len(names))
        row = 2
        for line in lines:
            row += 1
            append(sheet, row, [cell_of(sheet, line, styles.note)], lines_needed(line, sum(widths)))
            sheet.merged_cells.add(f"A{row}:{last}{row}")
        row += 1
        append(sheet, row, [cell_of(sheet, name, styles.header) for name, _width in names], 1)
        explained = [
            _explained(layout, column)
            for layout in layouts
            for column in layout.columns
            if column.kind is not Kind.SYSTEM
        ]
        for values in explained:
            row += 1
            tallest = max(lines_needed(value, width) for value, width in zip(values, widths, strict=True))
            append(sheet, row, [cell_of(sheet, value, styles.text) for value in values], tallest)
        sheet.print_area = f"A1:{last}{row}"


def _explained(layout: Sheet, column: Column) -> list[str]:
    example = (column.choices or {}).get(column.example, column.example)
    heading = f"{column.group} · {column.label}" if column.group else str(column.label)
    return [str(layout.title), heading, "●" if column.needed else "", str(column.help), str(example)]


def add_headings(sheet: Any, styles: Styles, columns: Sequence[Column]) -> None:
    """Rows 3 and 4: groups above their columns, columns without a group merged down."""
    names = [
        _balanced(f"{column.label}*" if column.needed else str(column.label), column.width)
        for column in columns
    ]
    groups = [str(column.group) for column in columns]
    above = [group or name for group, name in zip(groups, names, strict=True)]
    below = [name if group else "" for group, name in zip(groups, names, strict=True)]
    most = max(lines_needed(name, max(column.width, 4)) for name, column in zip(names, columns, strict=True))
    append(sheet, 3, [cell_of(sheet, name, styles.header) for name in above], 1)
    append(sheet, 4, [cell_of(sheet, name, styles.header) for name in below], max(most, 2))
    start = 0
    while start < len(columns):
        end = start
        while groups[start] and end + 1 < len(columns) and groups[end + 1] == groups[start]:
            end += 1
        first, last = get_column_letter(start + 1), get_column_letter(end + 1)
        if not groups[start]:
            sheet.merged_cells.add(f"{first}3:{first}4")
        elif end > start:
            sheet.merged_cells.add(f"{first}3:{last}3")
        start = end + 1


def _balanced(text: str, width: float) -> str:
    """A heading broken into lines of like length. Bold heads need more room than their characters."""
    room, wide = max(width * 0.85, 2), text_width(text)
    if not width or wide <= room or text.isascii():
        return text
    lines = -int(-wide // room)
    each = -(-len(text) // lines)
    return "\n".join(text[start : start + each] for start in range(0, len(text), each))


def validations(columns: Sequence[Column]) -> Iterable[DataValidation]:
    """Drop-downs where there is a choice, and a word of help where a day or a number is wanted."""
    for index, column in enumerate(columns, 1):
        letter = get_column_letter(index)
        if column.choices:
            words = ",".join(str(label) for label in column.choices.values())
            validation = DataValidation(type="list", formula1=f'"{words}"')
        elif column.kind is Kind.DAY:
            validation = DataValidation(type="date", operator="between", formula1="1", formula2="109574")
        elif column.kind is Kind.COUNT:
            validation = DataValidation(type="whole", operator="between", formula1="0", formula2="1000000")
        else:
            continue
        validation.allow_blank = True
        # A warning, not a stop: a day typed as text is understood, too.
        validation.errorStyle = "stop" if column.choices else "warning"
        validation.showErrorMessage = validation.showInputMessage = True
        validation.promptTitle = str(column.label)[:32]
        validation.prompt = str(column.help)[:255]
        validation.add(f"{letter}{HEADER_ROWS + 1}:{letter}{MAX_ROWS}")
        yield validation
