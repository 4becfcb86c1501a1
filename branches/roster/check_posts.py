"""The sheet of posts against what is known: who is appointed, whose post ends, who takes over, who gets an account."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from branches.accounts import USERNAME
from branches.posts import overlap
from branches.roster.changes import Changes, PersonEntered, PostEnded, PostEntered
from branches.roster.check_organizations import OrganizationCheck
from branches.roster.entries import Entry, SheetEntries
from branches.roster.layout import SINGLE_ROLES
from branches.roster.reach import Reach
from branches.roster.snapshot import KnownPost, Snapshot

DAY = timedelta(days=1)


@dataclass
class Holding:
    """A post as it will be: who holds it from when to when, by a row of the sheet or as it stands now."""

    username: str
    name: str
    since: date
    until: date | None
    entry: Entry | None = None
    post: KnownPost | None = None
    """The post that stands already."""
    ends: bool = False
    """Whether its last day is new."""
    handed_over: bool = False


class PostCheck:
    """One pass over the sheet, after that of the organisations was gone over."""

    def __init__(
        self,
        sheet: SheetEntries,
        organizations: OrganizationCheck | None,
        snapshot: Snapshot,
        reach: Reach,
        changes: Changes,
        *,
        day: date,
    ) -> None:
        self.sheet, self.snapshot, self.reach, self.changes, self.day = sheet, snapshot, reach, changes, day
        self.rows_of_organizations = organizations.rows if organizations else {}
        self.people: dict[str, Entry] = {}
        """By account, the first row that names the person."""
        self.holdings: dict[tuple[str, str], list[Holding]] = defaultdict(list)
        self.touched: set[int] = set()
        """Posts that a row is about."""

    def load(self) -> None:
        """Ask the database for everything the sheet names."""
        entries, snapshot = self.sheet.entries, self.snapshot
        snapshot.load_organizations({e["organization"] for e in entries if e["organization"]}, ())
        named = {e["organization"] for e in entries}
        snapshot.load_posts([o.pk for code, o in snapshot.organizations.items() if code in named])
        snapshot.load_users({e["account"] for e in entries if e["account"]})
        self.posts = {post.pk: post for posts in snapshot.posts.values() for post in posts}
        elsewhere = snapshot.posts_of_ids(
            {e["system"][1] for e in entries if e["system"]} - self.posts.keys()
        )
        snapshot.load_organizations(set(), {post.organization_id for post in elsewhere.values()})
        self.posts |= elsewhere
        self.seen = self.reach.seen_accounts(
            {e["account"] for e in entries if e["account"] in snapshot.users}
        )

    def new_accounts(self) -> set[str]:
        """The accounts this sheet would make."""
        return {
            e["account"]
            for e in self.sheet.entries
            if e["account"] and e["account"] not in self.snapshot.users
        }

    def check(self) -> None:
        """First each row by itself, then the posts of each organisation and role together."""
        seen: dict[tuple[str, str, str, date], Entry] = {}
        for entry in self.sheet.entries:
            self.changes.rows += 1
            self.sheet.demand(entry, "organization", "role", "name", "account", "since")
            self._check_place(entry)
            self._check_person(entry)
            if entry["until"] and entry["since"] and entry["until"] < entry["since"]:
                self.sheet.fault(entry, "until", "until_early")
            if not entry.sound:
                continue
            key = (entry["organization"], entry["role"], entry["account"], entry["since"])
            if key in seen:
                self.sheet.fault(entry, "account", "twice", row=seen[key].row)
                continue
            seen[key] = entry
            self._place(entry)
        self._check_contacts()
        for (code, role), holdings in self.holdings.items():
            self._settle(code, role, holdings)

    # --- a row by itself -------------------------------------------------------------------------------------------

    def _check_place(self, entry: Entry) -> None:
        code = entry["organization"]
        if not code or (code in self.rows_of_organizations and code not in self.snapshot.organizations):
            return
        place = self.snapshot.organizations.get(code)
        if place is None or not self.reach.keeps(place.path):
            self.sheet.fault(entry, "organization", "no_organization")
        elif not self.reach.grants(place.path):
            self.sheet.fault(entry, "organization", "post_outside")
        elif place.active_until and place.active_until < self.day:
            self.sheet.fault(entry, "organization", "retired")

    def _check_person(self, entry: Entry) -> None:
        account, name = entry["account"], entry["name"]
        if not account:
            return
        if not USERNAME.fullmatch(account):
            self.sheet.fault(entry, "account", "not_account")
            return
        known = self.snapshot.users.get(account)
        if known:
            if account not in self.seen:
                self.sheet.fault(entry, "account", "account_taken")
            elif name and name != known.name:
                self.sheet.fault(entry, "name", "other_name", name=known.name)
            return
        first = self.people.setdefault(account, entry)
        if first is entry:
            return
        if any(entry[f] and first[f] and entry[f] != first[f] for f in ("name", "phone", "email")):
            self.sheet.fault(entry, "account", "two_names", row=first.row)
        else:
            for f in ("phone", "email"):
                first.values[f] = first[f] or entry[f]

    def _check_contacts(self) -> None:
        """Phone numbers and e-mail addresses of people who have an account; the first row of a person counts."""
        wanted: dict[str, tuple[Entry, dict[str, str]]] = {}
        for entry in self.sheet.entries:
            known = self.snapshot.users.get(entry["account"])
            if not known or not entry.sound:
                continue
            says = [
                f
                for f in ("phone", "email")
                if self.sheet.has(f) and (entry[f] or entry["system"]) and entry[f] != getattr(known, f)
            ]
            if says and known.username in wanted:
                first, fields = wanted[known.username]
                if any(fields.get(f, entry[f]) != entry[f] for f in says):
                    self.sheet.fault(entry, "account", "two_names", row=first.row)
            elif says:
                wanted[known.username] = entry, {f: entry[f] for f in says}
        outside = self.reach.outsiders([self.snapshot.users[username].pk for username in wanted])
        for username, (entry, fields) in wanted.items():
            pk = self.snapshot.users[username].pk
            if pk in outside:
                self.sheet.fault(entry, next(iter(fields)), "contact_outside")
            elif entry.sound:
                self.changes.contacts[pk] = fields

    # --- which post a row is about ---------------------------------------------------------------------------------

    def _place(self, entry: Entry) -> None:
        if entry["system"]:
            self._place_known(entry)
            return
        for post in self._posts_in(entry):
            same = post.username == entry["account"] and post.role == entry["role"]
            if same and overlap(entry["since"], entry["until"], post.since, post.until):
                if post.since == entry["since"]:
                    self._keep(entry, post, until=entry["until"] or post.until)
                else:
                    self.sheet.fault(entry, "since", "held_already", day=f"{post.since:%Y-%m-%d}")
                return
        self._appoint(entry)

    def _posts_in(self, entry: Entry) -> list[KnownPost]:
        place = self.snapshot.organizations.get(entry["organization"])
        return self.snapshot.posts.get(place.pk, []) if place else []

    def _place_known(self, entry: Entry) -> None:
        letter, pk, ends = entry["system"]
        post = self.posts.get(pk) if letter == "P" else None
        if post is None or not self.reach.keeps(self.snapshot.by_id[post.organization_id].path):
            self.sheet.fault(entry, "system", "no_such_record")
        elif (post.until.toordinal() if post.until else 0) != ends:
            self.sheet.fault(entry, "", "changed_since")
        elif post not in self._posts_in(entry) or post.role != entry["role"]:
            self.sheet.fault(entry, "role", "post_moved")
        elif post.username != entry["account"]:
            if entry["since"] <= post.since:
                self.sheet.fault(entry, "since", "hand_over_early", day=f"{post.since:%Y-%m-%d}")
                return
            if post.until is None or post.until >= entry["since"]:
                self._hold(entry, post, until=entry["since"] - DAY, ends=True, handed_over=True)
            self._appoint(entry)
        elif entry["since"] != post.since:
            self.sheet.fault(entry, "since", "since_fixed", day=f"{post.since:%Y-%m-%d}")
        elif post.until and not entry["until"]:
            self.sheet.fault(entry, "until", "not_reopened", day=f"{post.until:%Y-%m-%d}")
        else:
            self._keep(entry, post, until=entry["until"])

    def _keep(self, entry: Entry, post: KnownPost, *, until: date | None) -> None:
        if until == post.until:
            self.changes.unchanged += 1
        self._hold(entry, post, until=until, ends=until != post.until)

    def _hold(
        self, entry: Entry, post: KnownPost, *, until: date | None, ends: bool, handed_over: bool = False
    ) -> None:
        if ends and post.username in self.reach.own:
            self.sheet.fault(entry, "account", "own_account")
        self.touched.add(post.pk)
        self.holdings[entry["organization"], post.role].append(
            Holding(post.username, post.name, post.since, until, entry, post, ends, handed_over)
        )

    def _appoint(self, entry: Entry) -> None:
        account = entry["account"]
        known = self.snapshot.users.get(account)
        if known and not known.is_active:
            self.sheet.fault(entry, "account", "account_closed")
        if account in self.reach.own:
            self.sheet.fault(entry, "account", "own_account")
        self.holdings[entry["organization"], entry["role"]].append(
            Holding(account, entry["name"], entry["since"], entry["until"], entry)
        )

    # --- the posts of one organisation and role together -----------------------------------------------------------

    def _settle(self, code: str, role: str, holdings: list[Holding]) -> None:
        """Add the posts no row is about, let new heads take over from them, and see that nothing overlaps."""
        place = self.snapshot.organizations.get(code)
        holdings.extend(
            Holding(post.username, post.name, post.since, post.until, post=post)
            for post in (self.snapshot.posts.get(place.pk, []) if place else [])
            if post.role == role and post.pk not in self.touched
        )
        if len(holdings) > 1:
            holdings.sort(key=lambda h: (h.since, h.entry is not None))
            if role in SINGLE_ROLES:
                self._take_over(holdings)
            self._refuse_overlaps(holdings, single=role in SINGLE_ROLES)
        for holding in holdings:
            if (holding.entry and holding.entry.sound) or holding.handed_over:
                self._note(code, role, holding)

    def _take_over(self, holdings: list[Holding]) -> None:
        """Who takes up a post that has one holder ends the post of whoever holds it and stands in no row."""
        for new in holdings:
            if new.post is not None or new.entry is None:
                continue
            for old in holdings:
                stands = old.post is not None and old.entry is None and not old.handed_over
                if stands and old.since < new.since and overlap(new.since, new.until, old.since, old.until):
                    old.until, old.ends, old.handed_over = new.since - DAY, True, True
                    if old.username in self.reach.own:
                        self.sheet.fault(new.entry, "account", "own_account")

    def _refuse_overlaps(self, holdings: list[Holding], *, single: bool) -> None:
        """Compare neighbours in time, of the whole post or of each person."""
        last: dict[str, Holding] = {}
        for holding in holdings:
            key = "" if single else holding.username
            before = last.get(key)
            if before and overlap(holding.since, holding.until, before.since, before.until):
                entry = holding.entry or before.entry
                if entry is not None and (
                    holding.post is None or before.post is None or holding.ends or before.ends
                ):
                    other = before if entry is holding.entry else holding
                    if holding.username == before.username:
                        self.sheet.fault(entry, "since", "held_already", day=f"{other.since:%Y-%m-%d}")
                    else:
                        self.sheet.fault(entry, "account", "two_heads", name=other.name)
            if not before or (
                before.until is not None and (holding.until is None or holding.until > before.until)
            ):
                last[key] = holding

    def _note(self, code: str, role: str, holding: Holding) -> None:
        if holding.post is not None:
            if holding.ends and holding.until:
                self.changes.endings.append(
                    PostEnded(
                        holding.post.pk, holding.post.user_id, code, role, holding.until, holding.handed_over
                    )
                )
            return
        entry = holding.entry
        assert entry
        self.changes.appointments.append(
            PostEntered(holding.username, code, role, holding.since, holding.until)
        )
        if holding.username not in self.snapshot.users and holding.username not in self.changes.people:
            first = self.people[holding.username]
            self.changes.people[holding.username] = PersonEntered(
                holding.username, first["name"], code, first["phone"], first["email"]
            )


__all__ = ["PostCheck"]
