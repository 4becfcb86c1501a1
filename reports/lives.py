"""The lives of the tasks below an organisation, fetched from the history: the one data access of all reports.

A constant number of queries however many tasks there are. What the history says is taken as of the cut-off;
names and titles are those of today.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, cast

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.dateparse import parse_date

from branches.models import Organization
from common.workdays import Calendar
from reports.figures import OPEN, SETS_DUE, Course, Figure, Step, Window, figures_of, trace
from tracker.lights import Light, light_of
from tracker.models import Event, Task

_BESIDE_THE_STATE = {
    "attach", "instruct", "urge", "remind", "decline", "ask_extension", "late_acknowledge", "late_complete",
}  # fmt: skip
"""Acts that tell neither state, date nor progress; left out of the reading, which is most of a report's cost."""
_SAYS_MORE = SETS_DUE | {"acknowledge", "report", "submit"}
"""Acts whose words a report reads; of the others the act itself says enough."""
_URGING = ("urge", "remind")
_MARKS = {Light.RED: Figure.RED, Light.YELLOW: Figure.YELLOW}


@dataclass(frozen=True, slots=True)
class Unit:
    """An organisation as a report names it."""

    id: int
    code: str
    name: str
    path: str


@dataclass(slots=True)
class TaskRow:
    """One task as of the cut-off, with the figures it counts in: the line behind every number."""

    id: int
    measure_id: int
    plan: str
    position: int
    measure: str
    occurrence: str
    unit: Unit
    group: Unit
    leader: str
    issued_on: date
    acknowledge_by: date
    version: int
    course: Course
    figures: frozenset[Figure] = frozenset()
    before: frozenset[Figure] = frozenset()
    """The figures it counted in one period earlier."""
    light: str = ""
    days_late: int = 0
    """Calendar days after the due date: until it was handed in, or until the cut-off."""
    review_days: int = 0
    """Working days a submission has waited for its review at the cut-off."""
    urgings: int = 0
    handler: str = ""
    percent: int = 0
    progress: str = ""
    problems: str = ""

    @property
    def number(self) -> str:
        """Where it stands in its plan: 〔2026〕3号-5."""
        return f"{self.plan}-{self.position}" if self.plan else str(self.position)

    @property
    def title(self) -> str:
        return f"{self.measure}（{self.occurrence}）" if self.occurrence else self.measure

    @property
    def state(self) -> str:
        return self.course.state

    @property
    def state_label(self) -> str:
        return str(Task.State(self.course.state).label)

    @property
    def due(self) -> date:
        return self.course.due


@dataclass(slots=True)
class _Heard:
    """What the events of one task say, gathered in order."""

    steps: list[Step] = field(default_factory=list)
    handler: str = ""
    percent: int = 0
    percent_before: int = 0
    progress: str = ""
    problems: str = ""


def rows_below(
    organization: Organization, window: Window, *, before: Window, calendar: Calendar, tree: Tree
) -> list[TaskRow]:
    """Every task below (and at) an organisation that counts in the window or in the one before it.

    In the order of tree, plan and measure. Queries: tasks, events, urgings.
    """
    tasks = {task["pk"]: task for task in _tasks(organization, window, since=before.begin)}
    wanted = Task.objects.filter(_candidates(organization, window, since=before.begin)).values("pk")
    urgings = dict(
        Event.objects.filter(subject_kind="task", subject_id__in=wanted, act__in=_URGING, at__lt=window.end)
        .order_by()
        .values_list("subject_id")
        .annotate(Count("pk"))
    )
    rows = []
    for pk, heard in _heard(wanted, window, before):
        task = tasks.get(pk)
        if task and (row := _row(task, heard, tree, window, before, calendar)):
            row.urgings = urgings.get(pk, 0)
            rows.append(row)
    rows.sort(key=lambda row: (row.group.path, row.unit.path, row.plan, row.position, row.id))
    return rows


def has_candidates(organization: Organization, window: Window) -> bool:
    """Whether a report of this window could count anything at all (one cheap query; may say yes too often)."""
    return Task.objects.filter(_candidates(organization, window, since=window.begin)).exists()


def _candidates(organization: Organization, window: Window, *, since: datetime) -> Q:
    """Assigned by the end, and not at rest since before ``since``: such a task was done or withdrawn all along."""
    moved = Event.objects.filter(subject_kind="task", subject_id=OuterRef("pk"), at__gte=since)
    within = Q(
        organization__path__gte=organization.path,
        organization__path__lt=organization.path + "~",
        issued_on__lte=window.last_day,
    )
    return within & (Q(state__in=OPEN) | Q(completed_at__gte=since) | Q(Exists(moved)))


def _tasks(organization: Organization, window: Window, *, since: datetime) -> Iterator[Any]:
    tasks = Task.objects.filter(_candidates(organization, window, since=since)).order_by()
    return tasks.values(
        "pk",
        "occurrence",
        "issued_on",
        "acknowledge_by",
        "version",
        "organization_id",
        "measure_id",
        "measure__position",
        "measure__title",
        "measure__plan__number",
        "measure__responsible_leader__name",
    ).iterator(chunk_size=2000)


