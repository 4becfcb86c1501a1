"""Verbs on sources: receive a document, read it, and decide on every action found in it."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePath
from typing import Any

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from branches.access import Actor
from branches.models import Organization
from common.errors import NotAllowed, Refused, Sentence, Stale
from tracker import reading
from tracker.evidence import safe_name
from tracker.models import Action, Passage, Source
from tracker.models.source import SourceQuerySet
from tracker.proposals import Proposal, propose, sentence_of
from tracker.transitions.parties import is_office

__all__ = [
    "MAX_CHARACTERS",
    "Coverage",
    "Duplicate",
    "Proposal",
    "add_action",
    "coverage",
    "propose",
    "receive_source",
    "reopen_action",
    "sentence_of",
    "set_aside",
    "with_coverage",
]

MAX_CHARACTERS = 200_000
"""About four hundred printed pages; longer texts are no speech and would only slow the reading page."""
_EDGES = "，。；：、,;: 　"
"""What a hasty selection takes with it at either end."""
MAX_BYTES = 20 * 1024 * 1024


class Duplicate(Refused):
    """The organisation already keeps this content; ``source`` is the one it keeps."""

    default_code = "duplicate"

    def __init__(self, source: Source) -> None:
        super().__init__(
            _("This content is already kept as “%(title)s”. Open that one instead of entering it twice.")
            % {"title": source.title}
        )
        self.source = source


@dataclass(frozen=True)
class Coverage:
    """How much of what a source asks for is decided: actions to do, without the work reported as done."""

    decided: int
    total: int

    @property
    def open(self) -> int:
        return self.total - self.decided

    @property
    def percent(self) -> float | None:
        """None for a source without any action to do."""
        return 100 * self.decided / self.total if self.total else None


def receive_source(
    *,
    organization: Organization,
    title: str,
    category: str,
    issuer: str,
    number: str,
    dated: date,
    text: str,
    actor: Actor,
    at: datetime,
    original: File[bytes] | None = None,
    original_name: str = "",
    also: Callable[[Source], None] = lambda _source: None,
) -> Source:
    """Keep a document verbatim and read it.

    ``text`` is the document's text (of ``original``, where a file was received). Effects in order: check who asks
    and what was given; read the text; keep the file as received; then, in one transaction, insert the source with its
    passages and actions, and do ``also``. Line ends become those of Unix; nothing else is changed, since every span counts characters.
    Raises NotAllowed unless the actor is the office of the organisation, Duplicate when the organisation already keeps
    the same file or text, Refused (with ``fields``) for an empty or oversized text or a missing title.
    """
    if not is_office(actor, organization):
        raise NotAllowed(
            _("Only the office of %(unit)s may enter its sources.") % {"unit": organization.short_name}
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    _check_given(title, text, original)
    sha256 = _digest(original) if original else hashlib.sha256(text.encode()).hexdigest()
    _refuse_duplicate(organization, sha256, text)
    source = Source(
        organization=organization,
        title=title.strip(),
        category=category,
        issuer=issuer.strip(),
        number=number.strip(),
        dated=dated,
        text=text,
        sha256=sha256,
        created_by=actor.user,
        created_at=at,
        rules_version=reading.VERSION,
    )
    found = reading.read(text)
    if original:
        source.original_name = safe_name(original_name or original.name or "")
        original.seek(0)
        source.original.save(sha256 + PurePath(source.original_name).suffix.lower(), original, save=False)
    try:
        with transaction.atomic():
            source.save(force_insert=True)
            passages = write_passages(source, found)
            Action.objects.bulk_create(Action(**fields) for fields in actions_of(source, found, passages))
            also(source)
    except IntegrityError:
        # Two people entered the same document at once: the unique key kept one.
        if original:
            source.original.delete(save=False)
        _refuse_duplicate(organization, sha256, text)
        raise
    return source


def set_aside(actions: Iterable[Action], *, reason: str, actor: Actor, at: datetime) -> int:
    """Mark undecided actions as needing no measure (无需立项), with a reason; returns how many.

    All or none. Raises Refused without a reason or actions, NotAllowed unless the actor is the office of the
    source's organisation, Stale when somebody decided on one of them in the meantime.
    """
    reason = reason.strip()
    if not reason:
        sentence = _("Say why this needs no measure.")
        raise Refused(sentence, fields={"reason": sentence})
    if len(reason) > 300:
        sentence = _("The reason is longer than 300 characters. Shorten it.")
        raise Refused(sentence, fields={"reason": sentence})
    with transaction.atomic():
        locked = lock_actions(actions, actor=actor, expected={Action.Decision.OPEN})
        if not locked:
            raise Refused(_("Choose at least one action."))
        return Action.objects.filter(pk__in=[a.pk for a in locked]).update(
            decision=Action.Decision.SET_ASIDE, reason=reason, decided_by=actor.user, decided_at=at
        )


def reopen_action(action: Action, *, actor: Actor, at: datetime) -> Action:
    """Take back that an action needs no measure: it is undecided again. Raises NotAllowed or Stale."""
    with transaction.atomic():
        [locked] = lock_actions([action], actor=actor, expected={Action.Decision.SET_ASIDE})
        locked.decision, locked.reason = Action.Decision.OPEN, ""
        locked.decided_by, locked.decided_at = actor.user, at
        locked.save(update_fields=["decision", "reason", "decided_by", "decided_at"])
    return locked


def add_action(source: Source, *, words: str, near: int = 0, actor: Actor, at: datetime) -> Action:
    """Mark words of the text that the reading did not propose, as an action to do.

    ``words`` must stand in the text in one piece; where they stand several times, the place nearest to the
    character ``near`` is meant. Its slots are those the reading finds in the sentence.
    Raises NotAllowed, or Refused when the words are not found or lie over another action.
    """
    del at
    words = words.strip().strip(_EDGES)
    found = reading.read(source.text)
    with transaction.atomic():
        locked = locked_source(source, actor)
        start = _place(locked.text, words, near)
        end = start + len(words)
        if other := Action.objects.filter(source=locked, start__lt=end, end__gt=start).first():
            other.source = locked
            raise Refused(
                _("These words lie over an action that is already marked: “%(words)s”. Edit that one.")
                % {"words": other.text}
            )
        passage = Passage.objects.filter(source=locked, start__lte=start, end__gte=end).last()
        first, last = sentence_of(locked.text, start, end, passage)
        action = Action(
            source=locked,
            passage=passage,
            start=start,
            end=end,
            kinds=[k for k in (passage.kinds if passage else []) if isinstance(k, str)][:1],
            slots=slots_between(slots_of(found), first, last),
            why="by-hand",
            added_by_hand=True,
        )
        action.save(force_insert=True)
    return action


def coverage(source: Source) -> Coverage:
    """The share of a source's actions to do that became part of a measure or were set aside with a reason."""
    [counted] = with_coverage(Source.objects.filter(pk=source.pk))
    return Coverage(counted.decided, counted.to_do)  # type: ignore[attr-defined]


