"""The measures of a plan as a spreadsheet: out as a workbook, back as a dry run and as the real thing; several at once."""

from __future__ import annotations

import tempfile
from typing import Any, cast

from django.db import transaction
from django.http import FileResponse, HttpRequest
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from openpyxl.utils import get_column_letter
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from branches.roster.faults import Fault
from branches.roster.marking import headings_of
from branches.roster.reading import RawSheet
from common.addresses import client_address
from common.api.changes import once, version_named
from common.api.fields import Strict
from common.audit import record
from common.clock import local_date, now
from common.errors import Refused, Stale
from common.models import AuditEntry
from tracker.api.given import checked, fields_sent, form_data, taken
from tracker.api.subjects import Subjects, unchanged
from tracker.exporting import MEDIA_TYPE
from tracker.forms.plans import ManyForm, kinds_below, leaders_for
from tracker.measure_table.checking import Change, Found, check_table
from tracker.measure_table.importing import import_table
from tracker.measure_table.reading import read_file, read_pasted
from tracker.measure_table.writing import write_table
from tracker.models import Measure, Plan
from tracker.plans import edit_measures
from tracker.transitions.parties import require_edit


class TableSent(Strict):
    """A workbook (.xlsx or .csv) as multipart/form-data, or rows as a spreadsheet puts them on the clipboard."""

    file = serializers.FileField(required=False)
    pasted = serializers.CharField(required=False, trim_whitespace=False)


class FaultSerializer(serializers.Serializer):
    """One thing that is wrong and where it stands; ``cell`` without a letter is the whole row."""

    sheet = serializers.CharField()
    row = serializers.IntegerField()
    column = serializers.IntegerField()
    cell = serializers.CharField()
    heading = serializers.CharField()
    code = serializers.CharField()
    sentence = serializers.CharField()


class DifferenceSerializer(serializers.Serializer):
    """One cell that says something else than the measure does."""

    heading = serializers.CharField(source="label")
    before = serializers.CharField()
    after = serializers.CharField()


class ChangeSerializer(serializers.Serializer):
    """A row that makes a measure (``measure`` null) or changes one."""

    row = serializers.IntegerField()
    title = serializers.CharField()
    measure = serializers.IntegerField(source="measure.pk", default=None)
    differences = DifferenceSerializer(many=True)


class TableFound(serializers.Serializer):
    """What a table would do, or did: with a fault it does nothing. Measures without a row are left alone."""

    new = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    missing = serializers.IntegerField()
    changes = ChangeSerializer(many=True)
    faults = FaultSerializer(many=True)


class Seen(Strict):
    """A measure and the version one has seen of it."""

    id = serializers.IntegerField()
    version = serializers.IntegerField(min_value=0)


class ManyFields(serializers.Serializer):
    """Measures not issued yet, and what all of them get; what is left out stays as it is."""

    measures = Seen(many=True)
    responsible_leader = serializers.IntegerField(required=False)
    receiver_kinds = serializers.ListField(child=serializers.CharField(), required=False)
    due = serializers.DateField(required=False)
    cadence = serializers.CharField(required=False)
    deliverable = serializers.CharField(required=False)


class _Chosen(Strict):
    measures = Seen(many=True, allow_empty=False, max_length=500)


class HowMany(serializers.Serializer):
    """How many changed."""

    changed = serializers.IntegerField()


