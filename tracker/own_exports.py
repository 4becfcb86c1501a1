"""One's own lists on paper: notices, what one looks after; and beside a source, what was asked and left open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from common import saying
from common.templatetags.ui import LIGHTS
from tracker.carry_forward import Forward
from tracker.exporting import Column, Listing, Mark, Value, each, light_mark, said
from tracker.lights import SIGNS
from tracker.looked_after import Charge
from tracker.models import Notice, Source
from tracker.notices import sentence_of
from tracker.superior import Paper

STATES = {
    "open": gettext_lazy("Not taken up"),
    "taken": gettext_lazy("Taken up"),
    "aside": gettext_lazy("Not for us"),
}
"""What became of a superior's demand."""


def notices_listing(notices: QuerySet[Notice], *, only_unread: bool) -> Listing:
    """A person's notices, newest first."""
    found = notices.select_related("task__organization")

    def rows() -> Iterator[Sequence[Value]]:
        for notice in each(found):
            yield (
                sentence_of(notice),
                notice.task.organization.short_name if notice.task else "",
                saying.full_moment(notice.created_at),
                pgettext("notice", "read") if notice.read_at else _("new"),
            )

    columns = [
        Column(_("Notice"), 80),
        Column(_("Party organization"), 28),
        Column(_("Time"), 26),
        Column(_("State"), 10),
    ]
    return Listing(
        _("Notices"), columns, rows(), notices.count(), filters=[_("Unread")] if only_unread else ()
    )


def looked_after_listing(charges: Sequence[Charge]) -> Listing:
    """The organisations one person looks after, the worst first."""

    def rows() -> Iterator[Sequence[Value]]:
        for charge in charges:
            yield (
                charge.organization.short_name,
                _("linked leader") if charge.is_linked else _("area liaison"),
                light_mark(charge.light, str(LIGHTS.get(charge.light, ""))),
                charge.red,
                charge.longest or None,
                "\n".join(
                    task.title
                    if task.organization_id == charge.organization.pk
                    else f"{task.title} {task.organization.short_name}"
                    for task in charge.overdue
                ),
                charge.yellow,
                charge.open,
                charge.done,
            )

    columns = [
        Column(_("Party organization"), 30),
        Column(_("Looked after as"), 12),
        Column(pgettext("task", "Light"), 12),
        Column(_("Overdue"), 8, centred=True),
        Column(_("Longest (working days)"), 10, centred=True),
        Column(_("Overdue longest"), 50),
        Column(_("Near or behind"), 10, centred=True),
        Column(pgettext("tasks", "Open"), 8, centred=True),
        Column(_("Completed"), 8, centred=True),
    ]
    return Listing(_("Organizations I look after"), columns, rows(), len(charges))


def superior_listing(source: Source, papers: Sequence[Paper], *, state: str) -> Listing:
    """Each demand of the papers behind a source with what became of it; ``papers`` are narrowed already."""

    def rows() -> Iterator[Sequence[Value]]:
        for paper in papers:
            for one in paper.asked:
                taken = "\n".join(f"{measure.position}. {measure.title}" for measure in one.measures)
                yield (
                    paper.source.title,
                    paper.source.issuer,
                    paper.source.dated,
                    one.action.text,
                    str(STATES[one.state]),
                    taken or (one.action.reason if one.state == "aside" else ""),
                )

    columns = [
        Column(_("Document"), 34),
        Column(_("Issuer"), 20),
        Column(_("Date"), 12, centred=True),
        Column(_("Demand"), 60),
        Column(_("State"), 10),
        Column(_("Taken up by, or why not"), 44),
    ]
    filters = [source.title, *([said(_("State"), STATES[state])] if state else [])]
    count = sum(len(paper.asked) for paper in papers)
    return Listing(_("What the superior asked"), columns, rows(), count, filters=filters)


def left_open_listing(source: Source, found: Forward) -> Listing:
    """What the last period left open: measures under way, then words nobody has decided on."""

    def rows() -> Iterator[Sequence[Value]]:
        for left in found.measures:
            measure = left.measure
            yield (
                measure.title,
                measure.responsible_leader.name if measure.responsible_leader else "",
                f"{measure.plan.title} {measure.plan.period_label}",
                measure.get_state_display(),
                left.open,
                left.done,
                Mark("red", f"{SIGNS['red']} {left.overdue}") if left.overdue else None,
                left.last_due,
            )
        for action in found.promises:
            yield (action.text, "", action.source.title, _("undecided"), None, None, None, None)

    columns = [
        Column(_("Measure, or words of a document"), 56),
        Column(_("Responsible leader"), 12),
        Column(_("Plan or document"), 40),
        Column(_("State"), 12),
        Column(_("Open tasks"), 8, centred=True),
        Column(pgettext("number", "Completed tasks"), 8, centred=True),
        Column(_("Overdue"), 8, centred=True),
        Column(_("Last due date"), 12, centred=True),
    ]
    count = len(found.measures) + len(found.promises)
    return Listing(_("Left open by the last period"), columns, rows(), count, filters=[source.title])
