"""The names of the loop's steps: kept in the administration, shown where work stands, nothing where none is given."""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import make_password

from branches.models import Post
from common.clock import moment
from common.models import AuditEntry
from tests.factories import SPRING, acknowledged, issue, make_measure, make_plan, make_post, make_user
from tracker.loop import steps_of_task
from tracker.models import LoopStep, Task
from tracker.transitions import perform

pytestmark = pytest.mark.django_db
NAMES = {"CLOSE": "考评", "ISSUE": "交办", "REVIEW": "督办"}


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(moment(SPRING), tick=False)


@pytest.fixture
def task(world) -> Task:
    plan = make_plan(world)
    measure = make_measure(world, plan)
    issue(world, plan)
    return Task.objects.get(measure=measure, organization=world.branch)


def named() -> None:
    LoopStep.objects.bulk_create(LoopStep(stage=stage, name=name) for stage, name in NAMES.items())


def test_nothing_is_shown_where_no_step_has_a_name(client, world, task):
    client.force_login(world.office.user)
    for address in (f"/tasks/{task.pk}/", f"/plans/{task.measure.plan_id}/"):
        assert 'class="loop"' not in client.get(address).content.decode()


def test_a_task_shows_the_named_steps_in_order_and_where_it_stands(client, world, task):
    named()
    assert [(s.name, s.here) for s in steps_of_task(task)] == [
        ("交办", True),
        ("督办", False),
        ("考评", False),
    ]
    task = acknowledged(world, task, at=moment(SPRING))
    # the stage in hand has no name: nothing is invented for it
    assert [s.here for s in steps_of_task(task)] == [False, False, False]
    given = {"reason": "不再需要"}
    task = perform(task, "withdraw", actor=world.issuer, at=moment(SPRING), given=given)
    assert [s.here for s in steps_of_task(task)] == [False, False, False]
    client.force_login(world.secretary.user)
    page = client.get(f"/tasks/{task.pk}/").content.decode()
    shown = page.split('class="loop"')[1].split("</ol>")[0]
    assert [word in shown for word in ("督办", "审核中", "办理中")] == [True, True, False]


def test_an_issued_plan_counts_its_tasks_by_step_and_a_draft_shows_none(client, world, task):
    named()
    client.force_login(world.office.user)
    plan = task.measure.plan
    shown = client.get(f"/plans/{plan.pk}/").context["loop"]
    assert [(step.name, step.count) for step in shown] == [("交办", 2), ("督办", 0), ("考评", 0)]
    acknowledged(world, task, at=moment(SPRING))
    shown = client.get(f"/plans/{plan.pk}/").context["loop"]
    assert [step.count for step in shown] == [1, 0, 0]
    assert client.get(f"/plans/{make_plan(world).pk}/").context["loop"] == []


def test_the_administrator_of_a_root_names_them_and_the_audit_log_says_so(client, world):
    admin = make_user(is_staff=True, password=make_password(None))
    make_post(world.top, Post.Role.ADMINISTRATOR, user=admin)
    client.force_login(admin)
    assert client.post("/admin/tracker/loopstep/add/", {"stage": "DO", "name": "督查"}).status_code == 302
    assert LoopStep.objects.values_list("stage", "name").get() == ("DO", "督查")
    entry = AuditEntry.objects.filter(kind=AuditEntry.Kind.SETTING).latest("pk")
    assert entry.data == {"act": "add", "setting": "loop", "stage": "DO", "name": "督查"}
    again = client.post("/admin/tracker/loopstep/add/", {"stage": "DO", "name": "另一个"})
    assert (again.status_code, LoopStep.objects.count()) == (200, 1)
    below = make_user(is_staff=True)
    make_post(world.committee, Post.Role.ADMINISTRATOR, user=below)
    client.force_login(below)
    assert client.get("/admin/tracker/loopstep/add/").status_code == 403
