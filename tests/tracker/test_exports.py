"""Lists as workbooks: what the page shows, all pages of it, and no text that calculates."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, timedelta
from functools import partial
from urllib.parse import quote

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from branches import exporting
from common.clock import moment
from common.models import AuditEntry
from tests.factories import (
    World,
    issue,
    make_finding,
    make_inspection,
    make_measure,
    make_plan,
    make_source,
    submitted,
)
from tracker.models import Finding, Measure, Task
from tracker.task_list import page_of

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 24)
LISTS = ["/tasks/", "/findings/", "/grid/", "/review/"]


@pytest.fixture
def world() -> World:
    return World(branches=3)


@pytest.fixture(autouse=True)
def _in_march():
    with time_machine.travel(moment(DAY, 10), tick=False):
        yield


@pytest.fixture
def office(client, world):
    client.force_login(world.office.user)
    return client


@pytest.fixture
def plan(world):
    plan = make_plan(world)
    make_measure(world, plan, title="召开警示教育大会", due=date(2026, 6, 30))
    make_measure(world, plan, title="讲授专题党课", receivers=world.branches[:1], due=date(2026, 3, 31))
    issue(world, plan)
    Task.objects.update(state="ACTIVE", percent=90)
    return plan


def midnight(year: int, month: int, day: int) -> datetime:
    """A date as it is read back from a workbook."""
    return datetime.combine(date(year, month, day), datetime.min.time())


def file_of(client, address: str) -> bytes:
    response = client.get(address)
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content)


def sheet_of(client, address: str):
    return load_workbook(io.BytesIO(file_of(client, address))).active


def rows_of(sheet) -> list[tuple]:
    return [tuple(cell.value for cell in row) for row in sheet.iter_rows(min_row=exporting.HEAD + 1)]


def test_the_list_of_tasks_is_exported_with_its_filters_in_its_order_all_pages(
    office, world, plan, monkeypatch
):
    Task.objects.filter(organization=world.branches[2]).update(due=DAY - timedelta(days=1))
    monkeypatch.setattr("tracker.views.tasks.page_of", partial(page_of, size=1))
    for query in ("", "?light=red", "?q=党课", f"?unit={world.branch.pk}", "?group=done"):
        shown = office.get(f"/tasks/{query}").context
        sheet = sheet_of(office, f"/tasks/export/{query}")
        listed = [(r.task.title, r.task.organization.short_name) for r in shown["rows"]]
        assert [row[1:3] for row in rows_of(sheet)[: len(listed)]] == listed
        assert sum(row[1] is not None for row in rows_of(sheet)) == shown["count"], query


def test_a_row_says_what_the_page_says_and_a_date_is_a_date(office, world, plan):
    task = Task.objects.filter(measure__title="讲授专题党课").get()
    Task.objects.filter(pk=task.pk).update(
        handler=world.secretary.user, returned=True, due=DAY - timedelta(days=4)
    )
    (row,) = rows_of(sheet_of(office, "/tasks/export/?q=党课"))
    assert row == (
        "■ 已逾期 2 个工作日",
        "讲授专题党课",
        world.branch.short_name,
        world.secretary.user.name,
        "办理中 · 已退回",
        90,
        midnight(2026, 3, 20),
    )


def test_the_head_names_the_filters_who_and_when_and_stays_in_sight(office, world, plan):
    sheet = sheet_of(office, f"/tasks/export/?light=yellow&unit={world.branch.pk}&q=党课")
    said = sheet["A2"].value
    for words in (
        "分类：未办结",
        "亮灯：临近或滞后",
        "查找：党课",
        world.branch.short_name,
        "共1行",
        world.office.user.name,
        "2026年3月24日",
        "10:00",
    ):
        assert words in said, words
    assert sheet["A1"].value == "任务"
    assert sheet.freeze_panes == "C4"
    assert sheet.auto_filter.ref == "A3:G4"
    assert sheet.print_title_rows == "$1:$3"
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert all(sheet.column_dimensions[letter].width >= 8 for letter in "ABCDEFG")


@pytest.mark.parametrize("text", ["=1+1", "+86", "-2", "@sum", "=cmd|' /C calc'!A0", "\t=1", "a\x0bb"])
def test_a_text_stays_a_text_whatever_it_begins_with(office, world, plan, text):
    Measure.objects.update(title=text)
    content = file_of(office, "/tasks/export/")
    sheet = load_workbook(io.BytesIO(content)).active
    cell = sheet["B4"]
    assert (cell.data_type, cell.quotePrefix) == ("s", True)
    assert cell.value == text.replace("\x0b", "")
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")
    grid = sheet_of(office, "/grid/export/")
    assert {c.data_type for row in grid.iter_rows() for c in row if isinstance(c.value, str)} == {"s"}


def test_the_grid_is_exported_cell_by_cell_with_its_sums(office, world, plan, monkeypatch):
    Task.objects.filter(organization=world.branches[1]).update(due=DAY - timedelta(days=1))
    monkeypatch.setattr("tracker.views.grid.PAGE", 1)
    sheet = sheet_of(office, "/grid/export/?sort=behind")
    heads = [cell.value for cell in sheet[3]]
    assert heads == ["单位", "1 召开警示教育大会", "2 讲授专题党课", "逾期", "临近", "正常", "办结"]
    assert [cell.alignment.textRotation for cell in sheet[3]] == [0, 255, 255, 0, 0, 0, 0]
    one, two, three = (branch.short_name for branch in world.branches)
    assert rows_of(sheet) == [
        (two, "■", None, 1, None, None, None),
        (one, "●", "▲", None, 1, 1, None),
        (three, "●", None, None, None, 1, None),
        ("■ 逾期", 1, None, 1, None, None, None),
        ("▲ 临近", None, 1, None, 1, None, None),
        ("● 正常", 2, None, None, None, 2, None),
        ("✓ 办结", None, None, None, None, None, None),
    ]
    assert sheet["B4"].font.color.rgb == "00B3241B"
    assert "滞后的在前" in sheet["A2"].value
    assert plan.title in sheet["A2"].value
    # what filters and sorts in Excel ends before the sums
    assert sheet.auto_filter.ref == "A3:G6"


def test_the_grid_is_narrowed_on_paper_as_on_the_screen(office, world, plan):
    name = world.branches[1].short_name
    assert [row[0] for row in rows_of(sheet_of(office, f"/grid/export/?q={name}"))[:1]] == [name]
    assert rows_of(sheet_of(office, "/grid/export/?q=没有的")) == []


def test_findings_are_exported_in_the_order_of_their_pages(office, world, monkeypatch):
    monkeypatch.setattr("tracker.finding_list.PAGE", 1)
    for number in range(3):
        make_finding(world, fact=f"第{number}个问题")
    Finding.objects.filter(fact="第0个问题").update(due=DAY + timedelta(days=9))
    Finding.objects.filter(fact="第1个问题").update(due=DAY + timedelta(days=3))
    rows = rows_of(sheet_of(office, "/findings/export/"))
    assert [row[2] for row in rows] == ["第2个问题", "第1个问题", "第0个问题"]
    assert [row[2] for row in rows_of(sheet_of(office, "/findings/export/?q=第1个"))] == ["第1个问题"]


def test_the_review_queue_is_exported_without_ones_own_submissions(client, world, plan):
    for task in Task.objects.filter(organization=world.branch):
        submitted(world, _fresh(task))
    client.force_login(world.reviewer.user)
    rows = rows_of(sheet_of(client, "/review/export/"))
    assert len(rows) == client.get("/review/").context["left"] == 2
    assert [row[:3] for row in rows] == [
        (title, world.branch.short_name, world.secretary.user.name)
        for title in ("召开警示教育大会", "讲授专题党课")
    ]
    assert {row[3:5] for row in rows} == {(midnight(2026, 3, 20), 2)}
    client.force_login(world.secretary.user)
    assert rows_of(sheet_of(client, "/review/export/")) == []


def test_the_measures_of_a_plan_are_exported_with_how_far_they_are(office, world, plan):
    Task.objects.filter(organization=world.branches[1]).update(due=DAY - timedelta(days=1))
    rows = rows_of(sheet_of(office, f"/plans/{plan.pk}/export/"))
    assert [(row[0], row[1], row[4], row[13:]) for row in rows] == [
        (1, "召开警示教育大会", midnight(2026, 6, 30), (3, 0, "■ 1", None)),
        (2, "讲授专题党课", midnight(2026, 3, 31), (1, 0, None, "▲ 1")),
    ]


def test_a_list_that_is_too_long_is_refused_with_what_to_do_and_nothing_is_logged(office, plan, monkeypatch):
    monkeypatch.setattr(exporting, "MAX_CELLS", 20)
    response = office.get("/tasks/export/")
    assert response.status_code == 400
    assert "这份清单有4行，一次最多导出2行。请先用筛选条件缩小范围。" in response.content.decode()
    assert not AuditEntry.objects.filter(kind="EXPORT").exists()


def test_an_export_stands_in_the_audit_log_with_list_and_size(office, world, plan):
    file_of(office, "/tasks/export/?q=党课")
    entry = AuditEntry.objects.get(kind="EXPORT")
    assert (entry.actor, entry.data) == (world.office.user, {"list": "任务", "rows": 1})


def test_the_file_is_a_download_that_is_kept_nowhere(office, plan):
    response = office.get("/tasks/export/")
    assert response["Content-Type"] == exporting.MEDIA_TYPE
    assert response["Content-Disposition"].startswith("attachment")
    assert "2026-03-24.xlsx" in response["Content-Disposition"]
    assert response["Cache-Control"] == "private, no-store"
    response.close()


def test_an_export_holds_only_what_is_in_sight(client, world, plan):
    other = make_plan(world)
    make_measure(world, other, title="别处的事项", receivers=[world.other_branch])
    issue(world, other)
    client.force_login(world.reviewer.user)
    assert {row[1] for row in rows_of(sheet_of(client, "/tasks/export/"))} == {
        "召开警示教育大会",
        "讲授专题党课",
    }
    assert client.get(f"/plans/{other.pk}/export/").status_code == 404
    assert client.get(f"/grid/export/?plan={other.pk}").status_code == 404


@pytest.mark.parametrize("address", LISTS)
def test_the_button_leads_to_the_export_of_these_filters(client, world, plan, address):
    make_finding(world)
    submitted(world, _fresh(Task.objects.order_by("pk").first()))
    client.force_login(world.reviewer.user if address == "/review/" else world.office.user)
    query = "" if address == "/review/" else f"?q={quote('支部')}" if address == "/grid/" else "?kind="
    body = client.get(address + query).content.decode()
    assert f'href="{address}export/{query}"' in body


def _fresh(task: Task) -> Task:
    Task.objects.filter(pk=task.pk).update(state="PENDING", percent=0)
    task.refresh_from_db()
    return task


@pytest.mark.parametrize("address", [*LISTS, "plan"])
def test_an_export_asks_the_same_queries_for_one_row_and_for_many(client, world, address):
    plan = make_plan(world)
    make_measure(world, plan, receivers=[world.branch])
    make_finding(world)
    issue(world, plan)
    submitted(world, Task.objects.get())
    client.force_login(world.reviewer.user if address == "/review/" else world.office.user)
    export = f"/plans/{plan.pk}/export/" if address == "plan" else f"{address}export/"

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            file_of(client, export)
        return len(captured)

    once = asked()
    for number in range(2):
        more = make_plan(world) if address != "plan" else plan
        measure = make_measure(world, more, title=f"第{number}项", receivers=world.branches)
        make_finding(world)
        if address != "plan":
            issue(world, more)
            for task in Task.objects.filter(measure=measure, organization=world.branch):
                submitted(world, task)
    assert asked() == once


# the office's lists --------------------------------------------------------------------------------------------------


def test_the_lists_of_the_office_are_exported_with_their_filters(office, world, plan):
    source = make_source(world, title="在推进会上的讲话")
    make_source(world, title="另一份文件", text="一、要制定工作方案。")
    inspection = make_inspection(world)
    make_plan(world)
    rows = rows_of(sheet_of(office, "/sources/export/?q=推进会"))
    assert [(row[0], row[4]) for row in rows] == [(source.title, midnight(2026, 7, 6))]
    sheet = sheet_of(office, "/plans/export/?state=ISSUED")
    assert [(row[0], row[6:]) for row in rows_of(sheet)] == [(plan.title, (4, 0, 0))]
    assert "状态：已印发" in sheet["A2"].value
    assert len(rows_of(sheet_of(office, "/plans/export/"))) == 2
    (row,) = rows_of(sheet_of(office, "/inspections/export/"))
    assert row[:2] == (inspection.number, inspection.purpose)
    assert rows_of(sheet_of(office, "/inspections/export/?state=DONE&q=没有的")) == []


def test_gaps_and_measures_to_verify_are_exported_as_they_are_listed(office, world, plan):
    Task.objects.update(state="DONE", completed_at=moment(DAY, 9))
    Measure.objects.update(state="VERIFYING")
    shown = office.get("/review/measures/").context["measures"]
    rows = rows_of(sheet_of(office, "/review/measures/export/"))
    assert rows == [(measure.title, measure.plan.title, measure.done) for measure in shown]
    gaps = office.get("/tasks/gaps/").context["gaps"]
    assert gaps
    assert [row[0] for row in rows_of(sheet_of(office, "/tasks/gaps/export/"))] == [
        gap.organization.short_name for gap in gaps
    ]


@pytest.mark.parametrize("address", ["/sources/", "/plans/", "/inspections/", "/tasks/gaps/"])
def test_the_offices_lists_have_the_button_and_need_the_same_queries_for_more_rows(
    client, world, plan, address
):
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            file_of(client, f"{address}export/")
        return len(captured)

    make_source(world)
    make_inspection(world)
    client.force_login(world.office.user)
    assert f'href="{address}export/"' in client.get(address).content.decode()
    once = asked()
    for number in range(2):
        make_source(world, title=f"第{number}份", text=f"一、要制定第{number}个方案。")
        make_inspection(world)
        make_plan(world)
    assert asked() == once
