"""``/api/v1/inspections/``: rounds, the sample each draws, its visits and what they find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from branches.api.serializers import OrganizationInSight
from common.api.changes import etag, once, version_named
from common.api.fields import Strict
from common.clock import now
from tracker.api.findings import FindingSerializer
from tracker.api.given import taken
from tracker.api.subjects import Subjects, WithActs, unchanged
from tracker.inspections import (
    chosen_codes,
    draw_sample,
    mark_of,
    plan_inspection,
    record_finding,
    record_visit,
)
from tracker.models import Inspection, Plan, Visit

ONE_VISIT = r"visits/(?P<visit>\d{1,18})"


class InspectionSerializer(WithActs):
    """An inspection with its modes and its time; ``seed`` and ``sample_size`` say what was drawn (``…/sample/``)."""

    class Meta:
        model = Inspection
        fields = (
            "id", "number", "organization", "plan", "purpose", "scheduled", "concentrated", "sampled", "key_point",
            "state", "starts_on", "ends_on", "sample_size", "seed", "conclusion", "version", "acts",
        )  # fmt: skip
        read_only_fields = fields


class InspectionCreation(Strict):
    """A round to be planned, its modes as the page's: scheduled, concentrated, sampled, thematic unless said otherwise.

    ``sample_size`` branches are drawn; a full inspection (``sampled`` false) has none.
    """

    organization = OrganizationInSight()
    purpose = serializers.CharField(max_length=200)
    plan = serializers.PrimaryKeyRelatedField(queryset=Plan.objects.none(), default=None, allow_null=True)
    scheduled = serializers.BooleanField(default=True)
    concentrated = serializers.BooleanField(default=True)
    sampled = serializers.BooleanField(default=True)
    key_point = serializers.BooleanField(default=False)
    sample_size = serializers.IntegerField(min_value=0, max_value=100_000, default=0)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()

    def get_fields(self) -> Any:
        """With the issued plans in sight."""
        fields: Any = super().get_fields()
        view = self.context["view"]
        if not view.is_drawing_the_schema:
            fields["plan"].queryset = Plan.objects.visible_to(view.actor).filter(state=Plan.State.ISSUED)
        return fields

    def validate(self, attrs: Any) -> Any:
        """A number that would draw nothing is an error, not a detail."""
        if not attrs["sampled"] and attrs["sample_size"]:
            raise serializers.ValidationError({"sample_size": _("A full inspection draws no sample.")})
        return attrs


class Seed(Strict):
    """A number nobody can choose, such as today's lottery number."""

    seed = serializers.CharField(max_length=40)


class Drawn(serializers.Serializer):
    """One organisation of the sample with the digest that gave it its place: SHA-256 of ``seed:code``."""

    code = serializers.CharField()
    mark = serializers.CharField()


class SampleSerializer(serializers.Serializer):
    """The recorded list and seed, and what they draw: anybody with both can draw it again."""

    drawn_from = serializers.ListField(child=serializers.CharField(), help_text="codes of organizations")
    sample_size = serializers.IntegerField()
    seed = serializers.CharField(help_text="empty before the drawing, and for a full inspection")
    drawn = Drawn(many=True)


class VisitSerializer(serializers.ModelSerializer):
    """The check of one organisation; ``visited_on`` is null until it is recorded."""

    class Meta:
        model = Visit
        fields = ("id", "organization", "visited_on", "remark", "recorded_by", "findings")
        read_only_fields = fields


class VisitRecord(Strict):
    """What was seen, and on which local day."""

    visited_on = serializers.DateField()
    remark = serializers.CharField(max_length=2000)


