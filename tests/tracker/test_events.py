"""The history cannot be changed, whoever asks."""

from __future__ import annotations

import json

import pytest
from django.db import DatabaseError, connection, transaction

from tests.factories import World, acknowledged, make_task
from tracker.events import digest, history
from tracker.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def task():
    world = World()
    return acknowledged(world, make_task(world))


@pytest.mark.parametrize("statement", ["UPDATE tracker_event SET act = 'x'", "DELETE FROM tracker_event"])
def test_the_database_refuses_to_change_the_history(task, statement):
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert history(task).count() == 2


def test_each_event_carries_the_hash_of_the_one_before_and_the_subject_knows_the_newest(task):
    first, second = history(task)
    assert first.details["previous"] == ""
    assert second.details["previous"] == first.hash == digest(first.body)
    assert (task.event_count, task.event_head) == (2, second.hash)


def test_the_columns_repeat_what_the_hashed_body_says(task):
    for event in history(task):
        body = json.loads(event.body)
        assert (body["subject"], body["id"], body["sequence"]) == ("task", task.pk, event.sequence)
        assert (body["act"], body["from"], body["to"]) == (event.act, event.from_state, event.to_state)


def test_an_event_names_the_person_in_the_post_held_that_day(task):
    event = Event.objects.get(subject_kind="task", act="acknowledge")
    assert event.actor_line == f"{task.organization.short_name} 书记 {task.handler.name}"


@pytest.mark.django_db(transaction=True)
def test_the_history_is_still_guarded_after_a_flush():
    make_task(World())
    with pytest.raises(DatabaseError, match="append-only"):
        Event.objects.all().delete()
