"""The import: check once more, then write everything in one transaction, or nothing at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from branches.batches import batches
from branches.many_accounts import NewAccount, create_accounts
from branches.models import Area, Organization, Tag, Term, User
from branches.posts import Appointment, Ending, appoint_all, end_all
from branches.roster.changes import Changes
from branches.roster.checking import check_roster
from branches.roster.reach import Reach
from branches.roster.reading import RawSheet
from branches.tree import add_organizations, move_organization
from common.audit import record
from common.clock import local_date
from common.errors import NotAllowed, Refused
from common.models import AuditEntry
from common.rows import insert_new, update_each


@dataclass
class Outcome:
    """What an import did: with faults nothing."""

    changes: Changes
    account_ids: list[int] = field(default_factory=list)


def import_roster(
    sheets: Sequence[RawSheet],
    *,
    reach: Reach,
    by: User | None,
    at: datetime,
    address: str | None = None,
    name: str = "",
    sha256: str = "",
) -> Outcome:
    """Check the rows against the present state and, when nothing is wrong, write all of it in one transaction.

    Effects in order: organisations added, changed and moved; accounts made, without passwords; areas, tags, second
    superiors, linked leaders and terms; posts ended, then given; a line of the audit log for every account and post and
    one for the file. An import done twice finds nothing to do. Two at once wait for each other.
    """
    day = local_date(at)
    with transaction.atomic():
        _one_at_a_time()
        changes = check_roster(sheets, reach=reach, day=day)
        if changes.faults or changes.is_empty:
            return Outcome(changes)
        _refuse_the_wrong_duty(changes, reach)
        written = _Writing(changes, by=by, at=at, address=address)
        written.organizations()
        written.people()
        written.details()
        written.posts()
        figures = {k: v for k, v in changes.figures().items() if isinstance(v, int) and v}
        data = {"file": name[:120], "sha256": sha256} | figures
        record(AuditEntry.Kind.IMPORT, at=at, user=by, address=address, data=data)
    return Outcome(changes, sorted(written.users[username] for username in changes.people))


def _one_at_a_time() -> None:
    """The check and the writing belong together. SQLite's transaction holds the only write lock already."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('branches.roster'))")


def _refuse_the_wrong_duty(changes: Changes, reach: Reach) -> None:
    if reach.keeper is None:
        return
    if changes.touches_organizations and "ADMINISTRATOR" not in reach.keeper.roles:
        raise NotAllowed(_("Only a system administrator changes organizations and makes accounts."))
    if changes.touches_posts and (reach.granter is None or "SECURITY_OFFICER" not in reach.granter.roles):
        raise NotAllowed(_("This file changes posts: a security officer has to release it."))


