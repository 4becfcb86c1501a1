"""The pages of inspections: planning, drawing in public, visits."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.clock import moment
from tests.factories import World, make_finding, make_inspection
from tracker.inspections import draw_sample
from tracker.models import Finding, Inspection, Visit
from tracker.transitions import perform

pytestmark = pytest.mark.django_db
AT = moment(date(2026, 3, 10))
NEW = {
    "purpose": "主题党日随机抽查",
    "scheduled": "0",
    "concentrated": "0",
    "sampled": "1",
    "key_point": "1",
    "starts_on": "2026-03-11",
    "ends_on": "2026-03-20",
    "sample_size": "2",
}


@pytest.fixture
def world() -> World:
    return World(branches=3)


@pytest.fixture(autouse=True)
def _in_march():
    with time_machine.travel(AT, tick=False):
        yield


def started(world: World) -> Inspection:
    inspection = make_inspection(world, sampled=False, sample_size=0)
    return perform(inspection, "start", actor=world.inspector, at=AT)


def test_an_inspector_plans_draws_starts_and_records_in_the_browser(client, world):
    client.force_login(world.inspector.user)
    answer = client.post("/inspections/new/", NEW | {"organization": world.top.pk})
    inspection = Inspection.objects.get()
    assert answer.headers["Location"] == f"/inspections/{inspection.pk}/"
    assert (inspection.scheduled, inspection.concentrated, inspection.sampled, inspection.key_point) == (
        False,
        False,
        True,
        True,
    )
    page = f"/inspections/{inspection.pk}/"
    assert client.post(f"{page}draw/", {"seed": "271828"}).status_code == 302
    assert client.post(f"{page}start/", {"version": 1}).status_code == 303
    visit = Visit.objects.filter(inspection=inspection).first()
    seen = f"{page}visits/{visit.pk}/"
    assert client.post(seen, {"visited_on": "2026-03-10", "remark": "记录完整"}).status_code == 302
    assert client.post(seen, {"fact": "缺讨论记录"}).status_code == 302
    visit.refresh_from_db()
    assert (visit.remark, visit.findings.get().state) == ("记录完整", Finding.State.FOUND)


def test_an_incomplete_plan_keeps_what_was_typed_and_writes_nothing(client, world):
    client.force_login(world.inspector.user)
    sent = NEW | {"organization": world.top.pk, "sample_size": "", "ends_on": "2026-03-01"}
    answer = client.post("/inspections/new/", sent)
    assert answer.status_code == 422
    assert "主题党日随机抽查" in answer.content.decode()
    assert "请填写抽取多少个党支部" in answer.content.decode()
    late = client.post("/inspections/new/", sent | {"sample_size": "2"})
    assert list(late.context["form"].errors) == ["ends_on"]
    assert Inspection.objects.count() == 0


def test_a_secretary_does_not_plan_and_sees_no_inspection(client, world):
    inspection = started(world)
    client.force_login(world.secretary.user)
    assert client.get("/inspections/new/").status_code == 403
    assert client.get(f"/inspections/{inspection.pk}/").status_code == 404
    visit = inspection.visits.first()
    assert client.get(f"/inspections/{inspection.pk}/visits/{visit.pk}/").status_code == 404
    assert inspection.purpose not in client.get("/inspections/").content.decode()


def test_a_leader_draws_again_and_is_told_whether_it_is_the_same(client, world):
    inspection = make_inspection(world, sample_size=2)
    draw_sample(inspection, seed="271828", actor=world.inspector, at=AT)
    client.force_login(world.leader.user)
    page = f"/inspections/{inspection.pk}/draw/"
    same = client.get(page, {"seed": "271828"})
    assert same.context["same"] is True
    assert [code for code, _o, _m in same.context["redrawn"]] == [
        code for code, _o, _m in same.context["drawn"]
    ]
    codes = [code for code, _o, _m in same.context["drawn"]]
    others = [client.get(page, {"seed": str(seed)}).context for seed in range(20)]
    for other in others:
        assert other["same"] is ([code for code, _o, _m in other["redrawn"]] == codes)
    assert not all(other["same"] for other in others)
    inspection.refresh_from_db()
    assert inspection.seed == "271828"


def test_a_second_drawing_is_refused_in_words(client, world):
    inspection = make_inspection(world)
    draw_sample(inspection, seed="271828", actor=world.inspector, at=AT)
    client.force_login(world.inspector.user)
    answer = client.post(f"/inspections/{inspection.pk}/draw/", {"seed": "1"})
    assert answer.status_code == 422
    assert answer.context["seed_form"].non_field_errors()
    inspection.refresh_from_db()
    assert inspection.seed == "271828"


def test_a_leader_reads_a_visit_but_cannot_record_it(client, world):
    inspection = started(world)
    visit = inspection.visits.first()
    client.force_login(world.leader.user)
    page = f"/inspections/{inspection.pk}/visits/{visit.pk}/"
    assert client.get(page).context["may_record"] is False
    answer = client.post(page, {"visited_on": "2026-03-10", "remark": "好"})
    assert answer.status_code == 422
    visit.refresh_from_db()
    assert visit.visited_on is None


def test_a_visit_of_another_inspection_is_not_found(client, world):
    first, second = started(world), started(world)
    client.force_login(world.inspector.user)
    assert client.get(f"/inspections/{first.pk}/visits/{second.visits.first().pk}/").status_code == 404


@pytest.mark.parametrize("query", ["?state=NONSENSE&after=x", "?q=%00", "?after=99999999999999999999"])
def test_odd_addresses_give_a_list(client, world, query):
    make_inspection(world)
    client.force_login(world.inspector.user)
    assert client.get(f"/inspections/{query}").status_code == 200


def test_the_list_and_the_page_take_a_constant_number_of_queries(client, world):
    client.force_login(world.inspector.user)

    def queries(address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    first = started(world)
    visit = first.visits.get(organization=world.branch)
    make_finding(world, visit=visit)
    counted = queries("/inspections/"), queries(f"/inspections/{first.pk}/")
    for _again in range(2):
        started(world)
        make_finding(world, visit=visit)
    assert (queries("/inspections/"), queries(f"/inspections/{first.pk}/")) == counted
