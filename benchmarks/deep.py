"""``deep``: page 10,000 of the task list beside page 1, at BENCH_TASKS tasks, both by their neighbour's place.

Asked by the clerk at the top, who sees every task. ``by counting`` is the same page found with OFFSET, to show what the
neighbour's place is worth; it has no goal. With fewer tasks than 10,000 pages hold, the last full page is taken.
"""

from __future__ import annotations

import logging
import os

import django

from benchmarks.measure import Goal, Result, compare

PAGE_NUMBER = 10_000
REPEATS = 20


def run() -> Result:
    """The same fifty rows each way, on the database of DATABASE_URL."""
    django.setup()
    from django.db import connection

    from benchmarks.seed import DAY, seed
    from branches.access import Actor
    from branches.models import Post
    from tracker.models import Task
    from tracker.task_list import PAGE, page_of

    logging.disable(logging.WARNING)
    seed()
    clerk = Post.objects.get(organization__code="BENCH", role="CLERK").user
    tasks = Task.objects.visible_to(Actor.on(clerk, DAY)).order_by("due", "pk")
    number = min(PAGE_NUMBER, tasks.count() // PAGE)
    first = PAGE * (number - 1)
    last_before = tasks[first - 1]
    after = f"{last_before.due.isoformat()}_{last_before.pk}"

    def deep() -> list[int]:
        return [task.pk for task in page_of(tasks, after=after).tasks]

    def counted() -> list[int]:
        return [task.pk for task in tasks[first : first + PAGE]]

    if deep() != counted():
        raise AssertionError("The page found by its neighbour is not the page found by counting.")
    work = {
        "page 1": lambda: _often(lambda: page_of(tasks)),
        "deep page": lambda: _often(deep),
        "by counting": lambda: _often(counted),
    }
    goals = [Goal("deep page", "page 1", 2.0)]
    result = compare("deep", work, goals, rounds=int(os.environ.get("BENCH_ROUNDS", "5")))
    for rounds in result.seconds.values():
        rounds[:] = [seconds / REPEATS for seconds in rounds]
    result.notes = {"database": connection.vendor, "tasks": Task.objects.count(), "page": number}
    return result


def _often(ask) -> None:  # type: ignore[no-untyped-def]
    for _ in range(REPEATS):
        ask()
