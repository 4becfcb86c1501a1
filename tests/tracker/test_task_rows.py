"""The rows of the lists of tasks, drawn without the template engine: escaped, in the reader's language, by the calendar at hand."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from django.template import Context, Template
from django.utils import translation

from branches.models import Organization, User
from common import clock
from common.workdays import Calendar
from tracker.models import Measure, Task
from tracker.task_list import rows_of

EVIL = "<b>'&\"</b>"
SAFE = "&lt;b&gt;&#x27;&amp;&quot;&lt;/b&gt;"
TABLE = (
    "{% task_table_rows rows l_unit=label l_handler='责任人' l_state='状态' l_progress='进度' l_due='时限' %}"
)
LIST = "{% task_list_rows rows %}"
DAY = date(2026, 3, 24)


@pytest.fixture(autouse=True)
def _in_march(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 3, 24, 2, 0, tzinfo=UTC))


def drawn(source, *, years=frozenset({2026}), language="zh-hans", words="报告", **facts):
    task = Task(
        pk=7,
        measure=Measure(title=words),
        organization=Organization(name=words, short_name=words),
        handler=facts.pop("handler", User(name=words)),
        issued_on=date(2026, 3, 2),
        acknowledge_by=date(2026, 3, 5),
        due=facts.pop("due", date(2026, 4, 10)),
        **{"state": "ACTIVE", **facts},
    )
    calendar = Calendar({}, official_years=frozenset(years))
    with translation.override(language):
        rows = rows_of([task], day=DAY, calendar=calendar)
        context = Context({"rows": rows, "calendar": calendar, "label": words})
        return Template("{% load task_rows %}" + source).render(context)


def words_of(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


@pytest.mark.parametrize(("source", "places"), [(TABLE, 6), (LIST, 2)])
def test_no_word_from_data_becomes_mark_up(source, places):
    html = drawn(source, words=EVIL)
    assert "<b>" not in html
    assert html.count(SAFE) == places
    assert "&amp;lt;" not in html


@pytest.mark.parametrize("source", [TABLE, LIST])
def test_a_row_leads_to_its_task(source):
    assert re.findall(r'href="([^"]*)"', drawn(source)) == ["/tasks/7/"]


def test_a_row_of_the_table_says_all_its_columns():
    html = drawn(TABLE, percent=30, returned=True, returns=2)
    assert words_of(html) == "已退回 报告 报告 报告 办理中 已退回 序时进度 55% 30% 4月10日 周五"
    html = drawn(TABLE, state="SUSPENDED", handler=None)
    assert words_of(html) == "暂缓 报告 报告 — 暂缓 0% 4月10日 周五"


def test_a_row_of_the_list_says_what_the_secretary_has_to_know():
    html = drawn(LIST, percent=30, returned=True, returns=2)
    assert words_of(html) == "已退回 4月10日 周五 报告 报告 30% 退回 2 次"
    assert words_of(drawn(LIST, state="WITHDRAWN", handler=None)) == "撤销 4月10日 周五 报告"


@pytest.mark.parametrize("source", [TABLE, LIST])
def test_a_due_date_in_a_year_without_its_notice_is_marked(source):
    marked = [
        drawn(source, due=date(2027, 4, 9), years=years).count("provisional") for years in ({2026}, {2027})
    ]
    assert marked == [1, 0]


@pytest.mark.parametrize("source", [TABLE, LIST])
def test_a_row_is_said_in_the_language_of_its_reader(source):
    said = [words_of(drawn(source, language=language)) for language in ("zh-hans", "en", "zh-hans")]
    assert "4月10日 周五" in said[0]
    assert "Fri 10 Apr" in said[1]
    assert said[2] == said[0]


def facts_of(*, evidence_required=True, same_words=False, has_evidence=False, **facts):
    task = Task(measure=Measure(evidence_required=evidence_required), **facts)
    task.same_words, task.has_evidence = same_words, has_evidence
    html = Template("{% load task_rows %}{% task_facts task %}").render(Context({"task": task}))
    return re.findall(r">([^<>]+)</span>", html)


def test_the_facts_of_a_submission_stand_beside_it():
    assert facts_of(done_late=True, returns=2, same_words=True) == [
        "逾期报结",
        "退回 2 次",
        "文字与他件相同",
        "缺佐证材料",
    ]
    assert facts_of(has_evidence=True) == ["有佐证材料"]
    assert facts_of(evidence_required=False) == ["不要求佐证材料"]
