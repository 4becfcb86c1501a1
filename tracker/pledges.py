"""Pledges (责任状): drawn up from an issued plan for each unit that received something, compared with the outcome.

What is agreed is kept in the words of the day it was drawn up: a plan that changes later does not change what
somebody has signed, it shows as a difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from branches.access import Actor
from branches.models import Organization, Post
from common import saying
from common.clock import local_date
from common.errors import NotAllowed, Refused
from common.jobs import request_job
from common.models import Job
from common.rows import insert_new
from tracker.events import build_event
from tracker.models import Event, Measure, Notice, Plan, Pledge, Task
from tracker.transitions.parties import is_office

CHUNK = 200
"""Units whose pledges are drawn up in one transaction."""

AGREED: dict[str, Promise] = {
    "title": gettext_lazy("measure"),
    "requirement": gettext_lazy("what is asked"),
    "deliverable": gettext_lazy("deliverable"),
    "target": gettext_lazy("target"),
    "cadence": gettext_lazy("cadence"),
    "due": gettext_lazy("due date"),
}
"""What a line of a pledge says of its measure; another value of one of these is a change of the plan."""


@dataclass(frozen=True)
class Change:
    """One difference between a pledge and the plan as it is now. ``facts``: what, before, after."""

    kind: str
    title: str
    facts: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass
class Outcome:
    """What became of one line, in tasks, held against the agreed dates (not the extended ones)."""

    agreed: int = 0
    done: int = 0
    late: int = 0
    """Handed in after the agreed day, or not handed in although it has passed."""
    withdrawn: int = 0
    extended: int = 0

    def add(self, other: Outcome) -> None:
        for name in vars(other):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def light(self) -> str:
        if self.late and self.done < self.agreed:
            return "red"
        return "done" if self.agreed and self.done == self.agreed else "green" if self.agreed else ""

    @property
    def word(self) -> str:
        """The outcome in one word, as the comparison shows it."""
        if not self.agreed:
            return _("withdrawn")
        if self.done == self.agreed:
            return _("done late") if self.late else _("done on time")
        return _("late") if self.late else _("not yet due")


@dataclass
class Line:
    """One line of a pledge beside its outcome."""

    no: int
    title: str
    requirement: str
    deliverable: str
    time: str
    outcome: Outcome
    tasks: list[Task]


def agreed_lines(tasks: Iterable[Task]) -> list[dict[str, Any]]:
    """What a unit has to deliver by when, one line for each measure, in the plan's order; tasks carry their measure."""
    by_measure: dict[Measure, list[Task]] = defaultdict(list)
    for task in tasks:
        if task.state != Task.State.WITHDRAWN:
            by_measure[task.measure].append(task)
    ordered = sorted(by_measure.items(), key=lambda item: (item[0].position, item[0].pk))
    return [_said(measure, own) for measure, own in ordered]


def _said(measure: Measure, tasks: list[Task]) -> dict[str, Any]:
    single = measure.cadence == Measure.Cadence.ONCE
    return {
        "measure": measure.pk,
        "title": measure.title,
        "requirement": measure.requirement,
        "deliverable": measure.deliverable,
        "target": measure.target,
        "cadence": measure.cadence,
        "due": measure.due.isoformat() if single and measure.due else "",
        "tasks": {str(task.pk): task.original_due.isoformat() for task in sorted(tasks, key=lambda t: t.pk)},
    }


def present_tasks(pledges: Sequence[Pledge]) -> dict[int, list[Task]]:
    """The tasks each pledge is about, by pledge id: those of its plan and those carried over from it. One query."""
    agreed = {int(pk) for pledge in pledges for line in pledge.lines for pk in line["tasks"]}
    tasks = Task.objects.filter(
        Q(measure__plan__in={pledge.plan_id for pledge in pledges})
        | Q(measure__carried_from__in={pledge.plan_id for pledge in pledges}),
        organization__in={pledge.organization_id for pledge in pledges},
    ).select_related("measure")
    found: dict[int, list[Task]] = {pledge.pk: [] for pledge in pledges}
    by_unit: dict[int, list[Pledge]] = defaultdict(list)
    for pledge in pledges:
        by_unit[pledge.organization_id].append(pledge)
    for task in tasks:
        plans = {task.measure.plan_id, task.measure.carried_from_id}
        for pledge in by_unit[task.organization_id]:
            if pledge.plan_id in plans and (task.measure.plan_id == pledge.plan_id or task.pk in agreed):
                found[pledge.pk].append(task)
    return found


