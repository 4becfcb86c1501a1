"""Tasks: the list with its filters, the page of one task, its acts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from branches.models import Organization
from common import saying
from common.clock import local_date, now
from common.workdays import Calendar
from tracker import evidence
from tracker.acting_many import perform_each
from tracker.amendments import amendments_in, put_words_of_its_time
from tracker.asked import words_behind
from tracker.breakdown import break_down, breakdown_of, why_not_break_down
from tracker.chain import chain_of
from tracker.gaps import gaps_in_sight, spelled_out
from tracker.left_behind import SILENT_DAYS, left_by_handler, never_acting, units_left
from tracker.lights import glance
from tracker.loop import steps_of_task
from tracker.models import Extension, Plan, Task
from tracker.task_list import GROUPS, TaskFilter, page_of, rows_of, with_names
from tracker.timeline import RETURNS, last_return, timeline_of
from tracker.transitions import act_form
from tracker.views.acts import Button, act_page, actor_of, offers_for
from tracker.views.evidence import attach_along

SHOWN_GROUPS = ("open", "pending", "returned", "urgent", "active", "review", "done", "all")
SWITCHES: dict[str, str | Promise] = {
    "handler": gettext_lazy("I am responsible"),
    "mine": gettext_lazy("my own unit"),
    "extension": gettext_lazy("extension asked for"),
    "left": gettext_lazy("responsible person has left"),
}
WITHOUT_A_CONTROL = (
    *SWITCHES,
    "measure",
    "unit",
    "area",
    "kind",
    "in_hand",
    "overdue_on",
    "due_from",
    "due_to",
)
SHOWN_AT_ONCE = 200
WITH_FILES = frozenset({"report", "submit"})
"""Acts whose page also takes evidence, so that text and photos go in together."""


@require_GET
def task_list(request: HttpRequest) -> HttpResponse:
    """``/tasks/``: the tasks in sight, narrowed by the filters of the address."""
    actor, day, calendar = actor_of(request), local_date(now()), Calendar.load()
    chosen = TaskFilter(request.GET, actor=actor, day=day, calendar=calendar)
    tasks = chosen.narrow()
    counts = chosen.counts()
    found = page_of(
        with_names(chosen.in_group(tasks)),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    return render(
        request,
        "tracker/tasks/list.html",
        {
            "filter": chosen,
            "tabs": [(g, GROUPS[g], counts[g], g == chosen.shown) for g in SHOWN_GROUPS],
            "count": counts[chosen.shown] if chosen.shown else tasks.count(),
            "rows": rows_of(found.tasks, day=day, calendar=calendar),
            "calendar": calendar,
            "next_url": _turned(request, after=found.next),
            "previous_url": _turned(request, before=found.previous),
            "plans": Plan.objects.visible_to(actor).filter(state=Plan.State.ISSUED)[:60],
            "units": _units_below(actor.home),
            "narrowed": bool(set(chosen.chosen) - {"group"}),
            "kept": [(name, request.GET[name]) for name in chosen.chosen if name in WITHOUT_A_CONTROL],
            "chips": _chips(request, chosen),
        },
    )


def _chips(request: HttpRequest, chosen: TaskFilter) -> list[tuple[str, str | Promise, bool]]:
    """The filters without a control of their own: address with it turned round, words, whether it is on."""
    words = {"handler": SWITCHES["handler"], **words_of(chosen)}
    return [
        (_switched(request, n, n in chosen.chosen), text, n in chosen.chosen) for n, text in words.items()
    ]


def words_of(chosen: TaskFilter) -> dict[str, str | Promise]:
    """The chosen filters without a control of their own, in words."""
    on = chosen.chosen
    words = {name: SWITCHES[name] for name in on if name in SWITCHES}
    if measure := on.get("measure"):
        words["measure"] = measure.title
    for name in ("unit", "area"):
        if name in on:
            words[name] = str(on[name])
    if kind := on.get("kind"):
        words["kind"] = Organization.Kind(kind).label
    if "in_hand" in on:
        words["in_hand"] = _("not handed in")
    if day := on.get("overdue_on"):
        words["overdue_on"] = _("overdue on %(day)s") % {"day": saying.full_date(day)}
    if day := on.get("due_from"):
        words["due_from"] = _("due from %(day)s") % {"day": saying.full_date(day)}
    if day := on.get("due_to"):
        words["due_to"] = _("due until %(day)s") % {"day": saying.full_date(day)}
    return words


def _switched(request: HttpRequest, name: str, on: bool) -> str:
    query = request.GET.copy()
    for gone in ("after", "before", name):
        query.pop(gone, None)
    if not on:
        query[name] = "me"
    return f"?{query.urlencode()}"


def _units_below(home: Organization | None) -> QuerySet[Organization]:
    """The organisations to choose from in the filter: one level below one's own."""
    return Organization.objects.filter(parent=home)[:200] if home else Organization.objects.none()


