"""``/api/v1/tasks/``: each organisation's share of a measure, with its evidence."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from branches.models import Organization
from common.api.changes import etag, once
from common.api.fields import Strict
from common.clock import local_date, now
from common.workdays import Calendar
from tracker import evidence
from tracker.api.subjects import Subjects, WithActs
from tracker.lights import light_of
from tracker.models import Evidence, Task


class TaskSerializer(WithActs):
    """One organisation's share of a measure. ``light`` is that of today and no state."""

    title = serializers.CharField(read_only=True)
    plan = serializers.IntegerField(source="measure.plan_id", read_only=True)
    organization_name = serializers.CharField(source="organization.short_name", read_only=True)
    requirement = serializers.CharField(read_only=True)
    light = serializers.SerializerMethodField()

    class Meta:
        model = Task
        fields = (
            "id", "measure", "plan", "title", "requirement", "organization", "organization_name", "occurrence", "state", "light",
            "handler", "issued_on", "acknowledge_by", "original_due", "due", "percent", "number", "progress",
            "progress_at", "returns", "submitted_at", "completed_at", "done_late", "version", "acts",
        )  # fmt: skip
        read_only_fields = fields

    def get_light(self, task: Task) -> str:
        """green, yellow, red, done or none."""
        context = self.root.context if hasattr(self.root, "context") else self.context
        calendar = context.setdefault("calendar", None) or Calendar.load()
        context["calendar"] = calendar
        return light_of(task, day=local_date(now()), calendar=calendar).value


class EvidenceSerializer(serializers.ModelSerializer):
    """A file that stands as evidence of a task."""

    media_type = serializers.CharField(source="file.media_type", read_only=True)
    size = serializers.IntegerField(source="file.size", read_only=True)
    sha256 = serializers.CharField(source="file.sha256", read_only=True)

    class Meta:
        model = Evidence
        fields = ("id", "name", "media_type", "size", "sha256", "added_by", "added_at")
        read_only_fields = fields


class Upload(Strict):
    """A file, as multipart/form-data."""

    file = serializers.FileField()


class TaskFilter(django_filters.FilterSet):
    """By plan, measure, organisation (with all below it), state, handler and dates."""

    plan = django_filters.NumberFilter(field_name="measure__plan")
    below = django_filters.NumberFilter(method="by_below")
    overdue_on = django_filters.DateFilter(method="by_overdue")

    class Meta:
        model = Task
        fields = {
            "measure": ["exact"],
            "organization": ["exact"],
            "state": ["exact", "in"],
            "handler": ["exact"],
            "due": ["gte", "lte"],
        }

    def by_below(self, found: Any, _name: str, key: Any) -> Any:
        """Tasks of an organisation and all below it."""
        root = Organization.objects.filter(pk=int(key)).first()
        return found.below(root) if root else found.none()

    def by_overdue(self, found: Any, _name: str, day: Any) -> Any:
        """In hand with a due date before a local day."""
        return found.overdue_on(day)


class Tasks(Subjects):
    """Tasks of organisations in sight."""

    serializer_class = TaskSerializer
    filterset_class = TaskFilter
    ordering_fields = ("due", "submitted_at")
    ordering = ("due", "pk")

    def get_queryset(self) -> QuerySet[Task]:
        """Tasks in sight."""
        if self.is_drawing_the_schema:
            return Task.objects.none()
        return Task.objects.visible_to(self.actor).select_related(
            "measure__plan__organization", "organization"
        )

    @extend_schema(methods=["GET"], responses=EvidenceSerializer(many=True), filters=False)
    @extend_schema(
        methods=["POST"], request={"multipart/form-data": Upload}, responses={201: EvidenceSerializer}
    )
    @action(detail=True, methods=["get", "post"], parser_classes=[MultiPartParser], filter_backends=[])
    def evidence(self, request: Request, pk: Any = None) -> Response:
        """The task's evidence; a new file is checked by its content and stored once by its sha256."""
        task = self.get_object()
        if request.method == "GET":
            rows = task.evidence.select_related("file")
            return Response(EvidenceSerializer(rows, many=True).data)
        given = Upload(data=request.data)
        given.is_valid(raise_exception=True)

        def keep() -> Response:
            known = set(task.evidence.values_list("pk", flat=True))
            after = evidence.attach(task, upload=given.validated_data["file"], actor=self.actor, at=now())
            made = task.evidence.exclude(pk__in=known).select_related("file").latest("pk")
            return Response(EvidenceSerializer(made).data, status=201, headers={"ETag": etag(after.version)})

        return once(request, keep)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}, filters=False)
    @action(detail=True, methods=["get"], url_path=r"evidence/(?P<item>\d{1,18})", filter_backends=[])
    def evidence_file(self, request: Request, pk: Any = None, item: str = "") -> FileResponse:
        """The bytes of one piece of evidence, always as a download."""
        found = get_object_or_404(
            Evidence.objects.select_related("file"), pk=int(item), task=self.get_object()
        )
        return FileResponse(
            evidence.open_file(found.file),
            as_attachment=True,
            filename=found.name,
            content_type="application/octet-stream",
        )
