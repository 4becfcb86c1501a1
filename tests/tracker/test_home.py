"""The first page: each role meets its own work, and no number is without its list."""

from __future__ import annotations

import re
from datetime import date
from html import unescape

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.clock import moment
from tests.factories import (
    acknowledged,
    actor_at,
    issue,
    make_measure,
    make_organization,
    make_plan,
    make_post,
    make_task,
    make_user,
    on,
    submitted,
)
from tracker.fan_out import fan_out
from tracker.models import Plan, Task
from tracker.transitions import perform

pytestmark = pytest.mark.django_db
NOW = moment(date(2026, 3, 24), 10)


@pytest.fixture(autouse=True)
def _in_march():
    with time_machine.travel(NOW, tick=False):
        yield


def test_each_role_is_led_to_its_page(client, world):
    template = {}
    for who, user in {
        "clerk": world.office.user,
        "committee": world.committee_secretary.user,
        "branch": world.secretary.user,
        "branch member": make_post(world.branch, "MEMBER").user,
        "nobody": make_user(),
    }.items():
        client.force_login(user)
        template[who] = client.get("/").templates[0].name
    assert template == {
        "clerk": "tracker/home/office.html",
        "committee": "tracker/home/office.html",
        "branch": "tracker/home/branch.html",
        "branch member": "tracker/home/branch.html",
        "nobody": "tracker/home/no_post.html",
    }
    away = {}
    for who in ("leader", "chief", "inspector"):
        client.force_login(getattr(world, who).user)
        away[who] = client.get("/")["Location"]
    client.force_login(actor_at(world.top, "ADMINISTRATOR").user)
    away["administrator"] = client.get("/")["Location"]
    assert away == {
        "leader": "/overview/",
        "chief": "/overview/",
        "inspector": "/inspections/",
        "administrator": "/organizations/",
    }


def test_an_office_post_outweighs_a_leaders_and_a_branch_post(client, world):
    make_post(world.committee, "CLERK", user=world.secretary.user)
    make_post(world.top, "LEADER", user=world.secretary.user)
    client.force_login(world.secretary.user)
    assert client.get("/").templates[0].name == "tracker/home/office.html"


def test_a_branch_sees_every_open_task_once_in_the_order_in_which_it_asks_for_something(client, world):
    acknowledged(world, make_task(world, title="办理中的", due=date(2026, 6, 30)))
    acknowledged(world, make_task(world, title="逾期的", due=date(2026, 3, 13)))
    acknowledged(world, make_task(world, title="临近的", due=date(2026, 3, 31)))
    make_task(world, title="待签收的")
    back = submitted(world, make_task(world, title="退回的"))
    perform(back, "return", actor=world.reviewer, at=NOW, given={"reason": "缺照片"})
    submitted(world, make_task(world, title="待审核的"))
    done = submitted(world, make_task(world, title="办结的"))
    perform(done, "approve", actor=world.reviewer, at=NOW)
    client.force_login(world.secretary.user)
    context = client.get("/").context
    shown = [(name, [row.task.title for row in rows]) for name, _label, _count, rows in context["groups"]]
    assert shown == [
        ("pending", ["待签收的"]),
        ("returned", ["退回的"]),
        ("urgent", ["逾期的", "临近的"]),
        ("active", ["办理中的"]),
        ("review", ["待审核的"]),
    ]
    assert [count for _name, _label, count in context["tiles"]] == [1, 1, 2, 1, 1]
    assert (context["open"], context["done"]) == (6, 1)


def test_every_number_of_a_branch_is_the_length_of_the_list_behind_it(client, world):
    acknowledged(world, make_task(world, due=date(2026, 3, 13)))
    acknowledged(world, make_task(world, due=date(2026, 6, 30)))
    make_task(world)
    submitted(world, make_task(world))
    client.force_login(world.secretary.user)
    for name, _label, count in client.get("/").context["tiles"]:
        assert len(client.get(f"/tasks/?group={name}").context["rows"]) == count, name


def test_every_number_of_a_plan_is_the_length_of_the_list_behind_it(client, world):
    soon, later, far = date(2026, 3, 27), date(2026, 3, 31), date(2026, 9, 30)
    plan = make_plan(world)
    dues = {
        "近": soon,
        "周后": later,
        "远": far,
        "退": far,
        "审": soon,
        "停": soon,
        "未签": soon,
        "逾": date(2026, 3, 20),
    }
    for title, due in dues.items():
        make_measure(world, plan, title=title, due=due, receivers=[world.branch])
    issue(world, plan)
    tasks = {task.measure.title: task for task in Task.objects.select_related("measure")}
    for title in dues.keys() - {"未签"}:
        tasks[title] = acknowledged(world, tasks[title])
    submitted(world, tasks["审"])
    back = submitted(world, tasks["退"])
    perform(back, "return", actor=world.reviewer, at=NOW, given={"reason": "缺照片", "due": far})
    perform(
        tasks["停"],
        "suspend",
        actor=world.issuer,
        at=NOW,
        given={"reason": "改革", "until": date(2026, 5, 8)},
    )
    client.force_login(world.office.user)
    answer = client.get("/")
    (standing,) = answer.context["standings"]
    assert (standing.total, standing.overdue, standing.near, standing.this_week) == (7, 2, 3, 2)
    links = re.findall(r'href="(/tasks/\?plan=[^"]+)">(\d+)</a>', answer.content.decode())
    assert len(links) == 3
    for address, number in links:
        assert str(client.get(unescape(address)).context["count"]) == number, address


