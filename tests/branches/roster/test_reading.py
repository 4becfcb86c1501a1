"""What is read from a file, and which files are refused at the door or by the parser behind it."""

from __future__ import annotations

import codecs
import io
import resource
import zipfile
from datetime import date

import pytest
from django.utils import translation
from openpyxl import Workbook

from branches.roster.entries import SheetEntries
from branches.roster.exporting import write_template
from branches.roster.faults import BAD_FILES, refusal
from branches.roster.layout import ORGANIZATION_SHEET, POST_SHEET
from branches.roster.reading import read_roster
from branches.roster.shape import MAX_COLUMNS, MAX_ROWS, BadFile, check_shape
from tests.branches.roster.sheets import (
    FIRST_ROW,
    HEADINGS,
    MAIN,
    RELS,
    cell,
    organization,
    package,
    post,
    sheets,
)

ROW = "<row r='2'>" + cell("A2", "A1") + cell("B2", "甲支部") + cell("C2", "党支部") + "</row>"


def path_of(tmp_path, data, name="名册.xlsx"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def refused(tmp_path, data, name="名册.xlsx"):
    """The reason of the door, or of the parser where the door sees nothing."""
    with pytest.raises(BadFile) as bad:
        read_roster(path_of(tmp_path, data, name), name)
    return bad.value.code


def at_the_door(tmp_path, data, name="名册.xlsx"):
    with pytest.raises(BadFile) as bad:
        check_shape(path_of(tmp_path, data, name), name)
    return bad.value.code


def test_the_template_is_read_as_two_empty_sheets(tmp_path):
    with translation.override("zh-hans"):
        write_template(tmp_path / "template.xlsx")
    read = read_roster(tmp_path / "template.xlsx", "template.xlsx")
    recognised = [(sheet.layout, sheet.body) for sheet in read if sheet.layout]
    assert recognised == [(ORGANIZATION_SHEET, []), (POST_SHEET, [])]
    assert set(read[0].columns) == {column.name for column in ORGANIZATION_SHEET.columns}
    assert set(read[1].columns) == {column.name for column in POST_SHEET.columns}


def test_headings_are_known_in_every_language_and_in_any_order(tmp_path):
    for language in ("zh-hans", "en"):
        with translation.override(language):
            write_template(tmp_path / f"{language}.xlsx")
    chinese = read_roster(tmp_path / "zh-hans.xlsx", "a.xlsx")
    english = read_roster(tmp_path / "en.xlsx", "a.xlsx")
    assert [sheet.columns for sheet in chinese] == [sheet.columns for sheet in english]
    book = Workbook()
    book.active.append(["全 称", " 编码*", "类别", "不认识的列"])
    book.active.append(["甲支部", "A1", "党支部", "x"])
    book.save(tmp_path / "mixed.xlsx")
    [sheet] = read_roster(tmp_path / "mixed.xlsx", "mixed.xlsx")
    assert sheet.columns == {"name": 0, "code": 1, "kind": 2}


def test_numbers_typed_as_numbers_come_back_as_they_were_typed(tmp_path):
    read = sheets(tmp_path, posts=[post("A1", "甲", 13800138000, phone=13800138000, since=46204)])
    [entry] = SheetEntries(read[0]).entries
    assert (entry["account"], entry["phone"], entry["since"]) == (
        "13800138000",
        "13800138000",
        date(2026, 7, 1),
    )
    assert entry.row == FIRST_ROW


@pytest.mark.parametrize(
    ("given", "day"),
    [
        ("2026-07-01", date(2026, 7, 1)),
        ("2026.7.1", date(2026, 7, 1)),
        ("2026年7月1日", date(2026, 7, 1)),
        ("２０２６/７/１", date(2026, 7, 1)),
        ("20260701", date(2026, 7, 1)),
        (20260701, date(2026, 7, 1)),
        (date(2026, 7, 1), date(2026, 7, 1)),
        (date(1988, 7, 1), date(1988, 7, 1)),
    ],
)
def test_days_are_understood_however_they_were_typed(tmp_path, given, day):
    [sheet] = sheets(tmp_path, posts=[post("A1", "甲", "user", since=given)])
    assert SheetEntries(sheet).entries[0]["since"] == day


@pytest.mark.parametrize("given", ["明天", "2026-02-30", "1.5", 12, "2026-7"])
def test_what_is_no_day_is_said_at_its_cell(tmp_path, given):
    [sheet] = sheets(tmp_path, posts=[post("A1", "甲", "user", since=given)])
    read = SheetEntries(sheet)
    assert [(fault.place, fault.code) for fault in read.faults] == [("H5", "not_day")]


@pytest.mark.parametrize(
    ("column", "given", "code"),
    [
        ("account", 123456789012345678, "digits_lost"),
        ("account", "1.38E+10", "digits_lost"),
        ("account", "含 空格", "not_key"),
        ("phone", "abc", "not_phone"),
        ("email", "nobody", "not_email"),
        ("role", "部长", "not_choice"),
        ("role", "系统管理员", "not_choice"),
        ("name", "甲" * 41, "too_long"),
        ("name", True, "not_text"),
        ("system", "12", "not_system"),
    ],
)
def test_a_cell_that_cannot_be_taken_says_why(tmp_path, column, given, code):
    [sheet] = sheets(tmp_path, posts=[post("A1", "甲", "user") | {column: given}])
    place = POST_SHEET.columns.index(POST_SHEET.by_name[column])
    assert [(f.row, f.column, f.code) for f in SheetEntries(sheet).faults] == [(FIRST_ROW, place + 1, code)]


def test_digits_and_signs_of_full_width_are_those_people_meant(tmp_path):
    [sheet] = sheets(tmp_path, posts=[post("Ａ１", "甲", "１３８００１３８０００", phone="138-0013-8000")])
    [entry] = SheetEntries(sheet).entries
    assert (entry["organization"], entry["account"], entry["phone"]) == ("A1", "13800138000", "13800138000")


def test_shared_strings_lose_their_reading_aids_and_keep_their_runs(tmp_path):
    strings = f'<sst xmlns="{MAIN}"><si><r><t>甲</t></r><r><t>支部</t></r><rPh sb="0" eb="1"><t>jia</t></rPh></si></sst>'
    relation = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="x/worksheet" Target="/xl/worksheets/sheet1.xml"/>'
        '<Relationship Id="r2" Type="x/sharedStrings" Target="texts.xml"/></Relationships>'
    )
    row = "<row><c t='inlineStr'><is><t>A1</t></is></c><c t='s'><v>0</v></c></row>"
    data = package(row, parts={"xl/texts.xml": strings, "xl/_rels/workbook.xml.rels": relation})
    [sheet] = read_roster(path_of(tmp_path, data), "a.xlsx")
    assert sheet.body == [(2, ["A1", "甲支部"])]


