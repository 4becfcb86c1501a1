"""Work passed on: a task broken down for one's own branches, and one given out at once, outside any plan."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from branches.api.serializers import OrganizationInSight
from common.api.changes import once
from common.api.fields import Strict
from common.clock import now
from tracker.api.given import checked, fields_sent, form_data, taken
from tracker.api.measures import MeasureSerializer
from tracker.api.subjects import Subjects
from tracker.breakdown import break_down, breakdown_of
from tracker.forms.urgent import UrgentForm
from tracker.urgent import assign_urgently, require_giving


class BreakdownSerializer(serializers.Serializer):
    """The measure that breaks a task down, and how far its own tasks are."""

    measure = serializers.IntegerField(source="measure.pk")
    plan = serializers.IntegerField(source="measure.plan_id")
    tasks = serializers.IntegerField()
    done = serializers.IntegerField()


class UrgentTask(serializers.Serializer):
    """What is to be done, by whom and by when. ``keep_reason`` where other work meets it at the same units."""

    organization = serializers.IntegerField(help_text="whose office gives it out")
    title = serializers.CharField(max_length=120)
    requirement = serializers.CharField(required=False)
    deliverable = serializers.CharField(max_length=200)
    due = serializers.DateField()
    hour = serializers.TimeField(required=False)
    responsible_leader = serializers.IntegerField(help_text="who ordered it")
    evidence_required = serializers.BooleanField(required=False)
    receiver_kinds = serializers.ListField(child=serializers.CharField(), required=False)
    receivers = serializers.ListField(child=serializers.IntegerField(), required=False)
    keep_reason = serializers.CharField(required=False)
    load_consent = serializers.IntegerField(required=False)


class _Office(Strict):
    organization = OrganizationInSight()


class GivenOut(Subjects):
    """Tasks that make further ones."""

    @extend_schema(request=UrgentTask, responses={201: MeasureSerializer})
    def create(self, request: Request) -> Response:
        """Give out one urgent task that no plan foresaw; a job makes the units' tasks.

        The same once more is answered with the measure there is. Refused (400, ``clash``) where other work meets it.
        """
        sent = fields_sent(request)
        own = {"organization": sent.pop("organization")} if "organization" in sent else {}
        organization = taken(_Office, self, own)["organization"]
        require_giving(self.actor, organization)
        more: Any = {"organization": organization, "day": self.actor.day}
        form = UrgentForm(form_data(sent, UrgentForm(**more)), **more)
        cleaned = checked(form)

        def give() -> Response:
            measure = assign_urgently(
                organization,
                actor=self.actor,
                at=now(),
                fields=form.values(),
                receivers=cleaned["receivers"],
                keep_reason=cleaned["keep_reason"],
                load_consent=cleaned["load_consent"],
            )
            return Response(MeasureSerializer(measure, context={"view": self}).data, status=201)

        return once(request, give)

    @extend_schema(methods=["GET"], responses=BreakdownSerializer, filters=False)
    @extend_schema(methods=["POST"], request=None, responses={201: MeasureSerializer})
    @action(detail=True, methods=["get", "post"], filter_backends=[])
    def breakdown(self, request: Request, pk: Any = None) -> Response:
        """How it was passed on and how far that is (404 where it was not); sent, it goes into a draft of one's own."""
        task = self.get_object()
        if request.method == "GET":
            found = breakdown_of(task)
            if found is None:
                raise Http404
            return Response(BreakdownSerializer(found).data)

        def pass_on() -> Response:
            measure = break_down(task, actor=self.actor, at=now())
            return Response(MeasureSerializer(measure, context={"view": self}).data, status=201)

        return once(request, pass_on)
