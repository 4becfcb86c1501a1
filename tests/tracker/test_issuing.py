"""What issuing would do, and what it does."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection

from branches.models import Organization, Post
from common.clock import moment
from common.errors import Stale
from common.jobs import run_due_jobs
from common.models import Job
from common.workdays import Calendar
from tests.factories import SPRING, World, issue, make_measure, make_organization, make_plan
from tracker.events import digest, history
from tracker.fan_out import fan_out
from tracker.issuing import preview
from tracker.models import Event, Measure, Notice, Plan, Task
from tracker.transitions import perform

pytestmark = pytest.mark.django_db
AT = moment(SPRING)
FAN_OUT_QUERIES = 19 + (connection.vendor == "postgresql")
"""Only there have the kept counts lines to be folded."""


@pytest.fixture
def world() -> World:
    return World(branches=3)


def look(plan: Plan):
    return preview(plan, day=SPRING, calendar=Calendar.load())


def test_the_preview_counts_what_issuing_then_makes(world):
    plan = make_plan(world)
    make_measure(world, plan, receivers=[], receiver_kinds=["BRANCH"])
    make_measure(world, plan, title="报送党费台账", receivers=[world.branch], cadence="monthly", due=None)
    shown = look(plan)
    assert (shown.new_tasks, shown.existing_tasks, shown.may_issue) == (4 + 6, 0, True)
    issue(world, plan)
    assert Task.objects.count() == shown.new_tasks
    assert (look(plan).new_tasks, look(plan).existing_tasks) == (0, 10)


def test_the_preview_names_every_lack_of_every_measure(world):
    plan = make_plan(world)
    make_measure(world, plan, due=None, responsible_leader=None, lead=None, deliverable="", receivers=[])
    shown = look(plan)
    assert [lack.field for lack in shown.lacks] == [
        "due",
        "lead",
        "responsible_leader",
        "deliverable",
        "receiver_kinds",
    ]
    assert not shown.may_issue


def test_the_preview_lists_gaps_days_off_and_provisional_years(world):
    Post.objects.filter(user=world.secretary.user).delete()
    plan = make_plan(world)
    holiday = make_measure(world, plan, due=date(2026, 5, 1))
    later = make_measure(world, plan, due=date(2027, 3, 3))
    shown = look(plan)
    assert [share.organization for share in shown.gaps] == [world.branch]
    assert shown.off_days == [(holiday, date(2026, 5, 1))]
    assert shown.provisional == [(later, date(2027, 3, 3))]


def test_a_new_branch_gets_its_tasks_when_the_plan_is_supplemented(world):
    plan = make_plan(world)
    make_measure(world, plan, receivers=[], receiver_kinds=["BRANCH"])
    issued = issue(world, plan)
    make_organization("BRANCH", parent=world.committee)
    assert fan_out(issued, at=AT) == 1
    assert Task.objects.count() == 5


def test_what_a_branch_wrote_survives_issuing_again(world):
    plan = make_plan(world)
    make_measure(world, plan)
    issued = issue(world, plan)
    task = Task.objects.get(organization=world.branch)
    perform(task, "acknowledge", actor=world.secretary, at=AT, given={"handler": world.secretary.user.pk})
    fan_out(issued, at=AT)
    task.refresh_from_db()
    assert (task.state, task.handler) == (Task.State.ACTIVE, world.secretary.user)


def test_receivers_outside_the_issuers_tree_get_nothing(world):
    stranger = make_organization("BRANCH", parent=make_organization("WORK_COMMITTEE"))
    plan = make_plan(world)
    make_measure(world, plan, receivers=[world.branch, stranger])
    issue(world, plan)
    assert list(Task.objects.values_list("organization", flat=True)) == [world.branch.pk]


def test_a_retired_branch_receives_nothing(world):
    Organization.objects.filter(pk=world.branch.pk).update(active_until=date(2025, 12, 31))
    plan = make_plan(world)
    make_measure(world, plan)
    issue(world, plan)
    assert Task.objects.filter(organization=world.branch).count() == 0


def test_a_kill_half_way_leaves_whole_measures_and_nothing_doubled_when_started_again(world):
    plan = make_plan(world)
    for title in ("召开警示教育大会", "开展谈心谈话", "讲授专题党课"):
        make_measure(world, plan, title=title)
    issued = perform(plan, "issue", actor=world.office, at=AT, given={"approved_by": world.issuer.user.pk})

    class Killed(Exception):
        pass

    def stop_half_way(done: int, total: int) -> None:
        if done == 2:
            raise Killed

    with pytest.raises(Killed):
        fan_out(issued, at=AT, progress=stop_half_way)
    assert (Task.objects.count(), Notice.objects.count()) == (6, 0)
    assert fan_out(issued, at=AT) == 3
    assert Task.objects.count() == Event.objects.filter(subject_kind="task").count() == 9
    assert [notice.data["count"] for notice in Notice.objects.all()] == [3, 3, 3]


def test_events_made_in_sets_are_like_those_made_one_by_one(world):
    plan = make_plan(world)
    make_measure(world, plan)
    issue(world, plan)
    for task in Task.objects.all():
        event = Event.objects.get(subject_kind="task", subject_id=task.pk)
        assert (task.event_count, task.event_head) == (1, event.hash) == (1, digest(event.body))
        body = event.details
        assert (body["id"], body["sequence"], body["act"], body["to"]) == (task.pk, 1, "assign", "PENDING")
        assert body["said"] == {"due": "2026-03-31", "plan": plan.pk}
        assert (event.at, event.to_state, event.actor) == (AT, "PENDING", None)


@pytest.mark.parametrize("branches", [3, 9])
def test_the_number_of_queries_does_not_grow_with_the_number_of_branches(branches, django_assert_num_queries):
    world = World(branches=branches)
    plan = make_plan(world)
    make_measure(world, plan, receivers=[], receiver_kinds=["BRANCH"])
    issued = perform(plan, "issue", actor=world.office, at=AT, given={"approved_by": world.issuer.user.pk})
    with django_assert_num_queries(FAN_OUT_QUERIES):
        fan_out(issued, at=AT)
    assert Task.objects.count() == branches + 1


def test_issuing_asks_for_one_job_which_makes_the_tasks(world):
    plan = make_plan(world)
    make_measure(world, plan)
    perform(plan, "issue", actor=world.office, at=AT, given={"approved_by": world.issuer.user.pk})
    assert Task.objects.count() == 0
    run_due_jobs(at=AT)
    assert Job.objects.get().state == Job.State.DONE
    assert Task.objects.count() == 3
    assert Measure.objects.get().state == Measure.State.ACTIVE


def test_a_person_hears_once_of_all_new_tasks_of_a_plan(world):
    plan = make_plan(world)
    make_measure(world, plan)
    make_measure(world, plan, title="开展谈心谈话")
    issue(world, plan)
    notice = Notice.objects.get(recipient=world.secretary.user)
    assert (notice.kind, notice.data["count"]) == ("assigned", 2)


def test_numbers_of_plans_count_up_within_the_year_and_are_never_given_twice(world):
    numbers = []
    for _ in range(2):
        plan = make_plan(world)
        make_measure(world, plan)
        numbers.append(issue(world, plan).number)
    assert numbers == ["〔2026〕1号", "〔2026〕2号"]


@pytest.mark.parametrize("act", ["issue", "supplement"])
@pytest.mark.parametrize("off_by", [-1, 1])
def test_what_is_given_out_is_what_was_seen_or_nothing(world, act, off_by):
    plan = make_plan(world)
    make_measure(world, plan)
    given = {"approved_by": world.issuer.user.pk}
    if act == "supplement":
        plan = issue(world, plan)
        make_measure(world, plan, title="补充的事项")
        given = {"reason": "工作需要"}
    seen = look(plan).new_tasks
    jobs = Job.objects.count()
    plan.refresh_from_db()
    with pytest.raises(Stale):
        perform(plan, act, actor=world.office, at=AT, given=given | {"tasks": seen + off_by})
    plan.refresh_from_db()
    assert (Job.objects.count(), plan.is_open) == (jobs, act == "issue")
    perform(plan, act, actor=world.office, at=AT, given=given | {"tasks": seen})
    assert Job.objects.count() == jobs + 1
    assert history(plan).get(act=act).said["tasks"] == seen
