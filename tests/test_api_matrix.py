"""Every address of the API × every kind of person × every place, by the same expectation as the pages.

An address that stands in neither table fails the test. Asked with the session, as a program in the browser would.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from tests.test_access_matrix import (
    ACTORS,
    PLACES,
    ROUTES,
    SIGNED_OUT,
    Stage,
    is_in_business,
    is_seen,
    leaks,
    stage,
)
from tracker.models import Evidence, Notice

__all__ = ["stage"]  # the fixture
pytestmark = pytest.mark.django_db

OF_OBJECTS: dict[str, tuple[str, str, str]] = {
    "organizations-detail": ("organization", "GET", "organizations/{pk}/"),
    "sources-detail": ("source", "GET", "sources/{pk}/"),
    "sources-actions": ("source", "GET", "sources/{pk}/actions/"),
    "sources-one-action": ("source", "GET", "sources/{pk}/actions/{action}/"),
    "sources-accept": ("source", "POST", "sources/{pk}/actions/{action}/accept/"),
    "sources-aside": ("source", "POST", "sources/{pk}/actions/{action}/set-aside/"),
    "sources-merge": ("source", "POST", "sources/{pk}/actions/{action}/merge/"),
    "sources-undo": ("source", "POST", "sources/{pk}/actions/{action}/undo/"),
    "sources-sweep": ("source", "POST", "sources/{pk}/set-aside/"),
    "sources-coverage": ("source", "GET", "sources/{pk}/coverage/"),
    "sources-superior": ("source", "GET", "sources/{pk}/superior/"),
    "sources-take-up": ("source", "POST", "sources/{pk}/superior/{asked}/"),
    "sources-rests-on": ("source", "POST", "sources/{pk}/rests-on/"),
    "sources-left-open": ("source", "GET", "sources/{pk}/left-open/"),
    "sources-read-again": ("source", "POST", "sources/{pk}/read-again/"),
    "sources-correct": ("source", "POST", "sources/{pk}/correct/"),
    "sources-file": ("source", "GET", "sources/{pk}/file/"),
    "plans-detail": ("plan", "GET", "plans/{pk}/"),
    "plans-events": ("plan", "GET", "plans/{pk}/events/"),
    "plans-acts": ("plan", "POST", "plans/{pk}/acts/issue/"),
    "plans-preview": ("plan", "GET", "plans/{pk}/preview/"),
    "plans-preview-units": ("plan", "GET", "plans/{pk}/preview/units/"),
    "plans-clashes": ("plan", "GET", "plans/{pk}/clashes/"),
    "plans-table": ("plan", "GET", "plans/{pk}/table/"),
    "plans-table-check": ("plan", "POST", "plans/{pk}/table/check/"),
    "plans-many": ("plan", "POST", "plans/{pk}/many/"),
    "plans-routines": ("plan", "GET", "plans/{pk}/routines/"),
    "plans-comments": ("plan", "GET", "plans/{pk}/comments/"),
    "plans-answer": ("plan", "POST", "plans/{pk}/comments/{comment}/answer/"),
    "measures-detail": ("plan", "GET", "measures/{measure}/"),
    "measures-events": ("plan", "GET", "measures/{measure}/events/"),
    "plans-pledges": ("plan", "GET", "plans/{pk}/pledges/"),
    "plans-remind": ("plan", "POST", "plans/{pk}/pledges/remind/"),
    "measures-target": ("plan", "GET", "measures/{measure}/target/"),
    "measures-numbers": ("plan", "GET", "measures/{measure}/numbers/"),
    "measures-counting": ("plan", "GET", "measures/{measure}/counting/"),
    "measures-receivers": ("plan", "GET", "measures/{measure}/receivers/"),
    "measures-move": ("plan", "POST", "measures/{measure}/move/"),
    "measures-split": ("plan", "POST", "measures/{measure}/split/"),
    "measures-merge": ("plan", "POST", "measures/{measure}/merge/"),
    "measures-declare": ("plan", "POST", "measures/{measure}/declare/"),
    "measures-acts": ("plan", "POST", "measures/{measure}/acts/reserve/"),
    "tasks-detail": ("task", "GET", "tasks/{pk}/"),
    "tasks-events": ("task", "GET", "tasks/{pk}/events/"),
    "tasks-acts": ("task", "POST", "tasks/{pk}/acts/report/"),
    "tasks-evidence": ("task", "GET", "tasks/{pk}/evidence/"),
    "tasks-evidence-file": ("task", "GET", "tasks/{pk}/evidence/{evidence_pk}/"),
    "tasks-breakdown": ("task", "POST", "tasks/{pk}/breakdown/"),
    "extensions-detail": ("extension", "GET", "extensions/{pk}/"),
    "extensions-events": ("extension", "GET", "extensions/{pk}/events/"),
    "extensions-acts": ("extension", "POST", "extensions/{pk}/acts/grant/"),
    "pledges-detail": ("pledge", "GET", "pledges/{pk}/"),
    "pledges-events": ("pledge", "GET", "pledges/{pk}/events/"),
    "pledges-acts": ("pledge", "POST", "pledges/{pk}/acts/sign_for_unit/"),
    "pledges-lines": ("pledge", "GET", "pledges/{pk}/lines/"),
    "pledges-paper": ("pledge", "GET", "pledges/{pk}/paper/"),
    "findings-detail": ("finding", "GET", "findings/{pk}/"),
    "findings-events": ("finding", "GET", "findings/{pk}/events/"),
    "findings-evidence": ("finding", "GET", "findings/{pk}/evidence/"),
    "findings-evidence-file": ("finding", "GET", "findings/{pk}/evidence/{evidence_pk}/"),
    "findings-acts": ("finding", "POST", "findings/{pk}/acts/enter_measures/"),
    "inspections-detail": ("inspection", "GET", "inspections/{pk}/"),
    "inspections-events": ("inspection", "GET", "inspections/{pk}/events/"),
    "inspections-acts": ("inspection", "POST", "inspections/{pk}/acts/start/"),
    "inspections-sample": ("inspection", "GET", "inspections/{pk}/sample/"),
    "inspections-visits": ("inspection", "GET", "inspections/{pk}/visits/"),
    "inspections-one-visit": ("inspection", "GET", "inspections/{pk}/visits/{visit_pk}/"),
    "inspections-visit-findings": ("inspection", "POST", "inspections/{pk}/visits/{visit_pk}/findings/"),
    "reports-detail": ("report", "GET", "reports/{pk}/"),
    "reports-workbook": ("report", "GET", "reports/{pk}/workbook/"),
}
LISTS = {
    "organizations-list",
    "posts-list",
    "users-list",
    "terms-list",
    "sources-list",
    "plans-list",
    "measures-list",
    "tasks-list",
    "extensions-list",
    "gaps-list",
    "gaps-left",
    "gaps-silent",
    "burden-list",
    "looked-after-list",
    "pledges-list",
    "tasks-to-review",
    "findings-list",
    "inspections-list",
    "notices-list",
    "reports-list",
    "jobs-list",
}
OF_MANY = {"tasks-approve", "tasks-approve-check", "tasks-acknowledge", "tasks-rename", "pledges-sign"}
OF_BUSINESS = {"routines-list"}
OF_ISSUED = {"plans-progress", "plans-grid"}
"""404 where nothing was issued; their scope stands in tests/tracker/test_api_plans.py and test_api_oversight.py."""
OWN = {"me", "tokens", "token", "notices-detail", "notices-read", "jobs-detail", "schema", "docs"}
OF_REVIEWERS = {"tasks-facts"}
"""404 for who does not decide on it; its scope stands in tests/tracker/test_api_tasks.py."""
OF_EVERYBODY = {"workdays-detail", "workdays-day", "workdays-notice", "workdays-notice-check"}
OF_EVERYBODY |= {"loop-steps-list", "loop-steps-detail"}
"""Settings; who may change them stands in tests/branches/test_api_calendar.py and tests/tracker/test_loop_steps.py."""
OF_FILES = {"files-list", "files-detail"}
"""The page's own file; that it is the same one stands in tests/reports/test_api_files.py."""
OF_PEOPLE = {"posts-detail", "users-detail", "terms-detail"}
DUTY = {"administrator"}


