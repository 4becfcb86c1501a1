"""Who answers for a task on a day: the responsibility chain, resolved by walking up the tree.

Nothing is stored: a change of secretary or a move in the tree is seen at once, and "who answered on
that day" is the same question with another day. A link without a holder is a gap (模糊地带), and so is one with two
holders of a post that only one person can hold.
Levels after the speeches' chain: 负总责 – 分工负责 – 具体负责 – 具体落实.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from branches.models import Organization, Post, User

Role, Kind = Post.Role, Organization.Kind


@dataclass(frozen=True)
class Level:
    """One level of a chain: which kinds of organisation carry it, by which roles (in order of rank)."""

    name: str | Promise
    kinds: frozenset[str]
    roles: tuple[str, ...]
    sole: str = ""
    """The role that one person alone holds; two of them leave open who answers."""


LEVELS: tuple[Level, ...] = (
    Level(
        _("overall responsibility"), frozenset({Kind.LEADING_GROUP}), (Role.CHIEF, Role.SECRETARY), Role.CHIEF
    ),
    Level(_("responsibility by field"), frozenset({Kind.LEADING_GROUP}), (Role.LEADER,)),
    Level(
        _("responsibility in particular"),
        frozenset({Kind.COMMITTEE}),
        (Role.SECRETARY, Role.DEPUTY_SECRETARY),
        Role.SECRETARY,
    ),
    Level(
        _("carrying out"),
        frozenset({Kind.GENERAL_BRANCH, Kind.BRANCH}),
        (Role.SECRETARY, Role.CLERK),
        Role.SECRETARY,
    ),
)


@dataclass(frozen=True)
class Link:
    """责任环节: one level of one task's chain on one day."""

    level: Level
    organization: Organization | None
    holders: tuple[User, ...]
    role: str = ""
    """The role they hold it by; empty without a holder."""

    @property
    def is_gap(self) -> bool:
        """Nobody holds it."""
        return not self.holders

    @property
    def is_shared(self) -> bool:
        """Two people hold the post that is for one."""
        return self.role != "" and self.role == self.level.sole and len(self.holders) > 1


def chains_of(organizations: Iterable[Organization], *, day: date) -> dict[int, list[Link]]:
    """The chain of each organisation on a day, by organisation id: two queries however many there are.

    Levels come top down. The nearest organisation of a level's kind on the way up carries it; of its
    posts the highest-ranked role that somebody holds that day. A level whose kind does not occur above
    the organisation is left out, except the last one, which always names the organisation itself.
    """
    wanted = list(organizations)
    paths = {path for organization in wanted for path in organization.paths_above(itself=True)}
    by_path = {o.path: o for o in Organization.objects.filter(path__in=paths)}
    holders: dict[tuple[int, str], list[User]] = defaultdict(list)
    ids = [o.pk for o in by_path.values()]
    for post in (
        Post.objects.held_on(day).filter(organization__in=ids, user__is_active=True).select_related("user")
    ):
        holders[post.organization_id, post.role].append(post.user)
    return {o.pk: _resolve(o, by_path, holders) for o in wanted}


def chain_of(organization: Organization, *, day: date) -> list[Link]:
    """The chain that answers for an organisation's tasks on a day."""
    return chains_of([organization], day=day)[organization.pk]


def _resolve(
    organization: Organization,
    by_path: dict[str, Organization],
    holders: dict[tuple[int, str], list[User]],
) -> list[Link]:
    above = [by_path[path] for path in reversed(organization.paths_above(itself=True))]
    links = []
    for level in LEVELS:
        carrier = next((o for o in above if o.kind in level.kinds), None)
        if level is LEVELS[-1] and carrier is None:
            carrier = organization
        if carrier is None:
            continue
        role = next((role for role in level.roles if holders.get((carrier.pk, role))), "")
        people = tuple(dict.fromkeys(holders.get((carrier.pk, role), ())))
        links.append(Link(level, carrier, people, role))
    return links
