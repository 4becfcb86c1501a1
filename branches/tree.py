"""The only writer of the organisation tree."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from branches.models import Organization
from branches.models.organization import STEP, step
from common.errors import Refused


def add_organization(
    *, kind: str, code: str, name: str, short_name: str, parent: Organization | None, active_from: date
) -> Organization:
    """Add one organisation below ``parent`` (or as a root).

    Effects in order: lock the parent, take the next path step of its children, insert.
    Raises Refused when the code is taken or a branch would get children.
    Two additions at once under one parent wait for each other; the unique path is the last safety.
    """
    with transaction.atomic():
        if parent is not None:
            parent = Organization.objects.select_for_update().get(pk=parent.pk)
            if parent.kind == Organization.Kind.BRANCH:
                raise Refused(
                    _("A branch has no organizations below it. Choose a committee as the superior.")
                )
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
            path=_next_path(parent),
            active_from=active_from,
        )
        organization.save(force_insert=True)
    return organization


def _next_path(parent: Organization | None) -> str:
    prefix = parent.path if parent else ""
    last = Organization.objects.filter(parent=parent).aggregate(last=Max("path"))["last"]
    number = int(last[-STEP:], 36) + 1 if last else 1
    return prefix + step(number)
