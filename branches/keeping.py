"""Looking after the tree: who may change what of an organisation, and the verbs with their lines in the audit log.

Organisations are kept by system administrators in their subtree. Terms of office and ratings are decided by the superior
Party organisation: its secretary, deputy or clerk records them, or the administrator. Posts are the security officer's
(``branches.accounts``). The tree itself is written by ``branches.tree`` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from branches import terms, tree
from branches.access import Actor
from branches.accounts import DUTY_OF
from branches.models import Area, Organization, Post, Rating, Tag, Term, User
from branches.posts import Ending, end_all
from common.audit import record
from common.errors import NotAllowed, Refused, Sentence
from common.models import AuditEntry

Role = Post.Role
ORGANIZERS = DUTY_OF["create"]
SUPERVISORS = frozenset({Role.SECRETARY, Role.DEPUTY_SECRETARY, Role.CLERK})


def why_not_keep(actor: Actor, organization: Organization) -> Sentence | None:
    """Why this person may not change an organisation in their sight; None when they may."""
    if actor.has_duty(ORGANIZERS, organization):
        return None
    return _("Only a system administrator changes organizations, in the subtree of the duty.")


def why_not_record(actor: Actor, organization: Organization) -> Sentence | None:
    """Why this person may not enter its terms and ratings; None when they may."""
    if actor.has_duty(ORGANIZERS, organization) or actor.holds_above(SUPERVISORS, organization):
        return None
    return _("Terms of office and ratings are recorded by the superior Party organization.")


def why_not_appoint(actor: Actor, organization: Organization) -> Sentence | None:
    """Why this person may not give and end posts there; None when they may."""
    if actor.has_duty(DUTY_OF["posts"], organization):
        return None
    return _("Only a security officer gives and ends posts, in the subtree of the duty.")


@dataclass(frozen=True)
class Hand:
    """Who acts, when and from where: what every verb below needs for its rule and its line."""

    actor: Actor
    at: datetime
    address: str | None = None

    def keep(self, *organizations: Organization) -> None:
        """Raise NotAllowed unless all of them are in the administrator's reach."""
        for organization in organizations:
            if reason := why_not_keep(self.actor, organization):
                raise NotAllowed(reason)

    def note(self, act: str, organization: Organization, **more: Any) -> None:
        """One line of the audit log."""
        data = {"act": act, "organization": organization.code} | more
        record(AuditEntry.Kind.TREE, at=self.at, user=self.actor.user, address=self.address, data=data)


def add_below(parent: Organization, *, hand: Hand, tags: Iterable[str] = (), **fields: Any) -> Organization:
    """A new organisation below one in reach."""
    hand.keep(parent)
    with transaction.atomic():
        added = tree.add_organization(parent=parent, **fields)
        _set_tags(added, tags)
        hand.note("add", added, superior=parent.code)
    return added


def change(
    organization: Organization,
    *,
    fields: Mapping[str, Any],
    tags: Iterable[str] | None,
    version: int,
    hand: Hand,
) -> Organization:
    """Names, unit, area, members, second superior, linked leader, tags. Raises Stale for another version."""
    hand.keep(organization)
    with transaction.atomic():
        before = Organization.objects.get(pk=organization.pk)
        changed = tree.change_organization(organization, fields=fields, version=version)
        names = [name for name in fields if getattr(before, name) != getattr(changed, name)]
        if tags is not None and _set_tags(changed, tags):
            names.append("tags")
        hand.note("change", changed, fields=sorted(names))
    return changed


def move(organization: Organization, *, to: Organization, since: date, hand: Hand) -> Organization:
    """Under another superior in reach, from a day on."""
    hand.keep(organization, to)
    with transaction.atomic():
        moved = tree.move_organization(organization, to=to, since=since)
        hand.note("move", moved, superior=to.code, since=since.isoformat())
    return moved


def retire(organization: Organization, *, last_day: date, hand: Hand) -> Organization:
    """End an organisation after its last day."""
    hand.keep(organization)
    with transaction.atomic():
        _end_posts(organization, last_day=last_day, hand=hand)
        ended = tree.retire_organization(organization, last_day=last_day)
        hand.note("retire", ended, until=last_day.isoformat())
    return ended


def merge(organization: Organization, *, into: Organization, last_day: date, hand: Hand) -> Organization:
    """Into another of the same kind in reach, after its last day."""
    hand.keep(organization, into)
    with transaction.atomic():
        _end_posts(organization, last_day=last_day, hand=hand)
        ended = tree.merge_organization(organization, into=into, last_day=last_day)
        hand.note("merge", ended, into=into.code, until=last_day.isoformat())
    return ended


def _end_posts(organization: Organization, *, last_day: date, hand: Hand) -> None:
    """End its posts with their lines in the audit log and the sessions; the tree would end them without a word."""
    held = Post.objects.held_on(last_day).filter(organization=organization).exclude(until=last_day)
    endings = [Ending(post.pk, post.user_id, organization.code, post.role, last_day) for post in held]
    end_all(endings, by=hand.actor.user, at=hand.at, address=hand.address)


