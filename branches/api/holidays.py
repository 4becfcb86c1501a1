"""``/api/v1/workdays/<year>/notice/``: the yearly notice on holidays, looked at and then entered as a whole."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, cast

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from branches.api.base import Scoped
from branches.holiday_file import text_of
from branches.settings_duty import require_calendar_keeper
from common.addresses import client_address
from common.api.changes import once
from common.api.fields import Strict
from common.calendar_keeping import FIRST_YEAR, LAST_YEAR, Entry, enter_notice, weigh
from common.clock import now
from common.errors import Refused
from common.holiday_notice import MAX_CHARACTERS, Reading, read_notice
from common.models import Workday

YEAR = OpenApiParameter("year", OpenApiTypes.INT, OpenApiParameter.PATH)


def require_kept(year: str) -> int:
    """A year of the address as a number. Raises Http404 for one the calendar does not keep."""
    if not FIRST_YEAR <= int(year) <= LAST_YEAR:
        raise Http404
    return int(year)


class WorkdaySerializer(serializers.ModelSerializer):
    """A day that is not what its weekday says."""

    class Meta:
        model = Workday
        fields = ("day", "kind", "name", "official")
        read_only_fields = fields


class NoticeSent(Strict):
    """The notice as it was published, or one day a line (2027-10-01 放假 国庆节); or a table (.xlsx, .csv) as a file."""

    text = serializers.CharField(required=False, trim_whitespace=False, max_length=MAX_CHARACTERS)
    file = serializers.FileField(required=False, write_only=True)

    def validate(self, attrs: Any) -> Any:
        """With what was read from a file as text."""
        if upload := attrs.pop("file", None):
            try:
                attrs["text"] = text_of(upload)
            except Refused as refusal:
                raise serializers.ValidationError({"file": str(refusal)}) from refusal
        if not attrs.get("text"):
            raise serializers.ValidationError({"text": _("Paste the text of the notice or choose a file.")})
        return attrs


class NoticeSeen(NoticeSent):
    """The notice with the ``seen`` of its check: what is entered is what was looked at."""

    seen = serializers.CharField(max_length=64)


class DayChange(serializers.Serializer):
    """A day before and after; null: what its weekday says."""

    day = serializers.DateField()
    before = WorkdaySerializer(allow_null=True)
    after = WorkdaySerializer(allow_null=True)


class NoticeFault(serializers.Serializer):
    """Words of the notice that cannot be right, and why."""

    words = serializers.CharField()
    sentence = serializers.CharField()


class NoticeFound(serializers.Serializer):
    """What a notice would change, or changed. ``whole``: it names every statutory holiday, so the year is official
    and other days go; otherwise ``missing`` says which it lacks. With a fault it changes nothing.
    """

    year = serializers.IntegerField()
    changes = DayChange(many=True)
    same = serializers.IntegerField(help_text="days that stand there already")
    whole = serializers.BooleanField()
    missing = serializers.ListField(child=serializers.CharField())
    becomes_official = serializers.BooleanField()
    seen = serializers.CharField(help_text="of the calendar this was drawn from; to be sent when entering it")
    faults = NoticeFault(many=True)


class TakesNotices(Scoped):
    """A year that a notice settles."""

    @extend_schema(
        request={"application/json": NoticeSent, "multipart/form-data": NoticeSent},
        responses=NoticeFound,
        parameters=[YEAR],
    )
    @action(
        detail=True, methods=["post"], url_path="notice/check", parser_classes=[JSONParser, MultiPartParser]
    )
    def notice_check(self, request: Request, year: str = "") -> Response:
        """What a notice would change, and everything that is wrong in it. Writes nothing."""
        reading, _sent = self._read(year, NoticeSent)
        return Response(_told(reading, None if reading.faults else weigh(reading)))

    @extend_schema(
        request={"application/json": NoticeSeen, "multipart/form-data": NoticeSeen},
        responses=NoticeFound,
        parameters=[YEAR],
    )
    @action(detail=True, methods=["post"], parser_classes=[JSONParser, MultiPartParser])
    def notice(self, request: Request, year: str = "") -> Response:
        """Enter a notice, all of it or nothing, for the administrator of the topmost organization.

        400 with the words that are wrong, 409 when the calendar changed since the check.
        """
        reading, sent = self._read(year, NoticeSeen)
        if reading.faults:
            wrong = [f"{fault.words} {fault.sentence}".strip() for fault in reading.faults]
            raise serializers.ValidationError({"text": wrong})

        def enter() -> Response:
            address = client_address(cast("HttpRequest", request))
            done = enter_notice(reading, seen=sent["seen"], user=self.actor.user, at=now(), address=address)
            return Response(_told(reading, done))

        return once(request, enter)

    def _read(self, year: str, kind: Any) -> tuple[Reading, dict[str, Any]]:
        require_calendar_keeper(self.actor)
        number = require_kept(year)
        given = kind(data=self.request.data)
        given.is_valid(raise_exception=True)
        return read_notice(given.validated_data["text"], year=number), given.validated_data


def _told(reading: Reading, entry: Entry | None) -> Any:
    told = {
        "year": reading.year,
        "changes": entry.changes if entry else [],
        "same": entry.same if entry else 0,
        "whole": bool(entry and entry.whole),
        "missing": reading.missing,
        "becomes_official": bool(entry and entry.becomes_official),
        "seen": entry.seen if entry else "",
        "faults": [asdict(fault) for fault in reading.faults],
    }
    return NoticeFound(told).data
