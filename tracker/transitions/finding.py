"""The table of the finding (问题)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tracker.models import Finding
from tracker.transitions import forms
from tracker.transitions.engine import Context, Sentence, Transition
from tracker.transitions.parties import HANDLER, INSPECTOR, OFFICE, UNIT
from tracker.transitions.proof import attaching, proof_is_there

State = Finding.State


def _not_the_recorder(context: Context) -> Sentence | None:
    if context.actor and context.actor.user.pk == context.subject.recorded_by_id:
        return _("Somebody other than the recorder has to drop a finding.")
    return None


def _not_the_signer(context: Context) -> Sentence | None:
    finding = context.subject
    if context.actor and context.actor.user.pk in {finding.submitted_by_id, finding.handler_id}:
        return _("Somebody who did not put it right has to close it out.")
    return None


def _drop(context: Context) -> None:
    finding = context.subject
    finding.dropped, finding.closed_at = True, context.at
    finding.closed_by = context.actor.user if context.actor else None
    finding.closing_remark = context.given["reason"][:300]


def _assign(context: Context) -> None:
    finding, given = context.subject, context.given
    finding.kind, finding.due = given["kind"], given["due"]
    finding.responsible_leader, finding.standard = given["responsible_leader"], given["standard"]


def _enter_measures(context: Context) -> None:
    context.subject.measures = context.given["measures"]
    context.subject.handler = context.given["handler"]


def _progress(context: Context) -> None:
    context.subject.progress = context.given["progress"]


def _submit(context: Context) -> None:
    finding = context.subject
    finding.progress = context.given["progress"]
    finding.submitted_by = context.actor.user if context.actor else None
    finding.submitted_at = context.at


def _close(context: Context) -> None:
    finding = context.subject
    finding.closed_by = context.actor.user if context.actor else None
    finding.closed_at = context.at
    finding.closing_remark = context.given["remark"][:300]


def _not_accepted(context: Context) -> None:
    context.subject.not_accepted += 1
    context.subject.submitted_by = context.subject.submitted_at = None


TABLE: list[Transition] = [
    Transition(
        "assign",
        _("Assign for rectification"),
        frozenset({State.FOUND}),
        State.ASSIGNED,
        who=(OFFICE, INSPECTOR),
        form=forms.AssignFindingForm,
        effect=_assign,
        primary=True,
    ),
    Transition(
        "drop",
        _("Drop"),
        frozenset({State.FOUND}),
        State.CLOSED,
        who=(OFFICE,),
        form=forms.ReasonForm,
        guard=_not_the_recorder,
        effect=_drop,
        dangerous=True,
    ),
    Transition(
        "enter_measures",
        _("Enter measures"),
        frozenset({State.ASSIGNED}),
        State.RECTIFYING,
        who=(UNIT,),
        form=forms.RectifyForm,
        effect=_enter_measures,
        primary=True,
    ),
    Transition(
        "report",
        _("Report progress"),
        frozenset({State.RECTIFYING}),
        None,
        who=(UNIT,),
        form=forms.ProgressForm,
        effect=_progress,
    ),
    attaching({State.RECTIFYING}, who=(HANDLER, UNIT)),
    Transition(
        "submit",
        _("Request acceptance"),
        frozenset({State.RECTIFYING}),
        State.SUBMITTED,
        who=(UNIT,),
        form=forms.ProgressForm,
        ready=proof_is_there,
        effect=_submit,
        primary=True,
    ),
    Transition(
        "accept",
        _("Accept and close out"),
        frozenset({State.SUBMITTED}),
        State.CLOSED,
        who=(INSPECTOR, OFFICE),
        form=forms.RequiredRemarkForm,
        guard=_not_the_signer,
        effect=_close,
        primary=True,
    ),
    Transition(
        "not_accepted",
        _("Do not accept"),
        frozenset({State.SUBMITTED}),
        State.RECTIFYING,
        who=(INSPECTOR, OFFICE),
        form=forms.ReasonForm,
        guard=_not_the_signer,
        effect=_not_accepted,
    ),
]
