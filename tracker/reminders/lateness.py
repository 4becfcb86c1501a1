"""Lateness is an event (workflow 7): written once when a date has passed, never a state, never taken back."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Q

from common.clock import local_date
from tracker.models import Task
from tracker.transitions.clock import LATENESS
from tracker.transitions.many import record_for_many

CHUNK = 500


def record_lateness(*, at: datetime) -> int:
    """Write the events ``late_acknowledge`` and ``late_complete`` that are owed on a local day; return how many.

    A task is late with its acknowledgement once; with its completion once for each due date in force that it lets
    pass (an extension is only asked for before the date, a reopened task gets a new one). Doing it again, or two at
    once, adds nothing: the row is locked and remembers the date whose passing was written down.
    """
    day = local_date(at)
    return sum(_record(act, at=at, day=day) for act in LATENESS)


def owed(act: str, *, day: date) -> Q:
    """The tasks that are late on a local day and do not have the event yet."""
    if act == "late_acknowledge":
        return Q(state=Task.State.PENDING, acknowledge_by__lt=day, late_acknowledged=False)
    return Q(state__in=Task.IN_HAND, due__lt=day) & (Q(late_for=None) | ~Q(late_for=F("due")))


def _record(act: str, *, at: datetime, day: date) -> int:
    ids = list(Task.objects.filter(owed(act, day=day)).order_by("pk").values_list("pk", flat=True))
    count = 0
    for start in range(0, len(ids), CHUNK):
        with transaction.atomic():
            late = Task.objects.filter(owed(act, day=day), pk__in=ids[start : start + CHUNK])
            tasks = list(late.select_for_update(of=("self",)).order_by("pk"))
            count += len(record_for_many(tasks, act, at=at, fields=LATENESS[act]))
    return count
