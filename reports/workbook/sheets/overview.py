"""总览: one upright page with the figures a leader reads first; the text blocks are left for people."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from reports.facts import Facts, UnitFacts
from reports.figures import Counts, Figure
from reports.labels import FIGURES, RATES
from reports.lives import TaskRow
from reports.workbook.sheet import Chart, Kind, Layout, Line, Look, Span, Value
from reports.workbook.sheets.parts import or_nothing, subtitle, title

MOST_UNITS, MOST_LATE, CHARTED = 15, 8, 8
WIDTHS = (24, *(7.2,) * 11)
KEY = (
    Figure.OPENING,
    Figure.ADDED,
    Figure.REOPENED,
    Figure.DUE_IN,
    Figure.DONE_IN,
    Figure.DONE_LATE,
    Figure.WITHDRAWN,
    Figure.CLOSING,
    Figure.SUSPENDED,
    Figure.OVERDUE,
)
UNIT_FIGURES = (
    Figure.OPENING,
    Figure.ADDED,
    Figure.DUE_IN,
    Figure.DONE_IN,
    Figure.DONE_LATE,
    Figure.CLOSING,
)


def sheet(facts: Facts) -> Layout:
    """The four blocks of facts, and four empty ones for highlights, problems, plans and decisions."""
    shown = facts.units_by_lag()[:MOST_UNITS]
    key, units = _key_figures(facts), _units(facts, shown)
    first_unit = 2 + len(key) + 3
    lines = [*key, *units, *_late(facts), *_texts()]
    return Layout(
        name=pgettext("sheet", "Overview"),
        title=title(facts, _("Party-building tasks")),
        subtitle=subtitle(facts),
        widths=WIDTHS,
        lines=lines,
        charts=[_chart(first_unit, first_unit + min(len(shown), CHARTED) - 1, len(key))] if shown else [],
    )


def _heading(text: str) -> Line:
    return Line([Span(text, len(WIDTHS), look=Look.GROUP)], 20)


def _key_figures(facts: Facts) -> list[Line]:
    """Names left, the three values beside them; the right half stays free for the chart."""
    header = [(_("Figure"), 1), (_("this period"), 1), (_("period before"), 1), (_("change"), 2)]
    now, before = facts.totals, facts.previous
    lines = [
        _heading(_("1. Key figures")),
        Line([Span(t, n, Kind.SHORT, Look.HEADER) for t, n in header], 20),
    ]
    for figure in KEY:
        if figure is Figure.REOPENED and not now.reopened:
            continue
        value, old = getattr(now, figure.value), getattr(before, figure.value) if before else None
        change = None if old is None else value - old
        lines.append(_key_line(str(FIGURES[figure].name), (value, old, change), Kind.COUNT, Kind.CHANGE))
    for rate in RATES:
        share, old_share = rate.of(now), rate.of(before or Counts())
        moved = None if share is None or old_share is None else share - old_share
        lines.append(_key_line(str(rate.name), (share, old_share, moved), Kind.RATE, Kind.RATE_CHANGE))
    return lines


def _key_line(name: str, values: Sequence[Value], kind: Kind, change_kind: Kind) -> Line:
    now, before, change = (or_nothing(value) for value in values)
    return Line([Span(name), Span(now, 1, kind), Span(before, 1, kind), Span(change, 2, change_kind)])


def _units(facts: Facts, shown: Sequence[UnitFacts]) -> list[Line]:
    names = [
        _("Unit"),
        *(str(FIGURES[figure].name) for figure in UNIT_FIGURES),
        *(str(rate.name) for rate in RATES),
        str(FIGURES[Figure.YELLOW].name),
        str(FIGURES[Figure.RED].name),
        _("open findings"),
    ]
    hidden = len(facts.units) - len(shown)
    heading = _("2. Units, those furthest behind first")
    if hidden > 0:
        heading += _(" (%(count)s more on the sheet “By unit”)") % {"count": hidden}
    lines = [_heading(heading), Line([Span(name, 1, Kind.SHORT, Look.HEADER) for name in names], 34)]
    for row in shown:
        rates = [Span(or_nothing(rate.of(row.counts)), 1, Kind.RATE) for rate in RATES]
        ends = [row.counts.yellow, row.counts.red, row.open_findings]
        lines.append(
            Line(
                [
                    Span(row.unit.name),
                    *(Span(getattr(row.counts, figure.value), 1, Kind.COUNT) for figure in UNIT_FIGURES),
                    *rates,
                    *(Span(value, 1, Kind.COUNT) for value in ends),
                ]
            )
        )
    return lines


def _late(facts: Facts) -> list[Line]:
    """Laggards by item and unit."""
    overdue = facts.overdue
    heading = _("3. Overdue matters")
    if len(overdue) > MOST_LATE:
        heading += _(" (the %(shown)s longest of %(count)s; all on the sheet “Overdue”)") % {
            "shown": MOST_LATE,
            "count": len(overdue),
        }
    columns = [
        (_("Unit"), 1),
        (_("Matter"), 5),
        (_("original date"), 2),
        (_("present date"), 2),
        (_("days late"), 2),
    ]
    lines = [_heading(heading), Line([Span(t, n, Kind.SHORT, Look.HEADER) for t, n in columns], 20)]
    lines += [_late_line(row) for row in overdue[:MOST_LATE]]
    if not overdue:
        lines.append(Line([Span(_("Nothing was overdue at the cut-off."), len(WIDTHS))]))
    return lines


def _late_line(row: TaskRow) -> Line:
    return Line(
        [
            Span(row.unit.name),
            Span(row.title, 5),
            Span(row.course.original_due, 2, Kind.DAY),
            Span(row.due, 2, Kind.DAY),
            Span(row.days_late, 2, Kind.COUNT),
        ]
    )


def _texts() -> list[Line]:
    """Texts are written by people; the system offers facts, not prose."""
    blocks = [
        (_("4. Highlights (top three, with unit)"), 46.0),
        (_("5. Problems and causes (three to five lines)"), 64.0),
        (_("6. What is promised for the next period"), 46.0),
        (_("7. Decisions wanted from the leaders"), 46.0),
    ]
    lines = []
    for heading, height in blocks:
        lines += [_heading(heading), Line([Span(None, len(WIDTHS), look=Look.WRITING)], height)]
    return lines


def _chart(first: int, last: int, key_lines: int) -> Chart:
    """Beside the key figures: due and done of the units shown first."""
    return Chart(
        title=_("Due and done by unit"),
        label_column=1,
        series={
            str(FIGURES[figure].name): 2 + UNIT_FIGURES.index(figure)
            for figure in (Figure.DUE_IN, Figure.DONE_IN)
        },
        first_row=first,
        last_row=last,
        top_left=(6, 4),
        below_right=(len(WIDTHS) + 1, 3 + key_lines),
    )
