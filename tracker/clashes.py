"""Clashes (会车) and load (负担上限): what the units that are to receive a plan have to do already.

Speech mechanism: 会车意识 – avoid that inspections and activities run into each other at the same unit, and merge what
several departments ask for alike; 为基层减负 – a ceiling on what falls due at one unit in a month.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _

from branches.access import Actor
from branches.models import Organization
from common.errors import NotAllowed, Refused, Stale
from tracker.likeness import Pieces, is_alike, pieces_of
from tracker.models import KeptClash, Measure, Plan, Task
from tracker.occurrences import Occurrence
from tracker.transitions.parties import is_office

EVENTS = frozenset({Measure.Theme.INSPECTION, Measure.Theme.ACTIVITY, Measure.Theme.EDUCATION})
"""Work for which a unit's people must come together; two of these in one week disturb each other."""


@dataclass(frozen=True)
class Target:
    """What one measure of a plan is to become: for whom, and when it falls due."""

    measure: Measure
    receivers: Sequence[Organization]
    occurrences: Sequence[Occurrence]


@dataclass(frozen=True)
class Clash:
    """Two measures that meet at the same units.

    ``weeks`` are the Mondays of the weeks in which both fall due; empty where they ask for nearly the same instead.
    """

    measure: Measure
    other: Measure
    units: int
    weeks: tuple[date, ...] = ()
    kept: KeptClash | None = None

    @property
    def is_alike(self) -> bool:
        return not self.weeks

    @property
    def is_inside(self) -> bool:
        """Both are of the same plan and may be merged there."""
        return self.measure.plan_id == self.other.plan_id

    @property
    def key(self) -> str:
        """How a form names it."""
        return f"{self.measure.pk}:{self.other.pk}"


@dataclass(frozen=True)
class Overload:
    """A unit above its ceiling in one month (its first day): tasks falling due then, and how many of them are new."""

    organization: Organization
    month: date
    tasks: int
    new: int


def clashes_in(targets: Sequence[Target]) -> list[Clash]:
    """The clashes of a plan's measures not yet issued, in the plan's order. Three queries, however many there are.

    Two kinds: nearly the same text as a measure of this plan or of another issued one that is under way at the same
    units; and two inspections, activities or lessons of different plans in the same week at the same unit.
    """
    fresh = [target for target in targets if target.measure.state == Measure.State.PROPOSED]
    if not fresh:
        return []
    found = [*_alike_inside(fresh), *_with_others(fresh)]
    pks = [target.measure.pk for target in fresh]
    kept = {
        (row.measure_id, row.other_id): row
        for row in KeptClash.objects.filter(measure__in=pks).select_related("kept_by")
    }
    order = {pk: place for place, pk in enumerate(pks)}
    found = [Clash(c.measure, c.other, c.units, c.weeks, kept.get((c.measure.pk, c.other.pk))) for c in found]
    return sorted(found, key=lambda c: (order[c.measure.pk], not c.is_alike, c.other.pk))


def _alike_inside(fresh: Sequence[Target]) -> list[Clash]:
    known = [(t, pieces_of(t.measure.title), {o.pk for o in t.receivers}) for t in fresh]
    found = []
    for (one, a, here), (other, b, there) in combinations(known, 2):
        if is_alike(a, b) and (units := len(here & there)):
            found.append(Clash(other.measure, one.measure, units))
    return found


