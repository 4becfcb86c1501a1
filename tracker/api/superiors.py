"""What stands behind a source: the papers it carries out, what the last period left open, and a corrected text."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.changes import etag, once, version_named
from common.api.fields import Strict
from common.clock import now
from common.errors import Refused
from tracker.api.deciding import Decided, Into, Why
from tracker.api.given import fields_sent, taken
from tracker.api.subjects import unchanged
from tracker.carry_forward import left_open
from tracker.correcting import correct_source, lost_decisions
from tracker.models import Action, Plan, Source
from tracker.plans import merge_actions
from tracker.rereading import reread
from tracker.sources import set_aside
from tracker.superior import papers_behind, rest_on

PLAN = OpenApiParameter("plan", int, description="The plan that is being drawn up.")


class NearSerializer(serializers.Serializer):
    """A measure that may take a demand up: the share of the text both have, and some of it."""

    measure = serializers.IntegerField(source="measure.pk")
    title = serializers.CharField(source="measure.title")
    share = serializers.FloatField()
    words = serializers.CharField()


class AskedSerializer(serializers.Serializer):
    """One demand and what became of it here: taken, aside or open."""

    action = serializers.IntegerField(source="action.pk")
    text = serializers.CharField(source="action.text")
    state = serializers.CharField()
    reason = serializers.CharField(source="action.reason")
    measures = serializers.SerializerMethodField()
    near = NearSerializer(many=True)

    def get_measures(self, asked: Any) -> list[int]:
        """Those that take it up."""
        return [measure.pk for measure in asked.measures]


class PaperSerializer(serializers.Serializer):
    """A paper of the superior's with its demands, and how many of them are settled."""

    source = serializers.IntegerField(source="source.pk")
    title = serializers.CharField(source="source.title")
    settled = serializers.IntegerField()
    total = serializers.SerializerMethodField()
    asked = AskedSerializer(many=True)

    def get_total(self, paper: Any) -> int:
        """All its demands."""
        return len(paper.asked)


class Papers(Strict):
    """Papers that one's own office has entered; they take the place of those named before."""

    papers = serializers.PrimaryKeyRelatedField(queryset=Source.objects.none(), many=True)

    def get_fields(self) -> Any:
        """With those in sight."""
        fields: Any = super().get_fields()
        seen = Source.objects.visible_to(self.context["view"].actor).current()
        fields["papers"].child_relation.queryset = seen.defer("text")
        return fields


class TakenUp(serializers.Serializer):
    """Either the measure that takes it up, or why it is not for us."""

    measure = serializers.IntegerField(required=False)
    reason = serializers.CharField(required=False)


class LeftSerializer(serializers.Serializer):
    """A measure of an earlier plan that is still under way."""

    measure = serializers.IntegerField(source="measure.pk")
    title = serializers.CharField(source="measure.title")
    plan = serializers.IntegerField(source="measure.plan_id")
    open = serializers.IntegerField()
    done = serializers.IntegerField()
    overdue = serializers.IntegerField()
    last_due = serializers.DateField(allow_null=True)


class PromiseSerializer(serializers.Serializer):
    """Words of an earlier source that nobody has decided on."""

    action = serializers.IntegerField(source="pk")
    source = serializers.IntegerField(source="source_id")
    text = serializers.CharField()


class ForwardSerializer(serializers.Serializer):
    """What stands open beside a new source, and what was carried over already."""

    measures = LeftSerializer(many=True)
    promises = PromiseSerializer(many=True)
    moved = serializers.ListField(child=serializers.IntegerField())


class RereadSerializer(serializers.Serializer):
    """What reading again changed."""

    added = serializers.IntegerField()
    dropped = serializers.IntegerField()
    kept = serializers.IntegerField()


class Corrected(Strict):
    """The whole corrected text."""

    text = serializers.CharField(trim_whitespace=False)


class CorrectedSerializer(serializers.Serializer):
    """The source in the earlier one's place, and how many decisions went along; of the ``lost`` ones the actions."""

    source = serializers.IntegerField(source="source.pk")
    carried = serializers.IntegerField()
    lost = serializers.ListField(child=serializers.IntegerField())


