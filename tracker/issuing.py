"""Before issuing: who would receive what by when, and what is still missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Prefetch
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from branches.models import Organization, Rating
from branches.models.organization import OrganizationQuerySet
from common.workdays import Calendar
from tracker.chain import Link, chains_of
from tracker.clashes import Clash, Overload, Target, clashes_in, overloads_in
from tracker.models import Measure, Plan, Task
from tracker.occurrences import Occurrence, opening_of, planned
from tracker.variants import LABELS, ROLES

YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Lack:
    """One thing a measure still needs before it can be issued."""

    measure: Measure
    field: str
    sentence: str | Promise


@dataclass(frozen=True)
class Lacks:
    measures: list[Measure]
    lines: list[Lack]


@dataclass
class Share:
    """What one organisation would get."""

    organization: Organization
    tasks: int = 0
    chain: list[Link] = field(default_factory=list)

    @property
    def gaps(self) -> list[Link]:
        return [link for link in self.chain if link.is_gap or link.is_shared]


@dataclass
class Line:
    """What one measure would become."""

    measure: Measure
    receivers: int
    occurrences: list[Occurrence]
    receiver_ids: frozenset[int] = frozenset()
    kinds: Counter[str] = field(default_factory=Counter)
    """How many of the receivers are of each kind."""
    following: int = 0
    """Occurrences that are opened later, as their time comes."""
    next_on: date | None = None
    """The day on which the first of these is opened."""

    @property
    def variants(self) -> list[tuple[str, str, int]]:
        """Who is asked otherwise, what, and how many units that concerns: for a role, all of them."""
        return [
            (str(LABELS[key]), asked, self.receivers if key in ROLES else self.kinds[key])
            for key, asked in self.measure.variants.items()
            if key in LABELS
        ]

    @property
    def tasks(self) -> int:
        return self.receivers * len(self.occurrences)


@dataclass
class Preview:
    """What issuing would do, shown before it does it. Counts are of tasks not yet made."""

    lines: list[Line]
    shares: list[Share]
    lacks: list[Lack]
    off_days: list[tuple[Measure, date]]
    provisional: list[tuple[Measure, date]]
    new_tasks: int
    existing_tasks: int
    clashes: list[Clash]
    overloads: list[Overload]

    @property
    def following(self) -> list[Line]:
        """What recurs beyond the horizon: the rest is opened as its time comes."""
        return [line for line in self.lines if line.following]

    @property
    def later_tasks(self) -> int:
        """How many tasks follow the new ones by the receivers of today."""
        return sum(line.receivers * line.following for line in self.lines)

    @property
    def next_on(self) -> date | None:
        """The day on which the first of what follows is opened."""
        return min((line.next_on for line in self.lines if line.next_on), default=None)

    @property
    def open_clashes(self) -> list[Clash]:
        """Clashes that nobody has settled; they stand in the way of issuing."""
        return [clash for clash in self.clashes if clash.kept is None]

    @property
    def awaiting(self) -> list[Measure]:
        """Measures whose date hangs on an event not yet declared: they give no tasks now."""
        return [line.measure for line in self.lines if line.measure.awaits_event]

    @property
    def differing(self) -> list[Line]:
        """What asks some of its receivers otherwise than the rest."""
        return [line for line in self.lines if line.measure.variants]

    @property
    def gaps(self) -> list[Share]:
        """Receivers whose chain has a link with no holder or with two; issuing is allowed, they stay on the gap list."""
        return [share for share in self.shares if share.gaps]

    @property
    def may_issue(self) -> bool:
        return not self.lacks and not self.open_clashes and bool(self.lines)


def issuable(plan: Plan) -> list[Measure]:
    """The measures that issuing concerns: neither in reserve nor withdrawn, in the plan's order.

    Those carried over from an earlier plan brought their tasks with them: none is created anew.
    """
    states = [Measure.State.PROPOSED, Measure.State.ACTIVE]
    receivers = Prefetch("receivers", Organization.objects.order_by("path"))
    measures = Measure.objects.filter(plan=plan, state__in=states, carried_from=None)
    return list(measures.select_related("responsible_leader", "lead").prefetch_related(receivers))


def receivers_of(measure: Measure, plan: Plan, *, day: date) -> OrganizationQuerySet:
    """The organisations that receive a measure: active ones of its kinds at or below the issuer, and the named ones.

    An area, a tag or a rating of this year or the last narrows the kinds. Named organisations outside the issuer's tree, or no longer active, are left out.
    """
    within = Organization.objects.below(plan.organization).active_on(day)
    by_kind = within.of_kind(*measure.receiver_kinds) if measure.receiver_kinds else within.none()
    if measure.receiver_area_id:
        by_kind = by_kind.filter(area=measure.receiver_area_id)
    if measure.receiver_tag_id:
        tagged = Organization.tags.through.objects.filter(tag=measure.receiver_tag_id)
        by_kind = by_kind.filter(pk__in=tagged.values("organization"))
    if measure.receiver_rating:
        rated = Rating.objects.filter(kind=measure.receiver_rating, year__gte=day.year - 1)
        by_kind = by_kind.filter(pk__in=rated.values("organization"))
    named = within.filter(pk__in=[o.pk for o in measure.receivers.all()])
    return (by_kind | named).order_by("path")


def receivers_of_each(
    measures: list[Measure], plan: Plan, *, day: date
) -> Iterator[tuple[Measure, list[Organization]]]:
    """Every measure with its receivers, asked for once for all measures that go to the same.

    Most measures of a plan go to one kind of organisation: the number of queries follows the rules, not the measures.
    """
    known: dict[Any, list[Organization]] = {}
    for measure in measures:
        rule = (
            tuple(sorted(measure.receiver_kinds)),
            measure.receiver_area_id,
            measure.receiver_tag_id,
            measure.receiver_rating,
            tuple(organization.pk for organization in measure.receivers.all()),
        )
        if rule not in known:
            known[rule] = list(receivers_of(measure, plan, day=day))
        yield measure, known[rule]


def missing_in(plan: Plan) -> Lacks:
    """The checks before issue (workflow 1.1): what each measure lacks, in the plan's order."""
    measures = issuable(plan)
    return Lacks(measures, [lack for measure in measures for lack in _lacks(measure)])


