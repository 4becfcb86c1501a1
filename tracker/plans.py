"""Verbs on plans and measures before they are issued. States are written by ``tracker.transitions`` alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from branches.access import Actor
from branches.models import Organization
from common.clock import local_date
from common.errors import NotAllowed, Refused, Stale
from common.periods import Period
from common.workdays import Calendar
from tracker.events import record
from tracker.models import Action, Measure, Plan
from tracker.sources import lock_actions
from tracker.transitions import start_history
from tracker.transitions.parties import is_office
from tracker.variants import said_of

LONGEST = 9
"""Years that a plan may run beyond its first (十年规划)."""
EDITABLE = frozenset(
    {
        "title",
        "requirement",
        "variants",
        "theme",
        "responsible_leader",
        "lead",
        "supporting",
        "business",
        "deliverable",
        "evidence_required",
        "evidence_note",
        "target_number",
        "target_unit",
        "target_of",
        "weight",
        "starts_on",
        "due",
        "event",
        "event_days",
        "due_words",
        "cadence",
        "receiver_kinds",
        "receiver_area",
        "receiver_tag",
        "receiver_rating",
        "no_source_reason",
    }
)
"""The fields of a measure that the office may change before it is issued."""


def create_plan(
    *,
    organization: Organization,
    title: str,
    period: str,
    kind: str,
    actor: Actor,
    at: datetime,
    two_reviews: bool = False,
    until_year: int | None = None,
) -> Plan:
    """A new draft; ``until_year`` for one over several years, its last.

    Raises NotAllowed unless the actor is the office of the organisation, Refused for a bad period or last year.
    """
    if not is_office(actor, organization):
        raise NotAllowed(
            _("Only the office of %(unit)s may draw up its plans.") % {"unit": organization.short_name}
        )
    first = Period.parse(period)
    code = first.code
    if until_year is not None and not first.year <= until_year <= first.year + LONGEST:
        sentence = _("A plan runs for at most %(years)s further years.") % {"years": LONGEST}
        raise Refused(sentence, fields={"until_year": sentence})
    with transaction.atomic():
        plan = Plan(
            organization=organization,
            title=title,
            period=code,
            kind=kind,
            two_reviews=two_reviews,
            until_year=until_year,
            created_by=actor.user,
            created_at=at,
        )
        plan.save(force_insert=True)
        start_history(plan, "create", actor=actor, at=at, said={"title": title, "period": code})
    return plan


def add_measure(
    plan: Plan,
    *,
    actor: Actor,
    at: datetime,
    fields: Mapping[str, Any],
    actions: Iterable[Action] = (),
    receivers: Iterable[Organization] = (),
    again: bool = False,
) -> Measure:
    """Register a measure in a plan, anchored to the actions it takes up.

    Effects in order: lock the plan, then the actions; insert at the end; link receivers and actions; mark the actions
    as taken; append the event. A measure without actions needs ``no_source_reason``. Lead unit is the issuer unless
    named. ``again`` lets an action that is already taken give one more measure (splitting what one clause asks for).
    Raises NotAllowed, Stale when an action was decided meanwhile, or Refused when the plan is closed or a reason is
    missing.
    """
    chosen = list(actions)
    with transaction.atomic():
        plan = _locked(plan, actor)
        _lock_for_taking(chosen, actor, again=again)
        if not chosen and not fields.get("no_source_reason"):
            raise Refused(
                _("Say why this measure has no source."),
                fields={"no_source_reason": _("Say why this measure has no source.")},
            )
        last = Measure.objects.filter(plan=plan).aggregate(last=Max("position"))["last"] or 0
        measure = Measure(plan=plan, position=last + 1, **{"lead": plan.organization, **fields})
        measure.save(force_insert=True)
        measure.receivers.set(receivers)
        measure.actions.set(chosen)
        _take(chosen, actor=actor, at=at)
        said = {"title": measure.title, "actions": [action.pk for action in chosen]}
        start_history(measure, "register", actor=actor, at=at, said=said)
    return measure


def edit_measure(
    measure: Measure,
    *,
    actor: Actor,
    at: datetime,
    fields: Mapping[str, Any],
    receivers: Iterable[Organization] | None = None,
    version: int | None = None,
) -> Measure:
    """Change a measure that is not issued yet; ``receivers`` None leaves the named ones alone.

    The event keeps the values that changed, before and after. Saving what is already there changes nothing and
    writes no event. Raises NotAllowed, Stale when ``version`` is no longer the present one, Refused when the
    measure is issued.
    """
    with transaction.atomic():
        locked = _locked_measure(measure, actor, version)
        changed = {}
        for name in sorted(EDITABLE & set(fields)):
            before = getattr(locked, name)
            if before != fields[name]:
                changed[name] = [_plain(before), _plain(fields[name])]
                setattr(locked, name, fields[name])
        if not locked.title.strip():
            raise Refused(_("Give the measure a title."), fields={"title": _("Give the measure a title.")})
        if receivers is not None:
            before_ids = sorted(locked.receivers.values_list("pk", flat=True))
            after_ids = sorted({organization.pk for organization in receivers})
            if before_ids != after_ids:
                changed["receivers"] = [before_ids, after_ids]
                locked.receivers.set(after_ids)
        if changed:
            record(
                locked,
                "edit",
                actor=actor,
                post=actor.title_at(locked.plan.organization),
                at=at,
                said=changed,
            )
    return locked


def declare_event(measure: Measure, *, on: date, actor: Actor, at: datetime) -> Measure:
    """Say on which local day the event took place that starts a measure's clock; its due date follows.

    ``event_days`` calendar days later; on a day off, the working day before. An issued measure gets its tasks by the
    plan's supplement. Raises NotAllowed, Refused for a measure that waits for no event or where the date would have
    passed already.
    """
    with transaction.atomic():
        plan = _locked(measure.plan, actor)
        locked = Measure.objects.select_for_update(of=("self",)).get(pk=measure.pk)
        locked.plan = plan
        if not locked.awaits_event or locked.state not in {Measure.State.PROPOSED, Measure.State.ACTIVE}:
            raise Refused(_("This measure does not wait for an event."))
        due = Calendar.load().roll_back(on + timedelta(days=locked.event_days or 1))
        if due < local_date(at):
            raise Refused(
                _("It would have been due on %(day)s already. Check the day of the event.")
                % {"day": f"{due:%Y-%m-%d}"}
            )
        locked.due = due
        said = {"event": locked.event, "on": on, "due": due}
        record(locked, "declare", actor=actor, post=actor.title_at(plan.organization), at=at, said=said)
    return locked


def edit_measures(
    measures: Iterable[Measure], *, actor: Actor, at: datetime, fields: Mapping[str, Any]
) -> int:
    """Give the same values to several measures of a plan; all or none. Returns how many changed."""
    changed = 0
    with transaction.atomic():
        for measure in sorted(measures, key=lambda m: m.pk):
            changed += edit_measure(measure, actor=actor, at=at, fields=fields).version != measure.version
    return changed


def merge_actions(measure: Measure, actions: Iterable[Action], *, actor: Actor, at: datetime) -> Measure:
    """Take further actions up into a measure that is not issued yet. Raises NotAllowed, Stale or Refused."""
    chosen = list(actions)
    with transaction.atomic():
        locked = _locked_measure(measure, actor, None)
        _lock_for_taking(chosen, actor, again=False)
        locked.actions.add(*chosen)
        _take(chosen, actor=actor, at=at)
        said = {"actions": [action.pk for action in chosen]}
        record(locked, "merge", actor=actor, post=actor.title_at(locked.plan.organization), at=at, said=said)
    return locked


def merge_measures(into: Measure, other: Measure, *, actor: Actor, at: datetime) -> Measure:
    """Make one measure of two: ``into`` keeps its fields, takes the other's source words and receivers.

    The other one's requirement is put below where it says something else; then it is removed from the draft.
    Raises NotAllowed, or Refused when they are the same, of different plans, or issued.
    """
    if into.pk == other.pk or into.plan_id != other.plan_id:
        raise Refused(_("Choose two different measures of the same plan."))
    with transaction.atomic():
        kept = _locked_measure(into, actor, None)
        gone = _locked_measure(other, actor, None)
        kept.actions.add(*gone.actions.all())
        kept.receivers.add(*gone.receivers.all())
        kept.receiver_kinds = list(dict.fromkeys([*kept.receiver_kinds, *gone.receiver_kinds]))
        if gone.requirement and gone.requirement not in kept.requirement:
            kept.requirement = f"{kept.requirement}\n{gone.requirement}".strip()
        for key, text in gone.variants.items():
            own = kept.variants.get(key, "")
            kept.variants[key] = own if text in own else "；".join(filter(None, [own, text]))
        said = {"measure": gone.pk, "title": gone.title}
        record(kept, "merge", actor=actor, post=actor.title_at(kept.plan.organization), at=at, said=said)
        _remove(gone, actor=actor, at=at)
    return kept


def split_measure(measure: Measure, *, title: str, actor: Actor, at: datetime) -> Measure:
    """A second measure from the same words, next to the first and with its values but for the title.

    Raises NotAllowed, or Refused when the title is empty or the measure is issued.
    """
    with transaction.atomic():
        first = _locked_measure(measure, actor, None)
        if not title.strip():
            raise Refused(_("Give the measure a title."), fields={"title": _("Give the measure a title.")})
        fields = {name: getattr(first, name) for name in EDITABLE} | {"title": title.strip()}
        if not first.actions.exists() and not first.no_source_reason:
            fields["no_source_reason"] = _("split from “%(title)s”") % {"title": first.title[:100]}
        second = add_measure(
            first.plan,
            actor=actor,
            at=at,
            fields=fields,
            actions=first.actions.all(),
            receivers=first.receivers.all(),
            again=True,
        )
        return move_measure(second, to=first.position + 1, actor=actor, at=at)


def move_measure(measure: Measure, *, to: int, actor: Actor, at: datetime) -> Measure:
    """Put a measure at another number of its plan's list, counted from 1; the others close up.

    Numbers of issued measures are known outside and stay: a measure moves only among those not issued yet.
    Raises NotAllowed, or Refused when the measure is issued.
    """
    del at
    with transaction.atomic():
        locked = _locked_measure(measure, actor, None)
        order = list(Measure.objects.select_for_update().filter(plan=locked.plan_id))
        fixed = sum(m.state != Measure.State.PROPOSED for m in order)
        order = [m for m in order if m.pk != locked.pk]
        order.insert(min(max(to - 1, fixed), len(order)), locked)
        _number(order)
    return locked


def remove_measure(measure: Measure, *, actor: Actor, at: datetime, version: int | None = None) -> None:
    """Take a measure out of the draft; what it had taken up is undecided again, unless another measure has it.

    The plan's history keeps its title and the end of its own history. Raises NotAllowed, Stale, or Refused when the
    measure is issued: that one has to be withdrawn, with a reason.
    """
    with transaction.atomic():
        _remove(_locked_measure(measure, actor, version), actor=actor, at=at)


def release_action(action: Action, *, actor: Actor, at: datetime) -> Action:
    """Undo accepting: take an action out of the draft measures that took it up.

    A measure that has no other source words goes with it. Raises NotAllowed, Stale when it is no longer taken,
    Refused when one of the measures is issued.
    """
    with transaction.atomic():
        plans = Plan.objects.filter(measures__actions=action).order_by("pk")
        for plan in Plan.objects.select_for_update().filter(pk__in=plans.values("pk")).order_by("pk"):
            _locked(plan, actor)
        [locked] = lock_actions([action], actor=actor, expected={Action.Decision.TAKEN})
        for measure in Measure.objects.filter(actions=locked).order_by("pk"):
            draft = _locked_measure(measure, actor, None)
            if draft.actions.count() == 1:
                _remove(draft, actor=actor, at=at)
            else:
                draft.actions.remove(locked)
                said = {"actions": [locked.pk]}
                record(
                    draft,
                    "release",
                    actor=actor,
                    post=actor.title_at(draft.plan.organization),
                    at=at,
                    said=said,
                )
        _reopen([locked.pk], actor=actor, at=at)
        locked.refresh_from_db()
    return locked


def _locked(plan: Plan, actor: Actor) -> Plan:
    locked = Plan.objects.select_for_update(of=("self",)).select_related("organization").get(pk=plan.pk)
    if not is_office(actor, locked.organization):
        raise NotAllowed(
            _("Only the office of %(unit)s may change this plan.") % {"unit": locked.organization.short_name}
        )
    if locked.state == Plan.State.CLOSED:
        raise Refused(_("This plan is closed and can only be read."))
    return locked


def _locked_measure(measure: Measure, actor: Actor, version: int | None) -> Measure:
    """The measure under its plan's lock and its own, still editable and of the version that was seen."""
    plan = _locked(measure.plan, actor)
    locked = Measure.objects.select_for_update(of=("self",)).filter(pk=measure.pk).first()
    if locked is None:
        raise Stale(_("Somebody has removed this measure in the meantime."))
    locked.plan = plan
    if version is not None and locked.version != version:
        raise Stale(
            _(
                "Somebody else changed this measure in the meantime. What you typed is still here: compare and save."
            )
        )
    if locked.state != Measure.State.PROPOSED:
        raise Refused(
            _(
                "“%(title)s” has been issued; it is changed by an amendment on its page, so that the units are told."
            )
            % {"title": locked.title},
            code="issued",
        )
    return locked


