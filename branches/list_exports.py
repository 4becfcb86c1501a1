"""Organizations, accounts and the audit log on paper: the columns of their pages, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from branches.access import Actor
from branches.exporting import CHUNK, Column, Listing, Value, each
from branches.models import Organization, User
from branches.views.audit import in_words
from branches.views.organizations import nodes_of
from common import saying
from common.models import AuditEntry


def organizations_listing(found: QuerySet[Organization], *, actor: Actor, filters: Sequence[str]) -> Listing:
    """Organisations in the order of the tree, with who heads each today and how much lies below it."""
    found = found.select_related("parent").order_by("path")

    def rows() -> Iterator[Sequence[Value]]:
        for some in _chunks(each(found)):
            for node in nodes_of(some, actor):
                organization = node.organization
                yield (
                    organization.short_name,
                    organization.name,
                    organization.code,
                    organization.get_kind_display(),
                    organization.parent.short_name if organization.parent else "",
                    node.heads,
                    node.committees,
                    node.branches,
                )

    columns = [
        Column(_("Party organization"), 28),
        Column(pgettext("organization", "Full name"), 44),
        Column(_("Code"), 14),
        Column(_("Kind of unit"), 14),
        Column(_("Superior"), 28),
        Column(_("Headed by"), 16),
        Column(_("Other organizations below"), 10, centred=True),
        Column(_("Branches below"), 10, centred=True),
    ]
    return Listing(_("Organizations"), columns, rows(), found.count(), filters=filters)


def users_listing(found: QuerySet[User], *, filters: Sequence[str]) -> Listing:
    """Accounts by account name; the query carries today's posts as ``held``."""

    def rows() -> Iterator[Sequence[Value]]:
        for user in each(found):
            yield (
                user.name,
                user.username,
                "\n".join(post.title for post in user.held),
                account_state(user),
                saying.full_moment(user.last_login) if user.last_login else "",
            )

    columns = [
        Column(pgettext("person", "Name"), 14),
        Column(_("Account"), 18),
        Column(_("Posts today"), 48),
        Column(pgettext("account", "State"), 12),
        Column(_("Last sign-in"), 26),
    ]
    return Listing(_("Accounts"), columns, rows(), found.count(), filters=filters)


def account_state(user: User) -> str:
    """The word of an account's state, as its badge has it."""
    if not user.is_active:
        return _("disabled")
    if not user.has_usable_password():
        return _("no password")
    return _("initial password") if user.must_change_password else _("active")


def audit_listing(found: QuerySet[AuditEntry], *, filters: Sequence[str]) -> Listing:
    """Lines of the audit log, newest first, with their second."""

    def rows() -> Iterator[Sequence[Value]]:
        for some in _chunks(each(found.select_related("actor"))):
            for entry, words in zip(some, in_words(some), strict=True):
                yield (
                    entry.get_kind_display(),
                    f"{timezone.localtime(entry.at):%Y-%m-%d %H:%M:%S}",
                    entry.actor.name if entry.actor else "",
                    entry.account,
                    pgettext("audit", "done") if entry.success else pgettext("audit", "refused"),
                    words,
                    entry.address,
                )

    columns = [
        Column(pgettext("audit", "Kind"), 14),
        Column(pgettext("audit", "Time"), 20, centred=True),
        Column(_("Person"), 12),
        Column(_("Account"), 16),
        Column(_("Outcome"), 8),
        Column(_("Details"), 60),
        Column(pgettext("network", "Address"), 18),
    ]
    return Listing(_("Audit log"), columns, rows(), found.count(), filters=filters)


def _chunks(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while some := list(islice(rows, CHUNK)):
        yield some
