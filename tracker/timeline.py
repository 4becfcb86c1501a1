"""The history of a subject in words: who did what and when, with old and new values.

Everything comes from the events themselves and from the labels of the act's own form, so that a new act of the
tables reads well without a line here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common import saying
from tracker.events import history
from tracker.models import Event, Task
from tracker.models.subject import Subject
from tracker.transitions import transitions_of

OTHER_ACTS: Mapping[str, str | Promise] = {
    "assign": gettext_lazy("Assigned"),
    "create": gettext_lazy("Drawn up"),
    "register": gettext_lazy("Registered"),
    "plan": gettext_lazy("Planned"),
    "draw_sample": gettext_lazy("Sample drawn"),
    "record_visit": gettext_lazy("Visit recorded"),
    "record": gettext_lazy("Finding recorded"),
    "draw_up": gettext_lazy("Drawn up"),
    "request": gettext_lazy("Requested"),
    "revise": gettext_lazy("Changed"),
    "remove": gettext_lazy("Removed"),
    "count": gettext_lazy("Way of counting changed"),
}
"""Acts that stand in no table because they begin a history or belong to one page."""

INSPECTED = {"organization": gettext_lazy("Branch"), "seed": gettext_lazy("Seed")}
"""What visits and drawings say beside their texts."""

RETURNS = frozenset({"return", "return_second"})
GOOD = frozenset({"approve", "approve_second", "accept", "verify", "close", "grant", "extend"})
BAD = frozenset(
    {"return", "return_second", "not_accepted", "not_verified", "look_back_fails", "withdraw", "drop"}
)
WARN = frozenset({"amend", "urge", "suspend", "reopen", "decline", "reassign", "ask_extension", "refuse"})
TEXTS = ("progress", "reason", "remark", "measures", "conclusion", "fact", "title", "purpose")
"""What was said in the first place; shown as a quotation without a label."""


@dataclass(frozen=True)
class Line:
    """One thing that happened. ``facts`` are label and value; ``marks`` are words such as 补录."""

    at: datetime
    act: str
    label: str
    who: str
    tone: str
    quote: str
    facts: list[tuple[str, str]] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    """Label, old and new words of what an amendment changed; these are not among the facts."""


def timeline_of(subject: Subject) -> list[Line]:
    """Everything that happened to a subject, newest first (one query)."""
    return list(reversed(lines_of(history(subject))))


def last_return(task: Task) -> Line | None:
    """The newest return of a task, with its reason."""
    returns = history(task).filter(act__in=RETURNS).order_by("-sequence")[:1]
    return next(iter(lines_of(returns)), None)


def lines_of(events: Iterable[Event]) -> list[Line]:
    """Events in words, in their own order. Old values are known from events that came before in the list."""
    lines, percent = [], None
    for event in events:
        lines.append(_line(event, percent))
        percent = event.said.get("percent", percent)
    return lines


def label_of(kind: str, act: str) -> str:
    """An act as it is called on buttons; its own name where nothing is known of it."""
    row = transitions_of(kind).get(act)
    return str(row.label if row else OTHER_ACTS.get(act, act))


def _line(event: Event, percent: int | None) -> Line:
    said = event.said
    row = transitions_of(event.subject_kind).get(event.act)
    asked = row.form.base_fields if row else {}
    quote = next((name for name in TEXTS if said.get(name)), "")
    changes = _changes(event, asked) if event.act == "amend" else []
    return Line(
        at=event.at,
        act=event.act,
        label=label_of(event.subject_kind, event.act),
        who=event.actor_line,
        tone="good"
        if event.act in GOOD
        else "bad"
        if event.act in BAD
        else "warn"
        if event.act in WARN
        else "",
        quote=str(said.get(quote, "")),
        facts=_facts(event, asked, quote, percent),
        marks=_marks(event),
        changes=changes,
    )


def _facts(
    event: Event, asked: Mapping[str, forms.Field], quote: str, percent: int | None
) -> list[tuple[str, str]]:
    said, facts = event.said, []
    for name, form_field in asked.items():
        value = said.get(name)
        if value in (None, "", []) or name in {quote, "file", "extension"}:
            continue
        if event.act == "amend" and f"{name}_before" in said:
            continue
        before = said.get(f"{name}_before")
        text = _value(value, form_field)
        if name == "percent":
            text, before = f"{value}%", None if percent in (None, value) else f"{percent}%"
        elif before:
            before = _value(before, form_field)
        facts.append((str(form_field.label or ""), f"{before} → {text}" if before else text))
    if "due" in said and "due" not in asked and not said.get("late_entry"):
        before = f"{_day(said['due_before'])} → " if said.get("due_before") else ""
        facts.append((_("Due date"), before + _day(said["due"])))
    if lost := said.get("working_days_lost"):
        days = ngettext("%(count)s working day", "%(count)s working days", lost) % {"count": lost}
        facts.append((_("Time stopped"), days))
    if event.subject_kind == "inspection":
        facts += [(str(label), str(said[name])) for name, label in INSPECTED.items() if said.get(name)]
    if event.subject_kind == "plan" and said.get("number"):
        facts.append((_("Document number"), said["number"]))
    return facts


def _changes(event: Event, asked: Mapping[str, forms.Field]) -> list[tuple[str, str, str]]:
    """What an amendment changed, field by field, in the order of its form."""
    said = event.said
    return [
        (
            str(form_field.label),
            _value(said[f"{name}_before"] or "", form_field),
            _value(said.get(name) or "", form_field),
        )
        for name, form_field in asked.items()
        if f"{name}_before" in said
    ]


def _marks(event: Event) -> list[str]:
    said, marks = event.said, []
    if said.get("late_entry"):
        marks.append(_("entered late, was due %(day)s") % {"day": _day(said["due"])})
    if said.get("late") and event.act == "acknowledge":
        marks.append(_("acknowledged late"))
    if said.get("late") and event.act == "submit":
        marks.append(_("handed in late"))
    return marks


def _value(value: Any, form_field: forms.Field) -> str:
    if isinstance(value, dict):
        return str(value.get("name", ""))
    if isinstance(value, list):
        return "、".join(_value(item, form_field) for item in value)
    if isinstance(form_field, forms.DateField):
        return _day(value)
    if isinstance(form_field, forms.ChoiceField):
        labels = dict(form_field.choices)  # type: ignore[arg-type]
        return str(labels.get(value, value))
    return str(value)


def _day(value: str) -> str:
    try:
        return saying.full_date(date.fromisoformat(value[:10]))
    except ValueError:
        return value
