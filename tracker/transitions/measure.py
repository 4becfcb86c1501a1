"""The table of the measure (举措)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from branches.access import Actor
from common.workdays import Calendar
from tracker.models import Measure, Task
from tracker.occurrences import planned
from tracker.transitions import amending, forms
from tracker.transitions.engine import Context, Party, Sentence, Transition, perform
from tracker.transitions.parties import ABOVE_BRANCH, INSPECTOR, INSPECTOR_ABOVE_BRANCH, ISSUER, OFFICE

State = Measure.State


def measure_may_be_finished(measure_id: int, *, at: datetime) -> None:
    """Turn a measure to 待销号 when all its tasks are done or withdrawn and at least one is done.

    Called in the transaction that closed a task. Two tasks closing at once: the measure's row lock lets the
    second one see the first.
    """
    measure = Measure.objects.select_for_update().get(pk=measure_id)
    if measure.state == State.ACTIVE and _all_tasks_closed(measure):
        perform(measure, "finish", actor=None, at=at)


def _all_tasks_closed(measure: Measure) -> bool:
    tasks = Task.objects.filter(measure=measure)
    if tasks.open().exists() or not tasks.filter(state=Task.State.DONE).exists():
        return False
    if measure.cadence == Measure.Cadence.ONCE or measure.carried_from_id:
        return True
    # What recurs waits for its last occurrence, which may not be opened yet.
    found = planned(measure.plan, measure, since=date.min, calendar=Calendar.load())
    return not found or tasks.filter(occurrence=found[-1].label).exists()


def _uninvolved(actor: Actor, measure: Any) -> bool:
    return not Task.objects.filter(measure=measure).filter(_involves(actor)).exists()


def _involves(actor: Actor) -> Any:
    from django.db.models import Q

    me = actor.user.pk
    return Q(submitted_by=me) | Q(reviewed_by=me) | Q(handler=me)


def _not_involved(context: Context) -> Sentence | None:
    if context.actor and not _uninvolved(context.actor, context.subject):
        return _("Somebody who neither handed in nor reviewed any of its tasks has to verify a measure.")
    return None


def _no_open_task(context: Context) -> Sentence | None:
    return None if _all_tasks_closed(context.subject) else _("There are still open tasks.")


def _withdraw_tasks(context: Context) -> None:
    for task in Task.objects.filter(measure=context.subject).open().order_by("pk"):
        perform(
            task, "withdraw", actor=context.actor, at=context.at, given={"reason": context.given["reason"]}
        )


def _tell_plan_is_issued(context: Context) -> Sentence | None:
    if context.subject.plan.state != "ISSUED":
        return _("Tasks come from an issued plan.")
    return None


def _plan_is_open_to_work(context: Context) -> Sentence | None:
    if context.subject.plan.state == "CLOSED":
        return _("This plan is closed and can only be read.")
    return None


def _reopen_tasks(context: Context) -> None:
    """The chosen tasks go back to their units; without one the measure would be under way with nothing left to do."""
    given = {"reason": context.given["reason"], "due": context.given["due"]}
    for task in context.given["tasks"]:
        perform(task, "reopen", actor=context.actor, at=context.at, given=given)


def _reserve(context: Context) -> None:
    context.subject.review_on = context.given["review_on"]


def _take_up(context: Context) -> None:
    context.subject.review_on = None


def _has_a_next_plan(context: Context) -> Sentence | None:
    if context.subject.plan.state != "ISSUED":
        return _("Only a measure of an issued plan is carried over.")
    if not forms.next_plans(context.subject).exists():
        return _("There is no plan of a later period yet. Create it first, then carry the measure over.")
    return None


def _carry(context: Context) -> None:
    """The measure moves with all its tasks; they keep their history, dates and numbers."""
    measure, to = context.subject, context.given["to"]
    last = Measure.objects.filter(plan=to).aggregate(last=Max("position"))["last"]
    context.notes["from_plan"] = {"id": measure.plan_id, "name": measure.plan.title}
    measure.carried_from = measure.carried_from or measure.plan
    measure.plan, measure.position = to, (last or 0) + 1


VERIFIER: tuple[Party, ...] = (INSPECTOR, OFFICE, ABOVE_BRANCH)

TABLE: list[Transition] = [
    Transition(
        "reserve",
        _("Hold in reserve"),
        frozenset({State.PROPOSED}),
        State.RESERVED,
        who=(OFFICE,),
        form=forms.ReserveForm,
        effect=_reserve,
    ),
    Transition(
        "take_up", _("Take up"), frozenset({State.RESERVED}), State.PROPOSED, who=(OFFICE,), effect=_take_up
    ),
    Transition("activate", _("Start"), frozenset({State.PROPOSED}), State.ACTIVE, guard=_tell_plan_is_issued),
    Transition(
        "amend",
        _("Amend what is asked"),
        frozenset({State.ACTIVE}),
        None,
        who=(OFFICE,),
        form=amending.AmendForm,
        ready=amending.something_changes,
        effect=amending.amend,
        after=amending.announce,
    ),
    Transition(
        "finish", _("All tasks closed"), frozenset({State.ACTIVE}), State.VERIFYING, guard=_no_open_task
    ),
    Transition(
        "verify",
        _("Verify and close out"),
        frozenset({State.VERIFYING}),
        State.VERIFIED,
        who=VERIFIER,
        form=forms.RequiredRemarkForm,
        guard=_not_involved,
        primary=True,
    ),
    Transition(
        "not_verified",
        _("Not verified"),
        frozenset({State.VERIFYING}),
        State.ACTIVE,
        who=VERIFIER,
        form=forms.ReopenTasksForm,
        guard=_not_involved,
        after=_reopen_tasks,
    ),
    Transition(
        "look_back_fails",
        _("Look-back: did not last"),
        frozenset({State.VERIFIED}),
        State.ACTIVE,
        who=(INSPECTOR, INSPECTOR_ABOVE_BRANCH),
        form=forms.ReopenTasksForm,
        guard=_plan_is_open_to_work,
        after=_reopen_tasks,
        dangerous=True,
    ),
    Transition(
        "carry_forward",
        _("Carry over"),
        frozenset({State.ACTIVE, State.VERIFYING}),
        State.ACTIVE,
        who=(OFFICE,),
        form=forms.CarryForwardForm,
        guard=_has_a_next_plan,
        effect=_carry,
    ),
    Transition(
        "withdraw",
        _("Withdraw"),
        frozenset({State.PROPOSED, State.RESERVED, State.ACTIVE, State.VERIFYING}),
        State.WITHDRAWN,
        who=(ISSUER,),
        form=forms.ReasonForm,
        after=_withdraw_tasks,
        dangerous=True,
    ),
]
