"""The half-year workbook: the figures of the facts, and nothing a spreadsheet could run."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime

import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from branches.models import Organization
from common.clock import moment
from common.periods import Period
from reports.facts import facts_of
from reports.figures import Figure
from reports.labels import FIGURES, RATES
from reports.workbook import Export, write_workbook
from reports.workbook.sheet import NOTHING
from reports.workbook.sheets import sheets_of
from tests.factories import issue, make_measure, make_plan, on, proven
from tests.reports.conftest import day
from tracker.inspections import record_finding
from tracker.models import Task
from tracker.transitions import perform

pytestmark = pytest.mark.django_db
H1 = Period.parse("2026H1")
SHEETS = ["总览", "按单位", "按事项", "任务明细", "逾期", "整改", "考核得分", "说明"]
PAYLOADS = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://evil","x")', "=cmd|'/c calc'!A0"]


def saved(facts) -> bytes:
    buffer = io.BytesIO()
    export = Export(by="党建办", at=moment(date(2026, 7, 1)))
    write_workbook(sheets_of(facts, export), buffer, title="半年报告", export=export)
    return buffer.getvalue()


def opened(data: bytes):
    return load_workbook(io.BytesIO(data))


def rows(sheet) -> list[list[object]]:
    """The records of a table sheet, below its two header rows."""
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=5)]


def heads(sheet) -> list[str]:
    """The names of its columns, with breaks closed; a name merged down stands in the upper row."""
    upper, lower = ([cell.value for cell in row] for row in sheet.iter_rows(min_row=3, max_row=4))
    merged_down = {r.min_col for r in sheet.merged_cells.ranges if r.min_row == 3 and r.max_row == 4}
    names = [u if n in merged_down else low for n, (u, low) in enumerate(zip(upper, lower, strict=True), 1)]
    return [str(name).replace("\n", "") for name in names]


@pytest.fixture(scope="module")
def facts(told):
    return told[1]


@pytest.fixture(scope="module")
def book(facts):
    return opened(saved(facts))


def test_the_sheets_stand_in_their_order(book):
    assert book.sheetnames == SHEETS


def test_by_unit_and_by_measure_hold_the_figures_of_the_facts(book, facts):
    for name, groups in (("按单位", facts.units), ("按事项", facts.measures)):
        sheet = book[name]
        columns = {head: index for index, head in enumerate(heads(sheet))}
        for row, counts in zip(rows(sheet), [*(g.counts for g in groups), facts.totals], strict=True):
            found = {figure: row[columns[str(label.name)]] for figure, label in FIGURES.items()}
            assert found == {figure: getattr(counts, figure.value) for figure in Figure}
            for rate in RATES:
                expected = rate.of(counts)
                assert row[columns[str(rate.name)]] == (
                    NOTHING if expected is None else pytest.approx(expected)
                )


def test_the_overview_shows_the_key_figures_the_laggards_and_a_chart(book, facts, told):
    sheet = book["总览"]
    shown = {
        row[0].value: [cell.value for cell in row[1:4]] for row in sheet.iter_rows(min_row=5, max_row=14)
    }
    assert shown["本期应办"] == [5, NOTHING, NOTHING]
    assert shown["办结率"] == [0.6, NOTHING, NOTHING]
    assert "重新办理" not in shown
    texts = [cell.value for row in sheet.iter_rows() for cell in row if cell.value]
    assert told[0].world.branches[1].short_name in texts
    assert "一支部一品牌方案" in texts
    [chart] = sheet._charts
    assert chart.title.tx.rich.p[0].r[0].t == "各单位本期应办与本期办结"
    setup = sheet.page_setup
    assert (setup.paperSize, setup.orientation, setup.fitToWidth, setup.fitToHeight) == (9, "portrait", 1, 1)


def test_the_ledger_holds_one_row_a_task_with_real_dates_and_its_id(book, told):
    sheet = book["任务明细"]
    columns = {head: index for index, head in enumerate(heads(sheet))}
    found = {row[columns["系统编号"]]: row for row in rows(sheet)}
    assert len(found) == 9
    late = told[0].tasks["late"]
    row = found[f"{late.pk}:{late.version}"]
    assert [row[columns[name]] for name in ("报结日期", "办结日期", "逾期天数", "状态")] == [
        datetime(2026, 4, 3), datetime(2026, 4, 8), 3, "办结",  # noqa: DTZ001 - as openpyxl reads dates
    ]  # fmt: skip
    cell = sheet.cell(5, columns["现时限"] + 1)
    assert (cell.is_date, cell.number_format) == (True, "yyyy.m.d")
    assert sheet.column_dimensions["U"].hidden is True


def test_the_other_sheets_name_what_they_are_about(book, told):
    [overdue, late] = rows(book["逾期"])
    assert [overdue[1], overdue[2], overdue[10], overdue[13]] == [
        "逾期未办结",
        "一支部一品牌方案",
        33,
        "人手不足，方案未定稿",
    ]
    assert [late[1], late[2]] == ["逾期办结", "召开警示教育大会"]
    [finding] = rows(book["整改"])
    assert [finding[2], finding[3], finding[11], finding[15]] == ["会议记录不规范", "记录完整", "否", "否"]
    scores = {row[1]: row for row in rows(book["考核得分"])}
    first = scores[told[0].world.branches[0].short_name]
    assert first[7:9] == [98, "★★★★★"]
    assert first[9] == "按时办结扣 2 分：2026年4月3日 〔2026〕1号-2 逾期办结"
    assert scores[told[0].world.branches[2].short_name][7:9] == [NOTHING, NOTHING]


def test_the_notes_say_period_cut_off_filter_meaning_and_balance(book, facts):
    found = {(row[0], row[1]): row[2:] for row in rows(book["说明"])}
    assert found["报告", "数据截止"][0] == "2026年6月30日 24:00"
    assert found["报告", "导出人"][0] == "党建办"
    assert {label for part, label in found if part == "数字含义"} == {
        str(item.name) for item in [*FIGURES.values(), *RATES]
    }
    assert found["平衡检查", "本期内"] == [
        "平衡", "期初结转 0 + 本期新增 9 + 重新办理 0 = 本期办结 4 + 本期撤销 1 + 结转下期 4",
    ]  # fmt: skip
    assert found["平衡检查", "与上期衔接"][0] == "平衡"


def test_every_sheet_is_set_up_for_paper(book):
    for sheet in book:
        assert sheet.print_options.horizontalCentered
        assert "&P" in sheet.oddFooter.center.text
        assert sheet.print_area
        assert all(sheet.row_dimensions[n].height for n in range(1, sheet.max_row + 1))
        if sheet.title != "总览":
            assert sheet.freeze_panes
            assert sheet.print_title_rows == "$1:$4"
            assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)


def test_no_text_field_can_smuggle_in_a_formula(half):
    """Every text a person may type, through the verbs, into every sheet."""
    world = half.world
    world.committee.short_name = PAYLOADS[0]
    world.committee.save()
    Organization.objects.filter(pk=world.top.pk).update(short_name=PAYLOADS[1])
    world.secretary.user.name = PAYLOADS[4]
    world.secretary.user.save()
    plan = make_plan(world)
    for number, payload in enumerate(PAYLOADS):
        measure = make_measure(
            world, plan, title=payload, receivers=[world.branch], due=date(2026, 3, 2 + number)
        )
        half.tasks[payload] = Task(measure=measure)
    issue(world, plan)
    for payload in PAYLOADS:
        half.tasks[payload] = Task.objects.get(measure__title=payload)
        half.acknowledge(payload, world.secretary, day(1, 7))
        given = {"progress": payload, "problems": payload, "percent": 10}
        half.act(payload, "report", world.secretary, day(2, 2), **given)
        inspector = on(world.inspector, date(2026, 4, 15))
        found = record_finding(
            organization=world.branch, found_by=world.top, fact=payload, actor=inspector, at=day(4, 15)
        )
        given = {"kind": "TIMED", "due": date(2026, 6, 15), "standard": payload}
        found = perform(found, "assign", actor=inspector, at=day(4, 15), given=given)
        who = on(world.secretary, date(2026, 5, 6))
        given = {"measures": payload, "handler": who.user.pk}
        found = perform(found, "enter_measures", actor=who, at=day(5, 6), given=given)
        found = proven(found, actor=who, at=day(5, 7))
        found = perform(found, "submit", actor=who, at=day(5, 7), given={"progress": payload})
        perform(found, "accept", actor=inspector, at=day(5, 8), given={"remark": payload})
    world.top.refresh_from_db()
    data = saved(facts_of(world.top, H1, cut_off=H1.end))
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        sheets = "".join(parts.read(n).decode() for n in parts.namelist() if "worksheets/sheet" in n)
        assert [n for n in parts.namelist() if "externalLink" in n or "vba" in n.lower()] == []
    assert re.findall(r"<f[ >/]", sheets) == []
    assert "hyperlink" not in sheets.replace("HYPERLINK(", "")
    cells = [c for sheet in opened(data) for row in sheet.iter_rows() for c in row if c.value in PAYLOADS]
    assert len(cells) > 60
    assert {(c.data_type, c.quotePrefix) for c in cells} == {("s", True)}


def test_the_command_writes_the_same_figures(half, tmp_path, capsys):
    facts = facts_of(half.world.top, H1, cut_off=H1.end)
    target = tmp_path / "半年报告.xlsx"
    call_command("build_report", half.world.top.code, "2026H1", output=target)
    made = load_workbook(target)
    mine = opened(saved(facts))
    for name in SHEETS[:-1]:
        assert [[c.value for c in row] for row in made[name]] == [
            [c.value for c in row] for row in mine[name]
        ]
    assert "任务 9 项" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["半年报告.xlsx"]


@pytest.mark.parametrize(
    ("code", "period", "name", "sentence"),
    [
        ("NOBODY", "2026H1", "a.xlsx", "没有代码为“NOBODY”的党组织。"),
        (None, "2026H3", "a.xlsx", "“2026H3”不是有效的期间"),
        (None, "2024H1", "a.xlsx", "无可报告的数据。"),
        (None, "2090H1", "a.xlsx", "尚未开始"),
        (None, "2026H1", "a.pdf", "文件名须以 .xlsx 结尾"),
        (None, "2026H1", "no/a.xlsx", "文件夹不存在"),
    ],
)  # fmt: skip
def test_what_cannot_be_built_is_said_in_one_sentence_and_nothing_is_written(
    half, tmp_path, code, period, name, sentence
):
    with pytest.raises(CommandError) as error:
        call_command("build_report", code or half.world.top.code, period, output=tmp_path / name)
    assert sentence in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_workbook_that_fails_half_way_leaves_the_old_file(half, tmp_path, monkeypatch):
    target = tmp_path / "a.xlsx"
    target.write_bytes(b"old")
    monkeypatch.setattr("reports.building.sheets_of", lambda facts, export: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        call_command("build_report", half.world.top.code, "2026H1", output=target)
    assert (target.read_bytes(), len(list(tmp_path.iterdir()))) == (b"old", 1)
