"""Attaching evidence, and asking for it: the same for tasks and findings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from common.clock import local_date
from tracker.models import Evidence, Measure
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


def pieces_wanted(measure: Measure) -> list[str]:
    """The pieces of evidence a measure names, separated by ``；``: each is a file of its own. Nothing named: any one.

    So a measure that makes a rule can ask for the rule and, as its second deliverable, for how it is carried out.
    """
    if not measure.evidence_required:
        return []
    named = [piece.strip() for piece in re.split("[；;]", measure.evidence_note)]
    return [piece for piece in named if piece] or [measure.evidence_note]


def evidence_is_there(context: Context) -> Sentence | None:
    """Before a task is handed in: what its measure asks for, in its newest version and not infected."""
    measure = context.subject.measure
    wanted, there = len(pieces_wanted(measure)), _proofs(context.subject)
    if there >= wanted:
        return None
    if wanted > 1:
        return _(
            "%(wanted)s pieces of evidence are required before this can be handed in, %(there)s are there: %(note)s. Upload each as a file of its own."
        ) % {"wanted": wanted, "there": there, "note": measure.evidence_note}
    if measure.evidence_note:
        return _("Evidence is required before this can be handed in: %(note)s. Upload it first.") % {
            "note": measure.evidence_note
        }
    return _("Evidence is required before this can be handed in. Upload it first.")


def evidence_still_counts(context: Context) -> Sentence | None:
    """Before a task is approved: what was found infected since it was handed in proves nothing."""
    if _proofs(context.subject) < len(pieces_wanted(context.subject.measure)):
        return _("The evidence the measure asks for is missing.")
    return None


def proof_is_there(context: Context) -> Sentence | None:
    """Before acceptance of a rectification is asked for."""
    if _proofs(context.subject):
        return None
    return _("Proof that it was put right is required before acceptance can be asked for. Upload it first.")


def _proofs(subject: Any) -> int:
    return Evidence.objects.sound().filter(**{subject.KIND: subject}).count()


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
