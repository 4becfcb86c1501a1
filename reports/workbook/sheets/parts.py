"""What several sheets share: titles, the columns of figures, how rates and missing values are written."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from common import saying
from reports.facts import Facts
from reports.figures import Counts, Figure
from reports.labels import FIGURES, RATES
from reports.workbook.sheet import NOTHING, Column, Kind, Value

FIGURE_COLUMNS: tuple[Figure, ...] = (
    Figure.OPENING,
    Figure.ADDED,
    Figure.REOPENED,
    Figure.DUE_IN,
    Figure.DUE_DONE,
    Figure.DUE_ON_TIME,
    Figure.DONE_IN,
    Figure.DONE_LATE,
    Figure.WITHDRAWN,
    Figure.CLOSING,
    Figure.SUSPENDED,
    Figure.WAITING,
    Figure.EXTENDED,
    Figure.OVERDUE,
    Figure.RED,
    Figure.YELLOW,
)


def subtitle(facts: Facts) -> str:
    """编制单位：… 截至2026年6月30日."""
    return _("Compiled for: %(unit)s    As of %(day)s") % {
        "unit": facts.organization.name,
        "day": saying.full_date(facts.last_day),
    }


def title(facts: Facts, subject: str) -> str:
    return f"{facts.organization.name}{facts.period.label}{subject}"


def figure_columns(width: float = 8) -> list[Column]:
    counts = [Column(FIGURES[figure].name, width, Kind.COUNT) for figure in FIGURE_COLUMNS]
    return counts + [Column(rate.name, width + 1, Kind.RATE) for rate in RATES]


def figure_values(counts: Counts) -> list[Value]:
    rates = [rate.of(counts) for rate in RATES]
    return [getattr(counts, figure.value) for figure in FIGURE_COLUMNS] + [or_nothing(rate) for rate in rates]


def or_nothing(value: Value) -> Value:
    """A value, or "—": 0 of 0 is neither 0 % nor 100 %."""
    return NOTHING if value is None or value == "" else value


def joined(parts: Sequence[str]) -> str:
    return "；".join(part for part in parts if part)
