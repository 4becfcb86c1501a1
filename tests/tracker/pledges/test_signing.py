"""Pledges: drawn up once for each receiver, signed by both sides, held against what the plan says and what became of it."""

from __future__ import annotations

from datetime import date

import pytest

from common.clock import moment
from common.errors import NotAllowed, Refused
from common.jobs import run_due_jobs
from tests.factories import (
    SPRING,
    acknowledged,
    issue,
    make_measure,
    make_plan,
    make_post,
    on,
    submitted,
)
from tests.tracker.pledges.helpers import AT, change, sign
from tracker.events import history
from tracker.models import Measure, Notice, Pledge, Task
from tracker.pledge_lines import changes_of, lines_of, present_tasks, sum_of
from tracker.pledges import make_pledges, remind_unsigned, request_pledges
from tracker.transitions import available_acts, perform
from tracker.verification import verify_history

pytestmark = pytest.mark.django_db


def test_each_receiver_gets_one_pledge_listing_what_it_has_to_deliver_by_when(world, plan):
    assert make_pledges(plan, actor=world.office, at=AT) == 2
    first, second = Pledge.objects.order_by("organization__path")
    assert [line["title"] for line in first.lines] == ["召开警示教育大会", "开展主题党日"]
    assert [line["title"] for line in second.lines] == ["召开警示教育大会"]
    assert first.lines[0]["due"] == "2026-03-31"
    assert sorted(first.lines[1]["tasks"].values()) == [
        "2026-01-30",
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
        "2026-05-29",
        "2026-06-30",
    ]
    assert [e.act for e in history(first)] == ["draw_up"]
    assert verify_history().breaks == []


def test_drawing_up_twice_makes_nothing_twice_and_a_new_receiver_gets_its_own(world, plan):
    make_pledges(plan, actor=world.office, at=AT)
    assert make_pledges(plan, actor=world.office, at=AT) == 0
    measure = Measure.objects.get(plan=plan, position=1)
    measure.receivers.add(world.other_branch)
    from tracker.fan_out import fan_out

    fan_out(plan, at=AT)
    assert make_pledges(plan, actor=world.office, at=AT) == 1
    assert Pledge.objects.filter(organization=world.other_branch).count() == 1


def test_the_issuer_pledges_nothing_to_itself(world):
    plan = make_plan(world)
    make_measure(world, plan, receivers=[world.top, world.branch])
    issue(world, plan)
    plan.refresh_from_db()
    make_pledges(plan, actor=world.office, at=AT)
    assert [p.organization for p in Pledge.objects.all()] == [world.branch]


def test_only_the_issuing_side_draws_up_and_only_from_an_issued_plan(world, plan):
    with pytest.raises(NotAllowed):
        request_pledges(plan, actor=world.secretary, at=AT)
    with pytest.raises(Refused):
        request_pledges(make_plan(world), actor=world.office, at=AT)
    make_pledges(plan, actor=world.office, at=AT)
    with pytest.raises(Refused):
        request_pledges(plan, actor=world.office, at=AT)


def test_the_request_is_a_job_and_pressing_twice_is_one(world, plan):
    first = request_pledges(plan, actor=world.office, at=AT)
    assert request_pledges(plan, actor=world.office, at=AT).pk == first.pk


@pytest.mark.django_db(transaction=True)
def test_the_job_draws_them_up(world, plan):
    job = request_pledges(plan, actor=world.office, at=AT)
    run_due_jobs(at=AT)
    job.refresh_from_db()
    assert (job.state, job.result["made"]) == ("DONE", 2)


def test_the_people_who_sign_hear_of_it_once(world, plan):
    make_pledges(plan, actor=world.office, at=AT)
    told = Notice.objects.filter(kind="pledge_to_sign").values_list("recipient", flat=True)
    assert sorted(told) == sorted(s.user.pk for s in world.secretaries)
    [notice] = Notice.objects.filter(kind="pledges_to_sign", recipient=world.issuer.user)
    assert notice.data["count"] == 2


def test_both_sign_and_each_signature_is_an_event_with_who_and_when(world, pledge):
    pledge = sign(pledge, world)
    assert pledge.state == Pledge.State.SIGNED
    assert pledge.unit_signed_by == world.secretary.user
    assert pledge.issuer_signed_by == world.issuer.user
    acts = [(e.act, e.actor_id, e.at, e.to_state) for e in history(pledge)][1:]
    assert acts == [
        ("sign_for_unit", world.secretary.user.pk, AT, "UNIT_SIGNED"),
        ("sign_for_issuer", world.issuer.user.pk, AT, "SIGNED"),
    ]


def test_the_issuer_may_sign_first(world, pledge):
    pledge = perform(pledge, "sign_for_issuer", actor=world.leader, at=AT)
    assert pledge.state == Pledge.State.ISSUER_SIGNED
    assert perform(pledge, "sign_for_unit", actor=world.secretary, at=AT).state == Pledge.State.SIGNED


@pytest.mark.parametrize(
    ("who", "act"),
    [
        ("office", "sign_for_unit"),
        ("office", "sign_for_issuer"),
        ("reviewer", "sign_for_issuer"),
        ("issuer", "sign_for_unit"),
        ("secretary", "sign_for_issuer"),
        ("other_secretary", "sign_for_unit"),
    ],
)
def test_nobody_else_signs(world, pledge, who, act):
    with pytest.raises(NotAllowed):
        perform(pledge, act, actor=getattr(world, who), at=AT)


