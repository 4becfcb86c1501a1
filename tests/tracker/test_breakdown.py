"""A committee passes work from above on to its own branches by a plan of its own."""

from __future__ import annotations

from datetime import date

import pytest

from common.clock import moment
from common.errors import NotAllowed, Refused
from tests.factories import issue, make_measure, make_plan, make_source
from tracker.asked import words_behind
from tracker.breakdown import break_down, breakdown_of
from tracker.fan_out import fan_out
from tracker.models import Plan, Task
from tracker.plans import edit_measure
from tracker.transitions import perform

pytestmark = pytest.mark.django_db
JAN = moment(date(2026, 1, 6))


@pytest.fixture
def task(world) -> Task:
    """A task of the organ committee, asked for by words of a speech."""
    source = make_source(world, dated=date(2026, 1, 4))
    action = next(a for a in source.actions.select_related("source") if "警示教育" in a.text)
    plan = make_plan(world)
    measure = make_measure(world, plan, receivers=[world.committee])
    measure.actions.add(action)
    issue(world, plan)
    return Task.objects.select_related("organization", "measure__plan__organization").get()


def test_it_goes_into_a_draft_of_the_committee_with_what_was_asked(world, task):
    made = break_down(task, actor=world.reviewer, at=JAN)
    assert (made.plan.organization, made.plan.state) == (world.committee, Plan.State.DRAFT)
    assert (made.title, made.due, made.deliverable) == (
        task.measure.title,
        task.due,
        task.measure.deliverable,
    )
    assert (made.lead, made.receiver_kinds, made.breaks_down) == (world.committee, ["BRANCH"], task)
    assert task.measure.plan.number in made.no_source_reason


def test_issued_its_tasks_lead_to_the_words_of_the_speech_and_count_on_the_task_above(world, task):
    made = break_down(task, actor=world.reviewer, at=JAN)
    edit_measure(
        made, actor=world.reviewer, at=JAN, fields={"responsible_leader": world.committee_secretary.user}
    )
    given = {"approved_by": world.committee_secretary.user.pk}
    fan_out(perform(made.plan, "issue", actor=world.reviewer, at=JAN, given=given), at=JAN)
    tasks = Task.objects.filter(measure=made)
    assert {t.organization for t in tasks} == set(world.branches)
    [words] = words_behind(made, actor=world.secretary)
    assert "警示教育" in words.asks
    assert (breakdown_of(task).tasks, breakdown_of(task).done) == (2, 0)
    Task.objects.filter(pk=tasks[0].pk).update(state=Task.State.DONE, completed_at=JAN)
    assert breakdown_of(task).done == 1


def test_twice_by_others_or_without_anybody_below_it_is_refused(world, task):
    with pytest.raises(NotAllowed):
        break_down(task, actor=world.office, at=JAN)
    break_down(task, actor=world.reviewer, at=JAN)
    with pytest.raises(Refused):
        break_down(task, actor=world.reviewer, at=JAN)
    plan = make_plan(world)
    make_measure(world, plan, title="报送台账", receivers=[world.branch])
    issue(world, plan)
    own = Task.objects.select_related("organization", "measure__plan__organization").get(
        organization=world.branch
    )
    with pytest.raises(Refused):
        break_down(own, actor=world.secretary, at=JAN)


def test_the_committee_presses_it_on_the_task_page(world, task, client, time_machine):
    time_machine.move_to(JAN, tick=False)
    client.force_login(world.reviewer.user)
    page = client.get(f"/tasks/{task.pk}/").content.decode()
    assert f"/tasks/{task.pk}/break-down/" in page
    answer = client.post(f"/tasks/{task.pk}/break-down/")
    made = breakdown_of(task).measure
    assert answer.headers["Location"] == f"/plans/{made.plan_id}/measures/{made.pk}/"
    page = client.get(f"/tasks/{task.pk}/").content.decode()
    assert (f"/tasks/{task.pk}/break-down/" in page, made.plan.title in page) == (False, True)
    client.force_login(world.office.user)
    assert f"/tasks/{task.pk}/break-down/" not in client.get(f"/tasks/{task.pk}/").content.decode()
