"""A plan's measures out to a spreadsheet and back: the layout, the dry run, what is refused, and pasted rows."""

from __future__ import annotations

import io
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from common.models import AuditEntry
from tests.factories import issue, make_measure, make_plan, make_post, make_source
from tracker.models import Measure, Plan
from tracker.plans import add_measure, edit_measure

pytestmark = pytest.mark.django_db
AT = datetime(2026, 1, 5, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
TITLE, ASKED, LEADER, LEAD, SUPPORTING, DUE, CADENCE, SYSTEM = "C", "D", "E", "F", "G", "I", "M", "V"


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(AT, tick=False)


@pytest.fixture
def plan(world) -> Plan:
    return make_plan(world)


def exported(client, plan: Plan):
    answer = client.get(f"/plans/{plan.pk}/table/export/")
    assert answer.status_code == 200
    return load_workbook(io.BytesIO(b"".join(answer.streaming_content)))


def uploaded(client, plan: Plan, book):
    held = io.BytesIO()
    book.save(held)
    file = SimpleUploadedFile("清单.xlsx", held.getvalue())
    return client.post(f"/plans/{plan.pk}/table/", {"file": file})


def taken_over(client, plan: Plan, checked):
    return client.post(f"/plans/{plan.pk}/table/import/", {"held": checked.context["held"]})


def places(answer) -> list[str]:
    return [fault.place for fault in answer.context["found"].faults]


def sentences(answer) -> list[str]:
    return [fault.sentence for fault in answer.context["found"].faults]


def test_the_workbook_has_the_layout_of_the_task_list(clerk, world, plan):
    make_measure(world, plan, theme="education", supporting="市财政局、市人社局")
    measure = make_measure(world, plan, theme="conduct", title="整治形式主义", requirement="一是\n二是")
    book = exported(clerk, plan)
    assert book.sheetnames == ["重点任务清单", "选项", "说明"]
    sheet = book["重点任务清单"]
    assert sheet["A1"].value == plan.title
    assert [cell.value for cell in sheet[3] if cell.value][:8] == [
        "序号", "任务来源", "重点任务", "具体措施", "责任分工", "时间节点", "进展情况", "状态",
    ]  # fmt: skip
    assert [cell.value for cell in sheet[4]][4:9] == ["责任领导", "牵头单位", "配合单位", "启动", "完成时限"]
    assert (sheet["A5"].value, sheet["A7"].value) == ("一、学习教育", "二、作风纪律")
    assert sheet["D8"].value == "一是\n二是"
    assert (sheet["I8"].value.date(), sheet["I8"].number_format) == (date(2026, 3, 31), "yyyy.m.d")
    assert sheet["V8"].value == f"M{measure.pk}.{measure.version}"
    assert sheet.column_dimensions["V"].hidden
    assert sheet.freeze_panes == "C5"
    assert sheet.print_title_rows == "$1:$4"
    assert sheet.print_area == "'重点任务清单'!$A$1:$L$8"
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
    lists = {
        str(v.sqref).split("5:")[0]: v.formula1
        for v in sheet.data_validations.dataValidation
        if v.type == "list"
    }
    assert sorted(lists) == ["E", "F", "M", "R"]
    assert lists["E"].startswith("'选项'!$A$1:")
    assert book["选项"].sheet_state == "hidden"


def test_the_day_of_issue_is_written_as_a_day(clerk, world, plan):
    make_measure(world, plan)
    issue(world, plan)
    cell = exported(clerk, plan)["重点任务清单"]["H5"]
    assert (cell.value.date(), cell.number_format) == (date(2026, 1, 5), "yyyy.m.d")


def test_what_comes_back_untouched_changes_nothing(clerk, world, plan):
    make_measure(world, plan, theme="education", target_number=20, target_unit="个", target_of="品牌")
    make_measure(
        world,
        plan,
        title="第二项",
        requirement="一是\r\n二是  ",
        receiver_kinds=["BRANCH"],
        due=None,
        cadence="monthly",
    )
    source = make_source(world)
    add_measure(
        plan, actor=world.office, at=AT, fields={"title": "来自讲话"}, actions=[source.actions.first()]
    )
    answer = uploaded(clerk, plan, exported(clerk, plan))
    assert sentences(answer) == []
    assert answer.context["found"].changes == []
    assert answer.context["found"].unchanged == 3
    assert "未变3项" in answer.content.decode()


def test_the_dry_run_shows_new_and_changed_rows_field_by_field_and_confirming_writes_them(clerk, world, plan):
    measure = make_measure(world, plan)
    kept = make_measure(world, plan, title="不在表中的一项")
    book = exported(clerk, plan)
    sheet = book["重点任务清单"]
    sheet.delete_rows(6)
    sheet[f"{DUE}5"] = "2026.6.30"
    sheet[f"{LEAD}5"] = world.committee.code
    for place, value in {
        "B6": "市委常委会工作要点",
        f"{TITLE}6": "打造党建品牌",
        f"{ASKED}6": "培育品牌\n建立机制",
        f"{LEADER}6": world.leader.user.name,
        f"{CADENCE}6": "每季度",
        "O6": 20,
        "P6": "个",
        "R6": "党支部",
        "S6": f"{world.committee.short_name}、{world.other_branch.code}",
        "T6": "不需要",
    }.items():
        sheet[place] = value
    answer = uploaded(clerk, plan, book)
    assert sentences(answer) == []
    found = answer.context["found"]
    [changed] = found.changed
    assert [(str(d.label), d.before, d.after) for d in changed.differences] == [
        ("牵头单位", world.top.short_name, world.committee.code),
        ("完成时限", date(2026, 3, 31), date(2026, 6, 30)),
    ]
    assert (len(found.new), found.unchanged, found.missing) == (1, 0, 1)
    assert Measure.objects.get(pk=measure.pk).due == date(2026, 3, 31)
    assert Measure.objects.count() == 2
    answer = taken_over(clerk, plan, answer)
    assert answer.headers["Location"] == f"/plans/{plan.pk}/"
    measure.refresh_from_db()
    assert (measure.due, measure.lead) == (date(2026, 6, 30), world.committee)
    new = Measure.objects.get(title="打造党建品牌")
    assert (new.position, new.requirement, new.no_source_reason) == (
        3,
        "培育品牌\n建立机制",
        "市委常委会工作要点",
    )
    assert (new.cadence, new.target_number, new.target_unit) == ("quarterly", 20, "个")
    assert (new.responsible_leader, new.lead) == (world.leader.user, world.top)
    assert (new.receiver_kinds, new.evidence_required) == (["BRANCH"], False)
    assert set(new.receivers.all()) == {world.committee, world.other_branch}
    kept.refresh_from_db()
    assert (kept.title, kept.position) == ("不在表中的一项", 2)
    entry = AuditEntry.objects.get(kind=AuditEntry.Kind.IMPORT)
    assert (entry.data["new"], entry.data["changed"]) == (1, 1)


def test_all_errors_are_listed_with_their_cells_and_nothing_is_written(clerk, world, plan):
    make_measure(world, plan)
    book = exported(clerk, plan)
    sheet = book["重点任务清单"]
    sheet[f"{DUE}5"] = "尽快"
    sheet[f"{LEADER}5"] = "查无此人"
    sheet[f"{CADENCE}5"] = "每旬"
    sheet[f"{TITLE}6"] = "新的一项"
    sheet["F6"] = "无此单位"
    sheet["O6"] = "若干"
    sheet["R6"] = "支部、党支部"
    sheet[f"{DUE}6"] = "2025-01-01"
    answer = uploaded(clerk, plan, book)
    assert answer.status_code == 422
    assert places(answer) == ["E5", "I5", "M5", "B6", "F6", "I6", "O6", "R6"]
    assert sentences(answer)[0].startswith(f"查无此人不是{world.top.short_name}或其上级的领导")
    assert Measure.objects.count() == 1
    answer = clerk.post(f"/plans/{plan.pk}/table/marked/", {"held": answer.context["held"]})
    marked = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert marked.sheetnames == ["问题清单", "重点任务清单"]
    assert marked["重点任务清单"]["E5"].fill.fgColor.rgb == "00F8CBAD"
    assert marked["重点任务清单"]["E5"].comment.text == sentences(uploaded(clerk, plan, book))[0]
    # the marked copy can be mended and handed in as it is
    sheet = marked["重点任务清单"]
    sheet.delete_rows(6)
    sheet["E5"], sheet["I5"], sheet["M5"] = world.leader.user.name, "2026-03-31", "一次性"
    answer = uploaded(clerk, plan, marked)
    assert sentences(answer) == []
    assert answer.context["found"].unchanged == 1


def test_a_row_changed_in_the_system_since_the_export_is_refused_unless_it_says_the_same(clerk, world, plan):
    measure = make_measure(world, plan)
    book = exported(clerk, plan)
    edit_measure(measure, actor=world.office, at=AT, fields={"title": "改过的标题"})
    assert places(uploaded(clerk, plan, book)) == ["5"]
    book["重点任务清单"][f"{TITLE}5"] = "改过的标题"
    answer = uploaded(clerk, plan, book)
    assert (sentences(answer), answer.context["found"].unchanged) == ([], 1)


def test_a_row_changed_between_the_check_and_the_confirmation_stops_the_whole_table(clerk, world, plan):
    measure = make_measure(world, plan)
    book = exported(clerk, plan)
    book["重点任务清单"]["B6"], book["重点任务清单"][f"{TITLE}6"] = "要点", "新的一项"
    book["重点任务清单"][f"{SUPPORTING}5"] = "市财政局"
    checked = uploaded(clerk, plan, book)
    edit_measure(measure, actor=world.office, at=AT, fields={"deliverable": "照片"})
    answer = taken_over(clerk, plan, checked)
    assert answer.status_code == 422
    assert places(answer) == ["5"]
    measure.refresh_from_db()
    assert (measure.supporting, Measure.objects.count()) == ("", 1)


def test_the_same_new_rows_twice_make_no_second_measure(clerk, world, plan):
    answer = clerk.post(f"/plans/{plan.pk}/table/", {"pasted": "任务来源\t重点任务\n要点\t新的一项\n"})
    assert taken_over(clerk, plan, answer).status_code == 302
    again = taken_over(clerk, plan, answer)
    assert again.status_code == 422
    assert "本清单第1项标题相同" in sentences(again)[0]
    assert Measure.objects.count() == 1
    twice = clerk.post(f"/plans/{plan.pk}/table/", {"pasted": "任务来源\t重点任务\n要点\t甲\n要点\t甲\n"})
    assert [fault.code for fault in twice.context["found"].faults] == ["twice"]


def test_a_row_of_an_issued_measure_is_refused_with_the_way_to_amend_it(clerk, world, plan):
    make_measure(world, plan)
    issue(world, plan)
    book = exported(clerk, plan)
    assert sentences(uploaded(clerk, plan, book)) == []
    book["重点任务清单"][f"{TITLE}5"] = "另一个标题"
    [sentence] = sentences(uploaded(clerk, plan, book))
    assert "已印发" in sentence
    assert "调整" in sentence


def test_a_measure_of_another_plan_is_not_changed_through_this_one(clerk, world, plan):
    other = make_plan(world)
    foreign = make_measure(world, other)
    make_measure(world, plan, title="自己的一项")
    book = exported(clerk, plan)
    sheet = book["重点任务清单"]
    sheet[f"{SYSTEM}5"] = f"M{foreign.pk}.{foreign.version}"
    assert places(uploaded(clerk, plan, book)) == ["V5"]


def test_a_group_row_gives_its_theme_to_the_rows_below_it(clerk, world, plan):
    rows = "序号\t任务来源\t重点任务\n一、教育培训\t\t\n1\t要点\t甲\n二、其他\t\t\n2\t要点\t乙\n"
    label = Measure.Theme.EDUCATION.label
    answer = clerk.post(f"/plans/{plan.pk}/table/", {"pasted": rows.replace("教育培训", str(label))})
    assert sentences(answer) == []
    taken_over(clerk, plan, answer)
    assert dict(Measure.objects.values_list("title", "theme")) == {"甲": "education", "乙": ""}
    answer = clerk.post(
        f"/plans/{plan.pk}/table/", {"pasted": "序号\t任务来源\t重点任务\n一、无此类别\t\t\n1\t要点\t丙\n"}
    )
    assert places(answer) == ["A2"]


def test_bare_rows_without_headings_are_taken_in_the_order_of_the_list(clerk, world, plan):
    rows = '1\t要点\t新的一项\t"第一行\n第二行"\t\t\t市财政局\t\t2026年5月31日\r\n'
    answer = clerk.post(f"/plans/{plan.pk}/table/", {"pasted": rows})
    assert sentences(answer) == []
    taken_over(clerk, plan, answer)
    measure = Measure.objects.get()
    assert (measure.title, measure.requirement, measure.supporting) == (
        "新的一项",
        "第一行\n第二行",
        "市财政局",
    )
    assert measure.due == date(2026, 5, 31)


def test_what_was_pasted_stays_beside_its_errors(clerk, plan):
    answer = clerk.post(f"/plans/{plan.pk}/table/", {"pasted": "任务来源\t重点任务\n\t没有来源的一项\n"})
    assert answer.status_code == 422
    assert "没有来源的一项</textarea>" in answer.content.decode().replace("\n</textarea>", "</textarea>")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("清单.xlsx", b"PK\x03\x04 nothing"),
        ("清单.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        ("清单.csv", "甲,乙\n1,2\n".encode()),
    ],
)
def test_a_file_that_is_no_task_list_is_refused_in_a_sentence(clerk, plan, name, content):
    answer = clerk.post(f"/plans/{plan.pk}/table/", {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 422
    assert answer.context["problem"]


def test_a_formula_in_the_workbook_is_refused(clerk, world, plan):
    make_measure(world, plan)
    book = exported(clerk, plan)
    book["重点任务清单"]["D5"] = "=1+1"
    answer = uploaded(clerk, plan, book)
    assert answer.status_code == 422
    assert "公式" in answer.context["problem"]


def test_what_begins_like_a_formula_goes_out_and_comes_back_as_text(clerk, world, plan):
    make_measure(world, plan, title="=HYPERLINK(1)", requirement="@全体党员", deliverable="-无")
    book = exported(clerk, plan)
    assert book["重点任务清单"]["C5"].data_type == "s"
    answer = uploaded(clerk, plan, book)
    assert (sentences(answer), answer.context["found"].unchanged) == ([], 1)


def test_a_check_that_was_tampered_with_is_not_taken_over(clerk, plan):
    answer = clerk.post(f"/plans/{plan.pk}/table/import/", {"held": "rubbish"})
    assert answer.status_code == 422
    assert Measure.objects.count() == 0


def test_only_the_office_edits_the_table(client, world, plan):
    client.force_login(world.issuer.user)
    assert client.get(f"/plans/{plan.pk}/table/").status_code == 403
    assert client.post(f"/plans/{plan.pk}/table/import/", {"held": ""}).status_code == 403
    client.force_login(make_post(world.branch, "MEMBER").user)
    assert client.get(f"/plans/{plan.pk}/table/export/").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_export_and_check_ask_the_database_a_constant_number_of_times(
    clerk, world, plan, count, django_assert_num_queries
):
    source = make_source(world)
    for index, action in enumerate(source.actions.all()[:count]):
        fields = {"title": f"第{index}项", "responsible_leader": world.leader.user}
        add_measure(
            plan, actor=world.office, at=AT, fields=fields, actions=[action], receivers=world.branches
        )
    clerk.get("/plans/")
    with django_assert_num_queries(13):
        book = exported(clerk, plan)
    with django_assert_num_queries(11):
        uploaded(clerk, plan, book)