def _heard(wanted: Any, window: Window, before: Window) -> Iterator[tuple[int, _Heard]]:
    events = (
        Event.objects.filter(subject_kind="task", subject_id__in=wanted, at__lt=window.end)
        .exclude(act__in=_BESIDE_THE_STATE)
        .order_by("subject_id", "sequence")
        .values_list("subject_id", "act", "at", "to_state", "body")
    )
    for pk, group in groupby(events.iterator(chunk_size=2000), key=itemgetter(0)):
        heard = _Heard()
        for _pk, act, at, state, body in group:
            said = json.loads(body)["said"] if act in _SAYS_MORE else {}
            _listen(heard, act, at, state, said)
            if at < before.end:
                heard.percent_before = heard.percent
        yield pk, heard


def _listen(heard: _Heard, act: str, at: datetime, state: str, said: dict[str, Any]) -> None:
    due = said.get("due")
    heard.steps.append(Step(act, at, state, parse_date(due) if due else None))
    match act:
        case "acknowledge":
            heard.handler = said.get("handler", {}).get("name", "")
        case "report" | "submit":
            heard.progress = said.get("progress", heard.progress)
            heard.percent = 100 if act == "submit" else said.get("percent", heard.percent)
            heard.problems = said.get("problems", "")


def _row(
    task: dict[str, Any], heard: _Heard, tree: Tree, window: Window, before: Window, calendar: Calendar
) -> TaskRow | None:
    course = trace(heard.steps, window, acknowledge_by=task["acknowledge_by"])
    earlier = trace(heard.steps, before)
    if course is None:
        return None
    shown = _Shown(task, course, heard.percent)
    light, figures = _marked(course, shown, window, calendar)
    figures_before: frozenset[Figure] = frozenset()
    if earlier:
        shown_before = _Shown(task, earlier, heard.percent_before)
        _light, figures_before = _marked(earlier, shown_before, before, calendar)
    if not (figures or figures_before):
        return None
    unit = tree.units[task["organization_id"]]
    row = TaskRow(
        id=task["pk"],
        measure_id=task["measure_id"],
        plan=task["measure__plan__number"],
        position=task["measure__position"],
        measure=task["measure__title"],
        occurrence=task["occurrence"],
        unit=unit,
        group=tree.group_of(unit),
        leader=task["measure__responsible_leader__name"] or "",
        issued_on=task["issued_on"],
        acknowledge_by=task["acknowledge_by"],
        version=task["version"],
        course=course,
        figures=figures,
        before=figures_before,
        light=light.value,
        handler=heard.handler,
        percent=heard.percent,
        progress=heard.progress,
        problems=heard.problems,
    )
    _count_days(row, window, calendar)
    return row


def _marked(
    course: Course, shown: _Shown, window: Window, calendar: Calendar
) -> tuple[Light, frozenset[Figure]]:
    """The light at the end of a window, and the figures of the task with the marks of its light."""
    light, figures = (
        light_of(cast(Task, shown), day=window.due_before, calendar=calendar),
        figures_of(course, window),
    )
    if figures and light in _MARKS:
        figures |= {_MARKS[light]}
    return light, figures


def _count_days(row: TaskRow, window: Window, calendar: Calendar) -> None:
    course = row.course
    if Figure.OVERDUE in row.figures:
        row.days_late = (window.due_before - course.due).days
    elif Figure.WAITING in row.figures and course.submitted_at:
        row.review_days = calendar.between(window.day(course.submitted_at), window.due_before)
    elif Figure.DONE_LATE in row.figures and course.submitted_at:
        row.days_late = (window.day(course.submitted_at) - course.due).days


class _Shown:
    """What the rule of the lights asks of a task, as it stood at the cut-off."""

    __slots__ = ("acknowledge_by", "due", "issued_on", "percent", "returned", "state")

    def __init__(self, task: dict[str, Any], course: Course, percent: int) -> None:
        self.state, self.due, self.returned = course.state, course.due, course.returned
        self.issued_on, self.acknowledge_by, self.percent = task["issued_on"], task["acknowledge_by"], percent


class Tree:
    """The organisations below one, and under which of them a report groups each (one query)."""

    def __init__(self, root: Organization) -> None:
        self.root = root
        below = Organization.objects.below(root).values_list("pk", "code", "short_name", "path", "kind")
        self.units = {pk: Unit(pk, code, name, path) for pk, code, name, path, _kind in below}
        self._by_path = {unit.path: unit for unit in self.units.values()}
        self._groups = self._leading_groups(below)

    @staticmethod
    def _leading_groups(below: Any) -> frozenset[str]:
        return frozenset(path for *_rest, path, kind in below if kind == Organization.Kind.LEADING_GROUP)

    def group_of(self, unit: Unit) -> Unit:
        """The first organisation on the way down that is more than a leading group; else the unit itself.

        A leading group (党组) stands above its organ committee without running its branches, so the rows
        of a work committee's report are the organ committees.
        """
        start = len(self.root.path)
        for length in range(start + 4, len(unit.path) + 1, 4):
            path = unit.path[:length]
            if path not in self._groups and path in self._by_path:
                return self._by_path[path]
        return unit