def _turned(request: HttpRequest, **cursor: str) -> str:
    """The present address with another cursor; empty when there is nothing to turn to."""
    ((name, place),) = cursor.items()
    if not place:
        return ""
    query = request.GET.copy()
    query.pop("after", None)
    query.pop("before", None)
    query[name] = place
    return f"?{query.urlencode()}"


def _task(request: HttpRequest, pk: int) -> Task:
    """The task, if it lies in the reader's sight."""
    tasks = Task.objects.visible_to(actor_of(request)).select_related(
        "measure__plan__organization",
        "measure__responsible_leader",
        "measure__lead",
        "organization__parent",
        "handler",
        "submitted_by",
        "reviewed_by",
    )
    return get_object_or_404(tasks, pk=pk)


@require_GET
def task_page(request: HttpRequest, pk: int) -> HttpResponse:
    """``/tasks/<pk>/``: what is asked, by when, who answers, what happened, and what can be done now."""
    actor, at, calendar = actor_of(request), now(), Calendar.load()
    day = local_date(at)
    task = _task(request, pk)
    offers = offers_for(task, actor=actor, at=at)
    by_act = {button.act: button for button in offers}
    acknowledge = by_act.get("acknowledge")
    words_of_its_time = put_words_of_its_time(task)
    return render(
        request,
        "tracker/tasks/task.html",
        {
            "task": task,
            "glance": glance(task, day=day, calendar=calendar),
            "loop": steps_of_task(task),
            "calendar": calendar,
            "limit_days": calendar.between(day, task.acknowledge_by),
            "words": words_behind(task.measure, actor=actor),
            "chain": list(reversed(chain_of(task.organization, day=day))),
            "lines": (lines := timeline_of(task)),
            "amendments": amendments_in(lines),
            "words_of_its_time": words_of_its_time,
            "last_return": next((line for line in lines if line.act in RETURNS), None)
            if task.returned
            else None,
            "evidence": evidence.shown(task.evidence.select_related("file", "added_by"), actor=actor),
            "extension": _open_extension(task, actor=actor, at=at),
            **_ranked(offers),
            "acknowledge": act_form(task, "acknowledge", actor=actor, at=at)
            if acknowledge and acknowledge.allowed
            else None,
            "may_attach": "report" in by_act and by_act["report"].allowed,
            "accept": evidence.ACCEPT,
            "breakdown": breakdown_of(task),
            "may_break_down": why_not_break_down(task, actor=actor) is None,
        },
    )


@require_POST
def task_break_down(request: HttpRequest, pk: int) -> HttpResponse:
    """Pass a task on to one's own branches: into a draft of one's own, where it is settled and issued."""
    measure = break_down(_task(request, pk), actor=actor_of(request), at=now())
    messages.success(request, _("It stands in your draft. Settle dates and receivers, then issue."))
    return redirect("tracker:measure", measure.plan_id, measure.pk)


def _ranked(offers: list[Button]) -> dict[str, list[Button]]:
    """Buttons for the head of the page (at most three: the branch's or the reviewer's own), and the rest."""
    head = [button for button in offers if button.act in HEAD]
    return {"offers": head, "more": [button for button in offers if button not in head]}


HEAD = (
    "acknowledge",
    "report",
    "submit",
    "take_back",
    "approve",
    "approve_second",
    "return",
    "return_second",
)


def _open_extension(task: Task, *, actor: Any, at: Any) -> dict[str, Any] | None:
    asked = task.extensions.select_related("requested_by").filter(state=Extension.State.PENDING).first()
    if asked is None:
        return None
    asked.task = task
    return {"request": asked, "offers": offers_for(asked, actor=actor, at=at)}


