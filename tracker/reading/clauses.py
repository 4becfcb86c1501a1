"""Sentences and clauses with their offsets, and the modal that makes a clause a demand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_SENTENCE = re.compile(r"[^\s。！？](?:[^。！？\n]*(?:[。！？]|[^\s。！？]))?|[。！？]")
_CLAUSE = re.compile(r"[^\s，；：。！？|](?:[^，；：。！？\n\t|]*[^\s，；：。！？|])?")

# 要, 应, 须, 将 as modals: not inside 重要, 要求, 相应, 应急, 必须(the whole word counts).
MODAL = re.compile(
    r"(?=[一必务应需要须])(?:一定要|必须要?|务必要?|应当|应该|需要|(?<![重主纪摘首只概提次紧简扼])要(?![求点素害闻件旨义领职道么])"
    r"|(?<![响相适反效供对呼顺感理])应(?![急对付用聘邀变届有声])|(?<![必])须|务求)"
)
_SCORE = re.compile(r"(?<=[^\s\d])[ \t]+\d{1,3}(?:\.\d)?[ \t]*分?$")
LONGEST = 300
"""A clause longer than this is no sentence a person wrote; it is not searched for actions."""


class Clause(NamedTuple):
    """A run of text between two commas, [start, end), without surrounding blanks."""

    start: int
    end: int


class Sentence(NamedTuple):
    """From one full stop to the next, [start, end), without surrounding blanks."""

    start: int
    end: int


class Piece(NamedTuple):
    """A sentence, or the part of one that lies in one point, with its clauses."""

    start: int
    end: int
    clauses: list[Clause]


def sentences(text: str, start: int, end: int) -> Iterator[Sentence]:
    """The sentences of a stretch of text (a view from `shadow`)."""
    for match in _SENTENCE.finditer(text, start, end):
        yield Sentence(match.start(), match.end())


def piece_of(text: str, start: int, end: int) -> Piece:
    """A stretch of one sentence, cut at commas, semicolons, colons and tabs; a score that trails in a pasted table is left out."""
    score = _SCORE.search(text, max(start, end - 8), end)
    if score:
        end = score.start()
    return Piece(
        start, end, [Clause(match.start(), match.end()) for match in _CLAUSE.finditer(text, start, end)]
    )
