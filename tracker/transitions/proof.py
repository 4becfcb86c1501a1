"""Attaching evidence, and asking for it: the same for tasks and findings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from common.clock import local_date
from tracker.models import Evidence
from tracker.quotas import why_no_room
from tracker.transitions import forms
from tracker.transitions.engine import Context, Party, Sentence, Transition


def attaching(sources: Iterable[str], *, who: tuple[Party, ...]) -> Transition:
    """The row ``attach`` of a table."""
    return Transition(
        "attach",
        _("Attach evidence"),
        frozenset(sources),
        None,
        who=who,
        form=forms.AttachForm,
        ready=_there_is_room,
        effect=_attach,
        offered=False,
    )


def evidence_is_there(context: Context) -> Sentence | None:
    """Before a task is handed in: what its measure asks for, in its newest version and not infected."""
    measure = context.subject.measure
    if not measure.evidence_required or _has_proof(context.subject):
        return None
    if measure.evidence_note:
        return _("Evidence is required before this can be handed in: %(note)s. Upload it first.") % {
            "note": measure.evidence_note
        }
    return _("Evidence is required before this can be handed in. Upload it first.")


def evidence_still_counts(context: Context) -> Sentence | None:
    """Before a task is approved: what was found infected since it was handed in proves nothing."""
    if context.subject.measure.evidence_required and not _has_proof(context.subject):
        return _("The evidence the measure asks for is missing.")
    return None


def proof_is_there(context: Context) -> Sentence | None:
    """Before acceptance of a rectification is asked for."""
    if _has_proof(context.subject):
        return None
    return _("Proof that it was put right is required before acceptance can be asked for. Upload it first.")


def _has_proof(subject: Any) -> bool:
    return Evidence.objects.sound().filter(**{subject.KIND: subject}).exists()


def _there_is_room(context: Context) -> Sentence | None:
    assert context.actor is not None
    file = context.given["file"]
    return why_no_room(
        context.subject, size=file.size, sha256=file.sha256, user=context.actor.user, at=context.at
    )


def _attach(context: Context) -> None:
    assert context.actor is not None
    subject, given = context.subject, context.given
    newer = Evidence.objects.create(
        **{subject.KIND: subject},
        file=given["file"],
        name=given["name"],
        added_by=context.actor.user,
        added_at=context.at,
    )
    if older := given["replaces"]:
        older.replaced_by = newer
        older.save(update_fields=["replaced_by"])
    context.notes["sha256"] = given["file"].sha256
    if local_date(context.at) > subject.due:
        # 补录: late entry stays possible and carries both dates
        context.notes.update({"late_entry": True, "due": subject.due})
