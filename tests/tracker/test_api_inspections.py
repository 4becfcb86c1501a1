"""Inspections through the API: a round planned, its sample drawn, its visits and findings recorded."""

from __future__ import annotations

from typing import Any

import pytest

from common.clock import moment
from tests.api_program import Program, counted, refusal
from tests.factories import SPRING, World, make_inspection, make_plan
from tracker.inspections import chosen_codes
from tracker.models import Finding, Inspection, Plan, Visit
from tracker.transitions import perform

pytestmark = pytest.mark.django_db
AT = moment(SPRING)


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(moment(SPRING.replace(month=3, day=10)), tick=False)


@pytest.fixture
def world() -> World:
    return World(branches=3)


@pytest.fixture
def inspector(world) -> Program:
    return Program(world.inspector.user)


@pytest.fixture
def reader(world) -> Program:
    """Sees the round, keeps none."""
    return Program(world.leader.user)


@pytest.fixture
def below(world) -> Program:
    """Is not told of rounds."""
    return Program(world.secretary.user)


@pytest.fixture
def under_way(world) -> Inspection:
    inspection = make_inspection(world, sampled=False, sample_size=0)
    return perform(inspection, "start", actor=world.inspector, at=AT)


def planned(world: World, **more: Any) -> dict[str, Any]:
    given = {
        "organization": world.top.pk,
        "purpose": "组织生活质量专项督查",
        "sample_size": 2,
        "starts_on": "2026-03-12",
        "ends_on": "2026-03-31",
    }
    return given | more


def test_a_round_is_planned_once_however_often_it_is_sent(world, inspector):
    for _ in range(2):
        answer = inspector.post("inspections/", planned(world, key_point=True), Idempotency_Key="round-0001")
        assert answer.status_code == 201
    made = Inspection.objects.get()
    told = answer.json()
    assert (told["id"], told["number"], told["state"]) == (made.pk, made.number, "PLANNED")
    assert [told[axis] for axis in ("scheduled", "concentrated", "sampled", "key_point")] == [True] * 4
    assert answer.headers["ETag"] == f'"{made.version}"'
    assert len(made.drawn_from) == 4


@pytest.mark.parametrize(
    ("more", "fields"),
    [
        ({"purpose": ""}, {"purpose"}),
        ({"starts_on": "soon"}, {"starts_on"}),
        ({"ends_on": "2026-03-01"}, {"ends_on"}),
        ({"sample_size": 0}, {"sample_size"}),
        ({"sample_size": 5}, {"sample_size"}),
        ({"sampled": False}, {"sample_size"}),
        ({"organization": 10**12}, {"organization"}),
        ({"plan": 10**12}, {"plan"}),
        ({"colour": "red"}, {"colour"}),
    ],
)
def test_what_cannot_be_planned_is_named_by_its_field(world, inspector, more, fields):
    answer = inspector.post("inspections/", planned(world, **more))
    assert (answer.status_code, set(answer.json()["fields"])) == (400, fields)
    assert not Inspection.objects.exists()


def test_a_plan_to_be_checked_is_an_issued_one_in_sight(world, inspector):
    plan = make_plan(world)
    above = planned(world, organization=world.committee.pk, plan=plan.pk)
    given = planned(world, plan=plan.pk)
    assert set(inspector.post("inspections/", given).json()["fields"]) == {"plan"}
    Plan.objects.filter(pk=plan.pk).update(state=Plan.State.ISSUED)
    assert inspector.post("inspections/", given).json()["plan"] == plan.pk
    assert set(Program(world.reviewer.user).post("inspections/", above).json()["fields"]) == {"plan"}


def test_only_the_keepers_of_an_organization_plan_its_rounds(world, reader, below):
    assert refusal(reader.post("inspections/", planned(world))) == (403, "not_allowed")
    answer = below.post("inspections/", planned(world))
    assert set(answer.json()["fields"]) == {"organization"}, "out of sight it does not exist"
    own = planned(world, organization=world.branch.pk)
    assert refusal(below.post("inspections/", own)) == (400, "refused"), "nothing lies below a branch"
    assert not Inspection.objects.exists()


def test_the_sample_is_drawn_once_from_the_version_one_has_seen(world, inspector, reader):
    inspection = make_inspection(world, sample_size=2)
    path = f"inspections/{inspection.pk}/sample/"
    before = inspector.get(path)
    assert (before.json()["seed"], before.json()["drawn"]) == ("", [])
    version = before.headers["ETag"]
    assert refusal(inspector.post(path, {"seed": "271828"})) == (428, "version_missing")
    assert refusal(inspector.post(path, {"seed": "271828"}, If_Match='"99"')) == (412, "stale")
    assert refusal(reader.post(path, {"seed": "271828"}, If_Match=version)) == (403, "not_allowed")
    assert set(inspector.post(path, {"seed": " "}, If_Match=version).json()["fields"]) == {"seed"}
    answer = inspector.post(path, {"seed": "271828"}, If_Match=version)
    inspection.refresh_from_db()
    assert [line["code"] for line in answer.json()["drawn"]] == chosen_codes(inspection)
    assert answer.headers["ETag"] == f'"{inspection.version}"' != version
    assert reader.get(path).json() == answer.json()
    again = inspector.post(path, {"seed": "1"}, If_Match=answer.headers["ETag"])
    assert refusal(again) == (400, "refused")


