"""The people a step goes to, found by the posts of the day. Nothing is stored: a successor is seen at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from django.db.models import QuerySet

from branches.models import Organization, Post
from tracker.chain import LEVELS, chains_of
from tracker.models import Task
from tracker.reminders.ladder import Addressee, Step

Role = Post.Role
_LEVEL = dict(
    zip(LEVELS, (Addressee.CHIEF, Addressee.LEADER, Addressee.COMMITTEE, Addressee.SECRETARY), strict=True)
)
_UNIT = {Role.SECRETARY, Role.CLERK}
_OFFICE = {Role.CLERK, Role.DEPUTY_SECRETARY}


class Addressees:
    """Who is told of which task on one day. ``load`` asks four queries however many tasks; ``of`` asks none."""

    def __init__(self, day: date) -> None:
        self.day = day
        self._links: dict[int, dict[Addressee, set[int]]] = {}
        self._offices: dict[int, set[int]] = {}
        self._paths: dict[int, set[str]] = {}

    def load(self, tasks: Iterable[Task]) -> None:
        """Find the posts around these tasks. Organisations and people met before are not asked for again.

        The tasks come with ``organization`` and ``measure__plan`` loaded.
        """
        units, issuers, people = {}, set(), set()
        for task in tasks:
            units[task.organization_id] = task.organization
            issuers.add(task.measure.plan.organization_id)
            people |= {task.handler_id, task.measure.responsible_leader_id} - {None}
        self._load_chains([o for pk, o in units.items() if pk not in self._links])
        self._load_offices(issuers - self._offices.keys())
        self._load_people({pk for pk in people if pk is not None and pk not in self._paths})

    def of(self, task: Task, step: Step) -> set[int]:
        """User ids of a step's people; empty where every post of its places is vacant."""
        found: set[int] = set()
        for addressee in step.to:
            found |= self._found(task, addressee)
        return found

    def _found(self, task: Task, addressee: Addressee) -> set[int]:
        links = self._links[task.organization_id]
        match addressee:
            case Addressee.HANDLER:
                return self._in_sight(task, task.handler_id) or links[Addressee.SECRETARY]
            case Addressee.RESPONSIBLE:
                return self._in_sight(task, task.measure.responsible_leader_id)
            case Addressee.OFFICE:
                return self._offices[task.measure.plan.organization_id]
            case _:
                return links.get(addressee, set())

    def _in_sight(self, task: Task, person: int | None) -> set[int]:
        """The named person, while a post of theirs still gives sight of the task."""
        path = task.organization.path
        if person is not None and any(path.startswith(root) for root in self._paths[person]):
            return {person}
        return set()

    def _load_chains(self, units: list[Organization]) -> None:
        if not units:
            return
        for pk, chain in chains_of(units, day=self.day).items():
            self._links[pk] = {_LEVEL[link.level]: {user.pk for user in link.holders} for link in chain}
        tops = {path for unit in units for path in unit.paths_above(itself=True)}
        work_committee = Organization.Kind.WORK_COMMITTEE
        liaisons: dict[str, set[int]] = defaultdict(set)
        for path, user in self._posts(
            organization__path__in=tops, organization__kind=work_committee, role=Role.LIAISON
        ).values_list("organization__path", "user_id"):
            liaisons[path].add(user)
        holders = self._posts(organization__in=units, role__in=_UNIT).values_list(
            "organization_id", "user_id"
        )
        for holder_of, user in holders:
            self._links[holder_of].setdefault(Addressee.UNIT, set()).add(user)
        for unit in units:
            near = [liaisons[path] for path in unit.paths_above(itself=True) if path in liaisons]
            self._links[unit.pk][Addressee.LIAISON] = near[-1] if near else set()

    def _load_offices(self, issuers: set[int]) -> None:
        for issuer in issuers:
            self._offices[issuer] = set()
        # a branch may make its own plan, and there its secretary is the office
        of_branch = _OFFICE | {Role.SECRETARY}
        posts = self._posts(organization__in=issuers).values_list(
            "organization_id", "organization__kind", "role", "user_id"
        )
        for issuer, kind, role, user in posts if issuers else ():
            if role in (of_branch if kind == Organization.Kind.BRANCH else _OFFICE):
                self._offices[issuer].add(user)

    def _load_people(self, people: set[int]) -> None:
        for person in people:
            self._paths[person] = set()
        posts = self._posts(user__in=people).exclude(role__in=Post.SYSTEM_ROLES)
        for person, path in posts.values_list("user_id", "organization__path") if people else ():
            self._paths[person].add(path)

    def _posts(self, **where: object) -> QuerySet[Post]:
        return Post.objects.held_on(self.day).filter(user__is_active=True, **where)