def present_lines(pledge: Pledge) -> list[dict[str, Any]]:
    """The lines as the plan would give them today."""
    return agreed_lines(present_tasks([pledge])[pledge.pk])


def changes_of(pledge: Pledge) -> list[Change]:
    """What the plan says differently since the pledge was drawn up; empty while it still holds (one query)."""
    return changes_between(pledge.lines, present_lines(pledge))


def changes_between(agreed: Sequence[dict[str, Any]], present: Sequence[dict[str, Any]]) -> list[Change]:
    """Lines that went, came, or say something else. A further occurrence of an agreed measure is no change."""
    before = {line["measure"]: line for line in agreed}
    after = {line["measure"]: line for line in present}
    changes = [Change("removed", line["title"]) for pk, line in before.items() if pk not in after]
    changes += [Change("added", line["title"]) for pk, line in after.items() if pk not in before]
    for pk, line in before.items():
        now = after.get(pk, line)
        facts = [
            (str(label), _in_words(name, line[name]), _in_words(name, now[name]))
            for name, label in AGREED.items()
            if line[name] != now[name]
        ]
        if facts:
            changes.append(Change("changed", line["title"], facts))
    return changes


def _in_words(name: str, value: str) -> str:
    if name == "cadence":
        return str(Measure.Cadence(value).label)
    if name == "due" and value:
        return saying.full_date(date.fromisoformat(value))
    return value or "—"


def time_of(line: dict[str, Any]) -> str:
    """By when a line is to be delivered: a date, or a rhythm with its number of times and its last day."""
    if line["due"]:
        return saying.full_date(date.fromisoformat(line["due"]))
    days = sorted(line["tasks"].values())
    times = ngettext("%(count)s time", "%(count)s times", len(days)) % {"count": len(days)}
    return _("%(cadence)s, %(times)s, the last by %(day)s") % {
        "cadence": Measure.Cadence(line["cadence"]).label,
        "times": times,
        "day": saying.full_date(date.fromisoformat(days[-1])) if days else "—",
    }


def outcome_of(line: dict[str, Any], tasks: Iterable[Task], *, day: date) -> Outcome:
    """What became of a line's tasks by a local day, held against the agreed dates."""
    outcome = Outcome()
    for task in tasks:
        if task.measure_id != line["measure"]:
            continue
        due = date.fromisoformat(line["tasks"].get(str(task.pk), task.original_due.isoformat()))
        if task.state == Task.State.WITHDRAWN:
            outcome.withdrawn += 1
            continue
        outcome.agreed += 1
        outcome.extended += task.due > due
        is_done = task.state == Task.State.DONE
        outcome.done += is_done
        waits = task.state in {Task.State.SUBMITTED, Task.State.SECOND_REVIEW}
        handed_in = local_date(task.submitted_at) if task.submitted_at and (is_done or waits) else day
        outcome.late += task.state != Task.State.SUSPENDED and handed_in > due
    return outcome


def lines_of(pledge: Pledge, tasks: Sequence[Task], *, day: date) -> list[Line]:
    """The lines of a pledge with their outcomes as of a local day; ``tasks`` as ``present_tasks`` gives them."""
    return [
        Line(
            number,
            line["title"],
            line["requirement"],
            "；".join(filter(None, [line["deliverable"], line["target"]])),
            time_of(line),
            outcome_of(line, tasks, day=day),
            [task for task in tasks if task.measure_id == line["measure"]],
        )
        for number, line in enumerate(pledge.lines, start=1)
    ]


def sum_of(lines: Iterable[Line]) -> Outcome:
    whole = Outcome()
    for line in lines:
        whole.add(line.outcome)
    return whole


