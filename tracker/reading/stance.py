"""What the speaker does with a passage: demand, report, name a shortfall, or merely remark.

The heading and the lead-in say it first (下一步打算, 存在的问题, 取得明显成效); the sentences of the
passage itself confirm or overrule it by their length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from .clauses import MODAL, sentences
from .lexicon import words
from .model import Stance, Why


def _any(group: str) -> re.Pattern[str]:
    return re.compile("|".join(words("cues", group)))


_CUES: dict[Stance, re.Pattern[str]] = {
    "problem": _any("problem"),
    "achievement": _any("achievement"),
    "directive": _any("directive"),
    "remark": _any("remark"),
}
PAST = _any("past")
LACK = _any("lack")
FUTURE = _any("future")
AIM = _any("aim")
"""How many characters of asking one action stands for where no heading says what a passage does."""
_ACT_WEIGHS = 12
_BARE_VERB = re.compile(
    "^(?:" + "|".join(words("verbs", "strengthen") + words("verbs", "build") + words("verbs", "quit")) + ")"
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A stance and why."""

    stance: Stance
    why: Why


@lru_cache(maxsize=512)
def cue_in(text: str) -> Judged | None:
    """The last cue in a heading or lead-in: what stands nearest to the list decides."""
    best: tuple[int, Stance, str] | None = None
    for stance, pattern in _CUES.items():
        for match in pattern.finditer(text):
            if best is None or match.end() > best[0]:
                best = (match.end(), stance, match.group())
    return Judged(best[1], Why(f"cue-{best[1]}", (best[2],))) if best else None


def stance_of(text: str, start: int, end: int, titles: list[str], leads: list[str], *, acts: int) -> Judged:
    """The stance of the passage [start, end) of a quiet view.

    `titles` are the headlines from the passage's own to the root's, `leads` the texts that open its list and
    the lists around it, `acts` how many actions stand in it.
    """
    context = _context(titles, leads)
    weights: dict[Stance, float] = {"directive": 0, "achievement": 0, "problem": 0, "remark": 0}
    triggers: dict[Stance, str] = {}
    length = max(end - start, 1)
    if context is not None:
        weights[context.stance] += 0.5 * length
    for sentence in sentences(text, start, end):
        for stance, weight, word in _evidence(text[sentence.start : sentence.end], context):
            weights[stance] += weight
            triggers.setdefault(stance, word)
    if context is None:
        weights["directive"] += _ACT_WEIGHS * acts
    if titles and MODAL.match(titles[0]):
        weights["directive"] += length
    if context is not None and context.stance == "remark" and acts > 1:
        weights["remark"] = 0
    best = max(weights, key=lambda stance: weights[stance])
    if weights[best] == 0:
        if acts or (titles and _BARE_VERB.match(titles[0])):
            return Judged("directive", Why("bare-verb", (titles[0][:8],) if titles else ()))
        return Judged("remark", Why("nothing-asked"))
    if context is not None and context.stance == best:
        return context
    return Judged(best, Why(f"most-{best}", (triggers.get(best, ""),)))


def _evidence(part: str, context: Judged | None) -> list[tuple[Stance, float, str]]:
    """What one sentence says for each stance, by its length."""
    size = len(part)
    lack = LACK.search(part)
    past = PAST.search(part)
    modal = MODAL.search(part.replace("需要进一步", ""))
    if modal:
        return [("directive", size * (0.6 if past else 1), modal.group())]
    if lack:
        weight = 0.7 if context is None else 1.0 if context.stance == "problem" else 0.35
        return [("problem", size * weight, lack.group())]
    if past:
        return [("achievement", size * 0.8, past.group())]
    return []


def _context(titles: list[str], leads: list[str]) -> Judged | None:
    """The nearest heading or lead-in that says anything."""
    for depth, title in enumerate(titles):
        found = cue_in(title)
        if found is not None and (depth or len(title) <= 20):
            return found
        if depth and MODAL.search(title):
            return Judged("directive", Why("heading-modal", (title[:12],)))
        if depth < len(leads):
            found = cue_in(leads[depth])
            if found is not None:
                return found
    return None
