"""The review queue: one submission at a time, the next one after each decision; or several after a preview."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from common.clock import local_date, now
from common.workdays import Calendar
from tracker.approving_many import (
    MOST,
    Outcome,
    about,
    approve_each,
    judge,
    measures_in,
    own_waiting,
    read_ticks,
    with_facts,
)
from tracker.asked import words_behind
from tracker.evidence import shown
from tracker.models import Measure, Task
from tracker.reviewing import next_after, queue_of, recent_reasons, submission_of
from tracker.today import to_verify
from tracker.transitions import act_form
from tracker.views.acts import actor_of

IN_PAGE = ("measure__plan", "measure__responsible_leader", "organization__parent", "submitted_by", "handler")


@require_GET
def review(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """``/review/`` shows the submission that waits longest, ``/review/<pk>/`` a certain one.

    One that somebody else has decided meanwhile, or that is none of this person's, leads on to the first one.
    """
    actor, at = actor_of(request), now()
    # the ids alone, read once: their number, the first and the next one all come from them
    waiting = list(queue_of(actor).values_list("pk", flat=True))
    if not waiting and not pk:
        return render(request, "tracker/review/empty.html", {"reviewer": _reviews(request)})
    chosen = pk or waiting[0]
    task = Task.objects.select_related(*IN_PAGE).get(pk=chosen) if chosen in waiting else None
    if task is None:
        messages.info(request, _("This submission no longer waits for you. Here is the next one."))
        return redirect("tracker:review")
    following = next_after(waiting, task.pk)
    second = task.state == Task.State.SECOND_REVIEW
    approve, send_back = ("approve_second", "return_second") if second else ("approve", "return")
    assert task.submitted_at is not None
    calendar = Calendar.load()
    return render(
        request,
        "tracker/review/one.html",
        {
            "task": task,
            "submission": (submission := submission_of(task, calendar=calendar)),
            "evidence": shown(submission.evidence, actor=actor),
            "words": words_behind(task.measure, actor=actor),
            "waited": calendar.between(local_date(task.submitted_at), local_date(at)),
            "left": len(waiting),
            "next_url": reverse("tracker:review_one", args=[following]) if following else "",
            "after": reverse("tracker:review_one", args=[following])
            if following
            else reverse("tracker:review"),
            "second": second,
            "approve": approve,
            "send_back": send_back,
            "approve_form": act_form(task, approve, actor=actor, at=at),
            "return_form": act_form(task, send_back, actor=actor, at=at),
            "reasons": recent_reasons(actor),
        },
    )


def several(request: HttpRequest) -> HttpResponse:
    """``/review/several/``: the queue as a list to tick; sent, a preview of what would be approved and what not and
    why; confirmed, each approved by its own act. What cannot be approved is left as it is, with its reason.
    """
    if request.method != "POST":
        return _list(request)
    actor, at = actor_of(request), now()
    ticks = read_ticks(request.POST.getlist("task"))
    if not ticks:
        messages.error(request, _("Tick at least one submission."))
        return redirect("tracker:review_several")
    remark = act_form(Task(), "approve", actor=actor, at=at, data=request.POST)
    confirmed = "confirm" in request.POST
    if not confirmed or not remark.is_valid():
        verdicts = judge(ticks, actor=actor, at=at)
        context = {
            "approvable": [v for v in verdicts if not v.reason],
            "left_out": [v for v in verdicts if v.reason],
            "form": remark if confirmed else act_form(Task(), "approve", actor=actor, at=at),
        }
        status = 422 if confirmed else 200
        return render(request, "tracker/review/several_preview.html", context, status=status)
    _say(request, approve_each(ticks, actor=actor, at=at, given=request.POST))
    return redirect("tracker:review_several")


def _list(request: HttpRequest) -> HttpResponse:
    actor, calendar, day = actor_of(request), Calendar.load(), local_date(now())
    queue = queue_of(actor)
    measure = request.GET.get("measure", "")
    narrowed = about(queue, measure=measure)
    tasks = with_facts(narrowed)[:MOST]
    context = {
        "rows": [
            (task, calendar.between(local_date(task.submitted_at), day))
            for task in tasks
            if task.submitted_at
        ],
        "left": narrowed.count(),
        "measures": measures_in(queue),
        "measure": measure,
        "own": own_waiting(actor).count(),
    }
    return render(request, "tracker/review/several.html", context)


def _say(request: HttpRequest, outcome: Outcome) -> None:
    count = len(outcome.approved)
    if count:
        said = ngettext("%(count)s submission approved", "%(count)s submissions approved", count)
        messages.success(request, said % {"count": count})
    elif outcome.repeated and not outcome.refused:
        messages.info(request, _("This had already been done."))
    for verdict in outcome.refused:
        words = {"unit": verdict.task.organization.short_name, "task": verdict.task.title}
        not_this = _("Not approved: %(unit)s, “%(task)s”. %(reason)s") % {**words, "reason": verdict.reason}
        messages.error(request, not_this)


@require_GET
def measures_to_verify(request: HttpRequest) -> HttpResponse:
    """``/review/measures/``: measures whose tasks are all closed and whose effect somebody has to judge."""
    return render(request, "tracker/review/measures.html", {"measures": waiting_measures(request)[:200]})


def waiting_measures(request: HttpRequest) -> QuerySet[Measure]:
    """All of them, with how many tasks were completed."""
    done = Count("tasks", filter=Q(tasks__state=Task.State.DONE))
    return (
        to_verify(actor_of(request)).select_related("plan").annotate(done=done).order_by("plan", "position")
    )


def _reviews(request: HttpRequest) -> bool:
    """Whether this person ever has something to review, for the words of the empty page."""
    return any(post.organization.kind != "BRANCH" for post in actor_of(request).business_posts)


urlpatterns: list = [
    path("review/", review, name="review"),
    path("review/several/", several, name="review_several"),
    path("review/measures/", measures_to_verify, name="measures_to_verify"),
    path("review/<int:pk>/", review, name="review_one"),
]
