"""The scanner: what it is asked, what its answers change, and how long it is asked again."""

from __future__ import annotations

import sys
from datetime import date, timedelta

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from common.clock import moment
from common.errors import NotAllowed, Refused
from tests.factories import World, acknowledged, make_finding, make_task, submitted
from tracker import scanning
from tracker.evidence import attach, open_file
from tracker.models import Evidence, Notice, StoredFile, Task
from tracker.notices import sentence_of
from tracker.scanning import MAX_TRIES, PAUSES, scan_again, scan_due
from tracker.transitions import perform

pytestmark = pytest.mark.django_db
NOW = moment(date(2026, 3, 24), 10)
CLEAN = b"\x89PNG\r\n\x1a\n" + b"a meeting"
EVIL = b"\x89PNG\r\n\x1a\n" + b"TEST-VIRUS"
SCANNER = """
import sys, time
content = open(sys.argv[-1], "rb").read()
open({log!r}, "a").write("asked\\n")
if b"TEST-VIRUS" in content:
    print(sys.argv[-1] + ": Test-Signature FOUND")
    sys.exit(1)
sys.exit(0)
"""


@pytest.fixture(autouse=True)
def _in_march():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def log(tmp_path, settings):
    """A scanner is set; the lines of its log say how often it was asked."""
    log = tmp_path / "asked"
    log.touch()
    script = tmp_path / "scanner.py"
    script.write_text(SCANNER.format(log=str(log)))
    settings.EVIDENCE_SCANNER = [sys.executable, str(script)]
    return log


def put(world: World, task: Task, content: bytes = CLEAN, name: str = "照片.png") -> Evidence:
    after = attach(task, upload=ContentFile(content, name), actor=world.secretary, at=NOW)
    return Evidence.objects.filter(task=after).latest("pk")


def get(client, actor, item: Evidence) -> tuple[int, str]:
    client.force_login(actor.user)
    response = client.get(f"/tasks/{item.task_id}/evidence/{item.pk}/")
    if response.streaming:
        for close in response._resource_closers:  # response.close() would close the test's database, too
            close()
        return response.status_code, ""
    return response.status_code, response.content.decode()


def test_without_a_scanner_files_are_not_scanned_and_given_out(client, world):
    item = put(world, acknowledged(world, make_task(world)))
    assert (scan_due(at=NOW), item.file.scan) == (0, "NOT_SCANNED")
    assert get(client, world.reviewer, item)[0] == 200


def test_a_waiting_file_is_attached_but_given_only_to_who_attached_it_until_it_is_clean(client, world, log):
    item = put(world, acknowledged(world, make_task(world)))
    assert item.file.scan == "WAITING"
    status, text = get(client, world.reviewer, item)
    assert (status, "尚未查毒，请过几分钟再试" in text) == (403, True)
    assert get(client, world.secretary, item)[0] == 200
    assert "待查毒" in client.get(f"/tasks/{item.task_id}/").content.decode()
    assert scan_due(at=NOW) == 1
    assert StoredFile.objects.get().scan == "CLEAN"
    assert get(client, world.reviewer, item)[0] == 200


def test_one_content_is_scanned_once_however_often_it_is_attached(world, log):
    put(world, acknowledged(world, make_task(world)))
    scan_due(at=NOW)
    item = put(world, acknowledged(world, make_task(world)))
    assert (item.file.scan, scan_due(at=NOW), log.read_text()) == ("CLEAN", 0, "asked\n")


def test_an_infected_file_is_given_to_nobody_says_so_and_is_told_to_uploader_clerk_and_office(
    client, world, log
):
    item = put(world, acknowledged(world, make_task(world)), EVIL, "坏.png")
    scan_due(at=NOW)
    file = StoredFile.objects.get()
    assert (file.scan, file.scan_said) == ("INFECTED", "Test-Signature FOUND")
    for actor in (world.secretary, world.reviewer):
        status, text = get(client, actor, item)
        assert (status, "查出病毒，不予提供下载" in text) == (403, True)
        assert "含病毒" in client.get(f"/tasks/{item.task_id}/").content.decode()
    with pytest.raises(NotAllowed):
        open_file(file)
    told = Notice.objects.filter(kind="infected")
    assert {notice.recipient_id for notice in told} == {world.secretary.user.pk, world.office.user.pk}
    assert "坏.png" in sentence_of(told.first())


def test_an_infected_file_stays_withheld_when_the_scanner_is_switched_off(client, world, log, settings):
    item = put(world, acknowledged(world, make_task(world)), EVIL)
    scan_due(at=NOW)
    settings.EVIDENCE_SCANNER = []
    assert get(client, world.reviewer, item)[0] == 403


def test_an_infected_file_does_not_count_for_handing_in_nor_for_approval(world, log):
    task = acknowledged(world, make_task(world, evidence_required=True))
    put(world, task, EVIL)
    waiting = submitted(world, Task.objects.get(pk=task.pk))
    scan_due(at=NOW)
    with pytest.raises(Refused) as refusal:
        perform(waiting, "approve", actor=world.reviewer, at=NOW, given={})
    assert "佐证材料" in str(refusal.value)
    again = perform(waiting, "return", actor=world.reviewer, at=NOW, given={"reason": "重传"})
    with pytest.raises(Refused):
        perform(again, "submit", actor=world.secretary, at=NOW, given={"progress": "已完成"})
    assert Task.objects.get(pk=task.pk).state == Task.State.ACTIVE
    put(world, again)
    done = perform(again, "submit", actor=world.secretary, at=NOW, given={"progress": "已完成"})
    assert done.state == Task.State.SUBMITTED


