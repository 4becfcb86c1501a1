"""整改: the rectification account, one number per problem; the last steps are another person's."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from reports.facts import Facts
from reports.workbook.sheet import Column, Kind, Page, Table, Value
from reports.workbook.sheets.parts import joined, or_nothing, subtitle, title
from tracker.models import Finding

ORIGINS, KINDS, STATES = (dict(choices.choices) for choices in (Finding.Origin, Finding.Kind, Finding.State))


def sheet(facts: Facts) -> Table:
    who, how, out = pgettext("column", "responsibility"), pgettext("column", "rectification"), _("close-out")
    return Table(
        name=pgettext("sheet", "Rectification"),
        title=title(facts, _("rectification account")),
        subtitle=subtitle(facts),
        columns=[
            Column(_("No."), 5, Kind.COUNT),
            Column(_("origin of the problem"), 14, Kind.SHORT),
            Column(_("problem"), 34),
            Column(_("aim"), 20),
            Column(_("measures taken"), 34),
            Column(_("responsible leader"), 10, Kind.SHORT, who),
            Column(_("responsible unit"), 14, Kind.SHORT, who),
            Column(_("responsible person"), 8, Kind.SHORT, who),
            Column(_("time limit"), 11, Kind.DAY),
            Column(_("progress"), 30, Kind.TEXT, how),
            Column(_("sign of completion and evidence"), 16, Kind.TEXT, how),
            Column(_("done by the unit"), 7, Kind.SHORT),
            Column(_("requested on"), 11, Kind.DAY, out),
            Column(_("verified by"), 8, Kind.SHORT, out),
            Column(_("verifier's remark"), 16, Kind.TEXT, out),
            Column(_("closed out"), 7, Kind.SHORT, out),
            Column(_("closed on"), 11, Kind.DAY, out),
            Column(_("notes"), 14, Kind.SHORT),
            Column(_("system number"), 0, Kind.CODE),
        ],
        rows=_rows(facts),
        freeze=3,
        page=Page("A3"),
        empty=_("No findings in this period."),
    )


def _rows(facts: Facts) -> Iterator[list[Value]]:
    for number, row in enumerate(facts.findings, 1):
        handed_in = row.state in {"SUBMITTED", "CLOSED"} and not row.dropped
        notes = [
            str(KINDS.get(row.kind, "")),
            _("overdue by %(days)s days") % {"days": row.days_late} if row.is_overdue else "",
            _("not accepted %(count)s times") % {"count": row.not_accepted} if row.not_accepted else "",
            _("dropped") if row.dropped else "",
        ]
        yield [
            number,
            joined([str(ORIGINS[row.origin]), row.number]),
            row.fact,
            or_nothing(row.standard),
            or_nothing(row.measures),
            or_nothing(row.leader),
            row.unit.name,
            or_nothing(row.handler),
            row.due,
            or_nothing(row.progress),
            None,
            _("yes") if handed_in else _("no"),
            row.requested_on,
            or_nothing(row.verifier),
            or_nothing(row.remark),
            _("yes") if not row.is_open else _("no"),
            row.closed_on,
            joined(notes),
            f"{row.id}:{row.version}",
        ]
