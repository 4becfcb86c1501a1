"""Notices: written with the act, read by their owner, counted at the bell."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.clock import moment
from tests.factories import World, make_task, submitted
from tracker.models import Notice
from tracker.notices import LOOKS, WORDS
from tracker.transitions import perform

pytestmark = pytest.mark.django_db
LATER = moment(date(2026, 3, 25))


def returned(world: World) -> Notice:
    task = submitted(world, make_task(world))
    perform(task, "return", actor=world.reviewer, at=LATER, given={"reason": "缺少照片"})
    return Notice.objects.get(kind="returned", task=task)


def sentences(response) -> list[str]:
    return [item["sentence"] for item in response.context["notices"]]


def test_the_list_says_what_happened_newest_first(client, world):
    returned(world)
    client.force_login(world.secretary.user)
    assert sentences(client.get("/notices/"))[0] == "“召开警示教育大会”被退回：缺少照片"


def test_opening_a_notice_marks_it_as_read_and_leads_to_its_task(client, world):
    notice = returned(world)
    client.force_login(world.secretary.user)
    response = client.get(f"/notices/{notice.pk}/")
    assert response["Location"] == f"/tasks/{notice.task_id}/"
    notice.refresh_from_db()
    assert notice.read_at is not None
    first = notice.read_at
    client.get(f"/notices/{notice.pk}/")
    notice.refresh_from_db()
    assert notice.read_at == first


def test_a_notice_of_new_tasks_leads_to_those_to_acknowledge(client, world):
    make_task(world)
    notice = Notice.objects.get(kind="assigned", recipient=world.secretary.user)
    client.force_login(world.secretary.user)
    assert client.get(f"/notices/{notice.pk}/")["Location"] == "/tasks/?group=pending"


def test_the_notices_of_others_are_out_of_sight_and_stay_unread(client, world):
    notice = returned(world)
    client.force_login(world.other_secretary.user)
    assert client.get(f"/notices/{notice.pk}/").status_code == 404
    assert sentences(client.get("/notices/")) == []
    client.post("/notices/read/")
    notice.refresh_from_db()
    assert notice.read_at is None


def test_the_bell_counts_the_unread_and_falls_silent_when_all_are_marked(client, world):
    returned(world)
    waiting = Notice.objects.filter(recipient=world.secretary.user).count()
    client.force_login(world.secretary.user)
    assert f"{waiting} 条未读" in client.get("/notices/").content.decode()
    assert client.get("/notices/read/").status_code == 405
    client.post("/notices/read/")
    assert Notice.objects.filter(recipient=world.secretary.user, read_at=None).count() == 0
    assert sentences(client.get("/notices/?unread=1")) == []
    assert len(sentences(client.get("/notices/"))) == waiting


def test_pages_of_notices_follow_each_other(client, world, monkeypatch):
    monkeypatch.setattr("tracker.views.notices.PAGE", 2)
    for _ in range(3):
        make_task(world, title="不同清单")
    client.force_login(world.secretary.user)
    first = client.get("/notices/")
    second = client.get("/notices/" + first.context["next_url"])
    shown = [item["notice"].pk for page in (first, second) for item in page.context["notices"]]
    mine = Notice.objects.filter(recipient=world.secretary.user).order_by("-pk")
    assert shown == list(mine.values_list("pk", flat=True))
    assert client.get("/notices/?after=garbage").status_code == 200


def test_the_list_asks_the_same_number_of_questions_for_one_and_three(
    client, world, django_assert_num_queries
):
    returned(world)
    client.force_login(world.secretary.user)
    client.get("/notices/")
    with CaptureQueriesContext(connection) as few:
        client.get("/notices/")
    returned(world)
    returned(world)
    with django_assert_num_queries(len(few)):
        client.get("/notices/")


def test_every_kind_that_acts_write_has_its_words_and_its_look():
    assert set(LOOKS) <= set(WORDS)
