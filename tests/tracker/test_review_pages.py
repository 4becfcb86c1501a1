"""Who may decide on what, and the queue that leads from one submission to the next."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from branches.access import Actor
from branches.models import User
from common.clock import moment
from common.workdays import Calendar
from tests.factories import (
    acknowledged,
    actor_at,
    issue,
    make_measure,
    make_organization,
    make_plan,
    make_post,
    make_task,
    on,
    submitted,
)
from tracker.evidence import attach
from tracker.models import Task
from tracker.reviewing import reviewable_by, submission_of
from tracker.transitions import decide, perform

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 24)
NOW = moment(DAY, 10)


@pytest.fixture(autouse=True)
def _in_march():
    with time_machine.travel(NOW, tick=False):
        yield


def test_the_queue_is_what_the_table_allows_for_every_person_and_task(world):
    """Sets and single decisions must not drift apart: one and two levels, own submissions, self-issued plans."""
    general = make_organization("GENERAL_BRANCH", parent=world.committee)
    below_general = make_organization("BRANCH", parent=general)
    for unit in (general, below_general):
        actor_at(unit, "SECRETARY")
    make_post(world.committee, "CLERK", user=world.secretary.user)
    make_post(world.top, "CLERK", user=world.reviewer.user)
    receivers = [*world.branches, below_general, world.committee, world.top]
    for two in (False, True):
        plan = make_plan(world, two_reviews=two)
        make_measure(world, plan, receivers=receivers)
        issue(world, plan)
    for task in Task.objects.all():
        unit = actor_at(task.organization, "SECRETARY")
        started = perform(task, "acknowledge", actor=unit, at=NOW, given={"handler": unit.user.pk})
        perform(started, "submit", actor=unit, at=NOW, given={"progress": "已按要求完成"})
    for task in Task.objects.filter(organization=world.branches[1]):
        perform(task, "approve", actor=actor_at(world.committee, "SECRETARY"), at=NOW)
    some = 0
    for user in User.objects.all():
        actor = Actor.on(user, DAY)
        listed = set(Task.objects.filter(reviewable_by(actor)).values_list("pk", flat=True))
        allowed = {
            task.pk
            for task in Task.objects.all()
            if any(decide(task, act, actor=actor, at=NOW).allowed for act in ("approve", "approve_second"))
        }
        assert listed == allowed, user.name
        some += len(listed)
    assert some > 10


def test_ones_own_submission_is_not_in_the_queue(client, world):
    make_post(world.committee, "CLERK", user=world.secretary.user)
    task = submitted(world, make_task(world), at=moment(date(2026, 3, 20)))
    client.force_login(world.secretary.user)
    assert client.get("/review/").context.get("task") is None
    assert client.get(f"/review/{task.pk}/").status_code == 302
    client.force_login(world.reviewer.user)
    assert client.get("/review/").context["task"] == task


def test_each_decision_leads_to_the_next_submission_and_the_counter_falls(client, world):
    first = submitted(world, make_task(world), at=moment(date(2026, 3, 19)))
    second = submitted(world, make_task(world), at=moment(date(2026, 3, 20)))
    client.force_login(world.reviewer.user)
    shown = client.get("/review/").context
    assert (shown["task"], shown["left"], shown["after"]) == (first, 2, f"/review/{second.pk}/")
    response = client.post(
        f"/tasks/{first.pk}/approve/", {"version": first.version, "next": shown["after"]}, follow=True
    )
    assert (response.context["task"], response.context["left"]) == (second, 1)
    given = {"version": second.version, "reason": "缺少会议记录", "next": response.context["after"]}
    response = client.post(f"/tasks/{second.pk}/return/", given, follow=True)
    assert response.templates[0].name == "tracker/review/empty.html"
    assert list(Task.objects.order_by("pk").values_list("state", flat=True)) == ["DONE", "ACTIVE"]


def test_a_return_without_a_reason_is_not_done(client, world):
    task = submitted(world, make_task(world))
    client.force_login(world.reviewer.user)
    response = client.post(f"/tasks/{task.pk}/return/", {"version": task.version, "reason": " "})
    assert (response.status_code, Task.objects.get(pk=task.pk).state) == (422, "SUBMITTED")


def test_a_submission_that_somebody_else_decided_leads_on(client, world):
    task = submitted(world, make_task(world))
    perform(task, "approve", actor=world.committee_secretary, at=NOW)
    client.force_login(world.reviewer.user)
    response = client.get(f"/review/{task.pk}/", follow=True)
    assert response.redirect_chain == [("/review/", 302)]
    assert "已不需您审核" in response.content.decode()


def test_two_levels_are_two_queues_of_different_people(client, world):
    task = submitted(world, make_task(world, two_reviews=True))
    client.force_login(world.office.user)
    assert client.get("/review/").context.get("task") is None
    perform(task, "approve", actor=world.reviewer, at=NOW)
    shown = client.get("/review/").context
    assert (shown["task"], shown["approve"], shown["send_back"]) == (task, "approve_second", "return_second")
    client.force_login(world.reviewer.user)
    assert client.get("/review/").context.get("task") is None


def test_a_branch_and_an_outsider_have_nothing_to_review(client, world):
    submitted(world, make_task(world))
    for actor in (world.secretary, world.other_secretary, actor_at(world.top, "AUDITOR")):
        client.force_login(actor.user)
        assert client.get("/review/").context.get("task") is None


def test_the_reviewers_own_reasons_are_at_hand_each_once_and_newest_first(client, world):
    for day, reason in [(9, "缺少照片"), (10, "内容太笼统"), (11, "缺少照片")]:
        task = submitted(world, make_task(world), at=moment(date(2026, 3, day)))
        perform(
            task, "return", actor=world.reviewer, at=moment(date(2026, 3, day), 15), given={"reason": reason}
        )
    other = submitted(world, make_task(world))
    perform(other, "return", actor=world.committee_secretary, at=NOW, given={"reason": "别人的理由"})
    submitted(world, make_task(world))
    client.force_login(world.reviewer.user)
    assert client.get("/review/").context["reasons"] == ["缺少照片", "内容太笼统"]


def test_the_reviewer_is_told_facts_and_no_judgement(world):
    plan = make_plan(world)
    make_measure(world, plan)
    issue(world, plan)
    mine, twin = Task.objects.order_by("organization__path")
    last_day = moment(date(2026, 4, 1))
    for task, unit in ((mine, world.secretary), (twin, world.secretaries[1])):
        started = perform(
            task, "acknowledge", actor=unit, at=moment(date(2026, 1, 6)), given={"handler": unit.user.pk}
        )
        started = attach(started, upload=ContentFile(b"%PDF-1 same", "a.pdf"), actor=unit, at=last_day)
        given = {"progress": "已按要求完成，全体党员参加"}
        perform(started, "submit", actor=on(unit, date(2026, 4, 1)), at=last_day, given=given)
    submission = submission_of(Task.objects.get(pk=mine.pk), calendar=Calendar.load())
    assert [fact.sentence for fact in submission.facts] == [
        "逾期 1 个工作日报结",
        "与本事项另外 1 份填报文字完全相同",
        "1 个文件同时用于其他任务",
        "全部内容均在逾期后同一天填报",
    ]


def facts_of(task: Task) -> list[str]:
    submission = submission_of(Task.objects.get(pk=task.pk), calendar=Calendar.load())
    return [fact.sentence for fact in submission.facts]


def test_everything_entered_on_the_last_day_is_a_fact_an_earlier_report_takes_it_away(world):
    last = moment(date(2026, 3, 31), 17)
    plain = submitted(world, make_task(world), at=last)
    assert facts_of(plain) == ["按时报结", "全部内容在截止当日一次填报"]
    spread = acknowledged(world, make_task(world))
    said = {"progress": "已部署并拟定方案", "percent": 40}
    spread = perform(spread, "report", actor=world.secretary, at=NOW, given=said)
    submitted(world, spread, at=last)
    assert "全部内容在截止当日一次填报" not in facts_of(spread)


def test_the_same_words_twice_are_a_fact_within_the_task_and_across_the_unit(world):
    words = "已按要求完成，全体党员参加并形成记录"
    tasks = []
    for title in ("召开大会", "讲授党课"):
        task = acknowledged(world, make_task(world, title=title))
        task = perform(
            task, "report", actor=world.secretary, at=NOW, given={"progress": words, "percent": 90}
        )
        tasks.append(perform(task, "submit", actor=world.secretary, at=NOW, given={"progress": words}))
    expected = ["按时报结", "与本单位其他事项 1 份填报文字完全相同", "与本任务此前 1 次填报文字相同"]
    assert [facts_of(task) for task in tasks] == [expected, expected]


def test_an_earlier_return_is_shown_with_its_reason(world):
    task = submitted(world, make_task(world))
    back = perform(task, "return", actor=world.reviewer, at=NOW, given={"reason": "缺少会议照片"})
    again = perform(back, "submit", actor=world.secretary, at=NOW, given={"progress": "已补充照片"})
    facts = submission_of(again, calendar=Calendar.load()).facts
    assert ("此前退回 1 次", "缺少会议照片") in [(fact.sentence, fact.quote) for fact in facts]


def test_the_queue_asks_the_same_number_of_questions_for_one_and_three(
    client, world, django_assert_num_queries
):
    client.force_login(world.reviewer.user)
    submitted(world, make_task(world), at=moment(date(2026, 3, 19)))
    submitted(world, make_task(world))
    client.get("/review/")
    with CaptureQueriesContext(connection) as few:
        client.get("/review/")
    for _ in range(2):
        submitted(world, make_task(world))
    acknowledged(world, make_task(world))
    with django_assert_num_queries(len(few)):
        client.get("/review/")


def test_measures_whose_tasks_are_closed_wait_for_the_office_and_the_inspector(client, world):
    task = submitted(world, make_task(world))
    perform(task, "approve", actor=world.reviewer, at=NOW)
    for actor in (world.office, world.inspector):
        client.force_login(actor.user)
        shown = client.get("/review/measures/").context["measures"]
        assert [(measure, measure.done) for measure in shown] == [(task.measure, 1)]
    client.force_login(world.reviewer.user)
    assert list(client.get("/review/measures/").context["measures"]) == []
