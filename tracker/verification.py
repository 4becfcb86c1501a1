"""Checking the whole history: every link of every chain, and the chains against what was anchored outside.

A chain alone shows an edit, a deletion in the middle, an insertion and a swap. The number of events and the newest
hash on the subject's row show a tail that was cut or hashed anew. Somebody who rewrites the row too, restores an old
backup or removes a subject with its chain is seen only against an anchor: a signed digest kept outside the database.
What is younger than the last anchor can still be cut unseen by such a person.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils.translation import gettext as _

from tracker.events import digest
from tracker.models import Event
from tracker.models.subject import Subject

PAGE = 5000
_decode = json.JSONDecoder().raw_decode
BLOCK = 1000
"""Subjects whose chains share a digest of the anchor, so that a difference can be narrowed down to them."""
MOST = 20
"""Breaks that are reported, one for each chain. After so many the chains are only counted: each look again locks."""


class Row(NamedTuple):
    """An event as it is stored."""

    id: int
    subject_id: int
    sequence: int
    act: str
    at: datetime
    actor: int | None
    from_state: str
    to_state: str
    body: str
    hash: str


@dataclass(frozen=True)
class Break:
    """The first thing wrong with one chain. ``event`` is 0 where there is no event left to name."""

    kind: str
    subject: int
    event: int
    sequence: int
    what: str

    def __str__(self) -> str:
        place = _("%(kind)s %(subject)s, event %(event)s (number %(sequence)s)") % vars(self)
        return f"{place}: {self.what}"


@dataclass
class Anchored:
    """What an anchor holds: how much there was up to the event ``last``, and a digest for each block of chains."""

    last: int
    events: int = 0
    subjects: int = 0
    blocks: dict[str, str] = field(default_factory=dict)


@dataclass
class Verified:
    """The answer: how much was read, what is broken, and the present anchor."""

    events: int = 0
    subjects: int = 0
    breaks: list[Break] = field(default_factory=list)
    anchored: Anchored = field(default_factory=lambda: Anchored(0))


def subject_models() -> list[type[Subject]]:
    """The kinds of subjects that have a history, in the order of their names."""
    return sorted(Subject.__subclasses__(), key=lambda model: model.KIND)


def verify_history(*, up_to: int | None = None) -> Verified:
    """Read every event once, in pages, and every subject's count and head; writes nothing.

    ``up_to`` is the last event of the anchor to compare with; without it, the newest one there is now. People may
    work meanwhile: a chain that looks broken is read again with its subject locked before it is reported.
    """
    verified = Verified(anchored=Anchored(_newest_event() if up_to is None else up_to))
    digests: dict[str, Any] = defaultdict(hashlib.sha256)
    known = [model.KIND for model in subject_models()]
    for model in subject_models():
        for subject, count, head, rows in _side_by_side(model):
            verified.subjects += count is not None
            verified.events += len(rows)
            _add_to_anchor(verified.anchored, digests, model.KIND, subject, rows)
            if len(verified.breaks) < MOST and _broken(model.KIND, subject, rows, count, head):
                verified.breaks += filter(None, [_look_again(model, subject)])
    for event in Event.objects.exclude(subject_kind__in=known)[:MOST]:
        what = _("nothing of this kind exists")
        verified.breaks.append(Break(event.subject_kind, event.subject_id, event.pk, event.sequence, what))
    verified.anchored.blocks = {block: digested.hexdigest() for block, digested in digests.items()}
    return verified


def differences(anchored: Anchored, now: Anchored) -> list[str]:
    """Where the history up to the anchor's last event is no longer what was anchored, in words."""
    found = []
    if now.events != anchored.events:
        found.append(
            _("The anchor counts %(then)s events, of which %(now)s are there.")
            % {"then": anchored.events, "now": now.events}
        )
    for block in sorted(anchored.blocks.keys() | now.blocks.keys()):
        if anchored.blocks.get(block) != now.blocks.get(block):
            kind, _colon, number = block.partition(":")
            first = int(number) * BLOCK
            found.append(
                _("The history of %(kind)s %(first)s to %(last)s is not what was anchored.")
                % {"kind": kind, "first": first, "last": first + BLOCK - 1}
            )
    return found


