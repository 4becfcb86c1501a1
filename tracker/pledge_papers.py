"""A pledge on paper: a docx in the layout of official papers (GB/T 9704: title in 小标宋, body in 仿宋, lines of 28 points).

The blocks are written as plain WordprocessingML into one skeleton of python-docx: its own tables take some 50 ms for
each pledge, and a committee prints hundreds.
"""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from django.utils.translation import gettext as _
from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt

from common import saying
from common.cells import clean
from common.clock import local_date
from tracker.models import Pledge
from tracker.pledge_lines import time_of

MOST = 300
"""Pledges that one click may put on paper."""
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TITLE, BODY, HEAD = "方正小标宋简体", "仿宋_GB2312", "黑体"
_WIDTHS = (680, 4244, 1760, 2160)
"""Of the table's columns, in twentieths of a point: together the 156 mm between the margins."""
_LINE = 560
_DOCUMENT = "word/document.xml"


def paper(pledges: Iterable[Pledge]) -> bytes:
    """One docx with each pledge on a page of its own; they carry their plan, both organisations and the signers."""
    before, after, others = _skeleton()
    blocks = [block for number, pledge in enumerate(pledges) for block in _blocks(pledge, first=number == 0)]
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in others.items():
            target.writestr(name, content)
        target.writestr(_DOCUMENT, before + "".join(blocks) + after)
    return held.getvalue()


def archive(pledges: Iterable[Pledge]) -> bytes:
    """A zip with one docx for each pledge, named after its unit; the same unit's next plan gets a number."""
    held, used = io.BytesIO(), Counter[str]()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as target:
        for pledge in pledges:
            name = file_name(pledge)
            used[name] += 1
            if used[name] > 1:
                name = f"{name.removesuffix('.docx')}（{used[name]}）.docx"
            target.writestr(name, paper([pledge]))
    return held.getvalue()


def file_name(pledge: Pledge) -> str:
    """责任状-第一支部.docx, without what a file system does not take."""
    unit = "".join(c for c in pledge.organization.short_name if c not in '\\/:*?"<>|')
    return f"{_('Pledge')}-{clean(unit).strip() or pledge.pk}.docx"


@cache
def _skeleton() -> tuple[str, str, dict[str, bytes]]:
    """An empty A4 page with the official margins, fonts and a page number in the foot: what stands before and after
    the text of its document, and its other parts.
    """
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = BODY, Pt(16)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), BODY)
    normal.paragraph_format.space_after = Pt(0)
    foot = section.footer.paragraphs[0]
    foot._p.getparent().replace(foot._p, parse_xml(_FOOT))  # noqa: SLF001 - python-docx knows no fields
    for paragraph in list(document.paragraphs):
        paragraph._element.getparent().remove(paragraph._element)  # noqa: SLF001
    held = io.BytesIO()
    document.save(held)
    with zipfile.ZipFile(held) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    text = parts.pop(_DOCUMENT).decode()
    before, mark, after = text.partition("<w:sectPr")
    return before, mark + after, parts


_FOOT = (
    f'<w:p {nsdecls("w")}><w:pPr><w:jc w:val="center"/></w:pPr><w:r><w:rPr><w:sz w:val="28"/></w:rPr><w:t>— </w:t></w:r>'
    '<w:fldSimple w:instr="PAGE"><w:r><w:rPr><w:sz w:val="28"/></w:rPr><w:t>1</w:t></w:r></w:fldSimple>'
    '<w:r><w:rPr><w:sz w:val="28"/></w:rPr><w:t> —</w:t></w:r></w:p>'
)


def _run(text: str, *, font: str, size: int) -> str:
    fonts = f'<w:rFonts w:ascii="{font}" w:hAnsi="{font}" w:eastAsia="{font}"/>'
    look = f'<w:rPr>{fonts}<w:sz w:val="{size * 2}"/><w:szCs w:val="{size * 2}"/></w:rPr>'
    lines = [escape(clean(line)) for line in text.split("\n")]
    parts = "<w:br/>".join(f'<w:t xml:space="preserve">{line}</w:t>' for line in lines)
    return f"<w:r>{look}{parts}</w:r>"


def _paragraph(
    text: str,
    *,
    font: str = BODY,
    size: int = 16,
    align: str = "both",
    indent: int = 2,
    line: int = _LINE,
    before: int = 0,
    keep: bool = False,
    new_page: bool = False,
) -> str:
    """A paragraph; ``indent`` of the first line in characters, ``line`` and ``before`` in twentieths of a point."""
    layout = "<w:keepNext/>" if keep else ""
    layout += "<w:pageBreakBefore/>" if new_page else ""
    layout += f'<w:spacing w:before="{before}" w:after="0" w:line="{line}" w:lineRule="exact"/>'
    layout += (
        f'<w:ind w:firstLineChars="{indent * 100}" w:firstLine="{indent * size * 20}"/>' if indent else ""
    )
    layout += f'<w:jc w:val="{align}"/>'
    return f"<w:p><w:pPr>{layout}</w:pPr>{_run(text, font=font, size=size)}</w:p>"


