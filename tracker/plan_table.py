"""A plan as a table: one row for each measure with what it lacks, or, once issued, how far it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from typing import Any

from django.db.models import Prefetch

from branches.access import Actor
from branches.models import Organization
from common.clock import local_date
from common.models import Job
from common.workdays import Calendar
from tracker.chain import Level, Link
from tracker.issuing import Lack, Line, Preview, missing_in
from tracker.light_counts import Lights, red_by
from tracker.models import Action, Measure, Plan, Tally, Task
from tracker.models.task import TaskQuerySet
from tracker.occurrences import Opening, opening_of
from tracker.tallies import LIVE, totals_by_plan
from tracker.targets import TargetSum, sums_of


@dataclass(frozen=True)
class Counts:
    """How the tasks of a plan or measure stand; withdrawn ones are in no figure."""

    total: int = 0
    done: int = 0
    red: int = 0
    yellow: int = 0
    """Near their date, behind the pace, or returned."""
    review: int = 0
    pending: int = 0

    @property
    def open(self) -> int:
        return self.total - self.done


COUNTED = tuple(figure.name for figure in fields(Counts))
_PLACES = {"PENDING": "pending", "SUBMITTED": "review", "SECOND_REVIEW": "review"}


@dataclass
class Row:
    """One measure in the table."""

    measure: Measure
    words: list[Action]
    named: list[Organization]
    counts: Counts
    readable: bool
    lacks: dict[str, Lack] = field(default_factory=dict)
    target: TargetSum | None = None
    opening: Opening | None = None
    """Of a recurring measure that is issued: what is opened and what follows."""

    @property
    def kinds(self) -> list[str]:
        return [
            str(Organization.Kind(k).label) for k in self.measure.receiver_kinds if k in Organization.Kind
        ]

    @property
    def editable(self) -> bool:
        return self.measure.state == Measure.State.PROPOSED

    @property
    def recurs(self) -> bool:
        return self.measure.cadence != Measure.Cadence.ONCE

    @property
    def first_word(self) -> Action | None:
        return self.words[0] if self.words else None


@dataclass(frozen=True)
class Week:
    """What falls due in one calendar week, Monday to Sunday."""

    monday: date
    tasks: int
    measures: list[Measure]

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)


def rows_of(plan: Plan, *, actor: Actor, day: date, calendar: Calendar, editing: bool) -> list[Row]:
    """The measures of a plan that the actor may see, in order. A constant number of queries."""
    words = Prefetch(
        "actions", Action.objects.select_related("source__organization").order_by("source", "start")
    )
    receivers = Prefetch("receivers", Organization.objects.order_by("path"))
    measures = (
        Measure.objects.visible_to(actor)
        .filter(plan=plan)
        .select_related("responsible_leader", "lead")
        .prefetch_related(words, receivers)
        .order_by("position", "pk")
    )
    tasks = Task.objects.visible_to(actor).filter(measure__plan=plan)
    counts = counts_by_measure(tasks, day=day, calendar=calendar)
    lacks: dict[int, dict[str, Lack]] = defaultdict(dict)
    if editing:
        for lack in missing_in(plan).lines:
            lacks[lack.measure.pk][lack.field] = lack
    rows = []
    for measure in measures:
        measure.plan = plan
    targets = {} if plan.is_open else sums_of(measures, actor=actor, day=day)
    for measure in measures:
        actions = list(measure.actions.all())
        readable = any(actor.sees(a.source.organization) for a in actions)
        found = counts.get(measure.pk, Counts())
        rows.append(
            Row(
                measure,
                actions,
                list(measure.receivers.all()),
                found,
                readable,
                lacks[measure.pk],
                targets.get(measure.pk),
                _opening(plan, measure, day=day, calendar=calendar),
            )
        )
    return rows


def _opening(plan: Plan, measure: Measure, *, day: date, calendar: Calendar) -> Opening | None:
    recurs = measure.cadence != Measure.Cadence.ONCE and not measure.carried_from_id
    if plan.issued_at is None or not recurs or measure.state != Measure.State.ACTIVE:
        return None
    return opening_of(plan, measure, since=local_date(plan.issued_at), day=day, calendar=calendar)


def counts_by_measure(tasks: TaskQuerySet, *, day: date, calendar: Calendar) -> dict[int, Counts]:
    """The counts of tasks by the id of their measure (one query)."""
    sums: dict[int, dict[str, int]] = {}
    for measure, facts, light, number in Lights(day=day, calendar=calendar).groups(tasks, "measure_id"):
        counts = sums.setdefault(measure, dict.fromkeys(COUNTED, 0))
        for name in ("total", light, _PLACES.get(facts.state, "")):
            if name in counts:
                counts[name] += number
    return {measure: Counts(**counts) for measure, counts in sums.items()}


def total_of(counts: Iterable[Counts]) -> Counts:
    rows = list(counts)
    return Counts(*(sum(getattr(row, name) for row in rows) for name in COUNTED))


@dataclass(frozen=True)
class Standing:
    """How far a plan is over the tasks in sight; withdrawn ones are in no figure."""

    total: int
    done: int
    red: int


def standings_by_plan(plans: Iterable[Plan], *, actor: Actor, day: date) -> dict[int, Standing]:
    """By the id of those of the plans that have tasks in sight (three queries)."""
    ids = [plan.pk for plan in plans]
    totals = totals_by_plan(Tally.objects.visible_to(actor).filter(plan__in=ids))
    red = red_by("measure__plan", Task.objects.visible_to(actor).filter(measure__plan__in=ids), day=day)
    live = {plan: sum(counts[name] for name in LIVE) for plan, counts in totals.items()}
    return {
        plan: Standing(number, totals[plan]["done"], red[plan].number if plan in red else 0)
        for plan, number in live.items()
        if number
    }


def weeks_of(preview: Preview) -> list[Week]:
    """What a preview's measures ask for by week of the due date."""
    lines: dict[date, list[Line]] = defaultdict(list)
    for line in preview.lines:
        for occurrence in line.occurrences:
            lines[occurrence.due - timedelta(days=occurrence.due.weekday())].append(line)
    return [
        Week(
            monday, sum(line.receivers for line in found), list(dict.fromkeys(line.measure for line in found))
        )
        for monday, found in sorted(lines.items())
    ]


