"""A plan before it is issued: what would come of it, its clashes, and where the making of its tasks stands."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.changes import once, version_named
from common.api.fields import Strict
from common.api.jobs import JobSerializer
from common.api.pages import Numbered
from common.clock import now
from common.workdays import Calendar
from tracker.api.given import taken
from tracker.api.subjects import Subjects, unchanged
from tracker.clashes import Clash, clashes_in, keep_clashes
from tracker.consultation import unanswered
from tracker.fan_out import ask_again
from tracker.issuing import Line, Preview, Share, preview, targets_of
from tracker.models import Plan
from tracker.plan_table import dues_for, holes_of, latest_job, weeks_of

LISTED = 200
"""Gaps and loads that a preview names; the figures beside them count all."""


class DueSerializer(serializers.Serializer):
    """A measure and a day on which it would fall due."""

    measure = serializers.IntegerField(source="measure.pk")
    title = serializers.CharField(source="measure.title")
    label = serializers.CharField()
    due = serializers.DateField()


class PreviewLineSerializer(serializers.Serializer):
    """What one measure would become."""

    measure = serializers.IntegerField(source="measure.pk")
    title = serializers.CharField(source="measure.title")
    receivers = serializers.IntegerField()
    tasks = serializers.IntegerField()
    dates = serializers.SerializerMethodField()

    def get_dates(self, line: Line) -> list[date]:
        """The days it falls due."""
        return [occurrence.due for occurrence in line.occurrences]


class LackSerializer(serializers.Serializer):
    """One thing a measure still needs; ``field`` is the one to fill in."""

    measure = serializers.IntegerField(source="measure.pk")
    field = serializers.CharField()
    sentence = serializers.CharField()


class HoleSerializer(serializers.Serializer):
    """A level of the responsibility chain that nobody holds, and how many receivers it concerns."""

    organization = serializers.IntegerField(source="organization.pk")
    organization_name = serializers.CharField(source="organization.short_name")
    level = serializers.CharField(source="level.name")
    units = serializers.IntegerField()


class KeptSerializer(serializers.Serializer):
    """Why a clash stands, and who said so."""

    reason = serializers.CharField()
    by = serializers.CharField(source="kept_by.name")
    at = serializers.DateTimeField(source="kept_at")


class ClashSerializer(serializers.Serializer):
    """Two measures that meet at the same units: nearly the same text (``alike``), or in the weeks of these Mondays."""

    key = serializers.CharField()
    measure = serializers.IntegerField(source="measure.pk")
    title = serializers.CharField(source="measure.title")
    other = serializers.IntegerField(source="other.pk")
    other_title = serializers.CharField(source="other.title")
    other_plan = serializers.CharField(source="other.plan.title")
    inside = serializers.BooleanField(source="is_inside")
    alike = serializers.BooleanField(source="is_alike")
    units = serializers.IntegerField()
    weeks = serializers.ListField(child=serializers.DateField())
    kept = KeptSerializer(allow_null=True)


class LoadSerializer(serializers.Serializer):
    """A unit above the ceiling in one month: tasks falling due then, and how many of them are new."""

    organization = serializers.IntegerField(source="organization.pk")
    organization_name = serializers.CharField(source="organization.short_name")
    month = serializers.DateField()
    tasks = serializers.IntegerField()
    new = serializers.IntegerField()


class WeekSerializer(serializers.Serializer):
    """What falls due in one week."""

    monday = serializers.DateField()
    tasks = serializers.IntegerField()
    measures = serializers.ListField(child=serializers.IntegerField(), source="_ids")


class OffDaySerializer(serializers.Serializer):
    """A measure and a date to look at."""

    measure = serializers.IntegerField()
    due = serializers.DateField()


class PreviewSerializer(serializers.Serializer):
    """What issuing would do now. Of gaps and loads the first 200 are named; the counts are of all."""

    act = serializers.CharField(help_text="issue, or supplement once issued")
    may_issue = serializers.BooleanField(help_text="nothing is missing and every clash is settled")
    new_tasks = serializers.IntegerField()
    existing_tasks = serializers.IntegerField()
    organizations = serializers.IntegerField()
    unanswered_comments = serializers.IntegerField()
    measures = PreviewLineSerializer(many=True)
    missing = LackSerializer(many=True)
    gap_count = serializers.IntegerField()
    gaps = HoleSerializer(many=True)
    clashes = ClashSerializer(many=True)
    load_ceiling = serializers.IntegerField()
    overload_count = serializers.IntegerField()
    overloads = LoadSerializer(many=True)
    off_days = OffDaySerializer(many=True)
    provisional_dates = OffDaySerializer(many=True)
    awaiting_event = serializers.ListField(child=serializers.IntegerField())
    weeks = WeekSerializer(many=True)


class ShareSerializer(serializers.Serializer):
    """What one organisation would get by when, and the levels of its chain that nobody holds."""

    organization = serializers.IntegerField(source="organization.pk")
    organization_name = serializers.CharField(source="organization.short_name")
    tasks = serializers.IntegerField()
    gaps = serializers.ListField(child=serializers.CharField(), source="levels")
    dues = DueSerializer(many=True, source="_dues")


class Keeping(Strict):
    """Clashes by their keys, and why both stay as they are."""

    clashes = serializers.ListField(child=serializers.CharField(max_length=40), max_length=500)
    reason = serializers.CharField(max_length=200)


class Previewed(Subjects):
    """What a plan would become."""

    @extend_schema(responses=PreviewSerializer, filters=False)
    @action(detail=True, methods=["get"], filter_backends=[])
    def preview(self, request: Request, pk: Any = None) -> Response:
        """Everything a clerk checks before issuing, as of today. Writes nothing."""
        plan = self._own_plan()
        found = preview(plan, day=self.actor.day, calendar=Calendar.load())
        return Response(PreviewSerializer(_told(plan, found)).data)

    @extend_schema(responses=ShareSerializer(many=True), filters=False)
    @action(
        detail=True,
        methods=["get"],
        url_path="preview/units",
        filter_backends=[],
        pagination_class=Numbered,
    )
    def preview_units(self, request: Request, pk: Any = None) -> Response:
        """Who would get what by when, unit after unit in the order of the tree."""
        plan = self._own_plan()
        found = preview(plan, day=self.actor.day, calendar=Calendar.load())
        page: Any = self.paginator.paginate_queryset([s for s in found.shares if s.tasks], request, self)
        rows = [_told_share(share, found) for share in page]
        return self.get_paginated_response(ShareSerializer(rows, many=True).data)

    @extend_schema(methods=["GET"], responses=ClashSerializer(many=True), filters=False)
    @extend_schema(methods=["POST"], request=Keeping, responses=ClashSerializer(many=True))
    @action(detail=True, methods=["get", "post"], filter_backends=[], pagination_class=None)
    def clashes(self, request: Request, pk: Any = None) -> Response:
        """Its clashes with itself and with what is under way; sent, those named stay, for a reason (needs If-Match)."""
        plan = self._own_plan()
        if request.method == "GET":
            return Response(ClashSerializer(self._clashes(plan), many=True).data)
        version, given = version_named(request), taken(Keeping, self)

        def keep() -> Response:
            with unchanged(plan, version):
                keep_clashes(plan, given["clashes"], reason=given["reason"], actor=self.actor, at=now())
            return Response(ClashSerializer(self._clashes(plan), many=True).data)

        return once(request, keep)

    @extend_schema(methods=["GET"], responses=JobSerializer, filters=False)
    @extend_schema(methods=["POST"], request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["get", "post"], filter_backends=[])
    def progress(self, request: Request, pk: Any = None) -> Response:
        """The newest job that makes its tasks; sent, a failed one is put back in the queue. 404 where there is none."""
        plan = self._own_plan()
        again = request.method == "POST"
        job = ask_again(plan, actor=self.actor, at=now()) if again else latest_job(plan)
        if job is None:
            raise Http404
        return Response(JobSerializer(job).data, status=202 if again else 200)

    def _own_plan(self) -> Plan:
        """The plan of an organisation in sight: a receiver does not look into what others would get."""
        plan = self.get_object()
        if not self.actor.sees(plan.organization):
            raise Http404
        return plan

    def _clashes(self, plan: Plan) -> list[Clash]:
        return clashes_in(targets_of(plan, day=self.actor.day, calendar=Calendar.load()))


def _told(plan: Plan, found: Preview) -> dict[str, Any]:
    holes = holes_of(found)
    return {
        "act": "issue" if plan.is_open else "supplement",
        "may_issue": found.may_issue,
        "new_tasks": found.new_tasks,
        "existing_tasks": found.existing_tasks,
        "organizations": sum(share.tasks > 0 for share in found.shares),
        "unanswered_comments": unanswered(plan) if plan.is_open else 0,
        "measures": found.lines,
        "missing": found.lacks,
        "gap_count": len(holes),
        "gaps": holes[:LISTED],
        "clashes": found.clashes,
        "load_ceiling": settings.LOAD_CEILING,
        "overload_count": len(found.overloads),
        "overloads": found.overloads[:LISTED],
        "off_days": [{"measure": measure.pk, "due": due} for measure, due in found.off_days],
        "provisional_dates": [{"measure": measure.pk, "due": due} for measure, due in found.provisional],
        "awaiting_event": [measure.pk for measure in found.awaiting],
        "weeks": [
            {"monday": week.monday, "tasks": week.tasks, "_ids": [m.pk for m in week.measures]}
            for week in weeks_of(found)
        ],
    }


def _told_share(share: Share, found: Preview) -> dict[str, Any]:
    return {
        "organization": share.organization,
        "tasks": share.tasks,
        "levels": [str(link.level.name) for link in share.gaps],
        "_dues": dues_for(found, share.organization),
    }
