"""The sample committee's tree, people and posts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from random import Random

from branches.access import Actor
from branches.models import Organization, Post, User
from branches.tree import add_organization
from common.clock import local_date
from tracker.demo.words import table

Kind, Role = Organization.Kind, Post.Role

SIZE = 10
"""Branches of a department, on average."""


@dataclass
class City:
    """The organisations by kind, and who holds which post on which day, without asking the database each time."""

    top: Organization
    groups: list[Organization] = field(default_factory=list)
    committees: list[Organization] = field(default_factory=list)
    general_branches: list[Organization] = field(default_factory=list)
    branches: list[Organization] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._by_path = {self.top.path: self.top}
        self._by_organization: dict[int, list[Post]] = defaultdict(list)
        self._by_user: dict[int, list[Post]] = defaultdict(list)
        self._actors: dict[tuple[int, date], Actor] = {}

    def place(self, organization: Organization, among: list[Organization]) -> Organization:
        """Remember a new organisation."""
        among.append(organization)
        self._by_path[organization.path] = organization
        return organization

    def know(self, post: Post) -> None:
        """Remember a saved post."""
        self.posts.append(post)
        self._by_organization[post.organization_id].append(post)
        self._by_user[post.user_id].append(post)

    def holders(self, organization: Organization, *roles: str, at: datetime) -> list[User]:
        """Who holds one of these roles there on that day, in the order of the roles."""
        day = local_date(at)
        held = [p for p in self._by_organization[organization.pk] if _held(p, day)]
        return [p.user for role in roles for p in held if p.role == role]

    def actor(self, organization: Organization, *roles: str, at: datetime, which: int = 0) -> Actor | None:
        """The ``which``-th holder of one of these roles there, as ``Actor.on`` would give it; None for a gap."""
        people = self.holders(organization, *roles, at=at)
        if not people:
            return None
        user, day = people[which % len(people)], local_date(at)
        key = user.pk, day
        if key not in self._actors:
            held = tuple(p for p in self._by_user[user.pk] if _held(p, day))
            self._actors[key] = Actor(user, day, held)
        return self._actors[key]

    def one(self, organization: Organization, *roles: str, at: datetime, which: int = 0) -> Actor:
        """As ``actor``, where a gap would be a mistake of the sample."""
        actor = self.actor(organization, *roles, at=at, which=which)
        assert actor is not None, f"{organization} has no {roles}"
        return actor

    def above(self, organization: Organization) -> list[Organization]:
        """The organisations above one, nearest first."""
        return [self._by_path[path] for path in reversed(organization.paths_above())]


def _held(post: Post, day: date) -> bool:
    return post.since <= day and (post.until is None or post.until >= day)


def build_city(*, branches: int, seed: str, began: date, turn: date) -> City:
    """Make the tree and its people. ``began``: first day of the sample's life; ``turn``: a day on which posts change."""
    rng = Random(f"{seed} city")  # noqa: S311 - repeatable on purpose
    founded = date(began.year - 6, 7, 1)
    city = _tree(branches, rng, founded)
    _people(city, rng, began=began, turn=turn)
    return city


def _tree(branches: int, rng: Random, founded: date) -> City:
    names = table("units")
    town = names["city"]

    def add(kind: str, code: str, name: str, short: str, parent: Organization | None) -> Organization:
        return add_organization(
            kind=kind, code=code, name=name, short_name=short, parent=parent, active_from=founded
        )

    city = City(
        add(Kind.WORK_COMMITTEE, "YC", f"中共{town[:-1]}市委市直机关工作委员会", "市直机关工委", None)
    )
    for number, size in enumerate(_sizes(branches, rng), 1):
        listed = names["departments"]
        full = (
            listed[number - 1] if number <= len(listed) else names["further"].format(n=number - len(listed))
        )
        short, code = names["short"].get(full, full), f"YC-{number:03d}"
        group = add(Kind.LEADING_GROUP, code, f"中共{town}{full}党组", f"{short}党组", city.top)
        city.place(group, city.groups)
        committee = add(Kind.COMMITTEE, f"{code}-0", f"中共{town}{full}机关委员会", f"{short}机关党委", group)
        city.place(committee, city.committees)
        general = None
        if size >= 8 and number % 2:
            name = f"中共{town}{full}{names['general']}总支部委员会"
            general = add(Kind.GENERAL_BRANCH, f"{code}-A", name, f"{short}下属单位总支", committee)
            city.place(general, city.general_branches)
        for position in range(1, size + 1):
            below_general = general is not None and position > size - 3
            name = _division(names["divisions"], position)
            branch = add(
                Kind.BRANCH,
                f"{code}-{position:02d}",
                f"中共{town}{full}{name}支部委员会",
                f"{short}{name}支部",
                general if below_general else committee,
            )
            city.place(branch, city.branches)
    return city


