"""A table of days off and make-up days (.csv, .xlsx) as the lines that ``common.holiday_notice`` reads."""

from __future__ import annotations

import shutil
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from branches.roster.faults import refusal
from branches.roster.reading import RawSheet, read_sheets
from branches.roster.shape import BadFile
from common.errors import Refused

MAX_BYTES = 256 * 1024
MAX_DAYS = 400
_DAY_ZERO = date(1899, 12, 30)


def text_of(uploaded: Any) -> str:
    """One line for each row with a day, "2027-10-01 放假 国庆节", so that people see what was read.

    The columns are day, 放假 or 上班, occasion; a first row without a day is the heading. Raises Refused for a file
    that is no such table, naming the row.
    """
    if uploaded.size > MAX_BYTES:
        raise Refused(_("The file is too large for a list of holidays. Leave only the days in it."))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "days"
        with path.open("wb") as copy:
            shutil.copyfileobj(uploaded, copy)
        try:
            sheets = read_sheets(path, uploaded.name)
        except BadFile as bad:
            if bad.code == "unknown_type":
                raise Refused(_("Choose an .xlsx workbook or a .csv file.")) from bad
            raise refusal(bad) from bad
    filled = [sheet for sheet in sheets if sheet.rows]
    if not filled:
        raise Refused(_("The text names no day that is off or worked."))
    lines = list(_lines(filled[0]))
    if len(lines) > MAX_DAYS:
        raise Refused(_("The file is too large for a list of holidays. Leave only the days in it."))
    return "\n".join(lines)


def _lines(sheet: RawSheet) -> Any:
    for place, (number, values) in enumerate(sheet.rows):
        day, kind, name = [*values, None, None, None][:3]
        said = _day(day, sheet.days_since_1904)
        if not said:
            if place == 0:
                continue
            raise Refused(_("Row %(row)s does not begin with a date such as 2027-10-01.") % {"row": number})
        if not isinstance(kind, str):
            raise Refused(_("Row %(row)s does not say 放假 or 上班 in its second column.") % {"row": number})
        yield " ".join([said, kind.strip(), name.strip() if isinstance(name, str) else ""]).strip()


def _day(value: Any, shift: int) -> str:
    """A cell as a day in figures; empty when it is none."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 30_000 < value < 80_000:
        return (_DAY_ZERO + timedelta(days=int(value) + shift)).isoformat()
    text = str(value).strip() if isinstance(value, str) else ""
    parts = (
        text.replace("年", "-")
        .replace("月", "-")
        .replace("日", "")
        .replace("/", "-")
        .replace(".", "-")
        .split("-")
    )
    return (
        "-".join(part.strip() for part in parts)
        if len(parts) == 3 and all(p.strip().isdecimal() for p in parts)
        else ""
    )
