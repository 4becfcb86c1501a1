"""What the system knows of the organisations, people and posts a roster names: few queries, plain values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from branches.batches import batches
from branches.models import Area, Organization, Post, Tag, Term, User
from branches.models.organization import STEP
from branches.roster.layout import ROLES


class KnownOrganization(NamedTuple):
    pk: int
    code: str
    kind: str
    path: str
    parent_id: int | None
    version: int
    active_from: date
    active_until: date | None
    name: str
    short_name: str
    unit: str
    full_members: int
    probationary_members: int
    area_id: int | None
    second_superior_id: int | None
    linked_leader_id: int | None


class KnownUser(NamedTuple):
    pk: int
    username: str
    name: str
    phone: str
    email: str
    is_active: bool


class KnownPost(NamedTuple):
    pk: int
    user_id: int
    organization_id: int
    role: str
    since: date
    until: date | None
    username: str
    name: str


ORGANIZATION_COLUMNS = tuple(KnownOrganization.__annotations__)
POST_COLUMNS = ("pk", "user_id", "organization_id", "role", "since", "until", "user__username", "user__name")
USER_COLUMNS = tuple(KnownUser.__annotations__)


@dataclass
class Snapshot:
    """The state a roster is held against."""

    organizations: dict[str, KnownOrganization] = field(default_factory=dict)
    by_id: dict[int, KnownOrganization] = field(default_factory=dict)
    tags: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    known_tags: set[str] = field(default_factory=set)
    areas: dict[tuple[int, str], int] = field(default_factory=dict)
    area_of: dict[int, tuple[int, str]] = field(default_factory=dict)
    terms: dict[int, Term] = field(default_factory=dict)
    placed_since: dict[int, date] = field(default_factory=dict)
    users: dict[str, KnownUser] = field(default_factory=dict)
    usernames: dict[int, str] = field(default_factory=dict)
    posts: dict[int, list[KnownPost]] = field(default_factory=lambda: defaultdict(list))
    """By organisation id, business posts only."""

    def load_organizations(self, codes: Collection[str], ids: Collection[int]) -> None:
        """The organisations of these codes and ids, and all above them."""
        self._add_organizations("code__in", sorted(codes - self.organizations.keys()))
        self._add_organizations("pk__in", sorted(set(ids) - self.by_id.keys()))
        above = {o.path[:length] for o in self.by_id.values() for length in range(STEP, len(o.path), STEP)}
        self._add_organizations("path__in", sorted(above - {o.path for o in self.by_id.values()}))

    def _add_organizations(self, lookup: str, values: list[Any]) -> None:
        for some in batches(values):
            for row in (
                Organization.objects.filter(**{lookup: some}).order_by().values_list(*ORGANIZATION_COLUMNS)
            ):
                known = KnownOrganization(*row)
                self.organizations[known.code] = self.by_id[known.pk] = known

    def load_details(self, ids: Collection[int]) -> None:
        """Tags, terms and placements of these organisations; every area and tag there is."""
        self.known_tags = set(Tag.objects.values_list("name", flat=True))
        for pk, committee, name in Area.objects.order_by().values_list("pk", "organization_id", "name"):
            self.areas[committee, name] = pk
            self.area_of[pk] = (committee, name)
        through = Organization.tags.through.objects
        for some in batches(sorted(ids)):
            for place, name in through.filter(organization__in=some).values_list(
                "organization_id", "tag__name"
            ):
                self.tags[place].add(name)
            for term in Term.objects.running().filter(organization__in=some).order_by():
                self.terms[term.organization_id] = term

    def load_users(self, usernames: Collection[str], ids: Collection[int] = ()) -> None:
        """The accounts of these names and ids."""
        self._add_users("username__in", sorted(set(usernames) - self.users.keys()))
        self._add_users("pk__in", sorted(set(ids) - self.usernames.keys()))

    def _add_users(self, lookup: str, values: list[Any]) -> None:
        for some in batches(values):
            for row in User.objects.filter(**{lookup: some}).order_by().values_list(*USER_COLUMNS):
                known = KnownUser(*row)
                self.users[known.username] = known
                self.usernames[known.pk] = known.username

    def load_posts(self, ids: Collection[int]) -> None:
        """All business posts ever held in these organisations."""
        for some in batches(sorted(ids)):
            found = Post.objects.filter(organization__in=some, role__in=ROLES).order_by("since", "pk")
            for row in found.values_list(*POST_COLUMNS):
                post = KnownPost(*row)
                self.posts[post.organization_id].append(post)

    def posts_of_ids(self, ids: Collection[int]) -> dict[int, KnownPost]:
        """Business posts by their ids, wherever they are held."""
        found: dict[int, KnownPost] = {}
        for some in batches(sorted(ids)):
            posts = Post.objects.filter(pk__in=some, role__in=ROLES).order_by()
            found |= {row[0]: KnownPost(*row) for row in posts.values_list(*POST_COLUMNS)}
        return found
