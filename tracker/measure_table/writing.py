"""The workbook of a plan's measures: the task list as offices publish it, ready to be edited and taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from branches.access import Actor
from branches.models import Organization
from branches.roster.layout import Column, Kind, Sheet
from branches.roster.looks import Styles, Value, add_head, append, cell_of, set_up_page
from branches.roster.writing import HEADER_ROWS, RosterBook, add_headings, validations
from common import saying
from common.cells import clean, lines_needed, sheet_title
from common.clock import local_date
from common.workdays import Calendar
from tracker.measure_table.layout import NO_THEME, PRINTED, SHEET
from tracker.measure_table.rows import Names, measures_of, shown
from tracker.models import Measure, Plan, Task
from tracker.plan_table import Counts, counts_by_measure

GROUP_HEIGHT = 33
LAST_ROW = 1000
"""The drop-downs reach so far down: rows for what is added."""
_NUMERALS = "一二三四五六七八九十"
_CENTRED = frozenset({"number", "responsible_leader", "lead", "state", "remark"})


def write_table(target: IO[bytes], plan: Plan, *, actor: Actor, at: datetime) -> int:
    """Write the measures this person sees; returns how many. A constant number of queries."""
    day = local_date(at)
    measures = measures_of(plan, actor=actor)
    tasks = Task.objects.visible_to(actor).filter(measure__plan=plan)
    counts = counts_by_measure(tasks, day=day, calendar=Calendar.load())
    names = Names.load(plan, day=day)
    units = _lead_units(plan)
    book = MeasureBook(plan, by=actor.user.name)
    rows = grouped(measures)
    book.list(SHEET, rows, lambda m: _row(m, plan, counts, actor=actor, names=names), printed=PRINTED, at=at)
    book.drop_downs(names, units)
    book.choices(names, units)
    lines = _how_to(plan, len(measures), actor=actor, at=at)
    book.explanations(lines, [SHEET], title=pgettext("task list", "Explanations"))
    book.save(target)
    return len(measures)


def grouped(measures: Sequence[Measure]) -> Iterator[str | Measure]:
    """Themes above their measures, in the order in which they come up; without any theme there are no groups."""
    themes = list(dict.fromkeys(measure.theme for measure in measures))
    themes.sort(key=lambda theme: not theme)
    if not any(themes):
        yield from measures
        return
    labels = dict(Measure.Theme.choices)
    for index, theme in enumerate(themes):
        numeral = _NUMERALS[index] if index < len(_NUMERALS) else f"十{_NUMERALS[index - len(_NUMERALS)]}"
        yield f"{numeral}、{labels.get(theme, NO_THEME)}"
        yield from (measure for measure in measures if measure.theme == theme)


def _row(
    measure: Measure, plan: Plan, counts: dict[int, Counts], *, actor: Actor, names: Names
) -> list[Value]:
    values = shown(measure, actor=actor, names=names) | {
        "number": measure.position,
        "starts": local_date(plan.issued_at) if plan.issued_at else None,
        "progress": _progress(counts.get(measure.pk)),
        "state": str(measure.get_state_display()),
        "remark": _remark(measure),
        "system": f"M{measure.pk}.{measure.version}",
    }
    if measure.target_number is not None:
        number = measure.target_number
        values["target_number"] = int(number) if number == int(number) else float(number)
    return [values[column.name] for column in SHEET.columns]


def _progress(counts: Counts | None) -> str:
    if counts is None or not counts.total:
        return ""
    said = _("%(done)s of %(total)s completed") % {"done": counts.done, "total": counts.total}
    return f"{said}；{_('%(count)s overdue') % {'count': counts.red}}" if counts.red else said


def _remark(measure: Measure) -> str:
    if measure.carried_from_id:
        return pgettext("task list", "carried over")
    return str(measure.get_state_display()) if measure.state == Measure.State.RESERVED else ""


def _lead_units(plan: Plan) -> list[str]:
    """Who may lead, for the drop-down: the issuing organisation and those below that are no branches. One query."""
    units = Organization.objects.below(plan.organization).exclude(kind=Organization.Kind.BRANCH)
    return list(dict.fromkeys([plan.organization.short_name, *units.values_list("short_name", flat=True)]))


def _how_to(plan: Plan, count: int, *, actor: Actor, at: datetime) -> list[str]:
    rows = ngettext("%(count)s measure", "%(count)s measures", count) % {"count": count}
    who = _("exported by %(who)s (%(post)s)") % {"who": actor.user.name, "post": actor.title}
    return [
        f"{plan.title} · {plan.period_label} · {rows} · {who} · {saying.full_moment(at)}",
        _(
            "Change cells, or add rows below the theme they belong to; then take the workbook back on the plan's page."
        ),
        _(
            "A row is known by its hidden system number. Rows that are not there are left alone: nothing is deleted."
        ),
        _(
            "The columns right of “Remark” are not printed. What is marked “not read” is filled in by the system."
        ),
        _(
            "Nothing is taken over before you have seen every change and every error, and it is all or nothing."
        ),
    ]


def _look(styles: Styles, column: Column) -> Any:
    """The style of a column's cells: the day of issue is a day, though it is not read."""
    if column.name == "starts":
        return styles.body(replace(column, kind=Kind.DAY))
    return styles.number if column.name in _CENTRED else styles.body(column)


