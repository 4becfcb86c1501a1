"""说明: what the workbook covers, what every figure means, whether it balances, who exported it and when."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from common import saying
from reports.facts import RULES_VERSION, Facts
from reports.figures import Counts
from reports.labels import FIGURES, INDICATORS, RATES, say_cut_off
from reports.workbook.build import Export
from reports.workbook.sheet import Column, Kind, Table, Value
from reports.workbook.sheets.parts import subtitle, title


def sheet(facts: Facts, export: Export) -> Table:
    rows = [*_about(facts, export), *_figures(facts), *_balance(facts), *_scheme(facts)]
    return Table(
        name=pgettext("sheet", "Notes"),
        title=title(facts, _("notes on this workbook")),
        subtitle=subtitle(facts),
        columns=[
            Column(_("part"), 14, Kind.SHORT),
            Column(_("item"), 22),
            Column(_("value"), 20, Kind.SHORT),
            Column(_("explanation"), 80),
        ],
        rows=rows,
    )


def _about(facts: Facts, export: Export) -> list[list[Value]]:
    part = _("about")
    return [
        [part, _("period"), facts.period.label, _("%(first)s to %(last)s") % _days(facts)],
        [
            part,
            _("cut-off"),
            say_cut_off(facts.cut_off, facts.period),
            _("Only what was recorded before this moment counts."),
        ],
        [
            part,
            _("filter"),
            facts.organization.name,
            _("Tasks and findings of this organization and all below it."),
        ],
        [part, _("exported by"), export.by, saying.full_moment(export.at)],
        [
            part,
            _("version of the rules"),
            RULES_VERSION,
            _("The same history and rules give the same figures."),
        ],
        [part, _("compared with"), facts.period.previous.label, _("The whole period before, as of its end.")],
    ]


def _days(facts: Facts) -> dict[str, str]:
    return {
        "first": saying.full_date(facts.period.first_day),
        "last": saying.full_date(facts.period.last_day),
    }


def _figures(facts: Facts) -> list[list[Value]]:
    part = _("figures")
    rows: list[list[Value]] = [
        [part, str(label.name), getattr(facts.totals, figure.value), str(label.meaning)]
        for figure, label in FIGURES.items()
    ]
    shares = [(rate, saying.percent(_hundred(rate.of(facts.totals)))) for rate in RATES]
    return rows + [[part, str(rate.name), share, str(rate.meaning)] for rate, share in shares]


def _hundred(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _balance(facts: Facts) -> list[list[Value]]:
    part, totals = _("balance"), facts.totals
    rows: list[list[Value]] = [
        [
            part,
            _("within the period"),
            _("balanced") if totals.is_balanced else _("NOT BALANCED"),
            _(
                "carried in %(opening)s + newly asked %(added)s + reopened %(reopened)s = done %(done_in)s + withdrawn %(withdrawn)s + carried over %(closing)s"
            )
            % vars(totals),
        ]
    ]
    before = facts.previous or Counts()
    fits = before.closing == totals.opening
    rows.append(
        [
            part,
            _("with the period before"),
            _("balanced") if fits else _("NOT BALANCED"),
            _("carried over then %(closing)s = carried in now %(opening)s")
            % {"closing": before.closing, "opening": totals.opening},
        ]
    )
    return rows


def _scheme(facts: Facts) -> list[list[Value]]:
    part, scheme = _("assessment"), facts.scheme
    rows: list[list[Value]] = []
    for indicator in scheme.indicators:
        label = INDICATORS[indicator.code]
        meaning = str(label.meaning)
        meaning = meaning % {"step": f"{indicator.step:g}"} if indicator.step else meaning
        rows.append([part, str(label.name), f"{indicator.weight:g}", meaning])
    bands = "；".join(f"{'★' * stars} ≥ {least:g}" for stars, least in scheme.stars.items())
    rows.append(
        [part, _("stars"), scheme.version, bands + _("; less: ★. A proposal by points alone; people decide.")]
    )
    rows.append(
        [
            part,
            _("no data"),
            "—",
            _(
                "An indicator without data is left out with its weight; without anything due there is no score."
            ),
        ]
    )
    return rows