def test_every_address_of_the_api_has_an_expectation():
    expected = (
        set(OF_OBJECTS)
        | LISTS
        | OWN
        | OF_PEOPLE
        | OF_BUSINESS
        | OF_EVERYBODY
        | OF_REVIEWERS
        | OF_ISSUED
        | OF_MANY
        | OF_FILES
    )
    assert {name.removeprefix("api:") for name in ROUTES if name.startswith("api:")} == expected


@pytest.fixture
def client_of(stage: Stage) -> Any:
    def of(actor: str) -> Client:
        cache.clear()
        client = Client(raise_request_exception=False)
        if actor != "anonymous":
            client.force_login(stage.users[actor])
        return client

    return of


def ask(client: Client, method: str, path: str) -> tuple[int, str]:
    with transaction.atomic():
        response: Any = client.generic(
            method, f"/api/v1/{path}", b"{}", content_type="application/json", headers={"If-Match": '"0"'}
        )
        body = b"".join(response.streaming_content) if response.streaming else response.content
        for close in response._resource_closers:  # response.close() would close the test's database, too
            close()
        transaction.set_rollback(True)
    return response.status_code, body.decode("utf-8", "replace")


def _address(route: str) -> str:
    noun, _dash, rest = route.partition("-")
    return f"{route.removesuffix('-list')}/" if route.endswith("-list") else f"{noun}/{rest}/"


