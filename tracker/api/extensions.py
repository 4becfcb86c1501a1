"""``/api/v1/extensions/``: requests for a later date. They are asked for by an act of the task."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework import serializers

from tracker.api.subjects import Subjects, WithActs
from tracker.models import Extension


class ExtensionSerializer(WithActs):
    """A request for a later date; ``due_before`` is the date when it was asked."""

    organization = serializers.IntegerField(source="task.organization_id", read_only=True)

    class Meta:
        model = Extension
        fields = (
            "id", "task", "organization", "state", "due_before", "until", "reason", "requested_by", "requested_at",
            "decided_by", "decided_at", "remark", "version", "acts",
        )  # fmt: skip
        read_only_fields = fields


class Extensions(Subjects):
    """Requests of organisations in sight. Granted and refused by their acts."""

    serializer_class = ExtensionSerializer
    filterset_fields = ("task", "state", "task__measure__plan")
    ordering_fields = ("requested_at",)
    ordering = ("requested_at", "pk")

    def get_queryset(self) -> QuerySet[Extension]:
        """Requests in sight."""
        if self.is_drawing_the_schema:
            return Extension.objects.none()
        return Extension.objects.visible_to(self.actor).select_related(
            "task__measure__plan__organization", "task__organization"
        )
