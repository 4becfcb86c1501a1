"""The leader's page: who is behind and why, on one page; every number leads to the list behind it."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import path
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from common import saying
from common.clock import local_date
from reports.charts import month_chart, unit_bars
from reports.facts import RULES_VERSION, Facts, facts_of
from reports.figures import Counts, Figure
from reports.labels import FIGURES
from reports.lists import LISTINGS
from reports.views.asked import Asked, asked, periods_of

LAGGARDS, BARS = 8, 12
WORTH_KEEPING, SHOWN_PER_SECOND, LONGEST_SHOWN = 1.0, 60, 1800
"""Seconds of counting from which a page is kept; how long it is shown for each of them; and at most."""
STRIP = (
    Figure.OPENING,
    Figure.ADDED,
    Figure.REOPENED,
    Figure.DUE_IN,
    Figure.DONE_IN,
    Figure.DONE_LATE,
    Figure.WITHDRAWN,
    Figure.CLOSING,
)


@dataclass(frozen=True)
class Tile:
    """A headline number with what it was before."""

    label: Any
    value: str
    hint: str
    url: str
    tone: str = ""


@dataclass(frozen=True)
class Wanted:
    """Something that waits for a leader's decision."""

    label: Any
    count: int
    url: str
    why: Any


@dataclass(frozen=True)
class Page:
    """What everybody sees alike who may open the page of an organisation and a period."""

    lead: str
    body: SafeString
    is_empty: bool


def overview(request: HttpRequest) -> HttpResponse:
    """``/overview/?organization=&period=``: today the present period up to now; a past one as of its end.

    Where counting takes more than a second (tens of thousands of tasks), what was counted is shown again for a minute
    for each second it took, with its moment beside it; ``now=1`` counts at once.
    """
    want = asked(request)
    key = f"overview:{want.organization.pk}:{want.period.code}:{get_language()}:{RULES_VERSION}"
    page: Page | None = None if "now" in request.GET or want.report else cache.get(key)
    is_kept = page is not None
    if page is None:
        began = perf_counter()
        page = _page(want)
        took = perf_counter() - began
        if took > WORTH_KEEPING:
            cache.set(key, page, timeout=min(took * SHOWN_PER_SECOND, LONGEST_SHOWN))
    context = {
        "asked": want,
        "page": page,
        "is_kept": is_kept,
        "now_query": urlencode(
            {"organization": want.organization.code, "period": want.period.code, "now": 1}
        ),
        "periods": periods_of(want.organization, at=want.at),
    }
    return render(request, "reports/overview.html", context)


def _page(want: Asked) -> Page:
    facts = facts_of(want.organization, want.period, cut_off=want.cut_off)
    units = facts.units_by_lag()
    context = {
        "asked": want,
        "facts": facts,
        "tiles": tiles(facts, want),
        "strip": strip(facts, want),
        "bars": unit_bars(units[:BARS], lambda unit: want.list_url("overdue", unit=unit)),
        "units": units,
        "more_units": max(0, len(units) - BARS),
        "month_chart": month_chart(facts.months),
        "laggards": facts.overdue[:LAGGARDS],
        "overdue_url": want.list_url("overdue"),
        "wanted": wanted(facts, want),
    }
    lead = as_of(facts)
    if facts.previous:
        lead += " · " + _("compared with the %(period)s") % {"period": facts.period.previous.label}
    body = "" if facts.is_empty else render_to_string("reports/_overview.html", context)
    return Page(lead, mark_safe(body), facts.is_empty)  # noqa: S308 - rendered by the template above


def as_of(facts: Facts) -> str:
    """截至6月30日 24:00, or the very moment while the period runs."""
    if facts.is_live:
        return _("as of %(moment)s") % {
            "moment": saying.moment_in_words(facts.cut_off, today=local_date(facts.cut_off))
        }
    return _("as of %(moment)s") % {"moment": f"{saying.full_date(facts.last_day)} 24:00"}


def tiles(facts: Facts, want: Asked) -> list[Tile]:
    """The five headline numbers."""
    now, before = facts.totals, facts.previous
    return [
        Tile(
            _("completion rate"),
            _share(now.completion_rate),
            _points(now.completion_rate, before.completion_rate if before else None),
            want.list_url("due_in"),
        ),
        Tile(
            _("on-time rate"),
            _share(now.on_time_rate),
            _points(now.on_time_rate, before.on_time_rate if before else None),
            want.list_url("due_on_time"),
        ),
        _count(Figure.OVERDUE, now, before, want, tone="bad" if now.overdue else ""),
        _count(Figure.CLOSING, now, before, want),
        Tile(
            _("open findings"),
            str(facts.open_findings),
            _overdue_findings(facts),
            want.list_url("findings"),
            "warn" if facts.open_findings else "",
        ),
    ]


def strip(facts: Facts, want: Asked) -> list[Tile]:
    """The figures of the balance, small, in their order; reopened only where there are any."""
    shown = [f for f in STRIP if f is not Figure.REOPENED or facts.totals.reopened]
    return [_count(figure, facts.totals, facts.previous, want) for figure in shown]


def wanted(facts: Facts, want: Asked) -> list[Wanted]:
    """What waits for a decision, as counted from the same facts. The system names it; people decide."""
    asks = {
        "suspended": (_("suspended tasks"), _("resume, or withdraw them")),
        "waiting_long": (LISTINGS["waiting_long"].label, _("the reviewers are late, not the branches")),
        "returned_often": (LISTINGS["returned_often"].label, _("requirement and unit may not fit")),
        "findings_overdue": (LISTINGS["findings_overdue"].label, _("not put right by the date")),
    }
    lines = [
        Wanted(label, len(LISTINGS[name].rows(facts)), want.list_url(name), why)
        for name, (label, why) in asks.items()
    ]
    return [line for line in lines if line.count]


def _count(figure: Figure, now: Counts, before: Counts | None, want: Asked, *, tone: str = "") -> Tile:
    value = getattr(now, figure.value)
    hint = ""
    if before is not None:
        hint = _change(value - getattr(before, figure.value))
    return Tile(FIGURES[figure].name, str(value), hint, want.list_url(figure.value), tone)


def _share(rate: float | None) -> str:
    return saying.percent(None if rate is None else 100 * rate)


def _points(now: float | None, before: float | None) -> str:
    if now is None or before is None:
        return ""
    return _arrow(round(100 * (now - before), 1), _("%(change)s points on the period before"))


def _change(change: int) -> str:
    return _arrow(change, _("%(change)s on the period before"))


def _arrow(change: float, sentence: str) -> str:
    sign = "▲" if change > 0 else "▼" if change < 0 else "＝"
    return sentence % {"change": f"{sign}{abs(change):g}"}


def _overdue_findings(facts: Facts) -> str:
    late = sum(finding.is_overdue for finding in facts.findings)
    return _("%(count)s past their date") % {"count": late} if late else ""


urlpatterns = [path("overview/", overview, name="overview")]
