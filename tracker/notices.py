"""Writing and wording the notices people read in the app (站内消息)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from branches.access import Actor
from branches.batches import batches
from branches.models import Post
from common.clock import local_date, moment
from tracker.models import Evidence, Notice, Task

WORDS: dict[str, str | Callable[[Mapping[str, Any]], str]] = {
    "assigned": gettext_noop("%(count)s new tasks from “%(plan)s” for %(organization)s"),
    "named": gettext_noop("You are the responsible person for “%(task)s”"),
    "returned": gettext_noop("“%(task)s” was returned: %(reason)s"),
    "done": gettext_noop("“%(task)s” was approved and is completed"),
    "withdrawn": gettext_noop("“%(task)s” was withdrawn: %(reason)s"),
    "instructed": gettext_noop("Instruction on “%(task)s”: %(remark)s"),
    "urged": gettext_noop("You are urged to finish “%(task)s”"),
    "reopened": gettext_noop("“%(task)s” was reopened: %(reason)s"),
    "suspended": gettext_noop("“%(task)s” was suspended: %(reason)s"),
    "extended": gettext_noop("The extension of “%(task)s” was granted"),
    "not_extended": gettext_noop("The extension of “%(task)s” was not granted: %(reason)s"),
    "declined": gettext_noop("%(organization)s declines “%(task)s”: %(reason)s"),
    "reassigned": gettext_noop("“%(task)s” was reassigned to %(organization)s: %(reason)s"),
    "consulted": gettext_noop("Your comments on “%(plan)s” are asked for until %(until)s"),
    "comment_answered": gettext_noop("Your comment on “%(measure)s” was answered: %(reason)s"),
    "pledge_to_sign": gettext_noop("The pledge for “%(plan)s” waits for your signature"),
    "pledges_to_sign": gettext_noop("%(count)s pledges for “%(plan)s” wait for your signature"),
    "resumed": gettext_noop("“%(task)s” goes on again"),
    "reserve_due": gettext_noop(
        "“%(measure)s” of “%(plan)s” was held in reserve until today: look at it again"
    ),
    "amended": gettext_noop("What “%(task)s” asks for was amended: %(reason)s"),
    "history_broken": gettext_noop("%(count)s histories do not verify. The first: %(first)s"),
    "infected": gettext_noop(
        "The scanner found malicious software in “%(file)s” of “%(task)s”. It no longer counts as evidence: scan the device it comes from and attach a clean file."
    ),
}
"""The sentence of each kind; filled from ``Notice.data`` in the reader's language. Reminders add theirs."""


def register_words(words: Mapping[str, str | Callable[[Mapping[str, Any]], str]]) -> None:
    """Let another part of the tracker (the ladder) word its own kinds of notices: a text to fill, or a function of
    ``Notice.data``.
    """
    WORDS.update(words)


def sentence_of(notice: Notice) -> str:
    """The notice as its reader's language says it."""
    words = WORDS[notice.kind]
    return words(notice.data) if callable(words) else _(words) % notice.data


def unit_people(task: Task, *, at: datetime) -> list[int]:
    """Ids of those who hear of a task in its unit: secretary, clerk, and the responsible person."""
    posts = Post.objects.held_on(local_date(at)).filter(user__is_active=True)
    holders = posts.filter(organization=task.organization_id, role__in=[Post.Role.SECRETARY, Post.Role.CLERK])
    people = set(holders.values_list("user_id", flat=True))
    if task.handler_id and posts.filter(user=task.handler_id).exists():
        people.add(task.handler_id)
    return sorted(people)


def notify_unit(task: Task, kind: str, *, at: datetime, said: Mapping[str, Any]) -> None:
    """One notice to each of the unit's people, in the caller's transaction."""
    notify_people(task, kind, people=unit_people(task, at=at), at=at, said=said)


def notify_office(task: Task, kind: str, *, at: datetime, said: Mapping[str, Any]) -> None:
    """One notice to each clerk and deputy secretary of the organisation that issued the plan."""
    office = Post.objects.held_on(local_date(at)).filter(
        organization=task.measure.plan.organization_id,
        role__in=[Post.Role.CLERK, Post.Role.DEPUTY_SECRETARY],
        user__is_active=True,
    )
    people = sorted(set(office.values_list("user_id", flat=True)))
    notify_people(task, kind, people=people, at=at, said=said)


def notify_people(
    task: Task, kind: str, *, people: Iterable[int], at: datetime, said: Mapping[str, Any]
) -> None:
    """One notice to each user id, in the caller's transaction, so that it exists exactly if the act does."""
    data = {
        "task": task.title,
        "organization": task.organization.short_name,
        "reason": str(said.get("reason") or ""),
        "remark": str(said.get("remark") or ""),
    }
    Notice.objects.bulk_create(
        [Notice(recipient_id=person, kind=kind, data=data, task=task, created_at=at) for person in people]
    )


