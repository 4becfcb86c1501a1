"""What a passage or an action is about, by the words that stand in it."""

from __future__ import annotations

import re

from .lexicon import one_of, table

KINDS = tuple(table("kinds"))
_WEIGHT: dict[str, dict[str, int]] = {}
for _kind, _group in table("kinds").items():
    for _field, _weight in (("words", 1), ("strong", 3)):
        for _word in _group[_field].split():
            _WEIGHT.setdefault(_word, {})[_kind] = _weight
_WORD = re.compile(one_of(_WEIGHT))


def _scores(text: str, times: int, scores: dict[str, int]) -> None:
    seen: dict[str, int] = {}
    for match in _WORD.finditer(text):
        word = match.group()
        seen[word] = seen.get(word, 0) + 1
        if seen[word] > 2:
            continue
        for kind, weight in _WEIGHT[word].items():
            scores[kind] = scores.get(kind, 0) + weight * times


def kinds_of_point(title: str, actions: list[str], body: str, parents: str) -> tuple[str, ...]:
    """One to three kinds, most fitting first: the headline counts most, then what is to be done."""
    scores: dict[str, int] = {}
    _scores(title, 3, scores)
    for action in actions:
        _scores(action, 1, scores)
    _scores(body[:600], 1, scores)
    if not scores:
        _scores(parents, 1, scores)
    if not scores:
        return ("activity",)
    ranked = sorted(scores, key=lambda kind: (-scores[kind], KINDS.index(kind)))
    return tuple(kind for kind in ranked[:3] if scores[kind] * 3 >= scores[ranked[0]])


def kinds_of_action(text: str) -> tuple[str, ...]:
    """One or two kinds of one action."""
    scores: dict[str, int] = {}
    _scores(text, 1, scores)
    if not scores:
        return ("activity",)
    ranked = sorted(scores, key=lambda kind: (-scores[kind], KINDS.index(kind)))
    return tuple(kind for kind in ranked[:2] if scores[kind] * 2 >= scores[ranked[0]])
