"""Reading a source again, by newer rules, without losing a decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from branches.access import Actor
from tracker import reading
from tracker.models import Action, Passage, Source
from tracker.sources import actions_of, locked_source, write_passages


@dataclass(frozen=True)
class Reread:
    """What reading again changed."""

    added: int
    dropped: int
    kept: int


def reread(source: Source, *, actor: Actor, at: datetime) -> Reread:
    """Read the text again by the present rules and keep every decision.

    An action found again keeps its row; one found with another span keeps it too, if it overlaps by half or more.
    Undecided actions that are no longer found go; decided ones and those marked by hand stay as they are.
    Raises NotAllowed.
    """
    del at
    found = reading.read(source.text)
    with transaction.atomic():
        locked = locked_source(source, actor)
        known = list(Action.objects.select_for_update().filter(source=locked).order_by("pk"))
        Passage.objects.filter(source=locked).delete()
        passages = write_passages(locked, found)
        fresh = actions_of(locked, found, passages)
        pairs, new = matched(known, fresh)
        again = {action.pk for action, _fields in pairs}
        gone = [
            a
            for a in known
            if a.pk not in again and a.decision == Action.Decision.OPEN and not a.added_by_hand
        ]
        Action.objects.filter(pk__in=[a.pk for a in gone]).delete()
        for action, fields in pairs:
            # What was decided on stays what was read that day.
            fixed = {"start", "end", "done"} if action.decision != Action.Decision.OPEN else set()
            for name in fields.keys() - fixed:
                setattr(action, name, fields[name])
        kept = [a for a in known if a not in gone]
        _find_passages(kept, passages)
        Action.objects.bulk_update(
            kept, ["start", "end", "kinds", "done", "slots", "why", "passage"], batch_size=200
        )
        Action.objects.bulk_create(Action(**fields) for fields in new)
        locked.rules_version, locked.version = reading.VERSION, locked.version + 1
        locked.save(update_fields=["rules_version", "version"])
    return Reread(added=len(new), dropped=len(gone), kept=len(kept))


def matched(
    known: list[Action], fresh: list[dict[str, Any]]
) -> tuple[list[tuple[Action, dict[str, Any]]], list[dict[str, Any]]]:
    """Pair the actions that are kept with those just read: same span first, then overlap by half or more.

    What is read over the span of a decided action or one marked by hand, but fits none, is left out: two marks
    never lie over each other.
    """
    by_span = {(a.start, a.end): a for a in known}
    pairs, rest = [], []
    for fields in fresh:
        action = by_span.pop((fields["start"], fields["end"]), None)
        if action:
            pairs.append((action, fields))
        else:
            rest.append(fields)
    free, new = list(by_span.values()), []
    for fields in rest:
        over = [(_overlap(a, fields), a) for a in free if a.start < fields["end"] and a.end > fields["start"]]
        best = max(over, key=lambda pair: pair[0], default=(0.0, None))
        if best[1] is not None and best[0] >= 0.5:
            free.remove(best[1])
            pairs.append((best[1], fields))
        elif not any(a.decision != Action.Decision.OPEN or a.added_by_hand for _share, a in over):
            new.append(fields)
    return pairs, new


def _overlap(action: Action, fields: dict[str, Any]) -> float:
    shared = min(action.end, fields["end"]) - max(action.start, fields["start"])
    return shared / (max(action.end, fields["end"]) - min(action.start, fields["start"]))


def _find_passages(actions: list[Action], passages: list[Passage]) -> None:
    for action in actions:
        action.passage = next((p for p in passages if p.start <= action.start and action.end <= p.end), None)
