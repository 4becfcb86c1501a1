"""Reading and executing the tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from branches.access import Actor
from common.errors import NotAllowed, Refused, Stale
from tracker.events import build_event
from tracker.models.subject import Subject
from tracker.transitions.forms import ActForm

Sentence = str | Promise
S = TypeVar("S", bound=Subject)


@dataclass(frozen=True)
class Context:
    """What guards and effects look at: the locked subject, who acts, when, and the cleaned inputs.

    An effect puts into ``notes`` what the history should keep beside the inputs (``late``, an earlier date …).
    """

    subject: Any
    actor: Actor | None
    at: datetime
    given: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Party:
    """Somebody a row of the table allows: a test on posts, and how the person is called in a refusal."""

    name: Sentence
    test: Callable[[Actor, Any], bool]


@dataclass(frozen=True)
class Transition:
    """One row of a table.

    ``target`` is the state after the act, None when the act leaves the state alone, or a function of the
    context. ``who`` empty means the system alone. ``guard`` returns the sentence of a refusal, or None, and is
    asked before a button is offered; ``ready`` does the same with the cleaned inputs, when the act is performed.
    ``effect`` changes fields of the subject (the engine saves it); ``after`` runs when the event is written, in
    the same transaction. ``offered`` False keeps an act that has its own place on the page out of the buttons.
    """

    act: str
    label: Sentence
    sources: frozenset[str]
    target: str | Callable[[Context], str] | None
    who: tuple[Party, ...] = ()
    form: type[ActForm] = ActForm
    guard: Callable[[Context], Sentence | None] | None = None
    ready: Callable[[Context], Sentence | None] | None = None
    effect: Callable[[Context], None] | None = None
    after: Callable[[Context], None] | None = None
    primary: bool = False
    dangerous: bool = False
    offered: bool = True


@dataclass(frozen=True)
class Decision:
    """Allowed, or refused with the sentence a person needs."""

    allowed: bool
    reason: Sentence = ""
    code: str = ""


@dataclass(frozen=True)
class Offer:
    """An act to show beside a subject: a button, enabled or not, with its reason."""

    transition: Transition
    decision: Decision

    @property
    def act(self) -> str:
        return self.transition.act

    @property
    def label(self) -> Sentence:
        return self.transition.label


@cache
def transitions_of(kind: str) -> dict[str, Transition]:
    """The table of a kind of subject (``plan``, ``measure``, ``task``, ``extension`` …), by act."""
    from tracker.transitions import extension, finding, inspection, measure, plan, pledge, task

    tables = {
        "plan": plan.TABLE,
        "measure": measure.TABLE,
        "task": task.TABLE,
        "extension": extension.TABLE,
        "finding": finding.TABLE,
        "inspection": inspection.TABLE,
        "pledge": pledge.TABLE,
    }
    return {row.act: row for row in tables[kind]}


def decide(subject: Subject, act: str, *, actor: Actor | None, at: datetime) -> Decision:
    """Whether this actor may do this now. ``actor`` None is the system itself. Writes nothing.

    The state is judged first: somebody who may act but came too late reads what the state is.
    """
    row = transitions_of(subject.KIND).get(act)
    if row is None:
        return Decision(False, _("There is no such act."), "no_such_act")
    return _decide(row, Context(subject, actor, at))


def available_acts(subject: Subject, *, actor: Actor, at: datetime) -> list[Offer]:
    """The acts of the table that this person's posts allow in this state, in table order.

    An act that only a guard forbids is listed with its reason, for a disabled button; an act of another
    state or another person is left out.
    """
    offers = []
    for row in transitions_of(subject.KIND).values():
        context = Context(subject, actor, at)
        if not row.offered or subject.state not in row.sources or not _is_party(row, context):  # type: ignore[attr-defined]
            continue
        offers.append(Offer(row, _decide(row, context)))
    return offers


def act_form(
    subject: Subject,
    act: str,
    *,
    actor: Actor | None,
    at: datetime,
    data: Any = None,
    initial: Mapping[str, Any] | None = None,
) -> ActForm:
    """The form of an act's inputs, bound when ``data`` is given. Pages show it, ``perform`` validates by it.

    Raises Refused for an act that does not exist.
    """
    row = transitions_of(subject.KIND).get(act)
    if row is None:
        raise Refused(_("There is no such act."), code="no_such_act")
    return row.form(data=data, initial=dict(initial or {}), subject=subject, actor=actor, at=at)


def perform(
    subject: S,
    act: str,
    *,
    actor: Actor | None,
    at: datetime,
    given: Mapping[str, Any] | None = None,
    version: int | None = None,
) -> S:
    """Do an act. The only writer of a state.

    Effects in order: lock the subject's row; compare ``version`` when given; decide again on the locked
    row; check the inputs; write the fields and the state; append the event; run the follow-ups. One
    transaction: a refusal anywhere leaves nothing behind. Two people at once: the second waits for the
    lock and is then judged by what the first one did.

    Raises Stale when ``version`` is not the present one, NotAllowed when this person may not, Refused
    (with ``fields``) when the state or the inputs do not allow it.
    Returns the subject as it stands now; the instance passed in is left untouched.
    """
    row = transitions_of(subject.KIND).get(act)
    if row is None:
        raise Refused(_("There is no such act."), code="no_such_act")
    with transaction.atomic():
        locked = type(subject)._default_manager.select_for_update(of=("self",)).get(pk=subject.pk)
        if version is not None and locked.version != version:
            raise Stale(
                _("Somebody else acted on this in the meantime. Look at the present state and decide again.")
            )
        context = Context(locked, actor, at)
        decision = _decide(row, context)
        if not decision.allowed:
            kind = NotAllowed if decision.code == "not_allowed" else Refused
            raise kind(decision.reason, code=decision.code)
        cleaned = _clean(row, context, given or {})
        context = Context(locked, actor, at, cleaned)
        if row.ready and (reason := row.ready(context)):
            raise Refused(reason, code="not_ready")
        _write(row, context)
        if row.after:
            row.after(context)
    return locked


def start_history(
    subject: Subject, act: str, *, actor: Actor | None, at: datetime, said: Mapping[str, Any]
) -> None:
    """Append the first event of a subject that was just inserted, in the caller's transaction."""
    post = _post(actor, subject)
    build_event(
        subject,
        act,
        actor=actor,
        post=post,
        at=at,
        from_state="",
        to_state=subject.state,  # type: ignore[attr-defined]
        said=said,
    ).save(force_insert=True)
    subject.save(update_fields=["event_count", "event_head"])


