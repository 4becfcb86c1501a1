"""Timing a piece of work beside its floor: interleaved rounds in one run, the median of the ratios within a round."""

from __future__ import annotations

import gc
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ROUNDS = 5


@dataclass(frozen=True)
class Goal:
    """A ratio that must not be passed, as DESIGN writes it down."""

    work: str
    floor: str
    at_most: float


@dataclass
class Result:
    """What a benchmark found: seconds by name and round, and for each goal the median ratio."""

    name: str
    seconds: dict[str, list[float]] = field(default_factory=dict)
    goals: list[tuple[Goal, float]] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        return all(ratio <= goal.at_most for goal, ratio in self.goals)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "met": self.met,
            "seconds": {name: [round(s, 6) for s in rounds] for name, rounds in self.seconds.items()},
            "goals": [
                {"work": goal.work, "floor": goal.floor, "at_most": goal.at_most, "ratio": round(ratio, 3)}
                for goal, ratio in self.goals
            ],
            **self.notes,
        }

    def as_text(self) -> str:
        lines = [self.name]
        for name, rounds in self.seconds.items():
            lines.append(
                f"  {name:40} median {statistics.median(rounds) * 1000:10.1f} ms over {len(rounds)} rounds"
            )
        for goal, ratio in self.goals:
            verdict = "met" if ratio <= goal.at_most else "MISSED"
            lines.append(f"  {goal.work} / {goal.floor}: {ratio:.2f}× (goal ≤ {goal.at_most}×, {verdict})")
        lines += [f"  {key}: {value}" for key, value in self.notes.items()]
        return "\n".join(lines)


def compare(
    name: str,
    contenders: dict[str, Callable[[], Any]],
    goals: list[Goal],
    *,
    rounds: int = ROUNDS,
    before: Callable[[], None] | None = None,
) -> Result:
    """Run every contender once per round, in turn; ``before`` puts the stage back before each of them.

    Outputs that are not None must be equal across contenders of a round: a fast wrong answer is no answer.
    """
    result = Result(name, {key: [] for key in contenders})
    for _ in range(rounds):
        outputs = {}
        for key, run in contenders.items():
            if before:
                before()
            gc.collect()
            began = time.perf_counter()
            outputs[key] = run()
            result.seconds[key].append(time.perf_counter() - began)
        told = {key: output for key, output in outputs.items() if output is not None}
        if len({repr(output) for output in told.values()}) > 1:
            raise AssertionError(f"{name}: outputs differ: {told}")
    for goal in goals:
        pairs = zip(result.seconds[goal.work], result.seconds[goal.floor], strict=True)
        result.goals.append((goal, statistics.median(work / floor for work, floor in pairs)))
    return result


def peak_memory() -> int:
    """Peak resident memory of this process so far, in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
