"""The lists an office works from, on paper: sources, plans, inspections, gaps, measures to verify."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from branches.models import Post
from common.clock import local_date
from tracker.exporting import Column, Listing, Value, each, said
from tracker.gaps import Gap
from tracker.inspections import modes_of
from tracker.models import Inspection, Measure, Plan, Source
from tracker.plan_table import Standing


def searched(q: str, *, choice: tuple[str, Any] | None = None) -> list[str]:
    """The filters of a list with a search field and one choice, in words."""
    words = [said(_("Search"), q)] if q else []
    return [*words, said(*choice)] if choice else words


def sources_listing(sources: QuerySet[Source], *, filters: Sequence[str]) -> Listing:
    """Sources with how much of each is decided; the query carries ``decided`` and ``to_do``."""

    def rows() -> Iterator[Sequence[Value]]:
        for source in each(sources):
            yield (
                source.title,
                source.number,
                source.get_category_display(),
                source.issuer or source.organization.short_name,
                source.dated,
                source.decided,
                source.to_do,
            )

    columns = [
        Column(_("Document"), 50),
        Column(_("Number of the document"), 20),
        Column(_("Category"), 14),
        Column(_("Issuer"), 26),
        Column(_("Date"), 12, centred=True),
        Column(_("Decided"), 9, centred=True),
        Column(_("To decide in all"), 9, centred=True),
    ]
    return Listing(_("Sources"), columns, rows(), sources.count(), filters=filters)


def plans_listing(
    plans: Sequence[Plan], standings: dict[int, Standing], *, filters: Sequence[str]
) -> Listing:
    """Plans with how far each is."""

    def rows() -> Iterator[Sequence[Value]]:
        for plan in plans:
            found = standings.get(plan.pk, Standing(0, 0, 0))
            yield (
                plan.title,
                plan.get_kind_display(),
                plan.number,
                plan.organization.short_name,
                plan.period_label,
                plan.get_state_display(),
                found.total,
                found.done,
                found.red,
            )

    columns = [
        Column(_("Plan"), 46),
        Column(_("Kind"), 12),
        Column(_("Number of the document"), 14),
        Column(_("Issued by"), 20),
        Column(_("Period"), 14),
        Column(_("State"), 10),
        Column(_("Tasks"), 8, centred=True),
        Column(_("Completed"), 8, centred=True),
        Column(_("Overdue"), 8, centred=True),
    ]
    return Listing(_("Plans"), columns, rows(), len(plans), filters=filters)


def inspections_listing(inspections: QuerySet[Inspection], *, filters: Sequence[str]) -> Listing:
    """Inspections with their visits and findings."""

    def rows() -> Iterator[Sequence[Value]]:
        for row in each(inspections):
            yield (
                row.number,
                row.purpose,
                " · ".join(modes_of(row)),
                row.organization.short_name,
                row.starts_on,
                row.ends_on,
                row.visits_done,
                row.visits_all,
                row.findings_all,
                row.findings_open,
                row.get_state_display(),
            )

    columns = [
        Column(_("No."), 16),
        Column(_("Purpose"), 40),
        Column(_("Mode"), 22),
        Column(_("Carried out by"), 18),
        Column(_("From day"), 11, centred=True),
        Column(_("Until day"), 11, centred=True),
        Column(_("Visits made"), 9, centred=True),
        Column(_("Visits"), 9, centred=True),
        Column(_("Findings"), 9, centred=True),
        Column(_("open findings"), 9, centred=True),
        Column(_("State"), 10),
    ]
    return Listing(_("Inspections"), columns, rows(), inspections.count(), filters=filters, frozen=2)


def gaps_listing(gaps: Sequence[Gap]) -> Listing:
    """Levels of the chain that nobody holds, or two people."""
    columns = [
        Column(_("Party organization"), 40),
        Column(_("Level"), 20),
        Column(_("Post"), 40),
        Column(_("Gap"), 14),
    ]
    rows: Iterable[Sequence[Value]] = (
        (
            gap.organization.short_name,
            str(gap.level.name),
            " / ".join(gap.roles),
            _("held by several") if gap.is_shared else _("nobody at present"),
        )
        for gap in gaps
    )
    return Listing(_("Gaps in the chain"), columns, rows, len(gaps))


def silent_listing(posts: QuerySet[Post]) -> Listing:
    """Posts whose holder has not acted for long while tasks wait; the query carries ``waiting`` and ``last_at``."""
    columns = [
        Column(_("Post"), 40),
        Column(_("Holder"), 14),
        Column(_("Tasks waiting"), 12, centred=True),
        Column(_("Last act"), 14, centred=True),
    ]
    rows: Iterable[Sequence[Value]] = (
        (
            post.title,
            post.user.name,
            post.waiting,
            local_date(post.last_at) if post.last_at else pgettext("act", "never"),
        )
        for post in each(posts)
    )
    return Listing(_("No act for long while tasks wait"), columns, rows, posts.count())


def to_verify_listing(measures: QuerySet[Measure]) -> Listing:
    """Measures whose tasks are all closed; the query carries ``done``."""
    columns = [
        Column(_("Measure"), 50),
        Column(_("Plan"), 44),
        Column(pgettext("number", "Completed tasks"), 12, centred=True),
    ]
    rows: Iterable[Sequence[Value]] = (
        (measure.title, measure.plan.title, measure.done) for measure in each(measures)
    )
    return Listing(_("Measures to verify"), columns, rows, measures.count())
