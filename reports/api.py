"""``/api/v1/reports/`` and ``/api/v1/jobs/``: half-year reports and the work that builds them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from branches.api.base import Listed
from branches.api.serializers import OrganizationInSight
from common.api.changes import once
from common.api.fields import Strict
from common.api.jobs import JobSerializer
from common.clock import now
from common.models import Job
from common.periods import Period
from reports.building import request_report
from reports.models import HalfYearReport


class ReportSerializer(serializers.ModelSerializer):
    """A report, the job that builds it and, when it is there, the hash of its workbook."""

    class Meta:
        model = HalfYearReport
        fields = ("id", "organization", "period", "cut_off", "requested_at", "job", "sha256", "facts")
        read_only_fields = fields


class ReportRequest(Strict):
    """An organisation in sight and a period (2026H1, 2026, 2026Q1, 2026-03)."""

    organization = OrganizationInSight()
    period = serializers.CharField(max_length=6)


class Reports(Listed):
    """Half-year reports of organisations in sight."""

    serializer_class = ReportSerializer
    filterset_fields = ("organization", "period")
    ordering_fields = ("requested_at",)
    ordering = ("-pk",)

    def get_queryset(self) -> QuerySet[HalfYearReport]:
        """Reports in sight."""
        if self.is_drawing_the_schema:
            return HalfYearReport.objects.none()
        return HalfYearReport.objects.visible_to(self.actor)

    @extend_schema(request=ReportRequest, responses={202: ReportSerializer})
    def create(self, request: Request) -> Response:
        """Ask for a report. What would come out the same is given back instead of built again."""
        given = ReportRequest(data=request.data, context={"view": self})
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        period = Period.parse(asked["period"])
        return once(
            request,
            lambda: self.shown(
                request_report(organization=asked["organization"], period=period, actor=self.actor, at=now()),
                status=202,
            ),
        )

    @extend_schema(
        responses={
            (200, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"): OpenApiTypes.BINARY
        }
    )
    @action(detail=True, methods=["get"])
    def workbook(self, request: Request, pk: Any = None) -> FileResponse:
        """The workbook as it was built. 404 while it is being built."""
        report = self.get_object()
        if not report.file:
            raise Http404
        return FileResponse(report.file.open("rb"), as_attachment=True, filename=report.file_name)


class Jobs(Listed):
    """Work one has asked for oneself."""

    serializer_class = JobSerializer
    filterset_fields = ("state", "kind")
    ordering = ("-pk",)

    def get_queryset(self) -> QuerySet[Job]:
        """One's own requests."""
        if self.is_drawing_the_schema:
            return Job.objects.none()
        return Job.objects.filter(requested_by=self.actor.user)
