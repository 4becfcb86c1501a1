"""Pages of tasks found by their neighbour's place: each task once, forwards and back, however many fall on one day."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from tests.factories import issue, make_measure, make_plan
from tracker.models import Task
from tracker.task_list import Page, page_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def in_order(world) -> list[int]:
    """Nine tasks: one, five of one day, three of a later one; not issued in that order."""
    plan = make_plan(world)
    for number, day in enumerate([25, 10, *[20] * 5, 25, 25]):
        due = date(2026, 3, day)
        make_measure(world, plan, title=f"第{number}项", due=due, receivers=[world.branch])
    issue(world, plan)
    return list(Task.objects.order_by("due", "pk").values_list("pk", flat=True))


def ids(page: Page) -> list[int]:
    return [task.pk for task in page.tasks]


def tasks():
    return Task.objects.order_by("due", "pk")


def walked(size: int, *, back: bool = False) -> list[Page]:
    """Page after page from one end to the other; from the end backwards by what the last page names."""
    pages = [page_of(tasks(), size=size)]
    while pages[-1].next and len(pages) < 12:
        pages.append(page_of(tasks(), after=pages[-1].next, size=size))
    if back:
        pages = pages[-1:]
        while pages[-1].previous and len(pages) < 12:
            pages.append(page_of(tasks(), before=pages[-1].previous, size=size))
    return pages


@pytest.mark.parametrize("size", [1, 2, 4, 9, 20])
def test_the_pages_hold_every_task_once_in_order(in_order, size):
    pages = walked(size)
    assert [pk for page in pages for pk in ids(page)] == in_order
    assert {len(page.tasks) for page in pages[:-1]} <= {size}


@pytest.mark.parametrize("size", [1, 2, 4])
def test_the_way_back_leads_over_the_same_tasks_in_the_same_order(in_order, size):
    back = walked(size, back=True)
    assert [pk for page in reversed(back) for pk in ids(page)] == in_order
    assert back[-1].previous == ""


def test_a_page_before_another_is_the_one_that_came_before_it(in_order):
    for first, second in pairwise(walked(2)):
        assert ids(page_of(tasks(), before=second.previous, size=2)) == ids(first)


def test_a_task_that_is_gone_still_marks_its_place(in_order):
    first = page_of(tasks(), size=3)
    rest = Task.objects.exclude(pk=in_order[2]).order_by("due", "pk")
    assert ids(page_of(rest, after=first.next, size=20)) == in_order[3:]


@pytest.mark.parametrize("text", ["", "nonsense", "2026-03-20", "_1", "2026-03-20_x"])
def test_a_place_that_cannot_be_read_is_the_beginning(in_order, text):
    assert ids(page_of(tasks(), after=text, size=2)) == in_order[:2]
    assert ids(page_of(tasks(), before=text, size=2)) == in_order[:2]
