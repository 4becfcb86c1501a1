"""Plan: what the ladders owe by a day becomes rows, each only once whoever writes it and how often."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from common.clock import local_date
from common.rows import insert_new
from common.workdays import Calendar
from tracker.models import Plan, Reminder, Task
from tracker.reminders.addressees import Addressees
from tracker.reminders.ladder import Ladder, Step, steps_due

LOOK_BACK = 10
"""Working days after its nominal day on which a step may still go out; what is older is recorded as missed."""
CHUNK = 1000


@dataclass(frozen=True)
class Window:
    """The nominal days a sweep looks at: ``since`` … ``day``; what lies before ``keep`` is too old to send."""

    since: date
    keep: date
    day: date


def window(*, at: datetime, last: datetime | None, calendar: Calendar) -> Window:
    """Ten working days back, and further if the last full sweep was longer ago, so that nothing passes unrecorded."""
    day = local_date(at)
    keep = calendar.add(day, -LOOK_BACK)
    return Window(min(keep, local_date(last)) if last else keep, keep, day)


def plan_reminders(win: Window, *, at: datetime, calendar: Calendar) -> Iterator[tuple[int, int]]:
    """Insert the rows that are due and not there yet; yields, chunk by chunk, how many were planned and missed.

    Of each task and ladder only the highest step due is planned. Lower steps that were never written down are
    recorded at once: missed, or dropped if their plan was paused on that day. The caller may stop between chunks:
    what is left is found by the next sweep. A number of queries per chunk and per day looked at, none per task.
    """
    book = Addressees(win.day)
    paused = list(Plan.objects.filter(reminders_paused_until__gte=win.day).values_list("pk", flat=True))
    for ladder in Ladder:
        for (step, nominal), anchors in _highest_due(ladder, win, calendar).items():
            found = _without_row(step, nominal, anchors).exclude(measure__plan__in=paused)
            ids = list(found.values_list("pk", flat=True))
            for start in range(0, len(ids), CHUNK):
                tasks = tasks_with_surroundings(ids[start : start + CHUNK])
                book.load(tasks)
                yield _write(tasks, ladder, win, book, at=at, calendar=calendar)


def tasks_with_surroundings(ids: list[int]) -> list[Task]:
    """Tasks in the order of their keys, with what the ladder needs of organisation, measure and plan."""
    return list(
        Task.objects.filter(pk__in=ids)
        .defer("progress")
        # not joined: a thousand tasks share a few measures and one plan
        .prefetch_related("organization", "measure__plan")
        .order_by("pk")
    )


def _highest_due(ladder: Ladder, win: Window, calendar: Calendar) -> dict[tuple[Step, date], list[date]]:
    """For each step and nominal day in the window: the anchor dates of which it is the highest step due."""
    offsets = [step.offset for step in ladder.steps]
    anchor = calendar.add(win.since, -max(offsets) - 1)
    last = calendar.add(win.day, 1 - min(offsets))
    groups = defaultdict(list)
    while anchor <= last:
        for step in reversed(ladder.steps):
            nominal = step.nominal(anchor, calendar)
            if nominal <= win.day:
                if nominal >= win.since:
                    groups[step, nominal].append(anchor)
                break
        anchor += timedelta(days=1)
    return groups


def _without_row(step: Step, nominal: date, anchors: list[date]) -> QuerySet[Task]:
    """Tasks whose ladder hangs on one of these days, in hand before the nominal day, without a row of the step."""
    field = step.ladder.field
    by_date = Q(**{f"{field}__in": anchors}) & (Q(in_hand_since=None) | Q(in_hand_since__lte=F(field)))
    came_back = Q(in_hand_since__in=anchors, in_hand_since__gt=F(field))
    began = Q(in_hand_since=None, issued_on__lt=nominal) | Q(in_hand_since__lt=nominal)
    there = Reminder.objects.filter(task=OuterRef("pk"), step=step.code, nominal_due=nominal)
    return (
        Task.objects.filter(by_date | came_back, began, state__in=step.ladder.states)
        .filter(~Exists(there))
        .order_by("pk")
    )


def _write(
    tasks: list[Task], ladder: Ladder, win: Window, book: Addressees, *, at: datetime, calendar: Calendar
) -> tuple[int, int]:
    codes = [step.code for step in ladder.steps]
    known = set(
        Reminder.objects.filter(task__in=tasks, step__in=codes).values_list("task_id", "step", "nominal_due")
    )
    planned, passed = [], []
    for task in tasks:
        due = list(steps_due(task, ladder, since=win.since, day=win.day, calendar=calendar))
        for step, nominal in due:
            if (task.pk, step.code, nominal) in known:
                continue
            row = (task.pk, step.code, nominal)
            people = sorted(book.of(task, step))
            if (step, nominal) == due[-1] and nominal >= win.keep:
                planned += [(*row, person) for person in people]
            else:
                passed += [(*row, person, _state_of_skipped(task, nominal)) for person in people]
    pattern, names = Reminder(planned_at=at), ["task_id", "step", "nominal_due", "recipient_id"]
    missed = insert_new(pattern, [*names, "state"], passed)
    return insert_new(pattern, names, planned), missed


def _state_of_skipped(task: Task, nominal: date) -> str:
    paused = task.measure.plan.reminders_paused_until
    return Reminder.State.DROPPED if paused and nominal <= paused else Reminder.State.MISSED


def give_up(win: Window, *, at: datetime) -> int:
    """Mark as missed what was planned and never handed over: too old, or overtaken by a higher step of its ladder.

    Returns how many rows. Rows that a living worker holds are left to it.
    """
    waiting = Reminder.objects.waiting(at)
    too_old = waiting.filter(nominal_due__lt=win.keep).update(state=Reminder.State.MISSED)
    overtaken = 0
    for ladder in Ladder:
        codes = [step.code for step in ladder.steps]
        higher = Reminder.objects.filter(
            task=OuterRef("task"), step__in=codes, nominal_due__gt=OuterRef("nominal_due")
        )
        overtaken += waiting.filter(Exists(higher), step__in=codes).update(state=Reminder.State.MISSED)
    return too_old + overtaken
