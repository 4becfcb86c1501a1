"""What a table would change in a plan: new measures, changed ones field by field, and everything that is wrong in it.

Reads only; the import does the same once more before it writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from branches.access import Actor
from branches.models import Organization
from branches.roster.cells import parser_of
from branches.roster.entries import Entry
from branches.roster.faults import Fault
from branches.roster.layout import Kind, folded
from branches.roster.reading import RawSheet
from common.errors import Refused
from common.periods import Period
from tracker.measure_table.layout import SHEET, is_no_evidence
from tracker.measure_table.reading import MeasureEntries
from tracker.measure_table.rows import Names, measures_of, shown, units_called
from tracker.models import Measure, Plan
from tracker.variants import read_variants

READ = tuple(column.name for column in SHEET.columns if column.kind not in (Kind.NOTE, Kind.SYSTEM))
PLAIN = frozenset(
    {"title", "requirement", "supporting", "due", "deliverable", "target_unit", "target_of"},
)
"""Columns whose cell is the value of the field of the same name."""
MOST_TARGET = Decimal(10) ** 10


@dataclass(frozen=True)
class Difference:
    """One cell that says something else than the measure does."""

    label: Any
    before: Any
    after: Any


@dataclass
class Change:
    """A row that makes a measure (``measure`` None) or changes one."""

    row: int
    title: str
    measure: Measure | None
    fields: dict[str, Any] = field(default_factory=dict)
    receivers: list[Organization] | None = None
    differences: list[Difference] = field(default_factory=list)


@dataclass
class Found:
    """The outcome of a check. ``missing`` measures have no row in the table; they are left alone."""

    faults: list[Fault] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    unchanged: int = 0
    missing: int = 0

    @property
    def new(self) -> list[Change]:
        return [change for change in self.changes if change.measure is None]

    @property
    def changed(self) -> list[Change]:
        return [change for change in self.changes if change.measure is not None]


def check_table(plan: Plan, sheets: Sequence[RawSheet], *, actor: Actor) -> Found:
    """What these rows would do to a plan, as this person, today. A constant number of queries."""
    [sheet] = sheets
    return _Check(plan, MeasureEntries(sheet), actor).run()


class _Check:
    """One check: the plan as it stands and the rows, one after another."""

    def __init__(self, plan: Plan, entries: MeasureEntries, actor: Actor) -> None:
        self.plan, self.sheet, self.actor = plan, entries, actor
        self.measures = {measure.pk: measure for measure in measures_of(plan, actor=actor)}
        self.names = Names.load(plan, day=actor.day)
        said = [text for e in entries.entries for text in (e["lead"], *e["receivers"])]
        self.units = units_called(plan, said, day=actor.day)
        self.first_day = Period.parse(plan.period).first_day
        self.seen: dict[int, int] = {}
        self.titles = {folded(m.title): m for m in self.measures.values()}
        self.new_titles: dict[str, int] = {}
        self.found = Found()

    def run(self) -> Found:
        found = self.found
        for entry in self.sheet.entries:
            self._check(entry)
        found.missing = len(self.measures.keys() - self.seen.keys())
        found.faults = sorted(self.sheet.faults, key=lambda fault: (fault.row, fault.column))
        return found

    def _check(self, entry: Entry) -> None:
        measure = None
        if entry["system"]:
            measure = self._known(entry)
            if measure is None:
                return
        elif not self.sheet.has("system") or entry.sound or not self._is_doubtful(entry, "system"):
            self._check_new(entry)
        change = Change(entry.row, entry["title"], measure)
        self._compare(entry, change)
        if measure is not None and not change.differences:
            if entry.sound:
                self.found.unchanged += 1
            return
        if measure is not None:
            self._may_change(entry, measure)
        if entry.sound:
            self.found.changes.append(change)

    def _known(self, entry: Entry) -> Measure | None:
        letter, pk, _version = entry["system"]
        measure = self.measures.get(pk) if letter == "M" else None
        if measure is None:
            self.sheet.fault(entry, "system", "not_in_plan")
        elif pk in self.seen:
            self.sheet.fault(entry, "system", "twice", row=self.seen[pk])
            return None
        else:
            self.seen[pk] = entry.row
        return measure

    def _check_new(self, entry: Entry) -> None:
        self.sheet.demand(entry, "title")
        if not entry["source"]:
            self.sheet.fault(entry, "source", "needs_source")
        title = folded(entry["title"])
        if title and title in self.titles:
            self.sheet.fault(entry, "title", "title_taken", number=self.titles[title].position)
        elif title and title in self.new_titles:
            self.sheet.fault(entry, "title", "twice", row=self.new_titles[title])
        self.new_titles.setdefault(title, entry.row)

    def _may_change(self, entry: Entry, measure: Measure) -> None:
        """A row that differs needs a measure that is still a draft and has not changed since the export."""
        if measure.state == Measure.State.PROPOSED:
            if measure.version != entry["system"][2]:
                self.sheet.fault(entry, "", "changed_since")
        elif measure.state in {Measure.State.RESERVED, Measure.State.WITHDRAWN}:
            self.sheet.fault(entry, "", "not_proposed", state=str(measure.get_state_display()))
        else:
            self.sheet.fault(entry, "", "issued", title=measure.title)

    def _is_doubtful(self, entry: Entry, name: str) -> bool:
        place = self.sheet.columns[name] + 1
        return any(fault.row == entry.row and fault.column == place for fault in self.sheet.faults)

    def _compare(self, entry: Entry, change: Change) -> None:
        """Every cell that says something else than the measure goes into the change. Cells alike are not judged again."""
        present = _parsed(shown(change.measure, actor=self.actor, names=self.names)) if change.measure else {}
        for name in READ:
            if not self.sheet.has(name) or self._is_doubtful(entry, name):
                continue
            before, after = present.get(name, _EMPTY.get(name, "")), entry[name]
            if before == after or (name == "cadence" and not after):
                continue
            self._take(entry, change, name)
            if name != "source" or change.measure:
                change.differences.append(
                    Difference(SHEET.by_name[name].label, _said(name, before), _said(name, after))
                )
        self._theme(entry, change)
        if change.measure and not entry["title"] and self.sheet.has("title"):
            self.sheet.demand(entry, "title")
        self._target_needs_unit(entry, change)

    def _theme(self, entry: Entry, change: Change) -> None:
        theme = self.sheet.themes.get(entry.row)
        before = change.measure.theme if change.measure else ""
        if theme is None or theme == before:
            return
        change.fields["theme"] = theme
        labels = dict(Measure.Theme.choices)
        label = Measure._meta.get_field("theme").verbose_name
        change.differences.append(Difference(label, labels.get(before, ""), labels.get(theme, "")))

    def _take(self, entry: Entry, change: Change, name: str) -> None:
        """Put what a cell means into the change, or a fault at the cell."""
        value = entry[name]
        if name in PLAIN:
            change.fields[name] = value
            if name == "due" and value:
                self._day(entry, value)
        else:
            getattr(self, f"_take_{name}")(entry, change, value)

    def _day(self, entry: Entry, value: date) -> None:
        if not 2000 <= value.year <= 2100:
            self.sheet.fault(entry, "due", "due_year")
        elif value < self.first_day:
            self.sheet.fault(entry, "due", "due_early")

    def _take_source(self, entry: Entry, change: Change, value: str) -> None:
        if change.measure and change.measure.actions.all():
            self.sheet.fault(entry, "source", "source_fixed")
        elif not value and change.measure:
            self.sheet.fault(entry, "source", "needs_source")
        else:
            change.fields["no_source_reason"] = value

    def _take_responsible_leader(self, entry: Entry, change: Change, value: str) -> None:
        people = self.names.leaders.get(folded(value), []) if value else []
        if value and not people:
            self.sheet.fault(entry, "responsible_leader", "no_leader", name=value, unit=self.names.unit)
        elif len(people) > 1:
            self.sheet.fault(entry, "responsible_leader", "two_leaders")
        else:
            change.fields["responsible_leader"] = people[0] if people else None

    def _take_lead(self, entry: Entry, change: Change, value: str) -> None:
        unit = self._unit(entry, "lead", value) if value else None
        if unit and unit.kind == Organization.Kind.BRANCH and unit.pk != self.plan.organization_id:
            self.sheet.fault(entry, "lead", "branch_leads")
        change.fields["lead"] = unit

    def _take_receivers(self, entry: Entry, change: Change, value: tuple[str, ...]) -> None:
        units = [self._unit(entry, "receivers", text) for text in value]
        change.receivers = [unit for unit in units if unit]

    def _unit(self, entry: Entry, column: str, text: str) -> Organization | None:
        units = self.units.get(text, [])
        if len(units) == 1:
            return units[0]
        if units:
            self.sheet.fault(entry, column, "two_units", name=text)
        else:
            self.sheet.fault(entry, column, "no_unit", name=text, unit=self.names.unit)
        return None

    def _take_receiver_kinds(self, entry: Entry, change: Change, value: tuple[str, ...]) -> None:
        kinds = []
        for text in value:
            kind = self.names.kinds.get(folded(text))
            if kind is None:
                words = "、".join(self.names.kind_labels)
                params = {"name": text, "unit": self.names.unit, "words": words}
                self.sheet.fault(entry, "receiver_kinds", "not_unit_kind", **params)
            else:
                kinds.append(kind)
        change.fields["receiver_kinds"] = kinds

    def _take_cadence(self, _entry: Entry, change: Change, value: str) -> None:
        change.fields["cadence"] = value

    def _take_evidence(self, _entry: Entry, change: Change, value: str) -> None:
        none = is_no_evidence(value)
        change.fields |= {"evidence_required": not none, "evidence_note": "" if none else value}

    def _take_variants(self, entry: Entry, change: Change, value: str) -> None:
        try:
            change.fields["variants"] = read_variants(value)
        except Refused as refusal:
            self.sheet.fault(entry, "variants", "variants", why=str(refusal))

    def _take_target_number(self, entry: Entry, change: Change, value: str) -> None:
        try:
            number = Decimal(value) if value else None
        except InvalidOperation:
            number = Decimal(-1)
        if number is not None and not (number.is_finite() and 0 <= number < MOST_TARGET):
            self.sheet.fault(entry, "target_number", "not_number")
        else:
            change.fields["target_number"] = None if number is None else number.quantize(Decimal("0.01"))

    def _target_needs_unit(self, entry: Entry, change: Change) -> None:
        measure = change.measure
        number = change.fields.get("target_number", measure.target_number if measure else None)
        unit = change.fields.get("target_unit", measure.target_unit if measure else "")
        if number is not None and not unit and change.differences:
            self.sheet.fault(entry, "target_unit", "needs_unit")


_EMPTY: dict[str, Any] = {"due": None, "receiver_kinds": (), "receivers": ()}


def _parsed(present: dict[str, Any]) -> dict[str, Any]:
    """A measure's columns read as a row's cells are, so that only what somebody changed differs."""
    return {
        name: value if isinstance(value, date) or value is None else parser_of(SHEET.by_name[name])(value, 0)
        for name, value in present.items()
    }


def _said(name: str, value: Any) -> Any:
    """A value as people read it: days stay days."""
    if name == "cadence" and value:
        return Measure.Cadence(value).label
    return "、".join(value) if isinstance(value, tuple) else value