def _sizes(branches: int, rng: Random) -> list[int]:
    """How many branches each department has: at least three where that is possible, the rest dealt at random."""
    departments = max(1, round(branches / SIZE))
    sizes = [0] * departments
    for number in range(branches):
        sizes[number % departments if number < 3 * departments else rng.randrange(departments)] += 1
    return [size for size in sizes if size]


def _division(divisions: list[str], position: int) -> str:
    rounds, at = divmod(position - 1, len(divisions))
    return divisions[at] + (f"第{rounds + 1}" if rounds else "")


class _Census:
    """Collects people and posts, and saves each kind in one go."""

    def __init__(self, city: City, rng: Random, began: date) -> None:
        self.city, self.rng, self.began = city, rng, began
        self.serial = count(1)
        self.rows: list[tuple[User, Organization, str, date, date | None]] = []
        names = table("units")
        self.names = [s + g for s in names["surnames"] for g in names["given"]]
        rng.shuffle(self.names)

    def person(self, username: str = "") -> User:
        number = next(self.serial)
        user = User(username=username or f"yc{number:05d}", name=self.names[number % len(self.names)])
        user.set_unusable_password()
        return user

    def post(
        self,
        organization: Organization,
        *roles: str,
        user: User | None = None,
        username: str = "",
        since: date | None = None,
        until: date | None = None,
    ) -> User:
        user = user or self.person(username)
        since = since or self.began - timedelta(days=self.rng.randint(60, 900))
        self.rows += [(user, organization, role, since, until) for role in roles]
        return user

    def save(self) -> None:
        users = list({id(row[0]): row[0] for row in self.rows}.values())
        User.objects.bulk_create(users, batch_size=500)
        posts = [
            Post(user=user, organization=organization, role=role, since=since, until=until)
            for user, organization, role, since, until in self.rows
        ]
        for post in Post.objects.bulk_create(posts, batch_size=500):
            self.city.know(post)


def _people(city: City, rng: Random, *, began: date, turn: date) -> None:
    """The chain is complete but for a few gaps; at ``turn`` a secretary changes and another leaves without successor."""
    census = _Census(city, rng, began)
    census.post(city.top, Role.SECRETARY)
    census.post(city.top, Role.LEADER, username="leader")
    census.post(city.top, Role.LEADER)
    census.post(city.top, Role.DEPUTY_SECRETARY)
    census.post(city.top, Role.CLERK, username="clerk")
    census.post(city.top, Role.CLERK)
    census.post(city.top, Role.INSPECTOR, username="inspector")
    census.post(city.top, Role.INSPECTOR)
    census.post(city.top, Role.LIAISON)
    census.post(city.top, Role.ADMINISTRATOR, username="admin")
    census.post(city.top, Role.SECURITY_OFFICER)
    census.post(city.top, Role.AUDITOR)
    for number, group in enumerate(city.groups):
        census.post(group, Role.CHIEF, Role.SECRETARY)
        if number % 4 != 3:
            census.post(group, Role.LEADER)
    for number, committee in enumerate(city.committees):
        census.post(committee, Role.SECRETARY)
        census.post(committee, Role.DEPUTY_SECRETARY)
        census.post(committee, Role.CLERK, username="" if number else "reviewer")
    for general in city.general_branches:
        census.post(general, Role.SECRETARY)
    for number, branch in enumerate(city.branches):
        _branch_people(census, branch, number, turn)
    census.save()


def _branch_people(census: _Census, branch: Organization, number: int, turn: date) -> None:
    eve = turn - timedelta(days=1)
    match number:
        case 2:
            census.post(branch, Role.SECRETARY, until=eve)
            census.post(branch, Role.SECRETARY, since=turn)
        case 5:
            # Nobody follows: a gap that the clerk of the branch fills for the time being.
            census.post(branch, Role.SECRETARY, until=eve)
            census.post(branch, Role.CLERK)
        case 7:
            census.post(branch, Role.SECRETARY, until=eve)
            census.post(branch, Role.SECRETARY, since=turn + timedelta(days=47))
        case _:
            census.post(branch, Role.SECRETARY, username="" if number else "secretary")
    if number != 5 and census.rng.random() < 0.4:
        census.post(branch, Role.CLERK)
    if census.rng.random() < 0.5:
        census.post(branch, Role.MEMBER)