def notify_units(tasks: Sequence[Task], kind: str, *, at: datetime, said: Mapping[str, Any]) -> None:
    """The same for many tasks: one notice to each of the people of each unit, by a few statements however many there are.

    Each task carries its measure and organisation loaded.
    """
    held = Post.objects.held_on(local_date(at)).filter(user__is_active=True)
    in_charge = {Post.Role.SECRETARY, Post.Role.CLERK}
    posts: dict[int, set[int]] = defaultdict(set)
    active: set[int] = set()
    for some in batches(sorted({task.organization_id for task in tasks})):
        for unit, person in held.filter(organization__in=some, role__in=in_charge).values_list(
            "organization", "user"
        ):
            posts[unit].add(person)
    for some in batches(sorted({task.handler_id for task in tasks if task.handler_id})):
        active |= set(held.filter(user__in=some).values_list("user", flat=True))
    notices = []
    for task in tasks:
        people = posts[task.organization_id] | ({task.handler_id} & active if task.handler_id else set())
        data = {
            "task": task.title,
            "organization": task.organization.short_name,
            "reason": str(said.get("reason") or ""),
            "remark": str(said.get("remark") or ""),
        }
        notices += [
            Notice(recipient_id=person, kind=kind, data=data, task=task, created_at=at)
            for person in sorted(people)
        ]
    Notice.objects.bulk_create(notices, batch_size=500)


def notify_infected(item: Evidence, *, at: datetime) -> None:
    """Tell of an infected file whoever attached it, the secretary and clerk of the unit, and the office that reviews."""
    subject = item.subject
    issuer = subject.measure.plan.organization_id if isinstance(subject, Task) else subject.found_by_id
    unit = Q(organization=subject.organization_id, role__in=[Post.Role.SECRETARY, Post.Role.CLERK])
    office = Q(organization=issuer, role=Post.Role.CLERK)
    held = Post.objects.held_on(local_date(at)).filter(unit | office, user__is_active=True)
    people = {item.added_by_id, *held.values_list("user_id", flat=True)}
    task = subject if isinstance(subject, Task) else None
    data = {"file": item.name, "task": task.title if task else str(subject)}
    if task is None:
        data["url"] = reverse("tracker:finding", args=[subject.pk])
    Notice.objects.bulk_create(
        [
            Notice(
                recipient_id=person,
                kind="infected",
                data=data,
                task=task,
                key=f"infected.{item.pk}.{person}",
                created_at=at,
            )
            for person in sorted(people)
        ],
        ignore_conflicts=True,
    )


def notify_auditors(wrong: Sequence[str], *, at: datetime) -> None:
    """Tell the auditors at the roots, once a local day, that the history does not verify, and what comes first."""
    day = local_date(at)
    duty = Post.objects.held_on(day).filter(
        organization__parent=None, role=Post.Role.AUDITOR, user__is_active=True
    )
    told = Notice.objects.filter(kind="history_broken", created_at__gte=moment(day, 0)).values("recipient")
    people = duty.exclude(user__in=told).order_by().values_list("user", flat=True).distinct()
    data = {"count": len(wrong), "first": wrong[0], "url": "/audit/"}
    Notice.objects.bulk_create(
        [Notice(recipient_id=person, kind="history_broken", data=data, created_at=at) for person in people]
    )


def unread(user: Any) -> Q:
    """The condition "not yet read by this user"."""
    return Q(recipient=user, read_at__isnull=True)


def unread_count(actor: Actor | None) -> int:
    """How many notices wait for this person; for the bell."""
    return Notice.objects.filter(unread(actor.user)).count() if actor else 0


def mark_read(notices: QuerySet[Notice], *, user: Any, at: datetime) -> int:
    """Mark the unread ones of a person's notices as read; returns how many were. Others' are left alone."""
    return notices.filter(unread(user)).update(read_at=at)


def address_of(notice: Notice) -> str:
    """Where a notice leads: the address it carries (a plan's comments, a pledge), its task, or the tasks of its unit that still have to be acknowledged."""
    if notice.data.get("url"):
        return str(notice.data["url"])
    if notice.task_id:
        return reverse("tracker:task", args=[notice.task_id])
    return reverse("tracker:tasks") + ("?group=pending" if notice.kind == "assigned" else "")


LOOKS = {
    "assigned": ("clipboard-document-list", ""),
    "named": ("user-circle", ""),
    "returned": ("arrow-uturn-left", "bad"),
    "declined": ("arrow-uturn-left", "warn"),
    "done": ("check-circle", "good"),
    "instructed": ("chat-bubble-left-ellipsis", "warn"),
    "urged": ("clock", "warn"),
    "reopened": ("arrow-path", "warn"),
    "reassigned": ("arrows-right-left", "warn"),
    "suspended": ("pause-circle", ""),
    "resumed": ("play-circle", ""),
    "withdrawn": ("x-circle", ""),
    "extended": ("calendar", "good"),
    "not_extended": ("calendar", "bad"),
    "amended": ("pencil-square", "warn"),
    "infected": ("shield-exclamation", "bad"),
    "reserve_due": ("clock", "warn"),
    "consulted": ("chat-bubble-left-right", "warn"),
    "comment_answered": ("chat-bubble-left-right", ""),
    "pledge_to_sign": ("pencil-square", "warn"),
    "pledges_to_sign": ("pencil-square", "warn"),
}
"""Icon and tone of each kind; a reminder's kind, which is not here, looks like a clock."""


def look_of(notice: Notice) -> tuple[str, str]:
    return LOOKS.get(notice.kind, ("clock", "warn"))
