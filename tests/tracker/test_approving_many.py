"""Bulk approval: a preview with reasons, one act for each, never one's own."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.clock import moment
from tests.factories import World, issue, make_measure, make_plan, make_post, make_task, submitted
from tracker import approving_many
from tracker.approving_many import judge
from tracker.evidence import attach
from tracker.models import Event, Task
from tracker.transitions import perform

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 24)
NOW = moment(DAY, 10)
PAGE = "/review/several/"


@pytest.fixture
def world() -> World:
    return World(branches=3)


@pytest.fixture(autouse=True)
def _in_march():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def handed_in(world) -> list[Task]:
    """Three branches' submissions of one measure."""
    return hand_in(world)


def hand_in(world: World, *, two_reviews: bool = False, **fields) -> list[Task]:
    plan = make_plan(world, two_reviews=two_reviews)
    measure = make_measure(world, plan, **fields)
    issue(world, plan)
    tasks: list[Task] = []
    for task, unit in zip(measure.tasks.order_by("organization__path"), world.secretaries, strict=True):
        started = perform(task, "acknowledge", actor=unit, at=NOW, given={"handler": unit.user.pk})
        text = f"第{len(tasks)}支部已按要求召开大会"
        tasks.append(perform(started, "submit", actor=unit, at=NOW, given={"progress": text}))
    return tasks


@pytest.fixture
def reviewer(client, world):
    client.force_login(world.reviewer.user)
    return client


def ticks(*tasks: Task) -> list[str]:
    return [f"{task.pk}:{task.version}" for task in tasks]


def states() -> list[str]:
    return list(Task.objects.order_by("pk").values_list("state", flat=True))


