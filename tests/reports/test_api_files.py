"""Lists as files for programs: cell for cell what the page's own export gives the same person."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from openpyxl import load_workbook

from common.clock import moment
from common.models import AuditEntry
from reports.api_files import FILES
from tests.api_program import Program, refusal
from tests.factories import World, issue, make_finding, make_measure, make_plan, make_post, make_source
from tracker.models import Task

pytestmark = pytest.mark.django_db
PAGES = {
    "gaps": "/tasks/gaps/export/",
    "silent": "/tasks/silent/export/",
    "measures-to-verify": "/review/measures/export/",
    "figures": "/reports/figures/export/",
}
"""Where a list's page does not bear its name."""
OF_DUTIES = {"users": "ADMINISTRATOR", "audit": "AUDITOR"}


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(moment(date(2026, 4, 2)), tick=False)


@pytest.fixture
def busy(world) -> World:
    """Something in most lists: red tasks of two committees, a finding, a source."""
    plan = make_plan(world)
    make_measure(world, plan, receivers=[*world.branches, world.other_branch])
    make_measure(world, plan, title="讲授专题党课", due=date(2026, 6, 30))
    issue(world, plan)
    Task.objects.update(state=Task.State.ACTIVE)
    make_finding(world, state="ASSIGNED")
    make_source(world)
    return world


def cells(content: bytes) -> list[tuple[Any, ...]]:
    return list(load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True))


def streamed(answer: Any) -> bytes:
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_is_the_one_of_the_page_for_every_reader(client, busy, name):
    query = {"figure": "overdue"} if name == "figures" else {}
    page = PAGES.get(name, f"/{name}/export/")
    readers = [busy.office.user, busy.secretary.user]
    if name in OF_DUTIES:
        readers.append(make_post(busy.top, OF_DUTIES[name]).user)
    had = []
    for user in readers:
        client.force_login(user)
        expected = client.get(page, query)
        answer = Program(user).get(f"files/{name}/", **query)
        assert answer.status_code == expected.status_code, user
        if expected.status_code != 200:
            continue
        had.append(user)
        assert answer.headers["Content-Disposition"] == expected.headers["Content-Disposition"]
        wanted, given = cells(streamed(expected)), cells(streamed(answer))
        if name == "audit":  # what the page gave out stands in the program's file
            assert len(given) == len(wanted) + 1
            given, wanted = given[-1:], wanted[-1:]
        assert given == wanted
    assert had, "somebody gets it"


def test_a_branch_gets_its_own_tasks_alone_and_the_office_all(busy):
    def units(user: Any) -> set[str]:
        rows = cells(streamed(Program(user).get("files/tasks/")))
        names = {branch.short_name for branch in (*busy.branches, busy.other_branch)}
        return {cell for row in rows[2:] for cell in row if cell in names}

    assert units(busy.secretary.user) == {busy.branch.short_name}
    assert units(busy.office.user) == {b.short_name for b in (*busy.branches, busy.other_branch)}


def test_the_token_counts_where_a_session_of_somebody_else_comes_along(busy, settings):
    settings.SECOND_FACTOR_FOR = frozenset({"CHIEF"})  # the session's person is looked at before the token
    program = Program(busy.secretary.user)
    program.client.force_login(busy.office.user)
    assert cells(streamed(program.get("files/tasks/"))) == cells(
        streamed(Program(busy.secretary.user).get("files/tasks/"))
    )


def test_the_filters_are_those_of_the_page_and_the_audit_log_names_the_program_s_person(busy):
    program = Program(busy.office.user)
    every, red = (cells(streamed(program.get("files/tasks/", **q))) for q in ({}, {"light": "red"}))
    assert len(every) - len(red) == 2, "the party lesson of two branches is not due yet"
    lines = AuditEntry.objects.filter(kind=AuditEntry.Kind.EXPORT)
    assert [(line.actor, line.account) for line in lines] == [
        (busy.office.user, busy.office.user.username)
    ] * 2


def test_who_may_not_see_a_list_gets_the_reason_and_what_is_none_is_not_there(busy):
    office = Program(busy.office.user)
    for name in OF_DUTIES:
        assert refusal(office.get(f"files/{name}/")) == (403, "not_allowed")
    assert refusal(office.get("files/secrets/")) == (404, "not_found")
    assert refusal(Program().get("files/tasks/")) == (401, "not_authenticated")
    named = [file["name"] for file in office.get("files/").json()]
    assert named == list(FILES)
    assert office.get("files/").json()[0]["url"] == "/api/v1/files/organizations/"
