"""``/api/v1/pledges/``: what units have promised, who has not signed yet, and what became of it."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.addresses import client_address
from common.api.changes import once
from common.api.fields import Strict
from common.api.jobs import JobSerializer
from common.audit import record
from common.clock import now
from common.models import AuditEntry
from tracker.api.given import must_fit, taken
from tracker.api.many import SeenTask
from tracker.api.subjects import Subjects, WithActs
from tracker.models import Pledge
from tracker.pledge_lines import agreed_lines, changes_between, lines_of, present_tasks
from tracker.pledge_list import GROUPS, PledgeFilter, rows_of
from tracker.pledge_papers import MEDIA_TYPE, file_name, paper
from tracker.pledges import remind_unsigned, request_pledges, sign_each, without_pledge


class OutcomeSerializer(serializers.Serializer):
    """What became of it, in tasks, held against the agreed dates."""

    agreed = serializers.IntegerField()
    done = serializers.IntegerField()
    late = serializers.IntegerField()
    withdrawn = serializers.IntegerField()
    extended = serializers.IntegerField()


class PledgeSerializer(WithActs):
    """A pledge with its signatures; a single one with its lines under ``/pledges/{id}/lines/``."""

    organization_name = serializers.CharField(source="organization.short_name", read_only=True)

    class Meta:
        model = Pledge
        fields = (
            "id", "plan", "organization", "organization_name", "state", "unit_signed_by", "unit_signed_as",
            "unit_signed_at", "issuer_signed_by", "issuer_signed_as", "issuer_signed_at", "made_at", "version", "acts",
        )  # fmt: skip
        read_only_fields = fields


class PledgeRow(serializers.Serializer):
    """A pledge in a list, with its outcome so far and whether the plan says something else by now."""

    pledge = PledgeSerializer()
    outcome = OutcomeSerializer()
    amended = serializers.SerializerMethodField()

    def get_amended(self, row: Any) -> bool:
        """The plan has changed since."""
        return bool(row.changes)


class PledgeLineSerializer(serializers.Serializer):
    """One line as it was agreed, beside its outcome."""

    number = serializers.IntegerField(source="no")
    title = serializers.CharField()
    requirement = serializers.CharField()
    deliverable = serializers.CharField()
    time = serializers.CharField()
    outcome = OutcomeSerializer()
    tasks = serializers.SerializerMethodField()

    def get_tasks(self, line: Any) -> list[int]:
        """The tasks it is about."""
        return [task.pk for task in line.tasks]


class AmendedFactSerializer(serializers.Serializer):
    """What was said before and what is said now."""

    what = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class AmendedSerializer(serializers.Serializer):
    """One difference between the pledge and the plan as it is now."""

    kind = serializers.CharField()
    title = serializers.CharField()
    facts = serializers.SerializerMethodField()

    @extend_schema_field(AmendedFactSerializer(many=True))
    def get_facts(self, change: Any) -> list[dict[str, str]]:
        """Each with what was agreed and what the plan says."""
        return [
            {"what": str(what), "before": str(before), "after": str(after)}
            for what, before, after in change.facts
        ]


class PledgeLines(serializers.Serializer):
    """What was agreed, what became of it, and what the plan says differently."""

    lines = PledgeLineSerializer(many=True)
    changes = AmendedSerializer(many=True)


class PledgesSigned(Strict):
    """Pledges to sign."""

    pledges = SeenTask(many=True, allow_empty=False, max_length=200)


class NotSigned(serializers.Serializer):
    """A pledge that was not signed, and why."""

    pledge = serializers.IntegerField()
    reason = serializers.CharField()


class SignedSerializer(serializers.Serializer):
    """What became of each; those that do not wait for this person are in neither list."""

    signed = serializers.ListField(child=serializers.IntegerField())
    refused = NotSigned(many=True)


class Pledges(Subjects):
    """Pledges of organisations in sight. Signed and drawn up anew by their acts."""

    serializer_class = PledgeSerializer
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Pledge]:
        """Pledges in sight."""
        if self.is_drawing_the_schema:
            return Pledge.objects.none()
        return Pledge.objects.visible_to(self.actor).select_related("plan__organization", "organization")

    @extend_schema(
        responses=PledgeRow(many=True),
        parameters=[
            OpenApiParameter("plan", int),
            OpenApiParameter("who", enum=list(GROUPS), description="whose signature is missing"),
            OpenApiParameter("q", str, description="words of the unit's name"),
        ],
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Each with its outcome so far."""
        chosen = PledgeFilter(request.query_params, actor=self.actor)
        must_fit(request, plan=chosen.plan is not None, who=bool(chosen.who))
        page = self.paginate_queryset(chosen.found().order_by("pk"))
        rows = rows_of(page or [], day=self.actor.day)
        return self.get_paginated_response(PledgeRow(rows, many=True).data)

    @extend_schema(responses=PledgeLines, filters=False)
    @action(detail=True, methods=["get"])
    def lines(self, request: Request, pk: Any = None) -> Response:
        """What was agreed beside what became of it, and what the plan says differently since."""
        pledge = self.get_object()
        tasks = present_tasks([pledge])[pledge.pk]
        told = {
            "lines": lines_of(pledge, tasks, day=self.actor.day),
            "changes": changes_between(pledge.lines, agreed_lines(tasks)),
        }
        return Response(PledgeLines(told).data)

    @extend_schema(responses={(200, MEDIA_TYPE): OpenApiTypes.BINARY}, filters=False)
    @action(detail=True, methods=["get"])
    def paper(self, request: Request, pk: Any = None) -> HttpResponse:
        """One pledge on paper (docx)."""
        names = ("unit_signed_by", "issuer_signed_by", "made_by")
        pledge = self.get_object()
        found = self.get_queryset().select_related(*names, "plan__organization", "organization")
        content = paper([found.get(pk=pledge.pk)])
        address = client_address(cast("HttpRequest", request))
        data = {"list": str(_("Pledges")), "rows": 1}
        record(AuditEntry.Kind.EXPORT, at=now(), user=self.actor.user, address=address, data=data)
        response = HttpResponse(content, content_type=MEDIA_TYPE)
        name = content_disposition_header(as_attachment=True, filename=file_name(pledge))
        response["Content-Disposition"] = name or ""
        response["Cache-Control"] = "private, no-store"
        return response

    @extend_schema(request=PledgesSigned, responses=SignedSerializer)
    @action(detail=False, methods=["post"], pagination_class=None)
    def sign(self, request: Request) -> Response:
        """Sign several, each by the rules of one and of the version one has seen."""
        versions = {row["id"]: row["version"] for row in taken(PledgesSigned, self)["pledges"]}

        def do() -> Response:
            signed, refused = sign_each(versions, actor=self.actor, at=now())
            left = [{"pledge": pledge.pk, "reason": reason} for pledge, reason in refused]
            return Response({"signed": [pledge.pk for pledge in signed], "refused": left})

        return once(request, do)