def may_see(actor: str, kind: str, place: str) -> bool:
    if kind == "organization" and actor in DUTY:
        return True
    return is_seen(actor, "finding" if kind == "finding" else kind, place)


@pytest.mark.parametrize("actor", ACTORS)
def test_what_is_out_of_sight_does_not_exist_for_programs_either(actor, stage, client_of):
    client, wrong = client_of(actor), []
    for route, (kind, method, address) in OF_OBJECTS.items():
        for place in PLACES:
            ids = {"pk": stage.places[place].pk} if kind == "organization" else stage.ids[kind, place]
            status, body = ask(client, method, address.format(**ids))
            if actor in SIGNED_OUT:
                good = status == 401
            elif may_see(actor, kind, place):
                good = status < 500 and status not in {401, 404}
            else:
                good = status == 404
            found = [] if kind == "organization" and actor in DUTY else leaks(actor, body)
            if not good or found:
                wrong.append((route, place, status, found))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("actor", ACTORS)
def test_lists_hold_only_what_is_in_sight(actor, stage, client_of):
    client, wrong = client_of(actor), []
    for route in sorted(LISTS):
        status, body = ask(client, "GET", _address(route) + "?page_size=200")
        found = [] if route == "organizations-list" and actor in DUTY else leaks(actor, body)
        if status != (401 if actor in SIGNED_OUT else 200) or found:
            wrong.append((route, status, found))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("actor", sorted(set(ACTORS) - SIGNED_OUT))
def test_people_and_posts_are_seen_where_their_organization_is(actor, stage, client_of):
    client = client_of(actor)
    for other, posts in ACTORS.items():
        if not posts or other == "disabled":
            continue
        (place, role) = posts[0]
        post = stage.users[other].posts.get()
        seen = is_in_business(actor) and place in PLACES and is_seen(actor, "task", place)
        if place in PLACES:
            assert (ask(client, "GET", f"posts/{post.pk}/")[0] == 200) == seen, (other, role)
            own = other == actor
            assert (ask(client, "GET", f"users/{post.user_id}/")[0] == 200) == (seen or own), (other, role)


@pytest.mark.parametrize("actor", sorted(set(ACTORS) - SIGNED_OUT))
def test_of_many_named_at_once_those_out_of_sight_do_not_exist(actor, stage, client_of):
    client = client_of(actor)
    for route, kind in [
        *((name, "task") for name in sorted(OF_MANY - {"pledges-sign"})),
        ("pledges-sign", "pledge"),
    ]:
        hidden = [place for place in PLACES if not is_seen(actor, kind, place)]
        named = [{"id": stage.ids[kind, place]["pk"], "version": 0} for place in hidden]
        body = {f"{kind}s": named or [{"id": 10**12, "version": 0}]}
        if route in {"tasks-acknowledge", "tasks-rename"}:
            body["handler"] = stage.users["secretary"].pk
        path = route.replace("-check", "/check").replace("-", "/", 1)
        answer = client.post(f"/api/v1/{path}/", json.dumps(body), content_type="application/json")
        assert answer.status_code == 200, (route, answer.content)
        told = answer.json()
        assert told in ([], {"done": [], "refused": []}, {"signed": [], "refused": []}), route


def test_a_notice_and_a_piece_of_evidence_are_not_reached_through_another_address(stage, client_of):
    notice = Notice.objects.create(
        recipient=stage.users["secretary"], kind="done", data={"task": "CANARY-branch"}, created_at=_now()
    )
    for actor in ("sibling", "clerk", "administrator"):
        client = client_of(actor)
        assert ask(client, "GET", f"notices/{notice.pk}/")[0] == 404
        assert ask(client, "POST", f"notices/{notice.pk}/read/")[0] == 404
    own, foreign = stage.ids["task", "branch"], stage.ids["task", "sibling"]
    assert Evidence.objects.filter(pk=foreign["evidence_pk"]).exists()
    path = f"tasks/{own['pk']}/evidence/{foreign['evidence_pk']}/"
    assert ask(client_of("secretary"), "GET", path)[0] == 404


def _now() -> Any:
    from common.clock import now

    return now()
