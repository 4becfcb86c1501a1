"""A forged history is found: each forgery made by raw SQL with the guards off, as a superuser could."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import translation

from common.clock import moment
from tests.append_only import unguarded
from tests.factories import World, acknowledged, issue, make_measure, make_plan
from tracker import verification
from tracker.events import canonical, digest, history
from tracker.models import Event, Task
from tracker.transitions import perform
from tracker.verification import verify_history

pytestmark = pytest.mark.django_db


@pytest.fixture
def task() -> Task:
    """A task with five events, beside a second one nobody touches."""
    world = World()
    plan = make_plan(world)
    make_measure(world, plan)
    issue(world, plan)
    task = acknowledged(world, Task.objects.get(organization=world.branch))
    for percent in (20, 40, 60):
        at = moment(date(2026, 2, percent // 10))
        report = {"progress": f"完成{percent}%", "percent": percent}
        task = perform(task, "report", actor=world.secretary, at=at, given=report)
    return task


def sql(statement: str, *values: Any) -> None:
    with unguarded(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def event(task: Task, number: int) -> Event:
    return Event.objects.get(subject_kind="task", subject_id=task.pk, sequence=number)


def edit(task: Task) -> int:
    forged = event(task, 3)
    sql("UPDATE tracker_event SET body = %s WHERE id = %s", forged.body.replace("20", "90"), forged.pk)
    return forged.pk


def edit_with_its_hash(task: Task) -> int:
    forged = event(task, 3)
    body = forged.body.replace("20%", "90%")
    sql("UPDATE tracker_event SET body = %s, hash = %s WHERE id = %s", body, digest(body), forged.pk)
    return event(task, 4).pk


def edit_a_column(task: Task) -> int:
    forged = event(task, 3)
    sql("UPDATE tracker_event SET act = 'submit' WHERE id = %s", forged.pk)
    return forged.pk


def move_in_time(task: Task) -> int:
    forged = event(task, 3)
    sql("UPDATE tracker_event SET at = %s WHERE id = %s", moment(date(2026, 1, 2)), forged.pk)
    return forged.pk


def delete_in_the_middle(task: Task) -> int:
    sql("DELETE FROM tracker_event WHERE id = %s", event(task, 3).pk)
    return event(task, 4).pk


def insert(task: Task) -> int:
    last = event(task, 5)
    body = canonical({**last.details, "sequence": 6, "act": "submit", "previous": last.hash})
    forged = Event(subject_kind="task", subject_id=task.pk, sequence=6, act="submit", at=last.at, body=body)
    forged.actor, forged.hash = last.actor, digest(body)
    forged.from_state, forged.to_state = last.from_state, last.to_state
    forged.save()
    return forged.pk


def swap(task: Task) -> int:
    one, other = event(task, 3), event(task, 4)
    for row, like in ((one, other), (other, one)):
        sql(
            "UPDATE tracker_event SET body = %s, hash = %s, at = %s WHERE id = %s",
            like.body,
            like.hash,
            like.at,
            row.pk,
        )
    return one.pk


def cut_the_tail(task: Task) -> int:
    sql("DELETE FROM tracker_event WHERE id = %s", event(task, 5).pk)
    return event(task, 4).pk


def hash_anew(task: Task) -> int:
    """Edit the third event and make every later one fit it."""
    previous = event(task, 2).hash
    for row in history(task).filter(sequence__gte=3):
        said = {**row.said, "progress": "早已完成"} if row.sequence == 3 else row.said
        body = canonical({**row.details, "said": said, "previous": previous})
        previous = digest(body)
        sql("UPDATE tracker_event SET body = %s, hash = %s WHERE id = %s", body, previous, row.pk)
    return event(task, 5).pk


FORGERIES = [
    edit,
    edit_with_its_hash,
    edit_a_column,
    move_in_time,
    delete_in_the_middle,
    insert,
    swap,
    cut_the_tail,
    hash_anew,
]


def put_back_an_old_backup(task: Task) -> None:
    """The newest event is gone and the subject's row fits what is left: the chain itself is whole again."""
    cut_the_tail(task)
    left = event(task, 4)
    sql("UPDATE tracker_task SET event_count = 4, event_head = %s WHERE id = %s", left.hash, task.pk)


def remove_the_whole_chain(task: Task) -> None:
    sql("DELETE FROM tracker_event WHERE subject_kind = 'task' AND subject_id = %s", task.pk)
    sql("DELETE FROM tracker_notice WHERE task_id = %s", task.pk)
    sql("DELETE FROM tracker_task WHERE id = %s", task.pk)


def hash_anew_with_the_row(task: Task) -> None:
    hash_anew(task)
    sql("UPDATE tracker_task SET event_head = %s WHERE id = %s", event(task, 5).hash, task.pk)


def exit_code(*options: str) -> int:
    try:
        call_command("verify_events", *options)
    except SystemExit as leaving:
        return int(leaving.code or 0)
    return 0


def test_an_honest_history_is_whole(task):
    verified = verify_history()
    assert verified.breaks == []
    assert verified.events == Event.objects.count()
    assert verified.events > 5