class _Writing:
    """Writes the parts of a set of changes; ids by code and account grow as rows are made."""

    def __init__(self, changes: Changes, *, by: User | None, at: datetime, address: str | None) -> None:
        self.changes, self.by, self.at, self.address = changes, by, at, address
        self.day = local_date(at)
        self.places: dict[str, int] = {}
        self.users: dict[str, int] = {}

    def organizations(self) -> None:
        """Added, changed, moved."""
        changes = self.changes
        self.places = add_organizations(changes.additions)
        self._load_places()
        by_fields: dict[tuple[str, ...], list[tuple[object, ...]]] = {}
        for pk, fields in changes.changed.items():
            by_fields.setdefault(tuple(fields), []).append((pk, *fields.values()))
        for names, rows in by_fields.items():
            update_each(Organization, names, rows)
        for move in changes.moves:
            to = Organization.objects.get(pk=self.places[move.parent])
            moved = move_organization(Organization.objects.get(pk=move.pk), to=to, since=self.day)
            data = {
                "act": "move",
                "organization": moved.code,
                "superior": to.code,
                "since": self.day.isoformat(),
            }
            record(AuditEntry.Kind.TREE, at=self.at, user=self.by, address=self.address, data=data)

    def _load_places(self) -> None:
        changes = self.changes
        codes = {one.code for one in changes.appointments} | {one.code for one in changes.endings}
        codes |= {one.code for one in changes.terms} | {one.code for one in changes.people.values()}
        codes |= {*changes.tags, *changes.areas, *changes.seconds, *changes.seconds.values()}
        codes |= set(changes.leaders) | {move.parent for move in changes.moves}
        codes |= {committee for committee, _name in changes.new_areas}
        codes |= {area[0] for area in changes.areas.values() if area}
        missing = sorted(code for code in codes if code and code not in self.places)
        for some in batches(missing):
            self.places |= dict(Organization.objects.filter(code__in=some).values_list("code", "pk"))

    def people(self) -> None:
        """Accounts made, phone numbers and addresses changed."""
        changes = self.changes
        new = [
            NewAccount(p.username, p.name, self.places[p.code], p.code, p.phone, p.email)
            for p in changes.people.values()
        ]
        self.users = create_accounts(new, by=self.by, at=self.at, address=self.address) if new else {}
        named = {one.username for one in changes.appointments} | {
            name for name in changes.leaders.values() if name
        }
        for some in batches(sorted(named - self.users.keys())):
            self.users |= dict(User.objects.filter(username__in=some).values_list("username", "pk"))
        for field_name in ("phone", "email"):
            rows = [
                (pk, fields[field_name]) for pk, fields in changes.contacts.items() if field_name in fields
            ]
            update_each(User, (field_name,), rows)

    def details(self) -> None:
        """What hangs on an organisation: areas, tags, second superiors, linked leaders, terms; and new versions."""
        changes = self.changes
        areas = self._areas()
        for column, wanted in (
            ("area_id", {c: areas[self.places[a[0]], a[1]] if a else None for c, a in changes.areas.items()}),
            ("second_superior_id", {c: self.places[s] if s else None for c, s in changes.seconds.items()}),
            ("linked_leader_id", {c: self.users[u] if u else None for c, u in changes.leaders.items()}),
        ):
            update_each(
                Organization, (column,), [(self.places[code], value) for code, value in wanted.items()]
            )
        self._tags()
        self._terms()
        touched = {
            *changes.changed,
            *(self.places[c] for c in (*changes.areas, *changes.seconds, *changes.leaders)),
        }
        touched |= {self.places[code] for code in changes.tags}
        touched -= {self.places[addition.code] for addition in changes.additions}
        versions: list[tuple[int, int]] = []
        codes: list[str] = []
        for some in batches(sorted(touched)):
            for pk, code, version in Organization.objects.filter(pk__in=some).values_list(
                "pk", "code", "version"
            ):
                versions.append((pk, version + 1))
                codes.append(code)
        update_each(Organization, ("version",), versions)
        self._note_tree("change", codes)
        self._note_tree("add", [addition.code for addition in changes.additions])

    def _note_tree(self, act: str, codes: Sequence[str]) -> None:
        by = self.by
        line = AuditEntry(
            kind=AuditEntry.Kind.TREE,
            at=self.at,
            actor=by,
            account=by.username[:150] if by else "",
            address=self.address,
        )
        insert_new(line, ("data",), [({"act": act, "organization": code},) for code in codes])

    def _areas(self) -> dict[tuple[int, str], int]:
        new = sorted((self.places[committee], name) for committee, name in self.changes.new_areas)
        insert_new(Area(), ("organization_id", "name"), new)
        if not any(self.changes.areas.values()):
            return {}
        return {
            (place, name): pk for pk, place, name in Area.objects.values_list("pk", "organization_id", "name")
        }

    def _tags(self) -> None:
        wanted = self.changes.tags
        if not wanted:
            return
        insert_new(Tag(), ("name",), [(name,) for name in sorted(self.changes.new_tags)])
        ids = dict(Tag.objects.values_list("name", "pk"))
        through = Organization.tags.through
        for some in batches([self.places[code] for code in wanted]):
            through.objects.filter(organization__in=some).delete()
        rows = [(self.places[code], ids[name]) for code, names in wanted.items() for name in names]
        insert_new(through(), ("organization_id", "tag_id"), rows)

    def _terms(self) -> None:
        terms = self.changes.terms
        update_each(Term, ("due_on",), [(t.known, t.due_on) for t in terms if t.known])
        ended = [(t.before, t.began_on - timedelta(days=1)) for t in terms if t.before]
        update_each(Term, ("ended_on",), ended)
        new = [(self.places[t.code], t.began_on, t.years, t.due_on) for t in terms if not t.known]
        if insert_new(Term(), ("organization_id", "began_on", "years", "due_on"), new) < len(new):
            raise Refused(
                _("Somebody else changed this organization in the meantime. Look at it and decide again.")
            )

    def posts(self) -> None:
        """Ended first, then given: who takes over must not meet who leaves."""
        changes, given = self.changes, {"by": self.by, "at": self.at, "address": self.address}
        if changes.endings:
            end_all([Ending(e.pk, e.user_id, e.code, e.role, e.last_day) for e in changes.endings], **given)  # type: ignore[arg-type]
        if changes.appointments:
            appoint_all(
                [
                    Appointment(self.users[a.username], self.places[a.code], a.code, a.role, a.since, a.until)
                    for a in changes.appointments
                ],
                **given,  # type: ignore[arg-type]
            )
