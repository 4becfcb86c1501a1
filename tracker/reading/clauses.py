"""Sentences and clauses with their offsets, and the modal that makes a clause a demand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

SENTENCE = re.compile(r"[^。！？\n]+[。！？]?")
_CLAUSE = re.compile(r"[^，；：。！？\n\t|]+")

# 要, 应, 须, 将 as modals: not inside 重要, 要求, 相应, 应急, 必须(the whole word counts).
MODAL = re.compile(
    r"(?:一定要|必须要?|务必要?|应当|应该|需要|(?<![重主纪摘首只概提次紧简扼])要(?![求点素害闻件旨义领职道么])"
    r"|(?<![响相适反效供对呼顺感理])应(?![急对付用聘邀变届有声])|(?<![必])须|务求)"
)
LONGEST = 300
"""A clause longer than this is no sentence a person wrote; it is not searched for actions."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A run of text between two commas; `opens` when a semicolon, a colon or the sentence stands before it."""

    start: int
    end: int
    opens: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """From one full stop to the next, [start, end), without surrounding blanks."""

    start: int
    end: int


def sentences(text: str, start: int, end: int) -> Iterator[Sentence]:
    """The sentences of a stretch of text (a view from `shadow`)."""
    for match in SENTENCE.finditer(text, start, end):
        first, last = match.span()
        while first < last and text[first].isspace():
            first += 1
        while last > first and text[last - 1].isspace():
            last -= 1
        if first < last:
            yield Sentence(first, last)


def clauses(text: str, start: int, end: int) -> list[Clause]:
    """The clauses of one sentence."""
    found: list[Clause] = []
    for match in _CLAUSE.finditer(text, start, end):
        first, last = match.span()
        while first < last and text[first].isspace():
            first += 1
        while last > first and text[last - 1].isspace():
            last -= 1
        if first < last:
            before = text[match.start() - 1] if match.start() > start else "。"
            found.append(Clause(first, last, before != "，"))
    return found
