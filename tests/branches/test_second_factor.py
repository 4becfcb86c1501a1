"""The second factor: setting it up, signing in with it, the lost phone, and what a wrong code costs."""

from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
import time_machine
from django.test import Client
from django.utils import translation

from branches import second_factor
from branches.models import RecoveryCode, SecondFactor
from common.clock import moment
from common.errors import Refused
from common.models import AuditEntry
from tests.branches.test_door import GOOD, clerk, kinds, knock, said  # noqa: F401

pytestmark = pytest.mark.django_db
NINE = moment(date(2026, 3, 2), 9)


@pytest.fixture(autouse=True)
def language():
    yield
    translation.deactivate()


def code_of(secret, at):
    return pyotp.TOTP(secret).at(at)


@pytest.fixture
def enrolled(clerk):  # noqa: F811
    secret = second_factor.begin_enrolment(clerk)
    codes = second_factor.confirm_enrolment(
        clerk, code_of(secret, NINE - timedelta(hours=1)), at=NINE - timedelta(hours=1)
    )
    return clerk, secret, codes


def test_it_is_set_up_with_a_picture_a_key_and_a_first_code(client, clerk):  # noqa: F811
    client.force_login(clerk)
    page = client.get("/account/second-factor/")
    secret = page.context["secret"].replace(" ", "")
    assert page.context["picture"].startswith("data:image/svg+xml")
    assert client.get("/account/second-factor/").context["secret"].replace(" ", "") == secret
    assert not second_factor.has_second_factor(clerk)
    with time_machine.travel(NINE, tick=False):
        wrong = client.post("/account/second-factor/", {"code": "000000"})
        assert "验证码不对" in said(wrong)
        right = client.post("/account/second-factor/", {"code": code_of(secret, NINE)})
    assert len(right.context["codes"]) == 10
    assert second_factor.has_second_factor(clerk)
    assert AuditEntry.objects.get(kind="ACCOUNT").data["act"] == "second_factor_on"
    assert secret not in said(client.get("/account/second-factor/"))


def test_the_database_holds_neither_the_key_nor_the_recovery_codes(enrolled):
    user, secret, codes = enrolled
    assert secret not in SecondFactor.objects.get(user=user).secret
    kept = set(RecoveryCode.objects.values_list("digest", flat=True))
    assert len(kept) == 10
    assert not kept & {code.replace("-", "") for code in codes} | kept & set(codes)


def test_the_picture_holds_what_an_app_understands(clerk):  # noqa: F811
    secret = second_factor.begin_enrolment(clerk)
    address = urlsplit(pyotp.TOTP(secret).provisioning_uri(name=clerk.username, issuer_name="Bihuan"))
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert parse_qs(address.query)["secret"] == [secret]


def test_a_right_password_alone_does_not_sign_in(enrolled):
    user, secret, _codes = enrolled
    client = Client()
    with time_machine.travel(NINE, tick=False):
        answer = knock(user, GOOD, client, next="/account/?from=here")
        assert answer["Location"] == "/sign-in/code/"
        assert client.get("/account/").status_code == 302
        assert "SIGN_IN" not in kinds()
        answer = client.post("/sign-in/code/", {"code": code_of(secret, NINE)})
        assert answer["Location"] == "/account/?from=here"
        assert client.get("/account/").status_code == 200
    assert kinds()[-1] == "SIGN_IN"


def test_no_code_opens_twice(enrolled):
    user, secret, _codes = enrolled
    code = code_of(secret, NINE)
    second_factor.check_code(user, code, at=NINE)
    with pytest.raises(Refused, match="验证码不对"):
        second_factor.check_code(user, code, at=NINE)


@pytest.mark.parametrize(("late", "fits"), [(-31, False), (-30, True), (0, True), (30, True), (61, False)])
def test_a_clock_may_be_half_a_minute_off(enrolled, late, fits):
    user, secret, _codes = enrolled
    code = code_of(secret, NINE)
    at = NINE + timedelta(seconds=late)
    if fits:
        second_factor.check_code(user, code, at=at)
    else:
        with pytest.raises(Refused):
            second_factor.check_code(user, code, at=at)


