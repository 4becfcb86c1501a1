"""The parser of .xlsx, run as a program of its own with hard limits; it calculates nothing and follows no link.

    python workbook_parser.py FILE ROWS COLUMNS CHARACTERS MEMORY_BYTES CPU_SECONDS

Prints one JSON value a line: ``{"sheet": title}``, then ``[row number, [values]]`` for each row that holds anything.
A value is a text, a number, a truth value, null for an empty cell, or ``{"f": 1}`` for a formula and ``{"e": text}``
for an error. ``{"refused": code, …}`` ends it early. Whatever a hostile file does here ends with this process.
"""

from __future__ import annotations

import json
import posixpath
import resource
import sys
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from lxml import etree  # type: ignore[import-untyped]

MAX_SHEETS = 50
_FORMULA = {"f": 1}
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
# Days between Excel's two calendars, for workbooks that count from 1904.
_FROM_1904 = 1462


class Refusal(Exception):
    """Ends the program with a reason."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.answer = {"refused": code, **params}


class Limits:
    """What one workbook may hold."""

    def __init__(self, rows: int, columns: int, characters: int) -> None:
        self.rows, self.columns, self.characters = rows, columns, characters


def elements(part: IO[bytes], tag: str) -> Iterator[Any]:
    """Every element of this name, whole, one after another; what was seen is let go."""
    parsed = etree.iterparse(part, tag=f"{{*}}{tag}", resolve_entities=False, no_network=True, load_dtd=False)
    for _event, element in parsed:
        yield element
        element.clear(keep_tail=False)
        while element.getprevious() is not None:
            del element.getparent()[0]


def local(element: Any) -> str:
    """The name of an element without its namespace; empty for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def string_of(item: Any, limit: int) -> str:
    """The text of a shared or inline string: its runs, without the reading aids above Han characters."""
    parts = []
    for child in item:
        name = local(child)
        if name == "t":
            parts.append(child.text or "")
        elif name == "r":
            parts += [grand.text or "" for grand in child if local(grand) == "t"]
    text = "".join(parts)
    if len(text) > limit:
        raise Refusal("long_cell", characters=limit)
    return text


def parse(path: str, limits: Limits) -> Iterator[Any]:
    """The lines of the answer."""
    with zipfile.ZipFile(path) as package:
        names = set(package.namelist())
        book = etree.fromstring(package.read("xl/workbook.xml"), _safe())
        targets, shared_name = relations(package)
        shared: list[str] = []
        if shared_name in names:
            with package.open(shared_name) as part:
                shared = [string_of(item, limits.characters) for item in elements(part, "si")]
        properties = book.find("{*}workbookPr")
        late = properties is not None and properties.get("date1904") in ("1", "true")
        sheets = list(book.iterfind("{*}sheets/{*}sheet"))
        if len(sheets) > MAX_SHEETS:
            raise Refusal("sheets", sheets=MAX_SHEETS)
        for sheet in sheets:
            if sheet.get("state", "visible") != "visible":
                continue
            target = targets.get(sheet.get(_RELATION) or sheet.get(_STRICT_RELATION) or "")
            if target not in names or "worksheets/" not in str(target):
                continue
            yield {"sheet": sheet.get("name") or "", "1904": _FROM_1904 if late else 0}
            with package.open(target) as part:
                yield from rows(part, shared, limits)


def relations(package: zipfile.ZipFile) -> tuple[dict[str, str], str]:
    """Where the sheets and the shared strings of the workbook stand."""
    targets, shared = {}, ""
    for relation in etree.fromstring(package.read("xl/_rels/workbook.xml.rels"), _safe()):
        if not isinstance(relation.tag, str) or relation.get("TargetMode") == "External":
            continue
        target = relation.get("Target") or ""
        target = target.lstrip("/") if target.startswith("/") else posixpath.normpath("xl/" + target)
        targets[relation.get("Id") or ""] = target
        if str(relation.get("Type")).endswith("/sharedStrings"):
            shared = target
    return targets, shared


def rows(part: IO[bytes], shared: list[str], limits: Limits) -> Iterator[list[Any]]:
    """The rows of a sheet that hold anything."""
    number = seen = 0
    columns: dict[str, int] = {}
    for row in elements(part, "row"):
        seen += 1
        given = row.get("r")
        number = int(given) if given else number + 1
        if number > limits.rows or seen > limits.rows:
            raise Refusal("rows", rows=limits.rows)
        values: list[Any] = []
        for cell in row:
            if not len(cell):
                continue
            value = value_of(cell, shared, limits.characters)
            if value is None:
                continue
            reference = cell.get("r")
            if reference:
                letters = reference.rstrip("0123456789")
                place = columns.get(letters) or columns.setdefault(letters, column_number(letters))
            else:
                place = len(values) + 1
            if place > limits.columns:
                raise Refusal("columns", columns=limits.columns)
            if place > len(values):
                values += [None] * (place - len(values))
            values[place - 1] = value
        if values:
            yield [number, values]


def column_number(letters: str) -> int:
    """A is 1, AA is 27. Raises ValueError for what is no column."""
    number = 0
    for letter in letters:
        number = number * 26 + "ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(letter) + 1
    return number


def value_of(cell: Any, shared: list[str], limit: int) -> Any:
    """What a cell holds; see the head of this file."""
    kind = cell.get("t")
    text = None
    for child in cell:
        name = local(child)
        if name == "v":
            text = child.text
        elif name == "f":
            return _FORMULA
        elif name == "is":
            return string_of(child, limit) or None
    if text is None or text == "":
        return None
    if kind == "s":
        return shared[int(text)] or None
    if kind in ("str", "d"):
        if len(text) > limit:
            raise Refusal("long_cell", characters=limit)
        return text
    if kind == "b":
        return text.strip() == "1"
    if kind == "e":
        return {"e": text[:20]}
    number = float(text)
    if number - number != 0:  # infinite, or no number at all
        raise ValueError(text[:40])
    return int(number) if number.is_integer() else number


def _safe() -> Any:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def main(arguments: list[str]) -> int:
    """Set the limits, parse, print. Exit code 0 with an answer, else the file is broken or too much."""
    path, row_limit, columns, characters, memory, seconds = arguments[0], *map(int, arguments[1:6])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = sys.stdout
    encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
    try:
        for line in parse(path, Limits(row_limit, columns, characters)):
            out.write(encode(line) + "\n")
    except Refusal as refusal:
        out.write(encode(refusal.answer) + "\n")
    except (MemoryError, RecursionError):
        return 6
    except Exception:  # noqa: BLE001 - whatever a parser of hostile files raises, the answer is the same
        return 5
    out.write('{"end":1}\n')
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
