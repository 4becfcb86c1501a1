"""What a roster would change: the answer of the check, and all that the import needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from branches.roster.faults import MOST, Fault
from branches.tree import Addition


@dataclass(frozen=True)
class Moved:
    """An organisation that comes to stand below another one."""

    pk: int
    code: str
    parent: str
    depth: int
    """How deep it will stand: moves are made from the top down."""


@dataclass(frozen=True)
class TermEntered:
    """A term that begins, or (``known``) whose due date changes."""

    code: str
    began_on: date
    due_on: date
    years: int
    known: int | None = None
    before: int | None = None
    """The running term that the new one ends."""


@dataclass(frozen=True)
class PersonEntered:
    """Somebody who gets an account."""

    username: str
    name: str
    code: str
    phone: str
    email: str


@dataclass(frozen=True)
class PostEntered:
    """A post that is given."""

    username: str
    code: str
    role: str
    since: date
    until: date | None


@dataclass(frozen=True)
class PostEnded:
    """A post that ends, or ends on another day."""

    pk: int
    user_id: int
    code: str
    role: str
    last_day: date
    handed_over: bool = False


@dataclass
class Changes:
    """Everything a roster would do, and everything that is wrong with it. With a fault nothing is done."""

    faults: list[Fault] = field(default_factory=list)
    additions: list[Addition] = field(default_factory=list)
    changed: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    """By organisation id: the plain fields that differ."""
    codes: dict[int, str] = field(default_factory=dict)
    """The codes of the changed ones."""
    moves: list[Moved] = field(default_factory=list)
    terms: list[TermEntered] = field(default_factory=list)
    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By organisation code: all its tags."""
    new_tags: set[str] = field(default_factory=set)
    areas: dict[str, tuple[str, str] | None] = field(default_factory=dict)
    """By organisation code: the area as (code of the work committee, name), None for none."""
    new_areas: set[tuple[str, str]] = field(default_factory=set)
    seconds: dict[str, str] = field(default_factory=dict)
    """By organisation code: the code of the second superior, or nothing."""
    leaders: dict[str, str] = field(default_factory=dict)
    """By organisation code: the account of the linked leader, or nothing."""
    people: dict[str, PersonEntered] = field(default_factory=dict)
    contacts: dict[int, Mapping[str, str]] = field(default_factory=dict)
    """By user id: phone number and e-mail address that differ."""
    appointments: list[PostEntered] = field(default_factory=list)
    endings: list[PostEnded] = field(default_factory=list)
    rows: int = 0
    unchanged: int = 0

    @property
    def touches_organizations(self) -> bool:
        """Whether it does what only an administrator may: organisations and accounts."""
        return any(
            (
                self.additions,
                self.changed,
                self.moves,
                self.terms,
                self.tags,
                self.areas,
                self.seconds,
                self.leaders,
                self.people,
                self.contacts,
            )
        )

    @property
    def touches_posts(self) -> bool:
        """Whether it does what only a security officer may."""
        return bool(self.appointments or self.endings)

    @property
    def is_empty(self) -> bool:
        """Whether it does nothing."""
        return not self.touches_organizations and not self.touches_posts

    def figures(self) -> dict[str, Any]:
        """How many of what, for the page and the audit log."""
        touched = {self.codes[pk] for pk in self.changed}
        for by_code in (self.tags, self.areas, self.seconds, self.leaders):
            touched |= set(by_code)
        touched |= {move.code for move in self.moves} | {term.code for term in self.terms}
        return {
            "rows": self.rows,
            "faults": len(self.faults),
            "more_faults": len(self.faults) >= MOST,
            "added": len(self.additions),
            "changed": len(touched - {addition.code for addition in self.additions}),
            "moved": len(self.moves),
            "terms": len(self.terms),
            "new_tags": sorted(self.new_tags)[:50],
            "new_areas": sorted({name for _committee, name in self.new_areas})[:50],
            "accounts": len(self.people),
            "contacts": len(self.contacts),
            "appointed": len(self.appointments),
            "ended": sum(not one.handed_over for one in self.endings),
            "handed_over": sum(one.handed_over for one in self.endings),
            "touches_organizations": self.touches_organizations,
            "touches_posts": self.touches_posts,
        }
