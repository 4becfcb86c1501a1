"""The names of the loop's steps: kept in the administration, shown where work stands, nothing where none is given."""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import make_password

from branches.models import Post
from branches.views.audit import in_words
from common.clock import moment
from common.models import AuditEntry
from tests.api_program import Program, refusal
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


# --- for programs --------------------------------------------------------------------------------------------------


@pytest.fixture
def keeper(world) -> Program:
    return Program(make_post(world.top, Post.Role.ADMINISTRATOR).user)


def test_everybody_signed_in_reads_all_stages_with_the_names_there_are(world):
    named()
    told = Program(world.secretary.user).get("loop-steps/").json()
    assert [(step["stage"], step["name"]) for step in told] == [
        ("ISSUE", "交办"),
        ("DO", ""),
        ("REVIEW", "督办"),
        ("CLOSE", "考评"),
    ]
    assert refusal(Program().get("loop-steps/")) == (401, "not_authenticated")


def test_a_program_names_a_step_changes_it_and_takes_it_away_each_once(keeper):
    for name in ("督查", "督查", "督办", "", ""):
        answer = keeper.send("PUT", "loop-steps/DO/", {"name": name})
        assert (answer.status_code, answer.json()["name"]) == (200, name)
    assert not LoopStep.objects.exists()
    lines = AuditEntry.objects.filter(kind=AuditEntry.Kind.SETTING).order_by("pk")
    assert [entry.data for entry in lines] == [
        {"act": act, "setting": "loop", "stage": "DO", "name": name}
        for act, name in (("add", "督查"), ("change", "督办"), ("delete", "督办"))
    ]
    assert in_words([lines[0]]) == ["新增 · 闭环步骤 · DO · 督查"]


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("DO", {"name": "字" * 21}, (400, {"name"})),
        ("DO", {"name": None}, (400, {"name"})),
        ("DO", {}, (400, {"name"})),
        ("DO", {"name": "督查", "colour": 1}, (400, {"colour"})),
        ("NONE", {"name": "督查"}, (404, set())),
    ],
)
def test_what_is_no_name_is_refused_by_its_field(keeper, path, body, expected):
    answer = keeper.send("PUT", f"loop-steps/{path}/", body)
    assert (answer.status_code, set(answer.json()["fields"])) == expected
    assert not LoopStep.objects.exists()


def test_nobody_else_names_a_step(world):
    lower = make_post(world.committee, Post.Role.ADMINISTRATOR).user
    for user in (lower, world.office.user, make_user()):
        answer = Program(user).send("PUT", "loop-steps/DO/", {"name": "督查"})
        assert refusal(answer) == (403, "not_allowed")
    assert not LoopStep.objects.exists()
