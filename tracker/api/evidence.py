"""``…/evidence/``: files of tasks and findings, through the same doors as on the pages."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.changes import etag, once
from common.api.fields import Strict
from common.clock import now
from common.errors import NotAllowed
from tracker import evidence
from tracker.api.subjects import Subjects
from tracker.models import Evidence


class EvidenceSerializer(serializers.ModelSerializer):
    """A file that stands as evidence; ``replaced_by`` names its newer version, ``scan`` what the scanner says."""

    media_type = serializers.CharField(source="file.media_type", read_only=True)
    size = serializers.IntegerField(source="file.size", read_only=True)
    sha256 = serializers.CharField(source="file.sha256", read_only=True)
    scan = serializers.CharField(source="file.scan", read_only=True)

    class Meta:
        model = Evidence
        fields = (
            "id", "name", "media_type", "size", "sha256", "scan", "replaced_by", "added_by", "added_at",
        )  # fmt: skip
        read_only_fields = fields


class Upload(Strict):
    """A file, as multipart/form-data; ``replaces`` is the id of the evidence it is the newer version of."""

    file = serializers.FileField()
    replaces = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)


class WithEvidence(Subjects):
    """Subjects that evidence is attached to."""

    @extend_schema(methods=["GET"], responses=EvidenceSerializer(many=True), filters=False)
    @extend_schema(
        methods=["POST"], request={"multipart/form-data": Upload}, responses={201: EvidenceSerializer}
    )
    @action(detail=True, methods=["get", "post"], parser_classes=[MultiPartParser], filter_backends=[])
    def evidence(self, request: Request, pk: Any = None) -> Response:
        """Its evidence with earlier versions; a new file is checked by its content and stored once by its sha256."""
        subject = self.get_object()
        if request.method == "GET":
            rows = subject.evidence.select_related("file")
            return Response(EvidenceSerializer(rows, many=True).data)
        given = Upload(data=request.data)
        given.is_valid(raise_exception=True)
        sent = given.validated_data

        def keep() -> Response:
            known = set(subject.evidence.values_list("pk", flat=True))
            after = evidence.attach(
                subject, upload=sent["file"], actor=self.actor, at=now(), replaces=sent.get("replaces")
            )
            made = subject.evidence.exclude(pk__in=known).select_related("file").latest("pk")
            return Response(EvidenceSerializer(made).data, status=201, headers={"ETag": etag(after.version)})

        return once(request, keep)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}, filters=False)
    @action(detail=True, methods=["get"], url_path=r"evidence/(?P<item>\d{1,18})", filter_backends=[])
    def evidence_file(self, request: Request, pk: Any = None, item: str = "") -> FileResponse:
        """The bytes of one piece of evidence, always as a download; 403 while its scan keeps it back."""
        found = get_object_or_404(
            self.get_object().evidence.select_related("file"),
            pk=int(item),
        )
        if reason := evidence.why_withheld(found, actor=self.actor):
            raise NotAllowed(reason, code="withheld")
        return FileResponse(
            evidence.open_file(found.file),
            as_attachment=True,
            filename=found.name,
            content_type="application/octet-stream",
        )
