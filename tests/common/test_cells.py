"""Texts in cells stay texts, whole and harmless."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell

from common.cells import (
    MAX_CHARS,
    clean,
    for_csv,
    lines_needed,
    row_height,
    sheet_title,
    text_width,
    write_text,
)

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\n=1", '=HYPERLINK("http://x","y")', "=cmd|'/c calc'!A0"]


def saved(texts: list[str], *, write_only: bool) -> bytes:
    book = Workbook(write_only=write_only)
    sheet = book.create_sheet("表")
    for number, text in enumerate(texts, 1):
        if write_only:
            sheet.append([write_text(WriteOnlyCell(sheet), text)])
        else:
            write_text(sheet.cell(number, 1), text)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("write_only", [True, False])
def test_no_text_becomes_a_formula_and_all_keep_their_prefix(write_only):
    data = saved(FORMULAS, write_only=write_only)
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        xml = "".join(parts.read(name).decode() for name in parts.namelist() if "sheets/" in name)
        styles = parts.read("xl/styles.xml").decode()
    assert re.findall(r"<f[ >]", xml) == []
    assert 'quotePrefix="1"' in styles
    sheet = load_workbook(io.BytesIO(data))["表"]
    assert [cell.value for cell in sheet["A"]] == FORMULAS
    assert {(cell.data_type, cell.quotePrefix) for cell in sheet["A"]} == {("s", True)}


def test_an_unguarded_cell_would_be_a_formula():
    book = Workbook()
    book.active["A1"] = FORMULAS[0]
    assert book.active["A1"].data_type == "f"


@given(st.lists(st.text(st.characters(), max_size=60), max_size=5))
def test_any_text_can_be_saved_and_comes_back_as_it_was_cleaned(texts):
    sheet = load_workbook(io.BytesIO(saved(texts, write_only=True)))["表"]
    read = [sheet.cell(number, 1).value or "" for number in range(1, len(texts) + 1)]
    assert read == [clean(text) for text in texts]


def test_control_and_direction_characters_are_removed_and_line_breaks_kept():
    assert clean("甲\x00乙\x0b丙\r\n丁\u202e戊\ud800") == "甲乙丙\n丁戊"


def test_a_cell_holds_at_most_what_excel_can_hold():
    long = clean("字" * (MAX_CHARS + 5))
    assert (len(long), long[-1]) == (MAX_CHARS, "…")
    assert clean("字" * MAX_CHARS) == "字" * MAX_CHARS
    pairs = clean("𠮷" * MAX_CHARS)
    assert len(pairs.encode("utf-16-le")) // 2 <= MAX_CHARS


@pytest.mark.parametrize("text", FORMULAS)
def test_csv_texts_get_an_apostrophe(text):
    assert for_csv(text).startswith("'")


def test_csv_leaves_ordinary_texts_alone():
    assert (for_csv("第3项"), for_csv("")) == ("第3项", "")


def test_a_sheet_title_is_one_excel_accepts():
    assert sheet_title("[按单位]/a:b*?") == "按单位  a b"
    assert len(sheet_title("长" * 40)) == 31
    assert sheet_title("///") == "Sheet"


def test_widths_and_heights_count_han_characters_twice():
    assert (text_width("abc"), text_width("支部abc")) == (3, 7)
    assert lines_needed("支部" * 5, 11) == 2
    assert lines_needed("一\n二\n三", 11) == 3
    assert (row_height(1), row_height(2), row_height(99)) == (18, 32, 409)
