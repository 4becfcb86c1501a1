"""Urgent tasks (临时交办): given out in one step outside every plan, by the same checks, never twice."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from common.clock import moment
from common.errors import NotAllowed, Refused
from common.jobs import run_due_jobs
from tests.factories import SPRING, World, actor_at, issue, make_measure, make_plan
from tracker.fan_out import fan_out
from tracker.models import KeptClash, Measure, Plan, Task
from tracker.urgent import Clashing, assign_urgently

pytestmark = pytest.mark.django_db
AT = moment(SPRING)


def fields(world: World, **other: Any) -> dict[str, Any]:
    return {
        "title": "报送防汛值班安排",
        "requirement": "报送值班表",
        "deliverable": "值班表",
        "due": date(2026, 1, 8),
        "responsible_leader": world.leader.user,
        "evidence_required": False,
        "receiver_kinds": [],
        **other,
    }


def give(world: World, *, receivers=None, actor=None, reason="", consent=None, **other: Any) -> Measure:
    return assign_urgently(
        world.top,
        actor=actor or world.office,
        at=AT,
        fields=fields(world, **other),
        receivers=world.branches if receivers is None else receivers,
        keep_reason=reason,
        load_consent=consent,
    )


def test_one_step_makes_measure_plan_and_tasks(world):
    measure = give(world)
    plan = Plan.objects.get()
    assert (plan.kind, plan.state, plan.period) == ("URGENT", "ISSUED", "2026")
    assert plan.approved_by == world.leader.user
    assert fan_out(plan, at=AT) == 2
    tasks = Task.objects.filter(measure=measure)
    assert {task.organization for task in tasks} == set(world.branches)
    assert {task.due for task in tasks} == {date(2026, 1, 8)}


@pytest.mark.django_db(transaction=True)
def test_the_job_that_was_asked_for_makes_the_tasks(world):
    give(world)
    run_due_jobs(at=AT)
    assert Task.objects.count() == 2


def test_the_same_pressed_twice_is_one(world):
    first = give(world)
    assert give(world) == first
    assert Measure.objects.count() == 1


def test_the_next_one_joins_the_same_plan_of_the_year(world):
    give(world)
    give(world, title="上报应急联络员名单")
    plan = Plan.objects.get()
    assert plan.measures.count() == 2
    assert fan_out(plan, at=AT) == 4


def test_the_same_words_to_other_units_are_refused_with_what_to_do(world):
    give(world, receivers=[world.branch])
    with pytest.raises(Refused, match="增补"):
        give(world, receivers=[world.branches[1]])


def test_nobody_but_the_office_gives_out(world):
    for actor in (world.secretary, world.issuer, world.reviewer):
        with pytest.raises(NotAllowed):
            give(world, actor=actor)
    assert Plan.objects.count() == 0


def test_a_day_that_has_passed_is_refused_and_nothing_is_left_behind(world):
    with pytest.raises(Refused):
        give(world, due=date(2026, 1, 4))
    assert (Plan.objects.count(), Measure.objects.count()) == (0, 0)


@pytest.mark.parametrize("lack", [{"deliverable": ""}, {"responsible_leader": None}])
def test_the_checks_before_issuing_hold_here_too(world, lack):
    with pytest.raises(Refused):
        give(world, **lack)
    assert (Plan.objects.count(), Measure.objects.count()) == (0, 0)


def test_a_clash_needs_a_reason_which_is_kept(world):
    issue(world, (plan := make_plan(world), make_measure(world, plan, title="报送防汛值班安排表"))[0])
    with pytest.raises(Clashing) as refusal:
        give(world)
    assert [clash.other.title for clash in refusal.value.clashes] == ["报送防汛值班安排表"]
    assert Plan.objects.filter(kind="URGENT").count() == 0
    give(world, reason="汛情紧急")
    assert KeptClash.objects.get().reason == "汛情紧急"


def test_a_unit_over_its_ceiling_needs_a_leader_s_consent(world, settings):
    settings.LOAD_CEILING = 0
    with pytest.raises(Refused) as refusal:
        give(world)
    assert "load_consent" in refusal.value.fields
    assert give(world, consent=world.leader.user).plan.kind == "URGENT"


def test_when_the_year_s_plan_is_filed_a_new_one_begins(world):
    give(world)
    Plan.objects.update(state="CLOSED")
    give(world)
    assert sorted(Plan.objects.values_list("state", flat=True)) == ["CLOSED", "ISSUED"]


# --- the page ------------------------------------------------------------------------------------------------------


@pytest.fixture
def enter(time_machine):
    time_machine.move_to(AT, tick=False)

    def as_(actor):
        client = Client()
        client.force_login(actor.user)
        return client

    return as_


def sent(world: World, **other: Any) -> dict[str, Any]:
    return {
        "title": "报送防汛值班安排",
        "requirement": "报送值班表",
        "deliverable": "值班表",
        "due": "2026-01-08",
        "hour": "17:00",
        "responsible_leader": world.leader.user.pk,
        "receivers": [branch.pk for branch in world.branches],
        **other,
    }


def test_the_page_gives_out_and_leads_to_the_progress(world, enter):
    client = enter(world.office)
    assert client.get("/tasks/new/").status_code == 200
    answer = client.post("/tasks/new/", sent(world))
    plan = Plan.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/plans/{plan.pk}/progress/")
    assert Measure.objects.get().due_words == "17:00 前"
    assert client.post("/tasks/new/", sent(world)).status_code == 302
    assert Measure.objects.count() == 1


def test_a_clash_comes_back_with_what_was_typed_and_the_question_why(world, enter):
    issue(world, (plan := make_plan(world), make_measure(world, plan, title="报送防汛值班安排表"))[0])
    answer = enter(world.office).post("/tasks/new/", sent(world))
    text = answer.content.decode()
    assert answer.status_code >= 400
    assert "报送防汛值班安排表" in text
    assert "仍需交办的理由" in text
    assert 'value="值班表"' in text
    assert enter(world.office).post("/tasks/new/", sent(world, keep_reason="汛情紧急")).status_code == 302


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": "长" * 121},
        {"due": "2026-13-40"},
        {"due": "2026-01-02"},
        {"receivers": []},
        {"receivers": ["x"]},
        {"receiver_kinds": ["NONE"], "receivers": []},
        {"responsible_leader": "0"},
        {"deliverable": ""},
        {"hour": "25:99"},
        {"title": "a\0b"},
    ],
)
def test_bad_input_is_named_and_leaves_nothing_behind(world, enter, wrong):
    answer = enter(world.office).post("/tasks/new/", sent(world, **wrong))
    assert 400 <= answer.status_code < 500
    assert answer.context["form"].errors
    assert (Plan.objects.count(), Measure.objects.count()) == (0, 0)


def test_units_outside_one_s_own_tree_cannot_be_named(world, enter):
    clerk = actor_at(world.committee, "CLERK")
    leader = actor_at(world.committee, "SECRETARY")
    form = sent(world, receivers=[world.other_branch.pk], responsible_leader=leader.user.pk)
    assert enter(clerk).post("/tasks/new/", form).status_code == 422
    found = enter(clerk).get("/tasks/new/organizations/", {"org_q": world.other_branch.name})
    assert world.other_branch.short_name not in found.content.decode()


def test_who_is_no_office_reads_why_not(world, enter):
    answer = enter(world.leader).get("/tasks/new/")
    assert answer.status_code == 403
