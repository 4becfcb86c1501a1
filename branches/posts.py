"""Verbs on posts: appoint, end, hand over. A post is never overwritten; a hand-over ends one and starts another.

``appoint_all`` and ``end_all`` are the same for many at once, by the same rules and with the same lines in the audit log.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from branches.batches import batches
from branches.models import Organization, Post, User
from common.audit import record
from common.clock import local_date
from common.errors import Refused
from common.models import AuditEntry
from common.rows import insert_new, update_each


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
    """End a post after its last day. Rights end at the next request after that day.

    When that day is over already, all sessions of the person end, too.
    """
    with transaction.atomic():
        locked = Post.objects.select_for_update(of=("self",)).select_related("organization").get(pk=post.pk)
        if last_day < locked.since:
            raise Refused(_("A post cannot end before it starts."), fields={"last_day": _("Too early.")})
        locked.until = last_day
        locked.save(update_fields=["until"])
        if last_day < local_date(at):
            _end_sessions([locked.user_id])
        data = {
            "act": "end",
            "user": locked.user_id,
            "organization": locked.organization.code,
            "role": locked.role,
            "until": last_day.isoformat(),
        }
        record(AuditEntry.Kind.POST, at=at, user=by, address=address, data=data)
    return locked


def hand_over(
    post: Post, *, to: User, since: date, by: User | None, at: datetime, address: str | None = None
) -> Post:
    """The successor takes over on ``since``; the predecessor's last day is the day before."""
    with transaction.atomic():
        end_post(post, last_day=since - timedelta(days=1), by=by, at=at, address=address)
        return appoint(
            to, organization=post.organization, role=post.role, since=since, by=by, at=at, address=address
        )


@dataclass(frozen=True)
class Appointment:
    """A post to be given with many others."""

    user_id: int
    organization_id: int
    code: str
    """The organisation's code, for the audit log."""
    role: str
    since: date
    until: date | None = None


@dataclass(frozen=True)
class Ending:
    """A post to be ended, or to end on another day, with many others."""

    post_id: int
    user_id: int
    code: str
    role: str
    last_day: date


def appoint_all(
    appointments: Sequence[Appointment], *, by: User | None, at: datetime, address: str | None = None
) -> None:
    """Give many posts in a constant number of statements a batch; all or none.

    Raises Refused for one of the three system duties, which are granted one by one, and as ``appoint`` does.
    """
    if any(one.role in Post.SYSTEM_ROLES for one in appointments):
        raise Refused(_("The three system duties are granted one by one, on the page of the account."))
    with transaction.atomic():
        _refuse_overlaps(appointments)
        rows = [(a.user_id, a.organization_id, a.role, a.since, a.until) for a in appointments]
        names = ("user_id", "organization_id", "role", "since", "until")
        if insert_new(Post(), names, rows) < len(rows):
            raise Refused(_("Somebody already holds one of these posts in that time."))
        said = [(a.user_id, a.code, a.role, {"since": a.since.isoformat()}) for a in appointments]
        _note_all("appoint", said, by=by, at=at, address=address)


def end_all(endings: Sequence[Ending], *, by: User | None, at: datetime, address: str | None = None) -> None:
    """End many posts; whose last day is over, their sessions end. Raises Refused for an end before the beginning."""
    with transaction.atomic():
        days = {one.post_id: one.last_day for one in endings}
        for some in batches(sorted(days)):
            locked = Post.objects.select_for_update().filter(pk__in=some).values_list("pk", "since")
            if any(days[pk] < since for pk, since in locked):
                raise Refused(_("A post cannot end before it starts."))
        update_each(Post, ("until",), sorted(days.items()))
        over = [one.user_id for one in endings if one.last_day < local_date(at)]
        _end_sessions(over)
        said = [(one.user_id, one.code, one.role, {"until": one.last_day.isoformat()}) for one in endings]
        _note_all("end", said, by=by, at=at, address=address)


def _refuse_overlaps(appointments: Sequence[Appointment]) -> None:
    """The same person, organisation and role only once at a time, in the database and among the appointments."""
    held: dict[tuple[int, int, str], list[tuple[date, date | None]]] = defaultdict(list)
    users = sorted({one.user_id for one in appointments})
    for some in batches(users):
        list(User.objects.select_for_update().filter(pk__in=some).order_by("pk").values_list("pk"))
        posts = Post.objects.filter(user__in=some).order_by()
        for user, place, role, since, until in posts.values_list(
            "user_id", "organization_id", "role", "since", "until"
        ):
            held[user, place, role].append((since, until))
    for one in appointments:
        if one.until and one.until < one.since:
            raise Refused(_("A post cannot end before it starts."))
        times = held[one.user_id, one.organization_id, one.role]
        if any(overlap(one.since, one.until, *time) for time in times):
            raise Refused(_("Somebody already holds one of these posts in that time."))
        times.append((one.since, one.until))


def overlap(since: date, until: date | None, other_since: date, other_until: date | None) -> bool:
    """Whether two times, whose last days still count, have a day in common."""
    return (until is None or other_since <= until) and (other_until is None or since <= other_until)


def _end_sessions(users: Sequence[int]) -> None:
    update_each(User, ("sessions_mark",), [(user, secrets.token_hex(16)) for user in sorted(set(users))])


def _note_all(
    act: str,
    said: Sequence[tuple[int, str, str, dict[str, str]]],
    *,
    by: User | None,
    at: datetime,
    address: str | None,
) -> None:
    pattern = AuditEntry(
        kind=AuditEntry.Kind.POST, at=at, actor=by, account=by.username[:150] if by else "", address=address
    )
    data = [
        {"act": act, "user": u, "organization": code, "role": role} | more for u, code, role, more in said
    ]
    insert_new(pattern, ("data",), [(one,) for one in data])
