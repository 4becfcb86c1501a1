"""The guard before office files: what is built to do harm is refused, what is not passes."""

import io
import random
import zipfile

import pytest
from docx import Document
from openpyxl import Workbook

from common.ooxml import BadPackage, Limits, check_package

TYPES = (
    b'<?xml version="1.0"?><Types xmlns="t"><Default Extension="xml" ContentType="application/xml"/></Types>'
)
NOISE = random.Random(1).randbytes(35_000).hex()
SMALL = Limits(
    file=250_000,
    entries=20,
    unpacked=400_000,
    part=300_000,
    ratio=50,
    ratio_from=10_000,
    shared_strings=5_000,
)


def package(parts, types=TYPES, compression=zipfile.ZIP_DEFLATED):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", compression) as out:
        out.writestr("[Content_Types].xml", types)
        for name, content in parts:
            out.writestr(name, content)
    return held.getvalue()


def code(data, limits=SMALL):
    with pytest.raises(BadPackage) as refused:
        check_package(data, limits=limits)
    return refused.value.code


def test_a_word_document_passes(tmp_path):
    document = Document()
    document.add_paragraph("一、总体要求")
    document.save(tmp_path / "a.docx")
    check_package(tmp_path / "a.docx")


def test_a_workbook_passes():
    book, held = Workbook(), io.BytesIO()
    book.active.append(["姓名", "支部"])
    book.save(held)
    check_package(held.getvalue())


def doctype(encoding="utf-8", before=""):
    text = f'<?xml version="1.0"?>{before}<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    return text.encode(encoding)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", "broken", id="empty"),
        pytest.param(b"PK\x03\x04 and nothing more", "broken", id="cut off"),
        pytest.param(package([("a.xml", b"<a/>")])[:-30], "broken", id="directory cut off"),
        pytest.param(b"GIF89a" + package([("a.xml", b"<a/>")]), "not_zip", id="polyglot"),
        pytest.param(package([("a.xml", b"<a/>")]) + b" " * 300_000, "too_large", id="too large"),
        pytest.param(package([(f"{i}.xml", b"<a/>") for i in range(30)]), "entries", id="too many parts"),
        pytest.param(package([("../a.xml", b"<a/>")]), "name", id="climbing name"),
        pytest.param(package([("/etc/a.xml", b"<a/>")]), "name", id="absolute name"),
        pytest.param(package([("a\\b.xml", b"<a/>")]), "name", id="backslash"),
        pytest.param(package([("C:/a.xml", b"<a/>")]), "name", id="drive"),
        pytest.param(package([("a.xml", b"<a/>"), ("A.XML", b"<a/>")]), "name", id="same name twice but for case"),
        pytest.param(package([("word/vbaProject.bin", b"x")]), "macro", id="macro"),
        pytest.param(package([("a.bin", b"\0" * 90_000)]), "ratio", id="ratio"),
        pytest.param(package([("a.bin", b"\0" * 350_000)]), "unpacked", id="one huge part"),
        pytest.param(package([(f"{i}.bin", NOISE.encode()) for i in range(6)]), "unpacked", id="huge together"),
        pytest.param(package([("a.xml", doctype())]), "doctype", id="document type"),
        pytest.param(package([("a.xml", doctype("utf-16"))]), "doctype", id="document type in UTF-16"),
        pytest.param(package([("a.xml", doctype("utf-32"))]), "doctype", id="document type in UTF-32"),
        pytest.param(package([("a.xml", b"\xef\xbb\xbf\n " + doctype())]), "doctype", id="document type behind a BOM"),
        pytest.param(package([("a.xml", doctype(before="<!--" + "x" * 5_000 + "-->"))]), "doctype", id="document type behind a comment"),
        pytest.param(package([("a.xml", doctype(before="<?p " + NOISE + "?>"))]), "doctype", id="prolog without end"),
        pytest.param(package([("media/image.png", doctype())]), "doctype", id="document type in a part of another name"),
        pytest.param(package([("a.xml", b'<?xml version="1.0" encoding="UTF-7"?><a/>')]), "encoding", id="UTF-7"),
        pytest.param(package([("a.xml", "<?xml version='1.0'?><a/>".encode("cp037"))]), "encoding", id="EBCDIC"),
        pytest.param(package([], types=doctype()), "doctype", id="document type in the content types"),
        pytest.param(
            package(
                [("x/odd.name", b"<s>" + bytes(range(33, 59)) * 300 + b"</s>")],
                types=b'<Types xmlns="t"><Override ContentType="application/sharedStrings+xml" PartName="/X/Odd.name"/></Types>',
            ),
            "shared_strings",
            id="shared strings under another name",
        ),
        pytest.param(
            package(
                [("x/a.ss", b"<s>" + bytes(range(33, 59)) * 300 + b"</s>")],
                types=b'<Types xmlns="t"><Default Extension="SS" ContentType="application/sharedStrings+xml"/></Types>',
            ),
            "shared_strings",
            id="shared strings by extension",
        ),
        pytest.param(package([], types=b"<Types"), "broken", id="content types broken"),
    ],
)  # fmt: skip
def test_a_hostile_package_is_refused_with_its_reason(data, expected):
    assert code(data) == expected


def test_a_zip_without_content_types_is_no_office_file():
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as out:
        out.writestr("a.xml", b"<a/>")
    assert code(held.getvalue()) == "not_office"


def test_an_encrypted_part_is_refused():
    data = bytearray(package([("a.xml", b"<a/>")], compression=zipfile.ZIP_STORED))
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1
    assert code(bytes(data)) == "encrypted"


def test_a_forged_size_is_refused():
    data = bytearray(package([("a.xml", b"<a/>" + b" " * 100)], compression=zipfile.ZIP_STORED))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (50).to_bytes(4, "little")
    data[at + 20 : at + 24] = (50).to_bytes(4, "little")
    assert code(bytes(data)) == "broken"


@pytest.mark.parametrize(("count", "refused"), [(19, False), (20, True)])
def test_the_number_of_entries_is_refused_just_above_its_limit(count, refused):
    data = package([(f"{i}.xml", b"<a/>") for i in range(count)])
    if refused:
        assert code(data) == "entries"
    else:
        check_package(data, limits=SMALL)


@pytest.mark.parametrize(("size", "refused"), [(300_000, False), (300_001, True)])
def test_the_size_of_a_part_is_refused_just_above_its_limit(size, refused):
    roomy = Limits(part=300_000, ratio=100_000)
    data = package([("a.bin", b"\0" * size)])
    if refused:
        assert code(data, roomy) == "unpacked"
    else:
        check_package(data, limits=roomy)
