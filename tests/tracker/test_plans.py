"""Changing a plan before it is issued, by verbs."""

from __future__ import annotations

from datetime import date

import pytest

from common.clock import moment
from common.errors import NotAllowed, Refused, Stale
from tests.factories import SPRING, issue, make_measure, make_plan, make_source
from tracker.events import history
from tracker.models import Action, Measure, Task
from tracker.plans import (
    add_measure,
    edit_measure,
    edit_measures,
    merge_measures,
    move_measure,
    remove_measure,
    split_measure,
)

pytestmark = pytest.mark.django_db
AT = moment(SPRING)


@pytest.fixture
def plan(world):
    return make_plan(world)


def titles(plan) -> list[str]:
    return list(Measure.objects.filter(plan=plan).order_by("position").values_list("title", flat=True))


def positions(plan) -> list[int]:
    return list(Measure.objects.filter(plan=plan).order_by("position").values_list("position", flat=True))


def test_an_edit_keeps_before_and_after_in_the_history(world, plan):
    measure = make_measure(world, plan)
    edited = edit_measure(
        measure,
        actor=world.office,
        at=AT,
        fields={"deliverable": "方案文本", "due": date(2026, 5, 8)},
        receivers=[world.branch],
        version=0,
    )
    assert (edited.deliverable, edited.version) == ("方案文本", 1)
    said = list(history(measure))[-1].said
    assert said["deliverable"] == ["会议记录", "方案文本"]
    assert said["due"] == ["2026-03-31", "2026-05-08"]
    assert list(edited.receivers.all()) == [world.branch]


def test_saving_what_is_already_there_writes_nothing(world, plan):
    measure = make_measure(world, plan)
    same = edit_measure(measure, actor=world.office, at=AT, fields={"title": measure.title}, version=0)
    assert (same.version, len(list(history(measure)))) == (0, 1)


def test_the_second_of_two_clerks_is_told(world, plan):
    measure = make_measure(world, plan)
    edit_measure(measure, actor=world.office, at=AT, fields={"title": "先改的"}, version=0)
    with pytest.raises(Stale):
        edit_measure(measure, actor=world.office, at=AT, fields={"title": "后改的"}, version=0)
    assert titles(plan) == ["先改的"]


def test_only_the_office_changes_a_draft(world, plan):
    measure = make_measure(world, plan)
    for actor in (world.issuer, world.reviewer, world.secretary):
        with pytest.raises(NotAllowed):
            edit_measure(measure, actor=actor, at=AT, fields={"title": "别人改的"})
        with pytest.raises(NotAllowed):
            remove_measure(measure, actor=actor, at=AT)


def test_an_issued_measure_is_not_changed_here(world, plan):
    measure = make_measure(world, plan)
    issue(world, plan)
    for attempt in (
        lambda: edit_measure(measure, actor=world.office, at=AT, fields={"title": "改名"}),
        lambda: remove_measure(measure, actor=world.office, at=AT),
        lambda: split_measure(measure, title="二", actor=world.office, at=AT),
        lambda: move_measure(measure, to=1, actor=world.office, at=AT),
    ):
        with pytest.raises(Refused) as refusal:
            attempt()
        assert refusal.value.code == "issued"
    assert Task.objects.count() == 2


def test_removing_closes_the_numbers_up_and_leaves_a_trace(world, plan):
    first, second, third = (make_measure(world, plan, title=title) for title in ("一", "二", "三"))
    remove_measure(second, actor=world.office, at=AT)
    assert (titles(plan), positions(plan)) == (["一", "三"], [1, 2])
    last = list(history(plan))[-1]
    assert (last.act, last.said["title"], last.said["head"]) == ("remove_measure", "二", second.event_head)
    assert {first.pk, third.pk} == set(Measure.objects.values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("to", "order"),
    [(1, ["三", "一", "二"]), (2, ["一", "三", "二"]), (99, ["一", "二", "三"]), (-5, ["三", "一", "二"])],
)
def test_a_measure_moves_to_a_number(world, plan, to, order):
    *_others, third = (make_measure(world, plan, title=title) for title in ("一", "二", "三"))
    move_measure(third, to=to, actor=world.office, at=AT)
    assert (titles(plan), positions(plan)) == (order, [1, 2, 3])


def test_a_supplement_does_not_move_before_issued_measures(world, plan):
    make_measure(world, plan, title="一")
    issue(world, plan)
    make_measure(world, plan, title="二")
    third = make_measure(world, plan, title="三")
    move_measure(third, to=1, actor=world.office, at=AT)
    assert titles(plan) == ["一", "三", "二"]


def test_splitting_gives_a_second_measure_beside_the_first_with_its_words(world, plan):
    action = make_source(world).actions.first()
    first = add_measure(
        plan,
        actor=world.office,
        at=AT,
        fields={"title": "起草并印发", "deliverable": "文本"},
        actions=[action],
    )
    make_measure(world, plan, title="另一项")
    second = split_measure(first, title="印发", actor=world.office, at=AT)
    assert titles(plan) == ["起草并印发", "印发", "另一项"]
    assert (list(second.actions.all()), second.deliverable) == ([action], "文本")


def test_merging_two_measures_keeps_the_words_of_both(world, plan):
    one, two = make_source(world).actions.all()[:2]
    first = add_measure(
        plan, actor=world.office, at=AT, fields={"title": "一", "requirement": "甲"}, actions=[one]
    )
    second = add_measure(
        plan,
        actor=world.office,
        at=AT,
        fields={"title": "二", "requirement": "乙", "receiver_kinds": ["BRANCH"]},
        actions=[two],
    )
    kept = merge_measures(first, second, actor=world.office, at=AT)
    assert (titles(plan), kept.requirement, kept.receiver_kinds) == (["一"], "甲\n乙", ["BRANCH"])
    assert set(kept.actions.all()) == {one, two}
    assert set(Action.objects.filter(decision="TAKEN")) == {one, two}


def test_measures_of_different_plans_are_not_merged(world, plan):
    first, second = make_measure(world, plan), make_measure(world, make_plan(world))
    with pytest.raises(Refused):
        merge_measures(first, second, actor=world.office, at=AT)
    assert Measure.objects.count() == 2


def test_the_same_values_for_many_are_all_or_nothing(world, plan):
    old = make_measure(world, plan, title="已印发")
    issue(world, plan)
    fresh = make_measure(world, plan, title="新增")
    with pytest.raises(Refused):
        edit_measures([old, fresh], actor=world.office, at=AT, fields={"deliverable": "材料"})
    assert Measure.objects.get(pk=fresh.pk).deliverable == "会议记录"
    assert edit_measures([fresh], actor=world.office, at=AT, fields={"deliverable": "材料"}) == 1
