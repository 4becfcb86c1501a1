"""The sheet of organisations against what is known: which are new, which change, which move, and what cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from branches.models import Organization
from branches.models.placement import Placement
from branches.models.term import YEARS, add_years
from branches.roster.changes import Changes, Moved, TermEntered
from branches.roster.entries import Entry, SheetEntries
from branches.roster.reach import Reach
from branches.roster.snapshot import KnownOrganization, Snapshot
from branches.tree import MAX_DEPTH, Addition

Kind = Organization.Kind
PLAIN = ("name", "short_name", "unit", "full_members", "probationary_members")
"""Fields written as they stand."""
_NEVER_EMPTY = frozenset({"name", "short_name", "full_members", "probationary_members"})


class OrganizationCheck:
    """One pass over the sheet. ``places`` answers for the other sheet which codes there are."""

    def __init__(
        self, sheet: SheetEntries, snapshot: Snapshot, reach: Reach, changes: Changes, *, day: date
    ) -> None:
        self.sheet, self.snapshot, self.reach, self.changes, self.day = sheet, snapshot, reach, changes, day
        self.rows: dict[str, Entry] = {}
        self.known: dict[str, KnownOrganization] = {}
        """Of the codes in the sheet, those that exist already and may be changed."""
        self.parents: dict[str, str] = {}
        """The superior of each code in the sheet after the import; empty for a root."""
        self.adrift: set[str] = set()
        self.new_accounts: set[str] = set()
        """Accounts the sheet of posts will make; they may be linked leaders at once."""

    def load(self) -> None:
        """Ask the database for everything the sheet names."""
        entries, snapshot = self.sheet.entries, self.snapshot
        codes = {e[name] for e in entries for name in ("code", "parent", "second_superior") if e[name]}
        snapshot.load_organizations(codes, {e["system"][1] for e in entries if e["system"]})
        ids = {o.pk for o in snapshot.organizations.values() if o.code in codes}
        snapshot.load_details(ids)
        snapshot.load_organizations(
            set(), {o.second_superior_id for o in snapshot.by_id.values() if o.second_superior_id}
        )
        snapshot.load_users(
            {e["linked_leader"] for e in entries if e["linked_leader"]},
            {o.linked_leader_id for o in snapshot.by_id.values() if o.linked_leader_id},
        )

    def place_rows(self) -> None:
        """First pass: which row is which organisation."""
        for entry in self.sheet.entries:
            self.changes.rows += 1
            self.sheet.demand(entry, "code")
            code = entry["code"]
            if not code:
                continue
            if code in self.rows:
                self.sheet.fault(entry, "code", "twice", row=self.rows[code].row)
                continue
            known = self._known(entry)
            if known and not self.reach.keeps(known.path):
                continue
            self.rows[code] = entry
            if known:
                self.known[code] = known
            else:
                self.sheet.demand(entry, "name", "kind")

    def _known(self, entry: Entry) -> KnownOrganization | None:
        """The organisation a row is about; notes why it cannot be that one."""
        known = self.snapshot.organizations.get(entry["code"])
        if known and not self.reach.keeps(known.path):
            self.sheet.fault(entry, "code", "code_taken")
            return known
        if entry["system"]:
            letter, pk, version = entry["system"]
            meant = self.snapshot.by_id.get(pk) if letter == "O" else None
            if meant is None or not self.reach.keeps(meant.path):
                self.sheet.fault(entry, "system", "no_such_record")
                return known
            if meant.code != entry["code"]:
                self.sheet.fault(entry, "code", "code_fixed", known=meant.code)
            elif meant.version != version:
                self.sheet.fault(entry, "", "changed_since")
            known = meant
        if known and known.active_until and known.active_until < self.day:
            self.sheet.fault(entry, "code", "retired")
        return known

    def check(self) -> None:
        """Second pass: superiors first, then everything else."""
        for code, entry in self.rows.items():
            self.parents[code] = self._parent(code, entry)
        ringed = set(self._rings())
        for code, entry in self.rows.items():
            if code in ringed:
                self.sheet.fault(entry, "parent", "below_itself")
            elif len(self.way_up(code)) > MAX_DEPTH:
                self.sheet.fault(entry, "parent", "too_deep", count=MAX_DEPTH)
            elif code in self.known:
                self._check_known(self.known[code], entry)
            else:
                self._check_new(code, entry)
            if code not in ringed:
                self._check_more(code, entry)
        self._check_moves()

    # --- superiors -------------------------------------------------------------------------------------------------

    def _parent(self, code: str, entry: Entry) -> str:
        """The code of the superior after the import; what the row says, or where it stands now.

        A row whose superior is in doubt is remembered: what follows from where it stands is not complained about, too.
        """
        known, given = self.known.get(code), entry["parent"]
        present = self.snapshot.by_id[known.parent_id].code if known and known.parent_id else ""
        if not given:
            if not known and not self.reach.at_root:
                self._refuse_parent(code, entry, "needs_superior")
            return present
        if given == present:
            return present
        if given in self.rows:
            kind = self.known[given].kind if given in self.known else self.rows[given]["kind"]
        else:
            above = self.snapshot.organizations.get(given)
            if above is None or not self.reach.keeps(above.path):
                self._refuse_parent(code, entry, "no_organization")
                return present
            if above.active_until and above.active_until < self.day:
                self._refuse_parent(code, entry, "retired")
            kind = above.kind
        if kind == Kind.BRANCH:
            self._refuse_parent(code, entry, "below_branch")
        return str(given)

    def _refuse_parent(self, code: str, entry: Entry, fault: str) -> None:
        self.adrift.add(code)
        self.sheet.fault(entry, "parent", fault)

    def parent_of(self, code: str) -> str:
        """The code of the superior after the import, for any code."""
        if code in self.parents:
            return self.parents[code]
        known = self.snapshot.organizations.get(code)
        return (
            self.snapshot.by_id[known.parent_id].code
            if known and known.parent_id in self.snapshot.by_id
            else ""
        )

    def way_up(self, code: str) -> list[str]:
        """The code and those above it, up to the root; stops where a ring closes."""
        way: list[str] = []
        while code and code not in way:
            way.append(code)
            if len(way) > MAX_DEPTH + 1:
                break
            code = self.parent_of(code)
        return way

    def _rings(self) -> Iterator[str]:
        """The codes that would stand below themselves. Each code is walked over once."""
        done: set[str] = set()
        for start in self.parents:
            way: list[str] = []
            code = start
            while code and code not in done and code not in way:
                way.append(code)
                code = self.parent_of(code)
            if code in way:
                yield from (c for c in way[way.index(code) :] if c in self.parents)
            done.update(way)

    def _check_moves(self) -> None:
        moved = [code for code, known in self.known.items() if self.parents[code] != self._present(known)]
        if not moved:
            return
        since = dict(
            Placement.objects.filter(
                organization__in=[self.known[code].pk for code in moved], until__isnull=True
            ).values_list("organization_id", "since")
        )
        for code in moved:
            known, entry = self.known[code], self.rows[code]
            if self.day <= since[known.pk]:
                self.sheet.fault(entry, "parent", "moved_today", day=f"{since[known.pk]:%Y-%m-%d}")
            elif entry.sound:
                self.changes.moves.append(Moved(known.pk, code, self.parents[code], len(self.way_up(code))))
        self.changes.moves.sort(key=lambda move: move.depth)

    def _present(self, known: KnownOrganization) -> str:
        return self.snapshot.by_id[known.parent_id].code if known.parent_id else ""

    # --- fields ----------------------------------------------------------------------------------------------------

    def _check_new(self, code: str, entry: Entry) -> None:
        short = entry["short_name"] or entry["name"]
        if len(short) > 40:
            self.sheet.fault(entry, "short_name", "no_short_name")
        if entry.sound:
            self.changes.additions.append(
                Addition(
                    code=code,
                    kind=entry["kind"],
                    name=entry["name"],
                    short_name=short,
                    parent=self.parents[code],
                    active_from=entry["active_from"] or self.day,
                    unit=entry["unit"],
                    full_members=entry["full_members"] or 0,
                    probationary_members=entry["probationary_members"] or 0,
                )
            )

    def _check_known(self, known: KnownOrganization, entry: Entry) -> None:
        if entry["kind"] and entry["kind"] != known.kind:
            self.sheet.fault(entry, "kind", "kind_fixed", kind=known.kind)
        if entry["active_from"] and entry["active_from"] != known.active_from:
            self.sheet.fault(entry, "active_from", "founded_fixed", day=f"{known.active_from:%Y-%m-%d}")
        changed = {
            name: entry[name]
            for name in PLAIN
            if self._says(entry, name) and entry[name] != getattr(known, name)
        }
        if changed and entry.sound:
            self.changes.changed[known.pk] = changed
            self.changes.codes[known.pk] = known.code

    def _says(self, entry: Entry, name: str) -> bool:
        """Whether a row says anything about a field.

        In a row that comes from an export an empty cell means: nothing any more. In a row typed by hand: no matter.
        """
        if not self.sheet.has(name):
            return False
        if entry[name] or entry[name] == 0:
            return True
        return bool(entry["system"]) and name not in _NEVER_EMPTY

    def _check_more(self, code: str, entry: Entry) -> None:
        known = self.known.get(code)
        self._check_area(code, entry, known)
        self._check_tags(code, entry, known)
        self._check_second(code, entry, known)
        self._check_leader(code, entry, known)
        if entry["term_began"] or entry["term_due"]:
            self._check_term(code, entry, known)

    def _check_area(self, code: str, entry: Entry, known: KnownOrganization | None) -> None:
        if not self._says(entry, "area"):
            return
        name = entry["area"]
        present = self.snapshot.area_of.get(known.area_id) if known and known.area_id else None
        if not name:
            if present:
                self.changes.areas[code] = None
            return
        if present and present[1] == name:
            return
        committee = next(
            (above for above in self.way_up(code) if self._kind_of(above) == Kind.WORK_COMMITTEE), None
        )
        if committee is None and any(above in self.adrift for above in self.way_up(code)):
            return
        if committee is None:
            self.sheet.fault(entry, "area", "no_area")
            return
        self.changes.areas[code] = (committee, name)
        stands = self.snapshot.organizations.get(committee)
        if stands is None or (stands.pk, name) not in self.snapshot.areas:
            self.changes.new_areas.add((committee, name))

    def _kind_of(self, code: str) -> str:
        known = self.known.get(code) or self.snapshot.organizations.get(code)
        return known.kind if known else self.rows[code]["kind"] if code in self.rows else ""

    def _check_tags(self, code: str, entry: Entry, known: KnownOrganization | None) -> None:
        if not self._says(entry, "tags"):
            return
        wanted, present = set(entry["tags"]), self.snapshot.tags.get(known.pk, set()) if known else set()
        if wanted != present:
            self.changes.tags[code] = entry["tags"]
            self.changes.new_tags |= wanted - self.snapshot.known_tags

    def _check_second(self, code: str, entry: Entry, known: KnownOrganization | None) -> None:
        if not self._says(entry, "second_superior"):
            return
        given = entry["second_superior"]
        pk = known.second_superior_id if known else None
        present = self.snapshot.by_id[pk].code if pk else ""
        if given == present:
            return
        if given == code:
            self.sheet.fault(entry, "second_superior", "itself_second")
            return
        if given and given not in self.rows:
            other = self.snapshot.organizations.get(given)
            if other is None or not self.reach.keeps(other.path):
                self.sheet.fault(entry, "second_superior", "no_organization")
                return
        self.changes.seconds[code] = given

    def _check_leader(self, code: str, entry: Entry, known: KnownOrganization | None) -> None:
        if not self._says(entry, "linked_leader"):
            return
        given = entry["linked_leader"]
        pk = known.linked_leader_id if known else None
        present = self.snapshot.usernames.get(pk, "") if pk else ""
        if given == present:
            return
        if given and given not in self.new_accounts and given not in self._seen_leaders:
            self.sheet.fault(entry, "linked_leader", "no_account")
            return
        self.changes.leaders[code] = given

    @property
    def _seen_leaders(self) -> set[str]:
        if not hasattr(self, "_leaders"):
            named = {e["linked_leader"] for e in self.sheet.entries if e["linked_leader"]}
            self._leaders = self.reach.seen_accounts(named & self.snapshot.users.keys())
        return self._leaders

    def _check_term(self, code: str, entry: Entry, known: KnownOrganization | None) -> None:
        running = self.snapshot.terms.get(known.pk) if known else None
        began, due = entry["term_began"], entry["term_due"]
        if not began:
            if not running:
                self.sheet.fault(entry, "term_began", "term_needs_begin")
                return
            began = running.began_on
        years = YEARS.get(Kind(self._kind_of(code))) if self._kind_of(code) else None
        if not due:
            if running and running.began_on == began:
                return
            if not self._kind_of(code):
                return
            if years is None:
                self.sheet.fault(entry, "term_due", "term_needs_due")
                return
            due = add_years(began, years)
        if due <= began:
            self.sheet.fault(entry, "term_due", "term_due_early")
        elif running and began < running.began_on:
            self.sheet.fault(entry, "term_began", "term_early", day=f"{running.began_on:%Y-%m-%d}")
        elif running is None or running.began_on != began or running.due_on != due:
            self._note_term(
                code, entry, running, {"began_on": began, "due_on": due, "years": years or _years(began, due)}
            )

    def _note_term(self, code: str, entry: Entry, running: Any, term: dict[str, Any]) -> None:
        if not entry.sound:
            return
        same = running is not None and running.began_on == term["began_on"]
        self.changes.terms.append(
            TermEntered(
                code,
                **term,
                known=running.pk if running and same else None,
                before=running.pk if running and not same else None,
            )
        )


def _years(began: date, due: date) -> int:
    return max(1, round((due - began) / timedelta(days=365.25)))