def task_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """``/tasks/<pk>/<act>/``: the form of one act; reports and submissions take evidence along."""
    task = _task(request, pk)
    uploads = act in WITH_FILES
    context = {
        "task": task,
        "glance": glance(task, day=local_date(now()), calendar=Calendar.load()),
        "uploads": uploads,
        "accept": evidence.ACCEPT,
        "evidence": evidence.shown(task.evidence.select_related("file"), actor=actor_of(request))
        if uploads
        else [],
        "last_return": last_return(task) if uploads and task.returned else None,
    }
    return act_page(
        request,
        task,
        act,
        page=reverse("tracker:task", args=[pk]),
        about="tracker/tasks/_about.html",
        context=context,
        before=(lambda subject: attach_along(request, subject)) if uploads else None,
    )


@require_POST
def acknowledge_many(request: HttpRequest) -> HttpResponse:
    """Acknowledge the tasks that the sender's page showed, each by its own act, naming one person for all."""
    if done := _for_each(request, "acknowledge", Task.objects.filter(state=Task.State.PENDING)):
        said = ngettext("%(count)s task acknowledged", "%(count)s tasks acknowledged", done)
        messages.success(request, said % {"count": done})
    return redirect("tracker:home")


@require_POST
def rename_many(request: HttpRequest) -> HttpResponse:
    """Name one new responsible person for those of the shown tasks whose person has left, each by its own act."""
    left = left_by_handler(Task.objects.all(), day=actor_of(request).day)
    if done := _for_each(request, "rename", left):
        said = ngettext(
            "%(count)s task has a new responsible person",
            "%(count)s tasks have a new responsible person",
            done,
        )
        messages.success(request, said % {"count": done})
    return redirect("tracker:home")


def _for_each(request: HttpRequest, act: str, tasks: Any) -> int:
    """Perform one act with the same inputs on those of ``tasks`` that the sender's page showed; how many it was.

    Each in its own transaction. Every reason of a refusal becomes a message, once.
    """
    actor, at = actor_of(request), now()
    shown = [int(pk) for pk in request.POST.getlist("task") if pk.isdecimal() and len(pk) < 19]
    chosen = tasks.visible_to(actor).filter(pk__in=shown[:SHOWN_AT_ONCE])
    tasks = chosen.select_related("measure__plan__organization", "organization")
    outcome = perform_each(tasks, act, actor=actor, at=at, given=request.POST)
    for sentence in sorted({reason for _task, reason in outcome.refused}):
        messages.error(request, sentence)
    return len(outcome.done)


def extension_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """``/extensions/<pk>/<act>/``: grant or refuse a later date."""
    asked = get_object_or_404(
        Extension.objects.visible_to(actor_of(request)).select_related(
            "task__measure__plan__organization", "task__organization", "requested_by"
        ),
        pk=pk,
    )
    if act not in {"grant", "refuse"}:
        raise Http404
    task = asked.task
    return act_page(
        request,
        asked,
        act,
        page=reverse("tracker:extension", args=[pk]),
        about="tracker/tasks/_extension.html",
        context={"task": task, "extension": {"request": asked}},
    )


@require_GET
def extension_page(request: HttpRequest, pk: int) -> HttpResponse:
    """``/extensions/<pk>/``: leads to the task it belongs to."""
    asked = get_object_or_404(Extension.objects.visible_to(actor_of(request)), pk=pk)
    return redirect("tracker:task", asked.task_id)


@require_GET
def gap_list(request: HttpRequest) -> HttpResponse:
    """``/tasks/gaps/``: where nobody answers: levels of the chain that nobody holds today, tasks whose responsible
    person has left, people who never act while tasks wait.
    """
    actor, day = actor_of(request), local_date(now())
    units = list(gaps_in_sight(actor, day=day)[:500])
    context = {
        "gaps": spelled_out(units),
        "left": units_left(actor, day=day)[:500],
        "silent": never_acting(actor, day=day, calendar=Calendar.load())[:500],
        "silent_days": SILENT_DAYS,
    }
    return render(request, "tracker/tasks/gaps.html", context)


urlpatterns: list = [
    path("tasks/", task_list, name="tasks"),
    path("tasks/acknowledge/", acknowledge_many, name="acknowledge_many"),
    path("tasks/rename/", rename_many, name="rename_many"),
    path("tasks/gaps/", gap_list, name="gaps"),
    path("tasks/<int:pk>/", task_page, name="task"),
    path("tasks/<int:pk>/break-down/", task_break_down, name="task_break_down"),
    path("tasks/<int:pk>/<slug:act>/", task_act, name="task_act"),
    path("extensions/<int:pk>/", extension_page, name="extension"),
    path("extensions/<int:pk>/<slug:act>/", extension_act, name="extension_act"),
]
