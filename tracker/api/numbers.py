"""The numbers behind a measure's target: the sum, the list of the units, how it is counted and of which base."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from branches.models import Organization
from common.api.changes import etag, once, version_named
from common.api.fields import Strict
from common.api.pages import Numbered
from common.clock import now
from tracker.api.given import invalid, must_fit, taken
from tracker.api.subjects import Subjects, unchanged
from tracker.models import Base, Measure
from tracker.target_list import SHOWN, NumberFilter, share_of
from tracker.targets import counted, in_hand, occurrences_in, set_counting, sums_of
from tracker.transitions.parties import require_edit

NUMBER = {"max_digits": 14, "decimal_places": 2}


class SumSerializer(serializers.Serializer):
    """What was reported and approved, over the tasks in sight; ``target`` null where it cannot be said."""

    kind = serializers.CharField(help_text="each, together or share")
    occurrence = serializers.CharField()
    units = serializers.IntegerField()
    reporting = serializers.IntegerField()
    reported = serializers.DecimalField(**NUMBER)
    approved = serializers.DecimalField(**NUMBER)
    target = serializers.DecimalField(**NUMBER, allow_null=True)
    base = serializers.DecimalField(**NUMBER, allow_null=True)
    without_base = serializers.IntegerField()
    adds_up = serializers.BooleanField()
    reported_share = serializers.FloatField(allow_null=True)
    approved_share = serializers.FloatField(allow_null=True)


class NumberSerializer(serializers.Serializer):
    """One unit's number; ``share`` is per cent of its own target."""

    task = serializers.IntegerField(source="pk")
    organization = serializers.IntegerField(source="organization_id")
    organization_name = serializers.CharField(source="organization.short_name")
    state = serializers.CharField()
    base = serializers.DecimalField(**NUMBER, allow_null=True)
    number = serializers.DecimalField(**NUMBER, allow_null=True)
    share = serializers.FloatField(allow_null=True)


class TargetSerializer(serializers.Serializer):
    """The sum of one occurrence and the others there are."""

    sum = SumSerializer(allow_null=True)
    occurrences = serializers.ListField(child=serializers.CharField())


class BaseRow(Strict):
    """A unit that holds a task of the measure, and its base."""

    organization = serializers.PrimaryKeyRelatedField(queryset=Organization.objects.none())
    number = serializers.DecimalField(12, 2, min_value=0)

    def get_fields(self) -> Any:
        """With the units of the measure."""
        fields: Any = super().get_fields()
        units = getattr(self.context.get("view"), "units", None)
        fields["organization"].queryset = Organization.objects.none() if units is None else units
        return fields


class CountingSerializer(Strict):
    """Whether the target is one of all together, and the base list, which replaces the one before."""

    together = serializers.BooleanField()
    bases = BaseRow(many=True, required=False)


class WithNumbers(Subjects):
    """The target of a measure."""

    units: Any = None

    @extend_schema(
        responses=TargetSerializer, filters=False, parameters=[OpenApiParameter("occurrence", str)]
    )
    @action(detail=True, methods=["get"], filter_backends=[])
    def target(self, request: Request, pk: Any = None) -> Response:
        """What adds up towards its target in the occurrence in hand, or in the one named. 404 without a target."""
        measure, chosen, labels = self._asked(request)
        found = sums_of([measure], actor=self.actor, day=self.actor.day, occurrence=chosen.occurrence)
        return Response(TargetSerializer({"sum": found.get(measure.pk), "occurrences": labels}).data)

    @extend_schema(
        responses=NumberSerializer(many=True),
        filters=False,
        parameters=[
            OpenApiParameter("occurrence", str),
            OpenApiParameter("show", enum=list(SHOWN)),
            OpenApiParameter("q", str, description="words of the unit's name"),
        ],
    )
    @action(detail=True, methods=["get"], filter_backends=[], pagination_class=Numbered)
    def numbers(self, request: Request, pk: Any = None) -> Response:
        """The list behind the sum, in the order of the tree."""
        measure, chosen, _labels = self._asked(request)
        found = sums_of([measure], actor=self.actor, day=self.actor.day, occurrence=chosen.occurrence)
        kind = found[measure.pk].kind if found else "each"
        page: Any = self.paginate_queryset(chosen.tasks(measure, actor=self.actor))
        for task in page:
            task.share = share_of(task, measure, kind)
        return self.get_paginated_response(NumberSerializer(page, many=True).data)

    @extend_schema(methods=["GET"], responses=CountingSerializer, filters=False)
    @extend_schema(methods=["POST"], request=CountingSerializer, responses=CountingSerializer)
    @action(detail=True, methods=["get", "post"], filter_backends=[])
    def counting(self, request: Request, pk: Any = None) -> Response:
        """How its target is counted and of which base; sent (with If-Match), it is counted so from now on."""
        measure = self._with_target()
        if request.method == "GET":
            return self._counting(measure)
        version = version_named(request)
        require_edit(self.actor, measure.plan)
        held = counted(measure, actor=self.actor).order_by().values("organization")
        self.units = Organization.objects.filter(pk__in=held)
        given = taken(CountingSerializer, self)
        rows = given.get("bases", [])
        bases = {row["organization"].pk: row["number"] for row in rows}
        if len(bases) < len(rows):
            raise invalid({"bases": _("A unit stands in this list twice.")})

        def count() -> Response:
            with unchanged(measure, version):
                set_counting(measure, together=given["together"], bases=bases, actor=self.actor, at=now())
            return self._counting(measure)

        return once(request, count)

    def _with_target(self) -> Measure:
        measure = self.get_object()
        if measure.target_number is None:
            raise Http404
        return measure

    def _asked(self, request: Request) -> tuple[Measure, NumberFilter, list[str]]:
        measure = self._with_target()
        dated = occurrences_in(measure, actor=self.actor)
        labels = [label for label, _due in dated]
        query: Any = request.query_params
        chosen = NumberFilter(query, occurrences=labels, default=in_hand(dated, day=self.actor.day))
        must_fit(
            request, occurrence=query.get("occurrence", "") in labels, show=query.get("show", "") in SHOWN
        )
        return measure, chosen, labels

    def _counting(self, measure: Measure) -> Response:
        """The base list as far as one sees the units, and the measure's version."""
        rows = Base.objects.filter(self.actor.scope("organization__path"), measure=measure)
        told = {
            "together": Measure.objects.filter(pk=measure.pk, counting__together=True).exists(),
            "bases": [
                {"organization": row.organization_id, "number": str(row.number)}
                for row in rows.order_by("organization__path")
            ],
        }
        version = Measure.objects.values_list("version", flat=True).get(pk=measure.pk)
        return Response(told, headers={"ETag": etag(version)})
