"""Doors of the tracker's long work: an id in, one verb."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import translation

from branches.access import Actor
from common.clock import local_date, now
from common.jobs import Progress, job_kind
from common.models import Job
from tracker.anchor import anchor_day
from tracker.fan_out import ask_to_open_ahead, fan_out, open_ahead
from tracker.models import Plan
from tracker.notices import notify_auditors
from tracker.pledges import make_pledges
from tracker.reminders.sweep import sweep
from tracker.reserves import tell_of_reserves
from tracker.scanning import scan_due
from tracker.tallies import fold

SWEEP_BUDGET = timedelta(seconds=60)
"""After this a sweep stops between two chunks; the next tick goes on. Clear of Celery's limit of 100 seconds."""


@job_kind("fan_out")
def make_tasks(job: Job, progress: Progress) -> dict[str, Any]:
    """Make the tasks of an issued plan that are still missing."""
    plan = Plan.objects.select_related("organization").get(pk=job.payload["plan"])
    made = fan_out(plan, at=progress.now, progress=lambda done, total: progress(done, total=total))
    return {"made": made, "url": f"/plans/{plan.pk}/"}


@job_kind("open_ahead")
def open_next_occurrences(job: Job, progress: Progress) -> dict[str, Any]:
    """What a new day brings: reserved measures to be looked at again, and what recurring ones ask for next."""
    del job
    tell_of_reserves(at=progress.now)
    return {"made": open_ahead(at=progress.now, progress=lambda done, total: progress(done, total=total))}


@job_kind("pledges")
def draw_up_pledges(job: Job, progress: Progress) -> dict[str, Any]:
    """Draw up the pledges of an issued plan that are still missing, for the person who asked."""
    plan = Plan.objects.select_related("organization").get(pk=job.payload["plan"])
    actor = Actor.on(job.requested_by, local_date(progress.now))  # type: ignore[arg-type]
    made = make_pledges(
        plan, actor=actor, at=progress.now, progress=lambda done, total: progress(done, total=total)
    )
    return {"made": made, "url": f"/pledges/?plan={plan.pk}"}


@shared_task(name="tracker.sweep", ignore_result=True)
def run_sweep(**kwargs: Any) -> None:
    """The tick: Celery's door to `sweep`. ``kwargs`` lets a message of another version still run."""
    at = now()
    ask_to_open_ahead(at=at)
    sweep(at=at, budget=SWEEP_BUDGET)


@shared_task(
    name="tracker.anchor", ignore_result=True, acks_late=False, soft_time_limit=3000, time_limit=3300
)
def run_anchor(**kwargs: Any) -> None:
    """The tick: Celery's door to `anchor_day`, and the auditors' notice. A killed one is made up for by the next tick;
    not acknowledged late, because a large history takes longer than a message may stay out.
    """
    at = now()
    with translation.override(settings.LANGUAGE_CODE):
        if wrong := anchor_day(settings.ANCHOR_DIR, at=at):
            notify_auditors(wrong, at=at)


@shared_task(name="tracker.fold", ignore_result=True)
def run_fold(**kwargs: Any) -> None:
    """The tick: Celery's door to `fold`."""
    fold()


@shared_task(name="tracker.scan", ignore_result=True)
def run_scans(**kwargs: Any) -> None:
    """The tick: Celery's door to `scan_due`."""
    scan_due(at=now())
