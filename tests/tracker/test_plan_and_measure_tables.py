"""Plans and measures: every (state, act, role) against a table written apart from the product's, and what acts do."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from common.clock import moment
from common.errors import NotAllowed, Refused
from common.jobs import run_due_jobs
from tests.factories import (
    SPRING,
    World,
    actor_at,
    issue,
    make_measure,
    make_plan,
    make_post,
)
from tracker.events import history
from tracker.fan_out import ask_to_open_ahead
from tracker.models import Measure, Notice, Plan, Task
from tracker.reserves import tell_of_reserves
from tracker.transitions import decide, perform, transitions_of

pytestmark = pytest.mark.django_db
MARCH = moment(date(2026, 3, 10))
APRIL = moment(date(2026, 4, 10))
ACTORS = {
    "s": ("branch", "SECRETARY"),
    "C": ("committee", "CLERK"),
    "S": ("committee", "SECRETARY"),
    "j": ("committee", "INSPECTOR"),
    "O": ("top", "CLERK"),
    "P": ("top", "DEPUTY_SECRETARY"),
    "I": ("top", "SECRETARY"),
    "L": ("top", "LEADER"),
    "i": ("top", "INSPECTOR"),
    "a": ("top", "ADMINISTRATOR"),
    "x": ("other_branch", "SECRETARY"),
}
PLAN = {
    # act: {state: who may}; what is not listed is refused
    "consult": {"DRAFT": "OP"},
    "back_to_draft": {"CONSULTING": "OP"},
    "issue": {"DRAFT": "OPIL", "CONSULTING": "OPIL"},
    "supplement": {"ISSUED": "OPIL"},
    "pause_reminders": {"ISSUED": "OPIL"},
    "resume_reminders": {"ISSUED": "OPIL"},
    "close": {"ISSUED": "OP"},
}
MEASURE = {
    "reserve": {"PROPOSED": "OP"},
    "take_up": {"RESERVED": "OP"},
    "activate": {},
    "amend": {"ACTIVE": "OP"},
    "finish": {},
    "verify": {"VERIFYING": "OPi"},
    "not_verified": {"VERIFYING": "OPi"},
    "look_back_fails": {"VERIFIED": "i"},
    "carry_forward": {"ACTIVE": "OP", "VERIFYING": "OP"},
    "withdraw": dict.fromkeys(["PROPOSED", "RESERVED", "ACTIVE", "VERIFYING"], "IL"),
}


@pytest.fixture
def measure(world) -> Measure:
    """An issued measure of two branches; nobody of those judged below took part in it."""
    plan = make_plan(world)
    measure = make_measure(world, plan)
    issue(world, plan)
    return Measure.objects.get(pk=measure.pk)


def verified(world: World, measure: Measure) -> Measure:
    tasks = Task.objects.filter(measure=measure).order_by("pk")
    for pending, secretary in zip(tasks, world.secretaries, strict=True):
        given = {"handler": secretary.user.pk}
        task = perform(pending, "acknowledge", actor=secretary, at=MARCH, given=given)
        handed_in = perform(task, "submit", actor=secretary, at=MARCH, given={"progress": "已召开"})
        perform(handed_in, "approve", actor=world.reviewer, at=MARCH, given={})
    measure.refresh_from_db()
    return measure


def judged(subject: Any, expected: dict, world: World) -> list:
    """What differs from a table, a guard's refusal counting as permission of the person."""
    actors = {letter: actor_at(getattr(world, place), role) for letter, (place, role) in ACTORS.items()}
    wrong = []
    for state in type(subject).State.values:
        subject.state = state
        for act, states in expected.items():
            allowed = {x for x, actor in actors.items() if _may(subject, act, actor)}
            if allowed != set(states.get(state, "")):
                wrong.append((state, act, "".join(sorted(allowed)), states.get(state, "")))
    return wrong


def _may(subject: Any, act: str, actor: Any) -> bool:
    row = transitions_of(subject.KIND)[act]
    decision = decide(subject, act, actor=actor, at=MARCH)
    by_guard = decision.code == "not_allowed" and any(p.test(actor, subject) for p in row.who)
    return decision.allowed or by_guard


def test_every_state_act_and_role_of_a_plan_is_as_expected(world, measure):
    assert set(transitions_of("plan")) == set(PLAN)
    assert judged(measure.plan, PLAN, world) == []


def test_every_state_act_and_role_of_a_measure_is_as_expected(world, measure):
    assert set(transitions_of("measure")) == set(MEASURE)
    assert judged(measure, MEASURE, world) == []


