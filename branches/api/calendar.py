"""``/api/v1/workdays/``: the working-day calendar, year by year."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from django.http import Http404, HttpRequest
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from branches.api.holidays import YEAR, TakesNotices, WorkdaySerializer, require_kept
from branches.settings_duty import require_calendar_keeper
from common.addresses import client_address
from common.api.fields import Strict
from common.calendar_keeping import set_day
from common.clock import now
from common.models import Workday


class YearSerializer(serializers.Serializer):
    """A year's exceptions; all other days are what their weekday says. Without ``official`` the year is provisional."""

    year = serializers.IntegerField()
    official = serializers.BooleanField()
    days = WorkdaySerializer(many=True)


class DaySet(Strict):
    """What a day is; an empty ``kind`` lets it be what its weekday says."""

    kind = serializers.ChoiceField(choices=Workday.Kind.choices, allow_blank=True)
    name = serializers.CharField(max_length=40, allow_blank=True, default="")


class Workdays(TakesNotices):
    """The calendar by which dates are computed; everybody reads it."""

    serializer_class = YearSerializer
    pagination_class = None
    filter_backends = ()
    lookup_field = "year"
    lookup_value_regex = r"\d{4}"

    @extend_schema(responses=YearSerializer, parameters=[YEAR])
    def retrieve(self, request: Request, year: str = "") -> Response:
        """One year."""
        return Response(_year(require_kept(year)))

    @extend_schema(
        request=DaySet,
        responses=YearSerializer,
        parameters=[
            YEAR,
            OpenApiParameter("day", OpenApiTypes.STR, OpenApiParameter.PATH, description="07-01"),
        ],
    )
    @action(detail=True, methods=["put"], url_path=r"(?P<day>\d\d-\d\d)")
    def day(self, request: Request, year: str = "", day: str = "") -> Response:
        """Make one day off or worked, for the administrator of the topmost organization. The same twice is once."""
        require_calendar_keeper(self.actor)
        try:
            chosen = date.fromisoformat(f"{year}-{day}")
        except ValueError:
            raise Http404 from None
        given = DaySet(data=request.data)
        given.is_valid(raise_exception=True)
        address = client_address(cast("HttpRequest", request))
        set_day(chosen, **given.validated_data, user=self.actor.user, at=now(), address=address)
        return Response(_year(int(year)))


def _year(year: int) -> Any:
    rows = list(Workday.objects.filter(day__year=year).order_by("day"))
    told = {"year": year, "official": any(row.official for row in rows), "days": rows}
    return YearSerializer(told).data
