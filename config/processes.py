"""A handful of processes that live and die together.

Each part has a process group of its own, so Ctrl-C reaches only the supervisor, which then stops the parts in order.
When the supervisor itself is killed, the kernel kills the parts (Linux): nothing is left behind.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

GRACE = 10.0
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PR_SET_PDEATHSIG = 1


def die_with_parent(signum: int = signal.SIGTERM) -> None:
    """Ask the kernel to send this process ``signum`` when the process that started it ends; only Linux can."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signum))


@dataclass
class Part:
    """One process of the whole: its name for people, and how it is started.

    A part that is ``last`` is stopped after all the others, because they need it to stop cleanly.
    """

    name: str
    command: list[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    last: bool = False
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self, env: Mapping[str, str]) -> None:
        """Start the process, its output going to `log`."""
        supervisor = os.getpid()

        def tie_to_supervisor() -> None:
            die_with_parent(signal.SIGKILL)
            if os.getppid() != supervisor:  # it ended before the tie was made
                os._exit(1)

        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**env, **self.env},
                process_group=0,
                preexec_fn=tie_to_supervisor,  # noqa: PLW1509 (the supervisor has one thread)
            )

    @property
    def has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def last_words(self, lines: int = 15) -> str:
        """The end of its log, to show when it died."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])

    def ask_to_end(self) -> None:
        """Send SIGTERM to the leader alone: Celery's children must not take the signal for their own."""
        if self.process is not None and not self.has_ended:
            self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End whatever is left of its group, helpers included."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Supervisor:
    """Starts parts, waits, and stops them all as soon as one ends or somebody asks."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.parts: list[Part] = []
        self.asked_to_stop = False

    def __enter__(self) -> Self:
        for signum in STOPPING:
            signal.signal(signum, self._ask)
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _ask(self, *_: object) -> None:
        self.asked_to_stop = True

    def start(self, *parts: Part) -> None:
        """Start parts beside those that run already; start nothing any more once somebody asked to stop."""
        for part in parts:
            if not self.asked_to_stop:
                self.parts.append(part)
                part.start(self.env)

    def wait(self, until: Callable[[], bool] = lambda: False, *, seconds: float | None = None) -> Part | None:
        """Wait until ``until`` is true or stopping was asked for (None), or a part has ended (that part).

        Raises TimeoutError after ``seconds``.
        """
        end = None if seconds is None else time.monotonic() + seconds
        while not self.asked_to_stop and not until():
            for part in self.parts:
                if part.has_ended:
                    return part
            if end is not None and time.monotonic() > end:
                raise TimeoutError
            time.sleep(0.1)
        return None

    def run_to_end(self, part: Part) -> bool:
        """Run a part that is meant to end, alone; return whether it ended well. False, too, when asked to stop."""
        self.start(part)
        self.wait()
        self.stop()
        self.parts.remove(part)
        return part.process is not None and part.process.returncode == 0

    def stop(self) -> None:
        """Ask every part to end, the ones the others need last; kill what is still there after a grace time."""
        for last in (False, True):
            parts = [part for part in self.parts if part.last is last]
            for part in parts:
                part.ask_to_end()
            end = time.monotonic() + GRACE
            while time.monotonic() < end and not all(part.has_ended for part in parts):
                time.sleep(0.05)
            for part in parts:
                part.kill()
