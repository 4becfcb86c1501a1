"""The parties of the tables: which posts make somebody unit, office, reviewer, issuer or inspector."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from branches.access import Actor
from branches.models import Organization, Post
from common.errors import NotAllowed
from tracker.models import Plan
from tracker.transitions.engine import Party

Role = Post.Role
OFFICE_ROLES = frozenset({Role.CLERK, Role.DEPUTY_SECRETARY})
REVIEW_ROLES = frozenset({Role.CLERK, Role.DEPUTY_SECRETARY, Role.SECRETARY})


def is_office(actor: Actor, organization: Organization) -> bool:
    """Office: clerk or deputy secretary of the organisation; in a branch also its secretary."""
    roles = OFFICE_ROLES | {Role.SECRETARY} if organization.kind == Organization.Kind.BRANCH else OFFICE_ROLES
    return actor.holds(roles, organization)


def may_edit(actor: Actor, plan: Plan) -> bool:
    """Whether somebody may change a plan and its measures: its office, until it is closed."""
    return plan.state != Plan.State.CLOSED and is_office(actor, plan.organization)


def require_edit(actor: Actor, plan: Plan) -> None:
    """Raise NotAllowed unless the actor may change a plan."""
    if not may_edit(actor, plan):
        raise NotAllowed(
            _now("Only the office of %(unit)s may change this plan.") % {"unit": plan.organization.short_name}
        )


def is_unit(actor: Actor, subject: Any) -> bool:
    """Unit: secretary of the organisation that holds the task or finding, or its clerk for the secretary."""
    return actor.holds({Role.SECRETARY, Role.CLERK}, subject.organization)


def is_reviewer(actor: Actor, task: Any) -> bool:
    """First review: clerk, deputy or secretary of an organisation above the unit, not above the issuer.

    Where an organisation issued to itself, its superior reviews. In a plan with two levels the first
    review lies below the issuer where there is anybody below it.
    """
    issuer = task.measure.plan.organization
    if issuer.pk == task.organization_id:
        return actor.holds_above(REVIEW_ROLES, task.organization)
    if task.measure.plan.two_reviews and task.organization.parent_id != issuer.pk:
        return any(
            post.role in REVIEW_ROLES
            and task.organization.is_below(post.organization)
            and post.organization.is_below(issuer)
            for post in actor.posts
        )
    return actor.holds_above(REVIEW_ROLES, task.organization, up_to=issuer)


def _holds_unit(actor: Actor, subject: Any) -> bool:
    return is_unit(actor, subject)


def _is_handler(actor: Actor, task: Any) -> bool:
    return task.handler_id == actor.user.pk and actor.sees(task.organization)


def _is_office_of_plan(actor: Actor, subject: Any) -> bool:
    return is_office(actor, _issuer(subject))


def _is_issuer(actor: Actor, subject: Any) -> bool:
    return actor.holds({Role.SECRETARY, Role.LEADER}, _issuer(subject))


def _is_second_reviewer(actor: Actor, subject: Any) -> bool:
    return actor.holds(REVIEW_ROLES, _issuer(subject))


def _is_unit_secretary(actor: Actor, subject: Any) -> bool:
    return actor.holds({Role.SECRETARY}, subject.organization)


def _signs_for_unit(actor: Actor, pledge: Any) -> bool:
    """The secretary; in a leading group, which elects none, also its chief."""
    is_group = pledge.organization.kind == Organization.Kind.LEADING_GROUP
    return actor.holds({Role.SECRETARY, Role.CHIEF} if is_group else {Role.SECRETARY}, pledge.organization)


def _is_inspector(actor: Actor, subject: Any) -> bool:
    return actor.holds({Role.INSPECTOR}, _issuer(subject))


def _verifies_a_branch(actor: Actor, subject: Any) -> bool:
    """In its own plan a branch hands in everything itself: a superior's office or inspector judges the effect."""
    issuer = _issuer(subject)
    if issuer.kind != Organization.Kind.BRANCH:
        return False
    return actor.holds_above(OFFICE_ROLES | {Role.INSPECTOR}, issuer)


def _inspects_a_branch(actor: Actor, subject: Any) -> bool:
    issuer = _issuer(subject)
    is_branch = issuer.kind == Organization.Kind.BRANCH
    return is_branch and actor.holds_above({Role.INSPECTOR}, issuer)


def _is_superior(actor: Actor, task: Any) -> bool:
    return actor.holds_above({Role.LEADER, Role.CHIEF, Role.SECRETARY}, task.organization)


def _issuer(subject: Any) -> Organization:
    """The organisation whose business a subject is: the plan's issuer, or who keeps a finding or inspection."""
    match subject.KIND:
        case "task":
            return subject.measure.plan.organization
        case "measure" | "pledge":
            return subject.plan.organization
        case "extension":
            return subject.task.measure.plan.organization
        case "finding":
            return subject.found_by
        case _:
            return subject.organization


UNIT = Party(_("the unit's secretary or clerk"), _holds_unit)
UNIT_SECRETARY = Party(_("the unit's secretary"), _is_unit_secretary)
SIGNER = Party(_("the unit's secretary"), _signs_for_unit)
HANDLER = Party(_("the responsible person"), _is_handler)
OFFICE = Party(_("the office of the issuing organization"), _is_office_of_plan)
ISSUER = Party(_("secretary or leader of the issuing organization"), _is_issuer)
REVIEWER = Party(_("a reviewer of the superior organization"), is_reviewer)
SECOND_REVIEWER = Party(_("a reviewer of the issuing organization"), _is_second_reviewer)
INSPECTOR = Party(_("an inspector"), _is_inspector)
ABOVE_BRANCH = Party(_("for a branch's own plan its superior's office or inspector"), _verifies_a_branch)
INSPECTOR_ABOVE_BRANCH = Party(_("for a branch's own plan an inspector above it"), _inspects_a_branch)
SUPERIOR = Party(_("a leader above the unit"), _is_superior)
