"""Each day the whole history is verified and anchored outside the database; what does not verify is told, not anchored."""

from __future__ import annotations

import logging
from datetime import UTC, date, timedelta

import pytest
import time_machine

from common.clock import moment
from common.errors import Refused
from tests.append_only import unguarded
from tests.factories import acknowledged, make_post, make_task, make_user
from tracker.anchor import anchor_day, read_anchor, write_anchor
from tracker.jobs import run_anchor
from tracker.models import Event, Notice, Task
from tracker.notices import sentence_of
from tracker.verification import verify_history

pytestmark = pytest.mark.django_db
AT = moment(date(2026, 3, 24), 3)


@pytest.fixture
def task(world) -> Task:
    return acknowledged(world, make_task(world))


def files(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def forge() -> None:
    with unguarded():
        Event.objects.filter(act="acknowledge").update(act="report")


def rewrite(task: Task) -> None:
    """Take the last event away and let the row fit, as somebody who knows the table would."""
    with unguarded():
        last = Event.objects.filter(subject_kind="task", subject_id=task.pk).order_by("sequence").last()
        assert last is not None
        before = Event.objects.get(subject_kind="task", subject_id=task.pk, sequence=last.sequence - 1)
        Event.objects.filter(pk=last.pk).delete()
    Task.objects.filter(pk=task.pk).update(event_count=before.sequence, event_head=before.hash)


def test_a_day_has_one_anchor_that_holds_the_whole_history(task, tmp_path):
    folder = tmp_path / "elsewhere" / "anchors"
    assert anchor_day(folder, at=AT) == []
    assert anchor_day(folder, at=AT + timedelta(hours=2)) is None
    assert files(folder) == ["anchor-2026-03-24"]
    assert read_anchor(folder / "anchor-2026-03-24").events == Event.objects.count()
    assert anchor_day(folder, at=AT + timedelta(days=1)) == []
    assert files(folder) == ["anchor-2026-03-24", "anchor-2026-03-25"]


def test_its_day_is_the_local_one_and_its_folder_nobody_elses(task, tmp_path):
    folder = tmp_path / "anchors"
    assert anchor_day(folder, at=AT.astimezone(UTC)) == []
    assert files(folder) == ["anchor-2026-03-24"]
    assert folder.stat().st_mode & 0o777 == 0o700


def test_an_anchor_that_is_there_is_never_overwritten(task, tmp_path):
    """As where two workers write at once: the second finds the file of the first."""
    path = tmp_path / "anchor"
    write_anchor(path, verify_history().anchored, at=AT)
    before = path.read_text()
    with pytest.raises(Refused):
        write_anchor(path, verify_history().anchored, at=AT + timedelta(hours=1))
    assert (path.read_text(), files(tmp_path)) == (before, ["anchor"])


def test_what_is_anchored_leaves_its_figures_in_the_log(task, tmp_path, caplog):
    with caplog.at_level(logging.INFO, "tracker.anchor"):
        anchor_day(tmp_path, at=AT)
    [line] = caplog.records
    told = vars(line)
    assert (line.message, told["file"]) == ("the history is anchored", "anchor-2026-03-24")
    assert (told["events"], told["wrong"]) == (Event.objects.count(), 0)


def test_what_does_not_verify_is_logged_and_not_anchored(task, tmp_path, caplog):
    forge()
    with caplog.at_level(logging.ERROR, "tracker.anchor"):
        wrong = anchor_day(tmp_path, at=AT)
    assert wrong is not None
    assert str(Event.objects.get(act="report").pk) in wrong[0]
    assert [record.message for record in caplog.records] == ["the history does not verify"]
    assert files(tmp_path) == []


def test_what_was_made_to_fit_since_yesterday_is_seen_by_its_anchor(task, tmp_path):
    assert anchor_day(tmp_path, at=AT) == []
    rewrite(task)
    assert anchor_day(tmp_path / "none", at=AT) == [], "the control: without yesterday's anchor it passes"
    assert anchor_day(tmp_path, at=AT + timedelta(days=1))
    assert files(tmp_path) == ["anchor-2026-03-24", "none"]


def test_the_newest_anchor_is_the_one_that_counts(world, tmp_path):
    task = make_task(world)
    assert anchor_day(tmp_path, at=AT) == []
    task = acknowledged(world, task)
    assert anchor_day(tmp_path, at=AT + timedelta(days=1)) == []
    rewrite(task)
    assert anchor_day(tmp_path, at=AT + timedelta(days=2)), "the older one alone does not see it:"
    (tmp_path / "anchor-2026-03-25").unlink()
    assert anchor_day(tmp_path, at=AT + timedelta(days=2)) == []


def test_the_auditors_of_the_root_hear_of_it_once_a_day(world, task, tmp_path, settings):
    settings.ANCHOR_DIR = tmp_path
    auditor = make_post(world.top, "AUDITOR").user
    make_post(world.top, "AUDITOR", user=auditor, since=date(2025, 1, 1))
    make_post(world.top, "AUDITOR", user=make_user(is_active=False))
    make_post(world.top, "AUDITOR", since=date(2026, 6, 1))
    make_post(world.committee, "AUDITOR")
    forge()
    for hour in (3, 4):
        with time_machine.travel(moment(date(2026, 3, 24), hour), tick=False):
            run_anchor()
    [notice] = Notice.objects.filter(kind="history_broken")
    assert notice.recipient == auditor
    assert str(notice.data["first"]) in sentence_of(notice)
    with time_machine.travel(moment(date(2026, 3, 25), 3), tick=False):
        run_anchor()
    assert Notice.objects.filter(kind="history_broken").count() == 2


def test_a_whole_history_is_told_to_nobody(world, task, tmp_path, settings):
    settings.ANCHOR_DIR = tmp_path
    make_post(world.top, "AUDITOR")
    run_anchor()
    assert len(files(tmp_path)) == 1
    assert not Notice.objects.filter(kind="history_broken").exists()


def test_a_folder_that_cannot_be_is_refused_in_words(task, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused):
        anchor_day(tmp_path / "file", at=AT)


def test_an_anchor_somebody_changed_is_refused_and_none_is_written(task, tmp_path):
    anchor_day(tmp_path, at=AT)
    path = tmp_path / "anchor-2026-03-24"
    path.write_text(path.read_text().replace('"events":', '"events":1', 1))
    with pytest.raises(Refused):
        anchor_day(tmp_path, at=AT + timedelta(days=1))
    assert files(tmp_path) == ["anchor-2026-03-24"]
