"""Evidence: what is taken and refused, how it is named, and how it is given out."""

from __future__ import annotations

import sys
from datetime import date

import pytest
import time_machine
from django.contrib.admin import site
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.clock import moment
from common.errors import NotAllowed, Refused
from tests.factories import (
    World,
    acknowledged,
    actor_at,
    make_finding,
    make_post,
    make_source,
    make_task,
    submitted,
)
from tracker.evidence import attach, safe_name
from tracker.models import Evidence, StoredFile, Task
from tracker.proposals import propose
from tracker.scanning import scan_due
from tracker.transitions import perform

pytestmark = pytest.mark.django_db
NOW = moment(date(2026, 3, 24), 10)
PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


@pytest.fixture
def task(world) -> Task:
    return acknowledged(world, make_task(world))


@pytest.fixture(autouse=True)
def _in_march():
    with time_machine.travel(NOW, tick=False):
        yield


def put(world: World, task: Task, content: bytes = PNG, name: str = "会议照片.png") -> Task:
    return attach(task, upload=ContentFile(content, name), actor=world.secretary, at=NOW)


def content_of(response) -> bytes:
    content = b"".join(response.streaming_content)
    for close in response._resource_closers:  # response.close() would close the test's database, too
        close()
    return content


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "empty.png", "空"),
        (b"MZ\x90\x00 program", "photo.png", "不符"),
        (b"<html><script>1</script>", "page.pdf", "不符"),
        (PNG, "photo.pdf", "不符"),
        (PNG, "photo.html", "不符"),
        (PNG, "photo", "不符"),
    ],
)
def test_what_is_not_what_its_name_says_is_refused_in_words(world, task, content, name, says):
    with pytest.raises(Refused) as refusal:
        put(world, task, content, name)
    assert says in str(refusal.value)
    assert (Evidence.objects.count(), StoredFile.objects.count()) == (0, 0)
    assert Task.objects.get(pk=task.pk).version == task.version


def test_a_file_over_the_limit_is_refused(world, task, monkeypatch):
    monkeypatch.setattr("tracker.evidence.MAX_BYTES", 10)
    with pytest.raises(Refused) as refusal:
        put(world, task)
    assert "50 MB" in str(refusal.value)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.png", "passwd.png"),
        ("C:\\Users\\me\\照片.png", "照片.png"),
        ("a\x00b\r\nSet-Cookie.png", "abSet-Cookie.png"),
        ("\u202egnp.exe.png", "gnp.exe.png"),
        ("长" * 300 + ".png", "长" * 116 + ".png"),
    ],
)
def test_names_are_kept_without_paths_and_tricks(world, task, given, kept):
    assert safe_name(given) == kept
    put(world, task, PNG, given)
    assert Evidence.objects.get().name == kept


def test_one_content_is_stored_once_and_attached_once_to_a_task(world, task):
    put(world, task)
    with pytest.raises(Refused):
        put(world, Task.objects.get(pk=task.pk), PNG, "另一个名字.png")
    other = acknowledged(world, make_task(world))
    put(world, other)
    assert (StoredFile.objects.count(), Evidence.objects.count()) == (1, 2)


def test_only_the_unit_and_the_responsible_person_attach_and_only_while_in_hand(world, task):
    with pytest.raises(NotAllowed):
        attach(task, upload=ContentFile(PNG, "a.png"), actor=world.reviewer, at=NOW)
    waiting = submitted(world, make_task(world))
    with pytest.raises(Refused):
        put(world, waiting)


def test_several_files_are_each_taken_or_refused_by_themselves(client, world, task):
    client.force_login(world.secretary.user)
    files = [SimpleUploadedFile("好的.png", PNG), SimpleUploadedFile("坏的.png", b"not a picture")]
    response = client.post(f"/tasks/{task.pk}/evidence/", {"files": files}, follow=True)
    said = [str(message) for message in response.context["messages"]]
    assert [item.name for item in Evidence.objects.all()] == ["好的.png"]
    assert (len(said), "坏的.png" in said[0], said[1]) == (2, True, "已上传 1 个文件")


