"""What every page has in common: refusals, errors, the door, and nothing inline."""

import re
from datetime import UTC, datetime
from pathlib import Path

import heroicons
import pytest
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.test import Client
from django.urls import include, path
from django.utils import translation

from common import clock, styleguide
from common.errors import NotAllowed, Refused, Stale
from config.urls import handler400, handler403, handler404, handler500  # noqa: F401
from config.urls import urlpatterns as product
from tests.factories import make_organization, make_post, make_user

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
RAISED = {
    "refused": Refused("没有接收单位，不能印发。", fields={"organizations": "请选定接收单位。"}),
    "forbidden": NotAllowed("自己报结的事项不能由自己审核。"),
    "stale": Stale("别人刚刚改过这一项。"),
    "gone": Http404("somebody else's task 1234"),
    "broken": RuntimeError("secret of the server"),
}


@login_not_required
def raising(request, what):
    raise RAISED[what]


urlpatterns = [
    path("raising/<what>/", raising),
    path("closed/", lambda request: HttpResponse("inside")),
    path("styleguide/", include((styleguide.urlpatterns, "common"))),
    *product,
]


@pytest.fixture(autouse=True)
def addresses(settings):
    settings.ROOT_URLCONF = __name__
    yield
    # A request leaves its language behind in the thread.
    translation.deactivate()


@pytest.fixture
def someone(db):
    user = make_user("王芳")
    user.set_password("correct horse battery")
    user.save()
    make_post(make_organization("COMMITTEE"), "CLERK", user=user)
    return user


@pytest.fixture
def visitor():
    return Client(raise_request_exception=False)


# refusals and errors --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "status", "sentence"),
    [
        ("refused", 400, "没有接收单位，不能印发。"),
        ("forbidden", 403, "自己报结的事项不能由自己审核。"),
        ("stale", 409, "别人刚刚改过这一项。"),
        ("gone", 404, "没有这个页面"),
        ("broken", 500, "服务器出错了"),
    ],
)
def test_what_went_wrong_is_said_on_a_page_of_its_own(visitor, what, status, sentence):
    answer = visitor.get(f"/raising/{what}/")
    assert answer.status_code == status
    assert sentence in answer.content.decode()
    assert "1234" not in answer.content.decode()
    assert "secret" not in answer.content.decode()


def test_a_refusal_names_the_fields_too(visitor):
    assert "请选定接收单位。" in visitor.get("/raising/refused/").content.decode()


@pytest.mark.parametrize(
    ("what", "status"), [("refused", 400), ("forbidden", 403), ("gone", 404), ("broken", 500)]
)
def test_a_part_of_a_page_gets_the_bare_sentence(visitor, what, status):
    answer = visitor.get(f"/raising/{what}/", headers={"HX-Request": "true"})
    assert answer.status_code == status
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert "<" not in answer.content.decode()


def test_who_is_signed_in_keeps_the_navigation_on_an_error_page(client, someone):
    assert '<nav class="nav"' not in Client().get("/nope/").content.decode()
    client.force_login(someone)
    answer = client.get("/nope/")
    assert answer.status_code == 404
    assert '<nav class="nav"' in answer.content.decode()


def test_the_error_page_of_the_server_needs_no_database(visitor):
    # No `db` fixture: a query would fail this test.
    assert "返回首页" in visitor.get("/raising/broken/").content.decode()


def test_a_broken_error_page_leaves_plain_words(visitor, monkeypatch):
    def broken(*args, **kwargs):
        raise ValueError("template")

    monkeypatch.setattr("common.views.render_to_string", broken)
    answer = visitor.get("/raising/broken/")
    assert answer.status_code == 500
    assert answer.content.decode().startswith("服务器出错了")


def test_a_form_out_of_date_says_what_to_do(db):
    answer = Client(enforce_csrf_checks=True).post("/sign-in/", {"username": "a", "password": "b"})
    assert answer.status_code == 403
    assert "表单已过期" in answer.content.decode()


def test_a_part_asked_for_after_the_session_has_ended_reloads_the_page(db):
    answer = Client().get(
        "/closed/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/tasks/"}
    )
    assert answer.status_code == 204
    assert answer["HX-Refresh"] == "true"


def test_caches_keep_pages_and_parts_apart(client, someone):
    client.force_login(someone)
    assert "HX-Request" in client.get("/closed/")["Vary"]


# the door -------------------------------------------------------------------------------------------------------------


def sign_in(client, password, **more):
    return client.post("/sign-in/", {"username": "user-door", "password": password, **more})


@pytest.fixture
def door(someone):
    someone.username = "user-door"
    someone.save()
    return someone


def test_a_wrong_password_keeps_the_account_and_drops_the_password(client, door):
    page = sign_in(client, "wrong").content.decode()
    assert "账号或密码不正确" in page
    assert 'value="user-door"' in page
    assert "wrong" not in page
    assert "_auth_user_id" not in client.session


def test_the_right_password_leads_to_where_one_wanted_to_go(client, door):
    assert client.get("/closed/").url == "/sign-in/?next=/closed/"
    assert sign_in(client, "correct horse battery", next="/closed/").url == "/closed/"
    assert client.get("/closed/").content == b"inside"


def test_the_door_leads_to_no_foreign_place(client, door):
    assert sign_in(client, "correct horse battery", next="https://elsewhere.example/").url == "/"


def test_a_disabled_account_stays_outside(client, door):
    door.is_active = False
    door.save()
    assert sign_in(client, "correct horse battery").status_code == 200
    assert "_auth_user_id" not in client.session


def test_signing_out_needs_a_press_not_a_link(client, someone):
    client.force_login(someone)
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/").url == "/sign-in/"
    assert client.get("/closed/").status_code == 302


def test_the_language_can_be_changed_at_the_door(client, db):
    assert "<h1>登录</h1>" in client.get("/sign-in/").content.decode()
    client.post("/i18n/setlang/", {"language": "en", "next": "/sign-in/"})
    assert "<h1>Sign in</h1>" in client.get("/sign-in/").content.decode()


# every part, every template -------------------------------------------------------------------------------------------


def test_the_page_of_samples_shows_every_part(client, someone, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 6, 20, 1, 0, tzinfo=UTC))
    client.force_login(someone)
    page = client.get("/styleguide/panel/?row=2").content.decode()
    for part in (
        "stats",
        "tabs",
        "filters",
        "table",
        "rows",
        "pager",
        "job",
        "empty",
        "dialog",
        "timeline",
        "facts",
    ):
        assert re.search(rf'class="[^"]*\b{part}\b', page), part
    part = client.get("/styleguide/panel/?row=2", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert part.strip() in page


def test_the_samples_are_for_developers_only(client, someone, settings):
    settings.ROOT_URLCONF = "config.urls"
    client.force_login(someone)
    assert client.get("/styleguide/").status_code == 404


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT / "templates")))
def test_no_template_holds_what_the_content_policy_blocks(template):
    text = template.read_text(encoding="utf-8")
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|hx-on|javascript:", text) == []
    assert [tag for tag in re.findall(r"<script\b[^>]*>", text) if "src=" not in tag] == []
    assert re.findall(r'(?:src|href|action)="(?:https?:)?//', text) == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT / "templates")))
def test_every_icon_exists(template):
    for name in re.findall(r'{% icon "([^"]+)"', template.read_text(encoding="utf-8")):
        heroicons._load_icon("outline", name)


def test_toasts_of_an_htmx_answer_replace_those_of_the_page():
    html = render_to_string("partials/messages.html", {"messages": [], "oob": True})
    assert 'id="toasts"' in html
    assert 'hx-swap-oob="true"' in html