class MeasureBook(RosterBook):
    """The workbook of a plan: the list, the explanations, and a hidden sheet with what the drop-downs offer."""

    def __init__(self, plan: Plan, *, by: str) -> None:
        super().__init__(by=by)
        self.plan = plan
        self.book.properties.title = clean(plan.title)

    def list(
        self,
        layout: Sheet,
        rows: Iterable[str | Measure],
        values_of: Callable[[Measure], Sequence[Value]],
        *,
        printed: int,
        at: datetime,
        title: str = "",
    ) -> None:
        """The list with a row for each measure and each theme; the first ``printed`` columns go on paper."""
        plan = self.plan
        sheet = self.sheet = self.book.create_sheet(sheet_title(layout.title))
        columns = layout.columns
        widths = [column.width for column in columns]
        set_up_page(sheet, widths)
        styles = Styles(sheet)
        looks = [_look(styles, column) for column in columns]
        for index, (column, look) in enumerate(zip(columns, looks, strict=True), 1):
            dimension = sheet.column_dimensions[get_column_letter(index)]
            dimension.hidden = column.kind is Kind.SYSTEM
            dimension._style = look  # noqa: SLF001 - cells that are still empty take the style of their column
        sheet.freeze_panes = f"C{HEADER_ROWS + 1}"
        unit, day = plan.organization.short_name, saying.full_date(local_date(at))
        about = _("Drawn up by %(unit)s, as of %(day)s") % {"unit": unit, "day": day}
        add_head(sheet, styles, title or plan.title, about, printed, columns=len(columns))
        add_headings(sheet, styles, [replace(column, needed=False) for column in columns])
        group = self._group_style(sheet, styles)
        row, has_groups = HEADER_ROWS, False
        for row, one in enumerate(rows, HEADER_ROWS + 1):
            if isinstance(one, str):
                has_groups = True
                self._group(sheet, row, one, group, printed)
                continue
            values, lines = values_of(one), 1
            for width, value in zip(widths, values, strict=True):
                if width and isinstance(value, str) and ("\n" in value or 2 * len(value) >= width):
                    lines = max(lines, lines_needed(value, width))
            append(sheet, row, [cell_of(sheet, v, k) for v, k in zip(values, looks, strict=True)], lines)
        if not has_groups:
            sheet.auto_filter.ref = f"A{HEADER_ROWS}:{get_column_letter(printed)}{max(row, HEADER_ROWS + 1)}"
        sheet.print_title_rows = f"1:{HEADER_ROWS}"
        sheet.print_area = f"A1:{get_column_letter(printed)}{max(row, HEADER_ROWS + 1)}"

    def drop_downs(self, names: Names, units: Sequence[str]) -> None:
        """Lists and hints at the columns; people and units are offered, not forced: an earlier name may stay."""
        found = self.sheet.data_validations.dataValidation
        for validation in validations(SHEET.columns):
            letter = str(validation.sqref).split(":", 1)[0].rstrip("0123456789")
            validation.sqref = type(validation.sqref)(f"{letter}{HEADER_ROWS + 1}:{letter}{LAST_ROW}")
            found.append(validation)
        title = sheet_title(_("Choices"))
        offered = (
            ("responsible_leader", names.leader_labels),
            ("lead", units),
            ("receiver_kinds", names.kind_labels),
        )
        places = {column.name: index for index, column in enumerate(SHEET.columns, 1)}
        for index, (name, words) in enumerate(offered, 1):
            if not words:
                continue
            letter, at = get_column_letter(index), get_column_letter(places[name])
            validation = DataValidation(
                type="list",
                formula1=f"'{title}'!${letter}$1:${letter}${len(words)}",
                allow_blank=True,
                errorStyle="warning",
                showErrorMessage=name != "receiver_kinds",
                showInputMessage=True,
                promptTitle=str(SHEET.by_name[name].label)[:32],
                prompt=str(SHEET.by_name[name].help)[:255],
            )
            validation.add(f"{at}{HEADER_ROWS + 1}:{at}{LAST_ROW}")
            found.append(validation)

    def choices(self, names: Names, units: Sequence[str]) -> None:
        """The hidden sheet the drop-downs take their words from."""
        sheet = self.book.create_sheet(sheet_title(_("Choices")))
        sheet.sheet_state = "hidden"
        look = Styles(sheet).text
        columns = (names.leader_labels, units, names.kind_labels)
        for row in range(max(len(words) for words in columns)):
            sheet.append([cell_of(sheet, w[row] if row < len(w) else None, look) for w in columns])

    @staticmethod
    def _group_style(sheet: Any, styles: Styles) -> Any:
        # a copy: a cell that is given another alignment changes the style array it shares
        cell = cell_of(sheet, None, copy(styles.header))
        cell.alignment = Alignment(horizontal="center", vertical="center")
        return cell._style  # noqa: SLF001 - openpyxl has no public name for a prepared style

    @staticmethod
    def _group(sheet: Any, row: int, text: str, style: Any, printed: int) -> None:
        sheet.row_dimensions[row].height = GROUP_HEIGHT
        sheet.append([cell_of(sheet, text if place == 0 else None, style) for place in range(printed)])
        sheet.merged_cells.add(f"A{row}:{get_column_letter(printed)}{row}")
