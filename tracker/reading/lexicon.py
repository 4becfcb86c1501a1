"""The word lists under `words/`, read once, and the patterns built from them.

A list is a TOML table with a `note` (which phrase of the genre it serves) and `words`, separated by blanks.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "words"


@cache
def table(file: str) -> dict[str, Any]:
    """All groups of one word file, by name."""
    with (FOLDER / f"{file}.toml").open("rb") as stream:
        return tomllib.load(stream)


@cache
def words(file: str, group: str) -> tuple[str, ...]:
    """The words of one group, longest first so that a pattern made of them takes the longest."""
    found: str = table(file)[group]["words"]
    return tuple(sorted(set(found.split()), key=lambda word: (-len(word), word)))


def one_of(found: Iterable[str]) -> str:
    """A pattern for any of the words, longest first, grouped by first letter.

    A run of alternatives that share a letter is tried only where that letter stands, which keeps a scan
    over a long text cheap.
    """
    by_letter: dict[str, list[str]] = {}
    for word in sorted(set(found), key=lambda word: (-len(word), word)):
        by_letter.setdefault(word[0], []).append(word[1:])
    branches = []
    for letter, rests in sorted(by_letter.items()):
        if rests == [""]:
            branches.append(re.escape(letter))
        else:
            branches.append(re.escape(letter) + "(?:" + "|".join(re.escape(rest) for rest in rests) + ")")
    return "(?:" + "|".join(branches) + ")"


def group_pattern(file: str, *groups: str) -> str:
    """A pattern for any word of these groups of a file."""
    return one_of(word for group in groups for word in words(file, group))
