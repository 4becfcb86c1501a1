"""Reports that were built: their list, the page of one, its file, and the lists behind the figures."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_http_methods

from branches.exporting import respond
from branches.models import Organization
from common.clock import now
from common.templatetags.ui import job_progress
from reports.building import request_report
from reports.facts import Facts, facts_of
from reports.figures import Figure
from reports.labels import FIGURES, RATES
from reports.list_exports import figures_listing
from reports.lists import LISTINGS, Listing, Row
from reports.models import HalfYearReport
from reports.templatetags.shares import share
from reports.views.asked import Asked, actor_of, asked, organization_asked, period_asked, periods_of
from reports.views.overview import as_of

PAGE = 50


@require_http_methods(["GET", "POST"])
def report_list(request: HttpRequest) -> HttpResponse:
    """``/reports/``: GET lists what was built; POST (organization, period) asks for a report."""
    actor, at = actor_of(request), now()
    if request.method == "POST":
        report = request_report(
            organization=organization_asked(request.POST.get("organization", ""), actor),
            period=period_asked(request, at),
            actor=actor,
            at=at,
        )
        if report.built_at:
            return redirect(f"{_page_of(report)}?download=1")
        return redirect(_page_of(report))
    assert actor.home
    page = Paginator(HalfYearReport.objects.visible_to(actor).for_lists(), PAGE).get_page(
        request.GET.get("page")
    )
    issuing = Organization.objects.visible_to(actor).exclude(kind=Organization.Kind.BRANCH)
    return render(
        request,
        "reports/list.html",
        {
            "page": page,
            "organizations": issuing if issuing.exists() else [actor.home],
            "home": actor.home,
            "periods": periods_of(actor.home, at=at),
        },
    )


@require_GET
def report_page(request: HttpRequest, pk: int) -> HttpResponse:
    """``/reports/<pk>/``: how far it is, then its facts. ``?download=1`` also starts the download.

    The download is started by a ``Refresh`` header on a page of its own: it needs no script.
    """
    actor = actor_of(request)
    report = _report(actor, pk, facts=True)
    here = _page_of(report)
    if request.headers.get("HX-Request") and report.job and not report.built_at:
        return render(request, "partials/job_progress.html", job_progress(report.job, here))
    if request.headers.get("HX-Request"):
        answer = HttpResponse(status=204)
        answer.headers["HX-Redirect"] = f"{here}?download=1"
        return answer
    context: dict[str, Any] = {"report": report, "progress_url": here}
    if report.built_at and report.facts:
        facts = report.facts
        context |= {
            "facts": facts,
            "key_figures": _key_figures(facts, report),
        }
    response = render(request, "reports/report.html", context)
    if report.built_at and "download" in request.GET:
        response.headers["Refresh"] = f"0; url={reverse('reports:download', args=[pk])}"
    return response


@require_GET
def download(request: HttpRequest, pk: int) -> FileResponse:
    """``/reports/<pk>/download/``: the workbook as it was built, as an attachment."""
    report = _report(actor_of(request), pk)
    if not report.built_at or not report.file:
        raise Http404
    return FileResponse(report.file.open("rb"), as_attachment=True, filename=report.file_name)


@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """``/reports/figures/?figure=…``: the tasks behind a number, from the same facts as the number."""
    found = _behind(request)
    want, facts = found.want, found.facts
    return render(
        request,
        "reports/figures.html",
        {
            "asked": want,
            "facts": facts,
            "listing": found.listing,
            "within": found.within,
            "count": len(found.rows),
            "page": Paginator(found.rows, PAGE).get_page(request.GET.get("page")),
            "choices": [
                (figure.value, item.name, getattr(facts.totals, figure.value), want.list_url(figure.value))
                for figure, item in FIGURES.items()
                if getattr(facts.totals, figure.value)
            ],
        },
    )


@require_GET
def figures_export(request: HttpRequest) -> FileResponse:
    """The same list as a workbook, all pages of it."""
    found = _behind(request)
    facts = found.facts
    filters = [
        facts.organization.name,
        facts.period.label,
        as_of(facts),
        *([found.within] if found.within else []),
    ]
    return respond(request, figures_listing(found.listing, found.rows, filters=filters), at=now())


class Behind(NamedTuple):
    """A number's list: what was asked, the facts, and its rows; ``within`` names the unit or measure it is narrowed to."""

    want: Asked
    facts: Facts
    listing: Listing
    rows: list[Row]
    within: str


def _behind(request: HttpRequest) -> Behind:
    want = asked(request)
    listing = LISTINGS.get(request.GET.get("figure", Figure.DUE_IN))
    if listing is None:
        raise Http404
    facts = facts_of(want.organization, want.period, cut_off=want.cut_off)
    unit, measure = _number(request, "unit"), _number(request, "measure")
    within = next((row.unit.name for row in facts.units if row.unit.id == unit), "") or next(
        (row.title for row in facts.measures if row.id == measure), ""
    )
    return Behind(want, facts, listing, listing.rows(facts, unit=unit, measure=measure), within)


def _report(actor: Any, pk: int, *, facts: bool = False) -> HalfYearReport:
    reports = HalfYearReport.objects.visible_to(actor).select_related("organization", "requested_by", "job")
    return get_object_or_404(reports if facts else reports.defer("facts"), pk=pk)


def _page_of(report: HalfYearReport) -> str:
    return reverse("reports:report", args=[report.pk])


def _number(request: HttpRequest, name: str) -> int | None:
    given = request.GET.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 16 else None


def _key_figures(facts: dict[str, Any], report: HalfYearReport) -> list[dict[str, Any]]:
    """The frozen figures with their names, what they were before, and the lists behind them."""
    before = facts["previous"]
    lines = []
    for figure, label in FIGURES.items():
        value, old = facts["totals"][figure.value], before[figure.value] if before else None
        if figure is Figure.REOPENED and not value:
            continue
        lines.append(
            {
                "name": label.name,
                "meaning": label.meaning,
                "value": value,
                "before": old,
                "change": None if old is None else f"{value - old:+d}" if value != old else "0",
                "url": f"{reverse('reports:figures')}?report={report.pk}&figure={figure.value}",
            }
        )
    for rate in RATES:
        old = before[rate.code] if before else None
        lines.append(
            {
                "name": rate.name,
                "meaning": rate.meaning,
                "value": share(facts["totals"][rate.code]),
                "before": share(old),
            }
        )
    return lines


urlpatterns = [
    path("reports/", report_list, name="reports"),
    path("reports/figures/", figures, name="figures"),
    path("reports/figures/export/", figures_export, name="figures_export"),
    path("reports/<int:pk>/", report_page, name="report"),
    path("reports/<int:pk>/download/", download, name="download"),
]
