"""Logs: a line a request with its id, as JSON, and nothing in them that names a person."""

import io
import json
import logging

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from django.utils import translation

from common.logs import RequestMiddleware, logging_config
from config.urls import handler400, handler403, handler404, handler500  # noqa: F401
from config.urls import urlpatterns as product
from tests.factories import make_organization, make_post, make_user


def broken(request, pk):
    raise RuntimeError("broken on purpose")


urlpatterns = [path("broken/<int:pk>/", broken), *product]


@pytest.fixture(autouse=True)
def language():
    yield
    translation.deactivate()


@pytest.fixture
def lines():
    """Every line written meanwhile, as it would stand in the file."""
    config = logging_config(level="INFO", as_json=True)
    given = dict(config["formatters"]["line"])
    formatter = given.pop("()")(**given)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)


def test_a_request_is_one_line_with_its_route_and_not_its_address(lines, client, db):
    user = make_user("王芳")
    make_post(make_organization("COMMITTEE"), "CLERK", user=user)
    client.force_login(user)
    answer = client.get("/users/4711/?q=13800138000", REMOTE_ADDR="10.9.8.7")
    (line,) = [line for line in lines() if line["event"] == "request"]
    assert line["route"] == "/users/<int:pk>/"
    assert (line["method"], line["status"], line["level"]) == ("GET", 403, "info")
    assert line["request_id"] == answer["X-Request-ID"]
    assert line["ms"] >= 0
    everything = json.dumps(lines(), ensure_ascii=False)
    for secret in ("王芳", user.username, "10.9.8.7", "13800138000", "4711"):
        assert secret not in everything


def test_a_failed_sign_in_leaves_no_name_and_no_address_in_the_log(lines, db):
    Client().post("/sign-in/", {"username": "wangfang", "password": "Secret-1"}, REMOTE_ADDR="10.9.8.7")
    everything = json.dumps(lines())
    assert '"/sign-in/"' in everything
    for secret in ("wangfang", "Secret-1", "10.9.8.7"):
        assert secret not in everything


def test_what_breaks_is_logged_with_its_trace_and_the_same_id(lines, client, db, settings):
    settings.ROOT_URLCONF = __name__
    user = make_user("王芳")
    client.force_login(user)
    client.raise_request_exception = False
    answer = client.get("/broken/5/")
    assert answer.status_code == 500
    (error,) = [line for line in lines() if line["level"] == "error"]
    assert "broken on purpose" in error["exception"]
    assert error["request_id"] == answer["X-Request-ID"]
    assert "王芳" not in json.dumps(lines(), ensure_ascii=False)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("f00dcafe-1234", True),
        ("short", False),
        ("with space and more", False),
        ("x" * 65, False),
        ("a\nb" * 9, False),
    ],
)
def test_an_id_from_the_proxy_is_taken_over_if_it_is_well_formed(given, kept):
    request = RequestFactory().get("/", headers={"X-Request-ID": given})
    answer = RequestMiddleware(lambda request: HttpResponse())(request)
    assert (answer["X-Request-ID"] == given) is kept
    assert len(answer["X-Request-ID"]) >= 8


def test_health_is_asked_for_too_often_to_be_told(lines, client, db):
    client.get("/healthz")
    assert [line for line in lines() if line["event"] == "request"] == []


def test_lines_of_other_code_carry_the_id_and_are_json_too(lines):
    def view(request):
        logging.getLogger("tracker.somewhere").warning("%s reminders are late", 3)
        return HttpResponse()

    answer = RequestMiddleware(view)(RequestFactory().get("/"))
    line = lines()[0]
    assert (line["event"], line["logger"]) == ("3 reminders are late", "tracker.somewhere")
    assert line["request_id"] == answer["X-Request-ID"]
