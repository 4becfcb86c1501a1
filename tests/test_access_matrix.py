"""Every address × every kind of person × every place: what is out of sight does not exist.

The expectation below is written apart from the product: its own little tree, its own idea of who sees what. An
address that it does not mention fails the test, so a new page cannot forget its scope.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from branches.models import Organization, Post, User
from common.clock import moment, now, today
from reports.models import HalfYearReport
from tests.factories import make_organization, make_user
from tracker.models import (
    Action,
    Comment,
    Evidence,
    Extension,
    Finding,
    Inspection,
    Measure,
    Notice,
    Passage,
    Plan,
    Pledge,
    Source,
    StoredFile,
    Task,
    Visit,
)

pytestmark = pytest.mark.django_db

# --- the expectation: nothing of the product's rules is imported for it --------------------------------------------

TREE = {
    "top": ("", "WORK_COMMITTEE"),
    "group": ("top", "LEADING_GROUP"),
    "committee": ("group", "COMMITTEE"),
    "branch": ("committee", "BRANCH"),
    "sibling": ("committee", "BRANCH"),
    "other_group": ("top", "LEADING_GROUP"),
    "other_committee": ("other_group", "COMMITTEE"),
    "other_branch": ("other_committee", "BRANCH"),
}
PLACES = ["top", "committee", "branch", "sibling", "other_branch"]
BUSINESS = {"SECRETARY", "DEPUTY_SECRETARY", "MEMBER", "CLERK", "LEADER", "CHIEF", "INSPECTOR", "LIAISON"}
ACTORS: dict[str, list[tuple[str, str]]] = {
    "anonymous": [],
    "nobody": [],
    "secretary": [("branch", "SECRETARY")],
    "member": [("branch", "MEMBER")],
    "sibling": [("sibling", "SECRETARY")],
    "committee clerk": [("committee", "CLERK")],
    "chief": [("group", "CHIEF")],
    "other committee": [("other_committee", "CLERK")],
    "clerk": [("top", "CLERK")],
    "leader": [("top", "LEADER")],
    "inspector": [("top", "INSPECTOR")],
    "administrator": [("top", "ADMINISTRATOR")],
    "security": [("top", "SECURITY_OFFICER")],
    "auditor": [("top", "AUDITOR")],
    "disabled": [("top", "CLERK")],
    "moved": [("branch", "SECRETARY")],  # the post ended yesterday
}
SIGNED_OUT = {"anonymous", "disabled"}

PUBLIC = {
    "healthz",
    "readyz",
    "set_language",
    "branches:sign_in",
    "branches:sign_in_code",
    "branches:provider",
}
PUBLIC |= {"branches:provider_callback", "branches:sign_out"}
OWN = {"account", "account_calendar", "password", "second_factor", "sign_out_elsewhere"}
LISTS = {
    "tracker": "home routines sources source_new plans plan_new tasks acknowledge_many rename_many gaps review review_several measures_to_verify notices "
    "read_notices pledges looked_after urgent_new urgent_organizations pledges_export burden burden_export notices_export looked_after_export pledges_papers pledges_sign inspections inspection_new findings finding_new grid "
    "plans_export sources_export inspections_export gaps_export silent_export measures_to_verify_export "
    "grid_export tasks_export findings_export review_export",
    "reports": "overview reports figures figures_export",
    "branches": "organizations organizations_export",
    "common": "filter_save",
}
DUTIES = {
    "branches:users": {"administrator", "security"},
    "branches:users_export": {"administrator", "security"},
    "branches:audit_export": {"auditor"},
    "branches:user_new": {"administrator"},
    "branches:audit": {"auditor"},
    "branches:user": {"administrator", "security"},
    "branches:user_act": {"administrator", "security"},
    "branches:user_grant": {"security"},
    "branches:user_withdraw": {"security"},
    "branches:user_change": {"administrator"},
    "branches:calendar": {"administrator"},
    "branches:calendar_day": {"administrator"},
    "branches:calendar_notice": {"administrator"},
    "branches:areas": {"administrator"},
    "branches:area": {"administrator"},
    "branches:area_remove": {"administrator"},
    "branches:roster": {"administrator", "security"},
    "branches:roster_template": {"administrator", "security"},
    "branches:roster_export": {"administrator", "security"},
    "branches:roster_file": {"administrator", "security"},
    "branches:roster_import": {"administrator", "security"},
    "branches:roster_passwords": {"administrator"},
    "branches:roster_download": {"administrator", "security"},
}
OBJECTS = {
    "source": "source source_superior source_superior_export source_forward_export source_take_up source_forward source_file source_add source_sweep source_reread source_correct source_accept source_edit source_aside "
    "source_merge source_undo",
    "plan": "plan pledges_make pledges_remind pledges_progress plan_export plan_keep plan_preview plan_progress plan_retry plan_many plan_close plan_pause plan_resume plan_organizations measure_new measure "
    "measure_numbers measure_numbers_export measure_move measure_declare measure_remove measure_split measure_merge measure_act plan_consult plan_back plan_comments "
    "plan_comment plan_answer plan_routines plan_table plan_table_export plan_follow_through plan_table_import plan_table_marked "
    "plan_table_cells",
    "pledge": "pledge pledge_paper pledge_act",
    "task": "task task_break_down task_act add_evidence evidence_file",
    "extension": "extension extension_act",
    "inspection": "inspection inspection_draw visit inspection_act",
    "finding": "finding finding_act finding_add_evidence finding_evidence_file",
    "report": "report download",
}
SPECIAL = {
    "tracker:feed",
    "tracker:review_one",
    "tracker:notice",
    "branches:organization",
    "common:filter_remove",
}
KEPT = "add change move merge retire"
RECORDED = "term shift rating"
GRANTED = "appoint hand_over"
TREE_ACTS = {f"branches:organization_{name}" for name in f"{KEPT} {RECORDED} {GRANTED}".split()}


def is_seen(actor: str, kind: str, place: str) -> bool:
    """Sight: a business post, held now, at the place or above it; findings also by who keeps them (the top)."""
    if actor == "moved":
        return False
    roots = [root for root, role in ACTORS[actor] if role in BUSINESS]
    wanted = {place, "top"} if kind == "finding" else {place}
    return any(root in _above(one) for root in roots for one in wanted)


def is_in_business(actor: str) -> bool:
    return actor != "moved" and any(role in BUSINESS for _place, role in ACTORS[actor])


def _above(place: str) -> set[str]:
    found = set()
    while place:
        found.add(place)
        place = TREE[place][0]
    return found


# --- the stage -----------------------------------------------------------------------------------------------------


@dataclass
class Stage:
    places: dict[str, Organization]
    users: dict[str, User]
    ids: dict[tuple[str, str], dict[str, Any]]
    """By kind of object and place: the ids its addresses need."""


@pytest.fixture
def stage() -> Stage:
    places: dict[str, Organization] = {}
    for name, (parent, kind) in TREE.items():
        places[name] = make_organization(kind, parent=places.get(parent), name=f"CANARY-org-{name}")
    users = {}
    for actor, posts in ACTORS.items():
        users[actor] = make_user(f"人员{actor}", is_active=actor != "disabled")
        for place, role in posts:
            Post.objects.create(
                user=users[actor],
                organization=places[place],
                role=role,
                since=date(2020, 1, 1),
                until=date(2020, 12, 31) if actor == "moved" else None,
            )
    author, at, day = users["clerk"], now(), today()
    issued = Plan.objects.create(
        organization=places["top"],
        title="上级清单",
        period="2026H1",
        state="ISSUED",
        issued_at=at,
        created_by=author,
        created_at=at,
    )
    measure_above = Measure.objects.create(plan=issued, title="上级事项", state="ACTIVE", due=day)
    ids: dict[tuple[str, str], dict[str, Any]] = {}
    for name in PLACES:
        unit, mark = places[name], f"CANARY-{name}"
        text = f"一、{mark}要制定工作方案。"
        source = Source.objects.create(
            organization=unit,
            title=mark,
            text=text,
            dated=day,
            sha256=mark,
            created_by=author,
            created_at=at,
        )
        source.original.save(f"{mark}.txt", ContentFile(b"x"))
        passage = Passage.objects.create(
            source=source, start=0, end=len(text), path=["一、"], title=mark, stance="directive"
        )
        action = Action.objects.create(source=source, passage=passage, start=len(text) - 7, end=len(text) - 1)
        paper = Source.objects.create(
            organization=unit,
            title=mark,
            text=text,
            dated=day,
            sha256=f"{mark}2",
            created_by=author,
            created_at=at,
        )
        source.rests_on.add(paper)
        asked = Action.objects.create(source=paper, start=len(text) - 7, end=len(text) - 1)
        plan = Plan.objects.create(
            organization=unit, title=mark, period="2026H1", created_by=author, created_at=at
        )
        measure = Measure.objects.create(
            plan=plan,
            title=mark,
            requirement=mark,
            lead=unit,
            no_source_reason=mark,
            target_number=60,
            target_unit="个",
        )
        other = Measure.objects.create(plan=plan, title=mark, no_source_reason=mark)
        comment = Comment.objects.create(measure=measure, organization=unit, text=mark, author=author, at=at)
        task = Task.objects.create(
            measure=measure_above,
            organization=unit,
            state="ACTIVE",
            issued_on=day,
            acknowledge_by=day,
            original_due=day,
            due=day,
            progress=mark,
        )
        sha256 = hashlib.sha256(mark.encode()).hexdigest()
        stored = StoredFile.objects.create(sha256=sha256, size=1, media_type="image/png")
        default_storage.save(f"evidence/{sha256[:2]}/{sha256}", ContentFile(b"x"))
        evidence = Evidence.objects.create(
            task=task, file=stored, name=f"{mark}.png", added_by=author, added_at=at
        )
        extension = Extension.objects.create(
            task=task, due_before=day, until=day, reason=mark, requested_by=author, requested_at=at
        )
        inspection = Inspection.objects.create(
            organization=unit,
            number=mark,
            purpose=mark,
            starts_on=day,
            ends_on=day,
            created_by=author,
            created_at=at,
        )
        visit = Visit.objects.create(inspection=inspection, organization=unit)
        finding = Finding.objects.create(
            organization=unit,
            found_by=places["top"],
            number=mark,
            fact=mark,
            state="ASSIGNED",
            due=day,
            recorded_by=author,
            recorded_at=at,
        )
        pledge = Pledge.objects.create(
            plan=issued,
            organization=unit,
            lines=[
                {
                    "measure": measure_above.pk,
                    "title": mark,
                    "requirement": "",
                    "deliverable": "",
                    "target": "",
                    "cadence": "once",
                    "due": day.isoformat(),
                    "tasks": {str(task.pk): day.isoformat()},
                }
            ],
            made_by=author,
            made_at=at,
        )
        report = HalfYearReport.objects.create(
            organization=unit,
            period="2026H1",
            cut_off=moment(date(2026, 7, 1), 0),
            requested_at=at,
            built_at=at,
        )
        report.file.save(f"{mark}.xlsx", ContentFile(b"x"))
        ids["source", name] = {"pk": source.pk, "action": action.pk, "asked": asked.pk}
        ids["plan", name] = {"pk": plan.pk, "measure": measure.pk, "act": "reserve", "other": other.pk}
        ids["plan", name]["comment"] = comment.pk
        ids["task", name] = {"pk": task.pk, "act": "report", "evidence_pk": evidence.pk}
        ids["extension", name] = {"pk": extension.pk, "act": "grant"}
        ids["inspection", name] = {"pk": inspection.pk, "visit_pk": visit.pk, "act": "start"}
        proof = Evidence.objects.create(
            finding=finding, file=stored, name=f"{mark}.png", added_by=author, added_at=at
        )
        ids["finding", name] = {"pk": finding.pk, "act": "enter_measures", "evidence_pk": proof.pk}
        ids["pledge", name] = {"pk": pledge.pk, "act": "sign_for_unit"}
        ids["report", name] = {"pk": report.pk}
    return Stage(places, users, ids)


def routes() -> Iterator[tuple[str, list[str]]]:
    """Every address of the resolver with a name, and the names its pattern captures; the admin has its own test."""

    def walk(patterns: list[Any], space: str) -> Iterator[tuple[str, list[str]]]:
        for entry in patterns:
            if isinstance(entry, URLResolver):
                if entry.namespace != "admin":
                    yield from walk(entry.url_patterns, f"{entry.namespace}:" if entry.namespace else space)
            elif isinstance(entry, URLPattern) and not str(entry.pattern).startswith("styleguide"):
                yield f"{space}{entry.name}", list(entry.pattern.converters)

    yield from walk(get_resolver().url_patterns, "")


ROUTES = dict(routes())
LIST_ROUTES = {f"{space}:{name}" for space, names in LISTS.items() for name in names.split()}
OBJECT_ROUTES = {
    f"{'reports' if kind == 'report' else 'tracker'}:{name}": kind
    for kind, names in OBJECTS.items()
    for name in names.split()
}


def test_every_address_has_an_expectation():
    expected = (
        PUBLIC | {f"branches:{n}" for n in OWN} | LIST_ROUTES | set(DUTIES) | set(OBJECT_ROUTES) | SPECIAL
    ) | TREE_ACTS
    api = {name for name in ROUTES if name.startswith("api:")}
    assert set(ROUTES) - api == expected


def ask(client: Client, route: str, *, data: dict[str, Any] | None = None, **kwargs: Any) -> tuple[int, str]:
    """Status and body of a GET, or of a POST where only that is allowed; whatever it did is undone."""
    url = reverse(route, kwargs=kwargs)
    with transaction.atomic():
        response: Any = client.get(url)
        if response.status_code == 405:
            response = client.post(url, data or {})
        body = b"".join(response.streaming_content) if response.streaming else response.content
        for close in response._resource_closers:  # response.close() would close the test's database, too
            close()
        transaction.set_rollback(True)
    return response.status_code, body.decode("utf-8", "replace")


@pytest.mark.parametrize("actor", ACTORS)
def test_what_is_out_of_sight_does_not_exist_and_is_mentioned_nowhere(actor, stage):
    client = Client(raise_request_exception=False)
    if actor != "anonymous":
        client.force_login(stage.users[actor])
    wrong = []
    for route, kind in OBJECT_ROUTES.items():
        for place in PLACES:
            known = stage.ids[kind, place]
            data = {"other": known["other"]} if route == "tracker:measure_merge" else None
            status, body = ask(client, route, data=data, **{name: known[name] for name in ROUTES[route]})
            seen = is_seen(actor, kind, place)
            if actor in SIGNED_OUT:
                good = status == 302
            elif seen:
                good = status < 500 and status != 404
            elif kind == "report" and not is_in_business(actor):
                good = status in {403, 404}  # the whole area is closed to them, whatever the id
            else:
                good = status == 404
            if not good or leaks(actor, body):
                wrong.append((route, place, "seen" if seen else "hidden", status, leaks(actor, body)))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("actor", ACTORS)
def test_lists_hold_only_what_is_in_sight(actor, stage):
    client = Client(raise_request_exception=False)
    if actor != "anonymous":
        client.force_login(stage.users[actor])
    wrong = []
    for route in sorted(LIST_ROUTES | {f"branches:{name}" for name in OWN}):
        status, body = ask(client, route)
        good = status == 302 if actor in SIGNED_OUT else status in {200, 302, 400, 403, 404}
        if not good or leaks(actor, body):
            wrong.append((route, status, leaks(actor, body)))
    if actor != "anonymous":
        client.force_login(stage.users[actor])  # signing out elsewhere, above, ended this session, too
    for route, who in DUTIES.items():
        known = {
            "pk": stage.users["moved"].pk,
            "name": "disable",
            "which": "file",
            "day": "2026-07-01",
            "post": stage.users["secretary"].posts.get().pk,
        }
        status, _body = ask(client, route, **{name: known[name] for name in ROUTES[route]})
        allowed = (
            {302} if actor in SIGNED_OUT else ({403, 404} if actor not in who else {200, 302, 400, 404, 422})
        )
        if status not in allowed:
            wrong.append((route, status))
    assert not wrong, "\n".join(map(str, wrong))


def test_what_may_be_seen_is_found_by_the_same_search(stage):
    """The control: the canaries do show where they should."""
    client = Client()
    client.force_login(stage.users["secretary"])
    assert "CANARY-branch" in ask(client, "tracker:task", pk=stage.ids["task", "branch"]["pk"])[1]


def leaks(actor: str, body: str) -> list[str]:
    """Marks of places that this person does not see at all, found in an answer."""
    hidden = [
        place
        for place in PLACES
        if not is_seen(actor, "task", place) and not is_seen(actor, "finding", place)
    ]
    return [place for place in hidden if f"CANARY-{place}" in body]


def test_a_foreign_id_inside_an_own_address_does_not_exist_either(stage):
    client = Client(raise_request_exception=False)
    client.force_login(stage.users["committee clerk"])
    own, foreign = "committee", "other_branch"
    pairs = [
        (
            "tracker:source_accept",
            {"pk": stage.ids["source", own]["pk"], "action": stage.ids["source", foreign]["action"]},
        ),
        (
            "tracker:measure",
            {"pk": stage.ids["plan", own]["pk"], "measure": stage.ids["plan", foreign]["measure"]},
        ),
        (
            "tracker:evidence_file",
            {"pk": stage.ids["task", own]["pk"], "evidence_pk": stage.ids["task", foreign]["evidence_pk"]},
        ),
        (
            "tracker:finding_evidence_file",
            {
                "pk": stage.ids["finding", own]["pk"],
                "evidence_pk": stage.ids["finding", foreign]["evidence_pk"],
            },
        ),
        (
            "tracker:visit",
            {
                "pk": stage.ids["inspection", own]["pk"],
                "visit_pk": stage.ids["inspection", foreign]["visit_pk"],
            },
        ),
    ]
    assert [(route, ask(client, route, **kwargs)[0]) for route, kwargs in pairs] == [
        (route, 404) for route, _ in pairs
    ]


def test_a_notice_is_its_readers_alone(stage):
    notice = Notice.objects.create(
        recipient=stage.users["secretary"], kind="done", data={"task": "CANARY-branch"}, created_at=now()
    )
    for actor in ("sibling", "clerk", "administrator"):
        client = Client()
        client.force_login(stage.users[actor])
        assert ask(client, "tracker:notice", pk=notice.pk)[0] == 404


def test_a_submission_out_of_sight_is_not_reviewed(stage):
    task = Task.objects.get(pk=stage.ids["task", "other_branch"]["pk"])
    Task.objects.filter(pk=task.pk).update(
        state="SUBMITTED", submitted_at=now(), submitted_by=stage.users["nobody"]
    )
    client = Client()
    client.force_login(stage.users["committee clerk"])
    nothing = ask(client, "tracker:review_one", pk=10**9)
    assert ask(client, "tracker:review_one", pk=task.pk) == nothing
    assert nothing[0] in {302, 404}
    client.force_login(stage.users["clerk"])
    assert ask(client, "tracker:review_one", pk=task.pk)[0] == 200


@pytest.mark.parametrize("actor", ["secretary", "committee clerk", "other committee", "auditor"])
def test_the_page_of_an_organization_is_scoped_like_everything_else(actor, stage):
    client = Client()
    client.force_login(stage.users[actor])
    for name in PLACES:
        status, _body = ask(client, "branches:organization", code=stage.places[name].code)
        if is_seen(actor, "task", name):
            assert status == 200, (actor, name)
        elif actor != "auditor":
            assert status == 404, (actor, name)


@pytest.mark.parametrize("actor", ACTORS)
def test_the_tree_is_changed_by_the_duty_in_its_subtree_and_out_of_sight_there_is_nothing(actor, stage):
    """Administrators keep organisations, security officers posts; the superior's office records terms and ratings."""
    client = Client(raise_request_exception=False)
    if actor != "anonymous":
        client.force_login(stage.users[actor])
    posts = {
        unit: Post.objects.create(
            user=stage.users["nobody"],
            organization=stage.places[unit],
            role="MEMBER",
            since=date(2020, 1, 1),
            until=date(2020, 2, 1),
        )
        for unit in PLACES
    }
    held = [] if actor in {"moved", *SIGNED_OUT} else ACTORS[actor]
    wrong = []
    for route in sorted(TREE_ACTS):
        name = route.removeprefix("branches:organization_")
        duty = "SECURITY_OFFICER" if name in GRANTED.split() else "ADMINISTRATOR"
        for place in PLACES:
            above = _above(TREE[place][0])
            may = any(role == duty and root in _above(place) for root, role in held)
            if name in RECORDED.split():
                may = may or any(
                    role in {"SECRETARY", "DEPUTY_SECRETARY", "CLERK"} and root in above
                    for root, role in held
                )
            sees = is_seen(actor, "task", place) or any(
                role not in BUSINESS and root in _above(place) for root, role in held
            )
            ids = {"code": stage.places[place].code} | (
                {"pk": posts[place].pk} if name == "hand_over" else {}
            )
            status, body = ask(client, route, **ids)
            expected = (
                {302} if actor in SIGNED_OUT else {404} if not sees else {200, 400, 404} if may else {403}
            )
            if status not in expected or (may and name not in {"shift", "add"} and status == 404):
                wrong.append((route, place, status, expected))
            if leaks(actor, body):
                wrong.append((route, place, "leaks"))
    assert not wrong, "\n".join(map(str, wrong))
