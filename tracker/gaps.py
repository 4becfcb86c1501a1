"""Gaps (模糊地带): organisations that carry a level of the responsibility chain which nobody holds."""

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
    """One organisation without a holder of one level on a day."""

    organization: Organization
    level: Level

    @property
    def roles(self) -> list[str]:
        """The roles of which one should be held, as they are called."""
        return [str(Post.Role(role).label) for role in self.level.roles]


def gaps_in_sight(actor: Actor, *, day: date) -> QuerySet[Organization]:
    """Organisations in sight, active on a day, with a level of the chain that nobody holds (one query).

    Each carries ``gap_<n>``, true where level ``n`` of ``LEVELS`` is the one.
    """
    flags = {f"gap_{n}": _unheld(level, day) for n, level in enumerate(LEVELS)}
    open_ = Q()
    for name in flags:
        open_ |= Q(**{name: True})
    return Organization.objects.visible_to(actor).active_on(day).annotate(**flags).filter(open_)


def count_gaps(actor: Actor, *, day: date) -> int:
    """How many gaps ``spelled_out`` would list (one query)."""
    counts = {f"of_{n}": Count("pk", filter=Q(**{f"gap_{n}": True})) for n in range(len(LEVELS))}
    return sum(gaps_in_sight(actor, day=day).order_by().aggregate(**counts).values())


def spelled_out(organizations: Iterable[Organization]) -> list[Gap]:
    """One gap for each level that an organisation of ``gaps_in_sight`` leaves open."""
    return [
        Gap(organization, level)
        for organization in organizations
        for n, level in enumerate(LEVELS)
        if getattr(organization, f"gap_{n}")
    ]


def _unheld(level: Level, day: date) -> ExpressionWrapper:
    holders = Post.objects.held_on(day).filter(
        organization=OuterRef("pk"), role__in=level.roles, user__is_active=True
    )
    return ExpressionWrapper(Q(kind__in=level.kinds) & ~Exists(holders), output_field=BooleanField())