def test_sending_no_file_says_so(client, world, task):
    client.force_login(world.secretary.user)
    response = client.post(f"/tasks/{task.pk}/evidence/", follow=True)
    assert [str(message) for message in response.context["messages"]] == ["请先选择文件或拍照。"]


def test_text_and_photos_go_in_together(client, world):
    task = acknowledged(world, make_task(world, evidence_required=True))
    client.force_login(world.secretary.user)
    given = {
        "version": task.version,
        "progress": "已召开大会",
        "files": [SimpleUploadedFile("一.png", PNG), SimpleUploadedFile("二.png", PNG + b"2")],
    }
    assert client.post(f"/tasks/{task.pk}/submit/", given).status_code == 303
    assert Task.objects.get(pk=task.pk).state == Task.State.SUBMITTED
    assert [item.name for item in Evidence.objects.order_by("pk")] == ["一.png", "二.png"]


def test_a_refused_photo_leaves_the_submission_undone_and_its_text_kept(client, world):
    task = acknowledged(world, make_task(world, evidence_required=True))
    client.force_login(world.secretary.user)
    given = {
        "version": task.version,
        "progress": "已召开大会，全员参加",
        "files": SimpleUploadedFile("假的.png", b"x"),
    }
    response = client.post(f"/tasks/{task.pk}/submit/", given)
    text = response.content.decode()
    assert response.status_code == 400
    assert "假的.png" in text
    assert "已召开大会，全员参加" in text
    assert Task.objects.get(pk=task.pk).state == Task.State.ACTIVE


def test_a_file_is_given_out_as_a_download_with_safe_headers(client, world, task):
    put(world, task)
    client.force_login(world.reviewer.user)
    response = client.get(f"/tasks/{task.pk}/evidence/{Evidence.objects.get().pk}/")
    assert b"".join(response.streaming_content) == PNG
    response.close()
    assert response["Content-Disposition"].lower().startswith("attachment; filename*=utf-8''%e4%bc%9a")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert (response["Content-Type"], response["Cache-Control"]) == ("image/png", "private, no-cache")


def test_a_file_is_only_for_those_who_see_the_task_and_only_under_its_own_task(client, world, task):
    put(world, task)
    address = f"/tasks/{task.pk}/evidence/{Evidence.objects.get().pk}/"
    for actor in (world.other_secretary, actor_at(world.top, "AUDITOR")):
        client.force_login(actor.user)
        assert client.get(address).status_code == 404
    make_post(world.other_branch, "MEMBER")
    mine = make_task(world)
    client.force_login(world.secretary.user)
    assert client.get(f"/tasks/{mine.pk}/evidence/{Evidence.objects.get().pk}/").status_code == 404
    client.logout()
    assert client.get(address).status_code == 302


def test_a_newer_version_takes_the_place_of_the_earlier_one_which_stays_to_be_read(client, world, task):
    put(world, task, PNG, "第一稿.png")
    first = Evidence.objects.get()
    client.force_login(world.secretary.user)
    address = f"/tasks/{task.pk}/evidence/"
    files = SimpleUploadedFile("第二稿.png", PNG + b"2")
    answer = client.post(address, {"files": files, "replaces": first.pk}, follow=True)
    first.refresh_from_db()
    second = Evidence.objects.exclude(pk=first.pk).get()
    assert (first.replaced_by, list(Evidence.objects.current())) == (second, [second])
    page = answer.content.decode()
    assert "1 个历史版本" in page
    assert f"{address}{first.pk}/" in page
    assert (page.count("替换的文件"), "第一稿.png" in page) == (1, True)
    assert content_of(client.get(f"{address}{first.pk}/")) == PNG
    third = SimpleUploadedFile("第三稿.png", PNG + b"3")
    answer = client.post(address, {"files": third, "replaces": first.pk}, follow=True)
    assert "已被替换" in str(next(iter(answer.context["messages"])))
    assert Evidence.objects.count() == 2
    # going back to the first content is a newer version, too
    assert client.post(address, {"files": SimpleUploadedFile("第一稿.png", PNG), "replaces": second.pk})
    assert [item.name for item in Evidence.objects.current()] == ["第一稿.png"]
    assert Evidence.objects.count() == 3


