"""The catalogue of recurring duties, to read and to add to a plan."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from branches.api.base import Scoped
from common.api.changes import once
from common.api.fields import Strict
from common.clock import now
from common.errors import NotAllowed
from common.workdays import Calendar
from tracker.api.given import taken
from tracker.api.measures import MeasureSerializer
from tracker.api.subjects import Subjects
from tracker.models import Measure
from tracker.routines import add_routines, catalogue, kinds_present, taken_in, why_not
from tracker.transitions.parties import require_edit


class RoutineSerializer(serializers.Serializer):
    """One recurring duty and what it rests on; ``check``: still to be compared with the official text."""

    key = serializers.CharField()
    group = serializers.CharField()
    title = serializers.CharField()
    words = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField())
    cadence = serializers.CharField()
    deliverable = serializers.CharField()
    evidence = serializers.CharField()
    source = serializers.CharField()
    check = serializers.BooleanField()


class OfferSerializer(RoutineSerializer):
    """The same beside a plan; ``reason`` says why it cannot be added there, empty where it can."""

    reason = serializers.CharField()


class Keys(Strict):
    """Routines by their keys."""

    routines = serializers.ListField(child=serializers.CharField(max_length=40), max_length=100)


class Routines(Scoped):
    """The catalogue as it was shipped."""

    serializer_class = RoutineSerializer
    pagination_class = None
    filter_backends = ()

    @extend_schema(responses=RoutineSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Every routine, in the order of the catalogue."""
        if not self.actor.business_posts:
            raise NotAllowed(_("The catalogue is for those who plan and do Party work."))
        return Response(RoutineSerializer(catalogue(), many=True).data)


class TakesRoutines(Subjects):
    """The catalogue beside a plan."""

    @extend_schema(methods=["GET"], responses=OfferSerializer(many=True), filters=False)
    @extend_schema(methods=["POST"], request=Keys, responses={201: MeasureSerializer(many=True)})
    @action(detail=True, methods=["get", "post"], filter_backends=[], pagination_class=None)
    def routines(self, request: Request, pk: Any = None) -> Response:
        """Which can be added and why not the others; sent, those named become measures, all or none."""
        plan = self.get_object()
        require_edit(self.actor, plan)
        if request.method == "GET":
            calendar, held, kinds = Calendar.load(), taken_in(plan), kinds_present(plan.organization)
            rows = [
                RoutineSerializer(routine).data
                | {"reason": why_not(routine, plan, taken=held, kinds=kinds, calendar=calendar)}
                for routine in catalogue()
            ]
            return Response(rows)
        given = taken(Keys, self)

        def add() -> Response:
            made = add_routines(plan, given["routines"], actor=self.actor, at=now())
            rows = Measure.objects.filter(pk__in=[m.pk for m in made]).prefetch_related(
                "actions", "receivers"
            )
            return Response(MeasureSerializer(rows, many=True).data, status=201)

        return once(request, add)
