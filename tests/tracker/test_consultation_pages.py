"""A draft is laid before its receivers on pages: asked, commented on a phone, answered one by one, then issued."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import translation

from common.clock import moment, now, today
from common.errors import Refused
from tests.factories import SPRING, actor_at, issue, make_measure, make_plan
from tracker.consultation import answer, comment
from tracker.models import Comment, Measure, Notice, Plan
from tracker.plans import merge_measures, remove_measure
from tracker.transitions import perform

pytestmark = pytest.mark.django_db
AT = moment(SPRING)
UNTIL = {"until": date(2026, 1, 16)}


@pytest.fixture(autouse=True)
def language():
    yield
    translation.deactivate()


@pytest.fixture
def draft(world) -> Plan:
    plan = make_plan(world)
    make_measure(world, plan, receivers=[], receiver_kinds=["BRANCH"], title="召开警示教育大会")
    make_measure(world, plan, receivers=[world.branch], title="征集典型案例")
    return plan


@pytest.fixture
def plan(world, draft) -> Plan:
    return perform(draft, "consult", actor=world.office, at=AT, given=UNTIL)


def signed_in(actor) -> Client:
    client = Client()
    client.force_login(actor.user)
    return client


def page(plan: Plan) -> str:
    return f"/plans/{plan.pk}/comments/"


def say(actor, plan, measure, unit, text):
    return signed_in(actor).post(f"{page(plan)}{measure.pk}/", {"unit": unit.pk, "text": text})


def test_the_office_sends_a_draft_for_comments_and_sees_whom_it_asks(world, draft):
    client = signed_in(world.office)
    assert "征求意见" in client.get(f"/plans/{draft.pk}/").content.decode()
    form = client.get(f"/plans/{draft.pk}/consult/").content.decode()
    assert "将征求 3 个单位的意见" in form
    assert world.branch.short_name in form
    given = {"until": today() + timedelta(days=9), "version": draft.version}
    assert client.post(f"/plans/{draft.pk}/consult/", given).status_code == 303
    draft.refresh_from_db()
    assert (draft.state, draft.comments_until) == ("CONSULTING", given["until"])
    assert draft.consulted.count() == 3


def test_a_closing_date_in_the_past_is_refused_and_nothing_is_sent(world, draft):
    given = {"until": today() - timedelta(days=1), "version": draft.version}
    answer = signed_in(world.office).post(f"/plans/{draft.pk}/consult/", given)
    assert answer.status_code == 422
    draft.refresh_from_db()
    assert draft.state == "DRAFT"
    assert not Notice.objects.exists()


def test_a_branch_is_told_finds_the_plan_on_its_first_page_and_comments(world, plan):
    Plan.objects.filter(pk=plan.pk).update(comments_until=today())
    client = signed_in(world.secretary)
    notice = Notice.objects.get(recipient=world.secretary.user)
    assert client.get(f"/notices/{notice.pk}/").url == page(plan)
    assert page(plan) in client.get("/").content.decode()
    first, second = plan.measures.all()
    assert say(world.secretary, plan, second, world.branch, "案例数量偏多").status_code == 302
    said = Comment.objects.get()
    assert (said.measure, said.organization, said.text) == (second, world.branch, "案例数量偏多")
    assert "案例数量偏多" in client.get(page(plan)).content.decode()
    assert first.comments.count() == 0


def test_what_would_come_to_the_branch_is_marked_and_can_be_filtered(world, plan):
    other = signed_in(world.secretaries[1])
    assert other.get(page(plan)).content.decode().count(">涉及本单位<") == 1
    body = other.get(f"{page(plan)}?ours=1").content.decode()
    assert "召开警示教育大会" in body
    assert "征集典型案例" not in body


@pytest.mark.parametrize("text", ["", "   ", "很" * 2001])
def test_a_comment_that_cannot_be_taken_comes_back_with_its_reason(world, plan, text):
    measure = plan.measures.first()
    answer = say(world.secretary, plan, measure, world.branch, text)
    assert answer.status_code == 422
    assert "field-errors" in answer.content.decode()
    assert text.strip() in answer.content.decode()
    assert not Comment.objects.exists()


def test_units_read_only_what_they_and_those_below_them_said(world, plan):
    measure = plan.measures.first()
    comment(measure, organization=world.branch, text="甲说时间紧", actor=world.secretary, at=AT)
    comment(measure, organization=world.other_branch, text="乙说人手少", actor=world.other_secretary, at=AT)
    read = {
        "branch": signed_in(world.secretary).get(page(plan)).content.decode(),
        "sibling": signed_in(world.secretaries[1]).get(page(plan)).content.decode(),
        "committee": signed_in(world.committee_secretary).get(page(plan)).content.decode(),
        "office": signed_in(world.office).get(page(plan)).content.decode(),
    }
    assert {who: ("甲说时间紧" in body, "乙说人手少" in body) for who, body in read.items()} == {
        "branch": (True, False),
        "sibling": (False, False),
        "committee": (True, False),
        "office": (True, True),
    }


def test_nobody_speaks_for_a_unit_that_is_not_theirs(world, plan):
    measure = plan.measures.first()
    assert say(world.secretary, plan, measure, world.other_branch, "代提").status_code == 404
    assert say(world.office, plan, measure, world.branch, "代提").status_code == 403
    assert say(world.secretary, plan, measure, world.committee, "代提").status_code == 404
    assert not Comment.objects.exists()


def test_the_office_answers_every_comment_and_only_then_can_issue(world, plan):
    measure = plan.measures.first()
    said = comment(measure, organization=world.branch, text="时间偏紧", actor=world.secretary, at=AT)
    office = signed_in(world.office)
    body = office.get(f"/plans/{plan.pk}/preview/").content.decode()
    assert "还有 1 条意见未答复" in body
    with pytest.raises(Refused):
        issue(world, plan)
    given = {"verdict": "PARTLY", "reason": "顺延至四月中旬"}
    assert office.post(f"{page(plan)}{said.pk}/answer/", given).status_code == 302
    said.refresh_from_db()
    assert (said.verdict, said.reason, said.answered_by) == ("PARTLY", "顺延至四月中旬", world.office.user)
    assert "还有 1 条意见未答复" not in office.get(f"/plans/{plan.pk}/preview/").content.decode()
    told = Notice.objects.get(recipient=world.secretary.user, kind="comment_answered")
    branch = signed_in(world.secretary)
    assert branch.get(f"/notices/{told.pk}/").url == f"{page(plan)}#measure-{measure.pk}"
    assert "顺延至四月中旬" in branch.get(page(plan)).content.decode()
    assert issue(world, plan).state == Plan.State.ISSUED


def test_an_answer_without_reason_or_verdict_comes_back_with_what_was_typed(world, plan):
    said = comment(plan.measures.first(), organization=world.branch, text="紧", actor=world.secretary, at=AT)
    office = signed_in(world.office)
    for given in (
        {"verdict": "TAKEN", "reason": ""},
        {"reason": "只写了理由"},
        {"verdict": "X", "reason": "无此选项"},
    ):
        answered = office.post(f"{page(plan)}{said.pk}/answer/", given)
        assert answered.status_code == 422
        assert given["reason"] in answered.content.decode()
    said.refresh_from_db()
    assert said.verdict == ""


def test_an_answer_is_given_once_and_by_the_office_alone(world, plan):
    said = comment(plan.measures.first(), organization=world.branch, text="紧", actor=world.secretary, at=AT)
    given = {"verdict": "TAKEN", "reason": "同意"}
    assert signed_in(world.secretary).post(f"{page(plan)}{said.pk}/answer/", given).status_code == 403
    assert signed_in(world.secretaries[1]).post(f"{page(plan)}{said.pk}/answer/", given).status_code == 404
    answer(said, verdict="NOT_TAKEN", reason="先到", actor=world.office, at=AT)
    late = signed_in(world.office).post(f"{page(plan)}{said.pk}/answer/", given)
    assert late.status_code == 409
    said.refresh_from_db()
    assert said.reason == "先到"


def test_comments_are_filtered_by_answer_and_unit(world, plan):
    first, second = plan.measures.all()
    one = comment(first, organization=world.branch, text="意见一", actor=world.secretary, at=AT)
    comment(second, organization=world.branch, text="意见二", actor=world.secretary, at=AT)
    comment(first, organization=world.other_branch, text="意见三", actor=world.other_secretary, at=AT)
    answer(one, verdict="TAKEN", reason="好", actor=world.office, at=AT)
    office = signed_in(world.office)
    for query, expected in {
        "state=open": {"意见二", "意见三"},
        "state=answered": {"意见一"},
        "state=NOT_TAKEN": set(),
        f"unit={world.other_branch.pk}": {"意见三"},
        "state=x&unit=9x": {"意见一", "意见二", "意见三"},
    }.items():
        body = office.get(f"{page(plan)}?{query}").content.decode()
        assert {text for text in ("意见一", "意见二", "意见三") if text in body} == expected, query


def test_a_measure_with_comments_is_not_removed_or_merged_away(world, plan):
    first, second = plan.measures.all()
    comment(first, organization=world.branch, text="时间偏紧", actor=world.secretary, at=AT)
    with pytest.raises(Refused):
        remove_measure(first, actor=world.office, at=AT)
    with pytest.raises(Refused):
        merge_measures(second, first, actor=world.office, at=AT)
    assert Measure.objects.filter(plan=plan).count() == 2
    assert signed_in(world.office).post(f"/plans/{plan.pk}/measures/{first.pk}/remove/").status_code == 400


def test_back_in_draft_the_branch_sees_nothing_and_the_office_keeps_the_comments(world, plan):
    comment(plan.measures.first(), organization=world.branch, text="时间偏紧", actor=world.secretary, at=AT)
    office = signed_in(world.office)
    office.post(f"/plans/{plan.pk}/back_to_draft/", {"version": plan.version})
    plan.refresh_from_db()
    assert plan.state == "DRAFT"
    assert signed_in(world.secretary).get(page(plan)).status_code == 404
    assert page(plan) not in signed_in(world.secretary).get("/").content.decode()
    assert "时间偏紧" in office.get(page(plan)).content.decode()


def test_the_page_asks_the_same_number_of_questions_for_one_and_for_many(
    world, plan, django_assert_num_queries, django_assert_max_num_queries
):
    office, branch = signed_in(world.office), signed_in(world.secretary)
    comment(plan.measures.first(), organization=world.branch, text="一", actor=world.secretary, at=AT)
    with django_assert_max_num_queries(10) as few:
        office.get(page(plan))
    with django_assert_max_num_queries(10) as own:
        branch.get(page(plan))
    for n in range(4):
        more = make_measure(world, plan, receivers=[world.branch], title=f"更多{n}")
        comment(more, organization=world.branch, text="又一条", actor=world.secretary, at=now())
        comment(more, organization=world.other_branch, text="再一条", actor=world.other_secretary, at=now())
    with django_assert_num_queries(len(few)):
        office.get(page(plan))
    with django_assert_num_queries(len(own)):
        branch.get(page(plan))


def test_a_leader_of_the_unit_may_comment_too(world, plan):
    leader = actor_at(world.branch, "LEADER")
    assert say(leader, plan, plan.measures.first(), world.branch, "领导意见").status_code == 302
