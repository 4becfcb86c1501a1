"""What is made of a text: the measures a clerk would take from it, from the samples' own notes or by proposals."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from branches.models import Organization
from common.periods import Period
from tracker.demo.words import FOLDER, table
from tracker.documents import Unreadable, text_of
from tracker.models import Measure
from tracker.proposals import Proposal
from tracker.unreadable import refusal

Kind, Theme = Organization.Kind, Measure.Theme

MOST = 14
"""Measures taken from one text."""

_FOR_COMMITTEES = frozenset({Theme.INDICATOR, Theme.INSPECTION, Theme.INSTITUTION, Theme.ORGANIZATION})
_PAPERS = {
    Theme.RESPONSIBILITY: "责任清单",
    Theme.INDICATOR: "考核情况",
    Theme.INSPECTION: "检查情况",
    Theme.RECTIFICATION: "整改报告",
    Theme.INSTITUTION: "制度文本",
    Theme.ORGANIZATION: "情况报告",
}


@dataclass(frozen=True)
class Ask:
    """One measure to be made: its fields, the words it comes from, and what units write when they work on it."""

    fields: dict[str, Any]
    words: str = ""
    progress: tuple[str, ...] = ()
    done: tuple[str, ...] = ()


@dataclass(frozen=True)
class Script:
    """A text and how it is dealt with. ``asks`` is empty for a text the samples have no notes on."""

    title: str
    issuer: str
    text: str
    plan: str
    held: date
    issued: date
    asks: tuple[Ask, ...] = ()
    asides: dict[str, str] = field(default_factory=dict)


def own_script(period: Period) -> Script:
    """The sample speech of a half-year, with its notes."""
    name = "winter" if period.half == 1 else "summer"
    notes = table(f"speeches/{name}")
    return Script(
        title=notes["title"],
        issuer=notes["issuer"],
        text=(FOLDER / "speeches" / f"{name}.txt").read_text(encoding="utf-8"),
        plan=f"{period.year}年{notes['plan']}",
        held=_day(period, notes["held"]),
        issued=_day(period, notes["issued"]),
        asks=tuple(_ask(entry, period) for entry in notes["measure"]),
        asides={entry["words"]: entry["reason"] for entry in notes.get("aside", [])},
    )


def foreign_scripts(folder: Path, period: Period, *, turn: int) -> list[Script]:
    """Every second text of a folder, from the ``turn``-th on, as held at the beginning of the half-year.

    Raises Refused, naming the file, for one that cannot be read.
    """
    own = own_script(period)
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in {".txt", ".md", ".docx", ".pdf"})
    scripts: list[Script] = []
    for path in files[turn::2]:
        try:
            text = text_of(path.name, path.read_bytes())
        except Unreadable as error:
            refused = refusal(error)
            refused.message = f"{path.name}：{refused.message}"
            raise refused from error
        number = f"（{len(scripts) + 1}）" if len(files) > 2 else ""
        plan = f"{own.plan}{number}"
        scripts.append(
            Script(
                _headline(text) or f"半年工作会议讲话{number}", own.issuer, text, plan, own.held, own.issued
            )
        )
    return scripts


def asks_of(proposals: list[Proposal], period: Period) -> list[Ask]:
    """What a clerk would take up from a text nobody left notes on: the dated and counted first, then by the text."""
    weighed = sorted(proposals, key=lambda p: (-_weight(p), p.action.start))[:MOST]
    return [_from_proposal(p, period) for p in sorted(weighed, key=lambda p: p.action.start)]


def ask_by_days(entry: dict[str, Any], due: date, reason: str) -> Ask:
    """A measure of a small plan without a source, due on a day."""
    fields = _fields(entry) | {"due": due, "no_source_reason": reason}
    return Ask(fields, done=tuple(entry["done"]))


def _ask(entry: dict[str, Any], period: Period) -> Ask:
    fields = _fields(entry)
    if "due" in entry:
        fields["due"] = _day(period, entry["due"])
    return Ask(fields, entry["words"], tuple(entry.get("progress", ())), tuple(entry["done"]))


def _fields(entry: dict[str, Any]) -> dict[str, Any]:
    number, unit, of = entry.get("target", (None, "", ""))
    return {
        "title": entry["title"],
        "theme": entry["theme"],
        "receiver_kinds": entry["receivers"],
        "cadence": entry.get("cadence", Measure.Cadence.ONCE),
        "due_words": entry.get("due_words", ""),
        "deliverable": entry["deliverable"],
        "evidence_required": entry.get("evidence_required", "evidence" in entry),
        "evidence_note": entry.get("evidence", ""),
        "target_number": None if number is None else Decimal(number),
        "target_unit": unit,
        "target_of": of,
        "weight": entry.get("weight", 1),
    }


def _weight(proposal: Proposal) -> int:
    return (
        3 * proposal.is_dated
        + 2 * bool(proposal.deliverable)
        + (proposal.target_number is not None)
        + min(len(proposal.title), 12) // 6
    )


def _from_proposal(proposal: Proposal, period: Period) -> Ask:
    fields = proposal.fields()
    theme = Theme(fields["theme"] or Theme.ACTIVITY)
    kinds = fields["receiver_kinds"] or [Kind.COMMITTEE if theme in _FOR_COMMITTEES else Kind.BRANCH]
    first, last = period.first_day, period.last_day
    due = fields["due"]
    if fields["cadence"] == Measure.Cadence.ONCE and not (due and first <= due <= last):
        # The source names no day in this half-year: a day of its fourth or fifth month, by the place in the text.
        due = date(first.year, first.month + 3 + proposal.action.start % 2, 20)
    fields |= {"theme": theme, "due": due, "receiver_kinds": [k for k in kinds if k != Kind.WORK_COMMITTEE]}
    if not fields["receiver_kinds"]:
        fields["receiver_kinds"] = [Kind.COMMITTEE]
    fields["deliverable"] = fields["deliverable"] or _PAPERS.get(theme, "活动记录")
    fields |= {"evidence_required": True, "evidence_note": fields["deliverable"]}
    return Ask(fields)


def _day(period: Period, month_day: str) -> date:
    month, day = map(int, month_day.split("-"))
    return date(period.year, month, day)


def _headline(text: str) -> str:
    """The first line, if it is one: neither a salutation nor a whole paragraph."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return first if len(first) <= 60 and not first.endswith(("：", ":", "，")) else ""