def _lock_for_taking(actions: list[Action], actor: Actor, *, again: bool) -> None:
    expected = {Action.Decision.OPEN} | ({Action.Decision.TAKEN} if again else set())
    if actions:
        lock_actions(actions, actor=actor, expected=expected)


def _take(actions: list[Action], *, actor: Actor, at: datetime) -> None:
    Action.objects.filter(pk__in=[action.pk for action in actions]).update(
        decision=Action.Decision.TAKEN, decided_by=actor.user, decided_at=at, reason=""
    )


def _reopen(actions: list[int], *, actor: Actor, at: datetime) -> None:
    """Those of the actions that no measure has any more are undecided again."""
    Action.objects.filter(pk__in=actions, measures__isnull=True).update(
        decision=Action.Decision.OPEN, decided_by=actor.user, decided_at=at, reason=""
    )


def _remove(measure: Measure, *, actor: Actor, at: datetime) -> None:
    plan, pk = measure.plan, measure.pk
    if measure.comments.exists():
        raise Refused(
            _(
                "Units have commented on “%(title)s”, so it stays with its comments. Put it in reserve or withdraw it."
            )
            % {"title": measure.title},
            code="commented",
        )
    actions = list(measure.actions.values_list("pk", flat=True))
    said = {"measure": pk, "title": measure.title, "head": measure.event_head}
    measure.actions.clear()
    measure.delete()
    _reopen(actions, actor=actor, at=at)
    _number(list(Measure.objects.filter(plan=plan)))
    record(plan, "remove_measure", actor=actor, post=actor.title_at(plan.organization), at=at, said=said)


def _number(order: list[Measure]) -> None:
    moved = []
    for position, measure in enumerate(order, start=1):
        if measure.position != position:
            measure.position = position
            moved.append(measure)
    Measure.objects.bulk_update(moved, ["position"])


def _plain(value: Any) -> Any:
    """How a value is kept in the history: a person or organisation by its name of that day."""
    if isinstance(value, dict):
        return said_of(value)
    return str(value) if hasattr(value, "pk") else value
