"""The private calendar feed: one's own due dates, read by whoever has the address, until it is revoked."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.test import Client
from django.utils import translation

from branches.models import CalendarFeed, Post, User
from branches.views.audit import in_words
from common.models import AuditEntry
from tests.factories import acknowledged, issue, make_measure, make_plan, make_task
from tracker.calendar_feed import Due, icalendar
from tracker.models import Task

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def language():
    yield
    translation.deactivate()


def made_by(actor) -> str:
    """The path of a new feed, as the account page shows it."""
    client = Client()
    client.force_login(actor.user)
    answer = client.post("/account/calendar/")
    assert answer["Cache-Control"] == "no-store"
    [path] = re.findall(r'value="http://testserver(/calendar/[\w-]{43}\.ics)"', answer.content.decode())
    return path


def events(path: str) -> list[dict[str, str]]:
    answer = Client().get(path)
    assert answer.status_code == 200
    text = answer.content.decode().replace("\r\n ", "")
    assert text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
    return [
        dict(line.split(":", 1) for line in block.split("\r\n") if ":" in line)
        for block in re.findall(r"BEGIN:VEVENT\r\n(.*?)END:VEVENT", text, re.DOTALL)
    ]


def test_the_feed_holds_the_open_tasks_of_ones_own_unit_and_nobody_elses(world):
    task = make_task(world, due=date(2027, 3, 3))
    [event] = events(made_by(world.secretary))
    assert event["DTSTART;VALUE=DATE"] == "20270303"
    assert event["SUMMARY"] == task.title
    assert event["URL"] == f"http://testserver/tasks/{task.pk}/"
    assert "暂定" in event["DESCRIPTION"]
    assert events(made_by(world.secretaries[1])) == []
    assert events(made_by(world.office)) == []


def test_a_task_that_is_over_leaves_the_feed(world):
    task = make_task(world)
    path = made_by(world.secretary)
    assert len(events(path)) == 1
    Task.objects.filter(pk=task.pk).update(state="WITHDRAWN")
    assert events(path) == []


def test_only_a_hash_is_kept_and_a_new_address_ends_the_old_one(world):
    old = made_by(world.secretary)
    token = old.removeprefix("/calendar/").removesuffix(".ics")
    assert token not in str(list(CalendarFeed.objects.values()))
    new = made_by(world.secretary)
    assert Client().get(old).status_code == 404
    assert Client().get(new).status_code == 200
    assert CalendarFeed.objects.count() == 1


def test_a_revoked_or_unknown_address_does_not_exist(world):
    path = made_by(world.secretary)
    client = Client()
    client.force_login(world.secretary.user)
    assert client.post("/account/calendar/", {"act": "revoke"}).status_code == 302
    for gone in (path, "/calendar/x.ics", f"/calendar/{'a' * 43}.ics"):
        assert Client().get(gone).status_code == 404
    acts = [entry.data["act"] for entry in AuditEntry.objects.filter(kind="ACCOUNT").order_by("pk")]
    assert acts == ["feed_on", "feed_off"]
    assert (
        "日历订阅地址已撤销" in in_words(list(AuditEntry.objects.filter(kind="ACCOUNT").order_by("-pk")))[0]
    )


def test_the_feed_follows_the_posts_and_ends_with_the_account(world):
    make_task(world)
    path = made_by(world.secretary)
    Post.objects.filter(user=world.secretary.user).update(until=date(2026, 1, 6))
    assert events(path) == []
    User.objects.filter(pk=world.secretary.user.pk).update(is_active=False)
    assert Client().get(path).status_code == 404


def test_nobody_who_is_not_signed_in_makes_an_address(world):
    assert Client().post("/account/calendar/").status_code == 302
    assert not CalendarFeed.objects.exists()
    assert Client().post(made_by(world.secretary)).status_code == 405


def test_the_file_keeps_to_the_standard_whatever_a_title_holds():
    title = "很长的事项，" * 20 + "a;b,c\\d\n换行\x07\r\nEND:VCALENDAR"
    due = Due("task-1", date(2026, 12, 31), title, "x", "/tasks/1/")
    raw = icalendar(
        [due],
        host="h",
        root="http://h",
        at=AuditEntry._meta.get_field("at").to_python("2026-01-05T01:00:00Z"),
    )
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert all(line.decode() is not None for line in lines)
    assert raw.count(b"\r\nEND:VCALENDAR") == 1
    whole = raw.decode().replace("\r\n ", "")
    assert "a\\;b\\,c\\\\d\\n换行\\nEND:VCALENDAR\r\n" in whole
    assert "DTEND;VALUE=DATE:20270101" in whole


def test_any_number_of_tasks_costs_the_same_queries(
    world, django_assert_num_queries, django_assert_max_num_queries
):
    acknowledged(world, make_task(world))
    path = made_by(world.secretary)
    with django_assert_max_num_queries(5) as one:
        Client().get(path)
    plan = make_plan(world)
    for n in range(3):
        make_measure(world, plan, title=f"更多{n}")
    issue(world, plan)
    with django_assert_num_queries(len(one)):
        assert len(events(path)) == 4
