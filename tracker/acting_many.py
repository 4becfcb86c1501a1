"""One act on several tasks at once, each by its own transition in its own transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from branches.access import Actor
from common.errors import Refused
from tracker.models import Task
from tracker.transitions import perform


@dataclass
class Done:
    """What became of each: those acted on, and the others each with its reason."""

    done: list[Task] = field(default_factory=list)
    refused: list[tuple[Task, str]] = field(default_factory=list)


def perform_each(
    tasks: Iterable[Task],
    act: str,
    *,
    actor: Actor,
    at: datetime,
    given: Mapping[str, Any],
    versions: Mapping[int, int] | None = None,
) -> Done:
    """Perform one act with the same inputs on each task; a refusal of one leaves the others alone.

    ``versions`` holds by id the version the person looked at; a task that somebody changed since is refused.
    """
    outcome = Done()
    for task in tasks:
        version = versions[task.pk] if versions is not None else None
        try:
            perform(task, act, actor=actor, at=at, given=given, version=version)
            outcome.done.append(task)
        except Refused as refusal:
            outcome.refused.append((task, str(refusal)))
    return outcome
