"""The sample committee: lively, complete in its states, and the same for the same seed and day."""

from __future__ import annotations

import json
import stat
from datetime import date, timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from pypdf import PdfReader

from branches.models import Organization, User
from common.clock import moment
from tests.factories import make_organization
from tracker.demo.build import Story, build_demo
from tracker.demo.city import build_city
from tracker.demo.diary import Diary
from tracker.demo.files import paper, picture
from tracker.demo.words import FOLDER
from tracker.models import Event, Reminder, Source, Task


def _history() -> str:
    """A digest of all events by what people see of them: no row numbers, which differ between databases."""
    tasks = {
        t.pk: f"{t.measure.title}/{t.organization.code}/{t.occurrence}"
        for t in Task.objects.select_related("measure", "organization")
    }
    said = sha256()
    for event in Event.objects.order_by("at", "pk").select_related("actor"):
        what = tasks.get(event.subject_id, "") if event.subject_kind == "task" else ""
        who = event.actor.name if event.actor else ""
        line = f"{event.at.isoformat()} {event.subject_kind} {what} {event.act} {who} {event.from_state} {event.to_state}"
        said.update(line.encode())
        if event.act in {"report", "submit", "return", "record"}:
            said.update(
                str(event.said.get("progress") or event.said.get("reason") or event.said.get("fact")).encode()
            )
    return said.hexdigest()


def _build(**changed) -> None:
    given: dict[str, Any] = {"branches": 2, "seed": "3", "at": moment(date(2026, 7, 3), 18)}
    build_demo(**(given | changed))


@pytest.fixture
def unreminded(monkeypatch) -> None:
    """Without reminders, which cost most of the time and matter to none of these tests."""
    monkeypatch.setattr(Story, "_remind", lambda story, at: None)


@pytest.mark.django_db
def test_the_same_seed_and_day_give_the_same_history(monkeypatch):
    monkeypatch.setattr("tracker.demo.build.DAILY_SWEEPS", timedelta(days=3))
    digests = []
    for _time in range(2):
        with transaction.atomic():
            _build()
            digests.append((_history(), Event.objects.count(), Reminder.objects.count()))
            transaction.set_rollback(True)
    assert digests[0] == digests[1]
    assert digests[0][1] > 100
    assert digests[0][2] > 0


@pytest.mark.django_db
def test_another_seed_gives_other_people():
    names = []
    for seed in ("3", "4"):
        with transaction.atomic():
            build_city(branches=3, seed=seed, began=date(2026, 1, 1), turn=date(2026, 4, 1))
            names.append(list(User.objects.order_by("pk").values_list("name", flat=True)))
            transaction.set_rollback(True)
    assert names[0] != names[1]


def test_a_database_with_organizations_is_refused_and_left_alone(db):
    make_organization("WORK_COMMITTEE")
    with pytest.raises(CommandError, match="已有党组织"):
        call_command("demo", "--branches", "3", "--at", "2026-01-10", verbosity=0)
    assert (Organization.objects.count(), User.objects.count(), Event.objects.count()) == (1, 0, 0)


def test_the_command_writes_accounts_that_open_and_only_the_owner_can_read(
    db, unreminded, settings, tmp_path, capsys
):
    settings.VAR_DIR = tmp_path
    call_command("demo", "--branches", "1", "--at", "2026-01-20", verbosity=0)
    file = tmp_path / "accounts.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    accounts = json.loads(file.read_text(encoding="utf-8"))
    assert [a["username"] for a in accounts] == [
        "clerk",
        "secretary",
        "leader",
        "reviewer",
        "inspector",
        "admin",
    ]
    said = capsys.readouterr().out
    for account in accounts:
        assert User.objects.get(username=account["username"]).check_password(account["password"])
        assert f"{account['username']} / {account['password']}" in said
    others = User.objects.exclude(username__in=[a["username"] for a in accounts])
    assert others.exists()
    assert not any(user.has_usable_password() for user in others[:5])


def test_speeches_of_a_folder_are_read_instead(db, unreminded, tmp_path):
    text = (FOLDER / "speeches" / "minutes.txt").read_text(encoding="utf-8")
    (tmp_path / "a.txt").write_text(f"关于近期工作的讲话\n{text}", encoding="gb18030")
    _build(branches=2, at=moment(date(2026, 8, 3), 18), sources=tmp_path)
    assert Source.objects.filter(dated__month=1).get().text.startswith("关于近期工作的讲话")
    assert Task.objects.filter(measure__plan__period="2026H1", state=Task.State.DONE).exists()


def test_a_folder_with_an_unreadable_file_names_it(db, tmp_path):
    (tmp_path / "broken.docx").write_bytes(b"PK\x03\x04 not a document")
    with pytest.raises(CommandError, match=r"broken\.docx"):
        call_command("demo", "--branches", "2", "--at", "2026-08-03", "--sources", str(tmp_path), verbosity=0)


def test_the_tree_has_as_many_branches_as_asked_for(db):
    build_city(branches=23, seed="1", began=date(2026, 1, 1), turn=date(2026, 4, 1))
    kinds = list(Organization.objects.values_list("kind", flat=True))
    assert kinds.count("BRANCH") == 23
    assert kinds.count("WORK_COMMITTEE") == 1
    assert kinds.count("LEADING_GROUP") == kinds.count("COMMITTEE") == 2


def test_equal_evidence_has_equal_bytes_and_opens_as_what_it_claims():
    assert picture("甲", 1).read() == picture("乙", 1).read() != picture("甲", 2).read()
    assert len(PdfReader(BytesIO(paper("甲", "会议纪要", ("一行",)).read())).pages) == 1


@pytest.mark.django_db
def test_the_diary_goes_by_moments_not_by_the_order_of_entry():
    done = []

    def life(name, *days):
        for day in days:
            at = yield moment(date(2026, 1, day))
            done.append((name, at.day))

    diary = Diary()
    diary.begin(life("late", 9, 3))
    diary.begin(life("early", 2, 20))
    diary.run(until=moment(date(2026, 1, 10)))
    # What should have been on the 3rd could only be done on the 9th.
    assert [name for name, _day in done] == ["early", "late", "late"]
