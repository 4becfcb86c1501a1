"""How much two short texts of the genre have in common: the two-character pieces both contain."""

from __future__ import annotations

import re
from collections import Counter

_WORD = re.compile(r"[\u4e00-\u9fffA-Za-z0-9]+")
_COMMON = frozenset({"工作", "开展", "加强", "落实", "建立", "完善", "组织", "推进", "党组", "党建", "机关"})
"""Pieces that stand in nearly every demand and tell none from another."""

Pieces = Counter[str]


def pieces_of(text: str) -> Pieces:
    """The two-character pieces of a text, those common to the genre left out."""
    found: Pieces = Counter()
    for run in _WORD.findall(text):
        found.update(run[at : at + 2] for at in range(len(run) - 1))
    for piece in _COMMON & found.keys():
        del found[piece]
    return found


def contained(wanted: Pieces, in_text: Pieces) -> tuple[float, Pieces]:
    """What share of the one's pieces stands in the other, and which."""
    both = wanted & in_text
    return both.total() / max(1, wanted.total()), both


FEW = 4
"""Pieces below which a title is too general (召开会议) to be called like another."""


def is_alike(one: Pieces, other: Pieces) -> bool:
    """Whether two titles ask for nearly the same: mostly equal, or one says all the other says."""
    shared, less, both = (one & other).total(), min(one.total(), other.total()), one.total() + other.total()
    return shared >= FEW and (4 * shared >= both or shared >= 0.8 * less)
