"""One act of the system on many subjects at once, by the same tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from common.rows import update_each
from tracker.events import build_event
from tracker.models import Event
from tracker.models.subject import Subject
from tracker.transitions.engine import Context, decide, transitions_of

S = TypeVar("S", bound=Subject)


def record_for_many(
    subjects: Sequence[S],
    act: str,
    *,
    at: datetime,
    said: Mapping[int, Mapping[str, Any]] | None = None,
    fields: Sequence[str] = (),
) -> list[S]:
    """Append a system's act to the history of each subject; two statements, however many there are.

    For acts that leave the state alone (``target`` None). The caller holds the rows' locks and a transaction.
    Subjects whose state or guard does not allow the act are passed over; the others are returned. ``said`` is what
    the history keeps, by primary key; it comes from the system and is not cleaned. The ``version`` stays: a form
    somebody is filling is still a form about the same thing. ``fields`` are those the act's effect changes.
    """
    if not subjects:
        return []
    row = transitions_of(subjects[0].KIND)[act]
    if row.who or row.target is not None or row.after:
        raise ValueError(f"{act!r} is not an act of the system that leaves the state alone.")
    done, events = [], []
    for subject in subjects:
        if not decide(subject, act, actor=None, at=at).allowed:
            continue
        context = Context(subject, None, at, dict((said or {}).get(subject.pk, {})))
        if row.effect:
            row.effect(context)
        state: str = subject.state  # type: ignore[attr-defined]
        events.append(
            build_event(
                subject,
                act,
                actor=None,
                post="",
                at=at,
                from_state=state,
                to_state=state,
                said={**context.given, **context.notes},
            )
        )
        done.append(subject)
    Event.objects.bulk_create(events)
    names = ["event_count", "event_head", *fields]
    update_each(type(subjects[0]), names, [[s.pk, *(getattr(s, name) for name in names)] for s in done])
    return done
