"""按单位: all figures of every unit below the reporting organisation."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from reports.facts import Facts
from reports.workbook.sheet import Column, Kind, Table
from reports.workbook.sheets.parts import figure_columns, figure_values, subtitle, title


def sheet(facts: Facts) -> Table:
    rows = (
        [number, row.unit.name, *figure_values(row.counts), row.open_findings]
        for number, row in enumerate(facts.units, 1)
    )
    return Table(
        name=pgettext("sheet", "By unit"),
        title=title(facts, _("tasks by unit")),
        subtitle=subtitle(facts),
        columns=[
            Column(_("No."), 5, Kind.COUNT),
            Column(_("Unit"), 24),
            *figure_columns(),
            Column(_("open findings"), 8, Kind.COUNT),
        ],
        rows=rows,
        total=[None, _("Total"), *figure_values(facts.totals), facts.open_findings],
        empty=_("No tasks in this period."),
    )
