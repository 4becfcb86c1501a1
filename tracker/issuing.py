"""From a plan to tasks: who receives what, what is missing, and the fan-out that makes the tasks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.db.models import Prefetch
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from branches.models import Organization, Post
from common.clock import local_date
from common.periods import Period
from common.workdays import Calendar
from tracker.chain import Link, chains_of
from tracker.events import build_event
from tracker.models import Event, Measure, Notice, Plan, Task
from tracker.occurrences import Occurrence, occurrences_of
from tracker.transitions import perform
from tracker.transitions.task import ACKNOWLEDGE_DAYS

CHUNK = 500


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
        return [link for link in self.chain if link.is_gap]


@dataclass
class Line:
    """What one measure would become."""

    measure: Measure
    receivers: int
    occurrences: list[Occurrence]

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

    @property
    def gaps(self) -> list[Share]:
        """Receivers whose chain has a link without a holder; issuing is allowed, they stay on the gap list."""
        return [share for share in self.shares if share.gaps]

    @property
    def may_issue(self) -> bool:
        return not self.lacks and bool(self.lines)


def issuable(plan: Plan) -> list[Measure]:
    """The measures that issuing concerns: neither in reserve nor withdrawn, in the plan's order."""
    states = [Measure.State.PROPOSED, Measure.State.ACTIVE]
    receivers = Prefetch("receivers", Organization.objects.order_by("path"))
    measures = Measure.objects.filter(plan=plan, state__in=states)
    return list(measures.select_related("responsible_leader", "lead").prefetch_related(receivers))


def receivers_of(measure: Measure, plan: Plan, *, day: date) -> list[Organization]:
    """The organisations that receive a measure: active ones of its kinds at or below the issuer, and the named ones.

    Named organisations outside the issuer's tree, or no longer active, are left out.
    """
    within = Organization.objects.below(plan.organization).active_on(day)
    by_kind = within.of_kind(*measure.receiver_kinds) if measure.receiver_kinds else within.none()
    named = within.filter(pk__in=[o.pk for o in measure.receivers.all()])
    return list((by_kind | named).distinct().order_by("path"))


def missing_in(plan: Plan) -> Lacks:
    """The checks before issue (workflow 1.1): what each measure lacks, in the plan's order."""
    measures = issuable(plan)
    return Lacks(measures, [lack for measure in measures for lack in _lacks(measure)])


def _lacks(measure: Measure) -> Iterable[Lack]:
    if measure.cadence == Measure.Cadence.ONCE and measure.due is None:
        yield Lack(measure, "due", _("no due date or cadence"))
    if measure.lead_id is None:
        yield Lack(measure, "lead", _("no lead unit"))
    if measure.responsible_leader_id is None:
        yield Lack(measure, "responsible_leader", _("no responsible leader"))
    if not measure.deliverable and measure.target_number is None:
        yield Lack(measure, "deliverable", _("neither deliverable nor target"))
    if not measure.receiver_kinds and not measure.receivers.all():
        yield Lack(measure, "receiver_kinds", _("no receiving organization"))


def preview(plan: Plan, *, day: date, calendar: Calendar) -> Preview:
    """Everything a clerk checks before issuing on a local day. Writes nothing; a bounded number of queries
    (three for the chains, one per measure for its receivers).
    """
    period = Period.parse(plan.period)
    measures = issuable(plan)
    made = set(
        Task.objects.filter(measure__in=measures).values_list("measure_id", "organization_id", "occurrence")
    )
    shares: dict[int, Share] = {}
    lines, off, provisional, existing = [], [], [], 0
    for measure in measures:
        dates = occurrences_of(measure, period=period, since=day, calendar=calendar)
        receivers = receivers_of(measure, plan, day=day)
        lines.append(Line(measure, len(receivers), dates))
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
    return Preview(lines, ordered, lacks, off, provisional, new, existing)


