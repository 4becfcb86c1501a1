"""Claim, then deliver: planned rows become notices, exactly once, by any number of workers."""

from __future__ import annotations

import logging
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Self

from django.db import transaction
from django.db.models import OuterRef, Subquery

from branches.models import User
from common.clock import local_date
from common.rows import insert_new
from common.workdays import Calendar
from tracker.models import Notice, Reminder, Task
from tracker.reminders.addressees import Addressees
from tracker.reminders.digest import open_digests, recount
from tracker.reminders.ladder import STEPS, still_due
from tracker.reminders.planning import tasks_with_surroundings
from tracker.transitions.clock import URGING
from tracker.transitions.many import record_for_many

log = logging.getLogger(__name__)

BATCH = 500
"""Tasks claimed at a time; all waiting rows of a task go together, so that its history gains one event a step."""
LEASE = timedelta(seconds=60)
"""After this a claimed row is taken for a dead worker's. It must outlast one batch, which takes well under a second."""


HOPELESS = 5
"""So many tasks failing before one goes out mean that none will."""


class TakenOver(Exception):
    """Another worker has these rows by now. The transaction is rolled back: nothing was handed over twice."""


@dataclass
class Handed:
    """What a delivery did: rows handed over, rows no longer needed, and the people who have something to read."""

    delivered: int = 0
    dropped: int = 0
    people: set[int] = field(default_factory=set)

    def __iadd__(self, other: Self) -> Self:
        self.delivered += other.delivered
        self.dropped += other.dropped
        self.people |= other.people
        return self


@dataclass(frozen=True)
class Claim:
    token: str
    tasks: list[int]


def claim(*, at: datetime) -> Claim | None:
    """Take the waiting rows of the next tasks, or None when nothing waits. Committed before any work.

    A conditional update decides: a worker that looked at the same rows finds them taken, and looks further.
    """
    token = uuid.uuid4().hex
    while True:
        waiting = Reminder.objects.waiting(at)
        tasks = list(waiting.order_by("task_id").values_list("task_id", flat=True).distinct()[:BATCH])
        if not tasks:
            return None
        mine = waiting.filter(task__in=tasks).update(
            state=Reminder.State.CLAIMED, lease_token=token, lease_until=at + LEASE
        )
        if mine:
            return Claim(token, tasks)


def deliver(claimed: Claim, *, at: datetime, calendar: Calendar) -> Handed:
    """Hand over a claim. If something is wrong with one task, the others still go out.

    The one that failed stays claimed until its lease ends and is then tried again, by every sweep, until it is too
    old; each time the log says why. If the first few fail alike, the fault lies elsewhere: the error is raised, the
    sweep does not count as done, and /healthz shows it.
    """
    try:
        return _deliver(claimed.token, claimed.tasks, at=at, calendar=calendar)
    except TakenOver:
        log.warning("A claim of %s tasks was taken over by another worker.", len(claimed.tasks))
        return Handed()
    except Exception:
        log.warning("A claim of %s tasks failed as one.", len(claimed.tasks), exc_info=True)
    handed, failed = Handed(), 0
    for task in claimed.tasks:
        try:
            handed += _deliver(claimed.token, [task], at=at, calendar=calendar)
        except TakenOver:
            continue
        except Exception:
            log.exception("The reminders of task %s could not be delivered.", task)
            failed += 1
            if failed >= HOPELESS and not handed.delivered:
                raise
    return handed


def _deliver(token: str, tasks: list[int], *, at: datetime, calendar: Calendar) -> Handed:
    """One transaction; effects in order: lock the tasks; look again at each row (still in hand, date not moved, plan
    not paused, person still entitled) and drop what is not; plan rows for those who are entitled now in place of a
    predecessor; append the urgings to the histories; write each person's digest; mark the rows.
    """
    day = local_date(at)
    with transaction.atomic():
        list(Task.objects.select_for_update().filter(pk__in=tasks).order_by("pk").values_list("pk"))
        by_task = {task.pk: task for task in tasks_with_surroundings(tasks)}
        rows = list(Reminder.objects.filter(task__in=tasks, lease_token=token, state=Reminder.State.CLAIMED))
        book = Addressees(day)
        book.load(by_task.values())
        good: list[Reminder] = []
        bad: list[Reminder] = []
        heirs: dict[tuple[int, str, date], set[int]] = {}
        for row in rows:
            task, step = by_task[row.task_id], STEPS[row.step]
            if not still_due(task, step, row.nominal_due, calendar=calendar) or _is_paused(task, day):
                bad.append(row)
                continue
            entitled = book.of(task, step)
            (good if row.recipient_id in entitled else bad).append(row)
            if row.recipient_id not in entitled:
                heirs[row.task_id, row.step, row.nominal_due] = entitled
        _plan_heirs(heirs, at=at)
        _record_urgings(good, by_task, at=at)
        people = {row.recipient_id for row in good}
        digests = open_digests(people, day=day, at=at)
        mine = [notice.pk for notice in digests.values()]
        digest = Notice.objects.filter(recipient=OuterRef("recipient"), pk__in=mine).values("pk")
        _mark(good, token, state=Reminder.State.DELIVERED, delivered_at=at, notice=Subquery(digest))
        _mark(bad, token, state=Reminder.State.DROPPED)
        recount(digests.values())
    return Handed(len(good), len(bad), people)


def _is_paused(task: Task, day: date) -> bool:
    until = task.measure.plan.reminders_paused_until
    return until is not None and day <= until


def _plan_heirs(heirs: dict[tuple[int, str, date], set[int]], *, at: datetime) -> None:
    """Rows for those who hold the post now; the unique key passes over who already has theirs."""
    insert_new(
        Reminder(planned_at=at),
        ["task_id", "step", "nominal_due", "recipient_id"],
        [(*key, person) for key, people in heirs.items() for person in sorted(people)],
    )


def _record_urgings(rows: list[Reminder], tasks: dict[int, Task], *, at: datetime) -> None:
    """The event ``remind``, once for each step that urges: with the first row of the step that is handed over."""
    groups: dict[tuple[int, str, date], list[int]] = defaultdict(list)
    for row in rows:
        if STEPS[row.step].level:
            groups[row.task_id, row.step, row.nominal_due].append(row.recipient_id)
    told = Reminder.objects.filter(task__in={task for task, _step, _nominal in groups})
    done = set(
        told.filter(state=Reminder.State.DELIVERED).values_list("task_id", "step", "nominal_due").distinct()
    )
    new = {key: people for key, people in groups.items() if key not in done}
    names = User.objects.only("name", "username").in_bulk(
        {person for found in new.values() for person in found}
    )
    for code in STEPS:
        said = {
            task: {
                "step": step,
                "nominal": nominal,
                "to": "、".join(str(names[person]) for person in sorted(people)),
            }
            for (task, step, nominal), people in new.items()
            if step == code
        }
        if said:
            record_for_many([tasks[pk] for pk in said], "remind", at=at, said=said, fields=URGING)


def _mark(rows: list[Reminder], token: str, **outcome: object) -> None:
    """Write the outcome where the lease is still ours. Raises TakenOver when it is not."""
    ours = Reminder.objects.filter(
        pk__in=[row.pk for row in rows], lease_token=token, state=Reminder.State.CLAIMED
    )
    if rows and ours.update(lease_token="", **outcome) != len(rows):
        raise TakenOver
