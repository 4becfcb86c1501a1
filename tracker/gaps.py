"""Gaps (模糊地带): organisations that carry a level of the responsibility chain which nobody holds, or two people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet

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
    held = {}
    for n, level in enumerate(LEVELS):
        held[f"held_{n}"] = _holders(level.roles, day)
        if level.sole:
            held[f"sole_{n}"] = _holders([level.sole], day)
    flags = {f"gap_{n}": _flag(level, Q(**{f"held_{n}": 0})) for n, level in enumerate(LEVELS)}
    flags |= {
        f"shared_{n}": _flag(level, Q(**{f"sole_{n}__gt": 1})) for n, level in enumerate(LEVELS) if level.sole
    }
    open_ = Q()
    for name in flags:
        open_ |= Q(**{name: True})
    found = Organization.objects.visible_to(actor).active_on(day)
    return found.annotate(**held).annotate(**flags).filter(open_)


def count_gaps(actor: Actor, *, day: date) -> int:
    """How many gaps ``spelled_out`` would list (one query)."""
    found = gaps_in_sight(actor, day=day).order_by()
    flags = [name for name in found.query.annotations if name.startswith(("gap_", "shared_"))]
    counts = {f"of_{flag}": Count("pk", filter=Q(**{flag: True})) for flag in flags}
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


def _holders(roles: Iterable[str], day: date) -> Count:
    """How many people hold one of these roles in the organisation on a day: all levels are counted in one reading."""
    until = Q(posts__until__isnull=True) | Q(posts__until__gte=day)
    held = Q(posts__role__in=list(roles), posts__since__lte=day, posts__user__is_active=True) & until
    return Count("posts__user", distinct=True, filter=held)


def _flag(level: Level, condition: Q) -> ExpressionWrapper:
    return ExpressionWrapper(Q(kind__in=level.kinds) & condition, output_field=BooleanField())
