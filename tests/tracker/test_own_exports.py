"""Notices, what one looks after, what a superior asked and what was left open, as workbooks."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from branches.exporting import HEAD
from branches.models import Area
from common.clock import moment
from tests.factories import actor_at, issue, make_measure, make_plan, make_source, on
from tracker.models import Action, Notice, Plan, Task
from tracker.plans import merge_actions
from tracker.superior import rest_on

pytestmark = pytest.mark.django_db
JULY = moment(date(2026, 7, 6), 9)
PAPER = "一、工作要求\n要建立支部书记谈心谈话台账。\n要召开年度党建工作推进会。\n"


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(JULY, tick=False)


def rows_of(actor, address: str) -> list[tuple]:
    client = Client()
    client.force_login(actor.user)
    response: Any = client.get(address)
    assert response.status_code == 200, response.content.decode()[-400:]
    sheet = load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    return [tuple(cell.value for cell in row) for row in sheet.iter_rows(min_row=HEAD + 1)]


def page_of(actor, address: str) -> str:
    client = Client()
    client.force_login(actor.user)
    return client.get(address).content.decode()


def test_ones_own_notices_are_exported_newest_first_and_nobody_elses(world, monkeypatch):
    monkeypatch.setattr("tracker.views.notices.PAGE", 1)
    user = world.secretary.user
    for number, read_at in enumerate((JULY, None)):
        data = {"task": f"第{number}项", "reason": "缺照片"}
        Notice.objects.create(recipient=user, kind="returned", data=data, created_at=JULY, read_at=read_at)
    Notice.objects.create(recipient=world.office.user, kind="done", data={"task": "别人的"}, created_at=JULY)
    moment_said = "2026年7月6日 周一 09:00:00"
    found = rows_of(world.secretary, "/notices/export/")
    assert found == [
        ("“第1项”被退回：缺照片", None, moment_said, "新"),
        ("“第0项”被退回：缺照片", None, moment_said, "已读"),
    ]
    assert rows_of(world.secretary, "/notices/export/?unread=1") == found[:1]
    assert 'href="/notices/export/?unread=1"' in page_of(world.secretary, "/notices/?unread=1")


def test_what_one_looks_after_is_exported_the_worst_first(world):
    plan = make_plan(world)
    make_measure(world, plan)
    issue(world, plan)
    Task.objects.filter(organization=world.branches[1]).update(due=date(2026, 12, 31), state="ACTIVE")
    liaison = actor_at(world.top, "LIAISON")
    area = Area.objects.create(organization=world.top, name="一片区", liaison=liaison.user)
    for unit in world.branches:
        unit.area = area
        unit.save()
    first, second = rows_of(liaison, "/looked-after/export/")
    assert first[:2] == (world.branch.short_name, "片区联系人")
    assert (first[2].split()[0], first[3], first[5]) == ("■", 1, "召开警示教育大会")
    assert (second[0], second[3], second[7]) == (world.branches[1].short_name, 0, 1)
    assert 'href="/looked-after/export/"' in page_of(liaison, "/looked-after/")
    assert rows_of(world.office, "/looked-after/export/") == []


@pytest.fixture
def speech(world):
    paper = make_source(world, title="上级工作要点", category="SUPERIOR", text=PAPER, dated=date(2026, 1, 10))
    speech = make_source(world, dated=date(2026, 7, 6))
    office = on(world.office, date(2026, 7, 6))
    rest_on(speech, [paper], actor=office, at=JULY)
    measure = make_measure(world, make_plan(world, at=JULY), title="健全谈心谈话台账", at=JULY)
    merge_actions(measure, [Action.objects.filter(source=paper).order_by("start")[0]], actor=office, at=JULY)
    return speech


def test_what_the_superior_asked_is_exported_with_what_became_of_it(world, speech):
    address = f"/sources/{speech.pk}/superior/"
    found = rows_of(world.office, f"{address}export/")
    assert [(row[0], row[4], row[5]) for row in found] == [
        ("上级工作要点", "已承接", "1. 健全谈心谈话台账"),
        ("上级工作要点", "尚未承接", None),
    ]
    assert "谈心谈话台账" in found[0][3]
    assert rows_of(world.office, f"{address}export/?state=open") == found[1:]
    assert f'href="{address}export/?state=open"' in page_of(world.office, f"{address}?state=open")


def test_what_the_last_period_left_open_is_exported_measures_first(world, speech):
    plan = make_plan(world)
    make_measure(world, plan)
    issue(world, plan)
    Plan.objects.filter(pk=plan.pk).update(period="2025H2")
    address = f"/sources/{speech.pk}/left-open/"
    found = rows_of(world.office, f"{address}export/")
    assert found[0][0] == "召开警示教育大会"
    assert (found[0][4], found[0][6]) == (2, "■ 2")
    assert [row[2] for row in found[1:]] == ["上级工作要点"]
    assert f'href="{address}export/' in page_of(world.office, address)


@pytest.mark.parametrize("list_name", ["notices", "superior", "left-open"])
def test_an_export_asks_the_same_queries_for_one_row_and_for_three(world, speech, list_name):
    address = "/notices/export/" if list_name == "notices" else f"/sources/{speech.pk}/{list_name}/export/"
    client = Client()
    client.force_login(world.office.user)

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            response = client.get(address)
            assert b"".join(response.streaming_content)
        return len(captured)

    plan = make_plan(world)
    make_measure(world, plan)
    Notice.objects.create(recipient=world.office.user, kind="done", data={"task": "一"}, created_at=JULY)
    issue(world, plan)
    Plan.objects.filter(pk=plan.pk).update(period="2025H2")
    asked()
    once = asked()
    for number in range(2):
        more = make_plan(world)
        make_measure(world, more, title=f"第{number}项")
        issue(world, more)
        Plan.objects.filter(pk=more.pk).update(period="2025H2")
        task = Task.objects.latest("pk")
        Notice.objects.create(
            recipient=world.office.user, kind="done", data={"task": "二"}, task=task, created_at=JULY
        )
    assert asked() == once
