"""From an action to a proposed measure: nothing is decided, everything can be changed before it is accepted."""

from __future__ import annotations

import re
from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from branches.models import Organization
from tracker.models import Action, Measure, Passage, Source

Kind = Organization.Kind
Cadence = Measure.Cadence

_CADENCES = {
    "weekly": Cadence.WEEKLY,
    "monthly": Cadence.MONTHLY,
    "quarterly": Cadence.QUARTERLY,
    "half-yearly": Cadence.HALF_YEARLY,
    "yearly": Cadence.YEARLY,
}
_OWNERS: tuple[tuple[re.Pattern[str], frozenset[Kind]], ...] = (
    (re.compile("工委"), frozenset({Kind.WORK_COMMITTEE})),
    (re.compile("党组(?!织)"), frozenset({Kind.LEADING_GROUP})),
    (re.compile("机关党委|直属党委|机关纪委"), frozenset({Kind.COMMITTEE})),
    (re.compile("总支"), frozenset({Kind.GENERAL_BRANCH})),
    (re.compile("支部"), frozenset({Kind.BRANCH})),
    (
        re.compile("各级|基层党组织|各党组织|各单位|各部门|党务干部"),
        frozenset({Kind.COMMITTEE, Kind.GENERAL_BRANCH, Kind.BRANCH}),
    ),
)
"""Which kinds of organisation an owner's words mean; a suggestion for the receivers."""
_EVERY_UNIT = re.compile(
    "(?:各|每个)(?:机关|基层|直属)?(?:党支部|支部|党总支|总支|机关党委|党组织|单位|部门)"
)
_RULE = re.compile("(?:制度|办法|规定|规则|细则|规范|条例|准则|规程)[》”]?(?:、|$)")
"""A deliverable that is a rule, not a single paper."""
_SENTENCE_END = "。！？\n"


@dataclass(frozen=True)
class Proposal:
    """What a measure for one action would say. ``due`` is a date made concrete from the document's own date."""

    action: Action
    title: str
    requirement: str
    theme: str
    due: date | None
    due_words: str
    cadence: str
    target_number: Decimal | None
    target_unit: str
    target_of: str
    deliverable: str
    owners: tuple[str, ...]
    receiver_kinds: tuple[str, ...]
    vague: tuple[str, ...]

    @property
    def is_dated(self) -> bool:
        return self.due is not None or self.cadence != Cadence.ONCE

    def fields(self) -> dict[str, Any]:
        """The fields of the measure, as ``tracker.plans.add_measure`` takes them."""
        names = ("title", "requirement", "theme", "due", "due_words", "cadence", "deliverable")
        target = ("target_number", "target_unit", "target_of")
        return {name: getattr(self, name) for name in (*names, *target)} | {
            "receiver_kinds": list(self.receiver_kinds),
            "evidence_note": self.evidence_note,
        }

    @property
    def evidence_note(self) -> str:
        """What a measure that makes a rule asks to be shown: the rule and, with it, how it is carried out and who
        answers for it (每项新制度附工作推进和责任考核细则). Nothing is proposed for other measures.
        """
        if not _RULE.search(self.deliverable):
            return ""
        return _short(f"{self.deliverable}；{_('rules of carrying it out and answering for it')}", 200)


def propose(source: Source) -> list[Proposal]:
    """One proposed measure for each undecided action to do, in the order of the text. Two queries."""
    actions = list(source.actions.select_related("passage"))
    proposer = Proposer(source, actions)
    return [proposer.proposal(a) for a in actions if a.decision == Action.Decision.OPEN and not a.done]


class Proposer:
    """Proposes measures for the actions of one source; ``actions`` are all of them, since they share out the slots of
    their sentences. One query, for the kinds of organisation that could receive something.
    """

    def __init__(self, source: Source, actions: Iterable[Action]) -> None:
        below = Organization.objects.below(source.organization).order_by()
        self._source, self._kinds = source, set(below.values_list("kind", flat=True).distinct())
        self._actions = sorted(actions, key=lambda action: action.start)
        self._starts = [action.start for action in self._actions]

    def proposal(self, action: Action) -> Proposal:
        """The measure proposed for one action, whatever was decided on it."""
        first, last = sentence_of(self._source.text, action.start, action.end, action.passage)
        low, high = bisect_left(self._starts, first), bisect_left(self._starts, last)
        # The one before may reach into this sentence.
        return _proposal(
            action, self._source, (first, last), self._actions[max(low - 1, 0) : high], self._kinds
        )


def sentence_of(text: str, start: int, end: int, passage: Passage | None = None) -> tuple[int, int]:
    """The span of the sentence that words stand in, inside their passage, without blanks around it."""
    first = max(text.rfind(mark, 0, start) for mark in _SENTENCE_END) + 1
    stops = [at for mark in _SENTENCE_END if (at := text.find(mark, end)) >= 0]
    last = min(stops) + 1 if stops else len(text)
    if passage and passage.start <= start and end <= passage.end:
        first, last = max(first, passage.start), min(last, passage.end)
    while first < start and text[first].isspace():
        first += 1
    while last > end and text[last - 1].isspace():
        last -= 1
    return first, last


