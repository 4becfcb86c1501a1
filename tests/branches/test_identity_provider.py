"""Sign-in through an OpenID Connect provider: a small one on loopback, honest or not."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import translation
from joserfc import jwt
from joserfc.jwk import RSAKey

from branches import second_factor
from branches.models import User
from common.clock import now
from common.models import AuditEntry
from tests.branches.test_door import clerk, said  # noqa: F401

pytestmark = pytest.mark.django_db
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
STRANGE_KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})


class Provider:
    """What the fake provider will say next; ``asked`` is what came to its token endpoint."""

    def __init__(self, address):
        self.address = address
        self.claims, self.key, self.broken, self.asked = {}, KEY, False, {}

    def metadata(self):
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def token(self):
        at = int(time.time())
        claims = {"iss": self.address, "aud": "bihuan", "sub": "1", "iat": at, "exp": at + 60} | self.claims
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)
        return {"access_token": "opaque", "token_type": "Bearer", "id_token": signed}


@pytest.fixture
def provider(settings):
    class Handler(BaseHTTPRequestHandler):
        def answer(self, body):
            if fake.broken:
                self.send_error(500)
                return
            data = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self):
            keys = {"keys": [KEY.as_dict(private=False)]}
            self.answer(keys if self.path == "/keys" else fake.metadata())

        def do_POST(self):
            length = int(self.headers["Content-Length"])
            fake.asked = parse_qs(self.rfile.read(length).decode())
            self.answer(fake.token())

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake = Provider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = (
        fake.address,
        "bihuan",
        "secret",
    )
    yield fake
    server.shutdown()
    thread.join()
    server.server_close()
    translation.deactivate()


def go(client, provider, to="/account/", **claims):
    """From our sign-in page to the provider and back again; the last answer."""
    away = client.get("/sign-in/provider/", {"next": to})
    assert away.status_code == 302
    sent = {name: values[0] for name, values in parse_qs(urlsplit(away["Location"]).query).items()}
    assert away["Location"].startswith(provider.address + "/authorize?")
    provider.claims = {"nonce": sent["nonce"]} | claims
    return client.get("/sign-in/provider/callback/", {"code": "one-time", "state": sent["state"]}), sent


def test_an_active_account_of_that_name_is_let_in_and_led_where_it_wanted_to_go(provider, clerk):  # noqa: F811
    client = Client()
    answer, sent = go(client, provider, preferred_username=clerk.username)
    assert (answer.status_code, answer["Location"]) == (302, "/account/")
    page = said(client.get("/account/"))
    assert "您通过本单位统一身份认证登录" in page
    assert AuditEntry.objects.get(kind="SIGN_IN").actor == clerk
    assert sent["code_challenge_method"] == "S256"
    assert provider.asked["redirect_uri"] == ["http://testserver/sign-in/provider/callback/"]
    assert provider.asked["code_verifier"]


@pytest.mark.parametrize("state", ["unknown", "disabled"])
def test_no_account_is_ever_made_and_no_closed_one_opened(provider, clerk, state):  # noqa: F811
    name = "somebody-else" if state == "unknown" else clerk.username
    User.objects.filter(pk=clerk.pk).update(is_active=state == "unknown")
    before = User.objects.count()
    client = Client()
    answer, _sent = go(client, provider, preferred_username=name)
    assert answer["Location"] == "/sign-in/"
    assert f"本系统没有可用的账号 {name}" in said(client.get("/sign-in/"))
    assert User.objects.count() == before
    assert client.get("/account/").status_code == 302
    assert AuditEntry.objects.get(kind="SIGN_IN_FAILED").data["step"] == "provider"


@pytest.mark.parametrize(
    "lie",
    [
        "wrong key",
        "wrong audience",
        "wrong issuer",
        "old token",
        "wrong nonce",
        "no name",
        "wrong state",
        "broken",
        "no",
    ],
)
def test_a_provider_or_a_messenger_that_lies_lets_nobody_in(provider, clerk, lie):  # noqa: F811
    client, claims = Client(), {"preferred_username": clerk.username}
    if lie == "wrong key":
        provider.key = STRANGE_KEY
    claims |= {
        "wrong audience": {"aud": "another"},
        "wrong issuer": {"iss": "https://evil.example"},
        "old token": {"exp": int(time.time()) - 3600},
        "wrong nonce": {"nonce": "another"},
    }.get(lie, {})
    if lie == "no name":
        del claims["preferred_username"]
    if lie in ("wrong state", "no"):
        client.get("/sign-in/provider/")
        query = {"error": "access_denied"} if lie == "no" else {"code": "x", "state": "x"}
        answer = client.get("/sign-in/provider/callback/", query)
    elif lie == "broken":
        provider.broken = True
        answer = client.get("/sign-in/provider/")
    else:
        answer, _sent = go(client, provider, **claims)
    assert answer["Location"] == "/sign-in/"
    assert "统一身份认证登录未成功" in said(client.get("/sign-in/"))
    assert client.get("/account/").status_code == 302


def test_a_second_factor_is_asked_for_all_the_same(provider, clerk):  # noqa: F811
    import pyotp

    secret = second_factor.begin_enrolment(clerk)
    second_factor.confirm_enrolment(clerk, pyotp.TOTP(secret).now(), at=now())
    client = Client()
    answer, _sent = go(client, provider, preferred_username=clerk.username)
    assert answer["Location"] == "/sign-in/code/"
    assert client.get("/account/").status_code == 302


def test_our_rules_for_passwords_do_not_bind_who_comes_from_outside(provider, clerk):  # noqa: F811
    User.objects.filter(pk=clerk.pk).update(must_change_password=True)
    client = Client()
    go(client, provider, preferred_username=clerk.username)
    assert client.get("/account/").status_code == 200


def test_nobody_is_led_to_another_site_afterwards(provider, clerk):  # noqa: F811
    answer, _sent = go(Client(), provider, to="https://evil.example/", preferred_username=clerk.username)
    assert answer["Location"] == "/"


def test_the_door_offers_it_only_where_it_is_set(provider, settings):
    assert 'href="/sign-in/provider/?next=/tasks/"' in said(Client().get("/sign-in/?next=/tasks/"))
    settings.OIDC_ISSUER = ""
    assert "/sign-in/provider/" not in said(Client().get("/sign-in/"))
    for path in ("/sign-in/provider/", "/sign-in/provider/callback/"):
        assert Client().get(path).status_code == 404