def told(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def test_the_queue_is_listed_to_tick_with_each_version_and_its_facts(reviewer, handed_in):
    response = reviewer.get(PAGE)
    assert [task for task, _waited in response.context["rows"]] == handed_in
    assert all(f'value="{tick}"' in response.content.decode() for tick in ticks(*handed_in))


def test_a_preview_writes_nothing(reviewer, handed_in):
    response = reviewer.post(PAGE, {"task": ticks(*handed_in[:2])})
    assert [verdict.task for verdict in response.context["approvable"]] == handed_in[:2]
    assert states() == ["SUBMITTED"] * 3


def test_the_ticked_are_approved_each_with_its_own_event_and_the_others_left(reviewer, world, handed_in):
    given = {"task": ticks(*handed_in[:2]), "confirm": "1", "remark": "属实"}
    response = reviewer.post(PAGE, given, follow=True)
    assert states() == ["DONE", "DONE", "SUBMITTED"]
    events = Event.objects.filter(act="approve").order_by("subject_id")
    assert [(e.subject_id, e.actor_id, e.said["remark"]) for e in events] == [
        (task.pk, world.reviewer.user.pk, "属实") for task in handed_in[:2]
    ]
    assert told(response) == ["已审核通过 2 件"]


def test_ones_own_submission_is_never_approved_and_the_preview_says_why(client, world, handed_in):
    make_post(world.committee, "CLERK", user=world.secretary.user)
    client.force_login(world.secretary.user)
    listed = client.get(PAGE)
    assert [task for task, _waited in listed.context["rows"]] == handed_in[1:]
    assert listed.context["own"] == 1
    previewed = client.post(PAGE, {"task": ticks(*handed_in)}).context
    assert [verdict.task for verdict in previewed["approvable"]] == handed_in[1:]
    assert [(v.task, str(v.reason)) for v in previewed["left_out"]] == [
        (handed_in[0], "不能审核本人提交的事项，请由其他人员审核。")
    ]
    client.post(PAGE, {"task": ticks(*handed_in), "confirm": "1"})
    assert states() == ["SUBMITTED", "DONE", "DONE"]


def test_a_submission_somebody_acted_on_since_is_left_out_and_the_others_go_on(reviewer, world, handed_in):
    old = ticks(*handed_in)
    back = perform(
        handed_in[0], "return", actor=world.committee_secretary, at=NOW, given={"reason": "缺记录"}
    )
    again = perform(back, "submit", actor=world.secretary, at=NOW, given={"progress": "改好了，已补记录"})
    previewed = reviewer.post(PAGE, {"task": old}).context
    assert [v.task for v in previewed["left_out"]] == [again]
    response = reviewer.post(PAGE, {"task": old, "confirm": "1"}, follow=True)
    assert states() == ["SUBMITTED", "DONE", "DONE"]
    assert [("已有他人处理" in line, "2 件" in line) for line in told(response)] == [
        (False, True),
        (True, False),
    ]


def test_one_decided_in_the_very_moment_is_refused_alone(reviewer, world, handed_in, monkeypatch):
    """Between the last look and the act somebody returns the second one: it stays as that person left it."""

    def overtaken(task, act, **kwargs):
        if task.pk == handed_in[1].pk:
            perform(
                task, "return", actor=world.committee_secretary, at=NOW, given={"reason": "请补充会议记录"}
            )
        return perform(task, act, **kwargs)

    monkeypatch.setattr(approving_many, "perform", overtaken)
    response = reviewer.post(PAGE, {"task": ticks(*handed_in), "confirm": "1"}, follow=True)
    assert states() == ["DONE", "ACTIVE", "DONE"]
    assert len(told(response)) == 2


def test_pressed_twice_it_is_done_once(reviewer, handed_in):
    given = {"task": ticks(*handed_in), "confirm": "1"}
    reviewer.post(PAGE, given)
    response = reviewer.post(PAGE, given, follow=True)
    assert told(response)[-1] == "此前已经办理，无需重复提交。"
    assert Event.objects.filter(act="approve").count() == 3


def test_missing_evidence_and_missing_numbers_are_left_out(reviewer, world):
    plan = make_plan(world)
    wanted = make_measure(world, plan, receivers=world.branches[:2])
    counted = make_measure(world, plan, title="培育案例", receivers=world.branches[:1])
    issue(world, plan)
    for task in Task.objects.all():
        unit = world.secretaries[world.branches.index(task.organization)]
        started = perform(task, "acknowledge", actor=unit, at=NOW, given={"handler": unit.user.pk})
        if task.measure_id == wanted.pk and unit == world.secretary:
            started = attach(started, upload=ContentFile(b"%PDF-1 x", "a.pdf"), actor=unit, at=NOW)
        perform(started, "submit", actor=unit, at=NOW, given={"progress": "已按要求完成"})
    # asked for only after they had been handed in
    type(wanted).objects.filter(pk=wanted.pk).update(evidence_required=True)
    type(counted).objects.filter(pk=counted.pk).update(target_number=60, target_unit="个")
    versions = dict(Task.objects.values_list("pk", "version"))
    verdicts = judge(versions, actor=world.reviewer, at=NOW)
    assert [str(verdict.reason) for verdict in verdicts] == [
        "",
        "缺少该事项要求的佐证材料。",
        "未填报目标完成数。",
    ]


def test_the_second_review_is_approved_by_its_own_act(client, world):
    tasks = hand_in(world, two_reviews=True)
    client.force_login(world.reviewer.user)
    client.post(PAGE, {"task": ticks(*tasks), "confirm": "1"})
    assert states() == ["SECOND_REVIEW"] * 3
    client.force_login(world.office.user)
    client.post(PAGE, {"task": ticks(*Task.objects.all()), "confirm": "1"})
    assert states() == ["DONE"] * 3


def test_who_may_not_review_approves_nothing(client, world, handed_in):
    for actor in (world.secretaries[1], world.chief, world.other_secretary, world.inspector):
        client.force_login(actor.user)
        client.post(PAGE, {"task": ticks(*handed_in), "confirm": "1"})
    assert states() == ["SUBMITTED"] * 3


def test_what_lies_out_of_sight_is_not_even_named(client, world, handed_in):
    client.force_login(world.other_secretary.user)
    shown = client.post(PAGE, {"task": ticks(*handed_in)}).context
    assert (shown["approvable"], shown["left_out"]) == ([], [])


@pytest.mark.parametrize("values", [[], ["x"], ["1:"], ["１:2"], ["-1:0"], [f"{'9' * 30}:1"]])
def test_nothing_readable_ticked_is_said(reviewer, handed_in, values):
    response = reviewer.post(PAGE, {"task": values, "confirm": "1"}, follow=True)
    assert told(response) == ["请至少勾选一件。"]
    assert states() == ["SUBMITTED"] * 3


def test_too_many_at_once_are_refused_whole(reviewer, handed_in):
    many = [*ticks(*handed_in), *(f"{pk}:1" for pk in range(10_000, 10_100))]
    response = reviewer.post(PAGE, {"task": many, "confirm": "1"})
    assert (response.status_code, states()) == (400, ["SUBMITTED"] * 3)


def test_a_remark_that_cannot_be_kept_comes_back_and_nothing_is_approved(reviewer, handed_in):
    given = {"task": ticks(*handed_in), "confirm": "1", "remark": "长" * 3000}
    response = reviewer.post(PAGE, given)
    assert (response.status_code, states()) == (422, ["SUBMITTED"] * 3)
    assert "长" * 3000 in response.content.decode()


def test_the_list_is_narrowed_to_one_measure(reviewer, world, handed_in):
    other = submitted(world, make_task(world, title="讲授专题党课"))
    shown = reviewer.get(PAGE, {"measure": other.measure_id}).context
    assert ([task for task, _waited in shown["rows"]], shown["left"]) == ([other], 1)
    assert len(reviewer.get(PAGE, {"measure": "x"}).context["rows"]) == 4


def test_list_and_preview_ask_the_same_number_of_questions_for_one_and_three(
    reviewer, handed_in, django_assert_num_queries
):
    reviewer.get(PAGE)
    Task.objects.exclude(pk=handed_in[0].pk).update(state="ACTIVE")
    with CaptureQueriesContext(connection) as listed:
        reviewer.get(PAGE)
    with CaptureQueriesContext(connection) as previewed:
        reviewer.post(PAGE, {"task": ticks(handed_in[0])})
    Task.objects.update(state="SUBMITTED")
    with django_assert_num_queries(len(listed)):
        reviewer.get(PAGE)
    with django_assert_num_queries(len(previewed)):
        reviewer.post(PAGE, {"task": ticks(*handed_in)})
