"""Doors of the long work on this floor: an id in, one verb."""

from __future__ import annotations

from typing import Any

from branches.access import Actor
from branches.models import RosterFile
from branches.roster import files
from common.clock import local_date
from common.jobs import Progress, job_kind
from common.models import Job


def _asked(job: Job) -> RosterFile:
    return RosterFile.objects.select_related("asked_by", "released_by").get(pk=job.payload["roster"])


def _told(progress: Progress) -> files.ProgressTold:
    return lambda done, total, message: progress(done, total=total, message=message)


@job_kind("check_roster")
def check_roster(job: Job, progress: Progress) -> dict[str, Any]:
    """The dry run of an uploaded roster."""
    roster, at = _asked(job), progress.now
    actor = Actor.on(roster.asked_by, local_date(at))
    files.check_received(roster, actor=actor, at=at, progress=_told(progress))
    return {"roster": roster.pk}


@job_kind("import_roster")
def import_roster(job: Job, progress: Progress) -> dict[str, Any]:
    """The import of a released roster, by what both people may do now."""
    roster, at = _asked(job), progress.now
    assert roster.released_by
    keeper, granter = (Actor.on(user, local_date(at)) for user in (roster.asked_by, roster.released_by))
    files.import_released(roster, keeper=keeper, granter=granter, at=at, progress=_told(progress))
    return {"roster": roster.pk}


@job_kind("export_roster")
def export_roster(job: Job, progress: Progress) -> dict[str, Any]:
    """An asked export."""
    roster, at = _asked(job), progress.now
    actor = Actor.on(roster.asked_by, local_date(at))
    files.export_requested(roster, actor=actor, at=at, progress=_told(progress))
    return {"roster": roster.pk}