def _blocks(pledge: Pledge, *, first: bool) -> Iterable[str]:
    plan, issuer, unit = pledge.plan, pledge.plan.organization, pledge.organization
    yield _paragraph(
        plan.title, font=TITLE, size=22, align="center", indent=0, line=640, keep=True, new_page=not first
    )
    yield _paragraph(_("Pledge"), font=TITLE, size=22, align="center", indent=0, line=640, keep=True)
    yield _paragraph("", indent=0)
    said = {
        "issuer": issuer.name,
        "unit": unit.name,
        "plan": plan.title,
        "number": f"（{plan.number}）" if plan.number else "",
        "period": plan.period_label,
    }
    yield _paragraph(
        _(
            "To carry out “%(plan)s”%(number)s and to make clear who answers for what, %(issuer)s and %(unit)s sign this pledge for %(period)s."
        )
        % said
    )
    yield _paragraph(_("I. What is to be delivered"), font=HEAD, keep=True)
    yield _table(pledge)
    yield _paragraph(_("II. What both sides undertake"), font=HEAD, before=200, keep=True)
    yield _paragraph(
        _(
            "%(unit)s carries out the matters above within the time set, and reports their progress and outcome truthfully. %(issuer)s gives guidance, checks, and holds the outcome against this pledge at the end of the period."
        )
        % said
    )
    yield _paragraph(_("III. Validity"), font=HEAD, keep=True)
    yield _paragraph(
        _(
            "This pledge is valid from the day both sides have signed it. Where the plan is amended, it is drawn up and signed anew."
        ),
        keep=True,
    )
    yield _paragraph("", indent=0, keep=True)
    yield _signatures(pledge)
    yield _paragraph("", indent=0, line=240)


def _cell(text: str, width: int, *, font: str = BODY, size: int = 12, align: str = "left") -> str:
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr>'
        + _paragraph(text, font=font, size=size, align=align, indent=0, line=360)
        + "</w:tc>"
    )


def _table(pledge: Pledge) -> str:
    edges = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    margins = '<w:tblCellMar><w:left w:w="80" w:type="dxa"/><w:right w:w="80" w:type="dxa"/></w:tblCellMar>'
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in _WIDTHS)
    names = (_("No."), _("Matter and what is asked"), _("What shows it is done"), _("By when"))
    head = "".join(
        _cell(name, width, font=HEAD, align="center") for name, width in zip(names, _WIDTHS, strict=True)
    )
    rows = [f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{head}</w:tr>"]
    for number, line in enumerate(pledge.lines, start=1):
        asked = "\n".join(filter(None, [line["title"], line["requirement"]]))
        shown = "；".join(filter(None, [line["deliverable"], line["target"]])) or "—"
        cells = (
            _cell(str(number), _WIDTHS[0], align="center"),
            _cell(asked, _WIDTHS[1]),
            _cell(shown, _WIDTHS[2]),
            _cell(time_of(line), _WIDTHS[3], align="center"),
        )
        rows.append(f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{''.join(cells)}</w:tr>")
    return (
        '<w:tbl><w:tblPr><w:tblW w:w="{sum(_WIDTHS)}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblBorders>{edges}</w:tblBorders><w:tblLayout w:type="fixed"/>{margins}</w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def _signatures(pledge: Pledge) -> str:
    """Issuer left, unit right: name of the organisation, who signed in which post, the day."""
    sides = (
        (
            _("Issuing organization"),
            pledge.plan.organization.name,
            pledge.issuer_signed_by,
            pledge.issuer_signed_as,
            pledge.issuer_signed_at,
        ),
        (
            _("Responsible unit"),
            pledge.organization.name,
            pledge.unit_signed_by,
            pledge.unit_signed_as,
            pledge.unit_signed_at,
        ),
    )
    width = sum(_WIDTHS) // 2
    cells = "".join(_signature(width, *side) for side in sides)
    return (
        '<w:tbl><w:tblPr><w:tblW w:w="{width * 2}" w:type="dxa"/><w:tblLayout w:type="fixed"/></w:tblPr>'
        f'<w:tblGrid><w:gridCol w:w="{width}"/><w:gridCol w:w="{width}"/></w:tblGrid>'
        f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{cells}</w:tr></w:tbl>"
    )


def _signature(width: int, side: str, name: str, who: Any, post: str, at: datetime | None) -> str:
    blank = _("(signature)")
    day: date | None = local_date(at) if at else None
    lines = [
        _("%(side)s: %(name)s") % {"side": side, "name": name},
        _("Signed by: %(who)s") % {"who": who.name if who else blank},
        *([_("Post: %(post)s") % {"post": post}] if post else []),
        saying.full_date(day) if day else _("(year, month, day)"),
    ]
    text = "".join(
        _paragraph(line, size=14, align="left", indent=0, line=500, keep=number < len(lines))
        for number, line in enumerate(lines, start=1)
    )
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{text}</w:tc>'
