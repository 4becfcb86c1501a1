"""The lists behind the numbers on paper: the columns of their page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from common.templatetags.ui import LIGHTS
from reports.lists import Listing as Figures
from tracker.exporting import Column, Listing, Value, light_mark


def figures_listing(figures: Figures, found: Sequence[Any], *, filters: Sequence[str]) -> Listing:
    """The tasks or findings that a number counts."""
    columns, rows = _findings(found) if figures.of_findings else _tasks(found)
    return Listing(str(figures.label), columns, rows, len(found), filters=filters)


def _tasks(found: Sequence[Any]) -> tuple[list[Column], Iterable[Sequence[Value]]]:
    columns = [
        Column(_("Measure"), 44),
        Column(_("number"), 16),
        Column(_("responsible unit"), 26),
        Column(_("Unit"), 26),
        Column(_("state"), 14),
        Column(_("due date"), 12, centred=True),
        Column(_("days late"), 9, centred=True),
        Column(_("times returned"), 9, centred=True),
    ]
    return columns, (
        (
            row.title,
            row.number,
            row.unit.name,
            row.group.name,
            light_mark(row.light, str(LIGHTS[row.light]))
            if row.light in {"red", "yellow"}
            else row.state_label,
            row.due,
            row.days_late or None,
            row.course.returns or None,
        )
        for row in found
    )


def _findings(found: Sequence[Any]) -> tuple[list[Column], Iterable[Sequence[Value]]]:
    columns = [
        Column(_("problem"), 70),
        Column(_("number"), 16),
        Column(_("Unit"), 28),
        Column(_("time limit"), 12, centred=True),
        Column(_("days late"), 9, centred=True),
    ]
    return columns, ((row.fact, row.number, row.unit.name, row.due, row.days_late or None) for row in found)
