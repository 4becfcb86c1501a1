"""The review queue: what one person may decide on, and the facts that help them to decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from branches.access import Actor
from branches.models import Organization
from common.clock import local_date
from common.workdays import Calendar
from tracker.models import Event, Evidence, Task
from tracker.transitions.parties import REVIEW_ROLES

State = Task.State
ISSUER = "measure__plan__organization"
LONG_ENOUGH = 10
"""Characters from which the same words twice say anything."""


def reviewable_by(actor: Actor) -> Q:
    """The condition "this person's posts let them decide on this submission now", own submissions left out.

    The same rule as the table's reviewer parties and guards, for sets of tasks; a test compares the two.
    """
    return may_review(actor) & ~of_own_hand(actor)


def may_review(actor: Actor) -> Q:
    """The same by posts alone, own submissions included."""
    may = Q(pk__in=[])
    for post in actor.posts:
        if post.role in REVIEW_ROLES:
            may |= _first_review(post.organization) | _second_review(post.organization, actor)
    return may


def of_own_hand(actor: Actor) -> Q:
    """Handed in by this person, or done by them."""
    return Q(submitted_by=actor.user.pk) | Q(handler=actor.user.pk)


def _first_review(own: Any) -> Q:
    below = Q(organization__path__gt=own.path, organization__path__lt=own.path + "~")
    to_itself = Q(**{ISSUER: F("organization")})
    at_or_above = Q(**{f"{ISSUER}__in": _ids(own.paths_above(itself=True))})
    above = Q(**{f"{ISSUER}__in": _ids(own.paths_above())})
    two = Q(measure__plan__two_reviews=True) & ~Q(organization__parent=F(ISSUER))
    by_level = (two & above) | (~two & at_or_above)
    return Q(state=State.SUBMITTED) & below & (to_itself | (~to_itself & by_level))


def _second_review(own: Any, actor: Actor) -> Q:
    return Q(state=State.SECOND_REVIEW, **{ISSUER: own}) & ~Q(reviewed_by=actor.user.pk)


def _ids(paths: Sequence[str]) -> Any:
    """The organisations at these paths, as a set the database makes once: no join for each submission."""
    return Organization.objects.filter(path__in=paths).order_by().values("pk")


def queue_of(actor: Actor) -> QuerySet[Task]:
    """Submissions waiting for this person, the longest waiting first."""
    return Task.objects.visible_to(actor).filter(reviewable_by(actor)).order_by("submitted_at", "pk")


def next_after(waiting: Sequence[int], pk: int) -> int | None:
    """The id after this one in a queue of ids, else the first one that is not this one."""
    place = waiting.index(pk)
    others = (*waiting[place + 1 :], *waiting[:place])
    return others[0] if others else None


@dataclass(frozen=True)
class Fact:
    """Something a reviewer should know, said without judging. Tones as of badges."""

    sentence: str
    tone: str = "neutral"
    quote: str = ""


@dataclass(frozen=True)
class Submission:
    """What the branch handed in, and what is known about it."""

    task: Task
    evidence: Sequence[Evidence]
    said: dict[str, Any] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)


def submission_of(task: Task, *, calendar: Calendar) -> Submission:
    """A submission with its evidence and facts: five queries, whatever the task's history."""
    evidence = list(
        task.evidence.select_related("file", "added_by").annotate(
            shown=Count("file__evidence__task", distinct=True)
        )
    )
    events = list(_events(task))
    handed_in = next((event for event in events if event.act == "submit"), None)
    reports = [event for event in events if event.act in {"report", "submit"}]
    facts = [
        *_timing(task, calendar),
        *_returns(task, events),
        *_likeness(task, evidence, reports),
        *_haste(task, reports),
    ]
    return Submission(task, evidence, handed_in.said if handed_in else {}, facts)


def recent_reasons(actor: Actor, *, limit: int = 5) -> list[str]:
    """The reasons this person lately gave for returns, newest first, each once."""
    returns = Event.objects.filter(
        subject_kind="task", act__in=["return", "return_second"], actor=actor.user
    ).order_by("-at")[:30]
    return list(dict.fromkeys(str(event.said.get("reason", "")).strip() for event in returns))[:limit]


def _events(task: Task) -> QuerySet[Event]:
    acts = ["report", "submit", "return", "return_second", "approve"]
    return Event.objects.filter(subject_kind="task", subject_id=task.pk, act__in=acts).order_by("-sequence")


def _timing(task: Task, calendar: Calendar) -> list[Fact]:
    assert task.submitted_at is not None
    days = calendar.between(task.due, local_date(task.submitted_at))
    if task.done_late:
        late = ngettext(
            "Handed in %(count)s working day late", "Handed in %(count)s working days late", max(days, 1)
        )
        return [Fact(late % {"count": max(days, 1)}, "bad")]
    return [Fact(_("Handed in on time"), "good")]


def _returns(task: Task, events: list[Event]) -> list[Fact]:
    last = next((event for event in events if event.act.startswith("return")), None)
    if last is None:
        return []
    times = ngettext("Returned %(count)s time before", "Returned %(count)s times before", task.returns)
    return [Fact(times % {"count": task.returns}, "warn", str(last.said.get("reason", "")))]


def _likeness(task: Task, evidence: Sequence[Evidence], reports: list[Event]) -> list[Fact]:
    facts = []
    if len(task.progress) >= LONG_ENOUGH:
        twins = Task.objects.filter(progress=task.progress).exclude(pk=task.pk)
        here, elsewhere = Q(measure=task.measure_id), Q(organization=task.organization_id)
        alike = twins.filter(here | elsewhere).aggregate(
            here=Count("pk", filter=here), elsewhere=Count("pk", filter=elsewhere & ~here)
        )
        if alike["here"]:
            sentence = ngettext(
                "Word for word as in %(count)s other report on this measure",
                "Word for word as in %(count)s other reports on this measure",
                alike["here"],
            )
            facts.append(Fact(sentence % {"count": alike["here"]}, "warn"))
        if alike["elsewhere"]:
            sentence = ngettext(
                "Word for word as in %(count)s report of this unit on another measure",
                "Word for word as in %(count)s reports of this unit on other measures",
                alike["elsewhere"],
            )
            facts.append(Fact(sentence % {"count": alike["elsewhere"]}, "warn"))
        again = sum(event.said.get("progress") == task.progress for event in reports) - 1
        if again > 0:
            sentence = ngettext(
                "The same words as in %(count)s earlier report of its own",
                "The same words as in %(count)s earlier reports of its own",
                again,
            )
            facts.append(Fact(sentence % {"count": again}, "warn"))
    shared = sum(item.shown > 1 for item in evidence if not item.replaced_by_id)  # type: ignore[attr-defined]
    if shared:
        sentence = ngettext(
            "%(count)s file is also evidence elsewhere", "%(count)s files are also evidence elsewhere", shared
        )
        facts.append(Fact(sentence % {"count": shared}))
    return facts


def _haste(task: Task, reports: list[Event]) -> list[Fact]:
    days = {local_date(event.at) for event in reports}
    if len(days) != 1 or min(days) < task.due:
        return []
    if task.due in days:
        return [Fact(_("Everything was entered on the last day"))]
    return [Fact(_("Everything was entered on a single day, after the due date"))]
