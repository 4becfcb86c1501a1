"""The only writer of the organisation tree: add, change, move, merge, retire. Every move is dated."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Value
from django.db.models.functions import Concat, Length, Substr
from django.utils.translation import gettext as _

from branches.batches import batches
from branches.models import Organization, Placement, Post
from branches.models.organization import STEP, step
from common.errors import Refused, Stale
from common.rows import insert_new

Kind = Organization.Kind
MAX_DEPTH = 15
"""Levels the path column has room for."""
CHANGEABLE = (
    "name",
    "short_name",
    "unit",
    "area",
    "second_superior",
    "linked_leader",
    "full_members",
    "probationary_members",
)
"""Fields of an organisation that are neither its place nor its time."""


def add_organization(
    *,
    kind: str,
    code: str,
    name: str,
    short_name: str,
    parent: Organization | None,
    active_from: date,
    **details: Any,
) -> Organization:
    """Add one organisation below ``parent`` (or as a root); ``details`` are its other fields.

    Effects in order: lock the parent, take the next path step of its children, insert, date the placement.
    Raises Refused when the code is taken or a branch would get organisations below it.
    Two additions at once under one parent wait for each other; the unique path is the last safety.
    """
    with transaction.atomic():
        parent = _locked_parent(parent)
        if parent and len(parent.path) >= MAX_DEPTH * STEP:
            raise Refused(_("The tree would become deeper than %(count)s levels.") % {"count": MAX_DEPTH})
        if Organization.objects.filter(code=code).exists():
            raise Refused(
                _("The code %(code)s is already taken by another organization.") % {"code": code},
                fields={"code": _("Already taken.")},
            )
        organization = Organization(
            kind=kind,
            code=code,
            name=name,
            short_name=short_name,
            parent=parent,
            path=next_path(parent),
            active_from=active_from,
            **details,
        )
        organization.save(force_insert=True)
        Placement.objects.create(organization=organization, parent=parent, since=active_from)
    return organization


def change_organization(
    organization: Organization, *, fields: Mapping[str, Any], version: int | None = None
) -> Organization:
    """Change what is neither place nor time: names, unit, area, members, second superior, linked leader.

    Raises Stale when ``version`` is not the present one.
    """
    if unknown := set(fields) - set(CHANGEABLE):
        raise ValueError(f"Not changed this way: {sorted(unknown)}")
    with transaction.atomic():
        locked = Organization.objects.select_for_update().get(pk=organization.pk)
        if version is not None and locked.version != version:
            raise Stale(
                _("Somebody else changed this organization in the meantime. Look at it and decide again.")
            )
        for name, value in fields.items():
            setattr(locked, name, value)
        locked.version += 1
        locked.save(update_fields=[*fields, "version"])
    return locked


def move_organization(organization: Organization, *, to: Organization | None, since: date) -> Organization:
    """Put an organisation and all below it under another superior, from a local day on.

    Effects in order: lock both; check; rewrite the paths of the whole subtree in one statement; end the present
    placement the day before and begin the new one. One transaction, whatever the size. Figures of earlier days
    read the placements; present sight follows the new place at once.
    Raises Refused for a move below itself, below a branch, or dated before the present placement.
    """
    with transaction.atomic():
        parent = _locked_parent(to)
        moved = Organization.objects.select_for_update().get(pk=organization.pk)
        if parent and parent.is_below(moved, itself=True):
            raise Refused(_("An organization cannot be moved below itself."))
        if parent and moved.parent_id == parent.pk:
            raise Refused(_("%(unit)s already stands there.") % {"unit": moved.short_name})
        present = Placement.objects.select_for_update().get(organization=moved, until__isnull=True)
        if since <= present.since:
            sentence = _("Choose a day after %(day)s, since when it has stood where it stands now.")
            raise Refused(sentence % {"day": f"{present.since:%Y-%m-%d}"}, fields={"since": _("Too early.")})
        before, after = moved.path, next_path(parent)
        deepest = Organization.objects.below(moved).aggregate(most=Max(Length("path")))["most"]
        if len(after) + deepest - len(before) > MAX_DEPTH * STEP:
            raise Refused(_("The tree would become deeper than %(count)s levels.") % {"count": MAX_DEPTH})
        Organization.objects.below(moved).update(path=Concat(Value(after), Substr("path", len(before) + 1)))
        Organization.objects.filter(pk=moved.pk).update(parent=parent, version=F("version") + 1)
        present.until = since - timedelta(days=1)
        present.save(update_fields=["until"])
        Placement.objects.create(organization=moved, parent=parent, since=since)
        moved.refresh_from_db()
    return moved


def retire_organization(organization: Organization, *, last_day: date) -> Organization:
    """End an organisation: its posts end with it; its records stay readable.

    Raises Refused while organisations below it are still active.
    """
    with transaction.atomic():
        locked = Organization.objects.select_for_update().get(pk=organization.pk)
        below = Organization.objects.below(locked, itself=False).active_on(last_day + timedelta(days=1))
        if below.exists():
            raise Refused(_("Organizations below %(unit)s are still active.") % {"unit": locked.short_name})
        if last_day < locked.active_from:
            raise Refused(_("It cannot end before it began."), fields={"last_day": _("Too early.")})
        posts = Post.objects.filter(organization=locked)
        posts.filter(since__gt=last_day).delete()
        posts.held_on(last_day).update(until=last_day)
        locked.active_until, locked.version = last_day, locked.version + 1
        locked.save(update_fields=["active_until", "version"])
    return locked


def merge_organization(organization: Organization, *, into: Organization, last_day: date) -> Organization:
    """Merge one organisation into another of the same kind: what stood below it moves over, then it ends.

    Its own history and tasks stay its own; whoever decides on open tasks reassigns or withdraws them.
    Raises Refused for different kinds or a merge with itself or something below itself.
    """
    with transaction.atomic():
        if organization.pk == into.pk or into.is_below(organization):
            raise Refused(_("An organization cannot be merged into itself."))
        if organization.kind != into.kind:
            raise Refused(_("Only organizations of the same kind can be merged."))
        for child in Organization.objects.filter(parent=organization).active_on(last_day):
            move_organization(child, to=into, since=last_day + timedelta(days=1))
        return retire_organization(organization, last_day=last_day)


def parents_on(day: date) -> dict[int, int | None]:
    """Who stood below whom on a local day, by organisation id (one query); roots map to None."""
    return dict(Placement.objects.in_force(day).values_list("organization_id", "parent_id"))


def next_path(parent: Organization | None) -> str:
    """The path of the next child of ``parent``, whose row the caller has locked."""
    prefix = parent.path if parent else ""
    children = Organization.objects.filter(parent=parent)
    last = children.aggregate(last=Max("path"))["last"]
    number = int(last[-STEP:], 36) + 1 if last else 1
    return prefix + step(number)


def _locked_parent(parent: Organization | None) -> Organization | None:
    if parent is None:
        return None
    locked = Organization.objects.select_for_update().get(pk=parent.pk)
    if locked.kind == Kind.BRANCH:
        raise Refused(_("A branch has no organizations below it. Choose a committee as the superior."))
    return locked


@dataclass(frozen=True)
class Addition:
    """One organisation to be added with many others; its superior by code, the first below that which is known."""

    code: str
    kind: str
    name: str
    short_name: str
    parent: str
    """Code of the superior, among the additions or in the tree; empty for a root."""
    active_from: date
    unit: str = ""
    full_members: int = 0
    probationary_members: int = 0


def add_organizations(additions: Sequence[Addition]) -> dict[str, int]:
    """Add many organisations at once, superiors before those below them; returns their ids by code.

    Effects in order: lock the superiors that stand in the tree already; level by level compute the paths and insert;
    date the placements. A constant number of statements a level, not an organisation. All or nothing.
    Raises Refused for a code that is taken or stands twice, an unknown superior, something below a branch, a ring.
    """
    waiting = {addition.code: addition for addition in additions}
    if len(waiting) < len(additions):
        raise Refused(_("A code stands twice."))
    ids: dict[str, int] = {}
    with transaction.atomic():
        known = _known_superiors({a.parent for a in additions} - set(waiting) - {""})
        while waiting:
            level = [a for a in waiting.values() if a.parent in known or not a.parent]
            if not level:
                raise Refused(_("Some superiors are unknown, or stand below what is below them."))
            ids |= _add_level(level, known)
            for addition in level:
                del waiting[addition.code]
    return ids


def _known_superiors(codes: Collection[str]) -> dict[str, tuple[int, str, str]]:
    """Id, path and kind by code, their rows locked."""
    found: dict[str, tuple[int, str, str]] = {}
    for some in batches(sorted(codes)):
        locked = Organization.objects.select_for_update().filter(code__in=some)
        found |= {
            code: (pk, path, kind)
            for code, pk, path, kind in locked.values_list("code", "pk", "path", "kind")
        }
    return found


def _add_level(level: Sequence[Addition], known: dict[str, tuple[int, str, str]]) -> dict[str, int]:
    """Insert organisations whose superiors are all in ``known``, and put them in there."""
    last = _last_steps({known[a.parent][0] if a.parent else None for a in level})
    rows, paths = [], {}
    for addition in level:
        pk, path, kind = known[addition.parent] if addition.parent else (None, "", "")
        if kind == Kind.BRANCH:
            raise Refused(_("A branch has no organizations below it. Choose a committee as the superior."))
        if len(path) >= MAX_DEPTH * STEP:
            raise Refused(_("The tree would become deeper than %(count)s levels.") % {"count": MAX_DEPTH})
        last[pk] = number = last.get(pk, 0) + 1
        paths[addition.code] = path + step(number)
        rows.append(
            (
                addition.code,
                addition.kind,
                addition.name,
                addition.short_name,
                pk,
                paths[addition.code],
                addition.active_from,
                addition.unit,
                addition.full_members,
                addition.probationary_members,
            )
        )
    names = [
        "code",
        "kind",
        "name",
        "short_name",
        "parent_id",
        "path",
        "active_from",
        "unit",
        "full_members",
        "probationary_members",
    ]
    if insert_new(Organization(), names, rows) < len(rows):
        raise Refused(_("A code is already taken by another organization."))
    ids: dict[str, int] = {}
    for some in batches([addition.code for addition in level]):
        ids |= dict(Organization.objects.filter(code__in=some).values_list("code", "pk"))
    insert_new(
        Placement(),
        ("organization_id", "parent_id", "since"),
        [(ids[row[0]], row[4], row[6]) for row in rows],
    )
    known.update({a.code: (ids[a.code], paths[a.code], a.kind) for a in level})
    return ids


def _last_steps(parents: Collection[int | None]) -> dict[int | None, int]:
    """The number of the last child of each superior."""
    found: dict[int | None, int] = {}
    if None in parents:
        found[None] = _number_of(Organization.objects.filter(parent=None).aggregate(last=Max("path"))["last"])
    for some in batches([parent for parent in parents if parent is not None]):
        children = Organization.objects.filter(parent__in=some).order_by()
        rows = children.values_list("parent").annotate(last=Max("path"))
        found |= {parent: _number_of(path) for parent, path in rows}
    return found


def _number_of(path: str | None) -> int:
    return int(path[-STEP:], 36) if path else 0
