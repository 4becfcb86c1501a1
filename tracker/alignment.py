"""Where the words of a text stand in a corrected version of it. Pure text, deterministic, bounded in work."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import pairwise

_SENTENCE = re.compile(r"[^。！？；\n]*[。！？；\n]|[^。！？；\n]+")
WORK = 20_000_000
"""Pairs of characters that may be compared in all: sentences that changed are compared letter by letter."""
PIECE = 1_500
"""Characters of one changed stretch on either side, at most; a longer one counts as written anew."""

Run = tuple[int, int, int]
"""``old[start:end]`` stands in the new text at the third number."""


class Alignment:
    """The stretches two versions of a text have in common.

    A sentence that stands once in both is found wherever it went; what lies between such sentences is compared letter
    by letter.
    """

    def __init__(self, old: str, new: str) -> None:
        self.old, self.new = old, new
        self._runs = sorted(_runs(old, new))
        self._starts = [run[0] for run in self._runs]

    @property
    def share(self) -> float:
        """What part of the old text stands in the new one, from 0 to 1."""
        return sum(end - start for start, end, _at in self._runs) / max(1, len(self.old))

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """Where ``old[start:end]`` stands in the new text.

        From the first letter of it that is kept to the last; None where less than half of the letters are kept, or
        they no longer stand together in one paragraph.
        """
        found = list(self._kept(start, end))
        kept = sum(length for _at, length in found)
        if 2 * kept < end - start:
            return None
        first, last = found[0][0], found[-1][0] + found[-1][1]
        in_order = all(a[0] + a[1] <= b[0] for a, b in pairwise(found))
        if not in_order or last - first > 2 * (end - start) or "\n" in self.new[first:last]:
            return None
        return first, last

    def _kept(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        place = max(0, bisect_right(self._starts, start) - 1)
        for first, last, at in self._runs[place:]:
            if first >= end:
                return
            low, high = max(first, start), min(last, end)
            if low < high:
                yield at + low - first, high - low


def _runs(old: str, new: str) -> Iterator[Run]:
    before = [match.span() for match in _SENTENCE.finditer(old)]
    after = [match.span() for match in _SENTENCE.finditer(new)]
    twins = _twins([old[a:b] for a, b in before], [new[a:b] for a, b in after])
    for one, other in twins.items():
        yield before[one][0], before[one][1], after[other][0]
    taken, work, one = set(twins.values()), WORK, 0
    while one < len(before):
        if one in twins:
            one += 1
            continue
        last = one
        while last < len(before) and last not in twins:
            last += 1
        first_new, last_new = _between(twins, taken, one, last, len(after))
        if first_new < last_new:
            a, b = before[one][0], before[last - 1][1]
            c, d = after[first_new][0], after[last_new - 1][1]
            cost = (b - a) * (d - c)
            if b - a <= PIECE and d - c <= PIECE and cost <= work:
                work -= cost
                for match in SequenceMatcher(None, old[a:b], new[c:d], autojunk=False).get_matching_blocks():
                    if match.size:
                        yield a + match.a, a + match.a + match.size, c + match.b
        one = last


def _twins(old: list[str], new: list[str]) -> dict[int, int]:
    """Sentences that stand exactly once on either side, by their places; empty ones tell nothing."""
    counts_old, counts_new = Counter(old), Counter(new)
    places = {sentence: place for place, sentence in enumerate(new)}
    return {
        place: places[sentence]
        for place, sentence in enumerate(old)
        if sentence.strip() and counts_old[sentence] == 1 and counts_new[sentence] == 1
    }


def _between(twins: dict[int, int], taken: set[int], first: int, last: int, size: int) -> tuple[int, int]:
    """The new sentences without a twin that stand where the old ones ``first`` to ``last`` stood."""
    low = twins[first - 1] + 1 if first else 0
    high = low
    while high < size and high not in taken:
        high += 1
    if low == high and last in twins:
        # The sentence before went elsewhere: look from the one behind.
        high = twins[last]
        low = high
        while low and low - 1 not in taken:
            low -= 1
    return low, high
