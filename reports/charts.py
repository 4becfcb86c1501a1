"""The geometry of the page's charts: numbers in, places in. Templates draw them as SVG."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reports.facts import UnitFacts
from reports.figures import Month


@dataclass(frozen=True)
class Bar:
    """One unit's bar: done, in hand and overdue, as widths of 100 (the longest bar)."""

    row: UnitFacts
    url: str
    done: float
    in_hand: float
    overdue: float

    @property
    def in_hand_at(self) -> float:
        return self.done

    @property
    def overdue_at(self) -> float:
        return round(self.done + self.in_hand, 2)

    @property
    def in_hand_count(self) -> int:
        return self.row.counts.closing - self.row.counts.overdue


def unit_bars(units: Sequence[UnitFacts], url: Callable[[int], str]) -> list[Bar]:
    """Bars in the given order, to one scale, so that their length tells how much a unit has."""
    longest = max((unit.counts.done_in + unit.counts.closing for unit in units), default=0) or 1

    def width(count: int) -> float:
        return round(100 * count / longest, 2)

    return [
        Bar(
            unit,
            url(unit.unit.id),
            width(unit.counts.done_in),
            width(unit.counts.closing - unit.counts.overdue),
            width(unit.counts.overdue),
        )
        for unit in units
    ]


@dataclass(frozen=True)
class Column:
    """One month: its bar of work done so far, and where the pace stands."""

    month: Month
    middle: float
    left: float
    width: float
    top: float | None
    height: float
    pace: float


@dataclass(frozen=True)
class MonthChart:
    """A chart of running totals: bars for what is done of what is due, a line for the expected pace."""

    columns: list[Column]
    line: str
    """The pace as points of a polyline."""
    grid: list[tuple[float, int]]
    width: float
    height: float
    floor: float
    total: int

    @property
    def latest(self) -> Column | None:
        """The last month that has begun."""
        return next((column for column in reversed(self.columns) if column.top is not None), None)


WIDTH, HEIGHT, TOP, FLOOR, LEFT, RIGHT = 560.0, 250.0, 24.0, 216.0, 44.0, 12.0


def month_chart(months: Sequence[Month]) -> MonthChart | None:
    """The chart of a period's months; None when nothing falls due in it."""
    total = months[-1].due_total if months else 0
    if not total:
        return None
    ceiling = _round_up(total)
    room = (WIDTH - LEFT - RIGHT) / len(months)

    def y(count: int) -> float:
        return round(FLOOR - (FLOOR - TOP) * count / ceiling, 1)

    columns = []
    for number, month in enumerate(months):
        middle = round(LEFT + room * (number + 0.5), 1)
        width = round(min(room * 0.5, 56), 1)
        top = None if month.done_total is None else y(month.done_total)
        columns.append(
            Column(
                month,
                middle,
                round(middle - width / 2, 1),
                width,
                top,
                0 if top is None else round(FLOOR - top, 1),
                y(month.due_total),
            )
        )
    line = " ".join(f"{column.middle},{column.pace}" for column in columns)
    grid = [(y(count), count) for count in sorted({0, ceiling // 2, ceiling})]
    return MonthChart(columns, line, grid, WIDTH, HEIGHT, FLOOR, total)


def _round_up(count: int) -> int:
    """The next number that reads well at the top of an axis, even so that its half is whole."""
    step = 10 ** max(len(str(count)) - 1, 0)
    for factor in (1, 2, 4, 5, 6, 8, 10):
        if factor * step >= count:
            return max(factor * step, 2)
    return 10 * step