class Tabled(Subjects):
    """The measures of a plan together."""

    @extend_schema(methods=["GET"], responses={(200, MEDIA_TYPE): OpenApiTypes.BINARY}, filters=False)
    @extend_schema(
        methods=["POST"],
        request={"multipart/form-data": TableSent, "application/json": TableSent},
        responses=TableFound,
    )
    @action(
        detail=True,
        methods=["get", "post"],
        parser_classes=[MultiPartParser, JSONParser],
        filter_backends=[],
    )
    def table(self, request: Request, pk: Any = None) -> Response | FileResponse:
        """The task list as a workbook; sent back (with If-Match of the plan), all of it is taken over or nothing.

        Refused (400, ``table``) with a sentence for each cell that is wrong, named ``sheet!B7``.
        """
        plan = self.get_object()
        if request.method == "GET":
            return self._workbook(plan)
        version = version_named(request)
        require_edit(self.actor, plan)
        sheets, name = self._sent()

        def take_over() -> Response:
            address = client_address(cast("HttpRequest", request))
            with unchanged(plan, version):
                found = import_table(plan, sheets, actor=self.actor, at=now(), name=name, address=address)
            if found.faults:
                raise _refusal(found)
            return Response(TableFound(_told(found, sheets)).data)

        return once(request, take_over)

    @extend_schema(
        request={"multipart/form-data": TableSent, "application/json": TableSent}, responses=TableFound
    )
    @action(
        detail=True,
        methods=["post"],
        url_path="table/check",
        parser_classes=[MultiPartParser, JSONParser],
    )
    def table_check(self, request: Request, pk: Any = None) -> Response:
        """What a table would do, and everything that is wrong in it. Writes nothing."""
        plan = self.get_object()
        require_edit(self.actor, plan)
        sheets, _name = self._sent()
        return Response(TableFound(_told(check_table(plan, sheets, actor=self.actor), sheets)).data)

    @extend_schema(request=ManyFields, responses=HowMany)
    @action(detail=True, methods=["post"])
    def many(self, request: Request, pk: Any = None) -> Response:
        """Give several measures the same leader, receivers, date or deliverable; all or none.

        Each is named with its version; 409 when one of them was changed since.
        """
        plan = self.get_object()
        require_edit(self.actor, plan)
        sent = fields_sent(request)
        wanted = {"measures": sent.pop("measures")} if "measures" in sent else {}
        seen = {row["id"]: row["version"] for row in taken(_Chosen, self, wanted)["measures"]}
        more: Any = {
            "leaders": leaders_for(plan.organization, day=self.actor.day),
            "kinds": kinds_below(plan.organization),
        }
        form = ManyForm(form_data(sent, ManyForm(**more)), **more)
        checked(form)
        if not form.values():
            raise Refused(_("Choose what the ticked measures shall get."))

        def give() -> Response:
            with transaction.atomic():
                Plan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
                measures = list(Measure.objects.filter(plan=plan, pk__in=seen).select_related("plan"))
                if {measure.pk: measure.version for measure in measures} != seen:
                    raise Stale(_("The plan has changed in the meantime. Look at its measures again."))
                count = edit_measures(measures, actor=self.actor, at=now(), fields=form.values())
            return Response({"changed": count})

        return once(request, give)

    def _sent(self) -> tuple[list[RawSheet], str]:
        """The sheet that was sent, and how the audit log calls it. Raises Refused for what cannot be read."""
        given = taken(TableSent, self)
        if file := given.get("file"):
            return read_file(file), file.name or ""
        return read_pasted(given.get("pasted", "")), _("Pasted rows")

    def _workbook(self, plan: Plan) -> FileResponse:
        """The workbook; who took it stands in the audit log."""
        at, target = now(), tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it when it is sent
        rows = write_table(target, plan, actor=self.actor, at=at)
        target.seek(0)
        address = client_address(cast("HttpRequest", self.request))
        data = {"list": plan.title, "rows": rows}
        record(AuditEntry.Kind.EXPORT, at=at, user=self.actor.user, address=address, data=data)
        name = f"{plan.title} {local_date(at):%Y-%m-%d}.xlsx"
        response = FileResponse(target, as_attachment=True, filename=name, content_type=MEDIA_TYPE)
        response["Cache-Control"] = "private, no-store"
        return response


def _told(found: Found, sheets: list[RawSheet]) -> dict[str, Any]:
    headings = headings_of(sheets[0])
    return {
        "new": len(found.new),
        "changed": len(found.changed),
        "unchanged": found.unchanged,
        "missing": found.missing,
        "changes": [_told_change(change) for change in found.changes],
        "faults": [
            {
                "sheet": fault.sheet,
                "row": fault.row,
                "column": fault.column,
                "cell": _cell(fault),
                "heading": headings.get(fault.column, ""),
                "code": fault.code,
                "sentence": fault.sentence,
            }
            for fault in found.faults
        ],
    }


def _told_change(change: Change) -> dict[str, Any]:
    return {
        "row": change.row,
        "title": change.title,
        "measure": change.measure,
        "differences": [
            {"label": d.label, "before": _plain(d.before), "after": _plain(d.after)}
            for d in change.differences
        ],
    }


def _plain(value: Any) -> str:
    return "" if value is None else str(value)


def _cell(fault: Fault) -> str:
    return f"{get_column_letter(fault.column) if fault.column else ''}{fault.row}"


def _refusal(found: Found) -> Refused:
    """All faults in the one shape of refusals, by the cell they stand in."""
    fields: dict[str, str] = {}
    for fault in found.faults:
        cell = f"{fault.sheet}!{_cell(fault)}"
        fields[cell] = f"{fields[cell]} {fault.sentence}" if cell in fields else fault.sentence
    return Refused(_("The table has errors. Nothing was changed."), code="table", fields=fields)
