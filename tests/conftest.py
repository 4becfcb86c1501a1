"""What a test may need from the machine, and what happens when it is not there.

Absent PostgreSQL, Redis or Chromium skips a test with a reason that names it. With BIHUAN_REQUIRE_ALL=1 (as CI sets
it) the same absence fails the test: nothing is skipped unseen.
"""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from xdist.scheduler import LoadScopeScheduling

from config.catalogues import compile_catalogues

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """The browser named by BIHUAN_TEST_CHROMIUM, or the first one on the PATH."""
    named = os.environ.get("BIHUAN_TEST_CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def on_postgresql() -> bool:
    return settings.DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql"


def missing(marker: str) -> str | None:
    """Why a test with this marker cannot run here, or None if it can."""
    if marker == "postgresql" and not on_postgresql():
        return "needs PostgreSQL: set BIHUAN_TEST_POSTGRES=postgresql://user:password@host/database"
    if marker == "redis" and not os.environ.get("BIHUAN_TEST_REDIS"):
        return "needs a Redis server: set BIHUAN_TEST_REDIS=redis://host:port/0"
    if marker == "chromium" and not find_chromium():
        return "needs Chromium: install Debian's chromium or set BIHUAN_TEST_CHROMIUM"
    return None


# Files with something that takes long to make and is only looked at: one worker makes it once, and begins with it.
IN_ONE_WORKER = {"tests/config/test_run.py", "tests/tracker/test_demo_life.py"}


# What takes longest begins: a worker that got it last would be left with it alone.
BEGIN_WITH = ("tests/tracker/test_many_hands.py", *sorted(IN_ONE_WORKER), "tests/config/test_hardening.py")


class ByTestOrFile(LoadScopeScheduling):
    """Gives every test to the next free worker, but the files of `IN_ONE_WORKER` as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", 1)[0]
        return path if path in IN_ONE_WORKER else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByTestOrFile:
    return ByTestOrFile(config, log)


def pytest_configure(config: pytest.Config) -> None:
    """A fresh clone has no compiled catalogues; the process that starts the workers makes them."""
    if not hasattr(config, "workerinput"):
        compile_catalogues(map(Path, settings.LOCALE_PATHS))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes long, and leave to the second run what only means something there.

    Where BIHUAN_TEST_POSTGRES is set, `make test` runs the suite on SQLite and again on that PostgreSQL; tests of
    PostgreSQL alone belong to the second, real processes and the browser to the first.
    """
    items.sort(key=lambda item: not item.nodeid.startswith(BEGIN_WITH))
    if on_postgresql():
        elsewhere = {"process", "chromium"}
    elif os.environ.get("BIHUAN_TEST_POSTGRES"):
        elsewhere = {"postgresql"}
    else:
        return
    left = [item for item in items if any(mark.name in elsewhere for mark in item.iter_markers())]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers():
        if reason := missing(mark.name):
            if os.environ.get("BIHUAN_REQUIRE_ALL") == "1":
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser; only for tests marked ``chromium``."""
    path = find_chromium()
    assert path
    return path


@pytest.fixture(scope="session")
def redis_url() -> str:
    """A Redis server to be emptied at will; only for tests marked ``redis``."""
    return os.environ["BIHUAN_TEST_REDIS"]


@pytest.fixture(scope="session", autouse=True)
def _history_can_be_flushed() -> None:
    """Between transactional tests the whole database is emptied, the append-only history too."""
    from tests.append_only import let_flush_clear_events

    let_flush_clear_events()


@pytest.fixture(autouse=True)
def _nobody_has_asked_yet() -> None:
    """What a test before counted against the limits of the API and of the door."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture
def world() -> Any:
    """A small city (`tests.factories.World`); a test that needs more branches makes its own."""
    from tests.factories import World  # models are there once Django is set up

    return World()
