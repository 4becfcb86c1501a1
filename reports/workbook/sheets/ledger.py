"""任务明细: one row a task, so that filters work; the last, hidden column carries the record's id."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from reports.facts import Facts, window_of
from reports.figures import DONE, Figure, Window
from reports.lives import TaskRow
from reports.workbook.sheet import Column, Kind, Page, Table, Value
from reports.workbook.sheets.parts import or_nothing, subtitle, title
from tracker.lights import Light
from tracker.models import Task

STATES = dict(Task.State.choices)
LIGHTS = dict(Light.choices)


def sheet(facts: Facts) -> Table:
    when, who = _("time limit"), pgettext("column", "responsibility")
    return Table(
        name=pgettext("sheet", "Tasks"),
        title=title(facts, _("task ledger")),
        subtitle=subtitle(facts),
        columns=[
            Column(_("No."), 5, Kind.COUNT),
            Column(_("Number"), 12, Kind.SHORT),
            Column(_("Measure"), 26),
            Column(_("responsible unit"), 16, Kind.TEXT, who),
            Column(pgettext("column", "under"), 14, Kind.TEXT, who),
            Column(_("responsible leader"), 8, Kind.SHORT, who),
            Column(_("responsible person"), 8, Kind.SHORT, who),
            Column(_("assigned on"), 10, Kind.DAY, when),
            Column(_("original date"), 10, Kind.DAY, when),
            Column(_("present date"), 10, Kind.DAY, when),
            Column(_("state"), 8, Kind.SHORT),
            Column(_("light"), 8, Kind.SHORT),
            Column(_("per cent"), 6, Kind.PERCENT),
            Column(pgettext("column", "handed in"), 10, Kind.DAY),
            Column(_("completed on"), 10, Kind.DAY),
            Column(_("days late"), 6, Kind.COUNT),
            Column(_("times returned"), 6, Kind.COUNT),
            Column(_("times urged"), 6, Kind.COUNT),
            Column(_("latest progress"), 32),
            Column(_("problems"), 20),
            Column(_("system number"), 0, Kind.CODE),
        ],
        rows=_rows(facts),
        freeze=3,
        page=Page("A3"),
        empty=_("No tasks in this period."),
    )


def _rows(facts: Facts) -> Iterator[list[Value]]:
    window = window_of(facts.period, facts.cut_off)
    for number, row in enumerate(facts.tasks, 1):
        yield [number, *_values(row, window)]


def _values(row: TaskRow, window: Window) -> list[Value]:
    course = row.course
    late = Figure.OVERDUE in row.figures or Figure.DONE_LATE in row.figures
    return [
        row.number,
        row.title,
        row.unit.name,
        row.group.name,
        or_nothing(row.leader),
        or_nothing(row.handler),
        row.issued_on,
        course.original_due,
        course.due,
        str(STATES[course.state]),
        # The word beside the state: a completed task needs no second "completed".
        or_nothing("" if course.state == DONE or row.light == Light.NONE else str(LIGHTS[row.light])),
        row.percent / 100,
        window.day(course.submitted_at) if course.submitted_at else None,
        window.day(course.completed_at) if course.completed_at else None,
        row.days_late if late else None,
        course.returns,
        row.urgings,
        row.progress,
        row.problems,
        f"{row.id}:{row.version}",
    ]
