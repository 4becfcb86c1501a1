"""Text on its way into and out of spreadsheets: never a formula, never a character that breaks the file.

Every text cell of every workbook and CSV passes here. openpyxl makes any text that begins with ``=`` a live
formula, in both of its modes, and raises on control characters.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

MAX_CHARS = 32_767
"""Excel's limit for one cell."""
MAX_HEIGHT = 409.0
"""Excel's limit for one row, in points."""
LINE_HEIGHT = 14.0

_UNWRITABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_NEW_LINES = re.compile("\r\n?|\x85|\u2028|\u2029")
_SHEET_TITLE = re.compile(r"[\[\]:*?/\\']")
_DANGEROUS_IN_CSV = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00")


def clean(text: Any) -> str:
    """A text as it may stand in a cell: no control, direction or broken characters, at most 32,767 of them.

    Every kind of line break becomes a line feed. What is cut off is marked by an ellipsis.
    """
    cleaned = _NEW_LINES.sub("\n", str(text))
    cleaned = _DIRECTIONS.sub("", _UNWRITABLE.sub("", cleaned))
    # Excel counts in UTF-16 units: a character outside the basic plane is two.
    if len(cleaned) <= MAX_CHARS // 2 or len(cleaned.encode("utf-16-le")) // 2 <= MAX_CHARS:
        return cleaned
    kept = cleaned.encode("utf-16-le")[: 2 * (MAX_CHARS - 1)].decode("utf-16-le", "ignore")
    return kept + "…"


def for_csv(text: Any) -> str:
    """The same for a CSV file, where only a leading apostrophe keeps a spreadsheet from calculating."""
    raw = str(text)
    cleaned = clean(raw)
    return (
        f"'{cleaned}"
        if raw.startswith(_DANGEROUS_IN_CSV) or cleaned.startswith(_DANGEROUS_IN_CSV)
        else cleaned
    )


def write_text(cell: Any, text: Any) -> Any:
    """Put a text into an openpyxl cell as a text, whatever it begins with; returns the cell.

    ``data_type`` keeps it text in the file, ``quotePrefix`` keeps it text when somebody edits the cell.
    Set the style before: quotePrefix is part of it.
    """
    cell.value = clean(text)
    cell.data_type = "s"
    cell.quotePrefix = True
    return cell


def sheet_title(text: Any) -> str:
    """A name for a sheet: without the characters Excel forbids, at most 31, never empty."""
    return _SHEET_TITLE.sub(" ", clean(text)).replace("\n", " ").strip()[:31].strip() or "Sheet"


def text_width(text: str) -> int:
    """Width of a line in half-width units: 2 for a Han character or a full-width sign, else 1."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in text)


def lines_needed(text: str, width: float) -> int:
    """How many lines a wrapped text takes in a column of ``width`` characters (formats §1)."""
    room = max(width - 1, 1)
    if 2 * len(text) <= room and "\n" not in text:  # most cells of a long table
        return 1
    return sum(max(1, -int(-text_width(paragraph) // room)) for paragraph in text.split("\n"))


def row_height(lines: int) -> float:
    """Height in points of a row whose tallest cell has so many lines; writing libraries do not compute it."""
    return min(lines * LINE_HEIGHT + 4, MAX_HEIGHT)