def test_a_visit_is_recorded_with_the_version_of_its_round(world, inspector, reader, under_way):
    path = f"inspections/{under_way.pk}/visits/"
    visits = inspector.get(path).json()
    assert [visit["organization"] for visit in visits] == [
        branch.pk for branch in (*world.branches, world.other_branch)
    ]
    one, seen = f"{path}{visits[0]['id']}/", {"visited_on": "2026-03-09", "remark": "记录完整"}
    version = inspector.etag(one)
    assert refusal(inspector.send("PUT", one, seen)) == (428, "version_missing")
    assert refusal(reader.send("PUT", one, seen, If_Match=version)) == (403, "not_allowed")
    answer = inspector.send("PUT", one, seen, If_Match=version)
    assert (answer.status_code, answer.json()["remark"]) == (200, "记录完整")
    assert answer.json()["recorded_by"] == world.inspector.user.pk
    assert refusal(inspector.send("PUT", one, seen, If_Match=version)) == (412, "stale")
    newer = inspector.etag(one)
    for wrong in ({"visited_on": "2026-03-11"}, {"remark": " "}, {"visited_on": "yesterday"}):
        refused = inspector.send("PUT", one, seen | wrong, If_Match=newer)
        assert (refused.status_code, set(refused.json()["fields"])) == (400, set(wrong))
    assert [row["visited_on"] for row in inspector.get(path).json()] == ["2026-03-09", None, None, None]


def test_a_fault_of_a_visit_is_recorded_and_named_by_it(world, inspector, reader, under_way):
    visit = under_way.visits.get(organization=world.branch)
    path = f"inspections/{under_way.pk}/visits/{visit.pk}/"
    assert refusal(reader.post(f"{path}findings/", {"fact": "没有讨论记录"})) == (403, "not_allowed")
    for _ in range(2):
        answer = inspector.post(f"{path}findings/", {"fact": "没有讨论记录"}, Idempotency_Key="fault-001")
        assert answer.status_code == 201
    made = Finding.objects.get()
    assert (made.visit, made.organization, made.found_by) == (visit, world.branch, world.top)
    assert (answer.json()["id"], answer.json()["origin"]) == (made.pk, "VISIT")
    assert inspector.get(path).json()["findings"] == [made.pk]
    assert set(inspector.post(f"{path}findings/", {"fact": ""}).json()["fields"]) == {"fact"}


def test_nothing_is_recorded_after_the_round_and_nothing_through_another(world, inspector, under_way):
    visit = under_way.visits.first()
    other = make_inspection(world)
    for rest in ("", "findings/"):
        assert inspector.get(f"inspections/{other.pk}/visits/{visit.pk}/{rest}").status_code in {404, 405}
    assert refusal(inspector.post(f"inspections/{other.pk}/visits/{visit.pk}/findings/", {"fact": "x"})) == (
        404,
        "not_found",
    )
    Inspection.objects.filter(pk=under_way.pk).update(state=Inspection.State.REPORTED)
    path = f"inspections/{under_way.pk}/visits/{visit.pk}/"
    seen = {"visited_on": "2026-03-09", "remark": "记录完整"}
    assert refusal(inspector.send("PUT", path, seen, If_Match=inspector.etag(path))) == (400, "refused")
    assert refusal(inspector.post(f"{path}findings/", {"fact": "没有记录"})) == (400, "refused")
    assert (Visit.objects.exclude(visited_on=None).count(), Finding.objects.count()) == (0, 0)


def test_who_is_visited_does_not_learn_of_the_round(below, under_way):
    visit = under_way.visits.first()
    for rest in ("", "sample/", "visits/", f"visits/{visit.pk}/"):
        assert refusal(below.get(f"inspections/{under_way.pk}/{rest}")) == (404, "not_found")


def test_the_visits_ask_the_same_number_of_questions_for_two_and_for_four(world, inspector):
    asked = []
    for size in (2, 4):
        inspection = make_inspection(world, sampled=False, sample_size=0)
        Inspection.objects.filter(pk=inspection.pk).update(drawn_from=inspection.drawn_from[:size])
        inspection.refresh_from_db()
        perform(inspection, "start", actor=world.inspector, at=AT)
        with counted() as queries:
            assert len(inspector.get(f"inspections/{inspection.pk}/visits/").json()) == size
        asked.append(len(queries))
    assert asked[0] == asked[1]


# --- findings from elsewhere ---------------------------------------------------------------------------------------


def test_a_finding_from_elsewhere_is_recorded(world, inspector):
    given = {
        "found_by": world.top.pk,
        "organization": world.branch.pk,
        "origin": "TOUR",
        "fact": "整改不到位",
    }
    for _ in range(2):
        answer = inspector.post("findings/", given, Idempotency_Key="finding-01")
        assert answer.status_code == 201
    made = Finding.objects.get()
    assert (answer.json()["id"], made.visit, made.origin) == (made.pk, None, "TOUR")
    assert "assign" in [
        offer["act"] for offer in Program(world.office.user).get(f"findings/{made.pk}/").json()["acts"]
    ]


def test_a_finding_is_refused_by_field_and_by_duty(world, inspector, reader, below):
    given = {
        "found_by": world.top.pk,
        "organization": world.branch.pk,
        "origin": "TOUR",
        "fact": "整改不到位",
    }
    for wrong in (
        {"origin": "VISIT"},
        {"fact": " "},
        {"organization": 10**12},
        {"found_by": 0},
        {"colour": 1},
    ):
        answer = inspector.post("findings/", given | wrong)
        assert (answer.status_code, set(answer.json()["fields"])) == (400, set(wrong))
    assert refusal(reader.post("findings/", given)) == (403, "not_allowed")
    assert set(below.post("findings/", given).json()["fields"]) == {"found_by"}
    office = Program(world.reviewer.user)
    sideways = given | {"found_by": world.committee.pk, "organization": world.committee.pk}
    assert office.post("findings/", sideways).status_code == 201
    upwards = inspector.post("findings/", given | {"found_by": world.branch.pk, "organization": world.top.pk})
    assert upwards.status_code in {400, 403}
    assert Finding.objects.count() == 1
