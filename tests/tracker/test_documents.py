"""Files as text: encodings, Word, PDF; and what is refused, in bounded time and memory."""

import io
import zipfile

import pytest
from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from tracker import document_parser, documents
from tracker.document_parser import chinese, paragraphs
from tracker.documents import Unreadable, text_of

SPEECH = "同志们：\n一、抓学习。要制定计划，年底前完成。\n二、抓整改。"


def refusal(name, data):
    with pytest.raises(Unreadable) as refused:
        text_of(name, data)
    return refused.value.code


@pytest.mark.parametrize(
    "data",
    [
        SPEECH.encode("utf-8"),
        SPEECH.encode("utf-8-sig"),
        SPEECH.encode("gb18030"),
        SPEECH.encode("gbk"),
        SPEECH.encode("utf-16"),
        SPEECH.encode("utf-16-le"),
        SPEECH.encode("utf-16-be"),
        b"\xfe\xff" + SPEECH.encode("utf-16-be"),
        SPEECH.encode("utf-32"),
        SPEECH.replace("\n", "\r\n").encode("utf-8"),
        SPEECH.replace("\n", "\r").encode("utf-8"),
    ],
)
def test_a_text_is_read_in_whatever_encoding_it_came(data):
    assert text_of("speech.txt", data) == SPEECH


def test_a_short_gbk_text_is_not_taken_for_korean():
    assert text_of("a.txt", "党建".encode("gbk")) == "党建"


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.txt", b"", "empty"),
        ("a.txt", b" \n\t\r\n", "empty"),
        ("a.txt", b"\xef\xbb\xbf", "empty"),
        ("a.txt", bytes(range(256)) * 20, "not_text"),
        ("a.txt", b"a" * (documents.MAX_TEXT_BYTES + 1), "too_large"),
        ("a.txt", b"a" * (documents.MAX_FILE_BYTES + 1), "too_large"),
        ("a.txt", b"a" * (documents.MAX_CHARACTERS + 1), "too_long"),
        ("a.docx", b"PK\x03\x04 cut off", "broken"),
        ("a.docx", b"no zip at all", "broken"),
        ("a.pdf", b"no pdf at all", "broken"),
        ("a.doc", documents._OLE + b"\0" * 600, "legacy_word"),
        ("a.docx", documents._OLE + documents._ENCRYPTED_PACKAGE, "encrypted"),
        ("a.png", b"\x89PNG\r\n", "unknown_type"),
        ("a.rtf", b"{\\rtf1 text}", "unknown_type"),
        ("a.xlsx", b"PK\x03\x04", "unknown_type"),
        ("a.exe", b"MZ text", "unknown_type"),
    ],
)
def test_what_gives_no_text_is_refused_with_its_reason(name, data, code):
    assert refusal(name, data) == code


def test_a_text_of_exactly_the_longest_length_is_taken():
    assert len(text_of("a.txt", b"a" * documents.MAX_CHARACTERS)) == documents.MAX_CHARACTERS


def saved(document):
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


def numbered(document, text, level):
    paragraph = document.add_paragraph(text)
    paragraph._p.get_or_add_pPr().append(
        parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="99"/></w:numPr>')
    )


