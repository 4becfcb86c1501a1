"""What those who answer for many look at: the grid, the gaps, who never acts, the burden, whom one looks after."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from branches.api.base import Scoped
from branches.models import Organization, Post
from common.api.pages import Numbered
from common.periods import Period
from common.workdays import Calendar
from tracker.api.given import must_fit
from tracker.api.subjects import Subjects
from tracker.burden import KINDS, Burden, BurdenFilter, burden_of
from tracker.burden import Row as BurdenLine
from tracker.gaps import gaps_in_sight, spelled_out
from tracker.grid import SORTS, Grid, GridFilter, plans_for
from tracker.grid import Line as GridLine
from tracker.left_behind import SILENT_DAYS, never_acting, units_left
from tracker.lights import SIGNS
from tracker.looked_after import charges_of, standings_of
from tracker.models import Plan

LIGHTS = serializers.DictField(child=serializers.IntegerField())


class CellSerializer(serializers.Serializer):
    """One unit's tasks of one measure: the worst light, and how many there are of it."""

    measure = serializers.IntegerField()
    light = serializers.ChoiceField(choices=list(SIGNS))
    count = serializers.IntegerField()


class GridRow(serializers.Serializer):
    """One unit with the measures it has tasks of, and the sums of its lights."""

    organization = serializers.IntegerField()
    organization_name = serializers.CharField()
    cells = CellSerializer(many=True)
    lights = LIGHTS


class GridColumn(serializers.Serializer):
    """One measure and the sums of its lights, over all units the filter lets through."""

    measure = serializers.IntegerField()
    title = serializers.CharField()
    lights = LIGHTS


class GridSerializer(serializers.Serializer):
    """One page of the rows; columns and sums are of all of them."""

    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    columns = GridColumn(many=True)
    lights = LIGHTS
    results = GridRow(many=True)


class WithGrid(Subjects):
    """How every unit stands with every measure of a plan."""

    @extend_schema(
        responses=GridSerializer,
        filters=False,
        parameters=[
            OpenApiParameter("q", str, description="words of the unit's name"),
            OpenApiParameter("about", str, description="words of the measure's title"),
            OpenApiParameter("area", int),
            OpenApiParameter("kind", enum=Organization.Kind.values),
            OpenApiParameter("light", enum=list(SIGNS)),
            OpenApiParameter("sort", enum=list(SORTS)),
            OpenApiParameter("page", int),
            OpenApiParameter("page_size", int),
        ],
    )
    @action(detail=True, methods=["get"], filter_backends=[], pagination_class=Numbered)
    def grid(self, request: Request, pk: Any = None) -> Response:
        """Units down, measures across, one light a cell, as of today. 404 for a plan that is not issued yet."""
        plan: Plan = self.get_object()
        if not plans_for(self.actor).filter(pk=plan.pk).exists():
            raise Http404
        query: Any = request.query_params
        chosen = GridFilter(query)
        must_fit(
            request,
            area=chosen.area is not None,
            kind=bool(chosen.kind),
            light=bool(chosen.light),
            sort=query.get("sort") in SORTS,
        )
        grid = Grid(plan, actor=self.actor, chosen=chosen, day=self.actor.day, calendar=Calendar.load())
        page: Any = self.paginator.paginate_queryset(grid.lines, request, self)
        response = self.get_paginated_response([_row(grid, line) for line in grid.filled(page)])
        response.data |= {
            "columns": [
                {"measure": m.pk, "title": m.title, "lights": grid.by_measure[m.pk]} for m in grid.measures
            ],
            "lights": grid.total,
        }
        return response


def _row(grid: Grid, line: GridLine) -> dict[str, Any]:
    cells = zip(grid.measures, grid.cells(line), strict=True)
    return {
        "organization": line.unit.id,
        "organization_name": line.unit.short_name,
        "cells": [
            {"measure": measure.pk, "light": cell.light, "count": cell.count}
            for measure, cell in cells
            if cell
        ],
        "lights": grid.counts(line),
    }


class LevelSerializer(serializers.Serializer):
    """A level of the responsibility chain that nobody holds, and the roles of which one should be; or that is shared."""

    level = serializers.CharField(source="level.name")
    roles = serializers.ListField(child=serializers.CharField())
    is_shared = serializers.BooleanField()


class GapSerializer(serializers.Serializer):
    """An organisation where nobody answers."""

    organization = serializers.IntegerField(source="pk")
    organization_name = serializers.CharField(source="short_name")
    gaps = serializers.SerializerMethodField()

    def get_gaps(self, organization: Organization) -> list[dict[str, Any]]:
        """The levels it leaves open."""
        return LevelSerializer(spelled_out([organization]), many=True).data


class LeftTasksSerializer(serializers.Serializer):
    """An organisation with tasks whose responsible person has left."""

    organization = serializers.IntegerField(source="pk")
    organization_name = serializers.CharField(source="short_name")
    tasks = serializers.IntegerField(source="left")


class SilentSerializer(serializers.Serializer):
    """Somebody who has done nothing for ten working days while the unit's tasks waited."""

    post = serializers.IntegerField(source="pk")
    user = serializers.IntegerField(source="user_id")
    user_name = serializers.CharField(source="user.name")
    organization = serializers.IntegerField(source="organization_id")
    organization_name = serializers.CharField(source="organization.short_name")
    role = serializers.CharField()
    waiting = serializers.IntegerField()
    last_at = serializers.DateTimeField(allow_null=True)
    days = serializers.SerializerMethodField()

    def get_days(self, _post: Post) -> int:
        """The working days from which it counts."""
        return SILENT_DAYS


