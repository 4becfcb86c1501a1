"""Plans through the API: what would come of them, their clashes, table, routines and comments."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from openpyxl import load_workbook

from branches.access import Actor
from common.clock import now, today
from common.models import AuditEntry, Job
from common.periods import Period
from tests.api_program import Program, counted, refusal
from tests.factories import World, issue, make_measure, make_plan, make_user
from tracker.models import Comment, KeptClash, Measure, Plan, Task
from tracker.plans import create_plan
from tracker.transitions import perform

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(world) -> Plan:
    """A draft of the present half-year: the preview is as of today."""
    return create_plan(
        organization=world.top,
        title="重点任务清单",
        period=Period.of(today()).code,
        kind=Plan.Kind.LIST,
        actor=today_(world.office),
        at=now(),
    )


def today_(actor: Actor) -> Actor:
    return Actor.on(actor.user, today())


def soon(world: World, plan: Plan, **fields: Any) -> Measure:
    return make_measure(world, plan, at=now(), **{"due": today() + timedelta(days=9), **fields})


# --- before issuing ------------------------------------------------------------------------------------------------


def test_the_preview_says_what_issuing_would_do_and_what_is_missing(world, plan, office):
    soon(world, plan)
    soon(world, plan, title="第二项", deliverable="", responsible_leader=None)
    told = office.get(f"plans/{plan.pk}/preview/").json()
    assert (told["act"], told["new_tasks"], told["existing_tasks"], told["organizations"]) == (
        "issue",
        4,
        0,
        2,
    )
    assert [(line["receivers"], line["tasks"]) for line in told["measures"]] == [(2, 2), (2, 2)]
    assert {lack["field"] for lack in told["missing"]} == {"deliverable", "responsible_leader"}
    assert told["may_issue"] is False
    assert told["gap_count"] == len(told["gaps"])
    assert sum(week["tasks"] for week in told["weeks"]) == 4
    assert not Task.objects.exists()


def test_who_gets_what_by_when_is_told_unit_by_unit_in_pages(world, plan, office):
    measure = soon(world, plan)
    first = office.get(f"plans/{plan.pk}/preview/units/", page_size=1).json()
    assert (first["count"], len(first["results"])) == (2, 1)
    assert first["results"][0]["dues"] == [
        {"measure": measure.pk, "title": measure.title, "label": "", "due": measure.due.isoformat()}
    ]
    second = office.client.get(first["next"], headers=office.headers).json()
    assert second["results"][0]["organization"] != first["results"][0]["organization"]
    assert refusal(office.get(f"plans/{plan.pk}/preview/units/", page=9)) == (404, "not_found")


def test_who_receives_a_plan_does_not_look_into_its_preview(world, plan, office):
    soon(world, plan)
    issue(world, plan, at=now())
    own = Program(world.secretary.user)
    assert own.get(f"plans/{plan.pk}/").status_code == 200
    for part in ("preview/", "preview/units/", "clashes/", "progress/"):
        assert refusal(own.get(f"plans/{plan.pk}/{part}")) == (404, "not_found"), part
    assert office.get(f"plans/{plan.pk}/preview/").json()["act"] == "supplement"


def test_the_preview_takes_the_same_queries_however_many_units_there_are(plan, office, world):
    soon(world, plan, receivers=[world.branch])
    path = f"plans/{plan.pk}/preview/"
    office.get(path)
    with counted() as one:
        office.get(path)
    Measure.objects.get().receivers.set([*world.branches, world.other_branch])
    with counted() as more:
        assert office.get(path).json()["organizations"] == 3
    assert len(more) == len(one)


def test_clashes_are_listed_and_kept_with_a_reason(world, plan, office):
    soon(world, plan, title="开展机关作风专项督查")
    soon(world, plan, title="开展机关作风专项督查活动")
    path = f"plans/{plan.pk}/clashes/"
    (clash,) = office.get(path).json()
    assert (clash["alike"], clash["inside"], clash["units"], clash["kept"]) == (True, True, 2, None)
    body = {"clashes": [clash["key"]], "reason": "对象不同"}
    version = office.etag(f"plans/{plan.pk}/")
    assert refusal(office.post(path, body)) == (428, "version_missing")
    assert refusal(office.post(path, body, If_Match='"77"')) == (412, "stale")
    assert refusal(office.post(path, body | {"reason": ""}, If_Match=version))[0] == 400
    assert refusal(office.post(path, body | {"clashes": []}, If_Match=version))[0] == 400
    assert refusal(Program(world.issuer.user).post(path, body, If_Match=version)) == (403, "not_allowed")
    assert not KeptClash.objects.exists()
    (kept,) = office.post(path, body, If_Match=version).json()
    assert kept["kept"]["reason"] == "对象不同"
    assert office.get(f"plans/{plan.pk}/preview/").json()["may_issue"] is True


def test_issuing_leads_to_a_job_whose_progress_can_be_watched_and_retried(world, plan, office):
    soon(world, plan)
    path = f"plans/{plan.pk}/progress/"
    assert refusal(office.get(path)) == (404, "not_found")
    given = {"approved_by": world.issuer.user.pk}
    version = office.etag(f"plans/{plan.pk}/")
    assert office.post(f"plans/{plan.pk}/acts/issue/", given, If_Match=version).status_code == 200
    assert office.get(path).json()["state"] == "QUEUED"
    Job.objects.update(state=Job.State.FAILED, finished_at=now())
    assert refusal(Program(world.issuer.user).post(path)) == (403, "not_allowed")
    answer = office.post(path)
    assert (answer.status_code, answer.json()["state"]) == (202, "QUEUED")
    assert Job.objects.filter(kind="fan_out").count() == 1


def test_an_issue_that_names_the_number_of_tasks_it_saw_is_refused_when_the_preview_would_show_another(
    world, plan, office
):
    measure = soon(world, plan)
    seen = office.get(f"plans/{plan.pk}/preview/").json()["new_tasks"]
    measure.receivers.add(world.other_branch)
    given = {"approved_by": world.issuer.user.pk}
    version = office.etag(f"plans/{plan.pk}/")
    path = f"plans/{plan.pk}/acts/issue/"
    assert refusal(office.post(path, given | {"tasks": seen}, If_Match=version)) == (412, "stale")
    plan.refresh_from_db()
    assert plan.is_open
    assert not Job.objects.filter(kind="fan_out").exists()
    assert office.post(path, given | {"tasks": seen + 1}, If_Match=version).status_code == 200


# --- the table -----------------------------------------------------------------------------------------------------


def workbook_of(office: Program, plan: Plan) -> Any:
    answer = office.get(f"plans/{plan.pk}/table/")
    assert answer.status_code == 200
    return load_workbook(io.BytesIO(b"".join(answer.streaming_content)))


def bytes_of(book: Any) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def cell_saying(book: Any, text: str) -> Any:
    return next(cell for row in book.worksheets[0].iter_rows() for cell in row if cell.value == text)


def test_the_table_goes_out_is_changed_and_comes_back(world, plan, office):
    measure = soon(world, plan)
    book = workbook_of(office, plan)
    assert AuditEntry.objects.filter(kind=AuditEntry.Kind.EXPORT).count() == 1
    cell_saying(book, "会议记录").value = "会议记录和照片"
    content, version = bytes_of(book), office.etag(f"plans/{plan.pk}/")
    found = office.upload(f"plans/{plan.pk}/table/check/", "清单.xlsx", content).json()
    assert (found["new"], found["changed"], found["faults"]) == (0, 1, [])
    assert found["changes"][0]["measure"] == measure.pk
    assert (found["changes"][0]["differences"][0]["before"]) == "会议记录"
    measure.refresh_from_db()
    assert measure.deliverable == "会议记录", "a dry run writes nothing"
    path = f"plans/{plan.pk}/table/"
    assert refusal(office.upload(path, "清单.xlsx", content)) == (428, "version_missing")
    for _ in range(2):
        answer = office.upload(path, "清单.xlsx", content, If_Match=version, Idempotency_Key="table-0001")
        assert (answer.status_code, answer.json()["changed"]) == (200, 1)
    measure.refresh_from_db()
    assert (measure.deliverable, measure.version) == ("会议记录和照片", 1)
    again = office.upload(path, "清单.xlsx", content, If_Match=version)
    assert again.status_code == 200, "what is there already is nothing to do"
    assert again.json()["changed"] == 0


def test_every_error_of_a_table_is_named_with_its_cell_and_nothing_is_written(world, plan, office):
    measure = soon(world, plan)
    book = workbook_of(office, plan)
    cell = cell_saying(book, "会议记录")
    cell.value = "改"
    leader = cell_saying(book, world.leader.user.name)
    leader.value = "查无此人"
    content = bytes_of(book)
    found = office.upload(f"plans/{plan.pk}/table/check/", "清单.xlsx", content).json()
    assert [fault["cell"] for fault in found["faults"]] == [leader.coordinate]
    assert found["faults"][0]["code"] == "no_leader"
    answer = office.upload(
        f"plans/{plan.pk}/table/", "清单.xlsx", content, If_Match=office.etag(f"plans/{plan.pk}/")
    )
    assert refusal(answer) == (400, "table")
    assert list(answer.json()["fields"]) == [f"{book.worksheets[0].title}!{leader.coordinate}"]
    measure.refresh_from_db()
    assert measure.version == 0


def test_a_table_is_refused_whole_where_it_is_none_or_the_person_is_none_of_the_office(world, plan, office):
    path = f"plans/{plan.pk}/table/check/"
    assert refusal(office.upload(path, "清单.xlsx", b"MZ nothing"))[0] == 400
    assert refusal(office.post(path, {}))[0] == 400
    pasted = {"pasted": "任务来源\t重点任务\t任务要求\n工委会议\t粘贴的任务\t一次"}
    assert office.post(path, pasted).json()["new"] == 1
    assert refusal(Program(world.issuer.user).post(path, pasted)) == (403, "not_allowed")
    assert refusal(Program(make_user()).post(path, pasted)) == (404, "not_found")


def test_several_measures_get_the_same_at_once_or_none_does(world, plan, office):
    measures = [soon(world, plan), soon(world, plan, title="第二项")]
    path = f"plans/{plan.pk}/many/"
    seen = [{"id": m.pk, "version": 0} for m in measures]
    answer = office.post(path, {"measures": seen, "deliverable": "总结"})
    assert (answer.status_code, answer.json()) == (200, {"changed": 2})
    assert refusal(office.post(path, {"measures": seen, "deliverable": "照片"})) == (409, "stale")
    assert refusal(office.post(path, {"measures": seen}))[0] == 400
    assert refusal(office.post(path, {"deliverable": "照片"}))[0] == 400
    assert refusal(office.post(path, {"measures": seen, "title": "同名"}))[0] == 400
    assert refusal(Program(world.issuer.user).post(path, {"measures": seen}))[0] == 403
    assert set(Measure.objects.values_list("deliverable", "version")) == {("总结", 1)}


# --- routines ------------------------------------------------------------------------------------------------------


def test_the_catalogue_is_read_and_taken_into_a_plan_once(world, plan, office):
    known = office.get("routines/").json()
    assert len(known) > 5
    path = f"plans/{plan.pk}/routines/"
    offers = office.get(path).json()
    assert [offer["key"] for offer in offers] == [routine["key"] for routine in known]
    key = next(offer["key"] for offer in offers if not offer["reason"])
    for _ in range(2):
        answer = office.post(path, {"routines": [key]}, Idempotency_Key="routine-0001")
        assert (answer.status_code, len(answer.json())) == (201, 1)
    assert Measure.objects.filter(plan=plan, routine=key).count() == 1
    assert refusal(office.post(path, {"routines": [key]})) == (400, "routine")
    assert refusal(office.post(path, {"routines": []}))[0] == 400
    assert refusal(Program(world.issuer.user).post(path, {"routines": [key]})) == (403, "not_allowed")
    assert refusal(Program(make_user()).get("routines/")) == (403, "not_allowed")


# --- consultation --------------------------------------------------------------------------------------------------


@pytest.fixture
def laid(world, plan) -> Measure:
    """A measure of a draft that lies before the branches."""
    measure = soon(world, plan)
    given = {"until": today() + timedelta(days=5)}
    perform(plan, "consult", actor=today_(world.office), at=now(), given=given)
    return measure


def test_a_unit_comments_and_the_office_answers(world, plan, office, laid):
    own = Program(world.secretary.user)
    path = f"plans/{plan.pk}/comments/"
    body = {"measure": laid.pk, "organization": world.branch.pk, "text": "时间太紧"}
    for _ in range(2):
        said = own.post(path, body, Idempotency_Key="comment-0001")
        assert (said.status_code, said.json()["text"]) == (201, "时间太紧")
    assert [row["text"] for row in office.get(path, state="open").json()["results"]] == ["时间太紧"]
    answer = f"{path}{said.json()['id']}/answer/"
    assert refusal(office.post(answer, {"verdict": "TAKEN", "reason": ""}))[0] == 400
    assert refusal(own.post(answer, {"verdict": "TAKEN", "reason": "x"})) == (403, "not_allowed")
    given = office.post(answer, {"verdict": "PARTLY", "reason": "延后一周"})
    assert (given.status_code, given.json()["verdict"]) == (200, "PARTLY")
    assert refusal(office.post(answer, {"verdict": "TAKEN", "reason": "x"})) == (409, "stale")
    assert refusal(own.post(path, body | {"text": "再改"}))[0] == 400
    assert Comment.objects.get().text == "时间太紧"


def test_nobody_comments_for_another_unit_nor_reads_what_others_said(world, plan, office, laid):
    own, other = Program(world.secretary.user), Program(world.secretaries[1].user)
    path = f"plans/{plan.pk}/comments/"
    body = {"measure": laid.pk, "organization": world.branch.pk, "text": "时间太紧"}
    assert own.post(path, body).status_code == 201
    assert other.get(path).json()["results"] == []
    answer = other.post(path, body)
    assert refusal(answer) == (400, "invalid")
    assert set(answer.json()["fields"]) == {"organization"}
    assert refusal(office.post(path, body)) == (403, "not_allowed")
    said = Comment.objects.get()
    assert refusal(other.post(f"{path}{said.pk}/answer/", {"verdict": "TAKEN", "reason": "x"}))[0] == 404
    assert refusal(Program(make_user()).get(path)) == (404, "not_found")


def test_the_comments_take_the_same_queries_for_one_and_for_two(world, plan, office, laid):
    taken: list[int] = []
    for number, actor in enumerate(world.secretaries):
        body = {"measure": laid.pk, "organization": world.branches[number].pk, "text": "意见"}
        assert Program(actor.user).post(f"plans/{plan.pk}/comments/", body).status_code == 201
        with counted() as queries:
            assert office.get(f"plans/{plan.pk}/comments/").json()["count"] == number + 1
        taken.append(len(queries))
    assert taken[0] == taken[1]


def test_a_plan_over_several_years_is_drawn_up(world, office):
    year = today().year
    body = {"organization": world.top.pk, "title": "五年行动", "period": str(year), "until_year": year + 4}
    assert office.post("plans/", body).json()["until_year"] == year + 4
    answer = office.post("plans/", body | {"until_year": year + 40})
    assert refusal(answer)[0] == 400
    assert set(answer.json()["fields"]) == {"until_year"}
    assert refusal(office.post("plans/", body | {"kind": "URGENT"}))[0] == 400
    assert make_plan(world).until_year is None
