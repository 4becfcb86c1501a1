"""A corrected text takes the place of an earlier one, and the decisions go along.

The earlier text stays as it was received, with what was decided on words that the corrected one no longer has.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.utils.translation import gettext as _

from branches.access import Actor
from common.errors import Refused
from tracker import reading
from tracker.alignment import Alignment
from tracker.models import Action, Measure, Passage, Source
from tracker.proposals import sentence_of
from tracker.rereading import matched
from tracker.sources import locked_source, receive_source, slots_between, slots_of

ALIKE = 0.5
"""Share of the earlier text that a correction keeps at least; less, and it is another document."""


@dataclass(frozen=True)
class Corrected:
    """The new source and what became of the decisions on the earlier one."""

    source: Source
    carried: int
    lost: int


def correct_source(
    source: Source,
    *,
    text: str,
    actor: Actor,
    at: datetime,
    original: File[bytes] | None = None,
    original_name: str = "",
) -> Corrected:
    """Enter a corrected text of a source; every decision on words it still has goes along.

    Effects in order, in one transaction: the new source, read by the present rules, with the particulars of the
    earlier one; for each decision on words found again the same decision there, its measures pointing to the new
    place; papers that rested on the earlier text rest on this one. Decisions on words that are gone stay with the
    earlier text and are listed by ``lost_decisions``. The earlier text can then only be read.
    Raises what ``receive_source`` raises; Stale when somebody corrected it before; Refused for a text of which less
    than half is the earlier one.
    """
    alignment = Alignment(source.text, text.replace("\r\n", "\n").replace("\r", "\n"))
    if text.strip() and alignment.share < ALIKE:
        raise Refused(
            _(
                "Less than half of the earlier text stands in this one. Enter it as a source of its own, "
                "or check which document this is."
            ),
            fields={"text": _("This is another text.")},
        )
    counts: dict[str, int] = {}

    def carry(fresh: Source) -> None:
        locked = locked_source(source, actor)
        fresh.corrects = locked
        fresh.save(update_fields=["corrects"])
        fresh.rests_on.set(locked.rests_on.all())
        for paper in locked.carried_out_by.all():
            paper.rests_on.remove(locked)
            paper.rests_on.add(fresh)
        counts["carried"] = _carry(locked, fresh, alignment)

    fresh = receive_source(
        organization=source.organization,
        title=source.title,
        category=source.category,
        issuer=source.issuer,
        number=source.number,
        dated=source.dated,
        text=text,
        actor=actor,
        at=at,
        original=original,
        original_name=original_name,
        also=carry,
    )
    return Corrected(fresh, carried=counts["carried"], lost=len(lost_decisions(fresh)))


def lost_decisions(source: Source) -> list[Action]:
    """Actions of the earlier texts that became measures and whose words the present text no longer has.

    In the order of the texts, newest first, with their measures. Queries: two for each earlier text.
    """
    lost: list[Action] = []
    earlier = source.corrects
    while earlier is not None:
        gone = Action.objects.filter(source=earlier, decision=Action.Decision.TAKEN, carried_to=None)
        for action in gone.prefetch_related("measures__plan").order_by("start"):
            action.source = earlier
            lost.append(action)
        earlier = earlier.corrects
    return lost


def _carry(old: Source, fresh: Source, alignment: Alignment) -> int:
    """Bring the decisions and the marks made by hand over; returns how many decisions found their place."""
    decided = [
        action
        for action in Action.objects.select_for_update().filter(source=old).order_by("start")
        if action.decision != Action.Decision.OPEN or action.added_by_hand
    ]
    places: dict[tuple[int, int], Action] = {}
    for action in decided:
        if span := alignment.span(action.start, action.end):
            places.setdefault(span, action)
    moved = [_moved(action, fresh, span) for span, action in places.items()]
    rows = {(row.start, row.end): row for row in Action.objects.filter(source=fresh)}
    pairs, rest = matched(moved, [{"start": start, "end": end} for start, end in rows])
    stays = {(found["start"], found["end"]) for found in rest}
    found_again = {(found["start"], found["end"]): action for action, found in pairs}
    gone = [row.pk for span, row in rows.items() if span not in stays and span not in found_again]
    Action.objects.filter(pk__in=gone).delete()
    for span, action in found_again.items():
        _take_decision(rows[span], action)
    settled = {id(action) for action in found_again.values()}
    _mark_by_hand([action for action in moved if id(action) not in settled], fresh)
    _follow_measures([action.carried_from_id for action in moved if action.carried_from_id])
    return sum(action.decision != Action.Decision.OPEN for action in moved)


def _moved(action: Action, fresh: Source, span: tuple[int, int]) -> Action:
    """The same action at its place in the new text, not yet stored."""
    return Action(
        source=fresh,
        start=span[0],
        end=span[1],
        kinds=action.kinds,
        done=action.done,
        why=action.why,
        added_by_hand=action.added_by_hand,
        decision=action.decision,
        reason=action.reason,
        decided_by_id=action.decided_by_id,
        decided_at=action.decided_at,
        carried_from=action,
    )


_DECIDED = ("decision", "reason", "decided_by_id", "decided_at", "carried_from_id", "added_by_hand")


def _take_decision(row: Action, moved: Action) -> None:
    for name in _DECIDED:
        setattr(row, name, getattr(moved, name))
    row.save(update_fields=_DECIDED)


def _mark_by_hand(moved: list[Action], fresh: Source) -> None:
    """Store actions that the present rules do not find; their facts are those of their sentence."""
    if not moved:
        return
    slots: list[dict[str, Any]] = slots_of(reading.read(fresh.text))
    passages = list(Passage.objects.filter(source=fresh))
    for action in moved:
        inside = (p for p in passages if p.start <= action.start and action.end <= p.end)
        action.passage = next(inside, None)
        first, last = sentence_of(fresh.text, action.start, action.end, action.passage)
        action.slots = slots_between(slots, first, last)
    Action.objects.bulk_create(moved)


def _follow_measures(earlier: list[int]) -> None:
    """Measures point to the words in the new text instead of the same words in the earlier one."""
    link = Measure.actions.through
    places = dict(Action.objects.filter(carried_from__in=earlier).values_list("carried_from", "pk"))
    links = list(link.objects.filter(action__in=places))
    for one in links:
        one.action_id = places[one.action_id]
    link.objects.bulk_update(links, ["action"], batch_size=200)
