"""The rows of a recognised sheet with each cell as what its column means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from branches.roster.cells import Doubt, parser_of
from branches.roster.faults import Fault
from branches.roster.layout import Kind
from branches.roster.reading import RawSheet

_EMPTY: dict[Kind, Any] = {
    Kind.COUNT: None,
    Kind.DAY: None,
    Kind.SYSTEM: None,
    Kind.LIST: (),
    Kind.NOTE: None,
}


@dataclass
class Entry:
    """One row. ``values`` has every column of the layout; an empty cell and an absent column are both empty."""

    row: int
    values: dict[str, Any]
    sound: bool = True
    """False when one of its cells could not be taken."""

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


class SheetEntries:
    """The entries of one sheet, and where to put a fault about them."""

    fault_type: type[Fault] = Fault

    def __init__(self, sheet: RawSheet) -> None:
        assert sheet.layout
        self.title = sheet.title
        self.layout = sheet.layout
        self.columns = sheet.columns
        self.faults: list[Fault] = []
        self.entries = self._read(sheet)

    def has(self, name: str) -> bool:
        """Whether the file has this column at all."""
        return name in self.columns

    def fault(self, entry: Entry, column: str, code: str, **params: Any) -> None:
        """Note a fault at a cell of a row; the row is unsound from now on."""
        entry.sound = False
        place = self.columns.get(column)
        self.faults.append(
            self.fault_type(self.title, entry.row, 0 if place is None else place + 1, code, params)
        )

    def _read(self, sheet: RawSheet) -> list[Entry]:
        layout, shift = self.layout, sheet.days_since_1904
        empty = {column.name: _EMPTY.get(column.kind, "") for column in layout.columns}
        plan = [
            (column.name, sheet.columns[column.name], parser_of(column))
            for column in layout.columns
            if column.name in sheet.columns
        ]
        width = max(place for _name, place, _parse in plan) + 1
        entries = []
        for number, given_values in sheet.body:
            values = given_values + [None] * (width - len(given_values))
            entry = Entry(number, dict(empty))
            given = False
            for name, place, parse in plan:
                value = values[place]
                if value is None:
                    continue
                try:
                    entry.values[name] = found = parse(value, shift)
                except Doubt as doubt:
                    self.fault(entry, name, doubt.code, **doubt.params)
                    given = True
                else:
                    given = given or bool(found) or found == 0
            if given:
                entries.append(entry)
        return entries

    def demand(self, entry: Entry, *names: str) -> None:
        """Note a fault for each of these cells that is empty and not faulty already."""
        doubtful = {f.column for f in self.faults if f.row == entry.row} if not entry.sound else set()
        for name in names:
            place = self.columns.get(name)
            if not entry[name] and (place is None or place + 1 not in doubtful):
                self.fault(entry, name, "needed")