def test_a_hidden_sheet_is_not_read(tmp_path):
    book = Workbook()
    book.active.append(["编码", "全称", "类别"])
    hidden = book.create_sheet("藏")
    hidden.append(["编码", "全称", "类别"])
    hidden.sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    assert [sheet.title for sheet in read_roster(tmp_path / "a.xlsx", "a.xlsx")] == ["Sheet"]


# --- csv ----------------------------------------------------------------------------------------------------------

CSV = "编码,全称,类别,上级编码\nA1,甲支部,党支部,TOP\n"


@pytest.mark.parametrize(
    "data",
    [
        CSV.encode(),
        codecs.BOM_UTF8 + CSV.encode(),
        CSV.encode("gb18030"),
        CSV.encode("utf-16"),
        CSV.replace(",", "\t").encode(),
        CSV.replace(",", ";").replace("\n", "\r\n").encode("gb18030"),
    ],
    ids=["utf-8", "utf-8 with mark", "gb18030", "utf-16", "tabs", "semicolons"],
)
def test_a_csv_is_read_in_the_encodings_offices_use(tmp_path, data):
    [sheet] = read_roster(path_of(tmp_path, data, "名册.csv"), "名册.csv")
    assert sheet.body == [(2, ["A1", "甲支部", "党支部", "TOP"])]


def test_a_csv_cell_that_was_made_safe_is_a_text_again_and_a_formula_is_none(tmp_path):
    data = "编码,全称,类别\nA1,'=甲,党支部\nA2,=1+1,党支部\n".encode()
    [sheet] = read_roster(path_of(tmp_path, data, "a.csv"), "a.csv")
    read = SheetEntries(sheet)
    assert [entry["name"] for entry in read.entries] == ["=甲", ""]
    assert [(fault.place, fault.code) for fault in read.faults] == [("B3", "formula")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\x80\x81\xff\xfe\x00 not a text", "wrong_encoding"),
        ("编码,全称\n甲\0乙,丙\n".encode(), "wrong_encoding"),
        (codecs.BOM_UTF8 + "编码".encode("gb18030"), "wrong_encoding"),
        (b"%PDF-1.7 ...", "unknown_type"),
        (b"<html><table>", "unknown_type"),
        (b"a,b,c\n1,2,3\n", "no_headings"),
        ((",".join(["编码", "全称"] + ["x"] * (MAX_COLUMNS - 1)) + "\n").encode(), "columns"),
        (CSV.encode() + b"\n" * (2 * MAX_ROWS), "rows"),
        ((CSV + 'A2,"' + "长" * 40_000 + '",x,y\n').encode(), "broken"),
    ],
)
def test_a_csv_that_is_no_roster_is_refused_with_a_reason(tmp_path, data, code):
    assert refused(tmp_path, data, "a.csv") == code


