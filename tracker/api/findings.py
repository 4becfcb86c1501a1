"""``/api/v1/findings/``: what was found, and what became of it."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from branches.api.serializers import OrganizationInSight
from common.api.changes import once
from common.api.fields import Strict
from common.clock import now
from tracker.api.evidence import WithEvidence
from tracker.api.given import taken
from tracker.api.subjects import WithActs
from tracker.inspections import ELSEWHERE, record_finding
from tracker.models import Finding


class FindingSerializer(WithActs):
    """A finding and what became of it."""

    class Meta:
        model = Finding
        fields = (
            "id", "number", "organization", "found_by", "origin", "fact", "kind", "state", "due", "version", "acts",
        )  # fmt: skip
        read_only_fields = fields


class FindingCreation(Strict):
    """A fault that did not come from a visit; those of a visit stand under ``/inspections/{id}/visits/``."""

    found_by = OrganizationInSight(help_text="The organization that keeps it.")
    organization = OrganizationInSight(help_text="The responsible unit, at or below it.")
    origin = serializers.ChoiceField(choices=[(origin.value, origin.label) for origin in ELSEWHERE])
    fact = serializers.CharField(max_length=2000)


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

    @extend_schema(request=FindingCreation, responses={201: FindingSerializer})
    def create(self, request: Request) -> Response:
        """Record what a tour, a speech or the unit itself found. It is to be assigned, with a date and a standard."""
        given = taken(FindingCreation, self)
        return once(
            request, lambda: self.shown(record_finding(actor=self.actor, at=now(), **given), status=201)
        )
