"""Accounts: who looks after them, and the verbs. Rights are no part of an account; they come from posts.

The three system duties stay apart (三员分立): administrators make and close accounts and give initial passwords, security
officers grant and end posts and look after the accounts of the three duties, auditors read the audit log. Each duty is
held at an organisation and reaches its subtree. Nobody looks after their own account here.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches import second_factor
from branches.access import Actor
from branches.lockout import forget
from branches.models import Organization, Post, User
from branches.passwords import INITIAL_FIELDS, give_initial_password
from branches.posts import appoint, end_post, hand_over
from common.audit import record
from common.errors import NotAllowed, Refused, Sentence
from common.models import AuditEntry

Role = Post.Role
KEEPERS = frozenset({Role.ADMINISTRATOR, Role.SECURITY_OFFICER})
USERNAME = re.compile(r"[\w.@+-]{2,150}")

DUTY_OF: Mapping[str, frozenset[str]] = {
    "create": frozenset({Role.ADMINISTRATOR}),
    "change": frozenset({Role.ADMINISTRATOR}),
    "reset_password": frozenset({Role.ADMINISTRATOR}),
    "enable": frozenset({Role.ADMINISTRATOR}),
    "disable": KEEPERS,
    "reset_second_factor": frozenset({Role.SECURITY_OFFICER}),
    "posts": frozenset({Role.SECURITY_OFFICER}),
}
"""Which duty an act on an account needs. A password and a second factor are given up by two different people."""

NEEDS: Mapping[frozenset[str], Sentence] = {
    frozenset({Role.ADMINISTRATOR}): gettext_lazy("Only a system administrator may do this."),
    frozenset({Role.SECURITY_OFFICER}): gettext_lazy("Only a security officer may do this."),
    KEEPERS: gettext_lazy("Only a system administrator or a security officer may do this."),
}


def accounts_kept_by(actor: Actor) -> QuerySet[User]:
    """The accounts an administrator or security officer may see: kept by, or with a post ever held in, their subtrees.

    Who holds a duty at a root also sees the accounts that belong nowhere yet. Everybody else sees none.
    """
    posts = Post.objects.filter(user=OuterRef("pk"))
    seen = actor.duty_scope(KEEPERS, "organization__path")
    known = Q(Exists(posts.filter(actor.duty_scope(KEEPERS, "organization__path"))))
    if any(post.role in KEEPERS and post.organization.parent_id is None for post in actor.posts):
        known |= Q(organization__isnull=True) & ~Q(Exists(posts))
    return User.objects.filter(seen | known)


def why_not(actor: Actor, act: str, user: User, *, day_posts: list[Post]) -> Sentence | None:
    """Why this person may not do this to an account in their sight; None when they may.

    ``day_posts``: the posts of the account that have not ended, with their organisations.
    """
    if user.pk == actor.user.pk:
        return _("Your own account is looked after by somebody else in the same duty.")
    held = {post.role for post in day_posts}
    wanted = DUTY_OF[act]
    if held & Post.SYSTEM_ROLES:
        wanted = frozenset({Role.SECURITY_OFFICER})
    if not actor.roles & wanted:
        return NEEDS[wanted]
    places = [post.organization for post in day_posts]
    if user.organization:
        places.append(user.organization)
    if act != "posts" and not all(actor.has_duty(wanted, place) for place in places):
        return _("This person also belongs to organizations outside yours. Ask the administrator above them.")
    return None


def unended_posts(user: User, *, day: Any) -> list[Post]:
    """Posts in force or to come, with their organisations."""
    open_or_later = Q(until__isnull=True) | Q(until__gte=day)
    return list(Post.objects.filter(open_or_later, user=user).select_related("organization"))


def _allow(actor: Actor, act: str, user: User) -> None:
    if reason := why_not(actor, act, user, day_posts=unended_posts(user, day=actor.day)):
        raise NotAllowed(reason)


def create_account(
    *,
    username: str,
    name: str,
    organization: Organization,
    email: str = "",
    phone: str = "",
    actor: Actor,
    at: datetime,
    address: str | None = None,
) -> tuple[User, str]:
    """A new account with an initial password, returned once. It opens nothing until a post is granted.

    Raises NotAllowed outside the administrator's subtree, Refused for a name that is taken or cannot be typed.
    """
    if not actor.has_duty(DUTY_OF["create"], organization):
        raise NotAllowed(_("You look after no accounts of this organization."))
    username, name = username.strip(), name.strip()
    if not USERNAME.fullmatch(username):
        sentence = _("An account name has 2 to 150 letters, digits and . _ @ + - and no spaces.")
        raise Refused(sentence, fields={"username": sentence})
    if not name:
        raise Refused(_("Enter the person's name."), fields={"name": _("Enter the person's name.")})
    user = User(username=username, name=name, email=email, phone=phone.strip(), organization=organization)
    password = give_initial_password(user, at=at)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            _note("create", user, actor=actor, at=at, address=address, organization=organization.code)
    except IntegrityError as error:
        sentence = _("The account %(account)s already exists.") % {"account": username}
        raise Refused(sentence, fields={"username": sentence}) from error
    return user, password


def reset_password(user: User, *, actor: Actor, at: datetime, address: str | None = None) -> str:
    """A fresh initial password, returned once; all sessions end, and the lock-out is lifted."""
    _allow(actor, "reset_password", user)
    password = give_initial_password(user, at=at)
    user.sessions_mark = secrets.token_hex(16)
    with transaction.atomic():
        user.save(update_fields=[*INITIAL_FIELDS, "sessions_mark"])
        forget(user.username, everywhere=True)
        _note("reset_password", user, actor=actor, at=at, address=address)
    return password


def change_account(
    user: User,
    *,
    name: str,
    email: str,
    phone: str,
    actor: Actor,
    at: datetime,
    address: str | None = None,
) -> None:
    """Another name, e-mail address or phone number. The account name stays: records are known by it."""
    _allow(actor, "change", user)
    given = {"name": name.strip(), "email": email.strip(), "phone": phone.strip()}
    if not given["name"]:
        raise Refused(_("Enter the person's name."), fields={"name": _("Enter the person's name.")})
    changed = [field for field, value in given.items() if getattr(user, field) != value]
    for field in changed:
        setattr(user, field, given[field])
    if changed:
        with transaction.atomic():
            user.save(update_fields=changed)
            _note("change", user, actor=actor, at=at, address=address, fields=changed)


def disable(user: User, *, actor: Actor, at: datetime, address: str | None = None) -> None:
    """Close an account. Its posts stay as they are; all its sessions end at their next request."""
    _allow(actor, "disable", user)
    _switch(user, False, actor=actor, at=at, address=address)


def enable(user: User, *, actor: Actor, at: datetime, address: str | None = None) -> None:
    """Open a closed account again. Sessions of before stay ended."""
    _allow(actor, "enable", user)
    _switch(user, True, actor=actor, at=at, address=address)


def _switch(user: User, active: bool, *, actor: Actor, at: datetime, address: str | None) -> None:
    with transaction.atomic():
        changed = User.objects.filter(pk=user.pk, is_active=not active).update(
            is_active=active, sessions_mark=secrets.token_hex(16)
        )
        if changed:
            _note("enable" if active else "disable", user, actor=actor, at=at, address=address)
    user.is_active = active


def reset_second_factor(user: User, *, actor: Actor, at: datetime, address: str | None = None) -> None:
    """For a lost phone: the next sign-in asks for the password alone."""
    _allow(actor, "reset_second_factor", user)
    second_factor.remove(user, by=actor.user, at=at, address=address)


def change_password(
    user: User, *, old: str | None, new: str, at: datetime, address: str | None = None
) -> None:
    """The person's own choice. Every other session ends.

    ``old`` None: the caller has just checked it. Raises Refused with the rule that is broken, by field.
    """
    if old is not None and not user.check_password(old):
        sentence = _("This is not your present password.")
        raise Refused(sentence, fields={"old": sentence})
    if user.check_password(new):
        sentence = _("Choose a password that differs from the present one.")
        raise Refused(sentence, fields={"new": sentence})
    try:
        validate_password(new, user)
    except ValidationError as error:
        sentence = " ".join(error.messages)
        raise Refused(sentence, fields={"new": sentence}) from error
    user.set_password(new)
    user.must_change_password, user.initial_until, user.password_changed_at = False, None, at
    with transaction.atomic():
        user.save(update_fields=[*INITIAL_FIELDS])
        record(AuditEntry.Kind.PASSWORD, at=at, user=user, address=address)


def sign_out_everywhere(user: User, *, at: datetime, address: str | None = None) -> None:
    """End every session of a person; the caller keeps the present one alive if it is meant to stay."""
    user.sessions_mark = secrets.token_hex(16)
    with transaction.atomic():
        user.save(update_fields=["sessions_mark"])
        record(AuditEntry.Kind.SIGN_OUT, at=at, user=user, address=address, data={"sessions": "all others"})


def _note(act: str, user: User, *, actor: Actor, at: datetime, address: str | None, **more: Any) -> None:
    data = {"act": act, "user": user.pk, "account": user.username} | more
    record(AuditEntry.Kind.ACCOUNT, at=at, user=actor.user, address=address, data=data)


def grant_post(
    user: User,
    *,
    organization: Organization,
    role: str,
    since: date,
    actor: Actor,
    at: datetime,
    until: date | None = None,
    address: str | None = None,
) -> Post:
    """Give a person a role; only a security officer at or above the organisation may, and never to themselves."""
    _allow(actor, "posts", user)
    _within_reach(actor, organization)
    return appoint(
        user,
        organization=organization,
        role=role,
        since=since,
        until=until,
        by=actor.user,
        at=at,
        address=address,
    )


def withdraw_post(
    post: Post, *, last_day: date, actor: Actor, at: datetime, address: str | None = None
) -> Post:
    """End a person's post after its last day, by the same rule."""
    _allow(actor, "posts", post.user)
    _within_reach(actor, post.organization)
    return end_post(post, last_day=last_day, by=actor.user, at=at, address=address)


def hand_over_post(
    post: Post, *, to: User, since: date, actor: Actor, at: datetime, address: str | None = None
) -> Post:
    """The successor takes the post over on ``since``; both people are the security officer's to decide about."""
    _allow(actor, "posts", post.user)
    _allow(actor, "posts", to)
    _within_reach(actor, post.organization)
    if not to.is_active:
        raise Refused(_("This account is disabled. Enable it on its page first."))
    if since <= post.since:
        sentence = _("The new holder begins after %(day)s, when the present one began.")
        sentence = sentence % {"day": f"{post.since:%Y-%m-%d}"}
        raise Refused(sentence, fields={"since": sentence})
    return hand_over(post, to=to, since=since, by=actor.user, at=at, address=address)


def _within_reach(actor: Actor, organization: Organization) -> None:
    if not actor.has_duty(DUTY_OF["posts"], organization):
        raise NotAllowed(_("This organization lies outside yours."))
