"""The table of the pledge (责任状): two signatures, and drawing it up anew when the plan has changed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tracker.models import Pledge
from tracker.transitions.engine import Context, Sentence, Transition
from tracker.transitions.parties import ISSUER, OFFICE, SIGNER

State = Pledge.State


def _still_holds(context: Context) -> Sentence | None:
    """Nobody signs what no longer is the plan, and nobody for both sides."""
    from tracker.pledge_lines import changes_of

    pledge, actor = context.subject, context.actor
    if actor and actor.user.pk in {pledge.unit_signed_by_id, pledge.issuer_signed_by_id}:
        return _("You have signed for the other side. Somebody else has to sign here.")
    if changes_of(pledge):
        return _(
            "The plan has changed since this pledge was drawn up. The office has to draw it up anew first."
        )
    return None


def _has_changed(context: Context) -> Sentence | None:
    from tracker.pledge_lines import changes_of

    return None if changes_of(context.subject) else _("Nothing in the plan has changed since.")


def _sign_for_unit(context: Context) -> None:
    pledge, actor = context.subject, context.actor
    if actor:
        pledge.unit_signed_by, pledge.unit_signed_at = actor.user, context.at
        pledge.unit_signed_as = actor.title_at(pledge.organization)


def _sign_for_issuer(context: Context) -> None:
    pledge, actor = context.subject, context.actor
    if actor:
        pledge.issuer_signed_by, pledge.issuer_signed_at = actor.user, context.at
        pledge.issuer_signed_as = actor.title_at(pledge.plan.organization)


def _draw_up_anew(context: Context) -> None:
    """The present state of the plan; both signatures were given to other words. The history keeps the old ones."""
    from tracker.pledge_lines import present_lines

    pledge = context.subject
    context.notes["lines_before"] = pledge.lines
    pledge.lines = present_lines(pledge)
    pledge.unit_signed_by = pledge.issuer_signed_by = None
    pledge.unit_signed_as = pledge.issuer_signed_as = ""
    pledge.unit_signed_at = pledge.issuer_signed_at = None


def _ask_to_sign(context: Context) -> None:
    from tracker.pledges import ask_to_sign

    ask_to_sign([context.subject], at=context.at, cause=f"v{context.subject.version}")


TABLE: list[Transition] = [
    Transition(
        "sign_for_unit",
        _("Sign for the unit"),
        frozenset({State.OPEN, State.ISSUER_SIGNED}),
        lambda c: State.SIGNED if c.subject.issuer_signed_at else State.UNIT_SIGNED,
        who=(SIGNER,),
        guard=_still_holds,
        effect=_sign_for_unit,
        primary=True,
        dangerous=True,
    ),
    Transition(
        "sign_for_issuer",
        _("Sign for the issuing organization"),
        frozenset({State.OPEN, State.UNIT_SIGNED}),
        lambda c: State.SIGNED if c.subject.unit_signed_at else State.ISSUER_SIGNED,
        who=(ISSUER,),
        guard=_still_holds,
        effect=_sign_for_issuer,
        primary=True,
        dangerous=True,
    ),
    Transition(
        "draw_up_anew",
        _("Draw up anew"),
        frozenset(State),
        State.OPEN,
        who=(OFFICE, ISSUER),
        guard=_has_changed,
        effect=_draw_up_anew,
        after=_ask_to_sign,
        dangerous=True,
    ),
]
