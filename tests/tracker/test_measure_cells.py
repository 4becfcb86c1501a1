"""Cells of a plan's table edited in place: saved as they stand, all or none, by the version one has seen."""

from __future__ import annotations

import json
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from common.models import AuditEntry
from tests.factories import make_measure, make_plan
from tracker.events import history
from tracker.models import Measure, Plan
from tracker.plans import edit_measure

pytestmark = pytest.mark.django_db
AT = datetime(2026, 1, 5, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(AT, tick=False)


@pytest.fixture
def plan(world) -> Plan:
    return make_plan(world)


def cells(client, plan: Plan, columns, *rows):
    body = json.dumps({"columns": columns, "rows": rows})
    return client.post(f"/plans/{plan.pk}/table/cells/", body, content_type="application/json")


def test_cells_edited_in_place_are_saved_and_come_back_as_the_row_shows_them(clerk, world, plan):
    measure = make_measure(world, plan)
    answer = cells(clerk, plan, ["due", "deliverable"], [measure.pk, measure.version, "2026-05-29", "照片"])
    assert answer.status_code == 200
    measure.refresh_from_db()
    assert (measure.due, measure.deliverable) == (date(2026, 5, 29), "照片")
    row = answer.json()["rows"][str(measure.pk)]
    assert row["version"] == measure.version
    assert f'data-version="{measure.version}"' in row["html"]
    assert 'data-value="2026-05-29"' in row["html"]
    assert [event.act for event in history(measure)] == ["register", "edit"]
    assert not AuditEntry.objects.filter(kind=AuditEntry.Kind.IMPORT).exists()


def test_cells_pasted_over_several_measures_are_all_or_none(clerk, world, plan):
    first, second = make_measure(world, plan), make_measure(world, plan, title="第二项")
    rows = [first.pk, first.version, "照片"], [second.pk, second.version, "长" * 201]
    answer = cells(clerk, plan, ["deliverable"], *rows)
    assert answer.status_code == 422
    [[row, column, sentence]] = answer.json()["faults"]
    assert (row, column, "200" in sentence) == (1, "deliverable", True)
    first.refresh_from_db()
    assert first.deliverable == "会议记录"
    assert (
        cells(clerk, plan, ["deliverable"], rows[0], [second.pk, second.version, "总结"]).status_code == 200
    )
    assert list(Measure.objects.values_list("deliverable", flat=True)) == ["照片", "总结"]


def test_a_cell_of_a_measure_somebody_else_changed_is_not_saved(clerk, world, plan):
    measure = make_measure(world, plan)
    edit_measure(measure, actor=world.office, at=AT, fields={"deliverable": "照片"})
    answer = cells(clerk, plan, ["deliverable"], [measure.pk, measure.version, "总结"])
    assert answer.status_code == 422
    assert answer.json()["message"].startswith("这个事项刚刚被他人修改")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{",
        '{"columns": ["system"], "rows": [[1, 1, "x"]]}',
        '{"columns": ["title"], "rows": [["x", 1, "y"]]}',
        '{"columns": ["title"], "rows": [[1, 1, 5]]}',
        '{"columns": [[]], "rows": [[1, 1, "y"]]}',
    ],
)
def test_cells_that_are_none_are_refused(clerk, plan, body):
    answer = clerk.post(f"/plans/{plan.pk}/table/cells/", body, content_type="application/json")
    assert answer.status_code == 400
