"""The list of pledges: who has not signed yet, and how each stands against its plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.access import Actor
from tracker.exporting import CHUNK, Column, Listing, Value, said
from tracker.models import Plan, Pledge
from tracker.pledge_lines import (
    Change,
    Outcome,
    agreed_lines,
    changes_between,
    lines_of,
    present_tasks,
    sum_of,
)
from tracker.pledges import to_sign

GROUPS = {
    "": gettext_lazy("All"),
    "mine": gettext_lazy("For me to sign"),
    "unit": gettext_lazy("The unit has not signed"),
    "issuer": gettext_lazy("The issuer has not signed"),
    "signed": gettext_lazy("Signed by both"),
}
"""What the list can be narrowed to, by whose signature is missing."""


@dataclass
class Row:
    """A pledge in the list, with its differences from the plan and its outcome so far."""

    pledge: Pledge
    changes: list[Change]
    outcome: Outcome


class PledgeFilter:
    """Plan, group and words of the unit, read from an address; what makes no sense narrows nothing."""

    def __init__(self, data: Any, *, actor: Actor) -> None:
        self.actor = actor
        self.q = data.get("q", "").replace("\0", "").strip()[:100]
        self.who = data.get("who", "") if data.get("who", "") in GROUPS else ""
        text = data.get("plan", "")
        known = text.isascii() and text.isdecimal() and len(text) < 19
        plans = Plan.objects.visible_to(actor).select_related("organization")
        self.plan = plans.filter(pk=int(text)).first() if known else None

    @property
    def narrowed(self) -> bool:
        return bool(self.q or self.plan or self.who)

    def within(self) -> QuerySet[Pledge]:
        """What plan and words let through, in all groups."""
        found = Pledge.objects.visible_to(self.actor)
        if self.plan:
            found = found.filter(plan=self.plan)
        return found.filter(organization__name__icontains=self.q) if self.q else found

    def found(self) -> QuerySet[Pledge]:
        """The chosen group of them, in the order of the tree."""
        found = self.group(self.who)
        names = ("plan__organization", "organization", "unit_signed_by", "issuer_signed_by")
        return found.select_related(*names).order_by("-plan", "organization__path")

    def group(self, name: str) -> QuerySet[Pledge]:
        within = self.within()
        match name:
            case "mine":
                return within.filter(pk__in=to_sign(self.actor).order_by().values("pk"))
            case "unit":
                return within.unsigned_by_unit()  # type: ignore[attr-defined]
            case "issuer":
                return within.unsigned_by_issuer()  # type: ignore[attr-defined]
            case "signed":
                return within.filter(state=Pledge.State.SIGNED)
            case _:
                return within

    def words(self) -> list[str]:
        """The filters as an export says them."""
        words = [said(_("Search"), self.q)] if self.q else []
        words += [said(_("Plan"), self.plan.title)] if self.plan else []
        return [*words, *([str(GROUPS[self.who])] if self.who else [])]


def rows_of(pledges: Sequence[Pledge], *, day: date) -> list[Row]:
    """Pledges with what changed since and how they stand on a local day (one query)."""
    tasks = present_tasks(pledges)
    return [
        Row(
            pledge,
            changes_between(pledge.lines, agreed_lines(tasks[pledge.pk])),
            sum_of(lines_of(pledge, tasks[pledge.pk], day=day)),
        )
        for pledge in pledges
    ]


def pledges_listing(pledges: QuerySet[Pledge], *, filters: Sequence[str], day: date) -> Listing:
    """The list with the comparison of what was agreed with what became of it."""

    def rows() -> Iterator[Sequence[Value]]:
        for some in _batches(pledges.iterator(chunk_size=CHUNK), CHUNK // 4):
            for row in rows_of(some, day=day):
                pledge, outcome = row.pledge, row.outcome
                yield (
                    pledge.organization.short_name,
                    pledge.plan.title,
                    pledge.get_state_display(),
                    pledge.unit_signed_by.name if pledge.unit_signed_by else "",
                    pledge.issuer_signed_by.name if pledge.issuer_signed_by else "",
                    outcome.agreed,
                    outcome.done,
                    outcome.late,
                    _("amended since") if row.changes else "",
                )

    columns = [
        Column(_("Responsible unit"), 28),
        Column(_("Plan"), 40),
        Column(_("State"), 14),
        Column(_("Signed for the unit"), 14),
        Column(_("Signed for the issuer"), 14),
        Column(_("Tasks agreed"), 10, centred=True),
        Column(_("Completed"), 8, centred=True),
        Column(_("Late"), 8, centred=True),
        Column(_("Plan since"), 14),
    ]
    return Listing(_("Pledges"), columns, rows(), pledges.count(), filters=filters)


def _batches(items: Iterable[Pledge], size: int) -> Iterator[list[Pledge]]:
    some: list[Pledge] = []
    for item in items:
        some.append(item)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some
