"""Evidence: what is taken and refused, how it is named, and how it is given out."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from common.clock import moment
from common.errors import NotAllowed, Refused
from tests.factories import World, acknowledged, actor_at, make_post, make_task, submitted
from tracker.evidence import attach, safe_name
from tracker.models import Evidence, StoredFile, Task

pytestmark = pytest.mark.django_db
NOW = moment(date(2026, 3, 24), 10)
PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def task(world) -> Task:
    return acknowledged(world, make_task(world))


@pytest.fixture(autouse=True)
def _in_march():
    with time_machine.travel(NOW, tick=False):
        yield


def put(world: World, task: Task, content: bytes = PNG, name: str = "会议照片.png") -> Task:
    return attach(task, upload=ContentFile(content, name), actor=world.secretary, at=NOW)


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
