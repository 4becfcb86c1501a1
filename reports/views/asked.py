"""What an address asks for: an organisation in sight, a period, a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Min
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from branches.access import Actor
from branches.models import Organization
from common.clock import local_date, now
from common.errors import NotAllowed
from common.periods import Period
from reports.models import HalfYearReport
from tracker.models import Tally


@dataclass(frozen=True)
class Asked:
    """An organisation, a period and the cut-off; with ``report`` they are those of a report that was built."""

    organization: Organization
    period: Period
    at: datetime
    report: HalfYearReport | None = None

    @property
    def cut_off(self) -> datetime:
        return self.report.cut_off if self.report else min(self.at, self.period.end)

    def list_url(self, figure: str, *, unit: int | None = None, measure: int | None = None) -> str:
        """Where the list behind a number stands."""
        asked = self._report_part() | {"figure": figure, "unit": unit, "measure": measure}
        return f"{reverse('reports:figures')}?{urlencode({k: v for k, v in asked.items() if v is not None})}"

    def _report_part(self) -> dict[str, str | int | None]:
        if self.report:
            return {"report": self.report.pk}
        return {"organization": self.organization.code, "period": self.period.code}


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person. Raises NotAllowed for somebody without a business post: nothing is in their sight."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not actor.business_posts:
        raise NotAllowed(
            _(
                "Reports are for people with a post in a Party organization. Ask your committee if you should have one."
            )
        )
    return actor


def asked(request: HttpRequest) -> Asked:
    """Read the address: ``organization`` (a code, else the person's own), ``period`` (else the present one) or
    ``report``. Out of sight is 404; raises Refused for a period that is none.
    """
    actor, at = actor_of(request), now()
    number = request.GET.get("report", "")
    if number:
        if not number.isdecimal():
            raise Http404
        report = get_object_or_404(
            HalfYearReport.objects.visible_to(actor).select_related("organization").defer("facts"), pk=number
        )
        return Asked(report.organization, Period.parse(report.period), at, report)
    return Asked(
        organization_asked(request.GET.get("organization", ""), actor), period_asked(request, at), at
    )


def organization_asked(code: str, actor: Actor) -> Organization:
    """The organisation of a code, in sight; without a code the person's own."""
    if not code:
        assert actor.home
        return actor.home
    return get_object_or_404(Organization.objects.visible_to(actor), code=code)


def period_asked(request: HttpRequest, at: datetime) -> Period:
    code = request.GET.get("period") or request.POST.get("period")
    return Period.parse(code) if code else Period.of(local_date(at))


def periods_of(organization: Organization, *, at: datetime) -> list[Period]:
    """The periods there can be reports of, newest first: half-years since the first task, and the years they make."""
    first = Tally.objects.below(organization).aggregate(first=Min("since"))["first"]
    period = Period.of(local_date(at))
    found = [period]
    while first and period.first_day > first:
        period = period.previous
        found.append(period)
    years = sorted({p.year for p in found}, reverse=True)
    return found + [Period(year) for year in years]