def _newest_event() -> int:
    """The key of the newest event, such that no smaller one can still appear."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # waits for writers under way: their events may have smaller keys than ones already committed
            cursor.execute("LOCK TABLE tracker_event IN SHARE MODE")
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM tracker_event")
        return int(cursor.fetchone()[0])


def _events(kind: str, *, subject: int | None = None) -> Iterator[Row]:
    """The events of a kind (or of one subject) in the order of their chains, page by page."""
    last = (0, -1) if subject is None else (subject, -1)
    until = "" if subject is None else "AND subject_id = %s"
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                "SELECT id, subject_id, sequence, act, at, actor_id, from_state, to_state, body, hash"  # noqa: S608
                f" FROM tracker_event WHERE subject_kind = %s AND (subject_id, sequence) > (%s, %s) {until}"
                " ORDER BY subject_id, sequence LIMIT %s",
                [kind, *last, *([] if subject is None else [subject]), PAGE],
            )
            page = cursor.fetchall()
            yield from (Row(*row) for row in page)
            if len(page) < PAGE:
                return
            last = (page[-1][1], page[-1][2])


def _heads(model: type[Subject]) -> Iterator[tuple[int, int, str]]:
    """Key, count and head of every subject of a kind, in the order of the keys, page by page."""
    last = 0
    while page := list(
        model._default_manager.filter(pk__gt=last)
        .order_by("pk")
        .values_list("pk", "event_count", "event_head")[:PAGE]
    ):
        yield from page
        last = page[-1][0]


def _side_by_side(model: type[Subject]) -> Iterator[tuple[int, int | None, str, list[Row]]]:
    """Each subject with its events; subjects without events and events without a subject (count None) too."""
    heads = _heads(model)
    head = next(heads, None)
    for subject, chain in groupby(_events(model.KIND), key=lambda row: row.subject_id):
        while head and head[0] < subject:
            yield (*head, [])
            head = next(heads, None)
        if head and head[0] == subject:
            yield (*head, list(chain))
            head = next(heads, None)
        else:
            yield subject, None, "", list(chain)
    while head:
        yield (*head, [])
        head = next(heads, None)


def _look_again(model: type[Subject], subject: int) -> Break | None:
    """Read one chain again while nobody can add to it: an act between two pages is no forgery."""
    with transaction.atomic():
        locked = model._default_manager.select_for_update().filter(pk=subject).order_by()
        count, head = locked.values_list("event_count", "event_head").first() or (None, "")
        return _broken(model.KIND, subject, list(_events(model.KIND, subject=subject)), count, head)


def _broken(kind: str, subject: int, rows: list[Row], count: int | None, head: str) -> Break | None:
    previous = ""
    for number, row in enumerate(rows, start=1):
        if what := _wrong_with(row, kind, number, previous):
            return Break(kind, subject, row.id, row.sequence, what)
        previous = row.hash
    last = rows[-1] if rows else None
    event, sequence = (last.id, last.sequence) if last else (0, 0)
    if count is None:
        return Break(kind, subject, event, sequence, _("its subject is gone"))
    if (len(rows), previous) != (count, head):
        what = _("the subject counts %(count)s events with another newest hash; %(there)s are there")
        return Break(kind, subject, event, sequence, what % {"count": count, "there": len(rows)})
    return None


def _wrong_with(row: Row, kind: str, number: int, previous: str) -> str:
    """What is wrong with one event at its place in the chain, or an empty text."""
    if row.sequence != number:
        return _("event number %(number)s is missing before it") % {"number": number}
    if digest(row.body) != row.hash:
        return _("its text does not fit its hash")
    try:
        body, end = _decode(row.body)
        actor = body["actor"]["id"] if body["actor"] else None
        said = (body["subject"], body["id"], body["sequence"], body["act"], body["from"], body["to"], actor)
        before, at = body["previous"], body["at"]
    except (ValueError, KeyError, TypeError):
        return _("its text cannot be read")
    if end != len(row.body):
        return _("its text cannot be read")
    if before != previous:
        return _("it does not follow the event before it")
    stored = (kind, row.subject_id, row.sequence, row.act, row.from_state, row.to_state, row.actor)
    if said != stored or at[:19] != _to_the_second(row.at):
        return _("its columns do not say what its hashed text says")
    return ""


def _to_the_second(at: datetime) -> str:
    """A stored moment as ISO text in UTC. PostgreSQL gives it with a zone; SQLite without, meaning UTC."""
    return (at.astimezone(UTC) if at.tzinfo else at).isoformat(timespec="seconds")[:19]


def _add_to_anchor(
    anchored: Anchored, digests: dict[str, Any], kind: str, subject: int, rows: Iterable[Row]
) -> None:
    old = [row for row in rows if row.id <= anchored.last]
    if old:
        anchored.events += len(old)
        anchored.subjects += 1
        line = f"{kind}:{subject}:{len(old)}:{old[-1].hash}\n"
        digests[f"{kind}:{subject // BLOCK}"].update(line.encode())
