"""Bulk approval: which of several submissions a reviewer may approve at once, why not the others, and doing it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Case, Exists, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Length
from django.utils.translation import gettext as _

from branches.access import Actor
from common.errors import Refused, Sentence
from tracker.models import Event, Evidence, Task
from tracker.reviewing import LONG_ENOUGH, may_review, of_own_hand
from tracker.transitions import decide, perform

MOST = 100
"""What one click may approve: some two seconds of work, and about what a person has looked through."""
APPROVALS = ("approve", "approve_second")


@dataclass(frozen=True)
class Verdict:
    """One ticked submission: ``reason`` says why it is not approved; empty where it is."""

    task: Task
    act: str
    reason: Sentence = ""
    done_before: bool = False
    """Approved by this very person since the list was drawn: the same button pressed twice."""


@dataclass(frozen=True)
class Outcome:
    """What a bulk approval did, and what it left alone, each with its reason."""

    approved: Sequence[Task]
    refused: Sequence[Verdict]
    repeated: int = 0


def with_facts(tasks: QuerySet[Task]) -> QuerySet[Task]:
    """Submissions with what a list of them prints, and with the facts ``has_evidence`` and ``same_words``."""
    twin = Task.objects.filter(measure=OuterRef("measure"), progress=OuterRef("progress"))
    tells = When(long__gte=LONG_ENOUGH, then=Exists(twin.exclude(pk=OuterRef("pk"))))
    return tasks.select_related(
        "measure__plan__organization", "organization__parent", "submitted_by", "handler"
    ).annotate(
        has_evidence=Exists(Evidence.objects.sound().filter(task=OuterRef("pk"))),
        long=Length("progress"),
        same_words=Case(tells, default=False, output_field=BooleanField()),
    )


def own_waiting(actor: Actor) -> QuerySet[Task]:
    """Submissions this person could decide on, were they not their own; somebody else has to."""
    return Task.objects.visible_to(actor).filter(may_review(actor) & of_own_hand(actor))


def judge(versions: Mapping[int, int], *, actor: Actor, at: datetime) -> list[Verdict]:
    """A verdict on each ticked submission in sight, in the order of the queue; one query, writes nothing.

    ``versions`` holds by id the version the person looked at. Ids out of sight do not exist and are left out.
    """
    last = Event.objects.filter(subject_kind=Task.KIND, subject_id=OuterRef("pk")).order_by("-sequence")
    tasks = with_facts(Task.objects.visible_to(actor).filter(pk__in=versions))
    tasks = tasks.annotate(
        last_by=Subquery(last.values("actor")[:1]), last_act=Subquery(last.values("act")[:1])
    )
    return [
        _verdict(task, versions[task.pk], actor=actor, at=at) for task in tasks.order_by("submitted_at", "pk")
    ]


def approve_each(
    versions: Mapping[int, int], *, actor: Actor, at: datetime, given: Mapping[str, Any]
) -> Outcome:
    """Approve those of the ticked submissions that may be, each by its own act in its own transaction.

    Judged anew first. One that somebody else decided in between is refused like by itself and stays as it is;
    the others are approved all the same.
    """
    approved, refused, repeated = [], [], 0
    for verdict in judge(versions, actor=actor, at=at):
        if verdict.done_before:
            repeated += 1
        elif verdict.reason:
            refused.append(verdict)
        else:
            task = verdict.task
            try:
                perform(task, verdict.act, actor=actor, at=at, given=given, version=task.version)
                approved.append(task)
            except Refused as refusal:
                refused.append(Verdict(task, verdict.act, str(refusal)))
    return Outcome(approved, refused, repeated)


def _verdict(task: Task, version: int, *, actor: Actor, at: datetime) -> Verdict:
    act = APPROVALS[task.state == Task.State.SECOND_REVIEW]
    if task.version != version:
        mine = task.version == version + 1 and task.last_by == actor.user.pk  # type: ignore[attr-defined]
        stale = _("Somebody else acted on it since you ticked it. Open it and look at it again.")
        return Verdict(task, act, stale, done_before=mine and task.last_act in APPROVALS)  # type: ignore[attr-defined]
    decision = decide(task, act, actor=actor, at=at)
    if not decision.allowed:
        return Verdict(task, act, decision.reason)
    return Verdict(task, act, _lacking(task))


def _lacking(task: Task) -> Sentence:
    """What the measure asks for and the submission does not have; it deserves to be looked at by itself."""
    if task.measure.evidence_required and not task.has_evidence:  # type: ignore[attr-defined]
        return _("The evidence the measure asks for is missing.")
    if task.measure.target_number is not None and task.number is None:
        return _("The number towards the target is missing.")
    return ""


def read_ticks(values: Iterable[str]) -> dict[int, int]:
    """The ticked ids with their versions from ``<id>:<version>``; what cannot be read is left out.

    Raises Refused for more than ``MOST``.
    """
    ticks = {}
    for value in values:
        pk, _colon, version = value.partition(":")
        if all(part.isascii() and part.isdecimal() and len(part) < 19 for part in (pk, version)):
            ticks[int(pk)] = int(version)
    if len(ticks) > MOST:
        raise Refused(
            _("At most %(most)s submissions can be approved at once; %(count)s are ticked.")
            % {"most": MOST, "count": len(ticks)},
            code="too_many",
        )
    return ticks


def measures_in(queue: QuerySet[Task]) -> list[tuple[int, str]]:
    """The measures of a queue, to narrow it by: id and title."""
    found = queue.order_by("measure__plan", "measure__position").values_list("measure", "measure__title")
    return list(dict.fromkeys(found))


def about(queue: QuerySet[Task], *, measure: str) -> QuerySet[Task]:
    """The queue narrowed to one measure; whole where the id cannot be read."""
    readable = measure.isascii() and measure.isdecimal() and len(measure) < 19
    return queue.filter(Q(measure=int(measure))) if readable else queue