def _is_party(row: Transition, context: Context) -> bool:
    if context.actor is None:
        return not row.who
    return any(party.test(context.actor, context.subject) for party in row.who)


def _decide(row: Transition, context: Context) -> Decision:
    subject = context.subject
    if subject.state not in row.sources:
        state = subject.get_state_display()
        return Decision(
            False, _("This is not possible in the state “%(state)s”.") % {"state": state}, "wrong_state"
        )
    if not _is_party(row, context):
        names = "、".join(str(party.name) for party in row.who) or _("the system")
        return Decision(False, _("Only this may do that: %(who)s.") % {"who": names}, "not_allowed")
    if row.guard and (reason := row.guard(context)):
        return Decision(False, reason, "not_allowed")
    return Decision(True)


def _clean(row: Transition, context: Context, given: Mapping[str, Any]) -> dict[str, Any]:
    form = row.form(data=given, subject=context.subject, actor=context.actor, at=context.at)
    if form.is_valid():
        return form.cleaned_data
    fields = {name: " ".join(str(e) for e in errors) for name, errors in form.errors.items()}
    first = next(iter(fields.items()))
    label = form.fields[first[0]].label if first[0] in form.fields else ""
    message = f"{label}：{first[1]}" if label else first[1]
    raise Refused(message, code="invalid", fields=fields)


def _write(row: Transition, context: Context) -> None:
    subject, before = context.subject, context.subject.state
    target = row.target(context) if callable(row.target) else row.target
    if row.effect:
        row.effect(context)
    subject.state = target or before
    subject.version += 1
    event = build_event(
        subject,
        row.act,
        actor=context.actor,
        post=_post(context.actor, subject),
        at=context.at,
        from_state=before,
        to_state=subject.state,
        said={name: _said(value) for name, value in context.given.items() if not _is_empty(value)}
        | context.notes,
    )
    event.save(force_insert=True)
    subject.save()


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list) and not value)


def _said(value: Any) -> Any:
    """How an input is kept in the history: a person or organisation by id and by the name of that day."""
    if hasattr(value, "pk"):
        return {"id": value.pk, "name": str(value)}
    if isinstance(value, list | tuple) or hasattr(value, "iterator"):
        return [_said(item) for item in value]
    return value


def _post(actor: Actor | None, subject: Any) -> str:
    organization = getattr(subject, "organization", None)
    if actor is None or organization is None:
        return actor.title if actor else ""
    return actor.title_at(organization)
