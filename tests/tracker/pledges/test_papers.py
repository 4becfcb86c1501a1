"""Pledges on paper: both sides, each matter, who signed when; one paper or an archive."""

from __future__ import annotations

import io
import zipfile

import pytest
from docx import Document

from tests.tracker.pledges.helpers import AT, sign
from tracker.models import Pledge
from tracker.pledge_papers import archive, paper
from tracker.pledges import make_pledges

pytestmark = pytest.mark.django_db


def test_the_paper_names_both_sides_each_matter_and_who_signed_when(world, pledge):
    sign(pledge, world)
    pledge = Pledge.objects.select_related("plan__organization", "organization").get(pk=pledge.pk)
    document = Document(io.BytesIO(paper([pledge])))
    text = "\n".join(p.text for p in document.paragraphs)
    matters, signatures = document.tables
    assert "上半年重点任务清单" in text
    assert [cell.text for cell in matters.rows[1].cells] == [
        "1",
        "召开警示教育大会\n围绕典型案例开展一次警示教育",
        "会议记录",
        "2026年3月31日",
    ]
    assert "每月" in matters.rows[2].cells[3].text
    left, right = (cell.text for cell in signatures.rows[0].cells)
    assert world.issuer.user.name in left
    assert world.secretary.user.name in right
    assert "2026年1月8日" in right
    sizes = {run.font.size.pt for run in document.paragraphs[0].runs}
    assert (sizes, document.paragraphs[0].runs[0].font.name) == ({22.0}, "方正小标宋简体")


def test_many_pledges_are_one_paper_or_one_archive_with_a_file_for_each(world, plan):
    make_pledges(plan, actor=world.office, at=AT)
    pledges = list(Pledge.objects.select_related("plan__organization", "organization"))
    assert len(Document(io.BytesIO(paper(pledges))).tables) == 4
    with zipfile.ZipFile(io.BytesIO(archive(pledges))) as held:
        assert held.namelist() == [f"责任状-{p.organization.short_name}.docx" for p in pledges]
        assert len(Document(io.BytesIO(held.read(held.namelist()[0]))).tables) == 2


def test_odd_characters_do_not_break_the_paper(world, pledge):
    pledge.lines[0]["requirement"] = "a < b & c\x0b]]>"
    assert Document(io.BytesIO(paper([pledge]))).tables[0].rows[1].cells[1].text.endswith("a < b & c]]>")
