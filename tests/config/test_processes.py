"""Processes that live and die together, shown with the cheapest ones there are."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from config import processes
from config.processes import STOPPING, Part, Supervisor

STUBBORN = ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done"]


@pytest.fixture(autouse=True)
def _signals_are_put_back():
    before = {signum: signal.getsignal(signum) for signum in STOPPING}
    yield
    for signum, handler in before.items():
        signal.signal(signum, handler)


@pytest.fixture
def part(tmp_path):
    return lambda name, *command, **kwargs: Part(name, list(command), tmp_path / f"{name}.log", **kwargs)


def is_alive(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_the_part_that_ended_is_named_with_its_last_words(part):
    with Supervisor(os.environ) as supervisor:
        steady = part("steady", "sleep", "60")
        supervisor.start(steady, part("short", "sh", "-c", "echo first; echo farewell >&2; exit 3"))
        ended = supervisor.wait()
        assert (ended.name, ended.process.returncode) == ("short", 3)
        assert ended.last_words(1) == "    farewell"
        assert not steady.has_ended
    assert steady.has_ended


@pytest.mark.parametrize("signum", STOPPING)
def test_each_way_of_asking_stops_the_waiting(part, signum):
    with Supervisor(os.environ) as supervisor:
        steady = part("steady", "sleep", "60")
        supervisor.start(steady)
        threading.Timer(0.2, os.kill, (os.getpid(), signum)).start()
        assert supervisor.wait(seconds=10) is None
        assert supervisor.asked_to_stop
        late = part("late", "sleep", "60")
        supervisor.start(late)
        assert late.process is None, "nothing starts any more"
    assert steady.process.returncode == -signal.SIGTERM


def test_waiting_ends_when_something_is_so_or_time_is_up(part):
    with Supervisor(os.environ) as supervisor:
        supervisor.start(part("steady", "sleep", "60"))
        assert supervisor.wait(lambda: True) is None
        with pytest.raises(TimeoutError):
            supervisor.wait(seconds=0.2)


def test_the_part_the_others_need_is_stopped_last(part):
    with Supervisor(os.environ) as supervisor:
        needed = part("needed", "sleep", "60", last=True)
        other = part("other", "sh", "-c", "trap 'sleep 0.5; exit 0' TERM; while :; do sleep 0.05; done")
        supervisor.start(needed, other)
        time.sleep(0.3)
        seen = []
        needed.ask_to_end = lambda: (seen.append(other.has_ended), Part.ask_to_end(needed))
    assert seen == [True]


def test_a_part_that_does_not_listen_is_killed_with_its_helpers(part, monkeypatch):
    monkeypatch.setattr(processes, "GRACE", 0.3)
    with Supervisor(os.environ) as supervisor:
        parent = part("parent", "sh", "-c", "sleep 300 & echo $!; wait")
        deaf = part("deaf", *STUBBORN)
        supervisor.start(parent, deaf)
        supervisor.wait(lambda: parent.log.read_text() != "" and deaf.log.read_text() != "", seconds=10)
        helper = int(parent.log.read_text())
        assert is_alive(helper)
    assert deaf.process.returncode == -signal.SIGKILL
    # The kernel ends a killed process in its own time; a busy machine takes a moment.
    end = time.monotonic() + 10
    while is_alive(helper) and time.monotonic() < end:
        time.sleep(0.05)
    assert not is_alive(helper)


def test_a_part_meant_to_end_is_run_to_its_end(part):
    with Supervisor(os.environ) as supervisor:
        good = part("good", "sh", "-c", 'echo "$WHERE"', env={"WHERE": "here"})
        assert supervisor.run_to_end(good)
        assert good.last_words() == "    here"
        assert not supervisor.run_to_end(part("bad", "false"))
        assert supervisor.parts == []
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
        assert not supervisor.run_to_end(part("long", "sleep", "60"))


def test_when_the_supervisor_is_killed_its_parts_are_killed_too(tmp_path):
    program = (
        "import os, sys; from pathlib import Path; from config.processes import Part, Supervisor\n"
        "supervisor = Supervisor(os.environ)\n"
        f"part = Part('deaf', {STUBBORN!r}, Path({str(tmp_path / 'log')!r}))\n"
        "supervisor.start(part); print(part.process.pid, flush=True); supervisor.wait()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as supervisor:
        number = int(supervisor.stdout.readline())
        assert is_alive(number)
        supervisor.kill()
    end = time.monotonic() + 5
    while is_alive(number) and time.monotonic() < end:
        time.sleep(0.05)
    assert not is_alive(number)
