"""What a reading holds: points, actions and slots with exact character offsets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Stance = Literal["directive", "achievement", "problem", "remark"]
SlotType = Literal["cadence", "due", "quantity", "owner", "deliverable"]
SlotValue = str | dict[str, Any]


@dataclass(frozen=True, slots=True)
class Why:
    """Why something was proposed: the rule's key and the words that set it off."""

    rule: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """One fact a task needs. `text` is verbatim; `value` is normalised by the slot's type.

    `year` is the year named together with a due period that has no year of its own (2026年上半年
    is `H1` of 2026). `future` marks a commitment inside a passage that otherwise reports what was done.
    """

    type: SlotType
    start: int
    end: int
    text: str
    value: SlotValue
    why: Why
    future: bool = False
    year: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The slot in the interchange form; keys that say nothing are left out."""
        found: dict[str, Any] = {
            "type": self.type,
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "value": self.value,
        }
        if self.future:
            found["future"] = True
        if self.year is not None:
            found["year"] = self.year
        return found


@dataclass(frozen=True, slots=True)
class Action:
    """Something definite to do (or done) that somebody could be asked to show.

    `sentence` is the (start, end) of the sentence it stands in, `slots` the slots of that sentence,
    `point` the index of the point it lies in, None outside every point.
    """

    start: int
    end: int
    text: str
    kinds: tuple[str, ...]
    done: bool
    why: Why
    sentence: tuple[int, int]
    slots: tuple[Slot, ...] = ()
    point: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The action in the interchange form."""
        found: dict[str, Any] = {
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "kinds": list(self.kinds),
        }
        if self.done:
            found["done"] = True
        return found


@dataclass(frozen=True, slots=True)
class Point:
    """A leaf of the outline: one demand, one report of work, one shortfall or one remark."""

    start: int
    end: int
    path: tuple[str, ...]
    title: str
    stance: Stance
    kinds: tuple[str, ...]
    why: Why
    slots: tuple[Slot, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The point in the interchange form."""
        return {
            "start": self.start,
            "end": self.end,
            "path": list(self.path),
            "title": self.title,
            "stance": self.stance,
            "kinds": list(self.kinds),
            "slots": [slot.as_json() for slot in self.slots],
        }


@dataclass(frozen=True, slots=True)
class Passage:
    """One node of the outline, leaf or not; `title_start`/`title_end` bound its headline."""

    start: int
    end: int
    path: tuple[str, ...]
    title_start: int
    title_end: int
    leaf: bool


@dataclass(frozen=True, slots=True)
class Vague:
    """A word that a person must still turn into something exact.

    `asks` is "cadence" for words of repetition (定期) and "due" for words of nearness (尽快).
    """

    start: int
    end: int
    text: str
    asks: Literal["cadence", "due"]


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was read in one text. The same text and version give the same reading for ever."""

    version: str
    points: tuple[Point, ...] = ()
    actions: tuple[Action, ...] = ()
    slots_outside: tuple[Slot, ...] = ()
    passages: tuple[Passage, ...] = ()
    vague: tuple[Vague, ...] = field(default=())

    def as_json(self, file: str) -> dict[str, Any]:
        """The interchange form that the guide defines: `file`, `points` with `slots`, `actions`."""
        return {
            "file": file,
            "points": [point.as_json() for point in self.points],
            "actions": [action.as_json() for action in self.actions],
        }
