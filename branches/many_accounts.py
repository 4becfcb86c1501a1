"""Accounts by the thousand: made without passwords, which come into being in the moment they are handed out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from branches.accounts import USERNAME
from branches.batches import batches
from branches.models import Post, User
from branches.passwords import INITIAL_FIELDS, give_initial_password, unusable_password
from common.errors import Refused
from common.models import AuditEntry
from common.rows import insert_new, update_each


@dataclass(frozen=True)
class NewAccount:
    """An account to be made with many others; whose it is by the id of an organisation."""

    username: str
    name: str
    organization_id: int
    code: str
    """The organisation's code, for the audit log."""
    phone: str = ""
    email: str = ""


def create_accounts(
    accounts: Sequence[NewAccount], *, by: User | None, at: datetime, address: str | None = None
) -> dict[str, int]:
    """Make many accounts that nobody can open yet; returns their ids by account name.

    No password is made here, so nothing secret has to be kept until somebody fetches it: ``hand_out_passwords`` makes
    the initial passwords in the moment they are handed out. The caller has checked the duty.
    Raises Refused for a name that cannot be typed or is taken; then none is made.
    """
    if any(not USERNAME.fullmatch(one.username) or not one.name for one in accounts):
        raise Refused(_("An account name has 2 to 150 letters, digits and . _ @ + - and no spaces."))
    with transaction.atomic():
        rows = [
            (one.username, one.name, one.organization_id, one.phone, one.email, unusable_password())
            for one in accounts
        ]
        names = ("username", "name", "organization_id", "phone", "email", "password")
        pattern = User(must_change_password=True, password_changed_at=at, date_joined=at)
        if insert_new(pattern, names, rows) < len(rows):
            raise Refused(_("One of these account names is already taken."))
        ids: dict[str, int] = {}
        for some in batches([one.username for one in accounts]):
            ids |= dict(User.objects.filter(username__in=some).values_list("username", "pk"))
        line = AuditEntry(
            kind=AuditEntry.Kind.ACCOUNT,
            at=at,
            actor=by,
            account=by.username[:150] if by else "",
            address=address,
        )
        data = [
            {"act": "create", "user": ids[one.username], "account": one.username, "organization": one.code}
            for one in accounts
        ]
        insert_new(line, ("data",), [(one,) for one in data])
    return ids


def hand_out_passwords(
    users: QuerySet[User], *, by: User | None, at: datetime, address: str | None = None
) -> list[tuple[User, str]]:
    """Fresh initial passwords for those of these accounts that were never used, to be given out now; in tree order.

    They are stored as hashes only: whoever loses the list makes a new one, and the old one opens nothing any more. An
    account that was signed in with once, is disabled, or holds one of the three duties is left out. The caller has
    checked the duty.
    """
    duties = Post.objects.filter(user=OuterRef("pk"), role__in=Post.SYSTEM_ROLES)
    unused = users.filter(last_login__isnull=True, is_active=True, must_change_password=True)
    found = list(
        unused.exclude(Exists(duties))
        .select_related("organization")
        .order_by("organization__path", "username")
    )
    given = [(user, give_initial_password(user, at=at)) for user in found]
    with transaction.atomic():
        update_each(
            User,
            INITIAL_FIELDS,
            [(user.pk, *(getattr(user, name) for name in INITIAL_FIELDS)) for user in found],
        )
        line = AuditEntry(
            kind=AuditEntry.Kind.ACCOUNT,
            at=at,
            actor=by,
            account=by.username[:150] if by else "",
            address=address,
        )
        insert_new(
            line,
            ("data",),
            [({"act": "initial_password", "user": user.pk, "account": user.username},) for user in found],
        )
    return given
