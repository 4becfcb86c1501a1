"""What a passage or an action is about, by the words that stand in it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable

from .lexicon import one_of, table

KINDS = tuple(table("kinds"))
_WEIGHT: dict[str, dict[str, int]] = {}
for _kind, _group in table("kinds").items():
    for _field, _weight in (("words", 1), ("strong", 3)):
        for _word in _group[_field].split():
            _WEIGHT.setdefault(_word, {})[_kind] = _weight
_WORD = re.compile(one_of(_WEIGHT))
_MOST_OF_ONE = 2
_BODY = 600
Span = tuple[int, int]


class Topics:
    """The words of a text that tell what it is about, found once and asked for by span."""

    def __init__(self, text: str) -> None:
        self.text = text
        found = list(_WORD.finditer(text))
        self.starts = [match.start() for match in found]
        self.words = [match.group() for match in found]

    def _score(self, start: int, end: int, times: int, scores: dict[str, int]) -> None:
        """Add what stands in [start, end); a word counts twice at most."""
        seen: dict[str, int] = {}
        for index in range(bisect_left(self.starts, start), bisect_left(self.starts, end)):
            word = self.words[index]
            seen[word] = seen.get(word, 0) + 1
            if seen[word] <= _MOST_OF_ONE and self.starts[index] + len(word) <= end:
                for kind, weight in _WEIGHT[word].items():
                    scores[kind] = scores.get(kind, 0) + weight * times

    def of_point(
        self, title: Span, acts: Iterable[Span], body: Span, parents: Iterable[Span]
    ) -> tuple[str, ...]:
        """One to three kinds, most fitting first: the headline counts most, then what is to be done."""
        scores: dict[str, int] = {}
        self._score(*title, 3, scores)
        for act in acts:
            self._score(*act, 1, scores)
        self._score(body[0], min(body[1], body[0] + _BODY), 1, scores)
        if not scores:
            for parent in parents:
                self._score(*parent, 1, scores)
        return _best(scores, 3)

    def of_action(self, span: Span) -> tuple[str, ...]:
        """One or two kinds of one action."""
        scores: dict[str, int] = {}
        self._score(*span, 1, scores)
        return _best(scores, 2)


def _best(scores: dict[str, int], most: int) -> tuple[str, ...]:
    if not scores:
        return ("activity",)
    ranked = sorted(scores, key=lambda kind: (-scores[kind], KINDS.index(kind)))
    return tuple(kind for kind in ranked[:most] if scores[kind] * most >= scores[ranked[0]])
