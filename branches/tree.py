"""The only writer of the organisation tree: add, change, move, merge, retire. Every move is dated."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext as _

from branches.models import Organization, Placement, Post
from branches.models.organization import STEP, step
from common.errors import Refused, Stale

Kind = Organization.Kind


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
    allowed = {
        "name",
        "short_name",
        "unit",
        "area",
        "second_superior",
        "linked_leader",
        "full_members",
        "probationary_members",
    }
    if unknown := set(fields) - allowed:
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
