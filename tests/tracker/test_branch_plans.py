"""A branch makes its own plan (活动计划): drawn up and issued by its secretary, received by itself, judged by others."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from common.clock import moment
from common.errors import NotAllowed, Refused
from tests.factories import SPRING, on
from tracker.fan_out import fan_out
from tracker.models import Measure, Plan, Task
from tracker.plans import add_measure, create_plan
from tracker.today import to_verify
from tracker.transitions import perform

pytestmark = pytest.mark.django_db
AT = moment(SPRING)


@pytest.fixture
def plan(world) -> Plan:
    return create_plan(
        organization=world.branch,
        title="第一支部上半年活动计划",
        period="2026H1",
        kind=Plan.Kind.ACTIVITY,
        actor=world.secretary,
        at=AT,
    )


def add(world, plan, **fields) -> Measure:
    given = {
        "title": "走访社区",
        "deliverable": "活动记录",
        "due": date(2026, 3, 31),
        "responsible_leader": world.secretary.user,
        "evidence_required": False,
        "receiver_kinds": ["BRANCH"],
        "no_source_reason": "支部计划",
    }
    return add_measure(plan, actor=world.secretary, at=AT, fields=given | fields)


def issued(world, plan) -> Task:
    add(world, plan)
    given = {"approved_by": world.secretary.user.pk}
    plan = perform(plan, "issue", actor=world.secretary, at=AT, given=given)
    fan_out(plan, at=AT)
    return Task.objects.get()


def done(world, task: Task) -> Measure:
    task = perform(
        task, "acknowledge", actor=world.secretary, at=AT, given={"handler": world.secretary.user.pk}
    )
    task = perform(task, "submit", actor=world.secretary, at=AT, given={"progress": "已走访"})
    perform(task, "approve", actor=world.reviewer, at=AT, given={"remark": "同意"})
    return Measure.objects.get()


def test_the_secretary_draws_it_up_and_issues_it_and_the_branch_alone_receives(world, plan):
    task = issued(world, plan)
    assert task.organization == world.branch
    plan.refresh_from_db()
    assert (plan.state, plan.number, plan.approved_by) == ("ISSUED", "〔2026〕1号", world.secretary.user)


def test_nobody_else_draws_up_a_branch_s_plan(world):
    given = {"organization": world.branch, "title": "计划", "period": "2026H1", "kind": "ACTIVITY", "at": AT}
    for actor in (world.secretaries[1], world.reviewer, world.office):
        with pytest.raises(NotAllowed):
            create_plan(actor=actor, **given)


def test_another_unit_named_as_a_receiver_gets_nothing(world, plan):
    measure = add(world, plan)
    measure.receivers.add(world.branches[1])
    plan = perform(
        plan, "issue", actor=world.secretary, at=AT, given={"approved_by": world.secretary.user.pk}
    )
    fan_out(plan, at=AT)
    assert [task.organization for task in Task.objects.all()] == [world.branch]


def test_the_superior_reviews_and_verifies_since_the_branch_judges_nothing_of_its_own(world, plan):
    task = issued(world, plan)
    measure = done(world, task)
    assert measure.state == Measure.State.VERIFYING
    with pytest.raises(Refused):
        perform(measure, "verify", actor=world.secretary, at=AT, given={"remark": "属实"})
    with pytest.raises(Refused):
        perform(measure, "verify", actor=world.reviewer, at=AT, given={"remark": "属实"})  # reviewed it
    assert list(to_verify(world.office)) == [measure]
    assert list(to_verify(world.inspector)) == [measure]
    assert (
        perform(measure, "verify", actor=world.inspector, at=AT, given={"remark": "属实"}).state == "VERIFIED"
    )


def test_another_committee_has_no_say_in_it(world, plan):
    from tests.factories import actor_at

    measure = done(world, issued(world, plan))
    stranger = actor_at(world.other_committee, "CLERK")
    assert list(to_verify(stranger)) == []
    with pytest.raises(NotAllowed):
        perform(measure, "verify", actor=stranger, at=AT, given={"remark": "属实"})


def test_a_committee_s_plan_is_still_verified_by_its_own_office_or_inspector_alone(world):
    from tests.factories import actor_at, make_task, submitted

    task = submitted(world, make_task(world))
    perform(
        task,
        "approve",
        actor=on(world.reviewer, date(2026, 3, 21)),
        at=moment(date(2026, 3, 21)),
        given={"remark": "好"},
    )
    measure = Measure.objects.get()
    below = actor_at(world.committee, "DEPUTY_SECRETARY")
    with pytest.raises(NotAllowed):
        perform(measure, "verify", actor=below, at=AT, given={"remark": "属实"})


def test_on_the_pages_the_secretary_gets_from_home_to_an_issued_plan(world, time_machine):
    time_machine.move_to(AT, tick=False)
    client = Client()
    client.force_login(world.secretary.user)
    assert 'href="/plans/new/"' in client.get("/").content.decode()
    form = client.get("/plans/new/").context["form"]
    assert form["kind"].value() == "ACTIVITY"
    given = {"organization": world.branch.pk, "title": "活动计划", "half": "2026H1", "kind": "ACTIVITY"}
    assert client.post("/plans/new/", given).status_code == 302
    plan = Plan.objects.get()
    measure = {
        "title": "走访社区",
        "deliverable": "记录",
        "due": "2026-03-31",
        "cadence": "once",
        "lead": world.branch.pk,
        "responsible_leader": world.secretary.user.pk,
        "receivers": [world.branch.pk],
        "no_source_reason": "支部计划",
    }
    answer = client.post(f"/plans/{plan.pk}/measures/new/", measure)
    assert answer.status_code == 302, answer.context["form"].errors
    page = client.get(f"/plans/{plan.pk}/preview/")
    assert page.context["may_press"]
    given = {"approved_by": world.secretary.user.pk, "version": plan.version, "tasks": 1}
    assert client.post(f"/plans/{plan.pk}/preview/", given).url == f"/plans/{plan.pk}/progress/"
