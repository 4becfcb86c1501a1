"""The pages of pledges: whose signature is missing, signing one and many, reminding, papers and the list as a file."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest
from docx import Document
from openpyxl import load_workbook

from common.clock import moment
from tests.factories import (
    World,
    issue,
    make_measure,
    make_plan,
)
from tests.tracker.pledges.helpers import AT, change, sign
from tracker.models import Measure, Pledge
from tracker.pledges import make_pledges

pytestmark = pytest.mark.django_db
LIST_QUERIES = 12


@pytest.fixture
def enter(client, time_machine):
    """Signs somebody in on the day the pledges were drawn up."""
    time_machine.move_to(AT, tick=False)

    def as_(actor):
        client.force_login(actor.user)
        return client

    return as_


def test_the_list_shows_whose_signature_is_missing(world, plan, pledge, enter):
    sign(pledge, world, both=False)
    page = enter(world.office).get(f"/pledges/?plan={plan.pk}")
    assert [(name, number) for name, _label, number, _now in page.context["tabs"]] == [
        ("", 2),
        ("mine", 0),
        ("unit", 1),
        ("issuer", 2),
        ("signed", 0),
    ]
    left = enter(world.office).get(f"/pledges/?plan={plan.pk}&who=unit").context["rows"]
    assert [row.pledge.organization for row in left] == [world.branches[1]]


def test_a_branch_sees_its_own_pledge_alone(world, plan, pledge, enter):
    rows = enter(world.secretary).get("/pledges/").context["rows"]
    assert [row.pledge for row in rows] == [pledge]
    other = Pledge.objects.exclude(pk=pledge.pk).get()
    assert enter(world.secretary).get(f"/pledges/{other.pk}/").status_code == 404
    assert enter(world.secretary).get(f"/pledges/{other.pk}/paper/").status_code == 404


def test_the_secretary_is_told_on_the_first_page_and_signs_in_two_steps(world, pledge, enter):
    client = enter(world.secretary)
    assert "1 份责任状待您签字" in client.get("/").content.decode()
    page = f"/pledges/{pledge.pk}/sign_for_unit/"
    assert "召开警示教育大会" in client.get(page).content.decode()
    assert client.post(page, {"version": pledge.version}).status_code == 303
    pledge.refresh_from_db()
    assert pledge.unit_signed_by == world.secretary.user
    assert "待您签字" not in client.get("/").content.decode()


def test_a_leader_signs_the_ticked_pledges_and_one_that_changed_is_named(world, plan, pledge, enter):
    other = Pledge.objects.exclude(pk=pledge.pk).get()
    client = enter(world.issuer)
    assert len(client.get("/pledges/?who=mine").context["rows"]) == 2
    change(Measure.objects.get(position=2), title="开展主题党日活动")
    ticked = [f"{p.pk}:{p.version}" for p in (pledge, other)]
    answer = client.post("/pledges/sign/", {"pledge": ticked, "query": "who=mine"}, follow=True)
    assert set(Pledge.objects.values_list("pk", "state")) == {
        (pledge.pk, "OPEN"),
        (other.pk, "ISSUER_SIGNED"),
    }
    text = answer.content.decode()
    assert "已签署 1 份责任状" in text
    assert f"{pledge.organization.short_name}：责任状拟制后清单有变动" in text


@pytest.mark.parametrize("ticked", [[], ["x"], ["1"], ["1:y"], ["9" * 30 + ":1"], ["1:1"] * 3])
def test_a_broken_tick_signs_nothing(world, pledge, enter, ticked):
    assert enter(world.issuer).post("/pledges/sign/", {"pledge": ticked}).status_code < 500
    assert Pledge.objects.exclude(state="OPEN").count() == 0


def test_what_was_not_seen_is_not_signed(world, pledge, enter):
    """Drawn up anew between looking and signing."""
    Pledge.objects.filter(pk=pledge.pk).update(version=7)
    enter(world.issuer).post("/pledges/sign/", {"pledge": [f"{pledge.pk}:{pledge.version}"]})
    pledge.refresh_from_db()
    assert pledge.state == "OPEN"


def test_the_office_asks_for_pledges_on_the_page_and_sees_them_being_made(world, plan, enter):
    client = enter(world.office)
    page = client.get(f"/pledges/?plan={plan.pk}")
    assert page.context["missing"] == 2
    answer = client.post(f"/plans/{plan.pk}/pledges/")
    assert answer.url == f"/plans/{plan.pk}/pledges/progress/"
    assert client.get(answer.url).status_code == 200
    assert enter(world.secretary).post(f"/plans/{plan.pk}/pledges/").status_code == 403


def test_reminding_says_how_many_were_told(world, plan, pledge, enter, time_machine):
    client = enter(world.office)
    time_machine.move_to(moment(date(2026, 1, 12)), tick=False)
    client = enter(world.office)
    time_machine.move_to(moment(date(2026, 1, 12)), tick=False)
    answer = client.post(f"/plans/{plan.pk}/pledges/remind/", follow=True)
    assert "已提醒 4 人" in answer.content.decode()


def test_the_page_shows_the_comparison_and_the_amendment(world, pledge, enter):
    change(Measure.objects.get(position=1), due=date(2026, 4, 15))
    text = enter(world.secretary).get(f"/pledges/{pledge.pk}/").content.decode()
    assert "责任状拟制后清单有变更" in text
    assert "2026年4月15日" in text
    assert "约定任务 7 项，完成 0 项，逾期 0 项" in text


def test_papers_come_as_docx_and_zip_with_the_list_s_filters(world, plan, pledge, enter):
    client = enter(world.office)
    one = client.get(f"/pledges/{pledge.pk}/paper/")
    assert one["Content-Type"].endswith("wordprocessingml.document")
    all_of_them = client.get(f"/pledges/papers/?plan={plan.pk}&form=zip")
    with zipfile.ZipFile(io.BytesIO(all_of_them.content)) as held:
        assert len(held.namelist()) == 2
    narrowed = client.get(f"/pledges/papers/?plan={plan.pk}&q={world.branch.name}")
    assert len(Document(io.BytesIO(narrowed.content)).tables) == 2
    assert client.get("/pledges/papers/?q=没有这个").status_code == 400


def test_the_list_is_exported_with_the_comparison(world, plan, pledge, enter):
    answer = enter(world.office).get(f"/pledges/export/?plan={plan.pk}")
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    rows = list(book.active.iter_rows(min_row=4, values_only=True))
    assert [row[5:8] for row in rows] == [(7, 0, 0), (1, 0, 0)]


@pytest.mark.parametrize("branches", [1, 3])
def test_the_list_asks_a_constant_number_of_queries(branches, enter, django_assert_num_queries):
    world = World(branches=branches)
    plan = make_plan(world)
    make_measure(world, plan)
    issue(world, plan)
    plan.refresh_from_db()
    make_pledges(plan, actor=world.office, at=AT)
    client = enter(world.office)
    with django_assert_num_queries(LIST_QUERIES):
        assert len(client.get(f"/pledges/?plan={plan.pk}").context["rows"]) == branches
