"""Gaps (模糊地带): organisations that carry a level of the responsibility chain which nobody holds, or two people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from branches.access import Actor
from branches.models import Organization, Post
from tracker.chain import LEVELS, Level


@dataclass(frozen=True)
class Gap:
    """One organisation with one level that nobody holds on a day, or of which two hold the post for one."""

    organization: Organization
    level: Level
    is_shared: bool

    @property
    def roles(self) -> list[str]:
        """The role that two hold, or those of which one should be held, as they are called."""
        roles = [self.level.sole] if self.is_shared else self.level.roles
        return [str(Post.Role(role).label) for role in roles]


def gaps_in_sight(actor: Actor, *, day: date) -> QuerySet[Organization]:
    """Organisations in sight, active on a day, with a level of the chain that nobody holds, or two (one query).

    Each carries ``gap_<n>`` and ``shared_<n>``, true where level ``n`` of ``LEVELS`` is the one.
    """
    flags = {f"gap_{n}": _unheld(level, day) for n, level in enumerate(LEVELS)}
    flags |= {f"shared_{n}": _shared(level, day) for n, level in enumerate(LEVELS) if level.sole}
    open_ = Q()
    for name in flags:
        open_ |= Q(**{name: True})
    return Organization.objects.visible_to(actor).active_on(day).annotate(**flags).filter(open_)


def count_gaps(actor: Actor, *, day: date) -> int:
    """How many gaps ``spelled_out`` would list (one query)."""
    found = gaps_in_sight(actor, day=day).order_by()
    counts = {f"of_{flag}": Count("pk", filter=Q(**{flag: True})) for flag in found.query.annotations}
    return sum(found.aggregate(**counts).values())


def spelled_out(organizations: Iterable[Organization]) -> list[Gap]:
    """One gap for each level that an organisation of ``gaps_in_sight`` leaves open, or leaves to two."""
    return [
        Gap(organization, level, flag == "shared")
        for organization in organizations
        for n, level in enumerate(LEVELS)
        for flag in ("gap", "shared")
        if getattr(organization, f"{flag}_{n}", False)
    ]


def _unheld(level: Level, day: date) -> ExpressionWrapper:
    holders = _held(day).filter(role__in=level.roles)
    return ExpressionWrapper(Q(kind__in=level.kinds) & ~Exists(holders), output_field=BooleanField())


def _shared(level: Level, day: date) -> ExpressionWrapper:
    several = _held(day).filter(role=level.sole).order_by().values("organization")
    several = several.annotate(people=Count("user", distinct=True)).filter(people__gt=1)
    return ExpressionWrapper(Q(kind__in=level.kinds) & Exists(several), output_field=BooleanField())


def _held(day: date) -> QuerySet[Post]:
    """The posts of the organisation in question that somebody holds on a day."""
    return Post.objects.held_on(day).filter(organization=OuterRef("pk"), user__is_active=True)
