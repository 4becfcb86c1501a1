"""Deciding on a source through the API: the proposals, the decisions, and what stands behind it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.api_program import Program, counted, refusal
from tests.factories import SPEECH, make_plan, make_source, make_user
from tracker.models import Action, Measure, Plan, Source

pytestmark = pytest.mark.django_db


@pytest.fixture
def source(world) -> Source:
    return make_source(world)


@pytest.fixture
def plan(world) -> Plan:
    plan = make_plan(world)
    Plan.objects.filter(pk=plan.pk).update(period="2026H2")
    return Plan.objects.get(pk=plan.pk)


@pytest.fixture
def reader(world) -> Program:
    """Sees the source, is not its office."""
    return Program(world.issuer.user)


def undecided(source: Source) -> Action:
    return Action.objects.filter(source=source, done=False, decision="OPEN").order_by("start")[0]


def at_(source: Source, action: Action, verb: str) -> str:
    return f"sources/{source.pk}/actions/{action.pk}/{verb}"


def decision(action: Action) -> str:
    action.refresh_from_db()
    return action.decision


def test_each_action_comes_with_the_measure_proposed_for_it(source, office):
    rows = office.get(f"sources/{source.pk}/actions/").json()
    assert [SPEECH[row["start"] : row["end"]] for row in rows] == [row["text"] for row in rows] != []
    proposed = [row["proposal"] for row in rows if not row["done"]]
    assert {"quarterly"} <= {proposal["cadence"] for proposal in proposed}
    assert all(proposal["title"] for proposal in proposed)
    one = office.get(at_(source, undecided(source), "")).json()
    assert one in rows


def test_a_proposal_is_accepted_as_it_stands(source, plan, office):
    action = undecided(source)
    proposal = office.get(at_(source, action, "")).json()["proposal"]
    for _ in range(2):
        answer = office.post(at_(source, action, "accept/"), {"plan": plan.pk}, Idempotency_Key="accept-0001")
        assert (answer.status_code, answer.json()["title"]) == (201, proposal["title"])
    assert answer.json()["actions"] == [action.pk]
    told = office.get(at_(source, action, "")).json()
    assert (told["decision"], told["measures"], told["proposal"]) == (
        "TAKEN",
        [answer.json()["id"]],
        None,
    )
    assert refusal(office.post(at_(source, action, "accept/"), {"plan": plan.pk})) == (409, "stale")
    assert Measure.objects.count() == 1


def test_it_is_accepted_with_other_fields_and_gives_a_further_measure(world, source, plan, office):
    action = undecided(source)
    path = at_(source, action, "accept/")
    body = {"plan": plan.pk, "title": "召开警示教育大会", "receivers": [world.branch.pk], "due": None}
    made = office.post(path, body)
    assert (made.status_code, made.json()["title"], made.json()["receivers"]) == (
        201,
        "召开警示教育大会",
        [world.branch.pk],
    )
    again = office.post(path, body | {"title": "通报典型案例", "again": True})
    assert (again.status_code, Measure.objects.count()) == (201, 2)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"plan": 10**12}, "plan"),
        ({"due": "soon"}, "due"),
        ({"colour": 1}, "colour"),
        ({"title": ""}, "title"),
    ],
)
def test_an_acceptance_that_is_wrong_writes_nothing(change, field, source, plan, office):
    action = undecided(source)
    answer = office.post(at_(source, action, "accept/"), {"plan": plan.pk} | change)
    assert refusal(answer) == (400, "invalid")
    assert set(answer.json()["fields"]) == {field}
    assert (Measure.objects.count(), decision(action)) == (0, "OPEN")


def test_an_action_is_set_aside_with_a_reason_and_taken_up_again(source, office):
    action = undecided(source)
    assert refusal(office.post(at_(source, action, "set-aside/"), {"reason": " "}))[0] == 400
    answer = office.post(at_(source, action, "set-aside/"), {"reason": "号召"})
    assert (answer.status_code, answer.json()["decision"], answer.json()["reason"]) == (
        200,
        "SET_ASIDE",
        "号召",
    )
    assert refusal(office.post(at_(source, action, "set-aside/"), {"reason": "号召"})) == (409, "stale")
    assert office.post(at_(source, action, "undo/")).json()["decision"] == "OPEN"
    assert refusal(office.post(at_(source, action, "undo/"))) == (409, "stale")


def test_a_measure_takes_a_second_action_up_and_undoing_lets_it_go(source, plan, office):
    first, second = Action.objects.filter(source=source, done=False).order_by("start")[:2]
    made = office.post(at_(source, first, "accept/"), {"plan": plan.pk}).json()
    answer = office.post(at_(source, second, "merge/"), {"measure": made["id"]})
    assert (answer.status_code, answer.json()["measures"]) == (200, [made["id"]])
    assert refusal(office.post(at_(source, second, "merge/"), {"measure": 10**12})) == (400, "invalid")
    assert office.post(at_(source, second, "undo/")).json()["decision"] == "OPEN"
    assert list(Measure.objects.get().actions.all()) == [first]


def test_exhortation_is_set_aside_at_once_and_coverage_follows(source, office):
    path = f"sources/{source.pk}/coverage/"
    before = office.get(path).json()
    waiting = [*before["exhortation"], *before["others"]]
    assert (before["decided"], before["total"]) == (0, len(waiting))
    assert len(before["reported_done"]) > 0
    aside = f"sources/{source.pk}/set-aside/"
    wrong = office.post(aside, {"actions": [*waiting, 10**12], "reason": "号召"})
    assert refusal(wrong) == (400, "invalid")
    assert office.get(path).json() == before
    after = office.post(aside, {"actions": waiting, "reason": "号召"}).json()
    assert (after["decided"], after["exhortation"], after["others"]) == (before["total"], [], [])
    assert refusal(office.post(aside, {"actions": waiting, "reason": "号召"})) == (409, "stale")


def test_words_are_marked_by_hand(source, office):
    path = f"sources/{source.pk}/actions/"
    answer = office.post(path, {"words": "再创佳绩"})
    assert (answer.status_code, answer.json()["added_by_hand"]) == (201, True)
    assert refusal(office.post(path, {"words": "再创佳绩"}))[0] == 400
    assert refusal(office.post(path, {"words": "不在文中"}))[0] == 400


def test_only_the_office_decides_and_for_strangers_nothing_is_there(source, plan, reader):
    action = undecided(source)
    stranger = Program(make_user())
    bodies: dict[str, Any] = {"accept/": {"plan": plan.pk}, "set-aside/": {"reason": "x"}, "undo/": {}}
    for verb, body in bodies.items():
        assert refusal(reader.post(at_(source, action, verb), body)) == (403, "not_allowed"), verb
        assert refusal(stranger.post(at_(source, action, verb), body)) == (404, "not_found"), verb
    assert refusal(reader.post(f"sources/{source.pk}/actions/", {"words": "再创佳绩"}))[0] == 403
    assert refusal(reader.post(f"sources/{source.pk}/set-aside/", {"actions": [], "reason": "x"}))[0] == 403
    assert refusal(reader.post(f"sources/{source.pk}/actions/{10**12}/undo/"))[0] == 404
    assert decision(action) == "OPEN"


def test_the_actions_take_the_same_queries_however_many_are_taken(source, plan, office):
    path, actions = f"sources/{source.pk}/actions/", list(Action.objects.filter(source=source, done=False))
    numbers = []
    for action in actions[:3]:
        office.post(at_(source, action, "accept/"), {"plan": plan.pk})
        with counted() as queries:
            assert office.get(path).status_code == 200
        numbers.append(len(queries))
    assert numbers == [numbers[0]] * 3


# --- what stands behind --------------------------------------------------------------------------------------------


@pytest.fixture
def paper(world, source) -> Source:
    return make_source(
        world,
        title="上级要点",
        category="SUPERIOR",
        dated=date(2026, 5, 1),
        text="要点\n\n一、任务\n各机关党委要制定实施方案。",
    )


def test_a_source_rests_on_papers_whose_demands_are_taken_up_or_not_for_us(source, paper, plan, office):
    path = f"sources/{source.pk}/"
    version = office.etag(path)
    body = {"papers": [paper.pk]}
    assert refusal(office.post(f"{path}rests-on/", body)) == (428, "version_missing")
    assert refusal(office.post(f"{path}rests-on/", {"papers": [10**12]}, If_Match=version))[0] == 400
    found = office.post(f"{path}rests-on/", body, If_Match=version)
    assert (found.status_code, found.headers["ETag"]) == (200, office.etag(path))
    assert refusal(office.post(f"{path}rests-on/", body, If_Match=version)) == (412, "stale")
    (told,) = office.get(f"{path}superior/").json()
    assert (told["source"], told["settled"], told["total"]) == (paper.pk, 0, len(told["asked"]))
    demand = told["asked"][0]["action"]
    made = office.post(f"{path}actions/{undecided(source).pk}/accept/", {"plan": plan.pk}).json()
    taken = office.post(f"{path}superior/{demand}/", {"measure": made["id"]}).json()
    assert (taken[0]["settled"], taken[0]["asked"][0]["measures"]) == (1, [made["id"]])
    assert refusal(office.post(f"{path}superior/{demand}/", {"reason": "不涉及"})) == (409, "stale")
    assert refusal(office.post(f"{path}superior/{demand}/", {}))[0] == 400
    assert refusal(office.get(f"{path}superior/", plan="x"))[0] == 400
    assert refusal(office.get(f"{path}superior/", plan=10**12))[0] == 404


def test_what_the_last_period_left_open_is_listed(source, paper, office, reader):
    left = reader.get(f"sources/{source.pk}/left-open/").json()
    assert left["measures"] == []
    assert {row["source"] for row in left["promises"]} == {paper.pk}


def test_a_text_is_read_again_and_corrected_with_its_decisions(source, office, reader):
    path, action = f"sources/{source.pk}/", undecided(source)
    office.post(at_(source, action, "set-aside/"), {"reason": "号召"})
    assert refusal(reader.post(f"{path}read-again/", If_Match=office.etag(path)))[0] == 403
    assert refusal(office.post(f"{path}read-again/")) == (428, "version_missing")
    again = office.post(f"{path}read-again/", If_Match=office.etag(path))
    assert (again.status_code, again.json()["added"], again.json()["dropped"]) == (200, 0, 0)
    body = {"text": SPEECH.replace("再创佳绩", "再立新功")}
    assert refusal(office.post(f"{path}correct/", body, If_Match='"77"')) == (412, "stale")
    other = {"text": "完全不同的一份文件。"}
    assert refusal(office.post(f"{path}correct/", other, If_Match=office.etag(path)))[0] == 400
    assert Source.objects.count() == 1
    made = office.post(f"{path}correct/", body, If_Match=office.etag(path))
    assert (made.status_code, made.json()["carried"], made.json()["lost"]) == (201, 1, [])
    assert refusal(office.post(at_(source, action, "undo/"))) == (403, "not_allowed")
    assert refusal(office.get(f"{path}file/")) == (404, "not_found")