class Gaps(Scoped):
    """Where nobody answers, in one's sight, as of today."""

    serializer_class = GapSerializer
    pagination_class = Numbered
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Organization]:
        """Organisations with a level of the chain that nobody holds."""
        if self.is_drawing_the_schema:
            return Organization.objects.none()
        return gaps_in_sight(self.actor, day=self.actor.day).order_by("path")

    @extend_schema(responses=GapSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Levels of the responsibility chain that nobody holds."""
        return self._page(self.get_queryset(), GapSerializer)

    @extend_schema(responses=LeftTasksSerializer(many=True))
    @action(detail=False, methods=["get"])
    def left(self, request: Request) -> Response:
        """Tasks whose responsible person has left, by unit; ``/tasks/rename/`` names a successor."""
        return self._page(units_left(self.actor, day=self.actor.day), LeftTasksSerializer)

    @extend_schema(responses=SilentSerializer(many=True))
    @action(detail=False, methods=["get"])
    def silent(self, request: Request) -> Response:
        """People who never act while tasks wait, those with most waiting first."""
        posts = never_acting(self.actor, day=self.actor.day, calendar=Calendar.load())
        return self._page(posts, SilentSerializer)

    def _page(self, rows: QuerySet[Any], kind: Any) -> Response:
        return self.get_paginated_response(kind(self.paginate_queryset(rows), many=True).data)


class BurdenRow(serializers.Serializer):
    """One unit: what is asked of it in each month of the period, and in all by kind."""

    organization = serializers.IntegerField()
    organization_name = serializers.CharField()
    months = serializers.ListField(child=serializers.IntegerField())
    months_over = serializers.IntegerField(help_text="months above the ceiling")
    sums = serializers.DictField(child=serializers.IntegerField())


class BurdenSerializer(serializers.Serializer):
    """One page of the units; months, sums and ``units_over`` are of all of them."""

    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    ceiling = serializers.IntegerField(help_text="tasks falling due in a month")
    months = serializers.ListField(child=serializers.DateField())
    month_sums = serializers.ListField(child=serializers.IntegerField())
    sums = serializers.DictField(child=serializers.IntegerField())
    units_over = serializers.IntegerField()
    results = BurdenRow(many=True)


class Burdens(Scoped):
    """What is asked of each branch, month by month."""

    serializer_class = BurdenSerializer
    pagination_class = Numbered
    filter_backends = ()

    @extend_schema(
        operation_id="burden_retrieve",
        responses=BurdenSerializer,
        parameters=[
            OpenApiParameter("period", str, description="2026H1, 2026, 2026Q1, 2026-03; the present one"),
            OpenApiParameter("kind", enum=list(KINDS), description="what the months count"),
            OpenApiParameter("by", int, description="the organisation that causes it"),
            OpenApiParameter("area", int),
            OpenApiParameter("q", str, description="words of the unit's name"),
            OpenApiParameter("sort", enum=["heavy", "tree"]),
            OpenApiParameter("page", int),
            OpenApiParameter("page_size", int),
        ],
    )
    def list(self, request: Request) -> Response:
        """Tasks, reports, uploads and visits asked of each branch in sight, counted from what is known anyway."""
        query: Any = request.query_params
        if query.get("period"):
            Period.parse(query["period"])
        chosen = BurdenFilter(query, actor=self.actor, day=self.actor.day)
        must_fit(
            request,
            kind=query.get("kind") in KINDS,
            by=chosen.by is not None,
            area=chosen.area is not None,
            sort=query.get("sort") in {"heavy", "tree"},
        )
        burden: Burden = burden_of(chosen)
        page: Any = self.paginator.paginate_queryset(burden.rows, request, self)
        response = self.get_paginated_response([_burden(row) for row in page])
        response.data |= {
            "ceiling": settings.LOAD_CEILING,
            "months": burden.months,
            "month_sums": burden.foot,
            "sums": {kind: burden.sums[kind] for kind in KINDS},
            "units_over": burden.over,
        }
        return response


def _burden(row: BurdenLine) -> dict[str, Any]:
    return {
        "organization": row.unit.pk,
        "organization_name": row.unit.short_name,
        "months": [count for count, _over in row.months],
        "months_over": row.over,
        "sums": row.sums,
    }


class ChargeSerializer(serializers.Serializer):
    """An organisation one looks after, with all below it, and how its tasks stand."""

    organization = serializers.IntegerField(source="organization.pk")
    organization_name = serializers.CharField(source="organization.short_name")
    linked = serializers.BooleanField(source="is_linked", help_text="as linked leader; else through the area")
    light = serializers.CharField()
    open = serializers.IntegerField()
    overdue = serializers.IntegerField(source="red")
    near = serializers.IntegerField(
        source="yellow", help_text="near their date, behind the pace, or returned"
    )
    done = serializers.IntegerField()
    longest_overdue = serializers.IntegerField(source="longest", help_text="in working days")


class LookedAfter(Scoped):
    """The organisations one looks after."""

    serializer_class = ChargeSerializer
    pagination_class = Numbered
    filter_backends = ()

    @extend_schema(responses=ChargeSerializer(many=True))
    def list(self, request: Request) -> Response:
        """As area liaison or linked leader, the worst first."""
        charges = list(charges_of(self.actor))
        standings = standings_of(self.actor, charges, day=self.actor.day, calendar=Calendar.load())
        page: Any = self.paginator.paginate_queryset(standings, request, self)
        return self.get_paginated_response(ChargeSerializer(page, many=True).data)