def test_a_content_known_as_infected_is_not_attached_anywhere_else(world, log):
    put(world, acknowledged(world, make_task(world)), EVIL)
    scan_due(at=NOW)
    with pytest.raises(Refused) as refusal:
        put(world, acknowledged(world, make_task(world)), EVIL, "无害.png")
    assert "查出病毒" in str(refusal.value)
    assert Evidence.objects.count() == 1


def test_infected_proof_of_a_finding_is_told_with_a_way_to_it(world, log):
    finding = make_finding(world, state="RECTIFYING")
    attach(finding, upload=ContentFile(EVIL, "坏.png"), actor=world.secretary, at=NOW)
    scan_due(at=NOW)
    told = Notice.objects.filter(kind="infected", recipient=world.secretary.user).get()
    assert (told.task, told.data["url"]) == (None, f"/findings/{finding.pk}/")
    with pytest.raises(Refused):
        perform(
            type(finding).objects.get(pk=finding.pk),
            "submit",
            actor=world.secretary,
            at=NOW,
            given={"progress": "已整改"},
        )


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ([sys.executable, "-c", "import sys; print('no database'); sys.exit(2)"], "no database"),
        ([sys.executable, "-c", "import sys; sys.exit(40)"], "exit code 40"),
        (["/nowhere/scanner"], "FileNotFoundError"),
        ([sys.executable, "-c", "import time; time.sleep(9)"], "no answer within 1 s"),
    ],
)
def test_a_scan_that_fails_is_put_off_and_nothing_is_given_out_meanwhile(
    client, world, settings, command, said
):
    settings.EVIDENCE_SCANNER, settings.EVIDENCE_SCANNER_SECONDS = command, 1
    item = put(world, acknowledged(world, make_task(world)))
    assert scan_due(at=NOW) == 1
    file = StoredFile.objects.get()
    assert (file.scan, file.scan_tries) == ("WAITING", 1)
    assert said in file.scan_said
    assert file.scan_after is not None
    assert PAUSES[0] <= file.scan_after - NOW < PAUSES[0] + timedelta(seconds=9)
    assert scan_due(at=NOW) == 0
    assert get(client, world.reviewer, item)[0] == 403


def test_it_is_tried_a_bounded_number_of_times_and_again_when_somebody_asks(client, world, settings, log):
    working = settings.EVIDENCE_SCANNER
    settings.EVIDENCE_SCANNER = ["/nowhere/scanner"]
    item = put(world, acknowledged(world, make_task(world)))
    at, tries = NOW, 0
    while found := scan_due(at=at):
        tries, at = tries + found, at + timedelta(hours=3)
    file = StoredFile.objects.get()
    assert (tries, file.scan, file.scan_tries) == (MAX_TRIES, "FAILED", MAX_TRIES)
    status, text = get(client, world.reviewer, item)
    assert (status, "查毒未能完成" in text) == (403, True)
    settings.EVIDENCE_SCANNER = working
    assert scan_due(at=at) == 0
    call_command("scan_evidence", again=True)
    assert StoredFile.objects.get().scan == "CLEAN"
    assert scan_again() == 0


def test_a_file_that_kills_its_worker_each_time_is_given_up(world, log, monkeypatch):
    put(world, acknowledged(world, make_task(world)))

    def die(file):
        raise SystemExit

    monkeypatch.setattr(scanning, "scan", die)
    at = NOW
    for _try in range(MAX_TRIES):
        with pytest.raises(SystemExit):
            scan_due(at=at)
        assert scan_due(at=at) == 0, "its lease still holds"
        at += timedelta(minutes=3)
    assert (scan_due(at=at), StoredFile.objects.get().scan) == (1, "FAILED")


def test_what_was_stored_before_there_was_a_scanner_is_scanned_and_withheld_until_then(
    client, world, log, settings
):
    working, settings.EVIDENCE_SCANNER = settings.EVIDENCE_SCANNER, []
    item = put(world, acknowledged(world, make_task(world)))
    settings.EVIDENCE_SCANNER = working
    assert get(client, world.reviewer, item)[0] == 403
    assert scan_due(at=NOW) == 1
    assert get(client, world.reviewer, item)[0] == 200


def test_a_missing_content_is_a_failed_scan(world, log):
    item = put(world, acknowledged(world, make_task(world)))
    item.file.open().close()
    from django.core.files.storage import default_storage

    default_storage.delete(item.file.place)
    assert scan_due(at=NOW) == 1
    assert StoredFile.objects.get().scan_said == "FileNotFoundError"


def test_programs_meet_the_same_doors(client, world, log):
    task = acknowledged(world, make_task(world))
    first = put(world, task, EVIL, "坏.png")
    address = f"/api/v1/tasks/{task.pk}/evidence/"
    client.force_login(world.reviewer.user)
    waiting = client.get(f"{address}{first.pk}/")
    assert (waiting.status_code, waiting.json()["code"]) == (403, "withheld")
    scan_due(at=NOW)
    client.force_login(world.secretary.user)
    assert client.get(f"{address}{first.pk}/").status_code == 403
    newer = {"file": SimpleUploadedFile("好.png", CLEAN), "replaces": first.pk}
    made = client.post(address, newer)
    assert made.status_code == 201, made.content
    listed = {row["name"]: (row["scan"], row["replaced_by"]) for row in client.get(address).json()}
    assert listed == {"坏.png": ("INFECTED", made.json()["id"]), "好.png": ("WAITING", None)}
    again = client.post(address, {"file": SimpleUploadedFile("三.png", CLEAN + b"3"), "replaces": first.pk})
    assert (again.status_code, Evidence.objects.count()) == (400, 2)
