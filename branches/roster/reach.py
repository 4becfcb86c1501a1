"""On whose behalf a roster is imported: which organisations they look after, where they grant posts, whom they see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from branches.access import Actor
from branches.accounts import DUTY_OF, KEEPERS, accounts_kept_by
from branches.batches import batches
from branches.models import Post, User
from branches.models.organization import STEP

ORGANIZERS = DUTY_OF["create"]
GRANTERS = DUTY_OF["posts"]


@dataclass(frozen=True)
class Reach:
    """``keeper`` answers for organisations and accounts, ``granter`` for posts; both None is the command line.

    While a file is only looked at, nobody grants yet: then one keeper stands for both.
    """

    keeper: Actor | None = None
    granter: Actor | None = None

    def keeps(self, path: str) -> bool:
        """Whether organisations at this path are in reach."""
        return self.keeper is None or any(path.startswith(root) for root in _roots(self.keeper, KEEPERS))

    def grants(self, path: str) -> bool:
        """Whether posts may be granted there."""
        if self.granter is None:
            return self.keeps(path)
        return any(path.startswith(root) for root in _roots(self.granter, GRANTERS))

    @property
    def at_root(self) -> bool:
        """Whether a new tree may be begun: by the command, and by who holds the duty at a root."""
        return self.keeper is None or any(len(root) == STEP for root in _roots(self.keeper, KEEPERS))

    @property
    def own(self) -> set[str]:
        """Accounts that are granted nothing here: nobody grants a post to themselves."""
        return {actor.user.username for actor in (self.keeper, self.granter) if actor}

    def seen_accounts(self, usernames: Collection[str]) -> set[str]:
        """Which of these existing accounts are known to one of the two."""
        if self.keeper is None:
            return set(usernames)
        seen: set[str] = set()
        for actor in {id(a): a for a in (self.keeper, self.granter) if a}.values():
            for some in batches(sorted(usernames)):
                found = accounts_kept_by(actor).filter(username__in=some)
                seen |= set(found.values_list("username", flat=True))
        return seen

    def outsiders(self, users: Collection[int]) -> set[int]:
        """Which of these people are kept by, or hold posts in, organisations out of reach."""
        if self.keeper is None:
            return set()
        found: set[int] = set()
        for some in batches(sorted(users)):
            places = list(
                User.objects.filter(pk__in=some, organization__isnull=False).values_list(
                    "pk", "organization__path"
                )
            )
            places += Post.objects.filter(user__in=some, until__isnull=True).values_list(
                "user", "organization__path"
            )
            found |= {user for user, path in places if not self.keeps(path)}
        return found


def _roots(actor: Actor, roles: Collection[str]) -> list[str]:
    return [post.organization.path for post in actor.posts if post.role in roles]
