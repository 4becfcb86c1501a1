"""逾期: what is past its date and still open first, then what was completed late."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from reports.facts import Facts, window_of
from reports.lives import TaskRow
from reports.workbook.sheet import Column, Kind, Table, Value
from reports.workbook.sheets.parts import or_nothing, subtitle, title


def sheet(facts: Facts) -> Table:
    window = window_of(facts.period, facts.cut_off)

    def values(row: TaskRow, kind: str) -> list[Value]:
        handed_in = row.course.submitted_at
        return [
            kind,
            row.title,
            row.unit.name,
            row.group.name,
            or_nothing(row.leader),
            or_nothing(row.handler),
            row.course.original_due,
            row.due,
            window.day(handed_in) if handed_in else None,
            row.days_late,
            row.course.returns,
            row.urgings,
            row.problems or row.progress,
        ]

    lines = [values(row, _("open and overdue")) for row in facts.overdue]
    lines += [values(row, _("completed late")) for row in facts.done_late]
    return Table(
        name=pgettext("sheet", "Overdue"),
        title=title(facts, _("overdue matters")),
        subtitle=subtitle(facts),
        columns=[
            Column(_("No."), 5, Kind.COUNT),
            Column(_("kind"), 11, Kind.SHORT),
            Column(_("Measure"), 28),
            Column(_("responsible unit"), 16),
            Column(pgettext("column", "under"), 14),
            Column(_("responsible leader"), 9, Kind.SHORT),
            Column(_("responsible person"), 9, Kind.SHORT),
            Column(_("original date"), 10, Kind.DAY),
            Column(_("present date"), 10, Kind.DAY),
            Column(pgettext("column", "handed in"), 10, Kind.DAY),
            Column(_("days late"), 7, Kind.COUNT),
            Column(_("times returned"), 7, Kind.COUNT),
            Column(_("times urged"), 7, Kind.COUNT),
            Column(_("problems and latest progress"), 34),
        ],
        rows=([number, *line] for number, line in enumerate(lines, 1)),
        freeze=3,
        empty=_("Nothing was overdue or completed late."),
    )
