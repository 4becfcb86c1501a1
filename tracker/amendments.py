"""What an issued measure asked for, and what it asks for now: the amendments as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tracker.events import history
from tracker.models import Measure, Task
from tracker.timeline import Line, lines_of
from tracker.variants import read_variants

CLOSED = frozenset({Task.State.DONE, Task.State.WITHDRAWN})


def amendments_in(lines: Sequence[Line]) -> list[Line]:
    """Those of a history's lines that changed what is asked, in their order."""
    return [line for line in lines if line.act == "amend"]


def amendments_of(measure: Measure) -> list[Line]:
    """All amendments of a measure, newest first (one query)."""
    return lines_of(history(measure).filter(act="amend").order_by("-sequence"))


def words_at(measure: Measure, at: datetime) -> dict[str, Any]:
    """The words that were amended after a moment, as they were then (one query); empty when they still stand."""
    words: dict[str, Any] = {}
    for event in history(measure).filter(act="amend", at__gt=at):
        for name, value in event.said.items():
            if name.endswith("_before"):
                words.setdefault(name.removesuffix("_before"), value)
    return words


def put_words_of_its_time(task: Task) -> bool:
    """Let a completed task show what it was judged by, not what was asked later; whether anything differs.

    Changes the loaded measure only; nothing is saved.
    """
    if task.state not in CLOSED or not task.completed_at:
        return False
    words = words_at(task.measure, task.completed_at)
    for name in ("requirement", "deliverable", "evidence_note"):
        if name in words:
            setattr(task.measure, name, words[name])
    if "variants" in words:
        task.measure.variants = read_variants(words["variants"])
    return bool(words)