def fan_out(plan: Plan, *, at: datetime, progress: Callable[[int, int], None] | None = None) -> int:
    """Make the tasks of an issued plan that do not exist yet; returns how many were made.

    For each measure in turn: start it when it is still proposed, then insert its missing tasks in chunks,
    each chunk with its first events and the units' notices in one transaction. A run that is killed leaves
    whole chunks; running again makes what is missing and nothing twice. Two runs at once wait for each other
    at the measure's row; the unique key of tasks is the last safety.
    ``progress(done, total)`` is called between chunks, outside any transaction.
    """
    day, calendar = local_date(at), Calendar.load()
    issued_on = local_date(plan.issued_at) if plan.issued_at else day
    period = Period.parse(plan.period)
    work = []
    for measure in issuable(plan):
        since = issued_on if measure.state == Measure.State.ACTIVE else day
        dates = occurrences_of(measure, period=period, since=since, calendar=calendar)
        work.append((measure, dates, receivers_of(measure, plan, day=day)))
    total = sum(len(dates) * len(receivers) for _measure, dates, receivers in work)
    seen = made = 0
    for measure, dates, receivers in work:
        if measure.state == Measure.State.PROPOSED:
            perform(measure, "activate", actor=None, at=at)
        for start in range(0, len(receivers), CHUNK):
            chunk = receivers[start : start + CHUNK]
            made += _make_tasks(plan, measure, dates, chunk, at=at, calendar=calendar)
            seen += len(dates) * len(chunk)
            if progress:
                progress(seen, total)
    return made


def _make_tasks(
    plan: Plan,
    measure: Measure,
    dates: list[Occurrence],
    receivers: list[Organization],
    *,
    at: datetime,
    calendar: Calendar,
) -> int:
    day = local_date(at)
    limit = calendar.add(day, ACKNOWLEDGE_DAYS)
    with transaction.atomic():
        Measure.objects.select_for_update().get(pk=measure.pk)
        known = set(
            Task.objects.filter(measure=measure, organization__in=receivers).values_list(
                "organization_id", "occurrence"
            )
        )
        tasks = Task.objects.bulk_create(
            Task(
                measure=measure,
                organization=organization,
                occurrence=occurrence.label,
                issued_on=day,
                acknowledge_by=limit,
                original_due=occurrence.due,
                due=occurrence.due,
            )
            for organization in receivers
            for occurrence in dates
            if (organization.pk, occurrence.label) not in known
        )
        events = [
            build_event(
                task,
                "assign",
                actor=None,
                post="",
                at=at,
                from_state="",
                to_state=task.state,
                said={"due": task.due, "plan": plan.pk},
            )
            for task in tasks
        ]
        Event.objects.bulk_create(events)
        Task.objects.bulk_update(tasks, ["event_count", "event_head"], batch_size=200)
        _announce(plan, tasks, at=at)
    return len(tasks)


def _announce(plan: Plan, tasks: list[Task], *, at: datetime) -> None:
    """One notice per person, unit, plan and day, whose count grows with the chunks."""
    if not tasks:
        return
    counts = Counter(task.organization_id for task in tasks)
    names = {task.organization_id: task.organization.short_name for task in tasks}
    day = local_date(at)
    roles = [Post.Role.SECRETARY, Post.Role.CLERK]
    posts = Post.objects.held_on(day).filter(organization__in=counts, role__in=roles, user__is_active=True)
    people = set(posts.values_list("user_id", "organization_id"))
    keys = {f"assigned:{plan.pk}:{unit}:{person}:{day}": (person, unit) for person, unit in people}
    known = {notice.key: notice for notice in Notice.objects.filter(key__in=keys)}
    fresh = []
    for key, (person, unit) in keys.items():
        if notice := known.get(key):
            notice.data["count"] += counts[unit]
            notice.read_at = None
        else:
            data = {"count": counts[unit], "plan": plan.title, "organization": names[unit]}
            fresh.append(Notice(recipient_id=person, kind="assigned", data=data, key=key, created_at=at))
    Notice.objects.bulk_create(fresh)
    Notice.objects.bulk_update(known.values(), ["data", "read_at"])