def with_coverage(sources: SourceQuerySet) -> SourceQuerySet:
    """The sources with ``to_do`` and ``decided``, the figures of ``coverage``, in one query."""
    to_do = Q(actions__done=False)
    decided = to_do & ~Q(actions__decision=Action.Decision.OPEN)
    return sources.annotate(
        to_do=Count("actions", filter=to_do),
        decided=Count("actions", filter=decided & Q(actions__isnull=False)),
    )


def lock_actions(actions: Iterable[Action], *, actor: Actor, expected: set[Action.Decision]) -> list[Action]:
    """Lock actions for a decision, in the caller's transaction, always in the same order.

    Raises NotAllowed unless the actor is the office of every source's organisation, Stale when one of them is gone or
    is no longer in an expected state: the other person's decision stands.
    """
    wanted = {action.pk for action in actions}
    locked = list(
        Action.objects.select_for_update(of=("self",))
        .filter(pk__in=wanted)
        .select_related("source__organization", "decided_by")
        .order_by("pk")
    )
    for source in {action.source_id: action.source for action in locked}.values():
        _require_office(actor, source.organization)
        _require_current(source)
    for action in locked:
        if action.decision not in expected:
            raise Stale(
                _(
                    "“%(words)s” has been decided in the meantime by %(who)s: %(decision)s. Nothing was changed."
                )
                % {
                    "words": action.text[:40],
                    "who": action.decided_by or "—",
                    "decision": action.get_decision_display(),
                }
            )
    if len(locked) != len(wanted):
        raise Stale(_("The text has been read again in the meantime. Reload the page and decide again."))
    return locked


