"""One notice per person and day for all that the ladder has to tell them (汇总提醒)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import Count, F, Max, Q
from django.db.models.functions import TruncDate
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from common.rows import insert_new, update_each
from tracker.models import Notice, Reminder, Task
from tracker.notices import register_words
from tracker.reminders.ladder import STEPS, Ladder

KIND = "reminders"
_DUE = [step for step in STEPS.values() if step.ladder is Ladder.DUE]
PARTS: dict[str, tuple[str | Promise, list[str]]] = {
    "near": (_("near the date"), [step.code for step in _DUE if step.level == 0]),
    "urged": (_("overdue, urged"), [step.code for step in _DUE if step.level == 1]),
    "supervised": (_("overdue, supervised"), [step.code for step in _DUE if step.level == 2]),
    "escalated": (_("overdue, escalated"), [step.code for step in _DUE if step.level == 3]),
    "unacknowledged": (
        _("not acknowledged"),
        [step.code for step in STEPS.values() if step.ladder is Ladder.ACKNOWLEDGE],
    ),
}
"""What a digest counts apart: its words, and the steps that fall under it."""


def open_digests(people: Iterable[int], *, day: date, at: datetime) -> dict[int, Notice]:
    """Each person's digest of a day, locked, by user id; made where it does not exist yet.

    Two workers that need the same digest wait for each other here, always in the order of the user ids.
    """
    keys = {f"{KIND}:{person}:{day}": person for person in sorted(people)}
    insert_new(Notice(kind=KIND, created_at=at), ["key", "recipient_id"], list(keys.items()))
    locked = Notice.objects.select_for_update().filter(key__in=keys).order_by("recipient_id")
    return {notice.recipient_id: notice for notice in locked}


def recount(digests: Iterable[Notice]) -> None:
    """Write into each digest what has been handed over with it, counted anew from the rows, and show it as unread."""
    found = {notice.pk: notice for notice in digests}
    handed = Reminder.objects.filter(notice__in=found).order_by()
    figures: dict[str, Any] = {
        name: Count("task", distinct=True, filter=Q(step__in=steps))
        for name, (_words, steps) in PARTS.items()
    }
    figures["count"] = Count("task", distinct=True)
    figures["late"] = Count("task", distinct=True, filter=Q(nominal_due__lt=TruncDate("delivered_at")))
    named = handed.values("notice").annotate(only=Max("task"), **figures)
    for pk, only, *counts in named.values_list("notice", "only", *figures):
        notice = found[pk]
        notice.data = dict(zip(figures, counts, strict=True))
        notice.task_id = only if notice.data["count"] == 1 else None
    _name_single_tasks([notice for notice in found.values() if notice.task_id])
    update_each(
        Notice, ["data", "task_id", "read_at"], [(n.pk, n.data, n.task_id, None) for n in found.values()]
    )


def _name_single_tasks(notices: list[Notice]) -> None:
    tasks = Task.objects.select_related("measure").in_bulk([notice.task_id for notice in notices])
    for notice in notices:
        notice.data["task"] = tasks[notice.task_id].title


def lines_of(notice: Notice, *, limit: int = 50) -> list[Reminder]:
    """The reminders behind a digest, the most urgent first, with task, measure and unit loaded (one query)."""
    reminders = notice.reminders.select_related("task__measure", "task__organization").annotate(
        due=F("task__due")
    )
    return list(reminders.order_by("due", "task")[:limit])


def sentence(data: Mapping[str, Any]) -> str:
    """The digest in the reader's language: how many tasks, and how many of them at which step."""
    count = data["count"]
    head = ngettext(
        "You have %(count)s task near or past its date",
        "You have %(count)s tasks near or past their date",
        count,
    ) % {"count": count}
    there = [(words, data[name]) for name, (words, _steps) in PARTS.items() if data.get(name)]
    if data.get("task"):
        parts = [gettext("“%(task)s”") % data, *(str(words) for words, _number in there)]
    else:
        parts = [gettext("%(what)s %(count)s") % {"what": words, "count": number} for words, number in there]
    text = gettext("%(head)s: %(parts)s") % {
        "head": head,
        "parts": pgettext("between parts", ", ").join(parts),
    }
    if data.get("late"):
        text += gettext(" (%(count)s sent later than planned)") % {"count": data["late"]}
    return text


register_words({KIND: sentence})
