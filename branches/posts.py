"""Verbs on posts: appoint, end, hand over. A post is never overwritten; a hand-over ends one and starts another."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from branches.models import Organization, Post, User
from common.audit import record
from common.errors import Refused
from common.models import AuditEntry


def appoint(
    user: User,
    *,
    organization: Organization,
    role: str,
    since: date,
    by: User | None,
    at: datetime,
    until: date | None = None,
    address: str | None = None,
) -> Post:
    """Give a person a role in an organisation from a local day on; ``by`` None is an import or the demo.

    The three system duties are never held by one person at one time (三员分立, GB/T 22239).
    Raises Refused for an end before the beginning, the same post twice, or duties that must stay apart.
    """
    if until and until < since:
        raise Refused(_("A post cannot end before it starts."), fields={"until": _("Too early.")})
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        held = Post.objects.filter(user=user)
        overlapping = held.filter(since__lte=until) if until else held
        overlapping = overlapping.exclude(until__lt=since)
        if overlapping.filter(organization=organization, role=role).exists():
            raise Refused(_("%(name)s already holds this post in that time.") % {"name": user.name})
        others = Post.SYSTEM_ROLES - {role}
        if role in Post.SYSTEM_ROLES and overlapping.filter(role__in=others).exists():
            raise Refused(
                _("System administrator, security officer and auditor must be three different people.")
            )
        post = Post.objects.create(user=user, organization=organization, role=role, since=since, until=until)
        data = {"user": user.pk, "organization": organization.code, "role": role, "since": since.isoformat()}
        record(AuditEntry.Kind.POST, at=at, user=by, address=address, data={"act": "appoint"} | data)
    return post


def end_post(
    post: Post, *, last_day: date, by: User | None, at: datetime, address: str | None = None
) -> Post:
    """End a post after its last day. Rights end at the next request after that day."""
    with transaction.atomic():
        locked = Post.objects.select_for_update(of=("self",)).select_related("organization").get(pk=post.pk)
        if last_day < locked.since:
            raise Refused(_("A post cannot end before it starts."), fields={"last_day": _("Too early.")})
        locked.until = last_day
        locked.save(update_fields=["until"])
        data = {
            "act": "end",
            "user": locked.user_id,
            "organization": locked.organization.code,
            "role": locked.role,
            "until": last_day.isoformat(),
        }
        record(AuditEntry.Kind.POST, at=at, user=by, address=address, data=data)
    return locked


def hand_over(post: Post, *, to: User, since: date, by: User | None, at: datetime) -> Post:
    """The successor takes over on ``since``; the predecessor's last day is the day before."""
    with transaction.atomic():
        end_post(post, last_day=since - timedelta(days=1), by=by, at=at)
        return appoint(to, organization=post.organization, role=post.role, since=since, by=by, at=at)
