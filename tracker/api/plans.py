"""``/api/v1/plans/``: the lists of measures that organisations issue."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from branches.api.serializers import OrganizationInSight
from common.api.changes import once
from common.api.fields import Strict
from common.clock import now
from tracker.api.consultations import Consulted
from tracker.api.oversight import WithGrid
from tracker.api.pledges import Pledged
from tracker.api.previews import Previewed
from tracker.api.routines import TakesRoutines
from tracker.api.subjects import WithActs
from tracker.api.tables import Tabled
from tracker.models import Plan
from tracker.plans import create_plan


class PlanSerializer(WithActs):
    """A plan. Its measures stand under ``/measures/?plan=``."""

    class Meta:
        model = Plan
        fields = (
            "id", "organization", "title", "kind", "period", "until_year", "state", "number", "two_reviews",
            "comments_until", "issued_at", "reminders_paused_until", "version", "acts",
        )  # fmt: skip
        read_only_fields = fields


class PlanCreation(Strict):
    """A new draft; ``until_year`` for one that runs over several years, its last."""

    organization = OrganizationInSight()
    title = serializers.CharField(max_length=200)
    period = serializers.CharField(max_length=6)
    until_year = serializers.IntegerField(min_value=2000, max_value=2200, required=False, allow_null=True)
    kind = serializers.ChoiceField(
        choices=[choice for choice in Plan.Kind.choices if choice[0] != Plan.Kind.URGENT],
        default=Plan.Kind.LIST,
    )
    two_reviews = serializers.BooleanField(default=False)


class PlanFilter(django_filters.FilterSet):
    """By issuer, state, kind and period."""

    class Meta:
        model = Plan
        fields = ("organization", "state", "kind", "period")


class Plans(Previewed, Tabled, TakesRoutines, Consulted, Pledged, WithGrid):
    """Plans in sight: one's own organisations', those that gave them a task, drafts laid before them."""

    serializer_class = PlanSerializer
    filterset_class = PlanFilter
    ordering_fields = ("created_at", "issued_at")
    ordering = ("-pk",)

    def get_queryset(self) -> QuerySet[Plan]:
        """Plans in sight."""
        if self.is_drawing_the_schema:
            return Plan.objects.none()
        return Plan.objects.visible_to(self.actor).select_related("organization")

    @extend_schema(request=PlanCreation, responses={201: PlanSerializer})
    def create(self, request: Request) -> Response:
        """A new draft of an organisation whose office one is."""
        given = PlanCreation(data=request.data, context={"view": self})
        given.is_valid(raise_exception=True)
        return once(
            request,
            lambda: self.shown(create_plan(actor=self.actor, at=now(), **given.validated_data), status=201),
        )
