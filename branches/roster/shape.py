"""A look at an uploaded file at the door: is it a roster at all, of a size that can be read, without formulas?

Streams over the bytes of a workbook's sheets without building anything, so a hostile file costs a moment and a few
hundred kilobytes. What passes is still parsed in a process of its own, which asks the same again with a real parser;
what somebody hides from this look costs them only the prompt answer.
"""

from __future__ import annotations

import codecs
import re
import zipfile
from pathlib import Path, PurePath
from typing import IO, Any

from common.ooxml import LIMITS, MEGABYTE, BadPackage, check_package

MAX_ROWS = 120_000
MAX_COLUMNS = 100
MAX_CHARACTERS = 32_767
MAX_FILE_BYTES = LIMITS.file

_CHUNK = 256 * 1024
_OVERLAP = 64
"""Kept from one chunk to the next, so that a tag cut in two is still seen."""
_NAME = rb"<(?:[A-Za-z_][\w.-]*:)?"
_ROW = re.compile(_NAME + rb"row[\s/>]")
# `xm:f` is the range of a drop-down list that takes its words from another sheet.
_FORMULA = re.compile(rb"<(?!xm:)(?:[A-Za-z_][\w.-]*:)?f[\s/>]")
_CELL = re.compile(_NAME + rb"c [^>]{0,40}?r=[\"']([A-Z]{1,3}\d{1,7})[\"']")
_FAR_ROW = re.compile(
    _NAME + rb"row [^>]{0,40}?r=[\"']0*"
    rb"(?:12000[1-9]|1200[1-9]\d|120[1-9]\d\d|12[1-9]\d{3}|1[3-9]\d{4}|[2-9]\d{5}|[1-9]\d{6,})[\"']"
)
_FAR_COLUMN = re.compile(_NAME + rb"c [^>]{0,40}?r=[\"'](?:C[W-Z]|[D-Z][A-Z]|[A-Z]{3,})\d")
_OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_ACTIVE = ("xl/macrosheets/", "xl/dialogsheets/", "xl/activex/", "xl/embeddings/", "xl/ctrlprops/")
_OTHER = (
    b"%PDF-",
    b"{\\rtf",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
    b"<",
)


class BadFile(Exception):
    """A file that is not taken. ``code`` says why, ``params`` holds the figures for the sentence about it."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def kind_of(path: Path, name: str) -> str:
    """``xlsx`` or ``csv``, told by the first bytes and the name. Raises BadFile for anything else."""
    size = path.stat().st_size
    if not size:
        raise BadFile("empty")
    if size > MAX_FILE_BYTES:
        raise BadFile("too_large", megabytes=MAX_FILE_BYTES // MEGABYTE)
    with path.open("rb") as file:
        head = file.read(_CHUNK)
    suffix = PurePath(name).suffix.lower()
    if head.startswith(_OLD_OFFICE):
        encrypted = _ENCRYPTED_PACKAGE in path.read_bytes()
        raise BadFile("encrypted" if encrypted else "old_excel")
    if head.startswith(b"PK"):
        if suffix == ".xlsm":
            raise BadFile("macro")
        return "xlsx"
    if suffix in (".xls", ".et"):
        raise BadFile("old_excel")
    if suffix != ".csv" or head.startswith(_OTHER):
        raise BadFile("unknown_type")
    return "csv"


def check_shape(path: Path, name: str) -> str:
    """The kind of an uploaded file that may be read. Raises BadFile with the reason for any other."""
    kind = kind_of(path, name)
    if kind == "csv":
        _check_csv(path)
    else:
        _check_workbook(path)
    return kind


def encoding_of(path: Path) -> str:
    """BOM → strict UTF-8 → GB18030. Raises BadFile when the bytes are none of them."""
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    elif head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    else:
        candidates = ["utf-8", "gb18030"]
    for encoding in candidates:
        try:
            with path.open(encoding=encoding, newline="") as text:
                while chunk := text.read(_CHUNK):
                    if "\0" in chunk:
                        raise BadFile("wrong_encoding")
        except UnicodeError:
            continue
        return encoding
    raise BadFile("wrong_encoding")


def _check_csv(path: Path) -> None:
    """The encoding, and not more lines than rows are taken (a cell may hold a line break, but few do)."""
    encoding = encoding_of(path)
    lines = 0
    with path.open(encoding=encoding, newline="") as text:
        while chunk := text.read(_CHUNK):
            lines += chunk.count("\n")
    if lines > 2 * MAX_ROWS:
        raise BadFile("rows", rows=MAX_ROWS)


def _check_workbook(path: Path) -> None:
    try:
        check_package(path)
    except BadPackage as bad:
        known = {"too_large", "encrypted", "macro"}
        if bad.code in {"not_zip", "broken"}:
            raise BadFile("broken") from bad
        if bad.code == "not_office":
            raise BadFile("unknown_type") from bad
        raise BadFile(bad.code if bad.code in known else "hostile", **bad.params) from bad
    try:
        with zipfile.ZipFile(path) as package:
            entries = {entry.filename.casefold(): entry for entry in package.infolist()}
            if "xl/workbook.xml" not in entries or "xl/_rels/workbook.xml.rels" not in entries:
                raise BadFile("unknown_type")
            if any(name.startswith(_ACTIVE) for name in entries):
                raise BadFile("macro")
            seen = 0
            for name, entry in entries.items():
                if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                    with package.open(entry) as part:
                        seen = _scan(part, seen)
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError) as error:
        raise BadFile("broken") from error


def _scan(part: IO[bytes], seen: int) -> int:
    """Go over one sheet; returns the rows seen so far in all sheets."""
    before = b""
    while chunk := part.read(_CHUNK):
        if not before and (b"\0" in chunk[:16]):
            raise BadFile(
                "hostile"
            )  # UTF-16: no office program writes a sheet so, and this look could not see into it
        window = before + chunk
        if formula := _FORMULA.search(window):
            cells = _CELL.findall(window, 0, formula.start())
            raise BadFile("formula", cell=cells[-1].decode() if cells else "?")
        if _FAR_COLUMN.search(window):
            raise BadFile("columns", columns=MAX_COLUMNS)
        seen += sum(1 for found in _ROW.finditer(window) if found.end() > len(before))
        if seen > MAX_ROWS or _FAR_ROW.search(window):
            raise BadFile("rows", rows=MAX_ROWS)
        before = window[-_OVERLAP:]
    return seen