class Fact(Strict):
    """One fault seen at the visit."""

    fact = serializers.CharField(max_length=2000)


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
        return Inspection.objects.visible_to(self.actor).select_related("organization")

    @extend_schema(request=InspectionCreation, responses={201: InspectionSerializer})
    def create(self, request: Request) -> Response:
        """Plan a round of an organisation whose inspector or office one is; the branches below make up its list."""
        given = taken(InspectionCreation, self)
        organization = given.pop("organization")

        def plan() -> Response:
            made = plan_inspection(organization=organization, actor=self.actor, at=now(), fields=given)
            return self.shown(made, status=201)

        return once(request, plan)

    @extend_schema(methods=["GET"], responses=SampleSerializer, filters=False)
    @extend_schema(methods=["POST"], request=Seed, responses=SampleSerializer)
    @action(detail=True, methods=["get", "post"], filter_backends=[])
    def sample(self, request: Request, pk: Any = None) -> Response:
        """The list, the seed and what they draw; sent a seed, the sample is drawn, once. Drawing needs If-Match."""
        inspection = self.get_object()
        if request.method == "GET":
            return _sample(inspection)
        version, given = version_named(request), taken(Seed, self)

        def draw() -> Response:
            with unchanged(inspection, version):
                draw_sample(inspection, actor=self.actor, at=now(), **given)
            return _sample(self.fresh(inspection))

        return once(request, draw)

    @extend_schema(responses=VisitSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filter_backends=[])
    def visits(self, request: Request, pk: Any = None) -> Response:
        """The organisations to be visited and what was seen there; there are none before the start."""
        return Response(VisitSerializer(_visits(self.get_object()), many=True).data)

    @extend_schema(methods=["GET"], responses=VisitSerializer, filters=False)
    @extend_schema(methods=["PUT"], request=VisitRecord, responses=VisitSerializer)
    @action(detail=True, methods=["get", "put"], url_path=ONE_VISIT, filter_backends=[])
    def one_visit(self, request: Request, pk: Any = None, visit: str = "") -> Response:
        """One visit; put, what was seen there. Recording needs If-Match with the version of the inspection."""
        if request.method == "GET":
            return _shown_visit(self._visit(visit))

        def verb(found: Visit, given: Any) -> Response:
            with unchanged(found.inspection, version):
                record_visit(found, actor=self.actor, at=now(), **given)
            return _shown_visit(self._visit(visit))

        version = version_named(request)
        return self._at_visit(visit, VisitRecord, verb)

    @extend_schema(request=Fact, responses={201: FindingSerializer})
    @action(detail=True, methods=["post"], url_path=f"{ONE_VISIT}/findings")
    def visit_findings(self, request: Request, pk: Any = None, visit: str = "") -> Response:
        """Record a fault seen at a visit. The unit sees it once it is assigned."""

        def verb(found: Visit, given: Any) -> Response:
            made = record_finding(
                organization=found.organization,
                found_by=found.inspection.organization,
                visit=found,
                actor=self.actor,
                at=now(),
                **given,
            )
            told = FindingSerializer(made, context={"view": self}).data
            return Response(told, status=201, headers={"ETag": etag(made.version)})

        return self._at_visit(visit, Fact, verb)

    def _at_visit(self, number: str, kind: Any, verb: Callable[[Visit, Any], Response]) -> Response:
        found = self._visit(number)
        given = taken(kind, self)
        return once(self.request, lambda: verb(found, given))

    def _visit(self, number: str) -> Visit:
        """A visit of the inspection in sight, at its present version."""
        inspection = self.get_object()
        visit: Visit = get_object_or_404(_visits(inspection), pk=int(number))
        visit.inspection = inspection
        return visit


def _visits(inspection: Inspection) -> QuerySet[Visit]:
    return inspection.visits.select_related("organization").prefetch_related("findings")


def _shown_visit(visit: Visit) -> Response:
    """A visit; it has no version of its own, what is recorded of it makes the inspection newer."""
    headers = {"ETag": etag(visit.inspection.version)}
    return Response(VisitSerializer(visit).data, headers=headers)


def _sample(inspection: Inspection) -> Response:
    codes = chosen_codes(inspection) if inspection.seed else []
    told = {
        "drawn_from": inspection.drawn_from,
        "sample_size": inspection.sample_size,
        "seed": inspection.seed,
        "drawn": [{"code": code, "mark": mark_of(inspection.seed, code)} for code in codes],
    }
    return Response(SampleSerializer(told).data, headers={"ETag": etag(inspection.version)})
