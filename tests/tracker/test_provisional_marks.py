"""Due dates in a year without its official notice are marked wherever they are shown."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.utils import translation

from common.models import Workday
from tests.factories import acknowledged, make_measure, make_plan, make_task

pytestmark = pytest.mark.django_db
MARK = "2027年放假通知尚未录入"


@pytest.fixture(autouse=True)
def language():
    yield
    translation.deactivate()


def seen_by(actor, address: str) -> str:
    client = Client()
    client.force_login(actor.user)
    return client.get(address).content.decode()


def test_the_task_its_acts_and_the_list_mark_a_provisional_due_date(world):
    later = acknowledged(world, make_task(world, due=date(2027, 3, 3)))
    for page in (f"/tasks/{later.pk}/", f"/tasks/{later.pk}/report/", "/tasks/"):
        assert MARK in seen_by(world.secretary, page), page
    Workday.objects.filter(day__year=2027).update(official=True)
    for page in (f"/tasks/{later.pk}/", f"/tasks/{later.pk}/report/", "/tasks/"):
        assert MARK not in seen_by(world.secretary, page), page


def test_a_due_date_in_an_official_year_carries_no_mark(world):
    soon = make_task(world, due=date(2026, 3, 3))
    assert "badge warn provisional" not in seen_by(world.secretary, f"/tasks/{soon.pk}/")


def test_the_plan_preview_marks_them_by_measure_week_and_unit(world):
    plan = make_plan(world)
    make_measure(world, plan, due=date(2027, 3, 3))
    body = seen_by(world.office, f"/plans/{plan.pk}/preview/?unit={world.branch.pk}")
    assert body.count(MARK) == 3