def is_issuing_side(actor: Actor, plan: Plan) -> bool:
    """Who draws up pledges and reminds of them: office, secretary or leader of the issuing organisation."""
    issuing = actor.holds({Post.Role.SECRETARY, Post.Role.LEADER}, plan.organization)
    return issuing or is_office(actor, plan.organization)


def to_sign(actor: Actor) -> QuerySet[Pledge]:
    """The pledges that wait for this person's signature, on either side."""
    signs = {Post.Role.SECRETARY, Post.Role.LEADER}
    own = [p.organization_id for p in actor.posts if _signs(p)]
    issuing = [p.organization_id for p in actor.posts if p.role in signs]
    unit = Q(state__in=[Pledge.State.OPEN, Pledge.State.ISSUER_SIGNED], organization__in=own)
    issuer = Q(state__in=[Pledge.State.OPEN, Pledge.State.UNIT_SIGNED], plan__organization__in=issuing)
    return Pledge.objects.visible_to(actor).filter(unit | issuer)


def _signs(post: Post) -> bool:
    is_group = post.organization.kind == Organization.Kind.LEADING_GROUP
    return post.role == Post.Role.SECRETARY or (is_group and post.role == Post.Role.CHIEF)


def request_pledges(plan: Plan, *, actor: Actor, at: datetime) -> Job:
    """Ask for the pledges of an issued plan that are still missing; a job draws them up.

    Pressed twice within a state of the plan it is the same job. Raises NotAllowed, or Refused when the plan is not
    issued, has no tasks, or every receiver has its pledge.
    """
    _require_issuing_side(actor, plan)
    if plan.state != Plan.State.ISSUED:
        raise Refused(_("Pledges are drawn up from an issued plan."), code="wrong_state")
    missing = without_pledge(plan).count()
    if not missing:
        raise Refused(_("Every unit that received something from this plan has its pledge."), code="complete")
    with transaction.atomic():
        return request_job(
            "pledges",
            payload={"plan": plan.pk},
            requested_by=actor.user,
            at=at,
            key=f"pledges:{plan.pk}:{plan.version}:{missing}",
        )


def without_pledge(plan: Plan) -> QuerySet[Organization]:
    """The units that hold a live task of a plan, but no pledge; the issuer itself promises nobody anything."""
    live = Task.objects.filter(measure__plan=plan).exclude(state=Task.State.WITHDRAWN)
    units = Organization.objects.filter(pk__in=live.values("organization")).exclude(pk=plan.organization_id)
    return units.exclude(pk__in=Pledge.objects.filter(plan=plan).values("organization")).order_by("path")


def make_pledges(
    plan: Plan, *, actor: Actor, at: datetime, progress: Callable[[int, int], None] | None = None
) -> int:
    """Draw up the missing pledges of an issued plan; returns how many were made.

    Effects in order, for some units at a time and in one transaction each: lock the plan; read the units' tasks;
    insert the pledges with their first events; tell the units' secretaries. At the end the issuer's secretary and
    leaders hear of it. Killed and run again it makes what is missing. Raises NotAllowed or Refused.
    """
    _require_issuing_side(actor, plan)
    made, total = 0, without_pledge(plan).count()
    while True:
        with transaction.atomic():
            locked = Plan.objects.select_for_update().get(pk=plan.pk)
            if locked.state != Plan.State.ISSUED:
                raise Refused(_("Pledges are drawn up from an issued plan."), code="wrong_state")
            units = list(without_pledge(plan)[:CHUNK])
            if not units:
                break
            ask_to_sign(_insert(plan, units, actor=actor, at=at), at=at, cause="new")
        made += len(units)
        if progress:
            progress(made, total)
    if made:
        _tell_issuer(plan, at=at)
    return made


