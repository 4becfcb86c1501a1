"""The table of the task (承办单)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from common.clock import local_date
from common.workdays import Calendar
from tracker.models import Extension, Task
from tracker.notices import notify_office, notify_people, notify_unit
from tracker.transitions import amending, clock, forms
from tracker.transitions.engine import Context, Sentence, Transition, start_history
from tracker.transitions.extension import lapse_requests, open_request
from tracker.transitions.measure import measure_may_be_finished
from tracker.transitions.parties import (
    ABOVE_BRANCH,
    HANDLER,
    INSPECTOR,
    ISSUER,
    OFFICE,
    REVIEWER,
    SECOND_REVIEWER,
    SUPERIOR,
    UNIT,
    UNIT_SECRETARY,
)
from tracker.transitions.proof import attaching, evidence_is_there, evidence_still_counts

State = Task.State
ACKNOWLEDGE_DAYS = 3
"""Working days a unit has for its acknowledgement; a default, to become a setting of the plan."""


def _not_own_submission(context: Context) -> Sentence | None:
    """Nobody reviews their own submission: neither who handed it in nor who did the work."""
    task, actor = context.subject, context.actor
    if actor and actor.user.pk in {task.submitted_by_id, task.handler_id}:
        return _("Nobody reviews their own submission. Somebody else has to decide on this one.")
    return None


def _second_person(context: Context) -> Sentence | None:
    if context.actor and context.actor.user.pk == context.subject.reviewed_by_id:
        return _("The second review needs a second person. Somebody else has to decide on this one.")
    return _not_own_submission(context)


def _review_not_begun(context: Context) -> Sentence | None:
    if context.subject.reviewed_by_id:
        return _("The review has begun. Ask the reviewer to return it instead.")
    return None


def _acknowledge(context: Context) -> None:
    context.subject.handler = context.given["handler"]
    if local_date(context.at) > context.subject.acknowledge_by:
        context.notes["late"] = True


def _rename(context: Context) -> None:
    context.notes["before"] = str(context.subject.handler or "")
    context.subject.handler = context.given["handler"]


def _renamed(context: Context) -> None:
    handler = context.given["handler"]
    if context.actor is None or handler.pk != context.actor.user.pk:
        notify_people(context.subject, "named", people=[handler.pk], at=context.at, said={})


def _another_person(context: Context) -> Sentence | None:
    if context.given["handler"].pk == context.subject.handler_id:
        return _("This person already is the responsible person.")
    return None


def _progress(context: Context) -> None:
    task, given = context.subject, context.given
    task.progress, task.progress_at = given["progress"], context.at
    task.percent = given.get("percent", task.percent)
    if given.get("number") is not None:
        task.number = given["number"]
    if local_date(context.at) > task.due:
        # 补录: late entry stays possible and carries both dates
        context.notes.update({"late_entry": True, "due": task.due})


def _submit(context: Context) -> None:
    assert context.actor is not None
    task = context.subject
    _progress(context)
    task.percent = 100
    task.submitted_by, task.submitted_at = context.actor.user, context.at
    task.reviewed_by, task.returned = None, False
    task.done_late = local_date(context.at) > task.due
    context.notes["late"] = task.done_late


def _take_back(context: Context) -> None:
    context.subject.submitted_by = context.subject.submitted_at = None
    context.subject.done_late = False


def _after_first_review(context: Context) -> str:
    task = context.subject
    plan = task.measure.plan
    two = plan.two_reviews and task.organization.parent_id != plan.organization_id
    return State.SECOND_REVIEW if two else State.DONE


def _approve(context: Context) -> None:
    assert context.actor is not None
    task = context.subject
    task.reviewed_by = context.actor.user
    if _after_first_review(context) == State.DONE:
        task.completed_at = context.at


def _approve_second(context: Context) -> None:
    context.subject.completed_at = context.at


def _send_back(context: Context) -> None:
    task = context.subject
    task.returns += 1
    task.returned, task.reviewed_by, task.done_late = True, None, False
    task.in_hand_since = local_date(context.at)
    if context.given.get("due"):
        context.notes["due_before"] = task.due
        task.due = context.given["due"]


def _reopen(context: Context) -> None:
    task = context.subject
    context.notes.update({"completed_before": task.completed_at, "late_before": task.done_late})
    task.completed_at = task.submitted_at = task.submitted_by = task.reviewed_by = None
    task.done_late, task.due, task.percent = False, context.given["due"], min(task.percent, 99)
    task.in_hand_since = local_date(context.at)


def _suspend(context: Context) -> None:
    task = context.subject
    task.state_before, task.suspended_on = task.state, local_date(context.at)
    task.suspended_until = context.given["until"]
    # A suspended task counts as due only when it was late before the stop (period figures).
    context.notes["late"] = task.suspended_on > task.due


def _resume(context: Context) -> None:
    task, calendar = context.subject, Calendar.load()
    lost = calendar.between(task.suspended_on, local_date(context.at))
    context.notes.update({"due_before": task.due, "working_days_lost": lost})
    task.due = calendar.add(task.due, lost) if lost else task.due
    context.notes["due"] = task.due
    task.suspended_on = task.suspended_until = None
    task.in_hand_since = local_date(context.at)


def _may_still_ask(context: Context) -> Sentence | None:
    task = context.subject
    if local_date(context.at) > task.due:
        return _("An extension can only be asked for on or before the due date.")
    if Extension.objects.filter(task=task, state=Extension.State.PENDING).exists():
        return _("A request for an extension is already waiting for its decision.")
    return None


def _extend(context: Context) -> None:
    context.notes["due_before"] = context.subject.due
    context.subject.due = context.given["due"]
    context.subject.in_hand_since = local_date(context.at)


def _hand_over(context: Context) -> None:
    """After ``reassign``: the same share for the other unit, each task naming the other."""
    task, given, day = context.subject, context.given, local_date(context.at)
    successor = Task(
        measure=task.measure,
        organization=given["organization"],
        occurrence=task.occurrence,
        issued_on=day,
        acknowledge_by=Calendar.load().add(day, ACKNOWLEDGE_DAYS),
        original_due=given["due"],
        due=given["due"],
        reassigned_from=task,
    )
    successor.save(force_insert=True)
    said = {"due": successor.due, "plan": task.measure.plan_id, "reassigned_from": task.pk}
    start_history(successor, "assign", actor=context.actor, at=context.at, said=said)
    notify_unit(task, "withdrawn", at=context.at, said=given)
    notify_unit(successor, "reassigned", at=context.at, said=given)


def _tell_office(context: Context) -> None:
    notify_office(context.subject, "declined", at=context.at, said=context.given)


def _state_before(context: Context) -> str:
    return context.subject.state_before


def _tell_unit(kind: str):  # type: ignore[no-untyped-def]
    def tell(context: Context) -> None:
        notify_unit(context.subject, kind, at=context.at, said=context.given)

    return tell


def _handed_in(context: Context) -> None:
    clock.note_late("late_complete", context)
    lapse_requests(context)


def _done(context: Context) -> None:
    if context.subject.state == State.DONE:
        notify_unit(context.subject, "done", at=context.at, said=context.given)
        measure_may_be_finished(context.subject.measure_id, at=context.at)


def _withdrawn(context: Context) -> None:
    lapse_requests(context)
    notify_unit(context.subject, "withdrawn", at=context.at, said=context.given)
    measure_may_be_finished(context.subject.measure_id, at=context.at)


def _acknowledged(context: Context) -> None:
    clock.note_late("late_acknowledge", context)
    _renamed(context)


TABLE: list[Transition] = [
    Transition(
        "acknowledge",
        _("Acknowledge"),
        frozenset({State.PENDING}),
        State.ACTIVE,
        who=(UNIT,),
        form=forms.AcknowledgeForm,
        effect=_acknowledge,
        after=_acknowledged,
        primary=True,
    ),
    Transition(
        "report",
        _("Report progress"),
        frozenset({State.ACTIVE}),
        None,
        who=(HANDLER, UNIT),
        form=forms.ReportForm,
        effect=_progress,
    ),
    attaching({State.ACTIVE}, who=(HANDLER, UNIT)),
    Transition(
        "submit",
        _("Hand in as done"),
        frozenset({State.ACTIVE}),
        State.SUBMITTED,
        who=(UNIT,),
        form=forms.SubmitForm,
        ready=evidence_is_there,
        effect=_submit,
        after=_handed_in,
        primary=True,
    ),
    Transition(
        "rename",
        _("Name another responsible person"),
        frozenset({State.ACTIVE, State.SUSPENDED}),
        None,
        who=(UNIT,),
        form=forms.AcknowledgeForm,
        ready=_another_person,
        effect=_rename,
        after=_renamed,
    ),
    Transition(
        "ask_extension",
        _("Ask for an extension"),
        frozenset({State.ACTIVE}),
        None,
        who=(UNIT_SECRETARY,),
        form=forms.AskExtensionForm,
        guard=_may_still_ask,
        after=open_request,
    ),
    Transition(
        "extend",
        _("Extension granted"),
        frozenset({State.ACTIVE}),
        None,
        form=forms.ExtendForm,
        effect=_extend,
        offered=False,
    ),
    Transition(
        "decline",
        _("Decline or ask to reassign"),
        frozenset({State.PENDING}),
        None,
        who=(UNIT,),
        form=forms.ReasonForm,
        after=_tell_office,
    ),
    Transition(
        "reassign",
        _("Reassign"),
        frozenset({State.PENDING, State.ACTIVE}),
        State.WITHDRAWN,
        who=(OFFICE,),
        form=forms.ReassignForm,
        after=_hand_over,
        dangerous=True,
    ),
    Transition(
        "take_back",
        _("Take back"),
        frozenset({State.SUBMITTED}),
        State.ACTIVE,
        who=(UNIT,),
        guard=_review_not_begun,
        effect=_take_back,
    ),
    Transition(
        "approve",
        _("Approve"),
        frozenset({State.SUBMITTED}),
        _after_first_review,
        who=(REVIEWER,),
        form=forms.RemarkForm,
        guard=_not_own_submission,
        ready=evidence_still_counts,
        effect=_approve,
        after=_done,
        primary=True,
    ),
    Transition(
        "approve_second",
        _("Approve (second review)"),
        frozenset({State.SECOND_REVIEW}),
        State.DONE,
        who=(SECOND_REVIEWER,),
        form=forms.RemarkForm,
        guard=_second_person,
        ready=evidence_still_counts,
        effect=_approve_second,
        after=_done,
        primary=True,
    ),
    Transition(
        "return",
        _("Return"),
        frozenset({State.SUBMITTED}),
        State.ACTIVE,
        who=(REVIEWER,),
        form=forms.ReturnForm,
        guard=_not_own_submission,
        effect=_send_back,
        after=_tell_unit("returned"),
    ),
    Transition(
        "return_second",
        _("Return"),
        frozenset({State.SECOND_REVIEW}),
        State.ACTIVE,
        who=(SECOND_REVIEWER,),
        form=forms.ReturnForm,
        guard=_second_person,
        effect=_send_back,
        after=_tell_unit("returned"),
    ),
    Transition(
        "instruct",
        _("Give an instruction"),
        frozenset({State.ACTIVE}),
        None,
        who=(SUPERIOR,),
        form=forms.RequiredRemarkForm,
        after=_tell_unit("instructed"),
    ),
    Transition(
        "urge",
        _("Urge"),
        frozenset({State.PENDING, State.ACTIVE}),
        None,
        who=(OFFICE,),
        form=forms.RemarkForm,
        effect=clock.count_urging,
        after=_tell_unit("urged"),
    ),
    Transition(
        "reopen",
        _("Reopen"),
        frozenset({State.DONE}),
        State.ACTIVE,
        who=(INSPECTOR, OFFICE, ABOVE_BRANCH),
        form=forms.ReopenForm,
        effect=_reopen,
        after=_tell_unit("reopened"),
        dangerous=True,
    ),
    Transition(
        "suspend",
        _("Suspend"),
        frozenset({State.PENDING, State.ACTIVE}),
        State.SUSPENDED,
        who=(ISSUER,),
        form=forms.SuspendForm,
        effect=_suspend,
        after=_tell_unit("suspended"),
        dangerous=True,
    ),
    Transition(
        "resume",
        _("Resume"),
        frozenset({State.SUSPENDED}),
        _state_before,
        who=(ISSUER,),
        form=forms.RemarkForm,
        effect=_resume,
        after=_tell_unit("resumed"),
    ),
    Transition(
        "withdraw",
        _("Withdraw"),
        frozenset({State.PENDING, State.ACTIVE, State.SUBMITTED, State.SECOND_REVIEW, State.SUSPENDED}),
        State.WITHDRAWN,
        who=(ISSUER,),
        form=forms.ReasonForm,
        after=_withdrawn,
        dangerous=True,
    ),
    Transition(
        "amend",
        _("What is asked was amended"),
        frozenset(Task.OPEN),
        None,
        form=amending.AmendedForm,
        effect=amending.amended,
        offered=False,
    ),
    *clock.TABLE,
]
