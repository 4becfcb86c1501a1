"""Appending to and verifying the history. Nobody else inserts into ``tracker_event``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from branches.access import Actor
from tracker.models import Event
from tracker.models.subject import Subject


def canonical(body: Mapping[str, Any]) -> str:
    """The one way a body is written: sorted keys, no spaces, dates as ISO text, decimals as text."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)


def digest(body: str) -> str:
    """The hash of a stored body. The previous hash and the subject stand inside the body."""
    return hashlib.sha256(body.encode()).hexdigest()


def build_event(
    subject: Subject,
    act: str,
    *,
    actor: Actor | None,
    post: str,
    at: datetime,
    from_state: str,
    to_state: str,
    said: Mapping[str, Any],
) -> Event:
    """The next event of a subject, not yet saved; advances ``event_count`` and ``event_head`` on the subject.

    The caller holds the subject's row lock, inserts the event and saves both fields in one transaction.
    ``post`` is the post the actor acted in, kept as it was said that day.
    """
    body = canonical(
        {
            "subject": subject.KIND,
            "id": subject.pk,
            "sequence": subject.event_count + 1,
            "act": act,
            "at": at.astimezone(UTC).isoformat(timespec="seconds"),
            "actor": {"id": actor.user.pk, "name": str(actor.user), "post": post} if actor else None,
            "from": from_state,
            "to": to_state,
            "said": dict(said),
            "previous": subject.event_head,
        }
    )
    subject.event_count += 1
    subject.event_head = digest(body)
    return Event(
        subject_kind=subject.KIND,
        subject_id=subject.pk,
        sequence=subject.event_count,
        act=act,
        at=at,
        actor_id=actor.user.pk if actor else None,
        from_state=from_state,
        to_state=to_state,
        body=body,
        hash=subject.event_head,
    )


def record(
    subject: Subject,
    act: str,
    *,
    actor: Actor,
    post: str,
    at: datetime,
    said: Mapping[str, Any],
    newer: bool = True,
) -> None:
    """Append an event of an act that changes no state, and save the subject; the caller holds its row lock.

    The version goes up, so that a form about what stood there before is refused; ``newer`` false leaves it, where
    the act is said about the subject and changes nothing of it.
    """
    state: str = subject.state  # type: ignore[attr-defined]
    if newer:
        subject.version += 1
    event = build_event(
        subject, act, actor=actor, post=post, at=at, from_state=state, to_state=state, said=said
    )
    event.save(force_insert=True)
    subject.save()


def first_body(pattern: Subject, act: str, *, at: datetime, said: Mapping[str, Any]) -> tuple[str, str]:
    """The body of the system's first event for rows like ``pattern``: what stands before and after the row's id.

    Made by the same ``canonical`` as every other body, so that a set of rows inserted by the database alone
    is verified like any other.
    """
    mark = -1
    body = canonical(
        {
            "subject": pattern.KIND,
            "id": mark,
            "sequence": 1,
            "act": act,
            "at": at.astimezone(UTC).isoformat(timespec="seconds"),
            "actor": None,
            "from": "",
            "to": pattern.state,  # type: ignore[attr-defined]
            "said": dict(said),
            "previous": "",
        }
    )
    before, after = body.split(f'"id":{mark},', 1)
    return f'{before}"id":', f",{after}"


def history(subject: Subject) -> QuerySet[Event]:
    """The events of a subject, oldest first."""
    return Event.objects.filter(subject_kind=subject.KIND, subject_id=subject.pk).order_by("sequence")


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return str(value)
