"""Asking for a half-year report, and building it."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.core.files import File
from django.db import transaction
from django.utils.translation import gettext as _

from branches.access import Actor
from branches.models import Organization
from common.errors import NotAllowed, Refused
from common.jobs import request_job
from common.models import Job
from common.periods import Period
from reports.facts import RULES_VERSION, Facts, facts_of, window_of
from reports.lives import has_candidates
from reports.models import HalfYearReport
from reports.rectification import has_findings
from reports.workbook import Export, write_workbook
from reports.workbook.sheets import sheets_of
from tracker.models import Event

STEPS = 3
"""Pieces a person who waits sees: facts, workbook, stored."""


def request_report(
    *, organization: Organization, period: Period, actor: Actor, at: datetime
) -> HalfYearReport:
    """Ask for the workbook of an organisation's period, with the cut-off at ``at`` or at the period's end.

    Who: anybody with a business post at the organisation or above it. A report that would come out the same
    (same cut-off of a finished period, or nothing recorded since) or is being built is given back instead of
    a new one. Otherwise, in one transaction: the report's row and the job that builds it.
    Raises NotAllowed, or Refused for a period that has not begun or in which there is nothing to report.
    """
    if not actor.sees(organization):
        raise NotAllowed(
            _("Reports of %(unit)s are for its own posts and those above it.") % {"unit": organization}
        )
    refuse_empty(organization, period, at=at)
    cut_off = min(period.end, at)
    with transaction.atomic():
        if found := _same(organization, period, cut_off=cut_off, at=at):
            return found
        report = HalfYearReport.objects.create(
            organization=organization,
            period=period.code,
            cut_off=cut_off,
            requested_by=actor.user,
            requested_at=at,
        )
        report.job = request_job(
            "half_year_report", payload={"report": report.pk}, requested_by=actor.user, at=at
        )
        report.save(update_fields=["job"])
    return report


def refuse_empty(organization: Organization, period: Period, *, at: datetime) -> None:
    """Raise Refused when a period has not begun, or nothing could count in it. Cheap; may let an empty one pass."""
    if at <= period.begin:
        raise Refused(
            _("%(period)s has not begun yet. Choose a period that has.") % {"period": period.label},
            code="no_data",
        )
    window = window_of(period, at)
    if not has_candidates(organization, window) and not has_findings(organization, window):
        raise _nothing_to_report(organization, period)


def compute(organization: Organization, period: Period, *, cut_off: datetime) -> Facts:
    """The facts of a period in which there is something to report. Raises Refused otherwise."""
    refuse_empty(organization, period, at=cut_off)
    facts = facts_of(organization, period, cut_off=cut_off)
    if facts.is_empty:
        raise _nothing_to_report(organization, period)
    return facts


def build_report(
    report: HalfYearReport, *, at: datetime, progress: Callable[[int, str], None] | None = None
) -> HalfYearReport:
    """Compute the facts, write the workbook, keep both with the file's sha256 and the version of the rules.

    Safe to repeat: what was kept before is replaced only by a finished file. Nothing slow happens in a
    transaction. Raises Refused when there is nothing to report.
    """
    tell = progress or (lambda _done, _message: None)
    tell(0, _("Counting the tasks"))
    newest = newest_event()
    organization, period = report.organization, Period.parse(report.period)
    facts = compute(organization, period, cut_off=report.cut_off)
    tell(1, _("Writing the workbook"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.xlsx"
        save_workbook(facts, path, by=str(report.requested_by or ""), at=report.requested_at)
        tell(2, _("Keeping the report"))
        with path.open("rb") as file:
            report.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            report.file.save(f"{report.period}-{report.pk}.xlsx", File(file), save=False)
    report.facts, report.rules_version = facts.frozen(), RULES_VERSION
    report.newest_event, report.built_at = newest, at
    report.save(update_fields=["facts", "rules_version", "newest_event", "file", "sha256", "built_at"])
    return report


def save_workbook(facts: Facts, path: Path, *, by: str, at: datetime) -> None:
    """Write the workbook of facts to a path."""
    export = Export(by=by or _("the system"), at=at)
    title = f"{facts.organization.name}{facts.period.label}"
    write_workbook(sheets_of(facts, export), path, title=title, export=export)


def newest_event() -> int:
    """The id of the newest event of all, 0 before the first."""
    return Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _same(
    organization: Organization, period: Period, *, cut_off: datetime, at: datetime
) -> HalfYearReport | None:
    """A report that would come out the same, or one that is under way."""
    reports = HalfYearReport.objects.filter(organization=organization, period=period.code)
    under_way = reports.filter(built_at=None, job__state__in=Job.OPEN).order_by("-pk").first()
    if under_way:
        return under_way
    built = reports.built().filter(rules_version=RULES_VERSION).exclude(file="").order_by("-pk")
    if cut_off == period.end:
        return built.filter(cut_off=cut_off).first()
    # A day that has passed makes dates pass: within one day only new events change a figure.
    day = window_of(period, at).due_before
    latest = built.filter(newest_event=newest_event()).first()
    return latest if latest and window_of(period, latest.cut_off).due_before == day else None


def _nothing_to_report(organization: Organization, period: Period) -> Refused:
    return Refused(
        _(
            "Nothing was asked, carried over or found at %(unit)s in %(period)s, so there is nothing to report."
        )
        % {"unit": organization, "period": period.label},
        code="no_data",
    )