class MissingPledges(serializers.Serializer):
    """How many units that received something have no pledge yet."""

    missing = serializers.IntegerField()


class Reminded(serializers.Serializer):
    """How many people were told; nobody twice on a day."""

    told = serializers.IntegerField()


class Pledged(Subjects):
    """The pledges of a plan."""

    @extend_schema(methods=["GET"], responses=MissingPledges, filters=False)
    @extend_schema(methods=["POST"], request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["get", "post"], filter_backends=[])
    def pledges(self, request: Request, pk: Any = None) -> Response:
        """How many are missing; sent, a job draws them up. Sent twice it is the same job."""
        plan = self.get_object()
        if request.method == "GET":
            return Response({"missing": without_pledge(plan).filter(self.actor.scope("path")).count()})

        def ask() -> Response:
            job = request_pledges(plan, actor=self.actor, at=now())
            return Response(JobSerializer(job).data, status=202)

        return once(request, ask)

    @extend_schema(request=None, responses=Reminded)
    @action(detail=True, methods=["post"], url_path="pledges/remind")
    def remind(self, request: Request, pk: Any = None) -> Response:
        """Remind those whose signature is missing, at most once a day."""
        plan = self.get_object()
        return once(request, lambda: Response({"told": remind_unsigned(plan, actor=self.actor, at=now())}))
