"""按事项: all figures of every measure."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from reports.facts import Facts
from reports.workbook.sheet import Column, Kind, Table
from reports.workbook.sheets.parts import figure_columns, figure_values, subtitle, title


def sheet(facts: Facts) -> Table:
    rows = (
        [number, row.number, row.title, row.leader, *figure_values(row.counts)]
        for number, row in enumerate(facts.measures, 1)
    )
    return Table(
        name=pgettext("sheet", "By measure"),
        title=title(facts, _("tasks by measure")),
        subtitle=subtitle(facts),
        columns=[
            Column(_("No."), 5, Kind.COUNT),
            Column(_("Number"), 13, Kind.SHORT),
            Column(_("Measure"), 30),
            Column(_("responsible leader"), 10, Kind.SHORT),
            *figure_columns(7.5),
        ],
        rows=rows,
        freeze=3,
        total=[None, None, _("Total"), None, *figure_values(facts.totals)],
        empty=_("No tasks in this period."),
    )
