"""Tasks through the API beyond their acts: passed on, given out at once, several together, later dates, numbers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from common.clock import moment, now, today
from common.models import Job
from tests.api_program import Program, counted, refusal
from tests.factories import (
    World,
    acknowledged,
    issue,
    make_measure,
    make_plan,
    make_post,
    make_task,
    make_user,
    on,
    submitted,
)
from tracker.models import Extension, Measure, Plan, Task
from tracker.transitions import perform

pytestmark = pytest.mark.django_db


def seen(*tasks: Task, **more: Any) -> dict[str, Any]:
    return {"tasks": [{"id": task.pk, "version": task.version} for task in tasks], **more}


# --- passed on -----------------------------------------------------------------------------------------------------


def test_a_committee_breaks_its_task_down_once(world):
    plan = make_plan(world)
    make_measure(world, plan, receivers=[world.committee])
    issue(world, plan)
    task = Task.objects.get()
    own = Program(world.reviewer.user)
    given = {"handler": world.reviewer.user.pk}
    own.post(f"tasks/{task.pk}/acts/acknowledge/", given, If_Match=own.etag(f"tasks/{task.pk}/"))
    path = f"tasks/{task.pk}/breakdown/"
    assert refusal(own.get(path)) == (404, "not_found")
    assert refusal(Program(world.chief.user).post(path)) == (403, "not_allowed")
    assert refusal(Program(world.secretary.user).post(path)) == (404, "not_found")
    for _ in range(2):
        made = own.post(path, Idempotency_Key="breakdown-0001")
        assert (made.status_code, made.json()["breaks_down"]) == (201, task.pk)
    assert refusal(own.post(path))[0] == 400
    told = own.get(path).json()
    assert (told["measure"], told["tasks"], told["done"]) == (made.json()["id"], 0, 0)


def urgent(world: World, **more: Any) -> dict[str, Any]:
    return {
        "organization": world.top.pk,
        "title": "报送学习情况",
        "deliverable": "情况报告",
        "due": (today() + timedelta(days=3)).isoformat(),
        "responsible_leader": world.leader.user.pk,
        "receivers": [world.branch.pk],
        **more,
    }


def test_an_urgent_task_is_given_out_in_one_step_and_never_twice(world, office):
    made = office.post("tasks/", urgent(world))
    assert made.status_code == 201
    assert office.post("tasks/", urgent(world)).json()["id"] == made.json()["id"]
    assert (Measure.objects.count(), Job.objects.filter(kind="fan_out").count()) == (1, 1)
    assert Plan.objects.get().kind == Plan.Kind.URGENT


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"due": "2020-01-01"}, "due"),
        ({"receivers": []}, "receivers"),
        ({"responsible_leader": None}, "responsible_leader"),
        ({"organization": 10**12}, "organization"),
        ({"colour": 1}, "colour"),
    ],
)
def test_an_urgent_task_that_is_wrong_leaves_nothing_behind(change, field, world, office):
    answer = office.post("tasks/", urgent(world, **change))
    assert answer.status_code == 400
    assert field in answer.json()["fields"]
    assert not Plan.objects.exists()


def test_only_an_office_gives_out_urgent_tasks(world):
    assert refusal(Program(world.issuer.user).post("tasks/", urgent(world))) == (403, "not_allowed")


# --- several at once -----------------------------------------------------------------------------------------------


def test_several_tasks_are_acknowledged_each_by_its_own_act(world):
    first, second, stale = make_task(world), make_task(world), make_task(world)
    own = Program(world.secretary.user)
    body = seen(first, second, handler=world.secretary.user.pk)
    body["tasks"].append({"id": stale.pk, "version": 9})
    told = own.post("tasks/acknowledge/", body).json()
    assert told["done"] == [first.pk, second.pk]
    assert [row["task"] for row in told["refused"]] == [stale.pk]
    assert set(Task.objects.values_list("pk", "state")) == {
        (first.pk, "ACTIVE"),
        (second.pk, "ACTIVE"),
        (stale.pk, "PENDING"),
    }
    again = own.post("tasks/acknowledge/", body).json()
    assert again["done"] == []
    assert refusal(own.post("tasks/acknowledge/", {"tasks": [], "handler": 1})) == (400, "invalid")


def test_a_successor_takes_over_what_somebody_left(world):
    task = acknowledged(world, make_task(world))
    clerk = make_post(world.branch, "CLERK").user
    own = Program(clerk)
    body = seen(task, handler=clerk.pk)
    assert own.post("tasks/rename/", body).json() == {"done": [], "refused": []}, "nobody has left"
    type(world.secretary.user).objects.filter(pk=world.secretary.user.pk).update(is_active=False)
    assert own.post("tasks/rename/", body).json() == {"done": [task.pk], "refused": []}
    task.refresh_from_db()
    assert task.handler == clerk


def test_several_submissions_are_looked_at_and_approved_each_by_its_own_act(world):
    fit, stale = submitted(world, make_task(world)), submitted(world, make_task(world))
    early = make_task(world)
    reviewer = Program(world.reviewer.user)
    assert [row["id"] for row in reviewer.get("tasks/to-review/").json()["results"]] == [fit.pk, stale.pk]
    body = seen(fit, early)
    body["tasks"].append({"id": stale.pk, "version": 0})
    verdicts = reviewer.post("tasks/approve/check/", body).json()
    approvable = {row["task"]: row["approvable"] for row in verdicts}
    assert approvable == {fit.pk: True, stale.pk: False, early.pk: False}
    fit.refresh_from_db()
    assert fit.state == Task.State.SUBMITTED, "looking writes nothing"
    for _ in range(2):
        told = reviewer.post("tasks/approve/", body, Idempotency_Key="approve-0001").json()
        assert told["done"] == [fit.pk]
        assert {row["task"] for row in told["refused"]} == {stale.pk, early.pk}
    fit.refresh_from_db()
    assert fit.state == Task.State.DONE
    nothing = Program(world.secretary.user).post("tasks/approve/", seen(stale)).json()
    assert nothing["done"] == []
    many = {"tasks": [{"id": number, "version": 0} for number in range(101)]}
    assert refusal(reviewer.post("tasks/approve/", many)) == (400, "invalid")


def test_a_reviewer_reads_what_is_known_about_a_submission_and_nobody_else(world):
    words = "支部全体党员集中学习并开展了讨论"
    tasks = [make_task(world), make_task(world)]
    for task in tasks:
        at = moment(date(2026, 3, 20))
        actor = on(world.secretary, date(2026, 3, 20))
        perform(acknowledged(world, task), "submit", actor=actor, at=at, given={"progress": words})
    path = f"tasks/{tasks[1].pk}/facts/"
    facts = Program(world.reviewer.user).get(path).json()
    assert facts
    assert all(set(fact) == {"sentence", "tone", "quote"} and fact["sentence"] for fact in facts)
    assert refusal(Program(world.secretary.user).get(path)) == (404, "not_found")
    assert refusal(Program(world.reviewer.user).get(f"tasks/{make_task(world).pk}/facts/"))[0] == 404


# --- later dates ---------------------------------------------------------------------------------------------------


def test_a_later_date_is_asked_for_and_granted_by_acts(world):
    task = acknowledged(world, make_task(world, due=today() + timedelta(days=20)))
    own, superior = Program(world.secretary.user), Program(world.office.user)
    until = (today() + timedelta(days=40)).isoformat()
    path = f"tasks/{task.pk}/"
    asked = own.post(
        f"{path}acts/ask_extension/", {"until": until, "reason": "等待上级文件"}, If_Match=own.etag(path)
    )
    assert asked.status_code == 200, asked.content
    (row,) = superior.get("extensions/", state="PENDING").json()["results"]
    assert (row["task"], row["until"]) == (task.pk, until)
    act = f"extensions/{row['id']}/acts/grant/"
    assert refusal(superior.post(act)) == (428, "version_missing")
    assert refusal(superior.post(act, If_Match='"9"')) == (412, "stale")
    assert refusal(own.post(act, If_Match='"0"')) == (403, "not_allowed")
    assert refusal(Program(world.other_secretary.user).post(act, If_Match='"0"')) == (404, "not_found")
    granted = superior.post(act, If_Match='"0"')
    assert (granted.status_code, granted.json()["state"]) == (200, "GRANTED")
    task.refresh_from_db()
    assert task.due.isoformat() == until


# --- numbers -------------------------------------------------------------------------------------------------------


@pytest.fixture
def counted_measure(world) -> Measure:
    """Both branches report towards 60 cases of all together: one has 25."""
    plan = make_plan(world)
    measure = make_measure(world, plan, target_number=60, target_unit="件", target_of="案例")
    issue(world, plan)
    task = acknowledged(world, Task.objects.get(organization=world.branch))
    Task.objects.filter(pk=task.pk).update(number=25, progress_at=moment(date(2026, 2, 2)))
    return Measure.objects.get(pk=measure.pk)


def test_the_sum_of_a_target_comes_with_the_list_behind_it(world, office, counted_measure):
    path = f"measures/{counted_measure.pk}/"
    told = office.get(f"{path}target/").json()
    assert (told["sum"]["units"], told["sum"]["reporting"], told["sum"]["reported"]) == (2, 1, "25.00")
    rows = office.get(f"{path}numbers/").json()
    assert (rows["count"], [row["number"] for row in rows["results"]]) == (2, ["25.00", None])
    only = office.get(f"{path}numbers/", show="none").json()["results"]
    assert [row["organization"] for row in only] == [world.branches[1].pk]
    assert refusal(office.get(f"{path}numbers/", show="some")) == (400, "invalid")
    assert refusal(office.get(f"{path}target/", occurrence="2031")) == (400, "invalid")
    own = Program(world.secretary.user).get(f"{path}numbers/").json()
    assert [row["organization"] for row in own["results"]] == [world.branch.pk]


def test_how_a_target_is_counted_is_said_by_the_office_with_the_version_it_saw(
    world, office, counted_measure
):
    path = f"measures/{counted_measure.pk}/counting/"
    body = {"together": True, "bases": [{"organization": world.branch.pk, "number": 40}]}
    seen_ = office.get(path)
    assert seen_.json() == {"together": False, "bases": []}
    assert refusal(office.post(path, body)) == (428, "version_missing")
    assert refusal(office.post(path, body, If_Match='"99"')) == (412, "stale")
    version = seen_.headers["ETag"]
    assert refusal(Program(world.issuer.user).post(path, body, If_Match=version)) == (403, "not_allowed")
    twice = body | {"bases": body["bases"] * 2}
    other = body | {"bases": [{"organization": world.other_branch.pk, "number": 1}]}
    for wrong in (twice, other, {"together": "maybe"}):
        assert refusal(office.post(path, wrong, If_Match=version)) == (400, "invalid")
    answer = office.post(path, body, If_Match=version)
    assert answer.json() == {
        "together": True,
        "bases": [{"organization": world.branch.pk, "number": "40.00"}],
    }
    assert answer.headers["ETag"] != version
    assert office.get(f"measures/{counted_measure.pk}/target/").json()["sum"]["target"] == "60.00"


def test_a_measure_without_a_target_has_no_numbers(world, office):
    measure = make_measure(world, make_plan(world))
    for part in ("target", "numbers", "counting"):
        assert refusal(office.get(f"measures/{measure.pk}/{part}/")) == (404, "not_found")
    assert refusal(Program(make_user()).get(f"measures/{measure.pk}/target/")) == (404, "not_found")


def test_the_new_lists_take_the_same_queries_for_one_and_for_three(world):
    reviewer = Program(world.reviewer.user)
    numbers: dict[str, list[int]] = {"tasks/to-review/": [], "extensions/": []}
    for _ in range(3):
        task = submitted(world, make_task(world))
        Extension.objects.create(
            task=task,
            due_before=task.due,
            until=task.due,
            reason="x",
            requested_by=world.secretary.user,
            requested_at=now(),
        )
        for path, found in numbers.items():
            with counted() as queries:
                assert reviewer.get(path).status_code == 200
            found.append(len(queries))
    assert all(len(set(found)) == 1 for found in numbers.values()), numbers
