"""What stands in a cell as what a column means by it: a text, a key, a day, a count, a choice.

A cell that cannot be taken gives a ``Doubt``: the code of a sentence and its figures.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from branches.roster.layout import Column, Kind, choice_named
from common.cells import clean

MAX_COUNT = 1_000_000
EXACT_DIGITS = 15
"""A spreadsheet keeps so many digits of a number; the rest of an id typed as one is gone."""

_DAY_ZERO = date(1899, 12, 30)
_DAY = re.compile(r"(\d{4})\s*[-./年]\s*(\d{1,2})\s*[-./月]\s*(\d{1,2})\s*日?(?:[ T]00:00(?::00(?:\.0+)?)?)?")
_EIGHT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_ROUNDED = re.compile(r"\d(?:\.\d+)?[eE]\+\d+")
_WHOLE = re.compile(r"\d{1,9}")
_BETWEEN = re.compile(r"[、,，;；\n]")
_KEY = re.compile(r"\w[\w.@+-]*")
EMAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+")


class Doubt(Exception):
    """A cell that cannot be taken."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def text_of(value: Any) -> str:
    """The text of a cell, cleaned of what no text should hold; whole numbers as people typed them."""
    if isinstance(value, str):
        return value.strip() if value.isprintable() else clean(value).replace("\n", " ").strip()
    if isinstance(value, bool):
        raise Doubt("not_text")
    if isinstance(value, int):
        if abs(value) >= 10**EXACT_DIGITS:
            raise Doubt("digits_lost")
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        raise Doubt(
            "formula" if "f" in value else "error_value", **({} if "f" in value else {"value": value["e"]})
        )
    return ""


def parser_of(column: Column) -> Callable[[Any, int], Any]:
    """The function that reads a cell of this column; its second argument is the sheet's shift of days."""
    return {
        Kind.TEXT: _short_text,
        Kind.PARAGRAPHS: _paragraphs,
        Kind.KEY: _key,
        Kind.CHOICE: _choice,
        Kind.LIST: _words,
        Kind.COUNT: _count,
        Kind.DAY: _day,
        Kind.NOTE: _nothing,
        Kind.SYSTEM: _system,
    }[column.kind](column)


def _short_text(column: Column) -> Callable[[Any, int], Any]:
    longest = column.longest

    def parse(value: Any, _shift: int) -> str:
        text = text_of(value)
        if longest and len(text) > longest:
            raise Doubt("too_long", count=longest)
        return text

    return parse


def _paragraphs(column: Column) -> Callable[[Any, int], Any]:
    longest, short = column.longest, _short_text(column)

    def parse(value: Any, shift: int) -> str:
        if not isinstance(value, str):
            return str(short(value, shift))
        text = "\n".join(line.strip() for line in clean(value).strip().split("\n"))
        if longest and len(text) > longest:
            raise Doubt("too_long", count=longest)
        return text

    return parse


def _key(column: Column) -> Callable[[Any, int], Any]:
    longest, name = column.longest, column.name

    def parse(value: Any, _shift: int) -> str:
        text = text_of(value)
        if not text.isascii():
            text = unicodedata.normalize("NFKC", text).strip()
        if len(text) > longest:
            raise Doubt("too_long", count=longest)
        if isinstance(value, str) and _ROUNDED.fullmatch(text):
            raise Doubt("digits_lost")
        if not text:
            return text
        if name == "phone":
            return _phone(text)
        if name == "email":
            if not EMAIL.fullmatch(text):
                raise Doubt("not_email")
            return text
        if not _KEY.fullmatch(text):
            raise Doubt("not_key")
        return text

    return parse


def _phone(text: str) -> str:
    plain = text.replace(" ", "").replace("-", "")
    if not re.fullmatch(r"\+?\d{5,17}", plain):
        raise Doubt("not_phone")
    return plain


def _choice(column: Column) -> Callable[[Any, int], Any]:
    def parse(value: Any, _shift: int) -> str:
        text = text_of(value)
        if not text:
            return ""
        found = choice_named(column, text)
        if found is None:
            raise Doubt(
                "not_choice", words="、".join(str(label) for label in (column.choices or {}).values())
            )
        return found

    return parse


def _words(column: Column) -> Callable[[Any, int], Any]:
    def parse(value: Any, _shift: int) -> tuple[str, ...]:
        words = [word.strip() for word in _BETWEEN.split(text_of(value))]
        if any(len(word) > column.longest for word in words):
            raise Doubt("too_long", count=column.longest)
        return tuple(dict.fromkeys(word for word in words if word))

    return parse


def _count(_column: Column) -> Callable[[Any, int], Any]:
    def parse(value: Any, _shift: int) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool):
            number = value
        else:
            text = unicodedata.normalize("NFKC", text_of(value))
            if not text:
                return None
            if not _WHOLE.fullmatch(text):
                raise Doubt("not_count")
            number = int(text)
        if not 0 <= number <= MAX_COUNT:
            raise Doubt("not_count")
        return number

    return parse


def _day(_column: Column) -> Callable[[Any, int], Any]:
    def parse(value: Any, shift: int) -> date | None:
        if isinstance(value, int | float) and not isinstance(value, bool):
            if 19000101 <= value <= 29991231:
                return _day_of(str(int(value)))
            # Before March 1900 the two calendars of spreadsheets differ; nobody here took a post then.
            if not 61 <= value + shift < 200_000:
                raise Doubt("not_day")
            return _DAY_ZERO + timedelta(days=int(value) + shift)
        text = text_of(value)
        return _day_of(unicodedata.normalize("NFKC", text)) if text else None

    return parse


def _day_of(text: str) -> date:
    found = _DAY.fullmatch(text) or _EIGHT.fullmatch(text)
    if not found:
        raise Doubt("not_day")
    year, month, day = map(int, found.groups())
    if not 1900 <= year <= 2199:
        raise Doubt("not_day")
    try:
        return date(year, month, day)
    except ValueError as error:
        raise Doubt("not_day") from error


def _nothing(_column: Column) -> Callable[[Any, int], Any]:
    def parse(_value: Any, _shift: int) -> None:
        return None

    return parse


def _system(_column: Column) -> Callable[[Any, int], Any]:
    def parse(value: Any, _shift: int) -> tuple[str, int, int] | None:
        text = text_of(value)
        if not text:
            return None
        found = re.fullmatch(r"([MOP])(\d{1,15})\.(\d{1,15})", text)
        if not found:
            raise Doubt("not_system")
        return found.group(1), int(found.group(2)), int(found.group(3))

    return parse
