"""``/api/v1/files/``: the lists as workbooks, the very files behind the export buttons of the pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import FileResponse, Http404, HttpRequest
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from branches.api.base import Scoped
from branches.views import exports as branches
from reports.views import reports
from tracker.exporting import MEDIA_TYPE
from tracker.views import burden, exports, looked_after, notices, office_exports, pledges

FILES: dict[str, Callable[[HttpRequest], FileResponse]] = {
    "organizations": branches.organization_list,
    "users": branches.user_list,
    "audit": branches.audit_log,
    "sources": office_exports.sources,
    "plans": office_exports.plans,
    "tasks": exports.tasks,
    "review": exports.review,
    "measures-to-verify": office_exports.measures_to_verify,
    "grid": exports.grid,
    "findings": exports.findings,
    "inspections": office_exports.inspections,
    "pledges": pledges.pledges_export,
    "gaps": office_exports.gaps,
    "silent": office_exports.silent,
    "burden": burden.burden_export,
    "looked-after": looked_after.export,
    "notices": notices.export,
    "figures": reports.figures_export,
}


class FileSerializer(serializers.Serializer):
    """A list that there is a workbook of."""

    name = serializers.CharField()
    url = serializers.CharField()


class Files(Scoped):
    """Lists as files, each with what the asking person may see."""

    serializer_class = FileSerializer
    pagination_class = None
    filter_backends = ()
    lookup_field = "name"
    lookup_value_regex = r"[a-z-]{3,40}"

    @extend_schema(responses=FileSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Which lists there are files of."""
        told = [{"name": name, "url": reverse("api:files-detail", args=[name])} for name in FILES]
        return Response(FileSerializer(told, many=True).data)

    @extend_schema(
        responses={(200, MEDIA_TYPE): OpenApiTypes.BINARY},
        parameters=[OpenApiParameter("name", OpenApiTypes.STR, OpenApiParameter.PATH, enum=[*FILES])],
    )
    def retrieve(self, request: Request, name: str = "") -> FileResponse:
        """The workbook of a list, with the filters that the address of its page takes. It stands in the audit log.

        As on the page a filter that cannot be understood is left out; the second line of the sheet names those that
        were applied.
        """
        file = FILES.get(name)
        if file is None:
            raise Http404
        asked: Any = request._request  # noqa: SLF001 - the page's door takes Django's own request
        asked.actor = self.actor
        return file(asked)