def _insert(plan: Plan, units: list[Organization], *, actor: Actor, at: datetime) -> list[Pledge]:
    by_unit: dict[int, list[Task]] = defaultdict(list)
    for task in Task.objects.filter(measure__plan=plan, organization__in=units).select_related("measure"):
        by_unit[task.organization_id].append(task)
    pledges = [
        Pledge(
            plan=plan, organization=unit, lines=agreed_lines(by_unit[unit.pk]), made_by=actor.user, made_at=at
        )
        for unit in units
    ]
    Pledge.objects.bulk_create(pledges)
    post, events = actor.title_at(plan.organization), []
    for pledge in pledges:
        said = {"lines": len(pledge.lines), "plan": plan.pk}
        events.append(
            build_event(
                pledge,
                "draw_up",
                actor=actor,
                post=post,
                at=at,
                from_state="",
                to_state=pledge.state,
                said=said,
            )
        )
    Event.objects.bulk_create(events)
    Pledge.objects.bulk_update(pledges, ["event_count", "event_head"])
    return pledges


def _signers_of(units: Iterable[int], *, day: date) -> list[tuple[int, int]]:
    """Unit and person of everybody who may sign for one of the units on a day."""
    signs = Q(role=Post.Role.SECRETARY) | Q(
        role=Post.Role.CHIEF, organization__kind=Organization.Kind.LEADING_GROUP
    )
    posts = Post.objects.held_on(day).filter(signs, organization__in=list(units), user__is_active=True)
    return sorted(set(posts.values_list("organization_id", "user_id")))


def ask_to_sign(pledges: Sequence[Pledge], *, at: datetime, cause: str) -> int:
    """One notice to each signer of each unit, once for each cause; in the caller's transaction. Returns how many."""
    signers: dict[int, list[int]] = defaultdict(list)
    for unit, person in _signers_of({pledge.organization_id for pledge in pledges}, day=local_date(at)):
        signers[unit].append(person)
    rows = [
        (
            f"pledge:{pledge.pk}:{cause}:{person}",
            person,
            {"plan": pledge.plan.title, "url": reverse("tracker:pledge", args=[pledge.pk])},
        )
        for pledge in pledges
        for person in signers[pledge.organization_id]
    ]
    return insert_new(Notice(kind="pledge_to_sign", created_at=at), ["key", "recipient_id", "data"], rows)


def _tell_issuer(plan: Plan, *, at: datetime) -> int:
    """Secretary and leaders of the issuer hear once a day how many pledges of a plan wait for their signature."""
    day = local_date(at)
    waiting = Pledge.objects.filter(plan=plan).unsigned_by_issuer().count()
    if not waiting:
        return 0
    posts = Post.objects.held_on(day).filter(
        organization=plan.organization_id,
        role__in=[Post.Role.SECRETARY, Post.Role.LEADER],
        user__is_active=True,
    )
    data = {
        "plan": plan.title,
        "count": waiting,
        "url": f"{reverse('tracker:pledges')}?plan={plan.pk}&who=issuer",
    }
    people = sorted(set(posts.values_list("user_id", flat=True)))
    rows = [(f"pledges:{plan.pk}:{day}:{person}", person) for person in people]
    return insert_new(Notice(kind="pledges_to_sign", data=data, created_at=at), ["key", "recipient_id"], rows)


def remind_unsigned(plan: Plan, *, actor: Actor, at: datetime) -> int:
    """Remind those whose signature is missing on pledges of a plan; returns how many notices were written.

    At most one a day, pledge and person: pressing twice reminds once. Raises NotAllowed.
    """
    _require_issuing_side(actor, plan)
    waiting = Pledge.objects.filter(plan=plan).unsigned_by_unit().select_related("plan")
    with transaction.atomic():
        told = ask_to_sign(list(waiting.defer("lines")), at=at, cause=str(local_date(at)))
        return told + _tell_issuer(plan, at=at)


def counts_of(pledges: QuerySet[Pledge]) -> dict[str, int]:
    """How many there are in all and in each state (one query)."""
    by_state = dict(pledges.order_by().values_list("state").annotate(count=Count("pk")))
    counts = {state.value: by_state.get(state.value, 0) for state in Pledge.State}
    return counts | {"all": sum(counts.values())}


def _require_issuing_side(actor: Actor, plan: Plan) -> None:
    if not is_issuing_side(actor, plan):
        raise NotAllowed(
            _("Pledges of this plan are kept by %(unit)s.") % {"unit": plan.organization.short_name}
        )
