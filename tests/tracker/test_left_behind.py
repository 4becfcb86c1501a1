"""When a person leaves: their tasks are named to the unit, one act names a successor; who never acts is seen."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from branches.models import Post, User
from common.clock import moment
from common.errors import NotAllowed, Refused
from common.workdays import Calendar
from tests.factories import World, make_post, make_task
from tracker.events import history
from tracker.left_behind import left_by_handler, never_acting, units_left
from tracker.models import Notice, Task
from tracker.transitions import perform

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 24)
NOW = moment(DAY, 10)


@pytest.fixture(autouse=True)
def _in_march():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def clerk(world) -> Post:
    """A clerk of the first branch, who does its work."""
    return make_post(world.branch, "CLERK")


def given_to(world: World, person: User, **fields) -> Task:
    at = moment(date(2026, 1, 6))
    return perform(
        make_task(world, **fields), "acknowledge", actor=world.secretary, at=at, given={"handler": person.pk}
    )


def left_now() -> list[Task]:
    return list(left_by_handler(Task.objects.all(), day=DAY))


def leave(post: Post, *, last: date = DAY - timedelta(days=1)) -> None:
    Post.objects.filter(pk=post.pk).update(until=last)


def test_a_task_is_left_from_the_day_after_the_post_ended(world, clerk):
    task = given_to(world, clerk.user)
    leave(clerk, last=DAY)
    assert left_now() == []
    leave(clerk)
    assert left_now() == [task]


def test_a_disabled_account_and_a_move_to_another_unit_leave_their_tasks_too(world, clerk):
    task = given_to(world, clerk.user)
    User.objects.filter(pk=clerk.user_id).update(is_active=False)
    assert left_now() == [task]
    User.objects.filter(pk=clerk.user_id).update(is_active=True)
    leave(clerk)
    make_post(world.branches[1], "CLERK", user=clerk.user)
    assert left_now() == [task]


def test_what_is_handed_in_or_done_is_not_left(world, clerk):
    task = given_to(world, clerk.user)
    leave(clerk)
    perform(task, "submit", actor=world.secretary, at=NOW, given={"progress": "已按要求完成"})
    assert left_now() == []


def test_the_secretary_sees_them_at_home_and_names_one_successor_for_all(client, world, clerk):
    tasks = [given_to(world, clerk.user, title=title) for title in ("召开大会", "讲授党课")]
    leave(clerk)
    successor = make_post(world.branch, "MEMBER").user
    client.force_login(world.secretary.user)
    shown = client.get("/").context
    assert shown["left"] == tasks
    assert successor in shown["left_people"]
    given = {"task": [task.pk for task in tasks], "handler": successor.pk}
    response = client.post("/tasks/rename/", given, follow=True)
    assert [str(message) for message in response.context["messages"]] == ["已更换 2 项任务的责任人"]
    assert response.context["left"] == []
    assert set(Task.objects.values_list("handler", flat=True)) == {successor.pk}
    for task in tasks:
        event = list(history(task))[-1]
        assert (event.act, event.said["handler"]["id"]) == ("rename", successor.pk)
        assert event.said["before"] == clerk.user.name
    assert Notice.objects.filter(recipient=successor, kind="named").count() == 2


def test_nobody_from_outside_the_unit_is_named_and_nothing_changes(client, world, clerk):
    task = given_to(world, clerk.user)
    leave(clerk)
    client.force_login(world.secretary.user)
    for wrong in (world.other_secretary.user.pk, clerk.user_id, "", "x"):
        client.post("/tasks/rename/", {"task": [task.pk], "handler": wrong})
    assert Task.objects.get().handler_id == clerk.user_id


def test_only_tasks_that_were_left_change_by_the_one_act(client, world, clerk):
    task = given_to(world, clerk.user)
    successor = make_post(world.branch, "MEMBER").user
    client.force_login(world.secretary.user)
    client.post("/tasks/rename/", {"task": [task.pk], "handler": successor.pk})
    assert Task.objects.get().handler_id == clerk.user_id


def test_another_unit_names_nobody_here(client, world, clerk):
    task = given_to(world, clerk.user)
    leave(clerk)
    given = {"handler": world.secretary.user.pk}
    for actor in (world.secretaries[1], world.other_secretary, world.reviewer, world.office):
        with pytest.raises(NotAllowed):
            perform(task, "rename", actor=actor, at=NOW, given=given)
        client.force_login(actor.user)
        client.post("/tasks/rename/", {"task": [task.pk], **given})
    assert Task.objects.get().handler_id == clerk.user_id


def test_the_same_person_again_is_refused(world):
    task = given_to(world, world.secretary.user)
    with pytest.raises(Refused):
        perform(task, "rename", actor=world.secretary, at=NOW, given={"handler": world.secretary.user.pk})


def test_the_gap_page_counts_them_by_unit_and_leads_to_the_list(client, world, clerk):
    task = given_to(world, clerk.user)
    given_to(world, world.secretary.user, title="另一项")
    leave(clerk)
    client.force_login(world.reviewer.user)
    units = list(client.get("/tasks/gaps/").context["left"])
    assert [(unit, unit.left) for unit in units] == [(world.branch, 1)]
    listed = client.get("/tasks/", {"left": "1", "unit": world.branch.pk}).context["rows"]
    assert [row.task for row in listed] == [task]
    assert list(units_left(world.other_secretary, day=DAY)) == []


def silent(world, actor=None) -> list[tuple[int, int]]:
    posts: Any = never_acting(actor or world.office, day=DAY, calendar=Calendar.load())
    return [(post.user_id, post.waiting) for post in posts]


def test_who_did_nothing_for_ten_working_days_while_a_task_waited_is_listed(world):
    task = make_task(world)  # assigned on 5 January, never acknowledged
    assert silent(world) == [(world.secretary.user.pk, 1)]
    assert silent(world, world.other_secretary) == []
    given = {"handler": world.secretary.user.pk}
    # ten working days before 24 March is 10 March
    before = perform(task, "acknowledge", actor=world.secretary, at=moment(date(2026, 3, 9), 23), given=given)
    assert silent(world) == [(world.secretary.user.pk, 1)]
    perform(
        before,
        "report",
        actor=world.secretary,
        at=moment(date(2026, 3, 10), 0),
        given={"progress": "已部署", "percent": 10},
    )
    assert silent(world) == []


def test_they_are_exported_as_they_are_listed(client, world):
    make_task(world)
    client.force_login(world.office.user)
    response = client.get("/tasks/silent/export/")
    sheet = load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    rows = [tuple(cell.value for cell in row) for row in sheet.iter_rows(min_row=4)]
    secretary = world.secretary.user.posts.get()
    assert rows == [(secretary.title, secretary.user.name, 1, "从未")]


def test_who_has_nothing_waiting_or_holds_the_post_for_a_few_days_is_not_listed(world):
    assert silent(world) == []
    make_task(world)
    Post.objects.filter(user=world.secretary.user).update(since=date(2026, 3, 20))
    assert silent(world) == []


def test_a_task_that_came_back_yesterday_does_not_make_anybody_silent(world):
    task = make_task(world)
    Task.objects.filter(pk=task.pk).update(in_hand_since=DAY - timedelta(days=1))
    assert silent(world) == []


def test_the_gap_page_asks_the_same_number_of_questions_for_one_and_three(
    client, world, clerk, django_assert_num_queries
):
    client.force_login(world.office.user)
    given_to(world, clerk.user)
    leave(clerk)
    client.get("/tasks/gaps/")
    with CaptureQueriesContext(connection) as few:
        client.get("/tasks/gaps/")
    for title in ("二", "三"):
        other = make_post(world.branch, "CLERK")
        given_to(world, other.user, title=title)
        leave(other)
    with django_assert_num_queries(len(few)):
        client.get("/tasks/gaps/")
