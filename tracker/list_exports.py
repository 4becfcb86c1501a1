"""Which columns each list of the tracker has on paper: those of its page, in its order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from branches.models import Organization
from common.clock import local_date
from common.templatetags.ui import LIGHTS
from common.workdays import Calendar
from tracker.exporting import Column, Listing, Mark, Value, each, light_mark, said
from tracker.finding_list import GROUPS as FINDING_GROUPS
from tracker.finding_list import FindingFilter
from tracker.finding_list import glance as finding_glance
from tracker.grid import Cell, Grid, Sum
from tracker.lights import SIGNS, glance
from tracker.models import Finding, Plan, Task
from tracker.plan_table import Row
from tracker.targets import TargetSum
from tracker.task_list import GROUPS, TaskFilter, with_names


def tasks_listing(chosen: TaskFilter, *, filters: Sequence[str], day: date, calendar: Calendar) -> Listing:
    """The list of tasks."""
    tasks = with_names(chosen.in_group(chosen.narrow()))

    def rows() -> Iterator[Sequence[Value]]:
        for task in each(tasks):
            seen = glance(task, day=day, calendar=calendar)
            yield (
                light_mark(seen.light, seen.word),
                task.title,
                task.organization.short_name,
                task.handler.name if task.handler else "",
                _state(task),
                task.percent,
                task.due,
            )

    columns = [
        Column(pgettext("task", "Light"), 20),
        Column(_("Measure"), 44),
        Column(_("Responsible unit"), 24),
        Column(_("Responsible person"), 12),
        Column(_("State"), 14),
        Column(_("Progress (%)"), 9, centred=True),
        Column(_("Due date"), 12, centred=True),
    ]
    group = [said(_("Group"), GROUPS[chosen.shown])] if chosen.shown else []
    return Listing(_("Tasks"), columns, rows(), tasks.count(), filters=[*group, *filters], frozen=2)


def _state(task: Task) -> str:
    return " · ".join([str(task.get_state_display()), *([_("returned")] if task.returned else [])])


def findings_listing(chosen: FindingFilter, *, day: date, calendar: Calendar) -> Listing:
    """The list of findings."""
    findings = chosen.ordered()

    def rows() -> Iterator[Sequence[Value]]:
        for finding in each(findings):
            seen = finding_glance(finding, day=day, calendar=calendar)
            yield (
                light_mark(seen.light, seen.word),
                finding.number,
                finding.fact,
                finding.organization.short_name,
                finding.handler.name if finding.handler else "",
                finding.get_kind_display() if finding.kind else "",
                _("dropped") if finding.dropped else finding.get_state_display(),
                finding.due,
            )

    columns = [
        Column(pgettext("task", "Light"), 20),
        Column(_("No."), 14),
        Column(_("What was found"), 56),
        Column(_("Responsible unit"), 24),
        Column(_("Responsible person"), 12),
        Column(_("Kind of rectification"), 12),
        Column(_("State"), 12),
        Column(pgettext("finding", "Due date"), 12, centred=True),
    ]
    filters = [said(_("Group"), FINDING_GROUPS[chosen.group])]
    if chosen.q:
        filters.append(said(_("Search"), chosen.q))
    if chosen.kind:
        filters.append(said(_("Kind of rectification"), Finding.Kind(chosen.kind).label))
    if chosen.organization:
        filters.append(said(_("Unit"), chosen.organization.short_name))
    if chosen.inspection:
        filters.append(_("one inspection"))
    return Listing(_("Findings"), columns, rows(), findings.count(), filters=filters, frozen=2)


def queue_listing(queue: QuerySet[Task], *, day: date, calendar: Calendar) -> Listing:
    """The review queue of one person, the longest waiting first."""
    waiting = queue.select_related("measure__plan", "organization", "submitted_by")

    def rows() -> Iterator[Sequence[Value]]:
        for task in each(waiting):
            handed_in = local_date(task.submitted_at)
            yield (
                task.title,
                task.organization.short_name,
                task.submitted_by.name if task.submitted_by else "",
                handed_in,
                calendar.between(handed_in, day),
                task.due,
                _("handed in late") if task.done_late else _("Handed in on time"),
                task.get_state_display(),
                task.progress,
                task.measure.plan.title,
            )

    columns = [
        Column(_("Measure"), 32),
        Column(_("Responsible unit"), 20),
        Column(_("Handed in by"), 10),
        Column(_("Handed in on"), 11, centred=True),
        Column(_("Working days waiting"), 9, centred=True),
        Column(_("Due date"), 11, centred=True),
        Column(_("In time"), 10),
        Column(_("State"), 10),
        Column(_("What the unit says"), 50),
        Column(_("Plan"), 26),
    ]
    return Listing(_("Awaiting my review"), columns, rows(), queue.count())


def measures_listing(plan: Plan, found: Sequence[Row]) -> Listing:
    """The measures of a plan with how far they are."""

    def rows() -> Iterator[Sequence[Value]]:
        for row in found:
            measure, counts = row.measure, row.counts
            yield (
                measure.position,
                measure.title,
                measure.responsible_leader.name if measure.responsible_leader else "",
                measure.lead.short_name if measure.lead else "",
                measure.get_cadence_display() if row.recurs else measure.due,
                measure.target,
                measure.deliverable,
                "、".join([*row.kinds, *(unit.short_name for unit in row.named)]),
                (measure.evidence_note or _("required")) if measure.evidence_required else _("not required"),
                measure.get_state_display(),
                *_target_cells(row),
                counts.total,
                counts.done,
                Mark("red", f"{SIGNS['red']} {counts.red}") if counts.red else None,
                Mark("yellow", f"{SIGNS['yellow']} {counts.yellow}") if counts.yellow else None,
            )

    columns = [
        Column(_("No."), 6, centred=True),
        Column(_("Measure"), 32),
        Column(_("Responsible leader"), 10),
        Column(_("Lead unit"), 16),
        Column(_("Time"), 11, centred=True),
        Column(_("Target"), 12),
        Column(_("Deliverable"), 18),
        Column(_("Received by"), 20),
        Column(_("Evidence"), 16),
        Column(_("State"), 10),
        Column(pgettext("numbers", "Reported"), 9, centred=True),
        Column(pgettext("numbers", "Approved"), 9, centred=True),
        Column(_("Target in all"), 9, centred=True),
        Column(_("Tasks"), 8, centred=True),
        Column(_("Completed"), 8, centred=True),
        Column(_("Overdue"), 8, centred=True),
        Column(_("Near their date"), 8, centred=True),
    ]
    filters = [plan.period_label, plan.organization.short_name, str(plan.get_state_display())]
    return Listing(plan.title, columns, rows(), len(found), filters=filters, frozen=2)


def _target_cells(row: Row) -> list[Value]:
    """Reported, approved and whole target; empty where nothing adds up."""
    found = row.target
    if found is None or not found.adds_up:
        return [None, None, None]
    return [
        float(found.reported),
        float(found.approved),
        None if found.target is None else float(found.target),
    ]


def grid_listing(grid: Grid) -> Listing:
    """The grid: all rows, sums to the right of and below them."""
    lights = grid.lights

    def rows() -> Iterator[Sequence[Value]]:
        for line in grid.filled(grid.lines):
            cells = [_cell(cell) for cell in grid.cells(line)]
            yield [line.unit.short_name, *cells, *(_number(sum_) for sum_ in grid.row_sums(line))]

    foot: list[Sequence[Value]] = []
    if grid.targets:
        foot.append([_("Target (%)"), *map(_reported, grid.targets), *(None for _light in lights)])
    foot += [
        [
            Mark(light, f"{SIGNS[light]} {LIGHTS[light]}"),
            *(_number(sum_) for sum_ in grid.column_sums(light)),
            *(grid.total[light] or None if other == light else None for other in lights),
        ]
        for light in lights
    ]
    columns = [
        Column(_("Unit"), 30),
        *(Column(f"{m.position} {m.title}", 6, centred=True, tall=True) for m in grid.measures),
        *(Column(LIGHTS[light], 6, centred=True) for light in lights),
    ]
    return Listing(
        _("Grid of lights"),
        columns,
        rows(),
        len(grid.lines),
        filters=_grid_filters(grid),
        foot=foot if grid.lines else (),
    )


def _reported(found: TargetSum | None) -> Value:
    return None if found is None or found.reported_share is None else round(found.reported_share, 1)


def _cell(cell: Cell | None) -> Value:
    return Mark(cell.light, cell.sign) if cell else None


def _number(each_sum: Sum) -> int | None:
    return each_sum.count or None


def _grid_filters(grid: Grid) -> list[str]:
    chosen = grid.chosen
    words: dict[str, Any] = {
        _("Plan"): grid.plan.title,
        _("Name of the unit"): chosen.q,
        _("Words of the measure"): chosen.about,
        _("Area"): next((area.name for area in grid.areas if area.pk == chosen.area), ""),
        _("Kind of unit"): Organization.Kind(chosen.kind).label if chosen.kind else "",
        pgettext("task", "Light"): LIGHTS[chosen.light] if chosen.light else "",
        pgettext("of rows", "Order"): _("furthest behind first") if chosen.sort == "behind" else "",
    }
    return [said(name, value) for name, value in words.items() if value]