def concrete_due(value: str, *, year: int | None, dated: date) -> date | None:
    """The last day that a due value means, seen from the document's date; None for an event.

    A value without a year means the first such day on or after the document's date: 7月1日前 of a speech held in
    December is next year's. ``H1``, a month, a quarter and a year end on their last day, ``year-start`` on 31 January.
    """
    if match := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", value):
        return _day(int(match[1]), int(match[2]), int(match[3]))
    if match := re.fullmatch(r"(\d{4})(?:-(\d\d))?", value):
        return _day(int(match[1]), int(match[2] or 12), 31)
    ends = {"year-start": (1, 31), "year-end": (12, 31), "H1": (6, 30), "H2": (12, 31)}
    ends |= {f"Q{quarter}": (3 * quarter, 31) for quarter in range(1, 5)}
    if match := re.fullmatch(r"--(\d\d)(?:-(\d\d))?", value):
        month, day = int(match[1]), int(match[2] or 31)
    elif value in ends:
        month, day = ends[value]
    else:
        return None
    if year is not None:
        return _day(year, month, day)
    found = _day(dated.year, month, day)
    return found if found is None or found >= dated else _day(dated.year + 1, month, day)


def _day(year: int, month: int, day: int) -> date | None:
    """The day, or the month's last one where the month is shorter; None for no month or no year of ours."""
    if not 1 <= month <= 12 or not 2000 <= year <= 2100:
        return None
    return date(year, month, min(day, monthrange(year, month)[1]))


def _proposal(
    action: Action, source: Source, sentence: tuple[int, int], neighbours: list[Action], kinds: set[str]
) -> Proposal:
    text, (first, last) = source.text, sentence
    slots = _own_slots(action, neighbours)
    due, words = _due(slots, source.dated)
    cadence = next((_CADENCES[s["value"]] for s in slots["cadence"] if s["value"] in _CADENCES), Cadence.ONCE)
    rhythm = [s["text"] for s in slots["cadence"]]
    vague = list(dict.fromkeys(s["text"] for s in slots["vague"]))
    vague += [w for s in slots["cadence"] if s["value"] not in _CADENCES and (w := s["text"]) not in vague]
    if due is None and cadence == Cadence.ONCE and words and words not in vague:
        vague.append(words)
    said = list(dict.fromkeys([w for w in [words, *rhythm] if w] or vague))
    quantity = next((s["value"] for s in slots["quantity"] if isinstance(s["value"], dict)), {})
    number = _number(quantity.get("number"))
    owners = tuple(dict.fromkeys(s["text"] for s in slots["owner"]))
    return Proposal(
        action=action,
        title=_short(" ".join(text[action.start : action.end].split()), 120),
        requirement=text[first:last],
        theme=next((k for k in action.kinds if k in Measure.Theme.values), ""),
        due=due if cadence == Cadence.ONCE else None,
        due_words=_short("、".join(said), 100),
        cadence=cadence,
        target_number=number,
        target_unit=str(quantity.get("unit", ""))[:20] if number is not None else "",
        target_of=str(quantity.get("of", ""))[:100] if number is not None else "",
        deliverable=_short("、".join(dict.fromkeys(s["text"] for s in slots["deliverable"])), 200),
        owners=owners,
        receiver_kinds=_receiver_kinds(owners, text[action.start : action.end], kinds),
        vague=tuple(vague),
    )


def _own_slots(action: Action, neighbours: list[Action]) -> dict[str, list[dict[str, Any]]]:
    """The slots of its sentence that belong to an action.

    A slot inside an action is that one's alone; one that stands outside all of them (年底前，…) holds for the whole
    sentence, except a thing to produce or a number, which belong to the words they stand in.
    """
    found: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("cadence", "due", "quantity", "owner", "deliverable", "vague")
    }
    for slot in action.slots:
        inside = slot["start"] < action.end and slot["end"] > action.start
        elsewhere = any(
            slot["start"] < other.end and slot["end"] > other.start
            for other in neighbours
            if other.pk != action.pk
        )
        shared = slot["type"] not in {"quantity", "deliverable"} and not elsewhere
        if (inside or shared) and slot["type"] in found:
            found[slot["type"]].append(slot | {"inside": inside})
    for slots in found.values():
        slots.sort(key=lambda slot: not slot["inside"])
    return found


def _due(slots: dict[str, list[dict[str, Any]]], dated: date) -> tuple[date | None, str]:
    words = ""
    for slot in slots["due"]:
        words = words or slot["text"]
        if found := concrete_due(str(slot["value"]), year=slot.get("year"), dated=dated):
            return found, slot["text"]
    return None, words


def _receiver_kinds(owners: tuple[str, ...], text: str, kinds: set[str]) -> tuple[str, ...]:
    said = owners or tuple(_EVERY_UNIT.findall(text))
    wanted = {kind for words in said for pattern, meant in _OWNERS if pattern.search(words) for kind in meant}
    return tuple(kind for kind in Kind if kind in wanted and kind in kinds)


def _number(value: Any) -> Decimal | None:
    if not isinstance(value, int | float) or not 0 <= value < 10**10:
        return None
    return Decimal(str(value)).quantize(Decimal("0.01"))


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
