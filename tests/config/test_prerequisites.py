"""What is missing is named in one line, with what to do, before anything is started."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management.base import CommandError
from django.utils import translation

from config import embedded, prerequisites
from config.embedded import LONGEST_SOCKET, find_server, server_command, socket_path
from config.prerequisites import check_disk, check_port, check_redis, only_one_in, port_number


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


def refusal(check, *args) -> str:
    with pytest.raises(CommandError) as caught:
        check(*args)
    return str(caught.value)


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "", "8000 "])
def test_a_port_is_a_number(port):
    assert refusal(port_number, port) == f"PORT={port} is not a port number between 1 and 65535."


def test_a_port_in_use_is_named_with_another_one_to_take():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert refusal(check_port, "127.0.0.1", port) == (
            f"Port {port} on 127.0.0.1 cannot be used (Address already in use). "
            f"Choose another: make run PORT={port + 1}"
        )
    assert check_port("127.0.0.1", port) is None


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(prerequisites.shutil, "disk_usage", lambda folder: usage._replace(free=12_000_000))
    assert refusal(check_disk, tmp_path).startswith(f"Only 12 MB are free in {tmp_path}; 300 MB are needed.")


def test_a_redis_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    assert refusal(check_redis).startswith("REDIS_URL is set, but no Redis answers there (")
    monkeypatch.setenv("REDIS_URL", "nonsense")
    assert refusal(check_redis).startswith("REDIS_URL is set, but no Redis answers there (")
    monkeypatch.delenv("REDIS_URL")
    assert check_redis() is None


def test_one_folder_runs_one_site(tmp_path):
    with only_one_in(tmp_path / "var"):
        with pytest.raises(CommandError, match="already running from"), only_one_in(tmp_path / "var"):
            pass
        with only_one_in(tmp_path / "other"):
            pass
    with only_one_in(tmp_path / "var"):
        pass


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="cannot be written"), only_one_in(tmp_path / "file" / "var"):
        pass


def test_the_embedded_server_listens_only_to_its_owner(tmp_path):
    command = server_command(Path("/opt/valkey-server"), var_dir=tmp_path)
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert command[0] == "/opt/valkey-server"
    assert (options["--port"], options["--unixsocketperm"], options["--appendonly"]) == ("0", "700", "yes")
    assert options["--maxmemory-policy"] == "noeviction"
    assert options["--unixsocket"] == str(socket_path(tmp_path))
    assert socket_path(tmp_path).parent.stat().st_mode & 0o777 == 0o700
    assert Path(options["--dir"]).stat().st_mode & 0o777 == 0o700


def test_a_socket_in_a_deep_folder_stands_where_its_address_is_short_enough(tmp_path):
    deep = tmp_path / ("闭" * 60)
    assert len(os.fsencode(socket_path(deep))) <= LONGEST_SOCKET
    assert socket_path(deep) == socket_path(deep)
    assert socket_path(deep) != socket_path(tmp_path / ("环" * 60))
    assert socket_path(Path("/srv/bihuan/var")) == Path("/srv/bihuan/var/valkey/valkey.sock")


def test_a_server_on_the_path_is_preferred_to_the_one_in_the_wheel(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    packed = find_server()
    assert packed is not None
    assert packed.name == "valkey-server"
    assert "site-packages" in packed.parts
    assert (
        "Valkey" in subprocess.run([packed, "--version"], capture_output=True, text=True, check=True).stdout
    )
    own = tmp_path / "redis-server"
    own.write_text("#!/bin/sh\n", encoding="ascii")
    own.chmod(0o755)
    assert find_server() == own
    monkeypatch.setattr(embedded, "find_spec", lambda name: None)
    own.unlink()
    assert find_server() is None


def build(folder: Path, *, before: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a copy of tools/venv.py in ``folder``, in a Python changed by ``before``."""
    (folder / "tools").mkdir(exist_ok=True)
    script = shutil.copy(settings.BASE_DIR / "tools" / "venv.py", folder / "tools")
    run = f"import runpy; runpy.run_path({str(script)!r}, run_name='__main__')"
    program = f"import sys; sys.argv = ['venv.py', 'requirements.txt']\n{before}\n{run}"
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


@pytest.mark.parametrize(
    ("before", "sentence"),
    [
        ("sys.version_info = (3, 9, 2)", r"Python 3\.11 or newer is needed, and .* is 3\.9\. Install one .*"),
        ("sys.modules['ensurepip'] = None", r"Python's module ensurepip is missing: apt-get install .*"),
        ("sys.modules['sqlite3'] = None", r"Python's module sqlite3 is missing: install a Python .*"),
    ],
)
def test_a_python_that_will_not_do_is_named_in_one_line(tmp_path, before, sentence):
    built = build(tmp_path, before=before)
    assert built.returncode == 1
    assert re.fullmatch(f"Bihuan: {sentence}\n", built.stderr)
    assert not (tmp_path / ".venv").exists()


def test_packages_are_installed_once_for_each_lock_and_again_after_a_failure(tmp_path):
    """The environment's Python is a stand-in that notes what pip was asked for and ends as it is told."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    stand_in = tmp_path / ".venv" / "bin" / "python"
    stand_in.write_text(
        f'#!/bin/sh\ncase "$*" in *version_info*) exec {sys.executable} "$@";; esac\n'
        f'echo "$*" >> {tmp_path}/asked\nexit "$PIP_ENDS"\n',
        encoding="utf-8",
    )
    stand_in.chmod(0o755)
    lock = tmp_path / "requirements.txt"
    lock.write_text("django==5.2\n", encoding="ascii")

    failed = build(tmp_path, PIP_ENDS="1")
    assert failed.returncode == 1
    assert "the packages of requirements.txt could not be installed" in failed.stderr.splitlines()[-1]
    assert [build(tmp_path, PIP_ENDS="0").returncode for _ in range(2)] == [0, 0]
    lock.write_text("django==5.2.1\n", encoding="ascii")
    assert build(tmp_path, PIP_ENDS="0").returncode == 0

    asked = (tmp_path / "asked").read_text(encoding="utf-8").splitlines()
    assert len(asked) == 3, "tried, tried again, not repeated, and once more for the new lock"
    assert all("--require-hashes --only-binary :all:" in line for line in asked)