def _lacks(measure: Measure) -> Iterable[Lack]:
    if measure.cadence == Measure.Cadence.ONCE and measure.due is None and not measure.awaits_event:
        yield Lack(measure, "due", _("no due date or cadence"))
    if measure.lead_id is None:
        yield Lack(measure, "lead", _("no lead unit"))
    if measure.responsible_leader_id is None:
        yield Lack(measure, "responsible_leader", _("no responsible leader"))
    if not measure.deliverable and measure.target_number is None:
        yield Lack(measure, "deliverable", _("neither deliverable nor target"))
    if not measure.receiver_kinds and not measure.receivers.all():
        yield Lack(measure, "receiver_kinds", _("no receiving organization"))


def targets_of(plan: Plan, *, day: date, calendar: Calendar) -> list[Target]:
    """What each measure that issuing concerns is to become within a year, opened at once or later: what falls together
    is seen before issuing. One query for each rule by which measures are received.
    """
    targets = []
    for measure, receivers in receivers_of_each(issuable(plan), plan, day=day):
        measure.plan = plan
        dates = planned(plan, measure, since=day, calendar=calendar)
        if measure.cadence != Measure.Cadence.ONCE:
            dates = [occurrence for occurrence in dates if occurrence.begins <= day + YEAR]
        targets.append(Target(measure, receivers, dates))
    return targets


def preview(plan: Plan, *, day: date, calendar: Calendar) -> Preview:
    """Everything a clerk checks before issuing on a local day. Writes nothing; a bounded number of queries
    (three for the chains, four for clashes and load, one for each rule by which measures are received).
    """
    targets = targets_of(plan, day=day, calendar=calendar)
    measures = [target.measure for target in targets]
    made = set(
        Task.objects.filter(measure__in=measures).values_list("measure_id", "organization_id", "occurrence")
    )
    shares: dict[int, Share] = {}
    lines, off, provisional, existing = [], [], [], 0
    for target in targets:
        measure, receivers = target.measure, target.receivers
        opening = opening_of(plan, measure, since=day, day=day, calendar=calendar)
        dates, later = opening.opened, len(opening.following)
        ids = frozenset(organization.pk for organization in receivers)
        kinds = Counter(organization.kind for organization in receivers)
        lines.append(Line(measure, len(receivers), dates, ids, kinds, later, opening.next_on))
        off += [(measure, o.due) for o in dates if not calendar.is_working(o.due)]
        provisional += [(measure, o.due) for o in dates if o.provisional]
        for organization in receivers:
            share = shares.setdefault(organization.pk, Share(organization))
            known = sum((measure.pk, organization.pk, o.label) in made for o in dates)
            share.tasks += len(dates) - known
            existing += known
    chains = chains_of([share.organization for share in shares.values()], day=day)
    for pk, share in shares.items():
        share.chain = chains[pk]
    ordered = sorted(shares.values(), key=lambda share: share.organization.path)
    lacks = [lack for measure in measures for lack in _lacks(measure)]
    new = sum(share.tasks for share in ordered)
    clashes, overloads = clashes_in(targets), overloads_in(plan, targets)
    return Preview(lines, ordered, lacks, off, provisional, new, existing, clashes, overloads)