def test_pages_do_not_matter(task, monkeypatch):
    whole = verify_history()
    for size in (1, 2, 3):
        monkeypatch.setattr(verification, "PAGE", size)
        paged = verify_history()
        assert (paged.breaks, paged.events, paged.subjects) == ([], whole.events, whole.subjects)
        assert paged.anchored == whole.anchored


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_a_forgery_is_found_and_the_first_bad_event_named(task, forge: Callable[[Task], int], capsys):
    bad = forge(task)
    (found,) = verify_history().breaks
    assert (found.kind, found.subject, found.event) == ("task", task.pk, bad)
    assert exit_code() == 1
    assert str(bad) in capsys.readouterr().err


def test_a_subject_without_its_history_and_a_history_without_its_subject_are_found(task):
    sql("DELETE FROM tracker_event WHERE subject_kind = 'task' AND subject_id = %s", task.pk)
    (found,) = verify_history().breaks
    assert (found.kind, found.subject, found.event) == ("task", task.pk, 0)
    orphan = Event.objects.filter(subject_kind="task").get()
    sql("DELETE FROM tracker_notice WHERE task_id = %s", orphan.subject_id)
    sql("DELETE FROM tracker_task WHERE id = %s", orphan.subject_id)
    assert {(found.subject, found.event) for found in verify_history().breaks} == {
        (task.pk, 0),
        (orphan.subject_id, orphan.pk),
    }


def test_events_of_no_known_kind_are_found(task):
    forged = event(task, 1)
    forged.pk, forged.subject_kind = None, "nothing"
    forged.save(force_insert=True)
    (found,) = verify_history().breaks
    assert (found.kind, found.event) == ("nothing", forged.pk)


def test_an_anchor_is_written_once_and_stays_true_while_work_goes_on(task, tmp_path, capsys):
    path = tmp_path / "anchor"
    assert exit_code("--anchor", str(path)) == 0
    written = path.read_text()
    world_goes_on = {"progress": "接近完成", "percent": 80}
    from branches.access import Actor

    perform(
        task,
        "report",
        actor=Actor.on(task.handler, date(2026, 2, 10)),
        at=moment(date(2026, 2, 10)),
        given=world_goes_on,
    )
    assert exit_code("--anchor", str(path)) == 0
    assert path.read_text() == written
    with translation.override("zh-hans"):
        capsys.readouterr()
        exit_code("--anchor", str(path))
        assert "与锚定文件一致" in capsys.readouterr().out


@pytest.mark.parametrize(
    "forge",
    [put_back_an_old_backup, remove_the_whole_chain, hash_anew_with_the_row],
    ids=lambda forge: forge.__name__,
)
def test_only_the_anchor_sees_what_was_made_to_fit(task, tmp_path, forge, capsys):
    path = tmp_path / "anchor"
    exit_code("--anchor", str(path))
    forge(task)
    assert verify_history().breaks == [], "the control: without the anchor it passes"
    assert exit_code() == 0
    assert exit_code("--anchor", str(path)) == 1
    first_of_its_block = task.pk // verification.BLOCK * verification.BLOCK
    assert f"task {first_of_its_block} " in capsys.readouterr().err


@pytest.mark.parametrize("change", ["flip", "unsigned", "empty", "folder"])
def test_an_anchor_that_was_tampered_with_cannot_be_checked(task, tmp_path: Path, change, capsys, settings):
    path = tmp_path / "anchor"
    exit_code("--anchor", str(path))
    line = path.read_text()
    match change:
        case "flip":
            path.write_text(line.replace('"events":', '"events":1', 1))
        case "unsigned":
            path.write_text(json.dumps({"last": 1, "events": 1, "subjects": 1, "blocks": {}}))
        case "empty":
            path.write_text("")
        case "folder":
            path.unlink()
            path.mkdir()
    capsys.readouterr()
    assert exit_code("--anchor", str(path)) == 2
    assert str(path) in capsys.readouterr().err


def test_an_anchor_of_another_key_is_refused(task, tmp_path, settings):
    path = tmp_path / "anchor"
    exit_code("--anchor", str(path))
    settings.SECRET_KEY = "another site's key"
    assert exit_code("--anchor", str(path)) == 2


def test_no_anchor_is_written_of_a_broken_history_or_to_nowhere(task, tmp_path):
    assert exit_code("--anchor", str(tmp_path / "nowhere" / "anchor")) == 2
    edit(task)
    path = tmp_path / "anchor"
    assert exit_code("--anchor", str(path)) == 1
    assert not path.exists()


def test_an_act_between_two_pages_is_no_forgery(task, monkeypatch):
    """The events are read, then somebody reports, then the heads are read: the chain is looked at again."""
    from branches.access import Actor

    original = verification._heads

    def heads_after_an_act(model):
        if model is Task:
            perform(
                task,
                "report",
                actor=Actor.on(task.handler, date(2026, 2, 10)),
                at=moment(date(2026, 2, 10)),
                given={"progress": "接近完成", "percent": 80},
            )
        return original(model)

    rows = list(verification._events("task"))
    monkeypatch.setattr(verification, "_heads", heads_after_an_act)
    events = verification._events
    monkeypatch.setattr(
        verification,
        "_events",
        lambda kind, subject=None: (
            iter(rows) if kind == "task" and subject is None else events(kind, subject=subject)
        ),
    )
    assert verify_history().breaks == []
