"""考核得分: a row per organisation, the points of every indicator, and what points were lost for."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from common import saying
from reports.assessment.scoring import Happening, Line
from reports.facts import Facts
from reports.labels import HAPPENINGS, INDICATORS
from reports.workbook.sheet import Column, Kind, Table, Value
from reports.workbook.sheets.parts import joined, or_nothing, subtitle, title


def sheet(facts: Facts) -> Table:
    group = _("Points by indicator")
    indicators = [
        Column(f"{INDICATORS[i.code].name}\n({i.weight:g})", 10, Kind.SCORE, group)
        for i in facts.scheme.indicators
    ]
    return Table(
        name=pgettext("sheet", "Scores"),
        title=title(facts, _("assessment of branches")),
        subtitle=subtitle(facts),
        columns=[
            Column(_("No."), 5, Kind.COUNT),
            Column(_("Unit"), 20),
            Column(pgettext("column", "under"), 16),
            *indicators,
            Column(_("points of 100"), 9, Kind.SCORE),
            Column(_("stars proposed"), 12, Kind.SHORT),
            Column(_("why points were lost"), 60),
        ],
        rows=_rows(facts),
        empty=_("Nobody to assess in this period."),
    )


def _rows(facts: Facts) -> Iterator[list[Value]]:
    for number, row in enumerate(facts.scores, 1):
        score = row.score
        yield [
            number,
            row.unit.name,
            row.group.name,
            *(or_nothing(line.points) for line in score.lines),
            or_nothing(score.points),
            or_nothing("★" * (score.stars or 0)),
            or_nothing(reasons(score.lines)),
        ]


def reasons(lines: tuple[Line, ...]) -> str:
    """Every indicator that lost points, with its events: day, number of the task, kind."""
    return "\n".join(_reason(line) for line in lines if line.deducted)


def _reason(line: Line) -> str:
    return _("%(indicator)s −%(points)s: %(events)s") % {
        "indicator": INDICATORS[line.indicator].name,
        "points": f"{line.deducted:g}",
        "events": joined([_said(happening) for happening in line.happenings]),
    }


def _said(happening: Happening) -> str:
    """2026年4月3日 〔2026〕1号-2 逾期办结."""
    return f"{saying.full_date(happening.day)} {happening.number} {HAPPENINGS[happening.kind]}"