def test_a_recovery_code_replaces_the_phone_once_however_it_is_typed(enrolled):
    user, _secret, codes = enrolled
    client = Client()
    knock(user, GOOD, client)
    assert client.post("/sign-in/code/", {"code": codes[0].lower().replace("-", " ")}).status_code == 302
    assert RecoveryCode.objects.filter(user=user).count() == 9
    again = Client()
    knock(user, GOOD, again)
    assert "验证码不对" in said(again.post("/sign-in/code/", {"code": codes[0]}))


def test_five_wrong_codes_close_the_step_for_everybody_who_knows_the_password(enrolled):
    user, secret, _codes = enrolled
    with time_machine.travel(NINE, tick=False) as clock:
        for number in range(5):
            client = Client(REMOTE_ADDR=f"10.0.0.{number}")
            knock(user, GOOD, client)
            assert "验证码不对" in said(client.post("/sign-in/code/", {"code": "000000"}))
        assert "错误次数过多" in said(client.post("/sign-in/code/", {"code": code_of(secret, NINE)}))
        clock.shift(timedelta(seconds=301))
        assert (
            client.post(
                "/sign-in/code/", {"code": code_of(secret, NINE + timedelta(seconds=301))}
            ).status_code
            == 302
        )
    steps = [entry.data.get("step") for entry in AuditEntry.objects.filter(kind="SIGN_IN_FAILED")]
    assert steps == ["code"] * 5


def test_the_step_waits_ten_minutes_and_not_for_a_password_changed_meanwhile(enrolled):
    user, secret, _codes = enrolled
    with time_machine.travel(NINE, tick=False) as clock:
        client = Client()
        knock(user, GOOD, client)
        clock.shift(timedelta(seconds=601))
        late = client.post("/sign-in/code/", {"code": code_of(secret, NINE + timedelta(seconds=601))})
        assert late["Location"] == "/sign-in/"
        knock(user, GOOD, client)
        user.set_password("Winter-Plum-9")
        user.save()
        at = NINE + timedelta(seconds=601)
        assert client.post("/sign-in/code/", {"code": code_of(secret, at)})["Location"] == "/sign-in/"


def test_it_is_switched_off_and_its_codes_renewed_only_with_a_code(client, enrolled):
    user, secret, codes = enrolled
    client.force_login(user)
    with time_machine.travel(NINE, tick=False) as clock:
        assert "验证码不对" in said(client.post("/account/second-factor/", {"code": "000000", "off": ""}))
        assert second_factor.has_second_factor(user)
        fresh = client.post("/account/second-factor/", {"code": code_of(secret, NINE), "renew": ""}).context[
            "codes"
        ]
        assert not set(fresh) & set(codes)
        clock.shift(timedelta(seconds=60))
        code = code_of(secret, NINE + timedelta(seconds=60))
        assert client.post("/account/second-factor/", {"code": code, "off": ""}).status_code == 302
    assert not second_factor.has_second_factor(user)
    assert not RecoveryCode.objects.exists()


def test_where_a_post_requires_it_everything_else_is_closed_until_it_is_on(client, clerk, settings):  # noqa: F811
    settings.SECOND_FACTOR_FOR = frozenset({"CLERK"})
    client.force_login(clerk)
    assert client.get("/account/")["Location"] == "/account/second-factor/?next=%2Faccount%2F"
    secret = client.get("/account/second-factor/").context["secret"].replace(" ", "")
    with time_machine.travel(NINE, tick=False):
        client.post("/account/second-factor/", {"code": code_of(secret, NINE)})
        assert client.get("/account/").status_code == 200
        client.post(
            "/account/second-factor/", {"code": code_of(secret, NINE + timedelta(seconds=30)), "off": ""}
        )
        assert client.get("/account/")["Location"].startswith("/account/second-factor/")


def test_a_new_secret_key_with_its_fallback_still_reads_what_the_old_one_wrote(enrolled, settings):
    user, secret, codes = enrolled
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another one"
    second_factor.check_code(user, code_of(secret, NINE), at=NINE)
    second_factor.check_code(user, codes[0], at=NINE)
