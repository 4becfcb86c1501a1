"""What a hostile browser, page or network meets: headers on every answer, tokens on every form, cookies bound to the host."""

import json
import os
import re
import secrets
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import translation

from tests.factories import make_organization, make_post

SAMPLES = {"int": "1", "str": "x", "slug": "x", "path": "x", "uuid": "00000000-0000-0000-0000-000000000001"}
INLINE = re.compile(
    r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\bsrc=)(?![^>]*application/json)|javascript:", re.IGNORECASE
)


@pytest.fixture(autouse=True)
def language():
    yield
    translation.deactivate()


def production(tmp_path, **env):
    """The settings as they are in earnest: behind TLS, with a real key."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "HTTPS": "true",
        "BEHIND_PROXY": "true",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "bihuan.example",
        "CSRF_TRUSTED_ORIGINS": "https://bihuan.example",
        "VAR_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/bihuan.sqlite3",
        **env,
    }


def check_deploy(env):
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(
        command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, check=False
    )


@pytest.mark.process
def test_the_deployment_check_is_clean_in_earnest_and_not_without_tls(tmp_path):
    done = check_deploy(production(tmp_path))
    assert done.returncode == 0, done.stderr
    careless = check_deploy(production(tmp_path, HTTPS="false", SECRET_KEY="short", DEBUG="true"))
    assert careless.returncode == 1
    for warning in ("security.W009", "security.W012", "security.W016", "security.W018"):
        assert warning in careless.stderr


@pytest.mark.process
def test_behind_tls_cookies_belong_to_the_host_alone(tmp_path):
    names = [
        "SESSION_COOKIE_NAME",
        "CSRF_COOKIE_NAME",
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
        "SESSION_COOKIE_HTTPONLY",
        "SESSION_COOKIE_SAMESITE",
        "SESSION_COOKIE_DOMAIN",
        "SESSION_COOKIE_PATH",
        "PROXIES",
        "DEBUG",
    ]
    code = f"import json; from django.conf import settings as s; print(json.dumps([getattr(s, n) for n in {names}]))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=production(tmp_path), capture_output=True, text=True, check=True
    )
    assert dict(zip(names, json.loads(done.stdout), strict=True)) == {
        "SESSION_COOKIE_NAME": "__Host-session",
        "CSRF_COOKIE_NAME": "__Host-csrf",
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_DOMAIN": None,
        "SESSION_COOKIE_PATH": "/",
        "PROXIES": 1,
        "DEBUG": False,
    }


def addresses(patterns=None, before=""):
    """Every address of the site, its parameters filled with samples."""
    for entry in patterns if patterns is not None else get_resolver().url_patterns:
        here = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, here)
        elif isinstance(entry, URLPattern):
            plain = re.sub(r"<(?:(\w+):)?\w+>", lambda found: SAMPLES.get(found[1] or "str", "x"), here)
            plain = re.sub(r"\(\?P<\w+>[^()]*(?:\([^()]*\))?[^()]*\)|\(\?:[^()]*\)\??", "x", plain)
            yield "/" + re.sub(r"[\^$\\?]", "", plain)


def read_whole(answer) -> bytes:
    """The body; a download's file is closed with its last block."""
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def visitors():
    """Nobody, a clerk and the three duties."""
    yield "nobody", Client(raise_request_exception=False)
    top = make_organization("WORK_COMMITTEE")
    for role in ("CLERK", "ADMINISTRATOR", "SECURITY_OFFICER", "AUDITOR"):
        client = Client(raise_request_exception=False)
        client.force_login(make_post(top, role).user)
        yield role, client


@pytest.mark.django_db
def test_every_answer_of_every_address_carries_its_headers_and_nothing_inline():
    pages = set(addresses())
    assert len(pages) > 40
    wrong, html = [], 0
    for who, client in visitors():
        for page in sorted(pages):
            answer = client.get(page)
            kind = answer.headers.get("Content-Type", "")
            if answer.headers.get("X-Content-Type-Options") != "nosniff":
                wrong.append((who, page, "nosniff"))
            if answer.headers.get("X-Frame-Options") != "DENY":
                wrong.append((who, page, "frames"))
            body = read_whole(answer)
            if not kind.startswith("text/html"):
                continue
            html += 1
            policy = answer.headers.get("Content-Security-Policy", "")
            if "default-src 'self'" not in policy or (
                "unsafe" not in policy and "object-src 'none'" not in policy
            ):
                wrong.append((who, page, "policy"))
            if "unsafe" in policy:
                wrong.append((who, page, "unsafe"))
            if found := INLINE.search(body.decode()):
                wrong.append((who, page, found[0]))
    assert html > 150
    assert wrong == []


@pytest.mark.django_db
def test_no_address_takes_a_form_without_its_token():
    top = make_organization("WORK_COMMITTEE")
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(make_post(top, "CLERK").user)
    taken = {}
    # The API takes no forms; that a session without its token changes nothing there has a test beside the API's.
    for page in sorted(page for page in set(addresses()) if not page.startswith("/api/")):
        answer = client.post(page)
        read_whole(answer)
        if answer.status_code != 403:
            taken[page] = answer.status_code
    assert taken == {}