def test_reminders_are_paused_with_a_reason_until_a_day_and_go_on_by_themselves_or_sooner(
    world, measure, client, time_machine
):
    plan = measure.plan
    given = {"until": date(2026, 3, 20), "reason": "防汛"}
    with pytest.raises(Refused):
        perform(plan, "pause_reminders", actor=world.office, at=MARCH, given=given | {"until": SPRING})
    with pytest.raises(NotAllowed):
        perform(plan, "resume_reminders", actor=world.office, at=MARCH)
    plan = perform(plan, "pause_reminders", actor=world.office, at=MARCH, given=given)
    assert (plan.state, plan.reminders_paused_until) == ("ISSUED", date(2026, 3, 20))
    time_machine.move_to(MARCH, tick=False)
    client.force_login(world.office.user)
    page = client.get(f"/plans/{plan.pk}/").content.decode()
    assert "催办暂停至" in page
    assert f"/plans/{plan.pk}/resume_reminders/" in page
    assert f"/plans/{plan.pk}/pause_reminders/" not in page
    sent = client.post(f"/plans/{plan.pk}/resume_reminders/", {"version": plan.version})
    assert sent.status_code == 303
    plan.refresh_from_db()
    assert plan.reminders_paused_until is None
    assert [event.act for event in history(plan)][-2:] == ["pause_reminders", "resume_reminders"]
    plan = perform(plan, "pause_reminders", actor=world.office, at=MARCH, given=given)
    # past its last day it has ended by itself
    assert not decide(plan, "resume_reminders", actor=world.office, at=APRIL).allowed


@pytest.mark.parametrize(("act", "before"), [("not_verified", "VERIFYING"), ("look_back_fails", "VERIFIED")])
def test_what_is_not_verified_or_did_not_last_goes_back_with_chosen_tasks(
    world, measure, act, before, client, time_machine
):
    measure = verified(world, measure)
    if before == "VERIFIED":
        measure = perform(measure, "verify", actor=world.inspector, at=MARCH, given={"remark": "属实"})
    assert measure.state == before
    tasks = list(Task.objects.filter(measure=measure).order_by("pk"))
    given = {"reason": "没有整改到位", "due": date(2026, 4, 30), "tasks": []}
    with pytest.raises(Refused) as refused:
        perform(measure, act, actor=world.inspector, at=APRIL, given=given)
    assert list(refused.value.fields) == ["tasks"]
    time_machine.move_to(APRIL, tick=False)
    client.force_login(world.inspector.user)
    address = f"/plans/{measure.plan_id}/measures/{measure.pk}/{act}/"
    assert world.branch.short_name in client.get(address).content.decode()
    sending = given | {"tasks": [tasks[0].pk], "version": measure.version}
    assert client.post(address, sending).status_code == 303
    # sent twice it is done once
    assert client.post(address, sending).status_code == 303
    measure.refresh_from_db()
    assert measure.state == "ACTIVE"
    found = Task.objects.filter(measure=measure).order_by("pk")
    assert [(t.state, t.due) for t in found] == [("ACTIVE", date(2026, 4, 30)), ("DONE", tasks[1].due)]
    assert [event.act for event in history(tasks[0])][-1] == "reopen"
    assert [event.act for event in history(measure)].count(act) == 1


def test_a_closed_plan_is_not_looked_back_at(world, measure):
    measure = verified(world, measure)
    measure = perform(measure, "verify", actor=world.inspector, at=MARCH, given={"remark": "属实"})
    perform(Plan.objects.get(pk=measure.plan_id), "close", actor=world.office, at=MARCH)
    tasks = [task.pk for task in measure.tasks.all()]
    given = {"reason": "反弹", "due": date(2026, 4, 30), "tasks": tasks}
    with pytest.raises(Refused):
        perform(measure, "look_back_fails", actor=world.inspector, at=APRIL, given=given)


def test_the_office_hears_once_of_a_reserved_measure_on_its_day(world):
    deputy = make_post(world.top, "DEPUTY_SECRETARY").user
    measure = make_measure(world, make_plan(world))
    given = {"reason": "意见不一致", "review_on": date(2026, 3, 10)}
    perform(measure, "reserve", actor=world.office, at=moment(SPRING), given=given)
    assert tell_of_reserves(at=moment(date(2026, 3, 9))) == 0
    ask_to_open_ahead(at=MARCH)
    run_due_jobs(at=MARCH)
    assert tell_of_reserves(at=APRIL) == 0
    told = Notice.objects.filter(kind="reserve_due")
    assert set(told.values_list("recipient", flat=True)) == {world.office.user.pk, deputy.pk}
    assert told[0].data["url"] == f"/plans/{measure.plan_id}/measures/{measure.pk}/"
    measure.refresh_from_db()
    perform(measure, "take_up", actor=world.office, at=APRIL)
    assert tell_of_reserves(at=APRIL) == 0
