"""A workbook or pasted rows as the table: recognised by the headings, with the theme that stands above each row."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from pathlib import Path
from typing import Any

from django.core import signing
from django.utils.translation import gettext as _

from branches.roster.cells import text_of
from branches.roster.entries import SheetEntries
from branches.roster.faults import refusal
from branches.roster.layout import Kind
from branches.roster.reading import RawSheet, Values, read_sheets, recognised
from branches.roster.shape import MAX_CHARACTERS, BadFile
from common.cells import clean
from common.errors import Refused
from common.ooxml import MEGABYTE
from tracker.measure_table.layout import PASTED, SHEET, MeasureFault, theme_named
from tracker.models import Measure, Plan

MAX_BYTES = MEGABYTE
MAX_ROWS = 500
"""Published lists run to some 150 tasks; what is longer is no list of measures."""
MAX_PASTED = 300_000
"""Characters."""
HELD_SECONDS = 24 * 3600
"""How long a looked-at table may wait to be taken over."""


def read_file(uploaded: Any) -> list[RawSheet]:
    """The sheets of an uploaded .xlsx or .csv, one of them recognised. Raises Refused with the reason for any other file."""
    if uploaded.size > MAX_BYTES:
        raise Refused(_("The file is too large for a list of measures. Leave only its rows in it."))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "measures"
        with path.open("wb") as copy:
            shutil.copyfileobj(uploaded, copy)
        try:
            sheets = recognised(read_sheets(path, uploaded.name), [SHEET])
        except BadFile as bad:
            raise _refused(bad) from bad
    return _of_a_size([sheet for sheet in sheets if sheet.layout])


def read_pasted(text: str) -> list[RawSheet]:
    """Rows as a spreadsheet puts them on the clipboard: cells parted by tabs, quoted where they hold line breaks.

    Without headings the cells are taken in the order of the table. Raises Refused for no rows or too many.
    """
    if len(text) > MAX_PASTED:
        raise Refused(_("That is too much to paste at once. Save it as a workbook and upload that."))
    csv.field_size_limit(MAX_CHARACTERS)
    sheet = RawSheet(str(_("Pasted")))
    try:
        for number, values in enumerate(csv.reader(io.StringIO(clean_breaks(text)), delimiter="\t"), 1):
            row = [clean(value) or None for value in values]
            if any(row):
                sheet.rows.append((number, row))
    except csv.Error as error:
        raise Refused(_("These rows cannot be read. Copy them from the spreadsheet again.")) from error
    if not sheet.rows:
        raise Refused(_("Choose a file or paste rows first."))
    try:
        return _of_a_size(recognised([sheet], [PASTED]))
    except BadFile as bad:
        if bad.code != "no_headings":
            raise _refused(bad) from bad
    sheet.layout = SHEET
    sheet.columns = {column.name: place for place, column in enumerate(SHEET.columns) if place < sheet.width}
    return _of_a_size([sheet])


def read_cells(given: Any) -> list[RawSheet]:
    """Cells edited or pasted on the page: ``{"columns": [name], "rows": [[measure, version, value, …]]}``.

    Every row is one of a known measure. Raises Refused for what is no such thing.
    """
    incomplete = Refused(_("These cells are incomplete. Open the page again and enter them once more."))
    try:
        columns, rows = list(given["columns"]), list(given["rows"])
        known = {
            name for name, column in SHEET.by_name.items() if column.kind not in (Kind.NOTE, Kind.SYSTEM)
        }
        if not columns or not rows or len(set(columns)) < len(columns) or not known.issuperset(columns):
            raise incomplete
        sheet = RawSheet(str(_("Pasted")), layout=SHEET)
        for number, (measure, version, *values) in enumerate(rows[: MAX_ROWS + 1], 1):
            if len(values) != len(columns) or not all(isinstance(value, str) for value in values):
                raise incomplete
            system = f"M{int(measure)}.{int(version)}"
            sheet.rows.append((number, [*(clean(value) or None for value in values), system]))
    except (KeyError, TypeError, ValueError) as error:
        raise incomplete from error
    sheet.columns = {name: place for place, name in enumerate([*columns, "system"])}
    return _of_a_size([sheet])


def clean_breaks(text: str) -> str:
    """Line ends of every kind as line feeds; the form sends what was pasted with carriage returns."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _refused(bad: BadFile) -> Refused:
    if bad.code == "no_headings":
        return Refused(
            _(
                "The headings “Key task” and “What is asked” were not found. Export the list and fill in that workbook."
            ),
            code="roster_no_headings",
        )
    return refusal(bad)


def _of_a_size(sheets: list[RawSheet]) -> list[RawSheet]:
    if len(sheets[0].body) > MAX_ROWS:
        raise Refused(_("A list has at most %(count)s rows. Split it.") % {"count": MAX_ROWS})
    return sheets


def held(sheets: list[RawSheet], plan: Plan, *, name: str) -> str:
    """What was read as a sealed text that the page carries to its next step; nothing is stored meanwhile."""
    [sheet] = sheets
    data = [name[:120], sheet.title, sheet.days_since_1904, sheet.rows, sheet.first, sheet.columns]
    return signing.dumps(data, salt=_salt(plan), compress=True)


def let_go(text: str, plan: Plan) -> tuple[str, list[RawSheet]]:
    """The inverse of ``held``: the name and the sheet. Raises Refused when it is not ours or a day old."""
    try:
        name, title, shift, rows, first, columns = signing.loads(text, salt=_salt(plan), max_age=HELD_SECONDS)
    except signing.BadSignature as error:
        raise Refused(_("This check is too old. Upload the table again.")) from error
    sheet = RawSheet(title, shift, [(number, values) for number, values in rows], SHEET, columns, first)
    return name, [sheet]


def _salt(plan: Plan) -> str:
    return f"tracker.measure_table.{plan.pk}"


class MeasureEntries(SheetEntries):
    """The rows of the table; ``themes`` by row number, for those below a row that names a theme."""

    fault_type = MeasureFault

    def __init__(self, sheet: RawSheet) -> None:
        super().__init__(sheet)
        self.themes: dict[int, str] = {}
        theme: str | None = None
        for number, values in sheet.body:
            if text := self._group(values):
                theme = theme_named(text)
                if theme is None:
                    words = "、".join(str(label) for label in Measure.Theme.labels)
                    self.faults.append(
                        MeasureFault(
                            self.title, number, 1, "no_such_theme", {"name": text[:40], "words": words}
                        )
                    )
            elif theme is not None:
                self.themes[number] = theme

    def _group(self, values: Values) -> str:
        """What a row says that fills the place of the number alone."""
        place = self.columns.get("number")
        filled = [index for index, value in enumerate(values) if value is not None]
        if place is None or filled != [place] or not isinstance(values[place], str):
            return ""
        text = text_of(values[place])
        return "" if text.rstrip(".、").isdigit() else text
