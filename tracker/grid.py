"""The grid of a plan: units down, measures across, one light a cell, sums at both edges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse

from branches.access import Actor
from branches.models import Area, Organization
from common.templatetags.ui import LIGHTS
from common.workdays import Calendar
from tracker.light_counts import Lights
from tracker.lights import FACTS, SIGNS, Facts
from tracker.models import Measure, Plan, Tally, Task
from tracker.targets import TargetSum, sums_of

SORTS = ("tree", "behind")
DRAFTS = (Plan.State.DRAFT, Plan.State.CONSULTING)


def plans_for(actor: Actor) -> QuerySet[Plan]:
    """Plans in sight that have been issued, those in force first, the newest of them first."""
    return Plan.objects.visible_to(actor).exclude(state__in=DRAFTS).order_by("-state", "-created_at", "-pk")


class GridFilter:
    """What the address of the grid asks for; a filter that cannot be read is left out."""

    def __init__(self, query: QueryDict) -> None:
        self.q = _text(query, "q")
        self.about = _text(query, "about")
        self.area = _number(query.get("area", ""))
        self.kind = query.get("kind", "") if query.get("kind", "") in Organization.Kind.values else ""
        self.light = query.get("light", "") if query.get("light", "") in SIGNS else ""
        self.sort = query.get("sort", "") if query.get("sort", "") in SORTS else "tree"

    @property
    def narrowed(self) -> bool:
        return bool(self.q or self.about or self.area or self.kind or self.light)

    def lets_through(self, unit: Unit) -> bool:
        """Whether a unit passes, its lights apart."""
        return (
            (not self.area or unit.area == self.area)
            and (not self.kind or unit.kind == self.kind)
            and all(word in unit.short_name or word in unit.name for word in self.q.split())
        )

    def is_about(self, measure: Measure) -> bool:
        return all(word in measure.title for word in self.about.split())


class Unit(NamedTuple):
    """A row's organisation."""

    id: int
    short_name: str
    name: str
    kind: str
    area: int | None
    path: str


Counts = dict[str, int]
"""Number of tasks by light."""


@dataclass(frozen=True)
class Cell:
    """One unit's tasks of one measure: the worst light, how many there are of it, and where it leads."""

    light: str
    count: int
    url: str
    words: str
    several: bool

    @property
    def sign(self) -> str:
        return f"{SIGNS[self.light]}{self.count}" if self.several else SIGNS[self.light]


@dataclass(frozen=True)
class Sum:
    """A number at an edge and the list it was counted from; no address where no list has just these tasks."""

    light: str
    count: int
    url: str = ""


@dataclass
class Line:
    """One row."""

    unit: Unit
    found: dict[int, list[tuple[str, int, int]]] = field(default_factory=dict)
    """By measure: light, number of tasks, id of the first one. Empty until ``Grid.filled`` has read it."""

    def counts(self, measures: Iterable[int]) -> Counts:
        counts = dict.fromkeys(SIGNS, 0)
        for measure in measures:
            for light, number, _first in self.found.get(measure, ()):
                counts[light] += number
        return counts


