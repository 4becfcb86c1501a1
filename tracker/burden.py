"""The burden on branches (减负): what is asked of each, month by month, counted from what the system already holds.

Nobody reports anything for it. Counted are tasks falling due (the number the load ceiling limits), tasks given out,
reports asked for, uploads made and visits received.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import TruncMonth
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from branches.access import Actor
from branches.models import Area, Organization
from common.errors import Refused
from common.periods import Period
from tracker.exporting import Column, Listing, Mark, Value, said
from tracker.models import Event, Evidence, Plan, Task, Visit

KINDS = {
    "due": gettext_lazy("tasks falling due"),
    "given": gettext_lazy("tasks given out"),
    "reports": gettext_lazy("reports asked for"),
    "uploads": gettext_lazy("files uploaded"),
    "visits": gettext_lazy("visits received"),
}
"""What is counted. A report is asked for by a task that falls due, by an urging and by a return."""
ASKED_AGAIN = ("urge", "return", "return_second")
UNITS = (Organization.Kind.BRANCH, Organization.Kind.GENERAL_BRANCH)

Counts = dict[tuple[int, date], int]
"""By unit and first day of the month."""


class BurdenFilter:
    """Period, what is shown, who causes it, which units; what makes no sense narrows nothing."""

    def __init__(self, data: Any, *, actor: Actor, day: date) -> None:
        self.actor = actor
        self.period = _period(data.get("period", ""), day)
        self.kind = data.get("kind", "") if data.get("kind", "") in KINDS else "due"
        self.q = data.get("q", "").replace("\0", "").strip()[:100]
        self.sort = "tree" if data.get("sort") == "tree" else "heavy"
        self.areas = list(
            Area.objects.filter(actor.scope("organization__path")).order_by("organization", "name")
        )
        self.area = next((a for a in self.areas if str(a.pk) == data.get("area", "")), None)
        issuing = Plan.objects.visible_to(actor).exclude(issued_at=None).order_by().values("organization")
        self.causes = list(Organization.objects.filter(pk__in=issuing).order_by("path"))
        self.by = next((o for o in self.causes if str(o.pk) == data.get("by", "")), None)

    @property
    def narrowed(self) -> bool:
        return bool(self.q or self.area or self.by)

    def units(self) -> QuerySet[Organization]:
        """The branches in sight that are counted, in the order of the tree."""
        units = Organization.objects.visible_to(self.actor).of_kind(*UNITS)
        units = units.active_on(self.period.last_day) | units.active_on(self.period.first_day)
        if self.q:
            units = units.filter(name__icontains=self.q)
        return (units.filter(area=self.area) if self.area else units).order_by("path")

    def words(self) -> list[str]:
        """The filters as an export says them."""
        words = [said(_("Period"), self.period.label), str(KINDS[self.kind])]
        words += [said(_("Caused by"), self.by.short_name)] if self.by else []
        words += [said(_("Area"), self.area.name)] if self.area else []
        return [*words, *([said(_("Search"), self.q)] if self.q else [])]


def _period(code: str, day: date) -> Period:
    try:
        return Period.parse(code)
    except Refused:
        return Period.of(day)


def periods_to_choose(day: date) -> list[Period]:
    """The present half-year and year, and those before."""
    present = Period.of(day)
    return [present, present.previous, present.previous.previous, Period(day.year), Period(day.year - 1)]


@dataclass
class Row:
    """One unit: its months of the kind that is shown, and the sums of every kind."""

    unit: Organization
    months: list[tuple[int, bool]]
    """Count and whether it lies above the ceiling."""
    sums: dict[str, int]

    @property
    def over(self) -> int:
        """Months above the ceiling."""
        return sum(is_over for _count, is_over in self.months)


@dataclass
class Burden:
    """What a page or a workbook shows. ``foot`` are the sums of the months over all rows."""

    chosen: BurdenFilter
    months: list[date]
    rows: list[Row] = field(default_factory=list)
    foot: list[int] = field(default_factory=list)
    sums: Counter[str] = field(default_factory=Counter)

    @property
    def over(self) -> int:
        """Units with at least one month above the ceiling."""
        return sum(row.over > 0 for row in self.rows)


def burden_of(chosen: BurdenFilter) -> Burden:
    """Count everything of a period for the units chosen: one query for the units, one or two for each kind."""
    months = [
        date(chosen.period.year, month, 1)
        for month in range(chosen.period.first_day.month, chosen.period.last_day.month + 1)
    ]
    counted = {kind: _count(kind, chosen) for kind in KINDS}
    burden = Burden(chosen, months, foot=[0] * len(months))
    by_kind: dict[str, Counter[int]] = defaultdict(Counter)
    for kind, counts in counted.items():
        for (pk, _month), count in counts.items():
            by_kind[kind][pk] += count
    shown = counted[chosen.kind]
    unit: Organization
    for unit in chosen.units():
        numbers = [shown.get((unit.pk, month), 0) for month in months]
        marked = [(n, chosen.kind == "due" and n > settings.LOAD_CEILING) for n in numbers]
        sums = {kind: by_kind[kind][unit.pk] for kind in KINDS}
        burden.rows.append(Row(unit, marked, sums))
        burden.sums.update(sums)
        burden.foot = [have + n for have, n in zip(burden.foot, numbers, strict=True)]
    if chosen.sort == "heavy":
        burden.rows.sort(key=lambda row: (-row.over, -row.sums[chosen.kind], row.unit.path))
    return burden


def _count(kind: str, chosen: BurdenFilter) -> Counts:
    first, last = chosen.period.first_day, chosen.period.last_day
    tasks: QuerySet[Task] = Task.objects.visible_to(chosen.actor).filter(organization__kind__in=UNITS)
    if chosen.by:
        tasks = tasks.filter(measure__plan__organization=chosen.by)
    stopped = [Task.State.WITHDRAWN, Task.State.SUSPENDED]
    match kind:
        case "given":
            return _by_month(tasks.filter(issued_on__range=(first, last)), "organization", "issued_on")
        case "due":
            standing = tasks.exclude(state__in=stopped)
            return _by_month(standing.filter(due__range=(first, last)), "organization", "due")
        case "reports":
            due = Counter(_count("due", chosen))
            return due + Counter(_by_month(_asked_again(tasks, chosen.period), "unit", "at"))
        case "uploads":
            files = Evidence.objects.filter(
                added_at__gte=chosen.period.begin,
                added_at__lt=chosen.period.end,
                task__in=tasks.order_by().values("pk"),
            )
            return _by_month(files, "task__organization", "added_at")
        case _:
            visits = Visit.objects.filter(
                chosen.actor.scope("organization__path"), visited_on__range=(first, last)
            ).filter(Q(inspection__organization=chosen.by) if chosen.by else Q())
            return _by_month(visits, "organization", "visited_on")


def _asked_again(tasks: QuerySet[Task], period: Period) -> QuerySet[Event]:
    """Urgings and returns, each with the unit of its task."""
    unit = Task.objects.filter(pk=OuterRef("subject_id")).values("organization")[:1]
    return Event.objects.filter(
        subject_kind=Task.KIND,
        act__in=ASKED_AGAIN,
        at__gte=period.begin,
        at__lt=period.end,
        subject_id__in=tasks.order_by().values("pk"),
    ).annotate(unit=Subquery(unit))


def _by_month(rows: QuerySet[Any], unit: str, when: str) -> Counts:
    """Counted by the database, by unit and month; moments fall into the months of the office's time zone."""
    grouped = rows.order_by().annotate(month=TruncMonth(when)).values_list(unit, "month")
    found = grouped.annotate(count=Count("pk"))
    return {(pk, date(month.year, month.month, 1)): count for pk, month, count in found}


def month_name(month: date) -> str:
    """1月, as a column's head."""
    return date_format(month, pgettext("month format", "M"))


def burden_listing(burden: Burden) -> Listing:
    """The page as a workbook: every row, the sums below; a month above the ceiling is red and carries a mark."""
    chosen = burden.chosen

    def rows() -> Iterator[Sequence[Value]]:
        for row in burden.rows:
            months = [Mark("red", f"▲ {n}") if over else n for n, over in row.months]
            yield (row.unit.short_name, *months, *(row.sums[kind] for kind in KINDS))

    columns = [
        Column(_("Unit"), 28),
        *(Column(month_name(month), 8, centred=True) for month in burden.months),
        *(Column(_("Sum: %(what)s") % {"what": label}, 10, centred=True) for label in KINDS.values()),
    ]
    foot: Sequence[Value] = (_("In all"), *burden.foot, *(burden.sums[kind] for kind in KINDS))
    ceiling = said(_("Load ceiling a month"), settings.LOAD_CEILING)
    filters = [*chosen.words(), ceiling]
    return Listing(_("Burden on branches"), columns, rows(), len(burden.rows), filters=filters, foot=[foot])
