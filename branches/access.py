"""What a person may see and hold, as a function of their posts on a day.

Everything that answers a person (pages, partials, exports, commands, jobs) asks here:
``Actor.on(user, day)`` once, then ``….visible_to(actor)`` for lists and ``holds`` for acts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from django.db.models import Q

from branches.models import Organization, Post, User

_AFTER = "~"


@dataclass(frozen=True)
class Actor:
    """A signed-in person with the posts held on one day (organisations loaded)."""

    user: User
    day: date
    posts: tuple[Post, ...] = field(default=())

    @classmethod
    def on(cls, user: User, day: date) -> Actor:
        """The person as of a local day: one query. A disabled account holds no posts."""
        if not user.is_active:
            return cls(user, day)
        posts = user.posts.held_on(day).select_related("organization")
        return cls(user, day, tuple(posts))

    @cached_property
    def business_posts(self) -> tuple[Post, ...]:
        return tuple(post for post in self.posts if post.role not in Post.SYSTEM_ROLES)

    @cached_property
    def roles(self) -> frozenset[str]:
        return frozenset(post.role for post in self.posts)

    @cached_property
    def home(self) -> Organization | None:
        """The organisation the person mostly works for: the highest of their business posts."""
        posts = sorted(
            self.business_posts, key=lambda post: (len(post.organization.path), post.organization.path)
        )
        return posts[0].organization if posts else None

    @cached_property
    def last_post(self) -> Post | None:
        """The post that ended last, for somebody who holds none any more; one query."""
        ended = Post.objects.filter(user=self.user, until__lt=self.day).select_related("organization")
        return ended.order_by("-until", "-pk").first()

    @property
    def title(self) -> str:
        """The first post as it is said, for records and the user menu."""
        return self.posts[0].title if self.posts else ""

    def title_at(self, organization: Organization) -> str:
        """The post that most closely concerns an organisation: held there, else nearest above it."""
        fitting = [p for p in self.posts if organization.path.startswith(p.organization.path)]
        return max(fitting, key=lambda p: len(p.organization.path)).title if fitting else self.title

    def scope(self, path: str) -> Q:
        """The condition "own organisations and all below" on a path column such as ``organization__path``."""
        within = Q(pk__in=[])
        for root in self._roots:
            within |= Q(**{f"{path}__gte": root, f"{path}__lt": root + _AFTER})
        return within

    def sees(self, organization: Organization) -> bool:
        """Whether an organisation lies in sight; the same rule as ``scope``, without a query."""
        return any(organization.path.startswith(root) for root in self._roots)

    def holds(self, roles: Iterable[str], organization: Organization) -> bool:
        """Whether the person holds one of these roles in exactly this organisation."""
        wanted = set(roles)
        return any(p.organization_id == organization.pk and p.role in wanted for p in self.posts)

    def holds_above(
        self, roles: Iterable[str], organization: Organization, *, up_to: Organization | None = None
    ) -> bool:
        """Whether the person holds one of these roles strictly above an organisation, not above ``up_to``."""
        wanted = set(roles)
        top = up_to.path if up_to else ""
        return any(
            p.role in wanted and organization.is_below(p.organization) and p.organization.path.startswith(top)
            for p in self.posts
        )

    def duty_scope(self, roles: Iterable[str], path: str) -> Q:
        """The condition "where I hold one of these duties, and all below" on a path column.

        For the system duties, which give no sight of business texts and therefore do not count in ``scope``.
        """
        wanted = set(roles)
        within = Q(pk__in=[])
        for root in _topmost(post.organization.path for post in self.posts if post.role in wanted):
            within |= Q(**{f"{path}__gte": root, f"{path}__lt": root + _AFTER})
        return within

    def has_duty(self, roles: Iterable[str], organization: Organization) -> bool:
        """Whether a duty held at or above this organisation reaches it; the same rule without a query."""
        wanted = set(roles)
        return any(p.role in wanted and organization.path.startswith(p.organization.path) for p in self.posts)

    @cached_property
    def _roots(self) -> tuple[str, ...]:
        return _topmost(post.organization.path for post in self.business_posts)


def _topmost(paths: Iterable[str]) -> tuple[str, ...]:
    """The paths that lie below none of the others."""
    roots: list[str] = []
    for path in sorted(set(paths)):
        if not roots or not path.startswith(roots[-1]):
            roots.append(path)
    return tuple(roots)