def test_evidence_of_another_task_is_not_replaced_and_several_files_replace_none(client, world, task):
    other = acknowledged(world, make_task(world))
    put(world, other, PNG)
    client.force_login(world.secretary.user)
    address, foreign = f"/tasks/{task.pk}/evidence/", Evidence.objects.get()
    client.post(address, {"files": SimpleUploadedFile("a.png", PNG + b"a"), "replaces": foreign.pk})
    put(world, Task.objects.get(pk=task.pk), PNG + b"b")
    two = [SimpleUploadedFile(f"{name}.png", PNG + name) for name in (b"c", b"d")]
    client.post(address, {"files": two, "replaces": task.evidence.get().pk})
    assert Evidence.objects.filter(replaced_by__isnull=False).count() == 0
    assert (task.evidence.count(), other.evidence.count()) == (1, 1)


def test_the_page_of_a_task_asks_the_same_number_of_questions_for_one_and_three_files(client, world, task):
    client.force_login(world.secretary.user)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(f"/tasks/{task.pk}/").status_code == 200
        return len(found)

    task = put(world, task, PNG + b"1")
    queries()
    few = queries()
    for number in (b"2", b"3"):
        task = attach(
            task,
            upload=ContentFile(PNG + number, "n.png"),
            actor=world.secretary,
            at=NOW,
            replaces=Evidence.objects.current().first().pk if number == b"3" else None,
        )
    assert queries() == few


@pytest.mark.parametrize(
    ("setting", "most", "says"),
    [
        ("EVIDENCE_TASK_MB", 1, "此处佐证材料将超过 1 MB"),
        ("EVIDENCE_ORGANIZATION_MB", 1, "本单位佐证材料将超过 1 MB"),
        ("EVIDENCE_FILES_A_DAY", 2, "今天已上传 2 个文件"),
    ],
)
def test_each_quota_is_reached_and_one_more_is_refused_in_words(world, task, settings, setting, most, says):
    half = 512 * 1024
    for name in ("EVIDENCE_TASK_MB", "EVIDENCE_ORGANIZATION_MB", "EVIDENCE_FILES_A_DAY"):
        setattr(settings, name, most if name == setting else 0)
    for number in (b"1", b"2"):
        task = put(world, task, PNG + number + b"x" * (half - len(PNG) - 1))
    with pytest.raises(Refused) as refusal:
        put(world, task, PNG)
    assert (says in str(refusal.value), refusal.value.code) == (True, "no_room")
    assert (Evidence.objects.count(), StoredFile.objects.count()) == (2, 2)
    setattr(settings, setting, 0)
    put(world, task, PNG)
    assert Evidence.objects.count() == 3


def test_a_content_counts_once_for_an_organization_however_often_it_is_attached(world, task, settings):
    settings.EVIDENCE_ORGANIZATION_MB = 1
    content = PNG + b"x" * (1024 * 1024 - len(PNG))
    put(world, task, content)
    other = acknowledged(world, make_task(world))
    put(world, other, content)
    with pytest.raises(Refused):
        put(world, Task.objects.get(pk=other.pk), PNG)
    finding = make_finding(world, state="RECTIFYING")
    with pytest.raises(Refused):
        attach(finding, upload=ContentFile(PNG, "a.png"), actor=world.secretary, at=NOW)


def test_the_quota_holds_for_an_act_that_comes_past_the_door(world, task, settings):
    put(world, acknowledged(world, make_task(world)), PNG)
    settings.EVIDENCE_FILES_A_DAY = 1
    given = {"file": StoredFile.objects.get(), "name": "a.png"}
    with pytest.raises(Refused) as refusal:
        perform(task, "attach", actor=world.secretary, at=NOW, given=given)
    assert refusal.value.code == "not_ready"
    assert task.evidence.count() == 0


