"""The words of a source that asked for a measure, with enough of the sentence around them to be understood."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db.models import Exists, OuterRef

from branches.access import Actor
from tracker.models import Measure, Source

ENDS = "。！？；\n"
REACH = 160
"""Characters to look for the sentence's ends on either side."""


@dataclass(frozen=True)
class Words:
    """A sentence with the part that asks: ``before`` + ``asks`` + ``after``, verbatim."""

    before: str
    asks: str
    after: str
    action: int
    source: Source
    readable: bool
    """Whether the reader may open the whole source."""
    is_earlier: bool = False
    """Whether a corrected text, which no longer has these words, has replaced the source."""


def words_behind(measure: Measure, *, actor: Actor) -> list[Words]:
    """The sentences a measure rests on, in the order of the text (one query).

    Whoever received the task may read the sentence; the whole source only who sees the organisation that keeps it.
    """
    if measure.breaks_down_id:
        # What was passed on from above rests on the words behind the task received.
        above = Measure.objects.select_related("breaks_down").get(tasks=measure.breaks_down_id)
        return words_behind(above, actor=actor)
    replaced = Exists(Source.objects.filter(corrects=OuterRef("source")))
    actions = measure.actions.select_related("source__organization").annotate(earlier=replaced)
    return [
        replace(
            _words(a.source, a.start, a.end, a.pk, actor.sees(a.source.organization)), is_earlier=a.earlier
        )
        for a in actions.order_by("source", "start")
    ]


def _words(source: Source, start: int, end: int, action: int, readable: bool) -> Words:
    text = source.text
    low, high = max(0, start - REACH), min(len(text), end + REACH)
    first = max((text.rfind(mark, low, start) + 1 for mark in ENDS), default=low)
    first = max(first, low)
    lasts = [found + 1 for mark in ENDS if (found := text.find(mark, max(start, end - 1), high)) >= 0]
    last = min(lasts, default=high)
    before = ("…" if first == low and low > 0 else "") + text[first:start].lstrip()
    after = text[end : max(last, end)].rstrip() + ("…" if not lasts and high < len(text) else "")
    return Words(before, text[start:end], after, action, source, readable)
