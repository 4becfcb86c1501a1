"""Consultation (征求意见): the receiving units comment on a draft, the office answers every comment."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from branches.access import Actor
from branches.models import Organization, Post
from common.clock import local_date
from common.errors import NotAllowed, Refused, Stale
from tracker.events import record
from tracker.issuing import issuable, receivers_of_each
from tracker.models import Comment, Measure, Notice, Plan
from tracker.transitions.parties import is_office

COMMENT_ROLES = frozenset({Post.Role.SECRETARY, Post.Role.CLERK, Post.Role.LEADER, Post.Role.CHIEF})


def receiving_units(plan: Plan, *, at: datetime) -> list[Organization]:
    """Every organisation that some measure of the plan would go to on that day, in tree order."""
    day = local_date(at)
    each = receivers_of_each(issuable(plan), plan, day=day)
    units = {unit.pk: unit for _measure, receivers in each for unit in receivers}
    return sorted(units.values(), key=lambda unit: unit.path)


def invite(plan: Plan, *, at: datetime) -> None:
    """Remember whom the plan is laid before, and tell them; in the transaction that opened the consultation."""
    units = receiving_units(plan, at=at)
    plan.consulted.set(units)
    posts = Post.objects.held_on(local_date(at)).filter(
        organization__in=units, role__in=[Post.Role.SECRETARY, Post.Role.CLERK], user__is_active=True
    )
    data = {
        "plan": plan.title,
        "until": f"{plan.comments_until:%Y-%m-%d}",
        "url": f"/plans/{plan.pk}/comments/",
    }
    people = set(posts.values_list("user_id", flat=True))
    key = f"consult:{plan.pk}:{plan.version}"
    Notice.objects.bulk_create(
        [
            Notice(recipient_id=person, kind="consulted", data=data, key=f"{key}:{person}", created_at=at)
            for person in sorted(people)
        ],
        ignore_conflicts=True,
    )


def comment(
    measure: Measure, *, organization: Organization, text: str, actor: Actor, at: datetime
) -> Comment:
    """A unit's comment on one measure; written again before it is answered, it replaces the earlier text.

    Effects in order: lock the measure; check that its plan is in consultation, the unit was asked, the person holds
    a post there; write; append the event to the measure's history.
    Raises NotAllowed or Refused.
    """
    if not actor.holds(COMMENT_ROLES, organization):
        raise NotAllowed(
            _("Only secretary, clerk or leaders of %(unit)s may comment for it.") % _unit(organization)
        )
    if not text.strip():
        raise Refused(_("Write the comment first."), fields={"text": _("Missing.")})
    with transaction.atomic():
        locked = _locked(measure)
        if locked.plan.state != Plan.State.CONSULTING:
            raise Refused(_("This plan is not in consultation."))
        if not locked.plan.consulted.filter(pk=organization.pk).exists():
            raise NotAllowed(_("%(unit)s was not asked for comments on this plan.") % _unit(organization))
        found = Comment.objects.filter(measure=locked, organization=organization).first()
        if found and found.verdict:
            raise Refused(_("This comment is already answered and stays as it is."))
        found = found or Comment(measure=locked, organization=organization)
        found.text, found.author, found.at = text.strip(), actor.user, at
        found.save()
        said = {"organization": {"id": organization.pk, "name": str(organization)}, "text": found.text}
        post = actor.title_at(organization)
        record(locked, "comment", actor=actor, post=post, at=at, said=said, newer=False)
    return found


def answer(found: Comment, *, verdict: str, reason: str, actor: Actor, at: datetime) -> Comment:
    """The office's answer to a comment: taken up, in part, or not, always with a reason. Tells the author.

    Raises NotAllowed, Refused without verdict or reason, Stale when it is answered already.
    """
    if verdict not in Comment.Verdict.values or not reason.strip():
        raise Refused(_("Choose an answer and give its reason."), fields={"reason": _("Missing.")})
    with transaction.atomic():
        measure = _locked(found.measure)
        if not is_office(actor, measure.plan.organization):
            raise NotAllowed(
                _("Only the office of %(unit)s may answer comments.") % _unit(measure.plan.organization)
            )
        answered = Comment.objects.select_related("organization").get(pk=found.pk)
        if answered.verdict:
            raise Stale(_("Somebody else has answered this comment in the meantime."))
        answered.verdict, answered.reason = verdict, reason.strip()
        answered.answered_by, answered.answered_at = actor.user, at
        answered.save(update_fields=["verdict", "reason", "answered_by", "answered_at"])
        said = {"comment": answered.pk, "verdict": verdict, "reason": answered.reason}
        post = actor.title_at(measure.plan.organization)
        record(measure, "answer_comment", actor=actor, post=post, at=at, said=said, newer=False)
        data = {
            "measure": measure.title,
            "reason": answered.reason,
            "url": f"/plans/{measure.plan_id}/comments/#measure-{measure.pk}",
        }
        Notice.objects.create(recipient=answered.author, kind="comment_answered", data=data, created_at=at)
    return answered


def unanswered(plan: Plan) -> int:
    """How many comments still wait for the office's answer."""
    return Comment.objects.filter(measure__plan=plan, verdict="").count()


def _locked(measure: Measure) -> Measure:
    return (
        Measure.objects.select_for_update(of=("self",))
        .select_related("plan__organization")
        .get(pk=measure.pk)
    )


def _unit(organization: Organization) -> dict[str, str]:
    return {"unit": organization.short_name}
