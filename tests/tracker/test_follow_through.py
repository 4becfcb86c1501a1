"""The measures as a supervision office lists them (推进落实清单): what stands in which column, on what paper."""

from __future__ import annotations

import io
from datetime import date, datetime

import pytest
from openpyxl import load_workbook

from common.clock import moment
from common.models import AuditEntry
from tests.factories import SPRING, issue, make_measure, make_plan
from tracker.models import Plan

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(moment(SPRING), tick=False)


@pytest.fixture
def plan(world) -> Plan:
    plan = make_plan(world)
    make_measure(
        world,
        plan,
        theme="conduct",
        target_number=20,
        target_unit="个",
        target_of="案例",
        evidence_required=True,
        evidence_note="签到表",
        variants={"BRANCH": "讨论一次"},
        receivers=[world.branch],
        receiver_kinds=["COMMITTEE"],
        supporting="市财政局",
        starts_on=date(2026, 2, 1),
    )
    make_measure(world, plan, title="每月研究", due=None, cadence="monthly")
    make_measure(world, plan, title="宣讲", due=None, event="大会召开", event_days=30)
    return plan


def sheet_of(client, plan: Plan):
    answer = client.get(f"/plans/{plan.pk}/follow-through/")
    assert answer.status_code == 200
    return load_workbook(io.BytesIO(b"".join(answer.streaming_content)))["推进落实清单"]


def _plain(value):
    return value.date() if isinstance(value, datetime) else value


def test_goal_project_standard_time_and_who_stand_in_their_columns(client, world, plan):
    client.force_login(world.office.user)
    sheet = sheet_of(client, plan)
    assert [cell.value for cell in sheet[3]] == [
        "序号", "工作目标", "支撑项目", "工作标准", "时间节点", None, "责任主体",
    ]  # fmt: skip
    assert [cell.value for cell in sheet[4]][4:6] == ["启动时间", "完成时间"]
    assert (sheet["A5"].value, sheet["A7"].value) == ("一、作风纪律", "二、其他")
    top, unit = world.top.short_name, world.branch.short_name
    assert [_plain(cell.value) for cell in sheet[6]] == [
        1,
        "召开警示教育大会",
        "围绕典型案例开展一次警示教育\n党支部：讨论一次",
        "目标：20 个 案例\n交付物：会议记录\n佐证材料：签到表",
        date(2026, 2, 1),
        date(2026, 3, 31),
        f"牵头单位：{top}\n责任单位：机关党委、{unit}\n配合单位：市财政局",
    ]
    assert (sheet["E8"].value, sheet["F8"].value) == (None, "每月")
    assert sheet["F9"].value == "“大会召开”后30日"


def test_it_is_set_for_a4_landscape_and_an_issued_plan_starts_on_its_day(client, world, plan):
    issue(world, plan)
    client.force_login(world.office.user)
    sheet = sheet_of(client, plan)
    assert _plain(sheet["E8"].value) == date(2026, 1, 5)
    setup = sheet.page_setup
    assert (setup.paperSize, setup.orientation, setup.fitToWidth, setup.fitToHeight) == (9, "landscape", 1, 0)
    assert (sheet.print_title_rows, sheet.freeze_panes) == ("$1:$4", "C5")
    assert sheet.print_area == "'推进落实清单'!$A$1:$G$9"


def test_the_plan_offers_it_to_whoever_sees_the_plan_and_the_audit_log_has_it(client, world, plan):
    client.force_login(world.secretary.user)
    assert client.get(f"/plans/{plan.pk}/follow-through/").status_code == 404
    issue(world, plan)
    assert f"/plans/{plan.pk}/follow-through/" in client.get(f"/plans/{plan.pk}/").content.decode()
    # a branch sees the measures it received, and no others
    assert [row[1].value for row in sheet_of(client, plan).iter_rows(min_row=5) if row[1].value] == [
        "召开警示教育大会",
        "每月研究",
    ]
    entry = AuditEntry.objects.filter(kind=AuditEntry.Kind.EXPORT).latest("pk")
    assert entry.data == {"list": f"{plan.title} 推进落实清单", "rows": 2}


def test_it_asks_the_same_queries_for_one_and_many_measures(
    client, world, django_assert_max_num_queries, plan
):
    client.force_login(world.office.user)
    sheet_of(client, plan)
    one = make_plan(world)
    make_measure(world, one, title="只有一项")
    with django_assert_max_num_queries(100) as few:
        sheet_of(client, one)
    with django_assert_max_num_queries(len(few.captured_queries)):
        sheet_of(client, plan)