def test_a_file_that_was_cut_short_in_the_store_is_put_right_by_the_next_upload(world, task):
    put(world, task)
    file = StoredFile.objects.get()
    default_storage.delete(file.place)
    default_storage.save(file.place, ContentFile(b""))
    put(world, acknowledged(world, make_task(world)))
    with file.open() as kept:
        assert kept.read() == PNG


def test_no_path_of_a_file_is_needed(client, world, settings, tmp_path):
    """The same doors on a store that has no folders: what S3 is to the product."""
    memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": memory}
    settings.MEDIA_ROOT = tmp_path / "nothing"
    settings.EVIDENCE_SCANNER = [sys.executable, "-c", "import sys; assert open(sys.argv[-1], 'rb').read()"]
    task = acknowledged(world, make_task(world, evidence_required=True))
    put(world, task)
    assert isinstance(default_storage._wrapped, InMemoryStorage)
    assert (scan_due(at=NOW), StoredFile.objects.get().scan) == (1, "CLEAN")
    client.force_login(world.reviewer.user)
    item = Evidence.objects.get()
    assert content_of(client.get(f"/tasks/{task.pk}/evidence/{item.pk}/")) == PNG
    assert not (tmp_path / "nothing").exists()


def test_missing_evidence_is_refused_on_the_page_the_api_the_verb_and_there_is_no_other_door(client, world):
    """Versions that were replaced and files with a virus do not count either."""
    task = acknowledged(world, make_task(world, evidence_required=True, evidence_note="会议照片"))
    client.force_login(world.secretary.user)
    said = "会议照片"
    page = client.post(f"/tasks/{task.pk}/submit/", {"version": task.version, "progress": "已完成"})
    assert (page.status_code, said in page.content.decode()) == (400, True)
    answer = client.post(
        f"/api/v1/tasks/{task.pk}/acts/submit/",
        {"progress": "已完成"},
        content_type="application/json",
        headers={"If-Match": f'"{task.version}"'},
    )
    assert (answer.status_code, answer.json()["code"], said in answer.json()["message"]) == (
        400,
        "not_ready",
        True,
    )
    with pytest.raises(Refused):
        perform(task, "submit", actor=world.secretary, at=NOW, given={"progress": "已完成"})
    registered = {model._meta.label for model in site._registry}
    assert not registered & {"tracker.Task", "tracker.Evidence", "tracker.StoredFile", "tracker.Finding"}
    assert Task.objects.get(pk=task.pk).state == Task.State.ACTIVE


def test_a_rule_that_is_made_needs_its_procedure_as_the_second_deliverable(world):
    note = "谈心谈话制度；工作推进和责任考核细则"
    task = acknowledged(world, make_task(world, evidence_required=True, evidence_note=note))
    task = put(world, task, PNG, "谈心谈话制度.png")
    with pytest.raises(Refused) as refusal:
        perform(task, "submit", actor=world.secretary, at=NOW, given={"progress": "已印发"})
    assert "需上传 2 份佐证材料，现有 1 份" in str(refusal.value)
    first = task.evidence.get().pk
    newer = attach(
        task,
        upload=ContentFile(PNG + b"2", "谈心谈话制度.png"),
        actor=world.secretary,
        at=NOW,
        replaces=first,
    )
    with pytest.raises(Refused):
        perform(newer, "submit", actor=world.secretary, at=NOW, given={"progress": "已印发"})
    newer = put(world, newer, PNG + b"3", "细则.png")
    done = perform(newer, "submit", actor=world.secretary, at=NOW, given={"progress": "已印发"})
    assert done.state == Task.State.SUBMITTED


def test_a_proposed_measure_that_makes_a_rule_asks_for_its_procedure_from_the_start(world):
    source = make_source(world, text="一、要求\n要制定《谈心谈话实施办法》。\n要制定年度工作计划。\n")
    notes = [proposal.fields()["evidence_note"] for proposal in propose(source)]
    assert notes == ["《谈心谈话实施办法》；工作推进和责任考核细则", ""]