class Rooted(Decided):
    """Where a source comes from and what it carries on."""

    @extend_schema(responses=PaperSerializer(many=True), filters=False, parameters=[PLAN])
    @action(detail=True, methods=["get"], filter_backends=[], pagination_class=None)
    def superior(self, request: Request, pk: Any = None) -> Response:
        """Each demand of the papers behind it: taken up by which measure, not for us, or still open."""
        source = self.get_object()
        papers = papers_behind(source, plan=self._plan(source))
        return Response(PaperSerializer(papers, many=True).data)

    @extend_schema(request=Papers, responses=PaperSerializer(many=True))
    @action(detail=True, methods=["post"], url_path="rests-on", pagination_class=None)
    def rests_on(self, request: Request, pk: Any = None) -> Response:
        """Say which papers it carries out. Needs If-Match."""
        source, version = self.get_object(), version_named(request)
        papers = taken(Papers, self)["papers"]
        after = rest_on(source, papers, actor=self.actor, at=now(), version=version)
        found = papers_behind(after, plan=self._plan(source))
        return Response(PaperSerializer(found, many=True).data, headers={"ETag": etag(after.version)})

    @extend_schema(request=TakenUp, responses=PaperSerializer(many=True))
    @action(detail=True, methods=["post"], url_path=r"superior/(?P<asked>\d{1,18})", pagination_class=None)
    def take_up(self, request: Request, pk: Any = None, asked: str = "") -> Response:
        """Let a measure take up a superior's demand, or say with a reason that it is not for us.

        409 when it was decided on meanwhile.
        """
        self.source = source = self.get_object()
        demands = Action.objects.filter(source__in=source.rests_on.all())
        demand = get_object_or_404(demands, pk=int(asked))
        by_measure = "measure" in fields_sent(request)
        given = taken(Into if by_measure else Why, self)

        def settle() -> Response:
            if by_measure:
                merge_actions(given["measure"], [demand], actor=self.actor, at=now())
            else:
                set_aside([demand], reason=given["reason"], actor=self.actor, at=now())
            found = papers_behind(source, plan=self._plan(source))
            return Response(PaperSerializer(found, many=True).data)

        return once(request, settle)

    @extend_schema(responses=ForwardSerializer, filters=False, parameters=[PLAN])
    @action(detail=True, methods=["get"], url_path="left-open", filter_backends=[])
    def left_open(self, request: Request, pk: Any = None) -> Response:
        """What the last period left open, seen from this source: measures under way, words nobody decided on."""
        source = self.get_object()
        found = left_open(source, into=self._plan(source), day=self.actor.day)
        told = {
            "measures": found.measures,
            "promises": found.promises,
            "moved": [measure.pk for measure in found.moved],
        }
        return Response(ForwardSerializer(told).data)

    @extend_schema(request=None, responses=RereadSerializer)
    @action(detail=True, methods=["post"], url_path="read-again")
    def read_again(self, request: Request, pk: Any = None) -> Response:
        """Read the text by the present rules; every decision is kept. Needs If-Match."""
        source, version = self.get_object(), version_named(request)
        with unchanged(source, version):
            found = reread(source, actor=self.actor, at=now())
        source.refresh_from_db(fields=["version"])
        return Response(RereadSerializer(found).data, headers={"ETag": etag(source.version)})

    @extend_schema(request=Corrected, responses={201: CorrectedSerializer})
    @action(detail=True, methods=["post"])
    def correct(self, request: Request, pk: Any = None) -> Response:
        """A corrected text in its place; decisions on words it still has go along. Needs If-Match."""
        source, version = self.get_object(), version_named(request)
        desk = self.desk()
        desk.require_office()
        given = taken(Corrected, self)

        def put_right() -> Response:
            with unchanged(source, version):
                made = correct_source(source, text=given["text"], actor=self.actor, at=now())
            lost = [action.pk for action in lost_decisions(made.source)]
            told = {"source": made.source, "carried": made.carried, "lost": lost}
            return Response(CorrectedSerializer(told).data, status=201)

        return once(request, put_right)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}, filters=False)
    @action(detail=True, methods=["get"], filter_backends=[])
    def file(self, request: Request, pk: Any = None) -> FileResponse:
        """The file as received. 404 where the text was pasted."""
        source = self.get_object()
        if not source.original:
            raise Http404
        return FileResponse(
            source.original.open("rb"),
            as_attachment=True,
            filename=source.original_name,
            content_type="application/octet-stream",
        )

    def _plan(self, source: Source) -> Plan | None:
        """The plan that ``?plan=`` names, one of the source's organisation; else its newest draft."""
        plans = Plan.objects.filter(organization=source.organization_id).exclude(state=Plan.State.CLOSED)
        wanted = self.request.query_params.get("plan", "")
        if wanted:
            if not (wanted.isascii() and wanted.isdecimal() and len(wanted) < 19):
                raise Refused(_("There is no such plan."), fields={"plan": _("There is no such plan.")})
            return get_object_or_404(plans, pk=int(wanted))
        return next((plan for plan in plans if plan.is_open), None)