def _check_given(title: str, text: str, original: File[bytes] | None) -> None:
    wrong: dict[str, Sentence] = {}
    if not title.strip():
        wrong["title"] = _("Give the document a title.")
    elif len(title.strip()) > 200:
        wrong["title"] = _("The title is longer than 200 characters. Shorten it.")
    if not text.strip():
        wrong["text"] = _("The text is empty. Paste the document's text or choose another file.")
    elif len(text) > MAX_CHARACTERS:
        wrong["text"] = _(
            "The text has %(count)s characters, more than the %(most)s that can be read. "
            "Enter it in parts, such as one per speech."
        ) % {"count": len(text), "most": MAX_CHARACTERS}
    elif "\x00" in text:
        wrong["text"] = _("The text contains characters that no document has. Save it as text and try again.")
    if original and (original.size or 0) > MAX_BYTES:
        wrong["file"] = _("The file is larger than 20 MB. Paste its text instead.")
    if wrong:
        raise Refused(next(iter(wrong.values())), fields=wrong)


def _digest(original: File[bytes]) -> str:
    digest = hashlib.sha256()
    original.seek(0)
    for chunk in original.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def _refuse_duplicate(organization: Organization, sha256: str, text: str) -> None:
    same = Q(sha256=sha256) | Q(text=text)
    if known := Source.objects.filter(same, organization=organization).first():
        raise Duplicate(known)


def locked_source(source: Source, actor: Actor) -> Source:
    """Lock a source for a change, in the caller's transaction.

    Raises NotAllowed unless the actor is its organisation's office, Stale when a corrected text has replaced it.
    """
    locked = Source.objects.select_for_update(of=("self",)).select_related("organization").get(pk=source.pk)
    _require_office(actor, locked.organization)
    _require_current(locked)
    return locked


def _require_current(source: Source) -> None:
    if Source.objects.filter(corrects=source).exists():
        raise Stale(_("A corrected text has taken the place of this one. Open that one and decide there."))


def _require_office(actor: Actor, organization: Organization) -> None:
    if not is_office(actor, organization):
        raise NotAllowed(
            _("Only the office of %(unit)s may decide on its sources.") % {"unit": organization.short_name}
        )


def _place(text: str, words: str, near: int) -> int:
    if len(words) < 2 or "\n" in words or len(words) > 300:
        raise Refused(_("Select between 2 and 300 characters inside one paragraph."))
    places, at = [], text.find(words)
    while at >= 0:
        places.append(at)
        at = text.find(words, at + 1)
    if not places:
        raise Refused(
            _("The words “%(words)s” do not stand in the text in one piece. Copy them from the text.")
            % {"words": words[:60]}
        )
    return min(places, key=lambda place: abs(place - near))


def write_passages(source: Source, found: reading.Reading) -> list[Passage]:
    return Passage.objects.bulk_create(
        Passage(
            source=source,
            start=point.start,
            end=point.end,
            path=list(point.path),
            title=point.title[:200],
            stance=point.stance,
            kinds=list(point.kinds),
        )
        for point in found.points
    )


def actions_of(source: Source, found: reading.Reading, passages: list[Passage]) -> list[dict[str, Any]]:
    """The fields of the actions of a reading; spans that occur twice are one action."""
    vague = sorted(found.vague, key=lambda word: word.start)
    starts = [word.start for word in vague]
    fields: dict[tuple[int, int], dict[str, Any]] = {}
    for action in found.actions:
        first, last = action.sentence
        words = vague[bisect_left(starts, first) : bisect_left(starts, last)]
        marks = [
            {"type": "vague", "start": w.start, "end": w.end, "text": w.text, "value": w.asks} for w in words
        ]
        fields[action.start, action.end] = {
            "source": source,
            "passage": passages[action.point] if action.point is not None else None,
            "start": action.start,
            "end": action.end,
            "kinds": list(action.kinds),
            "done": action.done,
            "slots": [slot.as_json() for slot in action.slots] + marks,
            "why": f"{action.why.rule}:{'、'.join(w for w in action.why.words if w)}"[:200],
        }
    return list(fields.values())


def slots_of(found: reading.Reading) -> list[dict[str, Any]]:
    slots = [slot.as_json() for point in found.points for slot in point.slots]
    slots += [slot.as_json() for slot in found.slots_outside]
    slots += [
        {"type": "vague", "start": w.start, "end": w.end, "text": w.text, "value": w.asks}
        for w in found.vague
    ]
    return slots


def slots_between(slots: list[dict[str, Any]], first: int, last: int) -> list[dict[str, Any]]:
    return [slot for slot in slots if first <= slot["start"] and slot["end"] <= last]
