"""Measures through the API: drawn up, changed, taken out and amended by the verbs of the pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from common.clock import now, today
from tests.api_program import Program, counted, refusal
from tests.factories import (
    World,
    actor_at,
    issue,
    make_measure,
    make_organization,
    make_plan,
    make_source,
    make_user,
)
from tracker.events import history
from tracker.models import Action, Measure, Plan, Task

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(world) -> Plan:
    return make_plan(world)


def asked(world: World, plan: Plan, **more: Any) -> dict[str, Any]:
    return {
        "plan": plan.pk,
        "title": "开展警示教育",
        "requirement": "每个支部一次",
        "due": "2026-03-31",
        "responsible_leader": world.leader.user.pk,
        "deliverable": "会议记录",
        "receiver_kinds": ["BRANCH"],
        "receivers": [world.branch.pk],
        "no_source_reason": "年度例行工作",
        **more,
    }


def test_a_measure_is_added_by_hand_as_on_the_page(world, plan, office):
    answer = office.post("measures/", asked(world, plan, target_number=60, target_unit="个"))
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"0"')
    made = Measure.objects.get(pk=answer.json()["id"])
    assert (made.plan, made.title, made.lead, made.receiver_kinds) == (
        plan,
        "开展警示教育",
        world.top,
        ["BRANCH"],
    )
    assert (list(made.receivers.all()), made.target_number) == ([world.branch], 60)
    assert answer.json()["receivers"] == [world.branch.pk]
    assert [event.act for event in history(made)] == ["register"]


def test_sent_twice_under_one_key_it_is_added_once(world, plan, office):
    answers = [office.post("measures/", asked(world, plan), Idempotency_Key="measure-0001") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert Measure.objects.count() == 1


def test_words_of_a_source_are_taken_up_and_only_once(world, plan, office):
    action = Action.objects.filter(source=make_source(world), done=False).first()
    assert action is not None
    answer = office.post("measures/", asked(world, plan, actions=[action.pk], no_source_reason=""))
    assert (answer.status_code, answer.json()["actions"]) == (201, [action.pk])
    action.refresh_from_db()
    assert action.decision == Action.Decision.TAKEN
    again = asked(world, plan, title="又一次", actions=[action.pk])
    assert refusal(office.post("measures/", again)) == (409, "stale")
    assert office.post("measures/", again | {"again": True}).status_code == 201


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"no_source_reason": None}, "no_source_reason"),
        ({"due": "2025-01-01"}, "due"),
        ({"due": 20260331}, "due"),
        ({"due": ["2026-03-31"]}, "due"),
        ({"title": {"zh": "x"}}, "title"),
        ({"title": "\ud800"}, "title"),
        ({"receivers": [10**12]}, "receivers"),
        ({"receivers": "all"}, "receivers"),
        ({"receiver_kinds": ["PARTY"]}, "receiver_kinds"),
        ({"target_number": -1}, "target_number"),
        ({"event": "大会召开"}, "event_days"),
        ({"responsible_leader": 10**12}, "responsible_leader"),
        ({"colour": "red"}, "colour"),
        ({"plan": 10**12}, "plan"),
        ({"actions": [10**12]}, "actions"),
    ],
)
def test_what_is_wrong_is_named_by_its_field_and_nothing_is_written(change, field, world, plan, office):
    answer = office.post("measures/", asked(world, plan) | change)
    assert answer.status_code == 400
    assert field in answer.json()["fields"]
    assert not Measure.objects.exists()


def test_only_the_office_adds_and_for_others_the_plan_does_not_exist(world, plan):
    assert refusal(Program(world.issuer.user).post("measures/", asked(world, plan))) == (403, "not_allowed")
    stranger = Program(actor_at(make_organization("BRANCH", parent=world.top), "SECRETARY").user)
    answer = stranger.post("measures/", asked(world, plan))
    assert refusal(answer) == (400, "invalid")
    assert set(answer.json()["fields"]) == {"plan"}
    assert not Measure.objects.exists()


def test_a_change_names_some_fields_and_leaves_the_rest(world, plan, office):
    measure = make_measure(world, plan)
    path = f"measures/{measure.pk}/"
    answer = office.send("PATCH", path, {"title": "改后", "receivers": []}, If_Match=office.etag(path))
    assert (answer.status_code, answer.json()["title"], answer.json()["receivers"]) == (200, "改后", [])
    assert answer.headers["ETag"] == '"1"'
    measure.refresh_from_db()
    assert (measure.requirement, measure.deliverable) == ("围绕典型案例开展一次警示教育", "会议记录")
    assert history(measure).last().said.keys() == {"title", "receivers"}


def test_a_change_needs_the_version_it_is_made_to(world, plan, office):
    measure = make_measure(world, plan)
    path = f"measures/{measure.pk}/"
    assert refusal(office.send("PATCH", path, {"title": "x"})) == (428, "version_missing")
    assert refusal(office.send("PATCH", path, {"title": "x"}, If_Match='"7"')) == (412, "stale")
    assert refusal(office.send("PATCH", path, {"title": ""}, If_Match='"0"')) == (400, "invalid")
    assert refusal(Program(world.leader.user).send("PATCH", path, {"title": "x"}, If_Match='"0"'))[0] == 403
    assert refusal(Program(make_user()).send("PATCH", path, {"title": "x"}, If_Match='"0"'))[0] == 404
    measure.refresh_from_db()
    assert (measure.title, measure.version) == ("召开警示教育大会", 0)


def test_an_issued_measure_is_amended_and_not_changed(world, plan, office):
    measure = make_measure(world, plan, receivers=[world.branch], due=today() + timedelta(days=60))
    issue(world, plan, at=now())
    path = f"measures/{measure.pk}/"
    version = office.etag(path)
    assert refusal(office.send("PATCH", path, {"title": "x"}, If_Match=version)) == (400, "issued")
    assert refusal(office.send("DELETE", path, If_Match=version)) == (400, "issued")
    given = {"requirement": "两次", "reason": "上级要求", "confirmed_by": world.issuer.user.pk}
    assert refusal(office.post(f"{path}acts/amend/", given | {"colour": 1}, If_Match=version))[0] == 400
    answer = office.post(f"{path}acts/amend/", given, If_Match=version)
    assert (answer.status_code, answer.json()["requirement"]) == (200, "两次")
    assert history(Task.objects.get(measure=measure)).last().act == "amend"


def test_a_draft_measure_is_taken_out(world, plan, office):
    measure = make_measure(world, plan)
    path = f"measures/{measure.pk}/"
    assert refusal(office.send("DELETE", path)) == (428, "version_missing")
    assert refusal(office.send("DELETE", path, If_Match='"3"')) == (412, "stale")
    assert office.send("DELETE", path, If_Match='"0"').status_code == 204
    assert refusal(office.get(path))[0] == 404
    assert refusal(office.send("DELETE", path, If_Match='"0"'))[0] == 404


def test_measures_are_moved_split_and_merged(world, plan, office):
    first, second = make_measure(world, plan), make_measure(world, plan, title="第二项")
    moved = office.post(f"measures/{second.pk}/move/", {"to": 1}, If_Match='"0"')
    assert (moved.status_code, moved.json()["position"]) == (200, 1)
    split = office.post(f"measures/{first.pk}/split/", {"title": "第三项"}, If_Match='"0"')
    assert (split.status_code, split.json()["title"], split.json()["position"]) == (201, "第三项", 3)
    path = f"measures/{first.pk}/merge/"
    assert refusal(office.post(path, {"other": first.pk}, If_Match='"0"'))[0] == 400
    merged = office.post(path, {"other": split.json()["id"]}, If_Match='"0"')
    assert (merged.status_code, merged.headers["ETag"]) == (200, '"1"')
    assert refusal(office.post(path, {"other": second.pk}, If_Match='"0"')) == (412, "stale")
    assert list(Measure.objects.values_list("title", flat=True)) == ["第二项", first.title]


def test_pressed_twice_under_one_key_it_is_split_once(world, plan, office):
    measure = make_measure(world, plan)
    for _ in range(2):
        answer = office.post(
            f"measures/{measure.pk}/split/", {"title": "二"}, If_Match='"0"', Idempotency_Key="split-0001"
        )
        assert answer.status_code == 201
    assert Measure.objects.count() == 2


def test_the_day_of_an_event_gives_the_date(world, plan, office):
    measure = make_measure(world, plan, due=None, event="大会召开", event_days=30)
    path = f"measures/{measure.pk}/declare/"
    assert refusal(office.post(path, {"on": "soon"}, If_Match='"0"')) == (400, "invalid")
    assert refusal(office.post(path, {"on": "2020-01-01"}, If_Match='"0"'))[0] == 400
    answer = office.post(path, {"on": today().isoformat()}, If_Match='"0"')
    assert answer.status_code == 200
    assert answer.json()["due"] > today().isoformat()
    assert refusal(office.post(path, {"on": today().isoformat()}, If_Match='"1"'))[0] == 400


def test_who_receives_it_is_listed_within_ones_sight(world, plan, office):
    measure = make_measure(world, plan, receivers=[], receiver_kinds=["BRANCH"])
    found = office.get(f"measures/{measure.pk}/receivers/").json()["results"]
    assert [row["id"] for row in found] == sorted(b.pk for b in [*world.branches, world.other_branch])
    issue(world, plan)
    own = Program(world.secretary.user)
    assert [row["id"] for row in own.get(f"measures/{measure.pk}/receivers/").json()["results"]] == [
        world.branch.pk
    ]
    assert own.get(f"measures/{measure.pk}/").json()["receivers"] == []


def test_the_list_takes_the_same_queries_for_one_and_for_three(world, plan, office):
    make_measure(world, plan)
    with counted() as one:
        assert len(office.get("measures/", plan=plan.pk).json()["results"]) == 1
    make_measure(world, plan, title="二")
    make_measure(world, plan, title="三")
    with counted() as more:
        assert len(office.get("measures/", plan=plan.pk).json()["results"]) == 3
    assert len(more) == len(one)
