"""The sweep: lateness, plan, claim, deliver. Everything is computed from days in the database and the moment given.

Running it twice, on four workers, after a crash or after a week without changes nothing but the time: a row is
unique per task, step, nominal day and person, and is handed over in the transaction that marks it.
"""

from __future__ import annotations

import logging
import time as stopwatch
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from django.db import DatabaseError
from django.utils import timezone

from common.clock import local_date
from common.leases import held, last_completed
from common.workdays import Calendar
from tracker.reminders.delivery import Handed, claim, deliver
from tracker.reminders.lateness import record_lateness
from tracker.reminders.planning import give_up, plan_reminders, window

log = logging.getLogger(__name__)

OPENS = time(8, 30)
"""From this local time of a working day reminders go out: the set hour of the daily digest."""
CLOSES = time(18, 0)
LEASE = timedelta(seconds=150)
"""Longer than Celery's hard limit: when it has passed, the worker that planned is dead."""


@dataclass
class Swept:
    """What a sweep did. ``open`` says whether it was a time for reminders, ``planning`` whether this one planned."""

    open: bool = False
    planning: bool = False
    late: int = 0
    planned: int = 0
    missed: int = 0
    handed: Handed = field(default_factory=Handed)


def is_open(at: datetime, *, calendar: Calendar) -> bool:
    """Whether reminders go out at a moment: on working days, within office hours."""
    local = timezone.localtime(at)
    return calendar.is_working(local.date()) and OPENS <= local.time() < CLOSES


def sweep(*, at: datetime, budget: timedelta | None = None, name: str = "sweep") -> Swept:
    """Do all that the ladders owe at a moment; returns what was done.

    Effects in order: once a day the events of lateness; then, in office hours, what is due is planned, rows never
    handed over that are too old or overtaken become missed, and everything that waits is delivered.
    One sweep plans at a time (the lease ``name``); another that runs meanwhile helps to deliver. The lease saves
    work only; without it the unique key would still keep every row single. With a ``budget`` the sweep stops
    between two chunks when it is spent, and the next one goes on where it stopped.
    """
    calendar, began = Calendar.load(), stopwatch.monotonic()
    swept = Swept(open=is_open(at, calendar=calendar))
    last = last_completed(name)

    def spent(share: float) -> bool:
        return budget is not None and stopwatch.monotonic() - began > budget.total_seconds() * share

    with held(name, at=at, for_=LEASE) as mine:
        swept.planning = mine
        if mine:
            swept.late = _lateness_of_the_day(at, name=f"{name} lateness")
        if not swept.open:
            return swept
        if mine:
            win = window(at=at, last=last, calendar=calendar)
            for planned, missed in plan_reminders(win, at=at, calendar=calendar):
                swept.planned += planned
                swept.missed += missed
                if spent(0.5):
                    break
            swept.missed += give_up(win, at=at)
        while not spent(1):
            moment = at + timedelta(seconds=stopwatch.monotonic() - began)
            claimed = claim(at=moment)
            if claimed is None:
                break
            swept.handed += deliver(claimed, at=moment, calendar=calendar)
    return swept


def _lateness_of_the_day(at: datetime, *, name: str) -> int:
    """The nightly part, by whichever sweep comes first on a local day. On days off too: dates pass all the same."""
    last = last_completed(name)
    if last is not None and local_date(last) == local_date(at):
        return 0
    try:
        with held(name, at=at, for_=LEASE) as mine:
            return record_lateness(at=at) if mine else 0
    except DatabaseError:
        # The reminders must not wait for it; the lease is not completed, so the next sweep tries again.
        log.exception("The lateness of the day could not be written down.")
        return 0
