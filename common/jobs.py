"""Long work outside the request: ask for it in your own transaction, a worker picks it up within seconds.

A click writes a `Job` row and is answered at once; no request ever talks to Redis. Every two seconds a tick lets a
worker claim what is due. The row is the truth: an emptied Redis, a killed worker or a second beat change nothing but
the time.

An app's own ``jobs.py`` holds the work:

    @job_kind("issue_plan")
    def issue_plan(job: Job, progress: Progress) -> dict | None: …

Work is done *at least* once: a worker may be killed after its last write and before its outcome is stored. It must
therefore be safe to repeat, and it commits what it has done in pieces.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from celery import shared_task
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import F
from django.utils import translation
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext as _

from common.clock import now
from common.errors import Refused
from common.models import Job

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
# A slice gives way to others after this; a tick takes no new job after it. Both stay clear of Celery's 100 s limit.
SLICE = timedelta(seconds=45)
# Longer than Celery's hard limit of 120 s: when it has passed, the worker that held the job is dead.
LEASE = timedelta(seconds=150)
# A mishap (a full disk, a lock) often passes by itself; the n-th try waits n times this.
BACKOFF = timedelta(seconds=10)
PROGRESS_EVERY = 1.0


class Unfinished(Exception):
    """Returned or raised by a job function: the slice is over and its work committed, more is left to do."""


class LeaseLost(Exception):
    """Another worker holds the job by now; this one stops and writes nothing more."""


class Progress:
    """Tells the person who waits how far the job is, and the job when its slice is over.

    Calls are cheap: the row is written at most about once a second, and always when everything is done. Call it
    outside `atomic()`, or nobody sees the figure before the transaction ends.
    """

    def __init__(self, job: Job, *, at: datetime) -> None:
        self._job = job
        self._at = at
        self._began = self._written = time.monotonic()

    @property
    def now(self) -> datetime:
        """The moment by the clock the job was started with."""
        return self._at + timedelta(seconds=time.monotonic() - self._began)

    @property
    def out_of_time(self) -> bool:
        """True when the job should commit what it has and return `Unfinished`."""
        return self.now >= self._at + SLICE

    def __call__(self, done: int, *, total: int | None = None, message: str | None = None) -> None:
        """Store ``done`` of ``total`` pieces and what is being done. Raises LeaseLost when the job was taken away."""
        job = self._job
        first = total is not None and total != job.total
        job.done = done
        job.total = job.total if total is None else total
        job.message = job.message if message is None else message
        if not first and done < job.total and time.monotonic() - self._written < PROGRESS_EVERY:
            return
        self._written = time.monotonic()
        _write(job, done=job.done, total=job.total, message=job.message, lease_until=self.now + LEASE)


Work = Callable[[Job, Progress], dict[str, Any] | Unfinished | type[Unfinished] | None]
_KINDS: dict[str, Work] = {}


def job_kind(kind: str) -> Callable[[Work], Work]:
    """Register the function that does the jobs of ``kind``. Raises ValueError when the kind is taken."""

    def register(work: Work) -> Work:
        known = _KINDS.setdefault(kind, work)
        if known is not work:
            raise ValueError(f"Job kind {kind!r} is registered twice.")
        return work

    return register


def request_job(
    kind: str,
    *,
    payload: dict[str, Any],
    requested_by: AbstractBaseUser | None,
    at: datetime,
    key: str | None = None,
) -> Job:
    """Ask for a job in the caller's transaction: if that is rolled back, nobody ever asked.

    With a ``key`` the same request made twice finds the same job, also after it is done. A job that failed is put
    back in the queue by the same key: pressing again means trying again. Its sentences will be in the language that
    is active now.
    """
    if kind not in _kinds():
        raise ValueError(f"No app does jobs of kind {kind!r}.")
    order = {
        "kind": kind,
        "payload": payload,
        "requested_by": requested_by,
        "language": translation.get_language() or "zh-hans",
        "lease_until": at,
    }
    if key is None:
        return Job.objects.create(**order, created_at=at)
    job, created = Job.objects.get_or_create(key=key, defaults={**order, "created_at": at})
    again = {
        "state": Job.State.QUEUED,
        "attempts": 0,
        "message": "",
        "finished_at": None,
        "lease_token": None,
    }
    if not created and Job.objects.filter(pk=job.pk, state=Job.State.FAILED).update(**order, **again):
        job.refresh_from_db()
    return job


def run_due_jobs(*, at: datetime) -> int:
    """Claim and do what is due, one job after another, for about a slice's time; return how many slices were done.

    Several workers may do this at once: a job is claimed by a conditional update and its row count. A job that a dead
    worker held is due when its lease ends. After three tries without a good slice it is failed for good and says so.
    """
    began = time.monotonic()
    count = 0
    moment = at
    while moment < at + SLICE and (job := _claim(at=moment)):
        with translation.override(job.language):
            _run(job, at=moment)
        count += 1
        moment = at + timedelta(seconds=time.monotonic() - began)
    return count


def _kinds() -> dict[str, Work]:
    autodiscover_modules("jobs")
    return _KINDS


def _claim(*, at: datetime) -> Job | None:
    """Take the longest-waiting free job, or None. Its attempt is committed with the claim, before any work."""
    due = Job.objects.filter(state__in=Job.OPEN, lease_until__lte=at, kind__in=_kinds())
    while job := due.order_by("lease_until", "id").first():
        token = uuid.uuid4()
        with transaction.atomic(durable=True):
            claimed = Job.objects.filter(
                pk=job.pk, state=job.state, attempts=job.attempts, lease_token=job.lease_token
            ).update(
                state=Job.State.RUNNING,
                attempts=F("attempts") + 1,
                lease_token=token,
                lease_until=at + LEASE,
                started_at=job.started_at or at,
            )
        if claimed:
            job.refresh_from_db()
            return job
    return None


def _run(job: Job, *, at: datetime) -> None:
    """Do one slice of a claimed job and store its outcome, unless another worker has taken it over meanwhile."""
    try:
        _write(job, lease_token=None, **_outcome(job, Progress(job, at=at)))
    except LeaseLost:
        log.warning("%s was taken over by another worker", job)


def _outcome(job: Job, progress: Progress) -> dict[str, Any]:
    """Do one slice and return what the row is to say afterwards."""
    if job.attempts > MAX_ATTEMPTS:
        # Its worker died each time, so nobody was left to write this down.
        return _failed(_give_up(), at=progress.now)
    try:
        answer = _KINDS[job.kind](job, progress)
    except Unfinished:
        answer = Unfinished
    except Refused as refusal:
        return _failed(str(refusal), at=progress.now)
    except LeaseLost:
        raise
    except Exception:
        log.exception("%s went wrong at attempt %s", job, job.attempts)
        if job.attempts >= MAX_ATTEMPTS:
            return _failed(_give_up(), at=progress.now)
        return {"state": Job.State.QUEUED, "lease_until": progress.now + BACKOFF * job.attempts}
    figures = {"done": job.done, "total": job.total, "message": job.message}
    if answer is Unfinished or isinstance(answer, Unfinished):
        return {"state": Job.State.QUEUED, "lease_until": progress.now, "attempts": 0, **figures}
    figures["done"] = max(job.done, job.total)
    return {"state": Job.State.DONE, "finished_at": progress.now, "result": answer or {}, **figures}


def _failed(message: str, *, at: datetime) -> dict[str, Any]:
    return {"state": Job.State.FAILED, "finished_at": at, "message": message}


def _give_up() -> str:
    return _("This did not succeed in %(count)s attempts. Please try again, or tell your administrator.") % {
        "count": MAX_ATTEMPTS
    }


def _write(job: Job, **changes: Any) -> None:
    """Update the row while this worker still holds it; raise LeaseLost otherwise."""
    if not Job.objects.filter(pk=job.pk, lease_token=job.lease_token, state=Job.State.RUNNING).update(
        **changes
    ):
        raise LeaseLost
    for name, value in changes.items():
        setattr(job, name, value)


@shared_task(name="common.run_jobs", ignore_result=True)
def run_jobs(**kwargs: Any) -> None:
    """The tick: Celery's door to `run_due_jobs`. ``kwargs`` lets a message of another version still run."""
    run_due_jobs(at=now())
