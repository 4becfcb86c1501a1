"""Which page is for whom. Hides what a role has no use for; it protects nothing, the pages do that themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from common.errors import Sentence

OFFICE = frozenset({"CLERK", "SECRETARY", "DEPUTY_SECRETARY"})
LEADERS = frozenset({"LEADER", "CHIEF"})
INSPECTORS = frozenset({"INSPECTOR"})
BUSINESS = OFFICE | LEADERS | INSPECTORS | {"MEMBER", "LIAISON"}
KEEPERS = frozenset({"ADMINISTRATOR", "SECURITY_OFFICER"})
ADMINISTRATORS = frozenset({"ADMINISTRATOR"})
AUDITORS = frozenset({"AUDITOR"})
SYSTEM = KEEPERS | AUDITORS

NOTICES = "/notices/"

ON_THE_TAB_BAR = 4
"""People with no more entries than this get them as a bar at the bottom of a phone, the others a drawer."""


@dataclass(frozen=True)
class Entry:
    """One page of the navigation and the posts that have a use for it.

    ``at_branches``: also for posts held in a branch, which issues and reviews nothing.
    """

    path: str
    label: Sentence
    icon: str
    roles: frozenset[str]
    at_branches: bool = False

    def serves(self, post: Any) -> bool:
        """Whether the holder of a post (role, organization with a kind) has a use for the page."""
        return post.role in self.roles and (self.at_branches or post.organization.kind != "BRANCH")

    def holds(self, address: str) -> bool:
        """Whether an address lies on this page or below it."""
        return address == "/" if self.path == "/" else address.startswith(self.path)


ENTRIES = (
    Entry("/", _("Home"), "home", BUSINESS | SYSTEM, at_branches=True),
    Entry("/sources/", _("Sources"), "document-text", OFFICE),
    Entry("/plans/", _("Plans"), "clipboard-document-list", OFFICE | LEADERS | INSPECTORS),
    Entry("/tasks/", _("Tasks"), "check-circle", BUSINESS, at_branches=True),
    Entry("/grid/", _("Grid of lights"), "table-cells", OFFICE | LEADERS | INSPECTORS),
    Entry("/review/", _("Review"), "inbox-arrow-down", OFFICE),
    Entry("/inspections/", _("Inspections"), "magnifying-glass-circle", OFFICE | LEADERS | INSPECTORS),
    Entry("/findings/", _("Findings"), "exclamation-triangle", BUSINESS, at_branches=True),
    Entry("/pledges/", _("Pledges"), "pencil-square", OFFICE | LEADERS),
    Entry("/burden/", _("Burden on branches"), "scale", OFFICE | LEADERS),
    Entry("/looked-after/", _("Organizations I look after"), "lifebuoy", LEADERS | {"LIAISON"}),
    Entry("/overview/", _("Overview"), "presentation-chart-line", OFFICE | LEADERS),
    Entry("/reports/", _("Reports"), "chart-bar-square", OFFICE | LEADERS | INSPECTORS),
    Entry("/organizations/", _("Organizations"), "building-library", BUSINESS | SYSTEM),
    Entry("/users/", _("Accounts"), "users", KEEPERS, at_branches=True),
    Entry("/calendar/", _("Working-day calendar"), "calendar-days", ADMINISTRATORS),
    Entry("/audit/", _("Audit log"), "shield-check", AUDITORS, at_branches=True),
)


def entries_for(actor: Any) -> list[Entry]:
    """The entries that at least one of the actor's posts has a use for, in order; home alone without a post."""
    if not actor:
        return []
    return [e for e in ENTRIES if e.path == "/" or any(e.serves(post) for post in actor.posts)]