def _with_others(fresh: Sequence[Target]) -> list[Clash]:
    plan = fresh[0].measure.plan
    open_tasks = Task.objects.open().below(plan.organization).exclude(measure__plan=plan)
    others = list(
        Measure.objects.filter(pk__in=open_tasks.order_by().values("measure"), plan__state=Plan.State.ISSUED)
        .select_related("plan__organization")
        .order_by("pk")
    )
    pieces: dict[int, Pieces] = {other.pk: pieces_of(other.title) for other in others}
    pairs = []
    for target in fresh:
        own = pieces_of(target.measure.title)
        for other in others:
            alike = is_alike(own, pieces[other.pk])
            if alike or (target.measure.theme in EVENTS and other.theme in EVENTS):
                pairs.append((target, other, alike))
    wanted = {other.pk for _target, other, _alike in pairs}
    given: dict[int, list[tuple[int, date]]] = defaultdict(list)
    rows = open_tasks.filter(measure__in=wanted).order_by().values_list("measure", "organization", "due")
    for measure, organization, due in rows:
        given[measure].append((organization, due))
    found = []
    for target, other, alike in pairs:
        here = {o.pk for o in target.receivers}
        if alike:
            if units := len({unit for unit, _due in given[other.pk]} & here):
                found.append(Clash(target.measure, other, units))
            continue
        weeks = {_monday(o.due) for o in target.occurrences}
        met = {(unit, _monday(due)) for unit, due in given[other.pk] if unit in here}
        met = {(unit, week) for unit, week in met if week in weeks}
        if met:
            found.append(
                Clash(
                    target.measure,
                    other,
                    len({unit for unit, _week in met}),
                    tuple(sorted({week for _unit, week in met})),
                )
            )
    return found


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def keep_clashes(plan: Plan, keys: Iterable[str], *, reason: str, actor: Actor, at: datetime) -> int:
    """Let clashes of a plan stand, for a reason; returns how many. ``keys`` as ``Clash.key`` gives them.

    Raises NotAllowed unless the actor is the plan's office, Refused without a reason or a clash, Stale where a measure
    is gone.
    """
    if not is_office(actor, plan.organization):
        raise NotAllowed(
            _("Only the office of %(unit)s may change this plan.") % {"unit": plan.organization.short_name}
        )
    reason = reason.strip()
    if not reason or len(reason) > 200:
        sentence = _("Say in at most 200 characters why both stay as they are.")
        raise Refused(sentence, fields={"reason": sentence})
    pairs = [
        tuple(map(int, key.split(":"))) for key in keys if key.replace(":", "", 1).isdecimal() and ":" in key
    ]
    if not pairs:
        raise Refused(_("Tick at least one clash."))
    own = set(Measure.objects.filter(plan=plan, pk__in=[a for a, _b in pairs]).values_list("pk", flat=True))
    known = set(
        Measure.objects.visible_to(actor).filter(pk__in=[b for _a, b in pairs]).values_list("pk", flat=True)
    )
    if any(a not in own or b not in known for a, b in pairs):
        raise Stale(_("The plan has changed in the meantime. Look at its clashes again."))
    with transaction.atomic():
        for a, b in pairs:
            KeptClash.objects.update_or_create(
                measure_id=a,
                other_id=b,
                defaults={"reason": reason, "kept_by": actor.user, "kept_at": at},
            )
    return len(pairs)


def overloads_in(plan: Plan, targets: Sequence[Target]) -> list[Overload]:
    """The units above the ceiling of tasks falling due in a month once the plan is issued, worst first (one query).

    The ceiling is the setting LOAD_CEILING. Months in which the plan adds nothing to a unit are left out.
    """
    new: Counter[tuple[int, date]] = Counter()
    units: dict[int, Organization] = {}
    fresh = [target for target in targets if target.measure.state == Measure.State.PROPOSED]
    for target in fresh:
        months = [occurrence.due.replace(day=1) for occurrence in target.occurrences]
        for organization in target.receivers:
            units[organization.pk] = organization
            new.update((organization.pk, month) for month in months)
    if not new:
        return []
    present = (
        Task.objects.open()
        .below(plan.organization)
        .order_by()
        .annotate(month=TruncMonth("due"))
        .values_list("organization", "month")
        .annotate(tasks=Count("pk"))
    )
    have = {(unit, month): tasks for unit, month, tasks in present}
    found = [
        Overload(units[unit], month, have.get((unit, month), 0) + count, count)
        for (unit, month), count in new.items()
        if have.get((unit, month), 0) + count > settings.LOAD_CEILING
    ]
    return sorted(found, key=lambda o: (-o.tasks, o.organization.path, o.month))
