"""`manage.py run` with real processes: it starts, serves, does jobs, and leaves nothing behind however it ends."""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings

from config.embedded import socket_path

pytestmark = pytest.mark.process

# Seconds for what takes two or three on an idle machine: a busy one is no failure.
PATIENCE = 180

PARTS = {
    "web": "gunicorn",
    "sweep": "--queues sweep",
    "jobs": "--queues jobs",
    "beat": " beat ",
    "valkey": "unixsocket",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(is_so: Callable[[], bool], *, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not is_so() and time.monotonic() < end:
        time.sleep(0.1)
    return is_so()


class Site:
    """One `manage.py run` in a folder of its own. The folder's name marks every process that belongs to it."""

    def __init__(self, folder: Path, *, environment: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.socket = socket_path(folder)
        self.port = free_port()
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("BIND", "REDIS_URL", "DATABASE_URL", "DJANGO_", "MAKE", "PYTEST"))
        }
        self.environment = {
            **inherited,
            "VAR_DIR": str(folder),
            "PORT": str(self.port),
            "DEMO": "0",
            "LC_ALL": "C.UTF-8",
            **(environment or {}),
        }
        self.output = folder.with_name(f"{folder.name}.output")
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "run"],
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.said()
        return "is ready" in self.said()

    def living(self) -> dict[int, str]:
        """Every process with this folder in its environment, wherever it has been handed to.

        Redis writes its title over its environment: it is known by its socket. A process that has ended and was not
        yet waited for has no command line.
        """
        found = {}
        for entry in Path("/proc").iterdir():
            try:
                environment = (entry / "environ").read_bytes()
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (OSError, ValueError):
                continue
            if command and (
                f"VAR_DIR={self.folder}\0".encode() in environment or str(self.socket) in command
            ):
                found[int(entry.name)] = command
        return found

    def leader(self, part: str) -> int | None:
        """The first process of a part, as the supervisor started it."""
        numbers = [
            number
            for number, command in self.living().items()
            if PARTS[part] in command and number != self.process.pid
        ]
        return min(numbers, default=None)

    def is_whole(self) -> bool:
        return self.is_ready() and all(self.leader(part) for part in PARTS)

    def end(self) -> None:
        for number in [self.process.pid, *self.living()]:
            try:
                os.kill(number, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Path:
    """A folder in which everything has been prepared once: tables, catalogues, static files."""
    folder = tmp_path_factory.mktemp("prepared")
    site = Site(folder / "var")
    try:
        assert eventually(site.is_ready, seconds=PATIENCE), site.said()
    finally:
        site.process.terminate()
        site.process.wait(PATIENCE)
        site.end()
    return folder / "var"


@pytest.fixture
def start(prepared, tmp_path):
    """Starts a site in a copy of the prepared folder, and ends whatever a failed test has left of it."""
    sites = []

    def run(**kwargs) -> Site:
        folder = tmp_path / f"var{len(sites)}"
        shutil.copytree(prepared, folder, ignore=shutil.ignore_patterns("*.sock"))
        sites.append(Site(folder, **kwargs))
        return sites[-1]

    yield run
    for site in sites:
        site.end()


def test_it_serves_sweeps_does_jobs_and_stops_on_sigterm(start):
    site = start()
    assert eventually(site.is_whole, seconds=PATIENCE), site.said()
    assert f"http://localhost:{site.port}/" in site.said()
    with urllib.request.urlopen(f"http://127.0.0.1:{site.port}/sign-in/", timeout=10) as page:
        assert page.status == 200
        links = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.read().decode())
    assert links
    for link in links:
        with urllib.request.urlopen(f"http://127.0.0.1:{site.port}{link}", timeout=10) as asset:
            assert asset.status == 200
            assert "immutable" in asset.headers["Cache-Control"]

    def last_sweep_is_known() -> bool:
        with urllib.request.urlopen(f"http://127.0.0.1:{site.port}/healthz", timeout=10) as answer:
            return json.load(answer)["sweep"] == "ok"

    assert eventually(last_sweep_is_known, seconds=PATIENCE), (site.folder / "log" / "sweep.log").read_text()
    second = Site(site.folder)
    assert second.process.wait(PATIENCE) == 1
    refusal = f"CommandError: Bihuan is already running from {site.folder}. "
    assert second.said() == refusal + "Stop it first, or set VAR_DIR to another folder.\n"
    site.process.terminate()
    assert site.process.wait(PATIENCE) == 0, site.said()
    assert site.living() == {}
    assert "Everything has stopped." in site.said()


def test_a_killed_supervisor_and_a_killed_part_leave_no_process_and_a_new_start_finds_its_place(start):
    site = start()
    assert eventually(site.is_whole, seconds=PATIENCE), site.said()
    site.process.kill()
    site.process.wait()
    assert eventually(lambda: not site.living(), seconds=PATIENCE), site.living()

    again = Site(site.folder)
    try:
        assert eventually(again.is_whole, seconds=PATIENCE), again.said()
        os.kill(again.leader("jobs"), signal.SIGKILL)
        assert again.process.wait(PATIENCE) == 1
        assert again.living() == {}
        assert "“jobs” has ended" in again.said()
    finally:
        again.end()


def test_a_first_start_stopped_while_it_loads_leaves_an_empty_database(start):
    site = start(environment={"DEMO": "1"})
    draft = site.folder / "bihuan.sqlite3.loading"

    def is_loading() -> bool:
        return draft.with_name(draft.name + "-wal").exists()

    assert eventually(is_loading, seconds=PATIENCE), site.said()
    site.process.terminate()
    assert site.process.wait(PATIENCE) == 0, site.said()
    assert site.living() == {}
    assert list(site.folder.glob("*.loading*")) == []
    with closing(sqlite3.connect(site.folder / "bihuan.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM branches_user").fetchone() == (0,)


@pytest.mark.redis
def test_a_redis_of_your_own_is_used_when_it_is_named(start, redis_url):
    site = start(environment={"REDIS_URL": redis_url})
    assert eventually(lambda: site.is_ready() and site.leader("jobs") is not None, seconds=PATIENCE), (
        site.said()
    )
    assert site.leader("valkey") is None
    site.process.send_signal(signal.SIGINT)
    assert site.process.wait(PATIENCE) == 0, site.said()
    assert site.living() == {}


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"PORT": "http", "LC_ALL": "zh_CN.UTF-8"}, "PORT=http 不是 1 至 65535 之间的端口号。"),
        ({"DATABASE_URL": "postgresql://127.0.0.1:1/none"}, "The database of DATABASE_URL does not answer"),
    ],
)
def test_what_is_missing_is_said_in_the_language_of_the_terminal(prepared, environment, sentence):
    site = Site(prepared, environment=environment)
    assert site.process.wait(PATIENCE) == 1
    assert site.said().startswith(f"CommandError: {sentence}")
    assert site.living() == {}
