"""Rosters for tests: rows by column name, written with the product's own layout or as plain strange packages."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

from django.utils import translation

from branches.models import Organization
from branches.roster.changes import Changes
from branches.roster.checking import check_roster
from branches.roster.importing import import_roster
from branches.roster.layout import ORGANIZATION_SHEET, POST_SHEET
from branches.roster.reach import Reach
from branches.roster.reading import RawSheet, read_roster
from branches.roster.writing import RosterBook
from common.clock import moment

DAY = date(2026, 7, 1)
AT = moment(DAY, 10)
YESTERDAY = date(2026, 6, 30)
FIRST_ROW = 5
"""The first row below the headings."""

Row = dict[str, Any]


def organization(code: str, name: str = "", **values: Any) -> Row:
    row: Row = {"code": code, "name": name or f"{code}支部", "kind": "党支部", "parent": "TOP"}
    return row | values


def post(code: str, name: str, account: str, **values: Any) -> Row:
    row: Row = {"organization": code, "role": "书记", "name": name, "account": account, "since": DAY}
    return row | values


def below(top: Organization, code: str, name: str = "", **values: Any) -> Row:
    return organization(code, name, parent=top.code, **values)


def the(code: str) -> Organization:
    return Organization.objects.get(code=code)


def write(path: Path, organizations: list[Row] | None = None, posts: list[Row] | None = None) -> Path:
    """A workbook with the sheets that have rows given."""
    book = RosterBook()
    for layout, rows in ((ORGANIZATION_SHEET, organizations), (POST_SHEET, posts)):
        if rows is not None:
            with translation.override("zh-hans"):
                values = [[row.get(column.name) for column in layout.columns] for row in rows]
                book.table(layout, values, title="名册", subtitle="")
    book.save(path)
    return path


def sheets(
    tmp_path: Path, organizations: list[Row] | None = None, posts: list[Row] | None = None
) -> list[RawSheet]:
    return read_roster(write(tmp_path / "名册.xlsx", organizations, posts), "名册.xlsx")


def check(tmp_path: Path, *, reach: Reach | None = None, day: date = DAY, **rows: Any) -> Changes:
    return check_roster(sheets(tmp_path, **rows), reach=reach or Reach(), day=day)


def run(tmp_path: Path, *, reach: Reach | None = None, **rows: Any) -> Changes:
    """Check and import; a test that expects it to succeed looks at ``faults``."""
    by = reach.granter.user if reach and reach.granter else None
    return import_roster(sheets(tmp_path, **rows), reach=reach or Reach(), by=by, at=AT).changes


def faults(changes: Changes) -> list[tuple[str, str]]:
    """Where and what: ``("B5", "needed")``."""
    return [(fault.place, fault.code) for fault in changes.faults]


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
BOOK = f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets><sheet name="党组织" sheetId="1" r:id="r1"/></sheets></workbook>'
RELS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="r1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
)
HEADINGS = (
    "<row r='1'>"
    + "".join(
        f"<c r='{letter}1' t='inlineStr'><is><t>{text}</t></is></c>"
        for letter, text in zip("ABC", ("编码", "全称", "类别"), strict=True)
    )
    + "</row>"
)


def package(sheet: str | bytes = "", *, parts: dict[str, str | bytes | None] | None = None) -> bytes:
    """A workbook of one sheet with this XML between its head and its end (bytes: instead of all of it).

    ``parts`` are added or take another's place; None leaves one out.
    """
    whole = (
        sheet
        if isinstance(sheet, bytes)
        else f'<worksheet xmlns="{MAIN}"><sheetData>{HEADINGS}{sheet}</sheetData></worksheet>'
    )
    held = io.BytesIO()
    contents: dict[str, str | bytes | None] = {
        "[Content_Types].xml": TYPES,
        "xl/workbook.xml": BOOK,
        "xl/_rels/workbook.xml.rels": RELS,
        "xl/worksheets/sheet1.xml": whole,
    }
    contents |= parts or {}
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in contents.items():
            if content is not None:
                out.writestr(name, content)
    return held.getvalue()


def cell(reference: str, text: str) -> str:
    return f"<c r='{reference}' t='inlineStr'><is><t>{text}</t></is></c>"