def test_every_number_of_a_plans_page_is_the_length_of_the_list_behind_it(client, world):
    far, soon = date(2026, 4, 30), date(2026, 3, 27)
    plan = make_plan(world)
    for title, due in {
        "滞后": far,
        "进度": far,
        "退": far,
        "逾": date(2026, 3, 20),
        "审": soon,
        "停": soon,
        "撤": soon,
    }.items():
        make_measure(world, plan, title=title, due=due, receivers=[world.branch])
    issue(world, plan)
    tasks = {t.measure.title: acknowledged(world, t) for t in Task.objects.select_related("measure")}
    given = {"progress": "已开展", "percent": 90}
    perform(tasks["进度"], "report", actor=on(world.secretary, date(2026, 3, 24)), at=NOW, given=given)
    back = submitted(world, tasks["退"])
    perform(back, "return", actor=world.reviewer, at=NOW, given={"reason": "缺照片", "due": far})
    submitted(world, tasks["审"])
    perform(
        tasks["停"],
        "suspend",
        actor=world.issuer,
        at=NOW,
        given={"reason": "改革", "until": date(2026, 5, 8)},
    )
    perform(tasks["撤"], "withdraw", actor=world.issuer, at=NOW, given={"reason": "并入另一项"})
    client.force_login(world.office.user)
    answer = client.get(f"/plans/{plan.pk}/")
    counts = answer.context["counts"]
    assert (counts.total, counts.done, counts.red, counts.yellow, counts.review) == (6, 0, 1, 3, 1)
    stats = re.findall(
        r'href="(/tasks/\?[^"]+)"><span class="stat-label">[^<]+</span><span class="stat-value">(\d+)',
        answer.content.decode(),
    )
    assert [number for _address, number in stats] == ["6", "0", "1", "3", "1"]
    for address, number in stats:
        assert str(client.get(unescape(address)).context["count"]) == number, address


def test_an_office_sees_what_waits_for_it_each_number_from_its_list(client, world):
    task = acknowledged(world, make_task(world))
    given = {"reason": "外出培训", "until": date(2026, 4, 20)}
    perform(task, "ask_extension", actor=world.secretary, at=NOW, given=given)
    submitted(world, make_task(world))
    client.force_login(world.office.user)
    duties = {duty.url: duty.count for duty in client.get("/").context["duties"]}
    assert duties == {"/review/": 1, "/tasks/?extension=1": 1, "/tasks/gaps/": 3}
    assert client.get("/tasks/?extension=1").context["count"] == 1
    assert client.get("/review/").context["left"] == 1


def test_a_gap_in_the_chain_waits_for_the_office(client, world):
    make_organization("BRANCH", parent=world.committee)
    client.force_login(world.office.user)
    duties = {duty.url: duty.count for duty in client.get("/").context["duties"]}
    assert duties["/tasks/gaps/"] == len(client.get("/tasks/gaps/").context["gaps"]) == 4


def test_plans_stand_against_the_pace_that_was_expected(client, world):
    plan = make_plan(world)
    make_measure(world, plan, due=date(2026, 3, 13))
    issue(world, plan)
    mine, other = Task.objects.order_by("organization__path")
    given = {"progress": "一半", "percent": 50}
    perform(acknowledged(world, mine), "report", actor=world.secretary, at=NOW, given=given)
    client.force_login(world.office.user)
    context = client.get("/").context
    (standing,) = context["standings"]
    assert (standing.total, standing.done, standing.overdue) == (2, 0, 2)
    assert (standing.progress, standing.pace) == (25.0, 100.0)
    assert [(line.organization, line.overdue) for line in context["laggards"]] == [
        (mine.organization, 1),
        (other.organization, 1),
    ]
    assert client.get(f"/tasks/?plan={plan.pk}&light=red").context["count"] == standing.overdue


def test_news_are_of_tasks_in_sight_only(client, world):
    task = submitted(world, make_task(world))
    client.force_login(world.committee_secretary.user)
    assert [(item.task, item.line.label) for item in client.get("/").context["news"]] == [(task, "报结")]
    client.force_login(actor_at(world.other_committee, "CLERK").user)
    assert client.get("/").context["news"] == []


def test_the_office_page_asks_the_same_number_of_questions_for_one_and_three(
    client, world, django_assert_num_queries
):
    client.force_login(world.office.user)
    submitted(world, make_task(world, due=date(2026, 3, 13)))
    acknowledged(world, make_task(world, due=date(2026, 3, 13)))
    client.get("/")
    cache.clear()  # what is kept for an hour is counted in both
    with CaptureQueriesContext(connection) as few:
        client.get("/")
    for _ in range(2):
        submitted(world, make_task(world))
        acknowledged(world, make_task(world, due=date(2026, 3, 13)))
    cache.clear()
    with django_assert_num_queries(len(few)):
        client.get("/")


def test_the_pace_follows_at_once_when_tasks_are_added_though_it_is_kept(client, world):
    make_task(world, due=date(2026, 3, 31))
    client.force_login(world.office.user)
    (before,) = client.get("/").context["standings"]
    plan = Plan.objects.get()
    make_measure(world, plan, title="后来的", due=date(2026, 12, 31), receivers=[world.branch])
    fan_out(plan, at=NOW)
    (after,) = client.get("/").context["standings"]
    assert (before.total, after.total) == (1, 2)
    assert after.pace < before.pace
