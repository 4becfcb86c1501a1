"""The review queue: one submission at a time, the next one after each decision."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from common.clock import local_date, now
from common.workdays import Calendar
from tracker.asked import words_behind
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
    queue = queue_of(actor)
    left = queue.count()
    task = queue.select_related(*IN_PAGE).filter(**({"pk": pk} if pk else {})).first()
    if task is None and pk:
        messages.info(request, _("This submission no longer waits for you. Here is the next one."))
        return redirect("tracker:review")
    if task is None:
        return render(request, "tracker/review/empty.html", {"reviewer": _reviews(request)})
    following = next_after(queue, task)
    second = task.state == Task.State.SECOND_REVIEW
    approve, send_back = ("approve_second", "return_second") if second else ("approve", "return")
    assert task.submitted_at is not None
    calendar = Calendar.load()
    return render(
        request,
        "tracker/review/one.html",
        {
            "task": task,
            "submission": submission_of(task, calendar=calendar),
            "words": words_behind(task.measure, actor=actor),
            "waited": calendar.between(local_date(task.submitted_at), local_date(at)),
            "left": left,
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
    path("review/measures/", measures_to_verify, name="measures_to_verify"),
    path("review/<int:pk>/", review, name="review_one"),
]
