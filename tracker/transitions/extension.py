"""The table of the extension (延期申请), and what opens and ends one from the task's side."""

from __future__ import annotations

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from tracker.models import Extension
from tracker.notices import notify_unit
from tracker.transitions import forms
from tracker.transitions.engine import Context, Sentence, Transition, perform, start_history
from tracker.transitions.parties import SECOND_REVIEWER

State = Extension.State


def open_request(context: Context) -> None:
    """After ``ask_extension``: the request itself, with its own history."""
    assert context.actor is not None
    extension = Extension(
        task=context.subject,
        due_before=context.subject.due,
        until=context.given["until"],
        reason=context.given["reason"],
        requested_by=context.actor.user,
        requested_at=context.at,
    )
    extension.save(force_insert=True)
    said = {"reason": extension.reason, "until": extension.until, "task": context.subject.pk}
    start_history(extension, "request", actor=context.actor, at=context.at, said=said)


def lapse_requests(context: Context) -> None:
    """When a task is handed in or withdrawn, an open request has nothing left to ask for."""
    for extension in Extension.objects.filter(task=context.subject, state=State.PENDING):
        perform(extension, "lapse", actor=None, at=context.at)


def _not_own_request(context: Context) -> Sentence | None:
    if context.actor and context.actor.user.pk == context.subject.requested_by_id:
        return _("Nobody decides on their own request.")
    return None


def _decide(context: Context) -> None:
    extension = context.subject
    extension.decided_by = context.actor.user if context.actor else None
    extension.decided_at = context.at
    extension.remark = context.given.get("remark") or context.given.get("reason") or ""


def _grant(context: Context) -> None:
    extension = context.subject
    given = {"due": extension.until, "extension": extension.pk}
    perform(extension.task, "extend", actor=None, at=context.at, given=given)
    notify_unit(extension.task, "extended", at=context.at, said=context.given)


def _tell_refusal(context: Context) -> None:
    notify_unit(context.subject.task, "not_extended", at=context.at, said=context.given)


def _lapse(context: Context) -> None:
    context.subject.decided_at, context.subject.remark = context.at, _now("no longer needed")


TABLE: list[Transition] = [
    Transition(
        "grant",
        _("Grant"),
        frozenset({State.PENDING}),
        State.GRANTED,
        who=(SECOND_REVIEWER,),
        form=forms.RemarkForm,
        guard=_not_own_request,
        effect=_decide,
        after=_grant,
        primary=True,
    ),
    Transition(
        "refuse",
        _("Do not grant"),
        frozenset({State.PENDING}),
        State.REFUSED,
        who=(SECOND_REVIEWER,),
        form=forms.ReasonForm,
        guard=_not_own_request,
        effect=_decide,
        after=_tell_refusal,
    ),
    Transition("lapse", _("Lapse"), frozenset({State.PENDING}), State.REFUSED, effect=_lapse),
]
