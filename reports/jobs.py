"""Doors of the reports' long work: an id in, one verb."""

from __future__ import annotations

from typing import Any

from common.jobs import Progress, job_kind
from common.models import Job
from reports.building import STEPS, build_report
from reports.models import HalfYearReport


@job_kind("half_year_report")
def half_year_report(job: Job, progress: Progress) -> dict[str, Any]:
    """Build a requested report."""
    report = HalfYearReport.objects.select_related("organization", "requested_by").get(
        pk=job.payload["report"]
    )
    build_report(
        report,
        at=progress.now,
        progress=lambda done, message: progress(done, total=STEPS, message=message),
    )
    return {"report": report.pk, "url": f"/reports/{report.pk}/"}
