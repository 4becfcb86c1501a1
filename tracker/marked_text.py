"""A source's text with its points, actions and slots marked, cut into runs that a template can print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tracker.models import Action, Passage

LONGEST_HEADING = 40
"""Characters up to which a line without a full stop counts as a heading."""

SLOTS: dict[str, str | Promise] = {
    "due": _("time"),
    "cadence": _("how often"),
    "quantity": _("a number to be reached or counted"),
    "owner": _("who is to act"),
    "deliverable": _("what is to be produced"),
    "vague": _("time not yet exact: a person has to set a date"),
}
RULES: dict[str, str | Promise] = {
    "make": _("a paper, rule or list is to be made"),
    "hold": _("a meeting or event is to be held"),
    "run": _("an activity or mechanism is to be run"),
    "build": _("a mechanism or system is to be set up"),
    "divide": _("duties are to be divided or put in figures"),
    "keep": _("a named working system is to be kept"),
    "strengthen": _("a process that leaves a trace is to be strengthened"),
    "act": _("a definite act is to be done"),
    "solve": _("a problem is to be solved"),
    "counted": _("a number is to be reached"),
    "combine": _("several ways of working are to be combined"),
    "account": _("somebody is to be held to account or commended"),
    "serve": _("a service is to be delivered"),
    "gate": _("a check is to be carried out"),
    "same-time": _("two kinds of work are to be done together"),
    "into": _("something is to be put into an assessment, agenda or plan"),
    "each": _("something is to be done in every interval"),
    "shape": _("the form of an activity is named"),
    "handed-in": _("somebody is to be told or handed something"),
    "made-known": _("something is to be made known"),
    "as-found": _("each case is to be dealt with"),
    "kept": _("something is to be put on record or to count"),
    "sent-out": _("something is to be sent out or written down"),
    "taken-there": _("people are to be taken to something"),
    "reach": _("a number or a rate is to be reached"),
    "counted-act": _("something is to be done a number of times"),
    "timed": _("something is to be done by a date or in every interval"),
    "timed-count": _("something is to be done so many times in an interval"),
    "by-body": _("a body is named that is to do it"),
    "whom": _("something follows for those it concerns"),
    "penalty": _("those who fall short lose something"),
    "without-exception": _("something is to be done without exception"),
    "dealt-with": _("something follows for those it concerns"),
    "amount": _("a number is to be reached"),
    "by-hand": _("marked by hand"),
}


@dataclass(frozen=True)
class Piece:
    """A stretch of text with or without one slot."""

    text: str
    slot: str = ""

    @property
    def title(self) -> str | Promise:
        return SLOTS.get(self.slot, "")


@dataclass(frozen=True)
class Run:
    """Pieces of one action, or of none; ``opens`` is the point that begins here, ``first`` an action's first run."""

    start: int
    pieces: list[Piece]
    action: Action | None
    opens: Passage | None
    first: bool


@dataclass(frozen=True)
class Paragraph:
    """One line of the text."""

    runs: list[Run]
    heading: bool


def why(action: Action) -> str:
    """Why an action was proposed: the rule in words, and the words that set it off."""
    rule, _colon, words = action.why.partition(":")
    label = str(RULES.get(rule, _("names something definite to do and to show")))
    return f"{label}（{words}）" if words else label


def paragraphs(text: str, passages: Iterable[Passage], actions: Iterable[Action]) -> list[Paragraph]:
    """The text line by line, empty lines left out. Linear in its length.

    Where marks lie over each other, the earlier one has the characters they share.
    """
    by_pk = {action.pk: action for action in actions}
    action_at, slot_at = _layers(text, by_pk.values())
    opens = {passage.start: passage for passage in passages}
    seen: set[int] = set()
    found, start = [], 0
    for line in text.split("\n"):
        if line.strip():
            end = start + len(line)
            runs = list(_runs(text, start, end, action_at, slot_at, opens, by_pk, seen))
            found.append(
                Paragraph(runs, len(line) <= LONGEST_HEADING and line.rstrip()[-1] not in "。；;，,！")
            )
        start += len(line) + 1
    return found


def _layers(text: str, actions: Iterable[Action]) -> tuple[list[int], list[str]]:
    action_at, slot_at = [0] * len(text), [""] * len(text)
    for action in sorted(actions, key=lambda a: a.start):
        for at in range(action.start, min(action.end, len(text))):
            action_at[at] = action_at[at] or action.pk
        # An exact slot says more than a vague word at the same place; in done work nobody has to date anything.
        for slot in sorted(action.slots, key=lambda slot: _mark(slot) == "vague"):
            mark = _mark(slot)
            if mark == "vague" and action.done:
                continue
            for at in range(slot["start"], min(slot["end"], len(text))):
                slot_at[at] = slot_at[at] or mark
    return action_at, slot_at


def _mark(slot: dict[str, Any]) -> str:
    """A cadence without a rhythm (定期) is a vague word."""
    loose = slot["type"] == "cadence" and slot["value"] in {"regular", "irregular", "per-term"}
    return "vague" if loose else slot["type"]


def _runs(
    text: str,
    start: int,
    end: int,
    action_at: list[int],
    slot_at: list[str],
    opens: dict[int, Passage],
    by_pk: dict[int, Action],
    seen: set[int],
) -> Iterator[Run]:
    cuts = [start, *(at for at in range(start + 1, end) if at in opens), end]
    for low, high in pairwise(cuts):
        passage = opens.get(low)
        for pk, places in groupby(range(low, high), key=lambda at: action_at[at]):
            positions = list(places)
            pieces = [
                Piece("".join(text[at] for at in group), slot)
                for slot, group in groupby(positions, key=lambda at: slot_at[at])
            ]
            yield Run(positions[0], pieces, by_pk.get(pk), passage, bool(pk) and pk not in seen)
            seen.add(pk)
            passage = None
