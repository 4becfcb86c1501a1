"""Doors of the tracker's long work: an id in, one verb."""

from __future__ import annotations

from typing import Any

from common.jobs import Progress, job_kind
from common.models import Job
from tracker.fan_out import fan_out
from tracker.models import Plan


@job_kind("fan_out")
def make_tasks(job: Job, progress: Progress) -> dict[str, Any]:
    """Make the tasks of an issued plan that are still missing."""
    plan = Plan.objects.select_related("organization").get(pk=job.payload["plan"])
    made = fan_out(plan, at=progress.now, progress=lambda done, total: progress(done, total=total))
    return {"made": made, "url": f"/plans/{plan.pk}/"}