class Grid:
    """The rows and columns that the filter lets through; their number of queries does not depend on their size.

    In the order of the tree and without a filter only the rows that are ``filled`` are read, task by task, and the
    sums by the database; everything else asks what every row says and reads them all. ``day`` is the local day the
    lights are as of.
    """

    def __init__(
        self, plan: Plan, *, actor: Actor, chosen: GridFilter, day: date, calendar: Calendar
    ) -> None:
        self.plan, self.chosen, self._actor = plan, chosen, actor
        self._day, self._lights = day, Lights(day=day, calendar=calendar)
        # asked for once: a thousand cells each asking the resolver and the catalogue took half the time
        self._tasks = reverse("tracker:tasks")
        self._words = {light: str(LIGHTS[light]) for light in SIGNS}
        self._whole = not chosen.narrowed and chosen.sort == "tree"
        lines = [Line(unit) for unit in self._units()]
        if not self._whole:
            self._fill(lines)
        asked = self._sums.keys() if self._whole else {pk for line in lines for pk in line.found}
        self.measures = self._measures(asked)
        self._ids = [m.pk for m in self.measures]
        self.areas = list(
            Area.objects.filter(pk__in={line.unit.area for line in lines if line.unit.area}).order_by("name")
        )
        kinds = {line.unit.kind for line in lines}
        self.kinds = [(value, label) for value, label in Organization.Kind.choices if value in kinds]
        self.is_empty = not lines
        self.lines = lines if self._whole else self._narrowed(lines)

    def filled(self, lines: Iterable[Line]) -> list[Line]:
        """These rows with what their cells show; at most one query."""
        lines = list(lines)
        if self._whole:
            self._fill(lines, of=[line.unit.id for line in lines])
        return lines

    def _live(self) -> Any:
        """The tasks in sight that have a light."""
        tasks = Task.objects.visible_to(self._actor).filter(measure__plan=self.plan)
        return tasks.exclude(state=Task.State.WITHDRAWN).order_by()

    def _units(self) -> Iterator[Unit]:
        """The organisations in sight that hold such tasks, in the order of the tree (one query)."""
        held = Tally.objects.visible_to(self._actor).filter(plan=self.plan).units_at_work()
        units = Organization.objects.filter(pk__in=held).order_by("path")
        fields = ("id", "short_name", "name", "kind", "area_id", "path")
        return (Unit(*unit) for unit in units.values_list(*fields))

    def _measures(self, asked: Iterable[int]) -> list[Measure]:
        """Those that a task in sight asks for and the filter is about, in the order of the plan."""
        measures = Measure.objects.filter(plan=self.plan, pk__in=asked).order_by("position", "pk")
        told = ("plan_id", "position", "title", "target_number", "target_unit", "target_of")
        return [m for m in measures.only(*told) if self.chosen.is_about(m)]

    def _fill(self, lines: list[Line], of: list[int] | None = None) -> None:
        """Read the cells of these rows: of the organisations with these ids, else of all in sight."""
        tasks = self._live() if of is None else self._live().filter(organization__in=of)
        by_unit = {line.unit.id: line.found for line in lines}
        cells: dict[tuple[int, int, str], tuple[int, int]] = {}
        for pk, unit, measure, *facts in tasks.values_list("pk", "organization_id", "measure_id", *FACTS):
            place = unit, measure, self._lights.of(Facts(*facts))
            number, first = cells.get(place, (0, pk))
            cells[place] = number + 1, min(first, pk)
        for (unit, measure, light), (number, first) in cells.items():
            if unit in by_unit:
                by_unit[unit].setdefault(measure, []).append((light, number, first))

    @cached_property
    def _sums(self) -> dict[int, Counts]:
        """Number of tasks in sight by measure and light, added up by the database (one query)."""
        sums: dict[int, Counts] = {}
        for measure, _facts, light, number in self._lights.groups(self._live(), "measure_id"):
            sums.setdefault(measure, dict.fromkeys(SIGNS, 0))[light] += number
        return sums

    def _narrowed(self, lines: list[Line]) -> list[Line]:
        chosen = self.chosen
        counted = [(line, line.counts(self._ids)) for line in lines if chosen.lets_through(line.unit)]
        # a measure filter must not leave rows without a single cell
        counted = [(line, c) for line, c in counted if (c[chosen.light] if chosen.light else any(c.values()))]
        if chosen.sort == "behind":
            counted.sort(key=lambda pair: _behind(*pair))
        return [line for line, _counts in counted]

    @cached_property
    def targets(self) -> list[TargetSum | None]:
        """What adds up towards each measure's target; none of it where rows are left out. At most two queries."""
        if self.chosen.area or self.chosen.kind or self.chosen.q or self.chosen.light:
            return []
        for measure in self.measures:
            measure.plan = self.plan
        found = sums_of(self.measures, actor=self._actor, day=self._day)
        return [found.get(pk) for pk in self._ids] if found else []

    @cached_property
    def by_measure(self) -> dict[int, Counts]:
        """The column sums, of all pages."""
        if self._whole:
            return {pk: self._sums[pk] for pk in self._ids}
        sums = {pk: dict.fromkeys(SIGNS, 0) for pk in self._ids}
        for line in self.lines:
            for measure, cells in line.found.items():
                if measure in sums:
                    for light, number, _first in cells:
                        sums[measure][light] += number
        return sums

    @cached_property
    def total(self) -> Counts:
        return {light: sum(c[light] for c in self.by_measure.values()) for light in SIGNS}

    @property
    def lights(self) -> list[str]:
        """The lights summed at the edges: suspended only where there is one."""
        return [light for light in SIGNS if light != "suspended" or self.total[light]]

    def counts(self, line: Line) -> Counts:
        """The row sums."""
        return line.counts(self._ids)

    def cells(self, line: Line) -> list[Cell | None]:
        """The row's cells in the order of the measures."""
        found = line.found
        return [self._cell(line.unit.id, pk, found[pk]) if pk in found else None for pk in self._ids]

    def _cell(self, unit: int, measure: int, found: list[tuple[str, int, int]]) -> Cell:
        if len(found) > 1:
            found = sorted(found, key=lambda part: _RANK[part[0]])
        light, number, first = found[0]
        url = f"{self._tasks}{first}/" if number == 1 else self._list(light, measure=measure, unit=unit)
        if len(found) == number == 1:
            return Cell(light, 1, url, self._words[light], several=False)
        words = " · ".join(f"{self._words[name]} {count}" for name, count, _first in found)
        return Cell(light, number, url, words, several=True)

    def row_sums(self, line: Line) -> list[Sum]:
        """With a link where the list of tasks can say the same."""
        counts = self.counts(line)
        if self.chosen.about:
            return [Sum(light, counts[light]) for light in self.lights]
        where = {"plan": self.plan.pk, "unit": line.unit.id}
        return [Sum(n, counts[n], self._list(n, **where) if counts[n] else "") for n in self.lights]

    def column_sums(self, light: str) -> list[Sum]:
        """One light's sums, a number for each measure."""
        return [
            Sum(light, counts[light], self._column_url(light, measure=pk) if counts[light] else "")
            for pk, counts in self.by_measure.items()
        ]

    def total_sum(self, light: str) -> Sum:
        """One light over all rows and columns."""
        count = self.total[light]
        linked = count and not self.chosen.about
        return Sum(light, count, self._column_url(light, plan=self.plan.pk) if linked else "")

    def _column_url(self, light: str, **where: Any) -> str:
        chosen = self.chosen
        # rows are kept for one light: the list of another would hold more than was counted
        if chosen.q or (chosen.light and chosen.light != light):
            return ""
        rows = {"area": chosen.area, "kind": chosen.kind}
        return self._list(light, **where, **{name: value for name, value in rows.items() if value})

    def _list(self, light: str, **where: Any) -> str:
        """The list of tasks of one light."""
        name = "group" if light in {"done", "suspended"} else "light"
        return f"{self._tasks}?{urlencode({**where, name: light})}"


_RANK = {light: rank for rank, light in enumerate(SIGNS)}


def _behind(line: Line, counts: Counts) -> tuple[int, int, float, str]:
    """How far behind a row is: overdue ones, then near ones, then the smallest share completed."""
    share = counts["done"] / (sum(counts.values()) or 1)
    return -counts["red"], -counts["yellow"], share, line.unit.path


def _text(query: QueryDict, name: str) -> str:
    return query.get(name, "").replace("\0", "").strip()[:50]


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 19 else None
