"""``/api/v1/inspections/`` and ``/api/v1/findings/``."""

from __future__ import annotations

from django.db.models import QuerySet

from tracker.api.evidence import WithEvidence
from tracker.api.subjects import Subjects, WithActs
from tracker.models import Finding, Inspection


class FindingSerializer(WithActs):
    """A finding of an inspection and what became of it."""

    class Meta:
        model = Finding
        fields = (
            "id",
            "number",
            "organization",
            "found_by",
            "origin",
            "fact",
            "kind",
            "state",
            "due",
            "version",
            "acts",
        )
        read_only_fields = fields


class InspectionSerializer(WithActs):
    """An inspection with its modes and its time."""

    class Meta:
        model = Inspection
        fields = (
            "id", "number", "organization", "plan", "purpose", "scheduled", "concentrated", "sampled", "key_point",
            "state", "starts_on", "ends_on", "version", "acts",
        )  # fmt: skip
        read_only_fields = fields


class Findings(WithEvidence):
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
