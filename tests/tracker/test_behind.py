"""Beside a new speech: what the superior asked, and what the last period left open."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from common.clock import moment
from common.errors import NotAllowed, Refused, Stale
from tests.factories import acknowledged, issue, make_measure, make_plan, make_source, on
from tracker.carry_forward import left_open
from tracker.events import history
from tracker.fan_out import fan_out
from tracker.models import Action, Measure, Plan, Source, Task
from tracker.plans import create_plan, merge_actions
from tracker.sources import set_aside
from tracker.superior import papers_behind, rest_on
from tracker.transitions import perform

pytestmark = pytest.mark.django_db
JULY = moment(date(2026, 7, 6))
PAPER = "一、工作要求\n要建立支部书记谈心谈话台账。\n要召开年度党建工作推进会。\n"


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(JULY, tick=False)


@pytest.fixture
def office(world):
    return on(world.office, date(2026, 7, 6))


@pytest.fixture
def speech(world) -> Source:
    return make_source(world, dated=date(2026, 7, 6))


@pytest.fixture
def paper(world) -> Source:
    return make_source(world, title="上级工作要点", category="SUPERIOR", text=PAPER, dated=date(2026, 1, 10))


def next_plan(world, office, period="2026H2") -> Plan:
    return create_plan(
        organization=world.top, title="下半年清单", period=period, kind="LIST", actor=office, at=JULY
    )


def page_of(world, path: str) -> str:
    client = Client()
    client.force_login(world.office.user)
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


# --- the superior's paper ------------------------------------------------------------------------------------------


def states(source, plan=None) -> list[tuple[str, str]]:
    return [(one.action.text, one.state) for paper in papers_behind(source, plan=plan) for one in paper.asked]


def test_each_demand_of_the_paper_is_open_until_a_measure_takes_it_up_or_a_reason_is_given(
    world, office, speech, paper
):
    rest_on(speech, [paper], actor=office, at=JULY)
    first, second = (text for text, _state in states(speech))
    assert states(speech) == [(first, "open"), (second, "open")]
    plan = make_plan(world, at=JULY)
    actions = list(Action.objects.filter(source=paper).order_by("start"))
    merge_actions(make_measure(world, plan, at=JULY), [actions[0]], actor=office, at=JULY)
    set_aside([actions[1]], reason="由上级直接组织", actor=office, at=JULY)
    assert states(speech) == [(first, "taken"), (second, "aside")]


def test_the_nearest_measure_of_the_plan_is_proposed_with_the_words_both_share(world, office, speech, paper):
    rest_on(speech, [paper], actor=office, at=JULY)
    plan = make_plan(world, at=JULY)
    near = make_measure(world, plan, title="健全谈心谈话台账", at=JULY)
    make_measure(world, plan, title="举办羽毛球比赛", at=JULY)
    (found,) = papers_behind(speech, plan=plan)
    assert [[n.measure for n in one.near] for one in found.asked] == [[near], []]
    assert "谈心" in found.asked[0].near[0].words


def test_a_paper_of_another_office_or_a_circle_is_refused(world, office, speech, paper):
    foreign = make_source(world, title="别处", text="一、要求\n要制定方案。")
    Source.objects.filter(pk=foreign.pk).update(organization=world.committee)
    foreign.refresh_from_db()
    for papers in ([foreign], [speech]):
        with pytest.raises(Refused):
            rest_on(speech, papers, actor=office, at=JULY)
    rest_on(speech, [paper], actor=office, at=JULY)
    with pytest.raises(Refused):
        rest_on(paper, [speech], actor=office, at=JULY)
    with pytest.raises(NotAllowed):
        rest_on(speech, [], actor=world.secretary, at=JULY)
    with pytest.raises(Stale):
        rest_on(speech, [], actor=office, at=JULY, version=0)
    assert list(speech.rests_on.all()) == [paper]


def test_the_page_takes_a_demand_up_and_sets_another_aside(world, office, speech, paper):
    rest_on(speech, [paper], actor=office, at=JULY)
    plan = make_plan(world, at=JULY)
    measure = make_measure(world, plan, title="健全谈心谈话台账", at=JULY)
    first, second = Action.objects.filter(source=paper).order_by("start")
    client = Client()
    client.force_login(world.office.user)
    base = f"/sources/{speech.pk}/superior/"
    assert first.text in page_of(world, base)
    assert client.post(f"{base}{first.pk}/", {"measure": measure.pk}).status_code == 302
    assert client.post(f"{base}{second.pk}/", {"reason": ""}).status_code == 400
    assert client.post(f"{base}{second.pk}/", {"reason": "不属本级"}).status_code == 302
    assert [state for _text, state in states(speech)] == ["taken", "aside"]
    assert first.text not in page_of(world, base + "?state=aside")
    own = Action.objects.filter(source=speech).first()
    assert client.post(f"{base}{own.pk}/", {"reason": "x"}).status_code == 404, (
        "no demand of a paper behind it"
    )


def test_the_page_asks_the_same_number_of_queries_for_one_demand_and_for_many(
    world, office, speech, paper, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    rest_on(speech, [paper], actor=office, at=JULY)
    make_plan(world, at=JULY)
    page_of(world, f"/sources/{speech.pk}/superior/")
    with CaptureQueriesContext(connection) as few:
        page_of(world, f"/sources/{speech.pk}/superior/")
    more = make_source(
        world, title="又一份", text="一、要求\n" + "要制定方案。\n" * 30, dated=date(2026, 2, 1)
    )
    rest_on(speech, [paper, more], actor=office, at=JULY)
    with CaptureQueriesContext(connection) as many:
        page_of(world, f"/sources/{speech.pk}/superior/")
    assert len(many) == len(few)


# --- what was left open --------------------------------------------------------------------------------------------


def issued(world) -> Measure:
    plan = make_plan(world)
    measure = make_measure(world, plan, receivers=world.branches)
    issue(world, plan)
    return Measure.objects.get(pk=measure.pk)


def test_open_measures_stand_beside_the_new_speech_with_their_tasks(world, office, speech):
    measure = issued(world)
    plan = next_plan(world, office)
    (left,) = left_open(speech, into=plan, day=date(2026, 7, 6)).measures
    assert (left.measure, left.open, left.done) == (measure, 2, 0)
    assert left.overdue == 2
    assert measure.title in page_of(world, f"/sources/{speech.pk}/left-open/")


def test_a_measure_is_carried_over_with_its_tasks_and_none_is_made_anew(world, office, speech):
    measure = issued(world)
    task = acknowledged(world, Task.objects.filter(measure=measure, organization=world.branch).get())
    before = list(
        Task.objects.filter(measure=measure).order_by("pk").values("pk", "due", "state", "event_head")
    )
    old, plan = measure.plan, next_plan(world, office)
    make_measure(world, plan, at=JULY)

    perform(measure, "carry_forward", actor=office, at=JULY, given={"to": plan.pk, "remark": "继续推进"})

    moved = Measure.objects.get(pk=measure.pk)
    assert (moved.plan, moved.carried_from, moved.state, moved.position) == (plan, old, "ACTIVE", 2)
    after = list(Task.objects.filter(measure=moved).order_by("pk").values("pk", "due", "state", "event_head"))
    assert after == before
    last = history(moved).last()
    assert (last.act, last.said["to"]["id"], last.said["from_plan"]["id"]) == (
        "carry_forward",
        plan.pk,
        old.pk,
    )
    perform(plan, "issue", actor=office, at=JULY, given={"approved_by": world.issuer.user.pk})
    fan_out(Plan.objects.get(pk=plan.pk), at=JULY)
    assert Task.objects.filter(measure=moved).count() == len(before)
    assert task.pk in {row["pk"] for row in after}
    assert measure.title in page_of(world, f"/plans/{old.pk}/"), "the old plan shows it as carried over"
    assert left_open(speech, into=plan, day=date(2026, 7, 6)).moved == [moved]


def test_the_old_plan_can_be_closed_once_everything_is_carried_over(world, office):
    measure = issued(world)
    plan = measure.plan
    with pytest.raises(Refused):
        perform(plan, "close", actor=office, at=JULY)
    perform(measure, "carry_forward", actor=office, at=JULY, given={"to": next_plan(world, office).pk})
    assert perform(plan, "close", actor=office, at=JULY).state == "CLOSED"


@pytest.mark.parametrize("period", ["2026H1", "2025H2", "2025"])
def test_nothing_is_carried_into_a_plan_that_does_not_end_later(world, office, period):
    measure = issued(world)
    plan = next_plan(world, office, period)
    with pytest.raises(Refused):
        perform(measure, "carry_forward", actor=office, at=JULY, given={"to": plan.pk})


def test_only_the_office_carries_over_and_only_to_its_own_plans(world, office):
    measure = issued(world)
    plan = next_plan(world, office)
    for actor in (world.leader, world.secretary, world.reviewer):
        with pytest.raises(NotAllowed):
            perform(
                measure, "carry_forward", actor=on(actor, date(2026, 7, 6)), at=JULY, given={"to": plan.pk}
            )
    Plan.objects.filter(pk=plan.pk).update(organization=world.committee)
    with pytest.raises(Refused):
        perform(measure, "carry_forward", actor=office, at=JULY, given={"to": plan.pk})


def test_undecided_words_of_the_last_speeches_are_shown_as_promises(world, office, speech, paper):
    texts = {action.text for action in left_open(speech, into=None, day=date(2026, 7, 6)).promises}
    assert texts == {action.text for action in Action.objects.filter(source=paper, done=False)} != set()
    set_aside(Action.objects.filter(source=paper), reason="已完成", actor=office, at=JULY)
    assert left_open(speech, into=None, day=date(2026, 7, 6)).promises == []
