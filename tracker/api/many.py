"""Several tasks at once, each judged and acted on by itself; and the queue of what waits for a reviewer."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.changes import once
from common.api.fields import Strict
from common.api.pages import Numbered
from common.clock import now
from common.workdays import Calendar
from tracker.acting_many import perform_each
from tracker.api.given import taken
from tracker.api.subjects import Subjects
from tracker.approving_many import MOST, approve_each, judge
from tracker.left_behind import left_by_handler
from tracker.models import Task
from tracker.reviewing import queue_of, submission_of


class SeenTask(Strict):
    """A task and the version one has seen of it."""

    id = serializers.IntegerField(min_value=0, max_value=2**63 - 1)
    version = serializers.IntegerField(min_value=0, max_value=2**31 - 1)


class SeenTasks(Strict):
    """Up to 100 tasks."""

    tasks = SeenTask(many=True, allow_empty=False, max_length=MOST)


class ManyApproved(SeenTasks):
    """Submissions to approve with the same remark."""

    remark = serializers.CharField(required=False, allow_blank=True, max_length=2000)


class ManyNamed(SeenTasks):
    """Tasks and the one person responsible for all of them."""

    handler = serializers.IntegerField(min_value=1, max_value=2**63 - 1)


class VerdictSerializer(serializers.Serializer):
    """Whether one submission may be approved together with others; ``reason`` says why not."""

    task = serializers.IntegerField(source="task.pk")
    act = serializers.CharField()
    approvable = serializers.SerializerMethodField()
    reason = serializers.CharField()

    def get_approvable(self, verdict: Any) -> bool:
        """Nothing speaks against it."""
        return not verdict.reason


class NotDone(serializers.Serializer):
    """A task that stayed as it was, and why."""

    task = serializers.IntegerField()
    reason = serializers.CharField()


class ManyDone(serializers.Serializer):
    """What became of each; tasks out of sight are in neither list."""

    done = serializers.ListField(child=serializers.IntegerField())
    refused = NotDone(many=True)


class FactSerializer(serializers.Serializer):
    """Something a reviewer should know, said without judging; ``quote`` are the words it is about."""

    sentence = serializers.CharField()
    tone = serializers.CharField()
    quote = serializers.CharField()


class ManyAtOnce(Subjects):
    """Several tasks with one request."""

    @extend_schema(filters=False)
    @action(
        detail=False, methods=["get"], filter_backends=[], url_path="to-review", pagination_class=Numbered
    )
    def to_review(self, request: Request) -> Response:
        """Submissions that wait for one's decision, the longest waiting first; one's own are left out."""
        rows: QuerySet[Any] = queue_of(self.actor).select_related(
            "measure__plan__organization", "organization"
        )
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(responses=FactSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filter_backends=[], pagination_class=None)
    def facts(self, request: Request, pk: Any = None) -> Response:
        """What is known about a submission that waits for one's decision: lateness, returns, the same words twice."""
        waiting = queue_of(self.actor).select_related("measure__plan__organization", "organization__parent")
        task = get_object_or_404(waiting, pk=self.get_object().pk)
        found = submission_of(task, calendar=Calendar.load())
        return Response(FactSerializer(found.facts, many=True).data)

    @extend_schema(request=SeenTasks, responses=VerdictSerializer(many=True))
    @action(detail=False, methods=["post"], url_path="approve/check", pagination_class=None)
    def approve_check(self, request: Request) -> Response:
        """Which of several submissions could be approved now, and why not the others. Writes nothing."""
        verdicts = judge(_versions(taken(SeenTasks, self)), actor=self.actor, at=now())
        return Response(VerdictSerializer(verdicts, many=True).data)

    @extend_schema(request=ManyApproved, responses=ManyDone)
    @action(detail=False, methods=["post"], pagination_class=None)
    def approve(self, request: Request) -> Response:
        """Approve several submissions, each by its own act; what cannot be approved stays as it is, with its reason."""
        given = taken(ManyApproved, self)
        remark = {"remark": given.get("remark", "")}

        def do() -> Response:
            found = approve_each(_versions(given), actor=self.actor, at=now(), given=remark)
            refused = [(verdict.task, str(verdict.reason)) for verdict in found.refused]
            return _told([task.pk for task in found.approved], refused)

        return once(request, do)

    @extend_schema(request=ManyNamed, responses=ManyDone)
    @action(detail=False, methods=["post"], pagination_class=None)
    def acknowledge(self, request: Request) -> Response:
        """Acknowledge several tasks, each by its own act, naming one person for all."""
        return self._name("acknowledge", Task.objects.filter(state=Task.State.PENDING))

    @extend_schema(request=ManyNamed, responses=ManyDone)
    @action(detail=False, methods=["post"], pagination_class=None)
    def rename(self, request: Request) -> Response:
        """Name a successor for those of the tasks whose responsible person has left, each by its own act."""
        return self._name("rename", left_by_handler(Task.objects.all(), day=self.actor.day))

    def _name(self, act: str, tasks: Any) -> Response:
        given = taken(ManyNamed, self)
        versions = _versions(given)

        def do() -> Response:
            chosen = tasks.visible_to(self.actor).filter(pk__in=versions).order_by("pk")
            found = perform_each(
                chosen.select_related("measure__plan__organization", "organization"),
                act,
                actor=self.actor,
                at=now(),
                given={"handler": str(given["handler"])},
                versions=versions,
            )
            return _told([task.pk for task in found.done], found.refused)

        return once(self.request, do)


def _versions(given: Any) -> dict[int, int]:
    return {row["id"]: row["version"] for row in given["tasks"]}


def _told(done: list[int], refused: list[tuple[Task, str]]) -> Response:
    return Response(
        {"done": done, "refused": [{"task": task.pk, "reason": reason} for task, reason in refused]}
    )
