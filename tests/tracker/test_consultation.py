"""A draft is laid before its receivers; every comment gets an answer before the plan is issued."""

from __future__ import annotations

from datetime import date

import pytest

from common.clock import moment
from common.errors import NotAllowed, Refused
from tests.factories import SPRING, issue, make_measure, make_plan
from tracker.consultation import answer, comment
from tracker.events import history
from tracker.models import Measure, Notice, Plan
from tracker.transitions import perform

pytestmark = pytest.mark.django_db
AT = moment(SPRING)
UNTIL = {"until": date(2026, 1, 16)}


@pytest.fixture
def plan(world) -> Plan:
    plan = make_plan(world)
    make_measure(world, plan, receivers=[world.branch])
    return perform(plan, "consult", actor=world.office, at=AT, given=UNTIL)


def test_only_the_receivers_see_a_plan_in_consultation_and_are_told(world, plan):
    assert list(Plan.objects.visible_to(world.secretary)) == [plan]
    assert list(Measure.objects.visible_to(world.secretary)) == list(plan.measures.all())
    assert list(Plan.objects.visible_to(world.secretaries[1])) == []
    assert list(Notice.objects.values_list("recipient", "kind")) == [(world.secretary.user.pk, "consulted")]


def test_back_in_draft_the_receivers_no_longer_see_it_but_comments_stay(world, plan):
    comment(plan.measures.get(), organization=world.branch, text="时间偏紧", actor=world.secretary, at=AT)
    perform(plan, "back_to_draft", actor=world.office, at=AT)
    assert list(Plan.objects.visible_to(world.secretary)) == []
    assert plan.measures.get().comments.count() == 1


def test_a_plan_with_an_unanswered_comment_is_not_issued(world, plan):
    said = comment(
        plan.measures.get(), organization=world.branch, text="时间偏紧", actor=world.secretary, at=AT
    )
    with pytest.raises(Refused):
        issue(world, plan)
    answer(said, verdict="NOT_TAKEN", reason="时限由上级确定", actor=world.office, at=AT)
    assert issue(world, plan).state == Plan.State.ISSUED
    assert Notice.objects.filter(kind="comment_answered", recipient=world.secretary.user).count() == 1


def test_one_comment_per_measure_and_unit_replaced_until_it_is_answered(world, plan):
    measure = plan.measures.get()
    for text in ("时间偏紧", "建议延至四月"):
        said = comment(measure, organization=world.branch, text=text, actor=world.secretary, at=AT)
    assert measure.comments.get().text == "建议延至四月"
    answer(said, verdict="TAKEN", reason="同意", actor=world.office, at=AT)
    with pytest.raises(Refused):
        comment(measure, organization=world.branch, text="再改", actor=world.secretary, at=AT)
    assert [event.act for event in history(measure)] == ["register", "comment", "comment", "answer_comment"]


def test_who_was_not_asked_may_not_comment_and_only_the_office_answers(world, plan):
    measure = plan.measures.get()
    with pytest.raises(NotAllowed):
        comment(measure, organization=world.branches[1], text="也提一条", actor=world.secretaries[1], at=AT)
    with pytest.raises(NotAllowed):
        comment(measure, organization=world.branch, text="代提", actor=world.other_secretary, at=AT)
    said = comment(measure, organization=world.branch, text="时间偏紧", actor=world.secretary, at=AT)
    with pytest.raises(NotAllowed):
        answer(said, verdict="TAKEN", reason="同意", actor=world.secretary, at=AT)


def test_a_plan_without_receivers_is_not_sent_for_comments(world):
    plan = make_plan(world)
    make_measure(world, plan, receivers=[])
    with pytest.raises(Refused):
        perform(plan, "consult", actor=world.office, at=AT, given=UNTIL)


def test_an_answer_needs_a_verdict_and_a_reason(world, plan):
    said = comment(
        plan.measures.get(), organization=world.branch, text="时间偏紧", actor=world.secretary, at=AT
    )
    for verdict, reason in (("", "同意"), ("TAKEN", " "), ("MAYBE", "看情况")):
        with pytest.raises(Refused):
            answer(said, verdict=verdict, reason=reason, actor=world.office, at=AT)
