"""Pledges through the API: drawn up, signed by both sides, held against what became of them."""

from __future__ import annotations

from datetime import date

import pytest

from common.clock import moment, now
from common.jobs import run_due_jobs
from common.models import AuditEntry
from tests.api_program import Program, counted, refusal
from tests.factories import acknowledged, issue, make_measure, make_plan, make_user
from tracker.models import Notice, Plan, Pledge, Task
from tracker.pledges import make_pledges

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(world) -> Plan:
    plan = make_plan(world)
    make_measure(world, plan)
    return issue(world, plan)


@pytest.fixture
def pledges(world, plan) -> list[Pledge]:
    make_pledges(plan, actor=world.office, at=moment(date(2026, 1, 8)))
    return list(Pledge.objects.order_by("pk"))


def test_pledges_are_asked_for_once_and_drawn_up_by_a_job(world, plan):
    office, path = Program(world.office.user), f"plans/{plan.pk}/pledges/"
    assert office.get(path).json() == {"missing": 2}
    first, again = office.post(path), office.post(path)
    assert (first.status_code, first.json()["id"]) == (202, again.json()["id"])
    run_due_jobs(at=now())
    assert (Pledge.objects.count(), office.get(path).json()) == (2, {"missing": 0})
    assert refusal(office.post(path)) == (400, "complete")
    own = Program(world.secretary.user)
    assert refusal(own.post(path)) == (403, "not_allowed")
    assert refusal(own.post(f"{path}remind/")) == (403, "not_allowed")
    assert refusal(Program(make_user()).get(path)) == (404, "not_found")


def test_who_has_not_signed_is_reminded_once_a_day(world, plan, pledges):
    office, before = Program(world.office.user), Notice.objects.count()
    told = office.post(f"plans/{plan.pk}/pledges/remind/").json()["told"]
    assert told == Notice.objects.count() - before > 0
    assert office.post(f"plans/{plan.pk}/pledges/remind/").json() == {"told": 0}


def test_both_sides_sign_by_acts_of_the_version_they_saw(world, pledges):
    path = f"pledges/{pledges[0].pk}/"
    own, issuer = Program(world.secretary.user), Program(world.issuer.user)
    sign = f"{path}acts/sign_for_unit/"
    assert refusal(own.post(sign)) == (428, "version_missing")
    assert refusal(own.post(sign, If_Match='"8"')) == (412, "stale")
    assert refusal(issuer.post(sign, If_Match='"0"')) == (403, "not_allowed")
    assert refusal(Program(world.other_secretary.user).post(sign, If_Match='"0"')) == (404, "not_found")
    assert own.post(sign, If_Match='"0"').json()["state"] == "UNIT_SIGNED"
    done = issuer.post(f"{path}acts/sign_for_issuer/", If_Match=issuer.etag(path))
    assert (done.json()["state"], done.json()["unit_signed_by"]) == ("SIGNED", world.secretary.user.pk)


def test_several_are_signed_at_once_each_by_the_rules_of_one(world, pledges):
    body = {"pledges": [{"id": pledges[0].pk, "version": 0}, {"id": pledges[1].pk, "version": 7}]}
    issuer = Program(world.issuer.user)
    for _ in range(2):
        told = issuer.post("pledges/sign/", body, Idempotency_Key="sign-0001").json()
        assert told["signed"] == [pledges[0].pk]
        assert [row["pledge"] for row in told["refused"]] == [pledges[1].pk]
    assert Program(world.chief.user).post("pledges/sign/", body).json() == {"signed": [], "refused": []}
    assert refusal(issuer.post("pledges/sign/", {"pledges": []})) == (400, "invalid")
    assert sorted(Pledge.objects.values_list("state", flat=True)) == ["ISSUER_SIGNED", "OPEN"]


def test_the_list_says_whose_signature_is_missing_and_what_became_of_it(world, plan, pledges):
    office = Program(world.office.user)
    rows = office.get("pledges/", plan=plan.pk, who="unit").json()["results"]
    assert [row["pledge"]["id"] for row in rows] == [pledges[0].pk, pledges[1].pk]
    assert [row["outcome"]["agreed"] for row in rows] == [1, 1]
    assert [row["amended"] for row in rows] == [False, False]
    assert office.get("pledges/", who="signed").json()["results"] == []
    assert refusal(office.get("pledges/", who="nobody")) == (400, "invalid")
    assert refusal(office.get("pledges/", plan=10**9)) == (400, "invalid")
    own = Program(world.secretary.user).get("pledges/").json()["results"]
    assert [row["pledge"]["id"] for row in own] == [pledges[0].pk]


def test_the_list_takes_the_same_queries_for_one_and_for_two(world, plan, pledges):
    office = Program(world.office.user)
    with counted() as more:
        assert len(office.get("pledges/").json()["results"]) == 2
    Pledge.objects.filter(pk=pledges[0].pk).delete()
    with counted() as one:
        assert len(office.get("pledges/").json()["results"]) == 1
    assert len(one) == len(more)


def test_its_lines_stand_beside_their_outcome_and_it_goes_on_paper(world, plan, pledges):
    acknowledged(world, Task.objects.get(organization=world.branch))
    own = Program(world.secretary.user)
    (line,) = own.get(f"pledges/{pledges[0].pk}/lines/").json()["lines"]
    assert (line["title"], line["outcome"]["done"]) == ("召开警示教育大会", 0)
    assert line["tasks"] == [Task.objects.get(organization=world.branch).pk]
    assert own.get(f"pledges/{pledges[0].pk}/lines/").json()["changes"] == []
    answer = own.get(f"pledges/{pledges[0].pk}/paper/")
    assert answer.content[:2] == b"PK"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert AuditEntry.objects.filter(kind=AuditEntry.Kind.EXPORT).count() == 1
