"""``pages``: the pages people open all day, at BENCH_TASKS tasks, for a subtree of 1,000 branches.

Floor: an empty view for a signed-in user through the same middleware. Each page is asked by the person whose page it is:
the secretary of a branch, the clerk of a work committee of 1,000 branches.
"""

from __future__ import annotations

import logging
import os
import sys
from types import ModuleType

import django

from benchmarks.measure import Goal, Result, compare

REPEATS = {"empty": 20}
LIST, BOARD, API = 7.0, 4.0, 5.0


def run() -> Result:
    """Every page beside the empty one, on the database of DATABASE_URL."""
    os.environ.setdefault("DEBUG", "0")
    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.http import HttpResponse
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import path

    from benchmarks.seed import seed
    from config.assets import collect_assets
    from tracker.models import Task

    logging.disable(logging.WARNING)
    city = seed()
    collect_assets()
    _freeze(city.day)
    _with_an_empty_page(settings, path, HttpResponse)

    secretary, clerk = Client(SERVER_NAME="localhost"), Client(SERVER_NAME="localhost")
    secretary.force_login(city.secretary)
    clerk.force_login(city.clerk)
    own = Task.objects.filter(organization__posts__user=city.secretary, state=Task.State.ACTIVE).earliest(
        "pk"
    )
    pages = {
        "empty": (clerk, "/empty/", 0.0),
        "secretary's home": (secretary, "/", LIST),
        "secretary's list": (secretary, "/tasks/", LIST),
        "task": (secretary, f"/tasks/{own.pk}/", LIST),
        "clerk's home": (clerk, "/", LIST),
        "clerk's list": (clerk, "/tasks/", LIST),
        "review queue": (clerk, "/review/", LIST),
        "grid": (clerk, f"/grid/?plan={city.plan.pk}", LIST),
        "leader's page": (clerk, "/overview/", BOARD),
        "list by the API": (clerk, "/api/v1/tasks/?page_size=50", API),
    }
    work, queries = {}, {}
    for name, (client, address, _at_most) in pages.items():
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(address)
        if answer.status_code != 200:
            raise AssertionError(f"{address} answered {answer.status_code}")
        queries[name] = len(captured)
        work[name] = _asked(client, address, REPEATS.get(name, 3))
    goals = [Goal(name, "empty", at_most) for name, (_c, _a, at_most) in pages.items() if at_most]
    result = compare("pages", work, goals, rounds=int(os.environ.get("BENCH_ROUNDS", "5")))
    for name, rounds in result.seconds.items():
        result.seconds[name] = [seconds / REPEATS.get(name, 3) for seconds in rounds]
    for number, (goal, _ratio) in enumerate(result.goals):
        pairs = zip(result.seconds[goal.work], result.seconds["empty"], strict=True)
        ratios = sorted(page / empty for page, empty in pairs)
        result.goals[number] = (goal, ratios[len(ratios) // 2])
    result.notes = {"database": connection.vendor, "tasks": Task.objects.count(), "queries": queries}
    return result


def _asked(client, address, times):  # type: ignore[no-untyped-def]
    def ask() -> None:
        for _ in range(times):
            client.get(address)

    return ask


def _freeze(day):  # type: ignore[no-untyped-def]
    """Let the clock of the process stand at noon of the city's day."""
    import time_machine

    from common.clock import moment

    time_machine.travel(moment(day), tick=True).start()


def _with_an_empty_page(settings, path, response):  # type: ignore[no-untyped-def]
    """The site's addresses and ``/empty/``, which needs a signed-in person like every other page."""
    urls = ModuleType("benchmarks.urls")
    site = __import__("config.urls", fromlist=["urlpatterns"])
    urls.urlpatterns = [path("empty/", lambda request: response("")), *site.urlpatterns]  # type: ignore[attr-defined]
    for name in ("handler400", "handler403", "handler404", "handler500"):
        setattr(urls, name, getattr(site, name))
    sys.modules["benchmarks.urls"] = urls
    settings.ROOT_URLCONF = "benchmarks.urls"
