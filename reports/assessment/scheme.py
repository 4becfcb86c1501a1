"""A scheme of assessment (考核方案) as data: weighted indicators and the bands of stars. Pure; no Django.

The default is a proposal: nowhere are weights or bands laid down nationally. Places deduct 0.5 to 2 points an
event; the shares of stars (at most 10 % with five) are for people to keep, the points only propose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """How an indicator turns tasks into points."""

    SHARE_DONE = "share_done"
    """Weight × share of what was due that is done."""
    PER_LATE = "per_late"
    """Weight less a step for each task completed late. Open ones already count in the share done."""
    PER_RETURN = "per_return"
    """Weight less a step for each time work was sent back."""
    PER_LATE_ACKNOWLEDGEMENT = "per_late_acknowledgement"
    """Weight less a step for each task not acknowledged in time."""


@dataclass(frozen=True)
class Indicator:
    code: str
    rule: Rule
    weight: float
    step: float = 0.0
    """Points deducted for each event."""


@dataclass(frozen=True)
class Scheme:
    version: str
    indicators: tuple[Indicator, ...]
    stars: Mapping[int, float]
    """Lowest points for each number of stars; below the last: one star."""
    passing: float

    @property
    def full(self) -> float:
        return sum(indicator.weight for indicator in self.indicators)

    def stars_for(self, points: float | None) -> int | None:
        """The stars that points propose; None without points."""
        if points is None:
            return None
        return max((stars for stars, least in self.stars.items() if points >= least), default=1)


DEFAULT = Scheme(
    version="2026.1",
    indicators=(
        Indicator("completion", Rule.SHARE_DONE, 40),
        Indicator("punctuality", Rule.PER_LATE, 30, step=2),
        Indicator("quality", Rule.PER_RETURN, 20, step=1),
        Indicator("acknowledgement", Rule.PER_LATE_ACKNOWLEDGEMENT, 10, step=0.5),
    ),
    stars={5: 90, 4: 80, 3: 70, 2: 60},
    passing=60,
)
