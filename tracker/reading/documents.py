"""A received file as text.

Text is decoded as BOM → strict UTF-8 → GB18030 (and UTF-16 without a BOM where the bytes look like it):
charset guessers take short GBK texts for Korean. Offsets of a reading count in the text returned here,
whose line ends are all `\\n`.
"""

from __future__ import annotations

import codecs
from typing import Any

MAX_TEXT_BYTES = 4 * 1024 * 1024
"""Largest plain text taken, in bytes: a text of MAX_CHARACTERS in UTF-8 with room for UTF-16."""
MAX_CHARACTERS = 1_000_000
"""Longest text taken, in characters."""

MAX_FILE_BYTES = 20 * 1024 * 1024
"""Largest file taken, in bytes."""

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
    """The text of a file, told by its name and its first bytes. Raises Unreadable."""
    if not data:
        raise Unreadable("empty")
    return checked(decoded(data))


def decoded(data: bytes) -> str:
    """Bytes of a plain text as `str`, line ends as `\\n`. Raises Unreadable."""
    if len(data) > MAX_TEXT_BYTES:
        raise Unreadable("too_large", megabytes=MAX_TEXT_BYTES // 1024 // 1024)
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _strict(data[len(bom) :], encoding)
    guess = _utf16_without_bom(data)
    if guess:
        return _strict(data, guess)
    try:
        return _line_ends(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _strict(data, "gb18030")


def _strict(data: bytes, encoding: str) -> str:
    try:
        return _line_ends(data.decode(encoding))
    except UnicodeDecodeError:
        raise Unreadable("not_text") from None


def _line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _utf16_without_bom(data: bytes) -> str | None:
    """UTF-16 betrays itself by its line ends and ASCII: every other byte of them is NUL."""
    head = data[:4000]
    if len(data) % 2 or b"\0" not in head:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if even == odd:
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


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
