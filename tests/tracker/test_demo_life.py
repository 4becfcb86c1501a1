"""The sample committee half-way through its second half-year: every page finds something to show."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from django.db import transaction

from branches.access import Actor
from branches.models import User
from common.clock import moment
from tracker.demo.build import build_demo
from tracker.models import Action, Event, Finding, Inspection, Measure, Plan, Source, Task
from tracker.sources import coverage
from tracker.transitions import available_acts

AT = date(2026, 9, 18)
END = moment(AT, 18)


@pytest.fixture(scope="module")
def built(django_db_setup, django_db_blocker):
    """One sample for all tests of this file, which only look at it."""
    with django_db_blocker.unblock(), transaction.atomic():
        build_demo(branches=7, seed="3", at=END)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def demo(built, db) -> None:
    """The sample, in the database of this test."""


def test_every_page_finds_something_to_show(demo):
    states = set(Task.objects.values_list("state", flat=True))
    assert states == set(Task.State.values)
    assert Task.objects.overdue_on(AT).exists()
    assert Task.objects.filter(returned=True).exists()
    assert Task.objects.filter(done_late=True).exists()
    assert set(Plan.objects.values_list("state", flat=True)) == {Plan.State.DRAFT, Plan.State.ISSUED}
    assert {Measure.State.ACTIVE, Measure.State.VERIFIED} <= set(
        Measure.objects.values_list("state", flat=True)
    )
    assert set(Inspection.objects.values_list("state", flat=True)) >= {"PLANNED", "UNDER_WAY", "CLOSED"}
    assert Finding.objects.open().overdue_on(AT).exists()
    assert Finding.objects.filter(state=Finding.State.CLOSED).exists()


def test_what_the_speech_asks_for_is_decided_to_the_last_action(demo):
    speeches = Source.objects.filter(title__contains="讲话")
    assert [coverage(source).open for source in speeches] == [0, 0]
    aside = Action.objects.filter(source__in=speeches, decision=Action.Decision.SET_ASIDE)
    assert aside.exists()
    assert not aside.filter(reason="").exists()
    minutes = Source.objects.exclude(pk__in=speeches).get()
    assert coverage(minutes).open > 0


def test_nothing_happens_after_the_end_and_each_history_runs_forward(demo):
    assert not Event.objects.filter(at__gt=END).exists()
    for task in Task.objects.order_by("?")[:20]:
        moments = list(
            Event.objects.filter(subject_kind="task", subject_id=task.pk)
            .order_by("sequence")
            .values_list("at", flat=True)
        )
        assert all(before <= after for before, after in pairwise(moments))


def test_nobody_reviewed_or_closed_out_their_own_work(demo):
    for task in Task.objects.filter(state=Task.State.DONE):
        assert task.reviewed_by_id not in {task.submitted_by_id, task.handler_id}
    for finding in Finding.objects.filter(state=Finding.State.CLOSED):
        assert finding.closed_by_id not in {
            finding.submitted_by_id,
            finding.handler_id,
            finding.recorded_by_id,
        }


def test_the_secretary_who_can_sign_in_has_something_to_do(demo):
    actor = Actor.on(User.objects.get(username="secretary"), AT)
    mine = Task.objects.visible_to(actor).open()
    acts = {offer.act for task in mine for offer in available_acts(task, actor=actor, at=END)}
    assert {"acknowledge", "report", "submit"} <= acts
    assert mine.filter(returned=True).exists()
    assert mine.overdue_on(AT).exists()
