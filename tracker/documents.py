"""A received file as text.

Text is decoded as BOM → strict UTF-8 → GB18030 (and UTF-16 without a BOM where the bytes look like it):
charset guessers take short GBK texts for Korean. Offsets of a reading count in the text returned here,
whose line ends are all line feeds.
"""

from __future__ import annotations

import codecs
import subprocess
import sys
from pathlib import Path, PurePath
from typing import Any

from common.ooxml import MEGABYTE, BadPackage, check_package
from tracker.document_parser import EXITS

MAX_TEXT_BYTES = 4 * MEGABYTE
"""Largest plain text taken, in bytes: a text of MAX_CHARACTERS in UTF-8 with room for UTF-16."""
MAX_CHARACTERS = 1_000_000
"""Longest text taken, in characters."""

MAX_FILE_BYTES = 20 * MEGABYTE
"""Largest file taken, in bytes."""

MEMORY = 1024 * MEGABYTE
"""Address space of the parser's process, in bytes."""
CPU_SECONDS = 20
WALL_SECONDS = 40

_PARSER = Path(__file__).with_name("document_parser.py")
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_OTHER = (b"{\\rtf", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BM")
_TELLING = "，。、的"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Unreadable(Exception):
    """A file that gives no text. `code` says why, `params` holds the figures for the sentence about it."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def text_of(name: str, data: bytes) -> str:
    """The text of a received file, told by its first bytes and its name. Raises Unreadable.

    .docx and .pdf are parsed in a process of their own: at most `MEMORY` bytes, `CPU_SECONDS` and
    `WALL_SECONDS`; what exceeds them is refused, not waited for.
    """
    if not data:
        raise Unreadable("empty")
    if len(data) > MAX_FILE_BYTES:
        raise Unreadable("too_large", megabytes=MAX_FILE_BYTES // MEGABYTE)
    kind = kind_of(name, data)
    if kind == "text":
        return checked(decoded(data))
    if kind == "docx":
        _check_docx(data)
    return checked(_line_ends(_unpacked(kind, data)))


def kind_of(name: str, data: bytes) -> str:
    """`text`, `docx` or `pdf`. Raises Unreadable for anything else."""
    head = data[:1024]
    if b"%PDF-" in head:
        return "pdf"
    if head.startswith(b"PK"):
        if PurePath(name).suffix.lower() in ("", ".docx", ".docm", ".zip"):
            return "docx"
        raise Unreadable("unknown_type")
    if head.startswith(_OLE):
        raise Unreadable("encrypted" if _ENCRYPTED_PACKAGE in data else "legacy_word")
    if PurePath(name).suffix.lower() in (".doc", ".wps", ".docx", ".pdf"):
        raise Unreadable("broken" if PurePath(name).suffix.lower() in (".docx", ".pdf") else "legacy_word")
    if head.startswith(_OTHER) or PurePath(name).suffix.lower() not in (
        "",
        ".txt",
        ".md",
        ".markdown",
        ".text",
    ):
        raise Unreadable("unknown_type")
    return "text"


def _check_docx(data: bytes) -> None:
    try:
        check_package(data)
    except BadPackage as bad:
        code = {
            "too_large": "too_large",
            "encrypted": "encrypted",
            "broken": "broken",
            "not_zip": "broken",
            "not_office": "unknown_type",
        }.get(bad.code, "hostile")
        raise Unreadable(code, **bad.params) from bad


def _unpacked(kind: str, data: bytes) -> str:
    """The parser's answer, from a process of its own."""
    command = [sys.executable, "-I", str(_PARSER), kind, str(MAX_CHARACTERS), str(MEMORY), str(CPU_SECONDS)]
    try:
        done = subprocess.run(
            command,
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=WALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unreadable("too_costly") from None
    if done.returncode != 0:
        reason = EXITS.get(done.returncode, "too_costly" if done.returncode < 0 else "broken")
        raise Unreadable(reason, characters=MAX_CHARACTERS)
    return done.stdout.decode("utf-8")


def decoded(data: bytes) -> str:
    """Bytes of a plain text as `str`, line ends as line feeds. Raises Unreadable."""
    if len(data) > MAX_TEXT_BYTES:
        raise Unreadable("too_large", megabytes=MAX_TEXT_BYTES // MEGABYTE)
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _strict(data[len(bom) :], encoding)
    if b"\0" not in data:
        try:
            return _line_ends(data.decode("utf-8"))
        except UnicodeDecodeError:
            pass
    return _line_ends(_likeliest(data))


def _likeliest(data: bytes) -> str:
    """GB18030, or UTF-16 without a BOM where that gives more of the commonest Chinese signs."""
    best, most = None, -1
    for encoding in ("gb18030", "utf-16-le", "utf-16-be"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        telling = sum(text.count(sign) for sign in _TELLING)
        if telling > most:
            best, most = text, telling
    if best is None:
        raise Unreadable("not_text")
    return best


def _strict(data: bytes, encoding: str) -> str:
    try:
        return _line_ends(data.decode(encoding))
    except UnicodeDecodeError:
        raise Unreadable("not_text") from None


def _line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def checked(text: str) -> str:
    """The text, if it is one to be read. Raises Unreadable for an empty, an endless or a binary one."""
    if not text.strip():
        raise Unreadable("empty")
    if len(text) > MAX_CHARACTERS:
        raise Unreadable("too_long", characters=MAX_CHARACTERS)
    odd = sum(text.count(chr(code)) for code in (*range(9), 0x0E, 0x0F, *range(0x10, 0x20), 0xFFFD))
    if odd * 100 > len(text):
        raise Unreadable("not_text")
    return text
