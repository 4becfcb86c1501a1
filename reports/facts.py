"""The facts of a period: one computation that the leader's page, the workbook, the command and the job share.

Everything is taken as of the cut-off, from the history (see ``reports.figures`` for the rules), so a report of
an old period can be computed again and comes out the same.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from branches.models import Organization
from common.periods import Period
from common.workdays import Calendar
from reports.assessment.scheme import DEFAULT, Scheme
from reports.assessment.scoring import Happening, Judged, Score, score
from reports.figures import Counts, Figure, Month, Window, months_of
from reports.lives import TaskRow, Tree, Unit, rows_below
from reports.rectification import FindingRow, findings_below

RULES_VERSION = "2026.1"
"""Raised whenever the same history would give other figures; kept with every report."""
REVIEW_DAYS = 5
"""Working days a reviewer has before a submission counts as waiting long; a default."""


@dataclass(frozen=True)
class UnitFacts:
    """One row of 按单位: an organisation, or all below it that the report groups under it."""

    unit: Unit
    counts: Counts
    open_findings: int


@dataclass(frozen=True)
class MeasureFacts:
    """One row of 按事项."""

    id: int
    number: str
    title: str
    leader: str
    counts: Counts


@dataclass(frozen=True)
class ScoreFacts:
    """One row of 考核得分."""

    unit: Unit
    group: Unit
    score: Score


@dataclass(frozen=True)
class Facts:
    """What a half-year report says. ``previous`` is None when nothing counted in the period before."""

    organization: Unit
    period: Period
    cut_off: datetime
    totals: Counts
    previous: Counts | None
    units: list[UnitFacts]
    measures: list[MeasureFacts]
    months: list[Month]
    tasks: list[TaskRow]
    findings: list[FindingRow]
    scores: list[ScoreFacts]
    scheme: Scheme

    @property
    def is_empty(self) -> bool:
        """Nothing was asked, carried or found in this period."""
        return not self.tasks and not self.findings

    @property
    def is_live(self) -> bool:
        """The period is not over at the cut-off: figures still move."""
        return self.cut_off < self.period.end

    @property
    def last_day(self) -> date:
        return window_of(self.period, self.cut_off).last_day

    @property
    def overdue(self) -> list[TaskRow]:
        """Tasks in hand past their date, the longest overdue first."""
        return _by_lateness(row for row in self.tasks if Figure.OVERDUE in row.figures)

    @property
    def done_late(self) -> list[TaskRow]:
        return _by_lateness(row for row in self.tasks if Figure.DONE_LATE in row.figures)

    @property
    def waiting_long(self) -> list[TaskRow]:
        """Submissions whose reviewer has let more than the customary working days pass."""
        return [row for row in self.tasks if row.review_days > REVIEW_DAYS]

    @property
    def returned_often(self) -> list[TaskRow]:
        return [row for row in self.tasks if Figure.CLOSING in row.figures and row.course.returns > 1]

    @property
    def open_findings(self) -> int:
        return sum(finding.is_open for finding in self.findings)

    def units_by_lag(self) -> list[UnitFacts]:
        """The units furthest behind first: most overdue, then the lowest completion rate."""
        return sorted(self.units, key=lambda row: (-row.counts.overdue, _or_one(row.counts), row.unit.path))

    def tasks_in(
        self, figure: Figure, *, unit: int | None = None, measure: int | None = None
    ) -> list[TaskRow]:
        """The list behind a number, of everything or of one row of 按单位 or 按事项."""
        return [
            row
            for row in self.tasks
            if figure in row.figures
            and (unit is None or row.group.id == unit)
            and (measure is None or row.measure_id == measure)
        ]

    def frozen(self) -> dict[str, Any]:
        """The facts as JSON, to be kept with the report.

        The task rows stand in the workbook; here they are their number and a hash, so that a later
        computation can be compared without keeping every text twice.
        """
        rows = _plain([_fingerprint(row) for row in self.tasks])
        digest = hashlib.sha256(json.dumps(rows, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
        return {
            "organization": asdict(self.organization),
            "period": self.period.code,
            "cut_off": self.cut_off.isoformat(),
            "rules": RULES_VERSION,
            "scheme": self.scheme.version,
            "totals": _with_rates(self.totals),
            "previous": _with_rates(self.previous) if self.previous else None,
            "units": [_counted(row) for row in self.units],
            "measures": [_counted(row) for row in self.measures],
            "months": _plain([asdict(month) for month in self.months]),
            "overdue": [_overdue(row) for row in self.overdue],
            "findings": _plain([asdict(row) for row in self.findings]),
            "scores": [_scored(row) for row in self.scores],
            "tasks": {"count": len(rows), "sha256": digest},
        }


def window_of(period: Period, cut_off: datetime) -> Window:
    """The half-open window of a period, ending at the cut-off or with the period, whichever comes first."""
    return Window(period.begin, min(period.end, cut_off), timezone.get_default_timezone())


def facts_of(
    organization: Organization, period: Period, *, cut_off: datetime, scheme: Scheme = DEFAULT
) -> Facts:
    """Compute the facts of an organisation and all below it. Reads only; a constant number of queries.

    ``cut_off`` is an aware moment; events at or after it do not count. Beyond the period's end it changes
    nothing. What is compared with is the whole period before.
    """
    window = window_of(period, cut_off)
    earlier = window_of(period.previous, period.begin)
    tree = Tree(organization)
    rows = rows_below(organization, window, before=earlier, calendar=Calendar.load(), tree=tree)
    findings = findings_below(organization, window, tree=tree)
    previous = Counts.of(row.before for row in rows)
    tasks = [row for row in rows if row.figures]
    return Facts(
        organization=Unit(organization.pk, organization.code, organization.short_name, organization.path),
        period=period,
        cut_off=window.end,
        totals=Counts.of(row.figures for row in tasks),
        previous=None if previous.is_empty else previous,
        units=_units(tasks, findings),
        measures=_measures(tasks),
        months=months_of((row.course for row in tasks), window, last_day=period.last_day),
        tasks=tasks,
        findings=findings,
        scores=_scores(tasks, window, scheme),
        scheme=scheme,
    )


def _units(tasks: list[TaskRow], findings: list[FindingRow]) -> list[UnitFacts]:
    grouped: dict[Unit, list[TaskRow]] = defaultdict(list)
    for row in tasks:
        grouped[row.group].append(row)
    for finding in findings:
        grouped.setdefault(finding.group, [])
    open_: dict[int, int] = defaultdict(int)
    for finding in findings:
        open_[finding.group.id] += finding.is_open
    return [
        UnitFacts(unit, Counts.of(row.figures for row in rows), open_[unit.id])
        for unit, rows in sorted(grouped.items(), key=lambda item: item[0].path)
    ]


def _measures(tasks: list[TaskRow]) -> list[MeasureFacts]:
    grouped: dict[int, list[TaskRow]] = defaultdict(list)
    for row in tasks:
        grouped[row.measure_id].append(row)
    ordered = sorted(grouped.values(), key=lambda rows: (rows[0].plan, rows[0].position, rows[0].measure_id))
    return [
        MeasureFacts(
            rows[0].measure_id,
            rows[0].number,
            rows[0].measure,
            rows[0].leader,
            Counts.of(row.figures for row in rows),
        )
        for rows in ordered
    ]


def _scores(tasks: list[TaskRow], window: Window, scheme: Scheme) -> list[ScoreFacts]:
    grouped: dict[Unit, list[TaskRow]] = defaultdict(list)
    for row in tasks:
        if Figure.WITHDRAWN not in row.figures:
            grouped[row.unit].append(row)
    return [
        ScoreFacts(unit, rows[0].group, score([_judged(row, window) for row in rows], scheme))
        for unit, rows in sorted(grouped.items(), key=lambda item: item[0].path)
    ]


def _judged(row: TaskRow, window: Window) -> Judged:
    course = row.course
    returned = any(incident.kind == "return" for incident in course.incidents)
    return Judged(
        id=row.id,
        number=row.number,
        due=Figure.DUE_IN in row.figures,
        done=Figure.DUE_DONE in row.figures,
        assigned=Figure.ADDED in row.figures,
        handed_in=returned or bool(course.submitted_at and course.submitted_at >= window.begin),
        day=course.due,
        happenings=tuple(
            Happening(incident.kind, incident.day, row.id, row.number) for incident in course.incidents
        ),
    )


def _by_lateness(rows: Iterable[TaskRow]) -> list[TaskRow]:
    return sorted(rows, key=lambda row: (-row.days_late, row.unit.path, row.number))


def _or_one(counts: Counts) -> float:
    return 1.0 if counts.completion_rate is None else counts.completion_rate


def _with_rates(counts: Counts) -> dict[str, float | None]:
    return asdict(counts) | {"completion_rate": counts.completion_rate, "on_time_rate": counts.on_time_rate}


def _counted(row: UnitFacts | MeasureFacts) -> dict[str, Any]:
    return asdict(row) | {"counts": _with_rates(row.counts)}


def _overdue(row: TaskRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "number": row.number,
        "title": row.title,
        "unit": row.unit.name,
        "group": row.group.name,
        "original_due": row.course.original_due.isoformat(),
        "due": row.due.isoformat(),
        "days_late": row.days_late,
        "why": row.problems,
    }


def _scored(row: ScoreFacts) -> dict[str, Any]:
    """The points and, for each line, the tasks counted and what was deducted for."""
    return {
        "unit": {"id": row.unit.id, "code": row.unit.code, "name": row.unit.name},
        "points": row.score.points,
        "stars": row.score.stars,
        "lines": [
            {
                "indicator": line.indicator,
                "points": line.points,
                "counted": list(line.counted),
                "happenings": [[h.kind, h.day.isoformat(), h.task] for h in line.happenings],
            }
            for line in row.score.lines
        ],
    }


def _fingerprint(row: TaskRow) -> list[Any]:
    """What a task said at the cut-off, without names that may change later."""
    course = row.course
    said = [row.percent, row.handler, row.progress, row.problems, row.light]
    return [row.id, course.state, course.due, course.completed_at, course.returns, sorted(row.figures), *said]


def _plain(value: Any) -> Any:
    """As JSON knows it: dates as ISO text."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date | datetime) else value
