"""The API: the same scopes, verbs and refusals as the pages, in one shape."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from branches import accounts, posts
from branches.models import ApiToken, Organization, Post
from common.clock import now, today
from common.models import AuditEntry, IdempotencyKey
from tests.api_program import Program, counted, refusal
from tests.factories import World, make_organization, make_plan, make_task, make_user
from tracker.models import Plan, Source, Task

pytestmark = pytest.mark.django_db
PASSWORD = "Right-Horse-9-Battery"
SCHEMA = Path(__file__).parents[1] / "docs" / "openapi.yaml"


@pytest.fixture
def task(world) -> Task:
    return make_task(world)


# --- the door ------------------------------------------------------------------------------------------------------


def sign_in(user: Any, **more: str) -> Any:
    return Program().post("tokens/", {"username": user.username, "password": PASSWORD, **more})


@pytest.fixture
def person(world) -> Any:
    user = world.secretary.user
    user.set_password(PASSWORD)
    user.password_changed_at = now()
    user.save()
    return user


def test_a_password_buys_a_token_that_opens_what_the_person_may_see(person, task):
    answer = sign_in(person, name="报表")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    found = Program(token=answer.json()["token"]).get("tasks/").json()["results"]
    assert [row["id"] for row in found] == [task.pk]
    assert not ApiToken.objects.filter(digest=answer.json()["token"]).exists(), "only a hash is kept"
    assert AuditEntry.objects.filter(kind=AuditEntry.Kind.SIGN_IN, actor=person).count() == 1


def test_a_wrong_password_is_refused_and_after_five_the_door_is_closed(person):
    answers = [
        refusal(Program().post("tokens/", {"username": person.username, "password": "wrong"}))
        for _ in range(5)
    ]
    assert answers[0] == (401, "invalid_login")
    assert refusal(sign_in(person)) == (401, "locked")


def test_an_initial_password_must_be_changed_on_the_page_first(world):
    user = world.secretary.user
    administrator = make_user("管理员")
    posts.appoint(
        administrator, organization=world.top, role="ADMINISTRATOR", since=today(), by=None, at=now()
    )
    from branches.passwords import give_initial_password

    password = give_initial_password(user, at=now())
    user.save()
    answer = Program().post("tokens/", {"username": user.username, "password": password})
    assert refusal(answer) == (403, "account_incomplete")
    assert not ApiToken.objects.exists()


def test_without_token_or_session_there_is_nothing(task):
    assert refusal(Program().get("tasks/")) == (401, "not_authenticated")
    assert refusal(Program(token="x" * 64).get("tasks/"))[0] == 401


@pytest.mark.parametrize("end", ["sign_out", "post", "disabled", "expired"])
def test_a_token_ends_with_the_persons_rights(end, person, world, task):
    program = Program(token=sign_in(person).json()["token"])
    assert program.get("tasks/").status_code == 200
    if end == "sign_out":
        accounts.sign_out_everywhere(person, at=now())
    elif end == "post":
        held = Post.objects.get(user=person)
        posts.end_post(held, last_day=today() - timedelta(days=1), by=None, at=now())
    elif end == "disabled":
        type(person).objects.filter(pk=person.pk).update(is_active=False)
    else:
        ApiToken.objects.update(expiry=now() - timedelta(minutes=1))
    assert refusal(program.get("tasks/"))[0] == 401


def test_a_session_of_the_browser_opens_the_api_but_changes_need_its_csrf_token(world, task):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.secretary.user)
    assert browser.get("/api/v1/tasks/").status_code == 200
    answer = browser.post(f"/api/v1/tasks/{task.pk}/acts/acknowledge/", {}, headers={"If-Match": '"0"'})
    assert refusal(answer)[0] == 403
    task.refresh_from_db()
    assert task.state == "PENDING"


def test_own_tokens_are_listed_without_their_secrets_and_can_be_ended(person):
    program = Program(token=sign_in(person, name="报表").json()["token"])
    (row,) = program.get("tokens/").json()
    assert set(row) == {"id", "name", "created", "expiry"}
    stranger = Program(make_user("别人"))
    assert refusal(stranger.send("DELETE", f"tokens/{row['id']}/")) == (404, "not_found")
    assert program.send("DELETE", f"tokens/{row['id']}/").status_code == 204
    assert refusal(program.get("me/"))[0] == 401


# --- sight ---------------------------------------------------------------------------------------------------------


def test_what_is_out_of_sight_is_404_and_stands_in_no_list(world, task):
    other = make_organization("BRANCH", parent=world.top)
    stranger = make_user("邻居")
    posts.appoint(stranger, organization=other, role="SECRETARY", since=today(), by=None, at=now())
    program = Program(stranger)
    assert program.get("tasks/").json()["results"] == []
    for path in (f"tasks/{task.pk}/", f"tasks/{task.pk}/events/", f"tasks/{task.pk}/evidence/"):
        assert refusal(program.get(path)) == (404, "not_found")
    answer = program.post(f"tasks/{task.pk}/acts/acknowledge/", {}, If_Match='"0"')
    assert refusal(answer) == (404, "not_found")


def test_lists_ask_the_same_number_of_queries_for_one_row_and_for_many(
    world, task, django_assert_num_queries
):
    program = Program(world.office.user)
    for path in ("tasks/", "measures/", "plans/", "posts/", "organizations/", "users/"):
        with counted() as one:
            assert program.get(path).status_code == 200
        for _ in range(2):
            make_task(world)
        with counted() as more:
            assert program.get(path).status_code == 200
        assert len(more) == len(one), path


def test_pages_follow_each_other_by_cursor_and_end(world):
    tasks = [make_task(world) for _ in range(5)]
    program = Program(world.office.user)
    first = program.get("tasks/", page_size=3).json()
    second = program.client.get(first["next"], headers=program.headers).json()
    assert [row["id"] for row in [*first["results"], *second["results"]]] == [
        t.pk for t in sorted(tasks, key=lambda t: (t.due, t.pk))
    ]
    assert (len(first["results"]), second["next"]) == (3, None)
    assert len(program.get("tasks/", page_size=100000).json()["results"]) == 5


def test_filters_narrow_and_a_filter_that_makes_no_sense_is_named(world, task):
    program = Program(world.office.user)
    assert [row["id"] for row in program.get("tasks/", state="PENDING").json()["results"]] == [task.pk]
    assert program.get("tasks/", state="DONE").json()["results"] == []
    status, code = refusal(program.get("tasks/", due__gte="yesterday"))
    assert (status, code) == (400, "invalid")


# --- changes -------------------------------------------------------------------------------------------------------


def test_an_act_goes_through_the_transition_table_and_names_its_version(world, task):
    program = Program(world.secretary.user)
    seen = program.get(f"tasks/{task.pk}/")
    assert {"act": "acknowledge", "allowed": True}.items() <= seen.json()["acts"][0].items()
    answer = program.post(
        f"tasks/{task.pk}/acts/acknowledge/",
        {"handler": world.secretary.user.pk},
        If_Match=seen.headers["ETag"],
    )
    assert (answer.status_code, answer.json()["state"]) == (200, "ACTIVE")
    assert answer.headers["ETag"] != seen.headers["ETag"]
    events = program.get(f"tasks/{task.pk}/events/").json()
    (done,) = [event for event in events if event["act"] == "acknowledge"]
    assert (done["from_state"], done["to_state"], done["actor"]) == (
        "PENDING",
        "ACTIVE",
        world.secretary.user.pk,
    )


def test_a_change_without_a_version_is_428_and_with_an_old_one_412(world, task):
    program = Program(world.secretary.user)
    path, given = f"tasks/{task.pk}/acts/acknowledge/", {"handler": world.secretary.user.pk}
    assert refusal(program.post(path, given)) == (428, "version_missing")
    assert refusal(program.post(path, given, If_Match='"99"')) == (412, "stale")
    assert refusal(program.post(path, given, If_Match="sometime")) == (412, "stale")
    task.refresh_from_db()
    assert task.state == "PENDING"


def test_what_one_may_see_but_not_do_is_403_with_the_reason(world, task):
    answer = Program(world.office.user).post(f"tasks/{task.pk}/acts/acknowledge/", {}, If_Match='"0"')
    assert refusal(answer) == (403, "not_allowed")


def test_wrong_input_is_400_with_the_field(world, task):
    program = Program(world.secretary.user)
    program.post(f"tasks/{task.pk}/acts/acknowledge/", {"handler": world.secretary.user.pk}, If_Match='"0"')
    answer = program.post(f"tasks/{task.pk}/acts/report/", {"percent": 400}, If_Match='"1"')
    assert refusal(answer) == (400, "invalid")
    assert "percent" in answer.json()["fields"]


@pytest.mark.parametrize("act", ["late_complete", "remind", "no_such_act"])
def test_acts_of_the_system_and_acts_that_do_not_exist_are_not_found(act, world, task):
    assert (
        refusal(Program(world.office.user).post(f"tasks/{task.pk}/acts/{act}/", {}, If_Match='"0"'))[0] == 404
    )


def draft(world: World, **more: Any) -> dict[str, Any]:
    return {"organization": world.top.pk, "title": "上半年重点任务清单", "period": "2026H1", **more}


def test_the_same_key_twice_creates_once_and_gets_the_same_answer(world):
    program = Program(world.office.user)
    first = program.post("plans/", draft(world), Idempotency_Key="plan-2026-0001")
    again = program.post("plans/", draft(world), Idempotency_Key="plan-2026-0001")
    assert (first.status_code, again.status_code, Plan.objects.count()) == (201, 201, 1)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replay"] == "true"
    other = program.post("plans/", draft(world, title="另一份"), Idempotency_Key="plan-2026-0001")
    assert refusal(other) == (422, "key_taken")


def test_a_refused_creation_keeps_no_key(world):
    program = Program(world.office.user)
    answer = program.post("plans/", draft(world, period="2026X9"), Idempotency_Key="plan-2026-0002")
    assert refusal(answer)[0] == 400
    assert not IdempotencyKey.objects.exists()
    assert program.post("plans/", draft(world), Idempotency_Key="plan-2026-0002").status_code == 201


def test_a_field_that_does_not_exist_is_refused_and_named(world):
    answer = Program(world.office.user).post("plans/", draft(world, titel="x"))
    assert refusal(answer) == (400, "invalid")
    assert set(answer.json()["fields"]) == {"titel"}
    assert not Plan.objects.exists()


def test_an_organization_out_of_sight_cannot_be_named(world):
    stranger = make_user("邻居")
    other = make_organization("COMMITTEE", parent=world.top)
    posts.appoint(stranger, organization=other, role="CLERK", since=today(), by=None, at=now())
    answer = Program(stranger).post("plans/", draft(world))
    assert refusal(answer) == (400, "invalid")
    assert set(answer.json()["fields"]) == {"organization"}


def test_a_source_is_kept_and_read_and_the_same_text_is_noticed(world):
    body = {
        "organization": world.top.pk,
        "title": "半年会讲话",
        "dated": "2026-07-01",
        "text": "一、工作要求\n要制定整改方案，7月15日前报机关党委。",
    }
    program = Program(world.office.user)
    made = program.post("sources/", body).json()
    actions = program.get(f"sources/{made['id']}/actions/").json()
    assert [made["text"][a["start"] : a["end"]] for a in actions] == [a["text"] for a in actions] != []
    assert refusal(program.post("sources/", body))[0] == 400
    assert Source.objects.count() == 1


def test_evidence_is_checked_by_content_and_comes_back_as_a_download(world, task):
    program = Program(world.secretary.user)
    program.post(f"tasks/{task.pk}/acts/acknowledge/", {"handler": world.secretary.user.pk}, If_Match='"0"')
    path = f"/api/v1/tasks/{task.pk}/evidence/"

    def upload(name: str, content: bytes) -> Any:
        return program.client.post(path, {"file": SimpleUploadedFile(name, content)}, headers=program.headers)

    assert refusal(upload("照片.jpg", b"MZ this is no picture"))[0] == 400
    picture = b"\x89PNG\r\n\x1a\n" + b"0" * 100
    kept = upload("照片.png", picture)
    assert kept.status_code == 201
    answer = program.get(f"tasks/{task.pk}/evidence/{kept.json()['id']}/")
    assert b"".join(answer.streaming_content) == picture
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"] == "application/octet-stream"


def test_only_an_administrator_changes_an_organization_and_only_the_version_they_saw(world):
    path, change = f"organizations/{world.branch.pk}/", {"unit": "市水务局"}
    assert refusal(Program(world.office.user).send("PATCH", path, change, If_Match='"0"'))[0] == 403
    administrator = make_user("管理员")
    posts.appoint(
        administrator, organization=world.top, role="ADMINISTRATOR", since=today(), by=None, at=now()
    )
    program = Program(administrator)
    seen = program.get(path)
    assert refusal(program.send("PATCH", path, change)) == (428, "version_missing")
    assert program.send("PATCH", path, change, If_Match=seen.headers["ETag"]).status_code == 200
    assert refusal(program.send("PATCH", path, {"unit": "x"}, If_Match=seen.headers["ETag"])) == (
        412,
        "stale",
    )
    assert Organization.objects.get(pk=world.branch.pk).unit == "市水务局"
    assert refusal(program.get(f"tasks/{make_task(world).pk}/"))[0] == 404, "a duty gives no sight of texts"


# --- the frame -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", "nothing/", b"", (404, "not_found")),
        ("PUT", "tasks/", b"{}", (405, "method_not_allowed")),
        ("POST", "plans/", b"{broken", (400, "parse_error")),
        ("POST", "plans/", b"[1, 2]", (400, "invalid")),
        ("GET", "tasks/99999999999999999999/", b"", (404, "not_found")),
        ("GET", "tasks/abc/", b"", (404, "not_found")),
    ],
)
def test_every_refusal_has_one_shape(method, path, body, expected, world):
    program = Program(world.office.user)
    answer = program.client.generic(
        method, f"/api/v1/{path}", body, content_type="application/json", headers=program.headers
    )
    assert refusal(answer) == expected


def test_too_many_attempts_at_the_door_are_told_to_wait(monkeypatch):
    from common.api.throttles import DoorThrottle

    monkeypatch.setattr(DoorThrottle, "rate", "2/min", raising=False)
    answers = [Program().post("tokens/", {"username": "x", "password": "y"}) for _ in range(3)]
    assert refusal(answers[-1]) == (429, "throttled")
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_a_cache_that_is_down_fails_no_request(world, monkeypatch):
    from common.api.throttles import PersonThrottle

    class Down:
        def get(self, *_args, **_kwargs):
            raise ConnectionError

    monkeypatch.setattr(PersonThrottle, "cache", Down())
    assert Program(world.office.user).get("tasks/").status_code == 200


def test_the_committed_description_is_the_one_the_code_gives():
    given = SchemaGenerator().get_schema(request=None, public=True)
    committed = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    assert yaml.safe_load(yaml.safe_dump(_plain(given))) == committed, (
        "manage.py spectacular --file docs/openapi.yaml brings it up to date"
    )


def _plain(value: Any) -> Any:
    import json

    from rest_framework.utils.encoders import JSONEncoder

    return json.loads(json.dumps(value, cls=JSONEncoder))


def test_description_and_documentation_load_nothing_from_outside(world):
    browser = Client()
    browser.force_login(world.office.user)
    body = browser.get("/api/docs/").content.decode()
    assert "http://" not in body.replace("http://testserver", "")
    assert "https://" not in body
    assert browser.get("/api/schema/").status_code == 200


def test_the_plan_of_another_committee_can_be_neither_read_nor_issued(world):
    plan = make_plan(world)
    outsider = make_user("外人")
    program = Program(outsider)
    assert refusal(program.get(f"plans/{plan.pk}/")) == (404, "not_found")
    assert refusal(program.post(f"plans/{plan.pk}/acts/issue/", {}, If_Match='"0"'))[0] == 404
