"""推进落实清单: the same measures in the layout of a supervision office, for printing and for handing in.

It is not taken back: goal, project and standard are put together from several columns of the task list, so that a
change there could not be told apart. What is edited goes out and comes back as the task list (``writing``).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import IO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from branches.access import Actor
from branches.models import Organization
from branches.roster.layout import Column, Kind, Sheet
from branches.roster.looks import Value
from common import saying
from common.clock import local_date
from tracker.measure_table.rows import measures_of
from tracker.measure_table.writing import MeasureBook, grouped
from tracker.models import Measure, Plan

_WHEN = pgettext_lazy("follow-through", "Time")
LAYOUT = Sheet(
    "follow_through",
    pgettext_lazy("follow-through", "Follow-through list"),
    (
        Column(
            "number", pgettext_lazy("task list", "No."), 5, Kind.COUNT, gettext_lazy("Number in the plan.")
        ),
        Column(
            "goal",
            pgettext_lazy("follow-through", "Goal"),
            24,
            help=gettext_lazy("The title of the measure."),
        ),
        Column(
            "project",
            pgettext_lazy("follow-through", "Supporting project"),
            42,
            Kind.PARAGRAPHS,
            gettext_lazy("What the units are to do, with what some are asked otherwise."),
        ),
        Column(
            "standard",
            pgettext_lazy("follow-through", "Standard"),
            30,
            Kind.PARAGRAPHS,
            gettext_lazy("Target, deliverable and evidence."),
        ),
        Column(
            "starts",
            pgettext_lazy("follow-through", "Started on"),
            11,
            Kind.DAY,
            gettext_lazy("The first day of its window, else the day the plan was issued."),
            group=_WHEN,
        ),
        Column(
            "due",
            pgettext_lazy("follow-through", "Completed by"),
            12,
            Kind.DAY,
            gettext_lazy(
                "The due date; the cadence, or the event it is counted from, where there is no date."
            ),
            group=_WHEN,
        ),
        Column(
            "who",
            pgettext_lazy("follow-through", "Who is responsible"),
            30,
            Kind.PARAGRAPHS,
            gettext_lazy("Lead unit, responsible units, and who supports them."),
        ),
    ),
    keys=("goal", "project"),
)


def write_follow_through(target: IO[bytes], plan: Plan, *, actor: Actor, at: datetime) -> int:
    """Write the measures this person sees; returns how many. A constant number of queries."""
    measures = measures_of(plan, actor=actor)
    issued = local_date(plan.issued_at) if plan.issued_at else None
    book = MeasureBook(plan, by=actor.user.name)
    title = f"{plan.title}（{LAYOUT.title}）"
    book.list(
        LAYOUT,
        grouped(measures),
        lambda measure: row_of(measure, issued=issued),
        printed=len(LAYOUT.columns),
        at=at,
        title=title,
    )
    rows = ngettext("%(count)s measure", "%(count)s measures", len(measures)) % {"count": len(measures)}
    who = _("exported by %(who)s (%(post)s)") % {"who": actor.user.name, "post": actor.title}
    lines = [
        f"{plan.title} · {plan.period_label} · {rows} · {who} · {saying.full_moment(at)}",
        _("For printing and handing in. It is not taken back: for that, export the task list."),
    ]
    book.explanations(lines, [LAYOUT], title=pgettext("task list", "Explanations"))
    book.save(target)
    return len(measures)


def row_of(measure: Measure, *, issued: date | None) -> list[Value]:
    """The cells of one measure; ``issued`` is the local day of issue."""
    return [
        measure.position,
        measure.title,
        "\n".join(filter(None, [measure.requirement, measure.asked_otherwise])),
        _standard(measure),
        measure.starts_on or issued,
        _due(measure),
        _who(measure),
    ]


def _standard(measure: Measure) -> str:
    evidence = measure.evidence_note if measure.evidence_required else ""
    said = [
        (pgettext("follow-through", "Target"), measure.target),
        (pgettext("follow-through", "Deliverable"), measure.deliverable),
        (pgettext("follow-through", "Evidence"), evidence),
    ]
    return _lines(said)


def _due(measure: Measure) -> Value:
    if measure.cadence != Measure.Cadence.ONCE:
        return str(measure.get_cadence_display())
    if measure.due or not measure.event:
        return measure.due
    days = measure.event_days or 1
    said = ngettext("%(count)s day after “%(event)s”", "%(count)s days after “%(event)s”", days)
    return said % {"count": days, "event": measure.event}


def _who(measure: Measure) -> str:
    kinds = [
        str(Organization.Kind(kind).label) for kind in measure.receiver_kinds if kind in Organization.Kind
    ]
    receivers = [*kinds, *(unit.short_name for unit in measure.receivers.all())]
    said = [
        (pgettext("follow-through", "Lead unit"), measure.lead.short_name if measure.lead else ""),
        (pgettext("follow-through", "Responsible units"), "、".join(receivers)),
        (pgettext("follow-through", "Supporting units"), measure.supporting),
    ]
    return _lines(said)


def _lines(said: list[tuple[str, str]]) -> str:
    """A line for each that says something: 牵头单位：市直机关工委."""
    return "\n".join(
        _("%(name)s: %(value)s") % {"name": name, "value": value} for name, value in said if value
    )
