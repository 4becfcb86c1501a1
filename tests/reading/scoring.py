"""How near a reading comes to an annotated sample: F1 over spans, as the guide measures it.

Points match by their first character and an overlap of at least 0.8, actions and slots by an overlap of at
least 0.5 (intersection over union) and, for slots, an equal value. Optional actions count neither way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tracker.reading import read

SAMPLES = Path(__file__).parent / "samples"
Item = dict[str, Any]


def overlap(one: Item, other: Item) -> float:
    """Intersection over union of two spans."""
    common = min(one["end"], other["end"]) - max(one["start"], other["start"])
    if common <= 0:
        return 0.0
    return common / (max(one["end"], other["end"]) - min(one["start"], other["start"]))


def pairs(
    found: list[Item], wanted: list[Item], good: Callable[[Item, Item], bool]
) -> list[tuple[Item, Item]]:
    """One-to-one pairs, best overlap first."""
    ranked = sorted(
        ((-overlap(f, w), i, j) for i, f in enumerate(found) for j, w in enumerate(wanted) if good(f, w)),
    )
    taken: list[tuple[Item, Item]] = []
    used: set[tuple[str, int]] = set()
    for _, i, j in ranked:
        if ("f", i) not in used and ("w", j) not in used:
            used |= {("f", i), ("w", j)}
            taken.append((found[i], wanted[j]))
    return taken


def slots(document: Item) -> list[Item]:
    """All slots of all points."""
    return [slot for point in document["points"] for slot in point["slots"]]


def same_value(found: Item, wanted: Item) -> bool:
    """Whether two slots say the same."""
    one, other = found["value"], wanted["value"]
    if found["type"] != wanted["type"] or overlap(found, wanted) < 0.5:
        return False
    if found["type"] in ("owner", "deliverable"):
        return True
    if found["type"] == "quantity":
        return (one["number"], one["unit"]) == (other["number"], other["unit"])
    return one == other or (str(one).startswith("event:") and str(other).startswith("event:"))


def f1(right: int, found: int, wanted: int) -> float:
    """The harmonic mean of precision and recall."""
    return 2 * right / (found + wanted) if found + wanted else 1.0


def scores(names: Iterable[str]) -> dict[str, float]:
    """F1 of points, stance, actions to do and slots over these samples together."""
    tally: dict[str, list[int]] = {name: [0, 0, 0] for name in ("points", "stance", "actions to do", "slots")}

    def add(name: str, right: int, found: int, wanted: int) -> None:
        tally[name] = [had + more for had, more in zip(tally[name], (right, found, wanted), strict=True)]

    for name in names:
        wanted = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
        found = read((SAMPLES / f"{name}.txt").read_text(encoding="utf-8")).as_json(f"{name}.txt")
        points = pairs(
            found["points"], wanted["points"], lambda f, w: f["start"] == w["start"] and overlap(f, w) >= 0.8
        )
        add("points", len(points), len(found["points"]), len(wanted["points"]))
        add("stance", sum(f["stance"] == w["stance"] for f, w in points), len(points), len(wanted["points"]))
        to_do = [[a for a in one["actions"] if not a.get("done")] for one in (found, wanted)]
        acts = pairs(to_do[0], to_do[1], lambda f, w: overlap(f, w) >= 0.5)
        free = sum(bool(w.get("optional")) for _, w in acts)
        must = sum(not w.get("optional") for w in to_do[1])
        add("actions to do", len(acts) - free, len(to_do[0]) - free, must)
        add(
            "slots",
            len(pairs(slots(found), slots(wanted), same_value)),
            len(slots(found)),
            len(slots(wanted)),
        )
    return {name: f1(*counts) for name, counts in tally.items()}
