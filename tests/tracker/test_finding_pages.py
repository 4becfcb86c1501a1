"""The pages of findings: who sees them, who acts, and what a list costs."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.clock import moment, now
from common.errors import Refused
from common.workdays import Calendar
from tests.factories import make_finding
from tracker.finding_list import glance
from tracker.models import Finding
from tracker.transitions import decide, perform

pytestmark = pytest.mark.django_db
AT = moment(date(2026, 3, 10))


@pytest.fixture(autouse=True)
def _in_march():
    with time_machine.travel(AT, tick=False):
        yield


def shown(response) -> list[Finding]:
    return [row for row, _glance in response.context["rows"]]


def test_a_finding_goes_from_assignment_to_close_out_through_the_pages(client, world):
    finding = make_finding(world)

    def act(user, name, given):
        client.force_login(user)
        version = Finding.objects.get(pk=finding.pk).version
        answer = client.post(f"/findings/{finding.pk}/{name}/", given | {"version": version})
        assert answer.status_code == 303, answer.content.decode()[-800:]

    act(world.office.user, "assign", {"kind": "TIMED", "due": "2026-03-31", "standard": "连续两次有讨论记录"})
    handler = world.secretary.user
    act(handler, "enter_measures", {"measures": "增设讨论环节", "handler": handler.pk})
    act(handler, "report", {"progress": "已讨论一次"})
    proof = SimpleUploadedFile("记录.pdf", b"%PDF-1.7 records")
    act(handler, "submit", {"progress": "已讨论两次", "files": proof})
    act(world.inspector.user, "not_accepted", {"reason": "只有一次有记录"})
    act(handler, "submit", {"progress": "两次均有记录"})
    act(world.office.user, "accept", {"remark": "现场核验属实"})
    finding.refresh_from_db()
    assert (finding.state, finding.not_accepted, finding.closed_by) == ("CLOSED", 1, world.office.user)
    page = client.get(f"/findings/{finding.pk}/").content.decode()
    for words in ("增设讨论环节", "只有一次有记录", "现场核验属实", "记录.pdf"):
        assert words in page


def test_acceptance_is_not_asked_for_without_proof_on_any_path(client, world):
    finding = make_finding(world, state="RECTIFYING")
    client.force_login(world.secretary.user)
    given = {"progress": "已整改", "version": finding.version}
    answer = client.post(f"/findings/{finding.pk}/submit/", given)
    assert (answer.status_code, "申请验收前须上传整改佐证材料" in answer.content.decode()) == (400, True)
    answer = client.post(
        f"/api/v1/findings/{finding.pk}/acts/submit/",
        {"progress": "已整改"},
        content_type="application/json",
        headers={"If-Match": f'"{finding.version}"', "X-CSRFToken": "x"},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "not_ready")
    with pytest.raises(Refused):
        perform(finding, "submit", actor=world.secretary, at=now(), given={"progress": "已整改"})
    assert Finding.objects.get(pk=finding.pk).state == "RECTIFYING"


def test_proof_goes_in_through_the_page_of_the_finding_and_is_for_those_who_see_it(client, world):
    finding = make_finding(world, state="RECTIFYING")
    client.force_login(world.secretary.user)
    address = f"/findings/{finding.pk}/evidence/"
    answer = client.post(address, {"files": SimpleUploadedFile("整改.pdf", b"%PDF-1.7 x")}, follow=True)
    assert [str(message) for message in answer.context["messages"]] == ["已上传 1 个文件"]
    item = finding.evidence.get()
    assert f"{address}{item.pk}/" in answer.content.decode()
    for actor, status in ((world.office, 200), (world.inspector, 200), (world.other_secretary, 404)):
        client.force_login(actor.user)
        found = client.get(f"{address}{item.pk}/")
        assert found.status_code == status
        if found.streaming:
            assert b"".join(found.streaming_content) == b"%PDF-1.7 x"
            for close in found._resource_closers:
                close()
    client.force_login(world.office.user)
    answer = client.post(address, {"files": SimpleUploadedFile("a.pdf", b"%PDF-1.7 y")}, follow=True)
    refusal = decide(Finding.objects.get(pk=finding.pk), "attach", actor=world.office, at=now())
    assert [str(message) for message in answer.context["messages"]] == [str(refusal.reason)]
    assert finding.evidence.count() == 1


def test_the_unit_learns_of_a_finding_when_it_is_assigned(client, world):
    finding = make_finding(world)
    client.force_login(world.secretary.user)
    assert client.get(f"/findings/{finding.pk}/").status_code == 404
    assert client.post(f"/findings/{finding.pk}/enter_measures/", {}).status_code == 404
    assert shown(client.get("/findings/")) == []
    assigned = make_finding(world, state="ASSIGNED")
    assert shown(client.get("/findings/")) == [assigned]
    assert client.get(f"/findings/{assigned.pk}/").status_code == 200


def test_another_branch_sees_nothing_of_it(client, world):
    assigned = make_finding(world, state="ASSIGNED")
    client.force_login(world.other_secretary.user)
    assert client.get(f"/findings/{assigned.pk}/").status_code == 404
    assert shown(client.get("/findings/")) == []


def test_the_secretary_sees_but_may_not_close_out(client, world):
    finding = make_finding(world, state="SUBMITTED")
    client.force_login(world.secretary.user)
    assert client.get(f"/findings/{finding.pk}/").context["offers"] == []
    answer = client.post(f"/findings/{finding.pk}/accept/", {"remark": "好", "version": finding.version})
    assert answer.status_code == 403
    assert Finding.objects.get(pk=finding.pk).state == Finding.State.SUBMITTED


def test_groups_and_filters_narrow_the_list_and_count(client, world):
    found = make_finding(world)
    assigned = make_finding(world, state="ASSIGNED", fact="公示栏三个月未更新")
    closed = make_finding(world, state="CLOSED")
    client.force_login(world.inspector.user)
    assert shown(client.get("/findings/")) == [found, assigned]
    assert shown(client.get("/findings/?group=closed")) == [closed]
    assert shown(client.get("/findings/?q=公示栏")) == [assigned]
    assert shown(client.get("/findings/?kind=TIMED")) == [assigned]
    assert shown(client.get(f"/findings/?org={world.other_branch.pk}")) == []
    counts = {name: number for name, _label, number, _on in client.get("/findings/").context["tabs"]}
    assert counts == {
        "open": 2,
        "found": 1,
        "rectifying": 1,
        "overdue": 0,
        "submitted": 0,
        "closed": 1,
        "dropped": 0,
    }
    with time_machine.travel(moment(date(2026, 4, 1))):
        client.force_login(world.inspector.user)
        assert shown(client.get("/findings/?group=overdue")) == [assigned]


def test_pages_turn_without_losing_or_repeating_a_row(client, world, monkeypatch):
    monkeypatch.setattr("tracker.finding_list.PAGE", 2)
    rows = [make_finding(world) for _ in range(3)] + [make_finding(world, state="ASSIGNED") for _ in range(2)]
    client.force_login(world.inspector.user)
    seen, after = [], ""
    for _page in range(3):
        answer = client.get("/findings/", {"after": after})
        seen += shown(answer)
        after = answer.context["next"]
    assert (seen, after) == (rows, "")


def test_the_light_follows_the_date(world):
    calendar = Calendar.load()
    finding = make_finding(world, state="ASSIGNED")
    lights = [glance(finding, day=day, calendar=calendar).light for day in (
        date(2026, 3, 10), date(2026, 3, 26), date(2026, 3, 31), date(2026, 4, 1),
    )]  # fmt: skip
    assert lights == ["green", "yellow", "yellow", "red"]
    assert glance(make_finding(world, state="SUBMITTED"), day=date(2026, 5, 1), calendar=calendar).light == ""
    assert (
        glance(make_finding(world, state="CLOSED"), day=date(2026, 5, 1), calendar=calendar).light == "done"
    )


def test_a_finding_named_elsewhere_is_recorded_by_hand(client, world):
    client.force_login(world.office.user)
    given = {
        "found_by": world.top.pk,
        "origin": "TOUR",
        "organization": world.branch.code,
        "fact": "台账缺失",
    }
    assert client.post("/findings/new/", given).status_code == 302
    finding = Finding.objects.get()
    assert (finding.origin, finding.organization, finding.visit) == ("TOUR", world.branch, None)
    wrong = client.post("/findings/new/", given | {"organization": "没有这个支部"})
    assert wrong.status_code == 422
    assert "没有这个支部" in wrong.content.decode()
    client.force_login(world.secretary.user)
    assert client.get("/findings/new/").status_code == 403


@pytest.mark.parametrize(
    "query", ["?group=x&kind=y&org=z&after=q", "?q=%00", "?inspection=99999999999999999999"]
)
def test_odd_addresses_give_a_list(client, world, query):
    make_finding(world)
    client.force_login(world.inspector.user)
    assert client.get(f"/findings/{query}").status_code == 200


def test_the_list_takes_a_constant_number_of_queries(client, world):
    client.force_login(world.inspector.user)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/findings/").status_code == 200
        return len(captured)

    make_finding(world, state="RECTIFYING")
    client.get("/findings/")
    counted = queries()
    make_finding(world, state="RECTIFYING")
    make_finding(world, state="ASSIGNED")
    assert queries() == counted