# --- hostile and broken workbooks ------------------------------------------------------------------------------------


def many_rows(count):
    return "".join(f"<row r='{n}'/>" for n in range(2, count + 2))


HOSTILE = {
    "no zip": (b"PK but nothing more", "broken"),
    "cut off": (package(ROW)[:-40], "broken"),
    "a picture before it": (b"\x89PNG" + package(ROW), "unknown_type"),
    "a word document": (
        package(parts={"xl/workbook.xml": None, "word/document.xml": "<a/>"}),
        "unknown_type",
    ),
    "an old workbook": (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "old_excel"),
    "a protected workbook": (
        bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"),
        "encrypted",
    ),
    "macros": (package(ROW, parts={"xl/vbaProject.bin": b"x"}), "macro"),
    "macros of 1992": (package(ROW, parts={"xl/macrosheets/sheet1.xml": "<a/>"}), "macro"),
    "an embedded object": (package(ROW, parts={"xl/embeddings/oleObject1.bin": b"x"}), "macro"),
    "a bomb": (package(b"<worksheet>" + b" " * 5_000_000), "hostile"),
    "a bomb beside it": (package(ROW, parts={"xl/media/image1.png": b"\0" * 5_000_000}), "hostile"),
    "a climbing name": (package(ROW, parts={"../../etc/passwd": "x"}), "hostile"),
    "three thousand parts": (package(ROW, parts={f"xl/a{n}.xml": "<a/>" for n in range(3000)}), "hostile"),
    "an entity": (package(b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), "hostile"),
    "an entity in utf-16": (package('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16")), "hostile"),
    "a sheet in utf-16": (
        package('<?xml version="1.0" encoding="utf-16"?><worksheet/>'.encode("utf-16")),
        "hostile",
    ),
    "a formula": (package("<row r='2'><c r='A2'><f>1+1</f><v>2</v></c></row>"), "formula"),
    "a formula with a prefix": (
        package("<row r='2'><c r='A2'><x:f xmlns:x='y'>1</x:f></c></row>"),
        "formula",
    ),
    "a far cell": (package("<row r='2'><c r='XFD2'><v>1</v></c></row>"), "columns"),
    "the first column too many": (package("<row r='2'><c r='CW2'><v>1</v></c></row>"), "columns"),
    "two hundred columns": (
        package("<row r='2'>" + "<c><v>1</v></c>" * 200 + "</row>"),
        "columns",
    ),
    "a far row": (package("<row r='1048576'><c r='A1048576'><v>1</v></c></row>"), "rows"),
    "the first row too many": (package(f"<row r='{MAX_ROWS + 1}'/>"), "rows"),
    "a million empty rows": (package(many_rows(1_000_000)), "rows"),
    "a million rows without numbers": (package("<row s='1' />" * 1_000_000), "hostile"),
    "broken inside": (package("<row r='2'><c r='A2'"), "broken"),
    "a cell that points nowhere": (package("<row r='2'><c r='A2' t='s'><v>7</v></c></row>"), "broken"),
    "endless numbers": (package("<row r='2'><c r='A2'><v>1e999</v></c></row>"), "broken"),
    "deep brackets": (package("<x>" * 100_000), "broken"),
    "a cell as long as a book": (package("<row r='2'>" + cell("A2", "长" * 40_000) + "</row>"), "long_cell"),
    "no headings": (package(f"<worksheet xmlns='{MAIN}'><sheetData/></worksheet>".encode()), "no_headings"),
    "a heading twice": (
        package(
            f"<worksheet xmlns='{MAIN}'><sheetData>".encode()
            + HEADINGS.replace("类别", "编码").encode()
            + b"</sheetData></worksheet>"
        ),
        "two_columns",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_or_broken_file_is_refused_with_a_sentence(tmp_path, name):
    data, code = HOSTILE[name]
    path = path_of(tmp_path, data)
    with pytest.raises(BadFile) as bad:
        read_roster(path, "名册.xlsx")
    assert bad.value.code == code
    with translation.override("zh-hans"):
        sentence = str(refusal(bad.value))
    assert "%(" not in sentence
    assert any("\u4e00" <= char <= "\u9fff" for char in sentence)


AT_THE_DOOR = [
    name
    for name, (_data, code) in HOSTILE.items()
    if code not in {"broken", "long_cell", "no_headings", "two_columns"}
]


@pytest.mark.parametrize("name", [name for name in AT_THE_DOOR if name != "two hundred columns"])
def test_what_is_built_to_harm_is_told_at_the_door_before_any_parser(tmp_path, name):
    data, code = HOSTILE[name]
    assert at_the_door(tmp_path, data) == code


@pytest.mark.parametrize(
    "name", ["a bomb", "a million empty rows", "a million rows without numbers", "three thousand parts"]
)
def test_the_look_at_the_door_takes_no_memory(tmp_path, name):
    path = path_of(tmp_path, HOSTILE[name][0])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadFile):
        check_shape(path, "名册.xlsx")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * 1024  # kilobytes


@pytest.mark.parametrize("name", ["macro.xlsm", "old.xls", "old.et", "text.txt", "picture.png"])
def test_other_kinds_of_file_are_refused_by_name(tmp_path, name):
    data = package(ROW) if name == "macro.xlsm" else b"abc"
    expected = {"macro.xlsm": "macro", "old.xls": "old_excel", "old.et": "old_excel"}
    assert at_the_door(tmp_path, data, name) == expected.get(name, "unknown_type")


def test_the_last_row_and_column_that_are_taken_are_taken(tmp_path):
    row = f"<row r='{MAX_ROWS}'>" + cell(f"A{MAX_ROWS}", "A1") + cell(f"CV{MAX_ROWS}", "x") + "</row>"
    [sheet] = read_roster(path_of(tmp_path, package(row)), "a.xlsx")
    assert [(number, len(values)) for number, values in sheet.body] == [(MAX_ROWS, MAX_COLUMNS)]


def test_a_drop_down_that_takes_its_words_from_a_sheet_is_no_formula(tmp_path):
    tail = "</sheetData><extLst><ext><xm:f xmlns:xm='m'>Sheet2!A1:A3</xm:f></ext></extLst><sheetData>"
    [sheet] = read_roster(path_of(tmp_path, package(ROW + tail)), "a.xlsx")
    assert sheet.body == [(2, ["A1", "甲支部", "党支部"])]


def test_the_parser_gives_up_where_its_memory_ends(tmp_path, monkeypatch):
    monkeypatch.setattr("branches.roster.reading.MEMORY", 10 * 1024 * 1024)
    rows = "".join(f"<row r='{n}'>" + cell(f"A{n}", f"{n:09d}" * 50) + "</row>" for n in range(2, 9_000))
    strings = "".join(f"<si><t>{n:09d}</t></si>" for n in range(300_000))
    relation = RELS.replace(
        "</Rel", '<Relationship Id="r2" Type="x/sharedStrings" Target="texts.xml"/></Rel', 1
    )
    data = package(
        rows, parts={"xl/texts.xml": f"<sst>{strings}</sst>", "xl/_rels/workbook.xml.rels": relation}
    )
    assert refused(tmp_path, data) in {"too_costly", "broken"}


def test_every_reason_has_its_sentence():
    codes = {code for _data, code in HOSTILE.values()}
    assert codes <= set(BAD_FILES)


def test_a_workbook_from_a_spreadsheet_program_is_read(tmp_path):
    book = Workbook()
    book.active.append(["编码", "全称", "类别", "成立"])
    book.active.append(["A1", "甲支部", "党支部", None])
    held = io.BytesIO()
    book.save(held)
    assert zipfile.is_zipfile(held)
    [sheet] = read_roster(path_of(tmp_path, held.getvalue()), "a.xlsx")
    assert sheet.body == [(2, ["A1", "甲支部", "党支部"])]


def test_the_same_organization_sheet_twice_is_refused(tmp_path):
    book = Workbook()
    for sheet in (book.active, book.create_sheet("又一张")):
        sheet.append(["编码", "全称", "类别"])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(BadFile) as bad:
        read_roster(tmp_path / "a.xlsx", "a.xlsx")
    assert bad.value.code == "two_sheets"


def test_empty_rows_between_do_not_count_and_numbers_stay(tmp_path):
    [sheet] = sheets(tmp_path, organizations=[organization("A1"), {}, organization("A2")])
    assert [entry.row for entry in SheetEntries(sheet).entries] == [FIRST_ROW, FIRST_ROW + 2]
