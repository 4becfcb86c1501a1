"""Amending an issued measure: who may, what it changes, who hears of it, and what the pages show."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.clock import moment
from common.errors import NotAllowed, Refused, Stale
from tests.factories import (
    World,
    acknowledged,
    actor_at,
    issue,
    make_measure,
    make_plan,
    make_user,
    submitted,
)
from tracker.events import history
from tracker.models import Extension, Measure, Notice, Task
from tracker.plans import edit_measure
from tracker.transitions import decide, perform
from tracker.verification import verify_history

pytestmark = pytest.mark.django_db
FEBRUARY = moment(date(2026, 2, 10))
EXPECTED = {
    # place and role of who may amend, by state; everybody else, and every other state, is refused
    "ACTIVE": {("top", "CLERK"), ("top", "DEPUTY_SECRETARY")},
}
PEOPLE = [
    *[
        ("top", role)
        for role in ("CLERK", "DEPUTY_SECRETARY", "SECRETARY", "LEADER", "INSPECTOR", "ADMINISTRATOR")
    ],
    *[("committee", role) for role in ("CLERK", "SECRETARY")],
    *[("branch", role) for role in ("SECRETARY", "CLERK", "MEMBER")],
]


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(FEBRUARY, tick=False)


@pytest.fixture
def measure(world) -> Measure:
    plan = make_plan(world)
    made = make_measure(world, plan)
    issue(world, plan)
    return Measure.objects.get(pk=made.pk)


def amended(world, measure: Measure, **given) -> Measure:
    given = {"reason": "上级有新部署", "confirmed_by": world.issuer.user.pk} | given
    return perform(measure, "amend", actor=world.office, at=FEBRUARY, given=given)


def test_only_the_office_amends_and_only_what_is_under_way(world, measure):
    wrong = []
    for state in Measure.State.values:
        measure.state = state
        for place, role in PEOPLE:
            actor = actor_at(getattr(world, place), role)
            allowed = decide(measure, "amend", actor=actor, at=FEBRUARY).allowed
            if allowed != ((place, role) in EXPECTED.get(state, set())):
                wrong.append((state, place, role))
    assert wrong == []


def test_an_amendment_changes_the_words_and_keeps_the_old_ones(world, measure):
    before = measure.version
    done = amended(
        world,
        measure,
        requirement="召开两次大会\r\n并通报案例",
        deliverable="会议记录",
        due=date(2026, 4, 30),
    )
    assert (done.requirement, done.due, done.state) == (
        "召开两次大会\n并通报案例",
        date(2026, 4, 30),
        "ACTIVE",
    )
    assert done.version == before + 1
    event = history(done).last()
    assert (event.act, event.actor_id) == ("amend", world.office.user.pk)
    assert event.said == {
        "requirement_before": "围绕典型案例开展一次警示教育",
        "requirement": "召开两次大会\n并通报案例",
        "due_before": "2026-03-31",
        "due": "2026-04-30",
        "reason": "上级有新部署",
        "confirmed_by": {"id": world.issuer.user.pk, "name": world.issuer.user.name},
    }


def test_every_open_task_gets_the_event_the_later_date_and_a_notice_to_its_unit(world, measure):
    first, second = measure.tasks.order_by("pk")
    acknowledged(world, first)
    versions = dict(measure.tasks.values_list("pk", "version"))
    amended(world, measure, requirement="召开两次大会", due=date(2026, 4, 30))
    for task in measure.tasks.all():
        assert (task.due, task.original_due) == (date(2026, 4, 30), date(2026, 3, 31))
        assert task.version == versions[task.pk] + 1
        said = history(task).last().said
        assert (said["requirement_before"], said["requirement"]) == (
            "围绕典型案例开展一次警示教育",
            "召开两次大会",
        )
        assert (said["due_before"], said["due"]) == ("2026-03-31", "2026-04-30")
    told = Notice.objects.filter(kind="amended").values_list("recipient", "task")
    assert sorted(told) == sorted(
        (s.user.pk, t.pk) for s, t in zip(world.secretaries, [first, second], strict=True)
    )
    assert dict(measure.tasks.values_list("pk", "state")) == {first.pk: "ACTIVE", second.pk: "PENDING"}
    assert verify_history().breaks == []


def test_a_task_that_is_closed_keeps_its_history_and_one_with_a_later_date_keeps_that(world, measure):
    done, extended = measure.tasks.order_by("pk")
    done = submitted(world, done, at=moment(date(2026, 2, 6)))
    perform(done, "approve", actor=world.reviewer, at=moment(date(2026, 2, 7)))
    Task.objects.filter(pk=extended.pk).update(due=date(2026, 5, 29))
    amended(world, measure, due=date(2026, 4, 30), deliverable="会议记录和照片")
    assert history(done).last().act == "approve"
    assert Task.objects.get(pk=done.pk).due == date(2026, 3, 31)
    extended.refresh_from_db()
    assert extended.due == date(2026, 5, 29)
    assert "due" not in history(extended).last().said


def test_a_request_for_a_date_that_is_now_granted_to_all_lapses(world, measure):
    task = acknowledged(world, measure.tasks.order_by("pk").first())
    asked = {"reason": "会议改期", "until": date(2026, 4, 15)}
    perform(task, "ask_extension", actor=world.secretary, at=FEBRUARY, given=asked)
    amended(world, measure, due=date(2026, 4, 30))
    assert Extension.objects.get().state == "REFUSED"
    assert Task.objects.get(pk=task.pk).due == date(2026, 4, 30)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"due": date(2026, 3, 30)}, "due"),
        ({"requirement": " "}, "requirement"),
        ({"responsible_leader": ""}, "responsible_leader"),
        ({"confirmed_by": ""}, "confirmed_by"),
        ({"reason": "", "deliverable": "照片"}, "reason"),
    ],
)
def test_an_earlier_date_an_emptied_word_or_a_missing_confirmation_is_refused(world, measure, given, field):
    with pytest.raises(Refused) as refusal:
        amended(world, measure, **given)
    assert list(refusal.value.fields) == [field]
    assert not history(measure).filter(act="amend").exists()


def test_an_amendment_that_changes_nothing_is_refused(world, measure):
    with pytest.raises(Refused) as refusal:
        amended(world, measure, requirement=measure.requirement, due=measure.due)
    assert refusal.value.code == "not_ready"


def test_who_confirms_must_be_secretary_or_leader_of_the_issuer(world, measure):
    for person in (world.committee_secretary.user, world.office.user, make_user()):
        with pytest.raises(Refused):
            amended(world, measure, deliverable="照片", confirmed_by=person.pk)


def test_a_form_opened_under_the_old_words_is_not_handed_in_unseen(world, measure):
    task = acknowledged(world, measure.tasks.order_by("pk").first())
    amended(world, measure, requirement="召开两次大会")
    with pytest.raises(Stale):
        perform(
            task,
            "submit",
            actor=world.secretary,
            at=FEBRUARY,
            given={"progress": "已开"},
            version=task.version,
        )


def test_what_is_issued_is_not_edited_but_pointed_to_the_amendment(world, measure):
    with pytest.raises(Refused) as refusal:
        edit_measure(measure, actor=world.office, at=FEBRUARY, fields={"requirement": "悄悄改"})
    assert "调整要求" in str(refusal.value)
    with pytest.raises(NotAllowed):
        perform(measure, "amend", actor=world.secretary, at=FEBRUARY, given={"requirement": "悄悄改"})


def test_the_page_of_the_act_shows_the_present_words_and_carries_it_out(client, world, measure):
    client.force_login(world.office.user)
    address = f"/plans/{measure.plan_id}/measures/{measure.pk}/"
    assert "调整要求" in client.get(address).content.decode()
    page = client.get(f"{address}amend/").content.decode()
    assert measure.requirement in page
    form = {
        "requirement": "召开两次大会",
        "deliverable": measure.deliverable,
        "responsible_leader": measure.responsible_leader_id,
        "due": "2026-04-30",
        "reason": "上级有新部署",
        "confirmed_by": world.issuer.user.pk,
        "version": measure.version,
    }
    earlier = client.post(f"{address}amend/", form | {"due": "2026-03-01"})
    assert earlier.status_code == 422
    assert "时限不能提前" in earlier.content.decode()
    assert "召开两次大会" in earlier.content.decode()
    assert client.post(f"{address}amend/", form).status_code == 303
    again = client.post(f"{address}amend/", form)
    assert again.status_code == 303
    assert history(measure).filter(act="amend").count() == 1
    page = client.get(address).content.decode()
    assert "历次调整" in page
    assert "<del>围绕典型案例开展一次警示教育</del>" in page


def test_the_task_page_says_that_what_is_asked_was_amended_with_old_and_new_words(client, world, measure):
    task = measure.tasks.order_by("pk").first()
    amended(world, measure, requirement="召开两次大会")
    client.force_login(world.secretary.user)
    page = client.get(f"/tasks/{task.pk}/").content.decode()
    assert page.index("要求已调整") < page.index("上级有新部署")
    assert "<del>围绕典型案例开展一次警示教育</del>" in page
    assert "<ins>召开两次大会</ins>" in page
    [notice] = Notice.objects.filter(kind="amended", recipient=world.secretary.user)
    assert "的要求已调整：上级有新部署" in client.get("/notices/").content.decode()
    assert notice.task == task


def test_a_completed_task_shows_the_words_it_was_judged_by(client, world, measure):
    done = submitted(world, measure.tasks.order_by("pk").first(), at=moment(date(2026, 2, 6)))
    perform(done, "approve", actor=world.reviewer, at=moment(date(2026, 2, 7)))
    amended(world, measure, requirement="召开两次大会")
    client.force_login(world.secretary.user)
    page = client.get(f"/tasks/{done.pk}/").content.decode()
    assert "围绕典型案例开展一次警示教育" in page
    assert "召开两次大会" not in page
    assert "办结后要求又有调整" in page


def test_amending_for_many_units_asks_the_database_as_often_as_for_few():
    counts = []
    for number in (1, 6):
        world = World(branches=number)
        plan = make_plan(world)
        measure = make_measure(world, plan)
        issue(world, plan)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            amended(
                world, Measure.objects.get(pk=measure.pk), requirement="召开两次大会", due=date(2026, 4, 30)
            )
        counts.append(len(queries))
    assert counts[0] == counts[1]
