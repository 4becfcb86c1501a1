"""Where files lie: whole or not at all in a folder, and behind our own pages in a bucket."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from environs import Env

from common.clock import moment
from config.storage import FolderStorage, file_storage
from tests.factories import World, acknowledged, make_task
from tracker.evidence import attach
from tracker.models import Evidence

NOW = moment(date(2026, 3, 24), 10)
PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


class FullDisk(ContentFile):
    def chunks(self, chunk_size=None):
        yield b"half"
        raise OSError(28, "No space left on device")


def test_a_disk_that_fills_up_leaves_no_half_file(tmp_path):
    storage = FolderStorage(location=tmp_path)
    with pytest.raises(OSError, match="No space"):
        storage.save("a/b.pdf", FullDisk(b"whole"))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_file_is_kept_for_its_owner_alone_and_evades_an_occupied_name(tmp_path):
    storage = FolderStorage(location=tmp_path, file_permissions_mode=0o600)
    first = storage.save("a/b.pdf", ContentFile(b"1"))
    second = storage.save("a/b.pdf", ContentFile(b"2"))
    assert (first, second != first) == ("a/b.pdf", True)
    assert [(tmp_path / name).read_bytes() for name in (first, second)] == [b"1", b"2"]
    assert stat.S_IMODE((tmp_path / first).stat().st_mode) == 0o600
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == sorted(
        name.removeprefix("a/") for name in (first, second)
    )


def test_without_hard_links_it_is_kept_all_the_same(tmp_path, monkeypatch):
    def link(*args):
        raise PermissionError

    monkeypatch.setattr("config.storage.os.link", link)
    storage = FolderStorage(location=tmp_path)
    names = [storage.save("b.pdf", ContentFile(content)) for content in (b"1", b"2")]
    assert [(tmp_path / name).read_bytes() for name in names] == [b"1", b"2"]


def test_a_folder_unless_a_bucket_is_named(monkeypatch):
    for name in ("S3_BUCKET", "S3_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    assert file_storage(Env()) == {"BACKEND": "config.storage.FolderStorage"}
    monkeypatch.setenv("S3_BUCKET", "party")
    monkeypatch.setenv("S3_PREFIX", "files")
    entry = file_storage(Env())
    options = entry["OPTIONS"]
    assert entry["BACKEND"] == "config.bucket.BucketStorage"
    assert (options["bucket_name"], options["location"], options["file_overwrite"]) == (
        "party",
        "files",
        False,
    )


class Store(ThreadingHTTPServer):
    """As much of an S3 store as putting, asking, getting and deleting objects needs; keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Objects)
        self.objects: dict[str, bytes] = {}
        self.asked: list[tuple[str, str, bool]] = []


class Objects(BaseHTTPRequestHandler):
    server: Store

    def answer(self, status: int, body: bytes = b"", size: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if size is None else size))
        self.send_header("Last-Modified", "Tue, 24 Mar 2026 02:00:00 GMT")
        self.end_headers()
        self.wfile.write(body)

    def handle_one(self) -> None:
        signed = self.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256")
        path = self.path.partition("?")[0]
        self.server.asked.append((self.command, path, signed))
        found = self.server.objects.get(path)
        match self.command:
            case "PUT":
                self.server.objects[path] = self.rfile.read(int(self.headers["Content-Length"]))
                self.answer(200)
            case "DELETE":
                self.server.objects.pop(path, None)
                self.answer(204)
            case "HEAD" if found is not None:
                self.answer(200, size=len(found))
            case "GET" if found is not None:
                self.answer(200, found)
            case _:
                self.answer(404)

    do_GET = do_PUT = do_HEAD = do_DELETE = handle_one  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing."""


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.django_db
def test_evidence_in_a_bucket_is_signed_for_by_us_and_given_out_by_the_page_alone(
    client, store, settings, monkeypatch, tmp_path
):
    given = {
        "S3_BUCKET": "party",
        "S3_PREFIX": "files",
        "S3_ENDPOINT": f"http://127.0.0.1:{store.server_port}",
        "S3_REGION": "cn-north-1",
        "S3_ACCESS_KEY": "us",
        "S3_SECRET_KEY": "only for tests",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings.MEDIA_ROOT = tmp_path / "nothing"
    settings.STORAGES = {**settings.STORAGES, "default": file_storage(Env())}
    world = World()
    with time_machine.travel(NOW, tick=False):
        task = acknowledged(world, make_task(world))
    # the store's clock is the real one
    attach(task, upload=ContentFile(PNG, "照片.png"), actor=world.secretary, at=NOW)
    item = Evidence.objects.get()
    assert store.objects == {f"/party/files/{item.file.place}": PNG}
    with time_machine.travel(NOW, tick=False):
        client.force_login(world.reviewer.user)
        response = client.get(f"/tasks/{task.pk}/evidence/{item.pk}/")
    assert (response.status_code, b"".join(response.streaming_content)) == (200, PNG)
    for close in response._resource_closers:  # response.close() would close the test's database, too
        close()
    assert all(signed for _command, _path, signed in store.asked)
    with pytest.raises(NotImplementedError):
        default_storage.url(item.file.place)
    client.force_login(world.other_secretary.user)
    assert client.get(f"/tasks/{task.pk}/evidence/{item.pk}/").status_code == 404
    assert not (tmp_path / "nothing").exists()
