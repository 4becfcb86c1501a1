"""The rectification account (整改台账) as of a cut-off: what each finding's history said by then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import Q
from django.utils.dateparse import parse_date

from branches.models import Organization
from reports.figures import Window
from reports.lives import Tree, Unit
from tracker.models import Event, Finding

CLOSED = "CLOSED"


@dataclass(slots=True)
class FindingRow:
    """One finding as of the cut-off: the columns of the account."""

    id: int
    number: str
    origin: str
    fact: str
    unit: Unit
    group: Unit
    version: int
    recorded_on: date
    state: str = ""
    kind: str = ""
    due: date | None = None
    leader: str = ""
    standard: str = ""
    measures: str = ""
    handler: str = ""
    progress: str = ""
    requested_on: date | None = None
    verifier: str = ""
    remark: str = ""
    closed_on: date | None = None
    dropped: bool = False
    not_accepted: int = 0
    days_late: int = 0

    @property
    def is_open(self) -> bool:
        return self.state != CLOSED

    @property
    def is_overdue(self) -> bool:
        return self.days_late > 0


def findings_below(organization: Organization, window: Window, *, tree: Tree) -> list[FindingRow]:
    """Findings at and below an organisation that were open in the window, in the order of tree and number.

    Closed before the begin: not listed. Queries: findings, events.
    """
    findings = Finding.objects.below(organization).filter(recorded_at__lt=window.end)
    known = {
        row["pk"]: row
        for row in findings.values(
            "pk", "number", "origin", "fact", "version", "recorded_at",
            "organization_id",
        ).order_by()
    }  # fmt: skip
    rows = []
    for pk, events in _histories(findings.order_by().values("pk"), window):
        if (found := known.get(pk)) and (row := _row(found, events, window, tree)):
            rows.append(row)
    return sorted(rows, key=lambda row: (row.unit.path, row.recorded_on, row.id))


def has_findings(organization: Organization, window: Window) -> bool:
    """Whether a finding below an organisation could count in the window (one query; may say yes too often)."""
    findings = Finding.objects.below(organization).filter(recorded_at__lt=window.end)
    return findings.filter(Q(closed_at__isnull=True) | Q(closed_at__gte=window.begin)).exists()


def _histories(wanted: Any, window: Window) -> Iterator[tuple[int, list[Any]]]:
    events = (
        Event.objects.filter(subject_kind="finding", subject_id__in=wanted, at__lt=window.end)
        .order_by("subject_id", "sequence")
        .values_list("subject_id", "act", "at", "to_state", "body")
    )
    for pk, group in groupby(events.iterator(chunk_size=2000), key=itemgetter(0)):
        yield pk, list(group)


def _row(found: Any, events: list[Any], window: Window, tree: Tree) -> FindingRow | None:
    unit = tree.units[found["organization_id"]]
    row = FindingRow(
        id=found["pk"],
        number=found["number"],
        origin=found["origin"],
        fact=found["fact"],
        unit=unit,
        group=tree.group_of(unit),
        version=found["version"],
        recorded_on=window.day(found["recorded_at"]),
    )
    closed_at: datetime | None = None
    for _pk, act, at, state, body in events:
        details = json.loads(body)
        _listen(row, act, window.day(at), details["said"], (details["actor"] or {}).get("name", ""))
        row.state = state
        closed_at = at if state == CLOSED else None
    if closed_at:
        if closed_at < window.begin:
            return None
        row.closed_on = window.day(closed_at)
    elif row.due and row.state in {"ASSIGNED", "RECTIFYING"} and row.due < window.due_before:
        row.days_late = (window.due_before - row.due).days
    return row


def _listen(row: FindingRow, act: str, day: date, said: dict[str, Any], actor: str) -> None:
    match act:
        case "assign":
            row.kind, row.standard = said.get("kind", ""), said.get("standard", "")
            row.due = parse_date(said["due"]) if said.get("due") else None
            row.leader = (said.get("responsible_leader") or {}).get("name", "")
        case "enter_measures":
            row.measures = said.get("measures", "")
            row.handler = (said.get("handler") or {}).get("name", "")
        case "report":
            row.progress = said.get("progress", "")
        case "submit":
            row.progress, row.requested_on = said.get("progress", ""), day
        case "accept" | "drop":
            row.verifier, row.remark = actor, said.get("remark") or said.get("reason", "")
            row.dropped = act == "drop"
        case "not_accepted":
            row.verifier, row.remark, row.requested_on = actor, said.get("reason", ""), None
            row.not_accepted += 1