def with_numbering(document):
    """The numbering that Chinese offices use: 一、 then （一） below it."""
    levels = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{shape}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for level, shape, text in ((0, "chineseCountingThousand", "%1、"), (1, "chineseCounting", "（%2）"))
    )
    root = document.part.numbering_part.element
    root.insert(0, parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="99">{levels}</w:abstractNum>'))
    root.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="99"><w:abstractNumId w:val="99"/></w:num>'))


@pytest.mark.process
def test_a_word_document_gives_paragraphs_tables_and_automatic_numbers_in_order():
    document = Document()
    document.add_paragraph("实施方案")
    with_numbering(document)
    numbered(document, "总体要求", 0)
    numbered(document, "主要任务", 0)
    numbered(document, "抓学习", 1)
    numbered(document, "抓整改", 1)
    numbered(document, "保障措施", 0)
    numbered(document, "经费", 1)
    table = document.add_table(1, 3)
    for cell, text in zip(table.rows[0].cells, ("修订办法", "综合部", "8月底前"), strict=True):
        cell.text = text
    changed = document.add_paragraph("原文")
    for tag, inner in (("ins", "t"), ("del", "delText")):
        changed._p.append(
            parse_xml(
                f'<w:{tag} {nsdecls("w")} w:id="1" w:author="a"><w:r><w:{inner}>改动</w:{inner}></w:r></w:{tag}>'
            )
        )
    assert text_of("a.docx", saved(document)).split("\n") == [
        "实施方案",
        "一、总体要求",
        "二、主要任务",
        "（一）抓学习",
        "（二）抓整改",
        "三、保障措施",
        "（一）经费",
        "修订办法\t综合部\t8月底前",
        "原文改动",
    ]


def pdf(*pages, encrypt=False):
    """A small PDF whose pages show these lines; Chinese through a Unicode map, as office programs write it."""
    import pypdf
    from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, NameObject, NumberObject

    writer = pypdf.PdfWriter()
    letters = sorted({c for page in pages for line in page for c in line})
    codes = {c: number + 1 for number, c in enumerate(letters)}
    pairs = "\n".join(f"<{code:04x}> <{c.encode('utf-16-be').hex()}>" for c, code in codes.items())
    mapping = DecodedStreamObject()
    mapping.set_data(
        (
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /M def /CMapType 2 def\n"
            "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
            f"{len(codes)} beginbfchar\n{pairs}\nendbfchar endcmap end end"
        ).encode()
    )
    name = NameObject
    descendant = DictionaryObject(
        {name("/Type"): name("/Font"), name("/Subtype"): name("/CIDFontType2"), name("/BaseFont"): name("/Song"),
         name("/DW"): NumberObject(1000)}
    )  # fmt: skip
    font = DictionaryObject(
        {name("/Type"): name("/Font"), name("/Subtype"): name("/Type0"), name("/BaseFont"): name("/Song"),
         name("/Encoding"): name("/Identity-H"), name("/DescendantFonts"): ArrayObject([writer._add_object(descendant)]),
         name("/ToUnicode"): writer._add_object(mapping)}
    )  # fmt: skip
    held_font = writer._add_object(font)
    for page in pages:
        sheet = writer.add_blank_page(600, 800)
        shown = " ".join(
            f"1 0 0 1 50 {750 - 20 * row} Tm <{''.join(f'{codes[c]:04x}' for c in line)}> Tj"
            for row, line in enumerate(page)
        )
        content = DecodedStreamObject()
        content.set_data(f"BT /F1 12 Tf {shown} ET".encode())
        sheet[name("/Contents")] = writer._add_object(content)
        sheet[name("/Resources")] = DictionaryObject(
            {name("/Font"): DictionaryObject({name("/F1"): held_font})}
        )
    if encrypt:
        writer.encrypt("secret", algorithm="RC4-128")
    held = io.BytesIO()
    writer.write(held)
    return held.getvalue()


@pytest.mark.process
def test_a_pdf_with_a_text_layer_is_read():
    assert text_of("a.pdf", pdf(["一、抓学习", "要制定学习计划。"], ["二、抓整改要建立台账。"])) == (
        "一、抓学习\n要制定学习计划。\n二、抓整改要建立台账。"
    )


@pytest.mark.process
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (pdf([], []), "scanned"),
        (pdf(["一、抓学习"], encrypt=True), "encrypted"),
        (b"%PDF-1.7\nnothing", "broken"),
        (b"%PDF-1.7\n" + b"1 0 obj <<" * 2000, "broken"),
    ],
    ids=["scanned", "encrypted", "broken", "nested"],
)
def test_a_pdf_without_readable_text_is_refused_with_its_reason(data, code):
    assert refusal("a.pdf", data) == code


def hostile_docx(xml):
    held = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(saved(Document()))) as old,
        zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            new.writestr(entry.filename, xml if entry.filename == "word/document.xml" else old.read(entry))
    return held.getvalue()


def test_a_word_document_with_a_document_type_is_refused_before_any_parser_sees_it(monkeypatch):
    monkeypatch.setattr(documents, "_PARSER", "/nonexistent")
    assert refusal("a.docx", hostile_docx('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')) == "hostile"


def test_a_zip_bomb_is_refused_before_any_parser_sees_it(monkeypatch):
    monkeypatch.setattr(documents, "_PARSER", "/nonexistent")
    assert refusal("a.docx", hostile_docx("<a>" + " " * 60_000_000 + "</a>")) == "hostile"


@pytest.mark.process
def test_a_parser_that_wants_too_much_memory_is_stopped(monkeypatch):
    monkeypatch.setattr(documents, "MEMORY", 20 * 1024 * 1024)
    assert refusal("a.docx", saved(Document())) in ("too_costly", "broken")


@pytest.mark.process
def test_a_parser_that_takes_too_long_is_stopped(monkeypatch):
    monkeypatch.setattr(documents, "WALL_SECONDS", 0.01)
    assert refusal("a.docx", saved(Document())) == "too_costly"


def test_a_word_document_longer_than_the_limit_is_refused():
    document = Document()
    document.add_paragraph("字" * 50)
    with pytest.raises(document_parser.Stop, match="too_long"):
        document_parser.docx_text(saved(document), 20)


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (
            ["各级党组织要切实履行全面从严治党", "主体责任，抓好落实。", "第 1 页 共 2 页"],
            "各级党组织要切实履行全面从严治党主体责任，抓好落实。",
        ),
        (
            ["一、总体要求", "各级党组织要切实履行好主体责任，", "抓好落实。", "二、任务"],
            "一、总体要求\n各级党组织要切实履行好主体责任，抓好落实。\n二、任务",
        ),
        (["⼀、抓 学 习", "- 3 -"], "一、抓学习"),
    ],
)
def test_lines_broken_at_the_margin_are_joined_and_page_numbers_dropped(lines, text):
    assert paragraphs("\n".join(lines)) == text


@pytest.mark.parametrize(
    ("count", "shown"), [(1, "一"), (10, "十"), (12, "十二"), (20, "二十"), (35, "三十五"), (100, "100")]
)
def test_automatic_numbers_are_shown_as_word_shows_them(count, shown):
    assert chinese(count) == shown
