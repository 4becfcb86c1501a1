"""The workbooks that go out: template, export, marked copy, passwords. Read back with a spreadsheet library."""

from __future__ import annotations

import io
from datetime import date

import pytest
from django.utils import translation
from openpyxl import load_workbook

from branches.access import Actor
from branches.models import Organization, Post, Tag, Term, User
from branches.roster.checking import check_roster
from branches.roster.exporting import write_export, write_template
from branches.roster.marking import write_marked
from branches.roster.password_sheet import write_password_sheet
from branches.roster.reach import Reach
from branches.roster.reading import read_roster
from tests.branches.roster.sheets import DAY, FIRST_ROW, check, organization, post, sheets
from tests.factories import World, make_organization, make_post


def opened(path):
    return load_workbook(path)


def test_the_template_has_drop_downs_texts_that_stay_texts_and_an_example_of_every_column(tmp_path):
    with translation.override("zh-hans"):
        write_template(tmp_path / "t.xlsx")
    book = opened(tmp_path / "t.xlsx")
    assert book.sheetnames == ["党组织", "任职", "填写说明"]
    lists = {
        v.formula1
        for sheet in book.worksheets
        for v in sheet.data_validations.dataValidation
        if v.type == "list"
    }
    assert lists == {
        '"机关工委,党组（党委）,机关党委,党总支,党支部"',
        '"书记,副书记,委员,党务干部,分管领导,主要负责人,督查员,片区联系人"',
    }
    posts = book["任职"]
    headings = {cell.value: cell.column_letter for row in posts["A3:J4"] for cell in row if cell.value}
    assert posts.column_dimensions[headings["手机号码"]].number_format == "@"
    assert posts.column_dimensions[headings["账号*"]].number_format == "@"
    assert posts.column_dimensions[headings["系统编号"]].hidden
    explained = [row[1] for row in book["填写说明"].iter_rows(min_row=10, values_only=True)]
    assert {"编码", "党员人数 · 正式", "职务", "手机号码"} <= set(explained)


@pytest.mark.django_db
def test_the_export_holds_what_stands_and_nothing_of_the_system_duties(tmp_path):
    world = World()
    make_post(world.top, "ADMINISTRATOR")
    gone = make_organization("BRANCH", parent=world.committee, name="撤销的支部")
    Organization.objects.filter(pk=gone.pk).update(active_until=date(2026, 1, 1))
    user = User.objects.create(username="013800000000", name="范听澜", phone="013800000000")
    Post.objects.create(
        user=user, organization=world.branch, role="CLERK", since=DAY, until=date(2026, 12, 31)
    )
    world.branch.tags.add(*[Tag.objects.create(name=name) for name in ("=HYPERLINK(1)", "窗口")])
    Term.objects.create(
        organization=world.branch, began_on=date(2024, 1, 1), due_on=date(2027, 1, 1), years=3
    )
    with translation.override("zh-hans"):
        numbers = write_export(tmp_path / "out.xlsx", reach=None, day=DAY, by="工委")
    assert numbers == (Organization.objects.count() - 1, Post.objects.exclude(role="ADMINISTRATOR").count())
    book = opened(tmp_path / "out.xlsx")
    rows = {row[0].value: row for row in book["党组织"].iter_rows(min_row=FIRST_ROW)}
    assert gone.code not in rows
    row = rows[world.branch.code]
    assert [cell.value for cell in row[3:5]] == ["党支部", world.committee.code]
    assert (row[7].value, row[7].data_type) == ("=HYPERLINK(1)、窗口", "s")
    assert [row[13].value.date(), row[14].value.date()] == [date(2024, 1, 1), date(2027, 1, 1)]
    assert row[15].value == f"O{world.branch.pk}.0"
    [clerk] = [r for r in book["任职"].iter_rows(min_row=FIRST_ROW) if r[4].value == "013800000000"]
    assert (clerk[5].value, clerk[5].data_type, clerk[5].number_format) == ("013800000000", "s", "@")
    assert clerk[8].value.date() == date(2026, 12, 31)


@pytest.mark.django_db
def test_an_export_ends_where_the_reach_ends(tmp_path):
    world = World()
    keeper = make_post(world.committee, "SECURITY_OFFICER").user
    write_export(tmp_path / "out.xlsx", reach=Actor.on(keeper, DAY), day=DAY, by="机关党委")
    codes = [
        row[0]
        for row in opened(tmp_path / "out.xlsx").worksheets[0].iter_rows(min_row=FIRST_ROW, values_only=True)
    ]
    assert codes == [world.committee.code, *(branch.code for branch in world.branches)]


@pytest.mark.django_db
def test_the_marked_copy_shows_each_error_where_it_is_and_can_be_mended_and_read_again(tmp_path):
    rows = {
        "organizations": [
            organization("TOP", "工委", kind="机关工委", parent=None),
            {},
            organization("B1", kind="支委会"),
        ],
        "posts": [post("B1", "=甲", "user1", since="去年", phone=13800000000)],
    }
    with translation.override("zh-hans"):
        changes = check(tmp_path, **rows)
        raw = sheets(tmp_path, **rows)
        write_marked(tmp_path / "marked.xlsx", raw, changes.faults)
    book = opened(tmp_path / "marked.xlsx")
    assert book.sheetnames == ["问题清单", "党组织", "任职"]
    listed = list(book["问题清单"].iter_rows(min_row=4, values_only=True))
    assert [row[:4] for row in listed] == [
        ("党组织", 7, "D 类别", "支委会"),
        ("任职", 5, "H 任职日期", "去年"),
    ]
    wrong = book["党组织"]["D7"]
    assert (wrong.value, wrong.fill.fgColor.rgb[-6:]) == ("支委会", "F8CBAD")
    assert "机关工委" in wrong.comment.text
    assert book["党组织"]["C7"].fill.fill_type is None
    assert book["党组织"]["Q4"].value == "问题"
    assert book["党组织"]["Q7"].value.startswith("D: ")
    name = book["任职"]["D5"]
    assert (name.value, name.data_type) == ("=甲", "s")
    book["党组织"]["D7"].value = "党支部"
    book["任职"]["H5"].value = date(2026, 7, 1)
    book.save(tmp_path / "mended.xlsx")
    again = read_roster(tmp_path / "mended.xlsx", "mended.xlsx")
    assert check_roster(again, reach=Reach(), day=DAY).faults == []
    write_marked(tmp_path / "twice.xlsx", again, changes.faults)
    headings = [cell.value for cell in opened(tmp_path / "twice.xlsx")["党组织"][4]]
    assert headings[-1] != headings[-2]


def test_the_list_of_passwords_is_one_row_an_account():
    held = io.BytesIO()
    given = [(User(username="0138", name="甲"), "AAAA-BBBB-CCCC-DDDD")]
    with translation.override("zh-hans"):
        write_password_sheet(held, given, address="https://bihuan.example/", days=30)
    rows = list(opened(held).active.iter_rows(values_only=True))
    assert rows[1][0] == "30天内首次登录有效。"
    assert rows[3] == (None, "甲", "0138", "AAAA-BBBB-CCCC-DDDD", "https://bihuan.example/")
