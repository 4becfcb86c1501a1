"""``/api/v1/``: the tracker. Scopes are those of the models' ``visible_to``, changes those of the transition tables."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from branches.api.base import Listed
from common.api.changes import etag, once, version_named
from common.clock import now
from tracker import evidence
from tracker.api.serializers import (
    ActionSerializer,
    EventSerializer,
    EvidenceSerializer,
    FindingSerializer,
    InspectionSerializer,
    MeasureSerializer,
    NoticeSerializer,
    PlanCreation,
    PlanSerializer,
    SourceCreation,
    SourceLine,
    SourceSerializer,
    TaskSerializer,
    Upload,
)
from tracker.events import history
from tracker.models import Action, Evidence, Finding, Inspection, Measure, Notice, Plan, Source, Task
from tracker.notices import mark_read
from tracker.plans import create_plan
from tracker.sources import receive_source
from tracker.transitions import perform, transitions_of


class Subjects(Listed):
    """A list of subjects with a state: their acts and their history."""

    @extend_schema(request=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["post"], url_path=r"acts/(?P<act>[a-z_]{2,40})")
    def acts(self, request: Request, pk: Any = None, act: str = "") -> Response:
        """Do an act of the transition table with the fields its form asks for. Needs If-Match.

        The subject names its acts and their fields under ``acts``. 412 when somebody else acted first, 403 with the
        reason when this person may not, 400 with the fields otherwise; nothing is half-done.
        """
        subject = self.get_object()
        row = transitions_of(subject.KIND).get(act)
        if row is None or not row.offered or not row.who:
            raise Http404
        version = version_named(request)
        given = request.data if hasattr(request.data, "keys") else {}
        return once(
            request,
            lambda: self.shown(
                self._fresh(perform(subject, act, actor=self.actor, at=now(), given=given, version=version))
            ),
        )

    @extend_schema(responses=EventSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filter_backends=[])
    def events(self, request: Request, pk: Any = None) -> Response:
        """The history of the subject, oldest first."""
        rows = history(self.get_object()).select_related("actor")
        return Response(EventSerializer(rows, many=True).data)

    def _fresh(self, subject: Any) -> Any:
        """The subject with what its answer prints; still in sight, or as it was left."""
        return self.get_queryset().filter(pk=subject.pk).first() or subject


class PlanFilter(django_filters.FilterSet):
    """By issuer, state, kind and period."""

    class Meta:
        model = Plan
        fields = ("organization", "state", "kind", "period")


class Plans(Subjects):
    """Plans in sight: one's own organisations', those that gave them a task, drafts laid before them."""

    serializer_class = PlanSerializer
    filterset_class = PlanFilter
    ordering_fields = ("created_at", "issued_at")
    ordering = ("-pk",)

    def get_queryset(self) -> QuerySet[Plan]:
        """Plans in sight."""
        return Plan.objects.none() if self.is_drawing_the_schema else Plan.objects.visible_to(self.actor)

    @extend_schema(request=PlanCreation, responses={201: PlanSerializer})
    def create(self, request: Request) -> Response:
        """A new draft of an organisation whose office one is."""
        given = PlanCreation(data=request.data, context={"view": self})
        given.is_valid(raise_exception=True)
        return once(
            request,
            lambda: self.shown(create_plan(actor=self.actor, at=now(), **given.validated_data), status=201),
        )


class Measures(Subjects):
    """Measures of plans in sight; a receiver sees what it received or is asked about."""

    serializer_class = MeasureSerializer
    filterset_fields = ("plan", "state", "theme", "cadence")
    ordering_fields = ("position", "due")
    ordering = ("pk",)

    def get_queryset(self) -> QuerySet[Measure]:
        """Measures in sight."""
        if self.is_drawing_the_schema:
            return Measure.objects.none()
        return (
            Measure.objects.visible_to(self.actor)
            .select_related("plan__organization")
            .prefetch_related("actions")
        )


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
        from branches.models import Organization

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


class Sources(Listed):
    """Documents kept by organisations in sight."""

    serializer_class = SourceSerializer
    filterset_fields = ("organization", "category", "dated")
    ordering_fields = ("dated",)
    ordering = ("-dated", "-pk")

    def get_queryset(self) -> QuerySet[Source]:
        """Sources in sight."""
        return Source.objects.none() if self.is_drawing_the_schema else Source.objects.visible_to(self.actor)

    def get_serializer_class(self) -> Any:
        """Lists leave the text out."""
        return SourceLine if self.action == "list" else SourceSerializer

    @extend_schema(request=SourceCreation, responses={201: SourceSerializer})
    def create(self, request: Request) -> Response:
        """Keep a document's text and read it. 400 when the same text is kept already."""
        given = SourceCreation(data=request.data, context={"view": self})
        given.is_valid(raise_exception=True)
        return once(
            request,
            lambda: self.shown(
                receive_source(actor=self.actor, at=now(), **given.validated_data), status=201
            ),
        )

    @extend_schema(responses=ActionSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filter_backends=[])
    def actions(self, request: Request, pk: Any = None) -> Response:
        """What the reading found in it, with offsets, and what became of each."""
        source = self.get_object()
        rows = list(Action.objects.filter(source=source))
        for row in rows:
            row.source = source
        return Response(ActionSerializer(rows, many=True).data)


class Findings(Subjects):
    """Findings in sight: those one's organisations keep, and those assigned to them."""

    serializer_class = FindingSerializer
    filterset_fields = ("organization", "state", "kind", "origin")
    ordering_fields = ("due",)
    ordering = ("-pk",)

    def get_queryset(self) -> QuerySet[Finding]:
        """Findings in sight."""
        return (
            Finding.objects.none() if self.is_drawing_the_schema else Finding.objects.visible_to(self.actor)
        )


class Inspections(Subjects):
    """Inspections of organisations in sight."""

    serializer_class = InspectionSerializer
    filterset_fields = ("organization", "state", "plan")
    ordering_fields = ("starts_on",)
    ordering = ("-pk",)

    def get_queryset(self) -> QuerySet[Inspection]:
        """Inspections in sight."""
        if self.is_drawing_the_schema:
            return Inspection.objects.none()
        return Inspection.objects.visible_to(self.actor)


class Notices(Listed):
    """One's own notices."""

    serializer_class = NoticeSerializer
    filterset_fields = {"read_at": ["isnull"], "kind": ["exact"]}
    ordering = ("-created_at", "-pk")

    def get_queryset(self) -> QuerySet[Notice]:
        """One's own, nobody else's."""
        if self.is_drawing_the_schema:
            return Notice.objects.none()
        return Notice.objects.filter(recipient=self.actor.user)

    @extend_schema(request=None, responses=NoticeSerializer)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: Any = None) -> Response:
        """Mark it as read; doing so twice is the same."""
        notice = self.get_object()
        mark_read(Notice.objects.filter(pk=notice.pk), user=self.actor.user, at=now())
        return self.shown(self.get_queryset().get(pk=notice.pk))
