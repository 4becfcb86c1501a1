"""Taking a table over: checked once more, then everything in one transaction, or nothing at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from branches.access import Actor
from branches.roster.reading import RawSheet
from common.audit import record
from common.errors import NotAllowed
from common.models import AuditEntry
from tracker.measure_table.checking import Found, check_table
from tracker.models import Plan
from tracker.plans import add_measure, edit_measure
from tracker.transitions.parties import is_office


def import_table(
    plan: Plan,
    sheets: Sequence[RawSheet],
    *,
    actor: Actor,
    at: datetime,
    name: str,
    address: str | None = None,
) -> Found:
    """Check the rows against the plan as it is now and, when nothing is wrong, write all of it; rows absent stay alone.

    Effects in order: lock the plan; known measures changed, each of the version that was exported; new ones added at
    the end; a line in the audit log for a file or pasted rows (``name``), while cells have their measure's history.
    With a fault nothing is written, and the answer carries the faults. Done twice, the second finds nothing to do, or
    refuses the new rows by their titles. Raises NotAllowed, or Refused for a closed plan.
    """
    with transaction.atomic():
        locked = Plan.objects.select_for_update(of=("self",)).select_related("organization").get(pk=plan.pk)
        if not is_office(actor, locked.organization):
            unit = locked.organization.short_name
            raise NotAllowed(_("Only the office of %(unit)s may change this plan.") % {"unit": unit})
        found = check_table(locked, sheets, actor=actor)
        if found.faults or not found.changes:
            return found
        for change in found.changed:
            assert change.measure
            edit_measure(
                change.measure,
                actor=actor,
                at=at,
                fields=change.fields,
                receivers=change.receivers,
                version=change.measure.version,
            )
        for change in found.new:
            add_measure(locked, actor=actor, at=at, fields=change.fields, receivers=change.receivers or ())
        if name:
            data = {"file": name[:120], "plan": plan.pk, "new": len(found.new), "changed": len(found.changed)}
            record(AuditEntry.Kind.IMPORT, at=at, user=actor.user, address=address, data=data)
    return found
