"""``/api/v1/loop-steps/``: the names a place gives the steps of its loop."""

from __future__ import annotations

from typing import Any, cast

from django.http import Http404, HttpRequest
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from branches.api.base import Scoped
from common.addresses import client_address
from common.api.fields import Strict
from common.clock import now
from tracker.api.given import taken
from tracker.loop import name_step, names
from tracker.models import LoopStep


class StepSerializer(serializers.Serializer):
    """A stage of work and the name of the step that goes with it; empty where it has none and is not shown."""

    stage = serializers.CharField()
    label = serializers.CharField(help_text="what the product calls the stage")
    name = serializers.CharField()


class StepName(Strict):
    """What the office calls the step; an empty name takes it away."""

    name = serializers.CharField(max_length=20, allow_blank=True)


class LoopSteps(Scoped):
    """The steps of the loop in their order; everybody reads them."""

    serializer_class = StepSerializer
    pagination_class = None
    filter_backends = ()
    lookup_field = "stage"
    lookup_value_regex = r"[A-Z]{2,8}"

    @extend_schema(responses=StepSerializer(many=True))
    def list(self, request: Request) -> Response:
        """All stages, those without a name too."""
        return Response(StepSerializer(_steps(), many=True).data)

    @extend_schema(
        request=StepName,
        responses=StepSerializer,
        parameters=[
            OpenApiParameter(
                "stage",
                OpenApiTypes.STR,
                OpenApiParameter.PATH,
                enum=[stage.value for stage in LoopStep.Stage],
            )
        ],
    )
    def update(self, request: Request, stage: str = "") -> Response:
        """Name a step, for the administrator of the topmost organization. The same twice is once."""
        if stage not in LoopStep.Stage.values:
            raise Http404
        given = taken(StepName, self)
        address = client_address(cast("HttpRequest", request))
        name_step(stage, actor=self.actor, at=now(), address=address, **given)
        return Response(StepSerializer(next(step for step in _steps() if step["stage"] == stage)).data)


def _steps() -> list[dict[str, Any]]:
    known = names()
    return [{"stage": s.value, "label": str(s.label), "name": known.get(s, "")} for s in LoopStep.Stage]