def test_nobody_signs_for_both_sides(world, pledge):
    make_post(world.branch, "SECRETARY", user=world.issuer.user)
    both = on(world.issuer, SPRING)
    pledge = perform(pledge, "sign_for_issuer", actor=both, at=AT)
    with pytest.raises(NotAllowed, match="对方"):
        perform(pledge, "sign_for_unit", actor=both, at=AT)


def test_a_signed_pledge_cannot_be_signed_again(world, pledge):
    pledge = sign(pledge, world)
    with pytest.raises(Refused):
        perform(pledge, "sign_for_unit", actor=world.secretary, at=AT)


def test_a_plan_changed_afterwards_shows_as_amended_with_what_was_and_what_is(world, pledge):
    pledge = sign(pledge, world)
    assert changes_of(pledge) == []
    measure = Measure.objects.get(position=1)
    change(measure, due=date(2026, 4, 15), requirement="另开展一次案例剖析")
    [found] = changes_of(pledge)
    assert (found.kind, found.title) == ("changed", "召开警示教育大会")
    assert found.facts == [
        ("具体措施", "围绕典型案例开展一次警示教育", "另开展一次案例剖析"),
        ("办理时限", "2026年3月31日", "2026年4月15日"),
    ]


def test_an_added_and_a_withdrawn_matter_are_amendments_and_a_granted_extension_is_none(world, pledge, plan):
    Task.objects.filter(measure__position=1, organization=world.branch).update(due=date(2026, 5, 1))
    assert changes_of(pledge) == []
    withdrawn = Task.objects.get(measure__position=1, organization=world.branch)
    perform(withdrawn, "withdraw", actor=world.issuer, at=AT, given={"reason": "并入其他事项"})
    make_measure(world, plan, title="新增事项", receivers=[world.branch])
    from tracker.fan_out import fan_out

    fan_out(plan, at=AT)
    assert [(c.kind, c.title) for c in changes_of(pledge)] == [
        ("removed", "召开警示教育大会"),
        ("added", "新增事项"),
    ]


def test_nobody_signs_words_that_are_no_longer_the_plan(world, pledge):
    change(Measure.objects.get(position=1), title="召开警示教育会")
    with pytest.raises(Refused, match="重新拟制"):
        perform(pledge, "sign_for_unit", actor=world.secretary, at=AT)


def test_drawn_up_anew_it_says_what_the_plan_says_and_both_sign_again(world, pledge):
    pledge = sign(pledge, world)
    with pytest.raises(Refused):
        perform(pledge, "draw_up_anew", actor=world.office, at=AT)
    change(Measure.objects.get(position=1), title="召开警示教育会")
    pledge = perform(pledge, "draw_up_anew", actor=world.office, at=AT)
    assert (pledge.state, pledge.unit_signed_by, pledge.issuer_signed_at) == (Pledge.State.OPEN, None, None)
    assert pledge.lines[0]["title"] == "召开警示教育会"
    assert changes_of(pledge) == []
    before = history(pledge).get(act="draw_up_anew").said["lines_before"]
    assert before[0]["title"] == "召开警示教育大会"
    assert Notice.objects.filter(kind="pledge_to_sign", recipient=world.secretary.user).count() == 2


def test_the_outcome_is_held_against_the_agreed_day(world, pledge):
    once = Task.objects.get(measure__position=1, organization=world.branch)
    january, february, *_rest = Task.objects.filter(measure__position=2).order_by("due")
    for task, day in ((once, date(2026, 4, 10)), (january, date(2026, 1, 20))):
        handed_in = submitted(world, acknowledged(world, task), at=moment(day))
        perform(handed_in, "approve", actor=on(world.reviewer, day), at=moment(day), given={"remark": "同意"})
    tasks = present_tasks([pledge])[pledge.pk]
    first, second = lines_of(pledge, tasks, day=date(2026, 4, 10))
    assert (first.outcome.agreed, first.outcome.done, first.outcome.late) == (1, 1, 1)
    assert (second.outcome.agreed, second.outcome.done, second.outcome.late) == (6, 1, 2)
    whole = sum_of([first, second])
    assert (whole.agreed, whole.done, whole.late) == (7, 2, 3)
    assert february.state == Task.State.PENDING


def test_an_extension_does_not_move_the_agreed_day(world, pledge):
    Task.objects.filter(measure__position=1, organization=world.branch).update(due=date(2026, 5, 1))
    tasks = present_tasks([pledge])[pledge.pk]
    outcome = lines_of(pledge, tasks, day=date(2026, 4, 10))[0].outcome
    assert (outcome.late, outcome.extended) == (1, 1)


def test_a_reminder_reaches_those_whose_signature_is_missing_once_a_day(world, plan, pledge):
    sign(pledge, world, both=False)
    day = moment(date(2026, 1, 12))
    assert remind_unsigned(plan, actor=on(world.office, date(2026, 1, 12)), at=day) == 3
    assert remind_unsigned(plan, actor=on(world.office, date(2026, 1, 12)), at=day) == 0
    told = Notice.objects.filter(created_at=day, kind="pledge_to_sign")
    assert [notice.recipient_id for notice in told] == [world.secretaries[1].user.pk]
    with pytest.raises(NotAllowed):
        remind_unsigned(plan, actor=world.secretary, at=day)


def test_the_buttons_are_those_of_the_person(world, pledge):
    def acts(actor):
        return [offer.act for offer in available_acts(pledge, actor=actor, at=AT)]

    assert acts(world.secretary) == ["sign_for_unit"]
    assert acts(world.issuer) == ["sign_for_issuer", "draw_up_anew"]
    assert acts(world.reviewer) == []
