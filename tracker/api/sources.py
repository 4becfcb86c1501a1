"""``/api/v1/sources/``: the documents that ask for work, and what was read in them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from branches.api.serializers import OrganizationInSight
from common.api.changes import once
from common.api.fields import Strict
from common.clock import now
from tracker.api.superiors import Rooted
from tracker.models import Source
from tracker.sources import receive_source


class SourceSerializer(serializers.ModelSerializer):
    """A document; its actions stand under ``/sources/{id}/actions/``."""

    class Meta:
        model = Source
        fields = (
            "id", "organization", "title", "category", "issuer", "number", "dated", "text", "sha256", "corrects",
            "rules_version", "created_at", "version",
        )  # fmt: skip
        read_only_fields = fields


class SourceLine(SourceSerializer):
    """A document in a list: without its text."""

    class Meta(SourceSerializer.Meta):
        fields = tuple(name for name in SourceSerializer.Meta.fields if name != "text")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]


class SourceCreation(Strict):
    """A document to keep and to read."""

    organization = OrganizationInSight()
    title = serializers.CharField(max_length=200)
    category = serializers.ChoiceField(choices=Source.Category.choices, default=Source.Category.SPEECH)
    issuer = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    number = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    dated = serializers.DateField()
    text = serializers.CharField(trim_whitespace=False)


class Sources(Rooted):
    """Documents kept by organisations in sight."""

    serializer_class = SourceSerializer
    filterset_fields = ("organization", "category", "dated")
    ordering_fields = ("dated",)
    ordering = ("-dated", "-pk")

    def get_queryset(self) -> QuerySet[Source]:
        """Sources in sight."""
        if self.is_drawing_the_schema:
            return Source.objects.none()
        beside = ("corrects", "corrected_by")
        sources = Source.objects.visible_to(self.actor).select_related("organization", *beside)
        return sources.defer(*(f"{name}__text" for name in beside))

    def get_serializer_class(self) -> Any:
        """Lists leave the text out."""
        return SourceLine if self.action == "list" else SourceSerializer

    @extend_schema(request=SourceCreation, responses={201: SourceSerializer})
    def create(self, request: Request) -> Response:
        """Keep a document's text and read it. 400 when the same text is kept already."""
        given = SourceCreation(data=request.data, context={"view": self})
        given.is_valid(raise_exception=True)
        return once(
            request,
            lambda: self.shown(
                receive_source(actor=self.actor, at=now(), **given.validated_data), status=201
            ),
        )
