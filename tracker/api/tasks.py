"""``/api/v1/tasks/``: each organisation's share of a measure, with its evidence."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from rest_framework import serializers

from branches.models import Organization
from common.clock import local_date, now
from common.workdays import Calendar
from tracker.api.evidence import WithEvidence
from tracker.api.given_out import GivenOut
from tracker.api.many import ManyAtOnce
from tracker.api.subjects import WithActs
from tracker.lights import light_of
from tracker.models import Task


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
        context = self.context
        if "calendar" not in context:
            context.update(calendar=Calendar.load(), day=local_date(now()))
        return light_of(task, day=context["day"], calendar=context["calendar"]).value


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


class Tasks(ManyAtOnce, GivenOut, WithEvidence):
    """Tasks of organisations in sight."""

    serializer_class = TaskSerializer
    filterset_class = TaskFilter
    ordering_fields = ("due", "submitted_at")
    ordering = ("due", "pk")

    def get_queryset(self) -> QuerySet[Task]:
        """Tasks in sight."""
        if self.is_drawing_the_schema:
            return Task.objects.none()
        # Only the acts ask about the plan and its office, and a list names none.
        behind = "measure" if self.action == "list" else "measure__plan__organization"
        return Task.objects.visible_to(self.actor).select_related(behind, "organization")
