"""The list behind a target's sum: each unit's number, narrowed by what an address asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import F, Q
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from branches.access import Actor
from common.clock import local_date
from tracker.exporting import Column, Listing, Value, each, said
from tracker.models import Measure, Task
from tracker.targets import TargetSum, base_of, counted

SHOWN: dict[str, tuple[str | Promise, Q]] = {
    "": (gettext_lazy("All units"), Q()),
    "reported": (pgettext_lazy("numbers", "Reported"), Q(number__isnull=False)),
    "approved": (pgettext_lazy("numbers", "Approved"), Q(number__isnull=False, state=Task.State.DONE)),
    "none": (gettext_lazy("Nothing reported yet"), Q(number__isnull=True)),
    "over": (gettext_lazy("More than the base"), Q(number__gt=F("base"))),
}


class NumberFilter:
    """What the address of the list asks for; what cannot be read is left out."""

    def __init__(self, query: QueryDict, *, occurrences: Sequence[str], default: str) -> None:
        shown = query.get("show", "")
        self.shown = shown if shown in SHOWN else ""
        self.q = query.get("q", "").replace("\0", "").strip()[:50]
        named = query.get("occurrence", default)
        self.occurrence = named if named in occurrences else default

    def tasks(self, measure: Measure, *, actor: Actor) -> Any:
        """The tasks behind the sum of one occurrence that the filter lets through, in tree order."""
        tasks = base_of(counted(measure, actor=actor)).filter(
            SHOWN[self.shown][1], occurrence=self.occurrence
        )
        for word in self.q.split():
            tasks = tasks.filter(
                Q(organization__short_name__icontains=word) | Q(organization__name__icontains=word)
            )
        return tasks.select_related("organization", "handler").order_by("organization__path")


def share_of(task: Any, measure: Measure, kind: str) -> float | None:
    """Per cent of its own target that a unit reports; None where it has none of its own."""
    if task.number is None or kind == "together":
        return None
    whole = task.base if kind == "share" else measure.target_number
    return float(100 * task.number / whole) if whole else None


def numbers_listing(
    measure: Measure, found: TargetSum | None, chosen: NumberFilter, *, actor: Actor
) -> Listing:
    """The list as a workbook, with its sum below where all units are shown."""
    tasks = chosen.tasks(measure, actor=actor)
    kind = found.kind if found else "each"

    def rows() -> Iterator[Sequence[Value]]:
        for task in each(tasks):
            share = share_of(task, measure, kind)
            yield (
                task.organization.short_name,
                task.handler.name if task.handler else "",
                _plain(task.base),
                _plain(task.number),
                None if share is None else round(share, 1),
                task.get_state_display(),
                local_date(task.progress_at) if task.progress_at else None,
            )

    columns = [
        Column(_("Responsible unit"), 28),
        Column(_("Responsible person"), 12),
        Column(_("Base"), 10, centred=True),
        Column(_("Number reached"), 10, centred=True),
        Column(_("Share (%)"), 9, centred=True),
        Column(_("State"), 12),
        Column(_("Reported on"), 12, centred=True),
    ]
    filters = [said(_("Target"), measure.target)]
    filters += [chosen.occurrence] if chosen.occurrence else []
    filters += [str(SHOWN[chosen.shown][0])] if chosen.shown else []
    filters += [said(_("Search"), chosen.q)] if chosen.q else []
    foot = _foot(found) if found and found.adds_up and not (chosen.shown or chosen.q) else []
    return Listing(measure.title, columns, rows(), tasks.count(), filters=filters, foot=foot)


def _foot(found: TargetSum) -> list[Sequence[Value]]:
    def line(words: str, number: Any, share: float | None) -> Sequence[Value]:
        return (words, None, None, _plain(number), None if share is None else round(share, 1), None, None)

    lines = [
        line(_("Reported in all"), found.reported, found.reported_share),
        line(_("Approved in all"), found.approved, found.approved_share),
    ]
    if found.target is not None:
        lines.append(line(_("Target in all"), found.target, None))
    return lines


def _plain(number: Any) -> int | float | None:
    if number is None:
        return None
    return int(number) if number == int(number) else float(number)
