"""Pledges (责任状): drawn up from an issued plan for each unit that received something, compared with the outcome.

What is agreed is kept in the words of the day it was drawn up: a plan that changes later does not change what
somebody has signed, it shows as a difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from branches.access import Actor
from branches.models import Organization, Post
from common.clock import local_date
from common.errors import NotAllowed, Refused
from common.jobs import request_job
from common.models import Job
from common.rows import insert_new
from tracker.events import build_event
from tracker.models import Event, Notice, Plan, Pledge, Task
from tracker.pledge_lines import agreed_lines
from tracker.transitions import available_acts, perform
from tracker.transitions.parties import is_office

CHUNK = 200
"""Units whose pledges are drawn up in one transaction."""
MOST_SIGNED = 200
"""Pledges that one click signs; the rest needs another one."""
SIDES = frozenset({"sign_for_unit", "sign_for_issuer"})


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


def sign_each(
    versions: Mapping[int, int], *, actor: Actor, at: datetime
) -> tuple[list[Pledge], list[tuple[Pledge, str]]]:
    """Sign those of the pledges that wait for this person, each by the rules of one, in its own transaction.

    ``versions`` holds by id the version the person looked at. Returns those signed, and the others with the reason;
    what does not wait for this person is in neither. Raises Refused for none or too many.
    """
    if not versions:
        raise Refused(_("Tick at least one pledge."))
    if len(versions) > MOST_SIGNED:
        raise Refused(_("At most %(most)s pledges can be signed at once.") % {"most": MOST_SIGNED})
    pledges = to_sign(actor).filter(pk__in=versions).select_related("plan__organization", "organization")
    signed, refused = [], []
    for pledge in pledges.order_by("pk"):
        offers = [offer for offer in available_acts(pledge, actor=actor, at=at) if offer.act in SIDES]
        try:
            if offers:
                perform(pledge, offers[0].act, actor=actor, at=at, version=versions[pledge.pk])
                signed.append(pledge)
        except Refused as refusal:
            refused.append((pledge, str(refusal)))
    return signed, refused


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