@dataclass(frozen=True)
class Consequences:
    """What stands below an organisation today: what a move, a merge or an end would take along."""

    branches: int
    others: int
    children: int
    people: int
    own_posts: tuple[Post, ...]
    """Posts in the organisation itself that have not ended."""

    @property
    def below(self) -> int:
        return self.branches + self.others


def consequences(organization: Organization, *, day: date) -> Consequences:
    """Count the subtree on a local day: four queries, whatever its size."""
    active = Organization.objects.below(organization, itself=False).active_on(day)
    kinds = {row["kind"]: row["n"] for row in active.values("kind").annotate(n=Count("pk")).order_by()}
    branches = kinds.pop(Organization.Kind.BRANCH, 0)
    within = Organization.objects.below(organization).values("pk")
    held = Post.objects.held_on(day).filter(organization__in=within)
    own = Post.objects.filter(organization=organization).exclude(until__lt=day).select_related("user")
    return Consequences(
        branches=branches,
        others=sum(kinds.values()),
        children=Organization.objects.filter(parent=organization).active_on(day).count(),
        people=held.values("user").distinct().count(),
        own_posts=tuple(own.order_by("since", "pk")),
    )


# --- terms and ratings ---------------------------------------------------------------------------------------------


def _recording(organization: Organization, hand: Hand) -> None:
    if reason := why_not_record(hand.actor, organization):
        raise NotAllowed(reason)


def begin_term(organization: Organization, *, hand: Hand, **fields: Any) -> Term:
    """See ``branches.terms.begin_term``."""
    _recording(organization, hand)
    with transaction.atomic():
        term = terms.begin_term(organization, **fields)
        hand.note("term", organization, began=term.began_on.isoformat(), due=term.due_on.isoformat())
    return term


def shift_term(term: Term, *, due_on: date, approval: str, hand: Hand) -> Term:
    """See ``branches.terms.shift_due``."""
    _recording(term.organization, hand)
    with transaction.atomic():
        before = term.due_on
        shifted = terms.shift_due(term, due_on=due_on, approval=approval)
        hand.note("shift_term", term.organization, before=before.isoformat(), due=due_on.isoformat())
    return shifted


def rate(
    organization: Organization,
    *,
    year: int,
    kind: str,
    stars: int | None,
    decided_on: date,
    decided_by: str,
    hand: Hand,
) -> Rating:
    """Record what an organisation was rated for a year; a later decision on the same takes its place."""
    _recording(organization, hand)
    if kind == Rating.Kind.STARS and stars not in range(1, 6):
        sentence = _("Enter one to five stars.")
        raise Refused(sentence, fields={"stars": sentence})
    if decided_on.year < year:
        sentence = _("A rating is decided in its year or later.")
        raise Refused(sentence, fields={"decided_on": sentence})
    with transaction.atomic():
        rating, _created = Rating.objects.update_or_create(
            organization=organization,
            year=year,
            kind=kind,
            defaults={
                "stars": stars if kind == Rating.Kind.STARS else None,
                "decided_on": decided_on,
                "decided_by": decided_by,
            },
        )
        hand.note("rate", organization, year=year, kind=kind, stars=rating.stars)
    return rating


# --- areas and tags ------------------------------------------------------------------------------------------------


def areas_of(actor: Actor) -> QuerySet[Area]:
    """The areas in an administrator's reach, with the number of active organisations in each; one query."""
    active = Q(organizations__active_from__lte=actor.day) & (
        Q(organizations__active_until__isnull=True) | Q(organizations__active_until__gte=actor.day)
    )
    within = Area.objects.filter(actor.duty_scope(ORGANIZERS, "organization__path"))
    found = within.select_related("organization", "liaison").order_by("organization__path", "name")
    return found.annotate(size=Count("organizations", filter=active))


def save_area(
    area: Area | None, *, organization: Organization, name: str, liaison: User | None, hand: Hand
) -> Area:
    """A new area of a work committee, or another name or liaison of one. Raises Refused for a name twice."""
    hand.keep(organization)
    if organization.kind != Organization.Kind.WORK_COMMITTEE:
        raise Refused(_("Areas are parts of a work committee."))
    area = area or Area(organization=organization)
    area.name, area.liaison = name, liaison
    try:
        with transaction.atomic():
            area.save()
            hand.note("area", organization, area=area.pk, liaison=liaison.pk if liaison else None)
    except IntegrityError as error:
        sentence = _("There is an area of this name already.")
        raise Refused(sentence, fields={"name": sentence}) from error
    return area


def remove_area(area: Area, *, hand: Hand) -> None:
    """Take an area away; its organisations then stand in none."""
    hand.keep(area.organization)
    with transaction.atomic():
        hand.note("remove_area", area.organization, area=area.pk)
        area.delete()


def _set_tags(organization: Organization, names: Iterable[str]) -> bool:
    """Give an organisation exactly these tags, unknown ones made; whether that changed anything."""
    wanted = set(names)
    present = set(organization.tags.values_list("name", flat=True))
    if wanted == present:
        return False
    Tag.objects.bulk_create([Tag(name=name) for name in sorted(wanted)], ignore_conflicts=True)
    organization.tags.set(Tag.objects.filter(name__in=wanted))
    Tag.objects.filter(name__in=present - wanted, organizations=None).delete()
    return True