@dataclass(frozen=True)
class Hole:
    """A level of the chain that nobody holds at one organisation, or two, and how many receivers it concerns."""

    organization: Organization
    level: Level
    units: int
    is_shared: bool


def holes_of(preview: Preview) -> list[Hole]:
    """The gaps of all receivers' chains, each named once, those that concern the most units first."""
    found: dict[tuple[int, Any], list[Link]] = defaultdict(list)
    for share in preview.shares:
        for link in share.gaps:
            carrier = link.organization or share.organization
            found[carrier.pk, link.level.name].append(replace(link, organization=carrier))
    holes = [
        Hole(links[0].organization, links[0].level, len(links), links[0].is_shared)
        for links in found.values()
        if links[0].organization
    ]
    return sorted(holes, key=lambda hole: (-hole.units, hole.organization.path))


def lacks_of(preview: Preview) -> list[tuple[Measure, list[Lack]]]:
    """What is missing, measure by measure."""
    found: dict[int, tuple[Measure, list[Lack]]] = {}
    for lack in preview.lacks:
        found.setdefault(lack.measure.pk, (lack.measure, []))[1].append(lack)
    return list(found.values())


def dues_for(preview: Preview, organization: Organization) -> list[dict[str, Any]]:
    """What one organisation would get by when: measures with their due dates, the next one first."""
    found = []
    for line in preview.lines:
        if organization.pk in line.receiver_ids:
            asked = line.measure.asked_of(organization.kind) if line.measure.variants else ""
            found += [
                {"measure": line.measure, "label": o.label, "due": o.due, "asked": asked}
                for o in line.occurrences
            ]
    return sorted(found, key=lambda share: share["due"])


def latest_job(plan: Plan) -> Job | None:
    """The newest job that makes this plan's tasks."""
    return Job.objects.filter(key__startswith=f"fan_out:{plan.pk}:").order_by("-pk").first()
