"""The door: lock-out, initial passwords, reasons for a session's end, and what the audit log keeps of it."""

import threading
from datetime import date, timedelta

import pytest
import time_machine
from django.contrib.auth import authenticate
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from django.utils import translation

from branches import lockout
from branches.backends import AccountBackend
from branches.models import Tries, User
from branches.passwords import give_initial_password
from common.clock import moment, now
from common.models import AuditEntry
from config.urls import handler400, handler403, handler404, handler500  # noqa: F401
from config.urls import urlpatterns as product
from tests.factories import make_organization, make_post, make_user

pytestmark = pytest.mark.django_db
GOOD = "Plum-Blossom-7"
NINE = moment(date(2026, 3, 2), 9)


@pytest.fixture(autouse=True)
def language():
    yield
    translation.deactivate()


@pytest.fixture
def clerk():
    user = make_user("王芳")
    user.set_password(GOOD)
    user.save()
    make_post(make_organization("COMMITTEE"), "CLERK", user=user)
    return user


def knock(user, password, client=None, address="10.0.0.1", **more):
    client = client or Client()
    return client.post(
        "/sign-in/", {"username": user.username, "password": password, **more}, REMOTE_ADDR=address
    )


def said(answer):
    return answer.content.decode()


def kinds():
    return list(AuditEntry.objects.order_by("pk").values_list("kind", flat=True))


# lock-out -------------------------------------------------------------------------------------------------------------


def test_five_wrong_tries_close_the_account_for_five_minutes_from_that_address(clerk):
    with time_machine.travel(NINE, tick=False) as clock:
        for _try in range(4):
            assert "账号或密码不正确" in said(knock(clerk, "wrong"))
        assert "错误次数过多，此账号已在本机锁定。请 5 分钟后再试" in said(knock(clerk, "wrong"))
        assert knock(clerk, GOOD).status_code == 200
        assert knock(clerk, GOOD, address="10.0.0.2").status_code == 302
        clock.shift(timedelta(seconds=241))
        assert "请 1 分钟后再试" in said(knock(clerk, GOOD))
        clock.shift(timedelta(seconds=60))
        assert knock(clerk, GOOD).status_code == 302


def test_knocking_during_the_lock_does_not_prolong_it(clerk):
    with time_machine.travel(NINE, tick=False) as clock:
        for _try in range(5):
            knock(clerk, "wrong")
        for _try in range(10):
            clock.shift(timedelta(seconds=29))
            knock(clerk, "wrong")
        clock.shift(timedelta(seconds=11))
        assert knock(clerk, GOOD).status_code == 302


def test_a_success_forgets_the_wrong_tries_before_it(clerk):
    for _round in range(3):
        for _try in range(4):
            knock(clerk, "wrong")
        assert knock(clerk, GOOD).status_code == 302
    assert not Tries.objects.exists()


def test_slow_mistakes_do_not_add_up(clerk):
    with time_machine.travel(NINE, tick=False) as clock:
        for _try in range(12):
            assert "账号或密码不正确" in said(knock(clerk, "wrong"))
            clock.shift(timedelta(seconds=301))


def test_of_guesses_sent_together_no_more_than_five_are_looked_at(clerk):
    """Counted before the password is looked at: the counter cannot be outrun."""
    charged = [lockout.charge(clerk.username, address="10.0.0.1", at=NINE) for _guess in range(20)]
    assert charged == [0] * 5 + [300] * 15


def test_the_lock_stands_before_every_door_that_asks_for_a_password(clerk):
    request = RequestFactory().post("/api/", REMOTE_ADDR="10.0.0.1")
    for _try in range(5):
        authenticate(request, username=clerk.username, password="wrong")
    assert authenticate(request, username=clerk.username, password=GOOD) is None
    with pytest.raises(PermissionDenied):
        AccountBackend().authenticate(request, username=clerk.username, password=GOOD)


def test_tries_of_yesterday_are_not_kept(clerk):
    lockout.charge("somebody", address="10.0.0.1", at=NINE)
    lockout.charge("else", address="10.0.0.1", at=NINE + timedelta(days=1, seconds=1))
    assert list(Tries.objects.values_list("account", flat=True)) == ["else"]


def test_behind_our_proxy_the_address_is_the_one_the_proxy_saw(clerk, settings):
    settings.PROXIES = 1
    for number in range(5):
        Client().post(
            "/sign-in/",
            {"username": clerk.username, "password": "wrong"},
            headers={"X-Forwarded-For": f"203.0.113.{number}, 10.0.0.9"},
        )
    assert set(AuditEntry.objects.values_list("address", flat=True)) == {"10.0.0.9"}
    assert kinds()[-1] == "LOCKED_OUT"


# the audit log --------------------------------------------------------------------------------------------------------


def test_sign_in_wrong_password_lock_and_sign_out_are_each_a_line_with_account_and_address(clerk):
    client = Client()
    for _try in range(7):
        knock(clerk, "wrong", client)
    knock(clerk, GOOD, client, address="10.0.0.2")
    client.post("/sign-out/", REMOTE_ADDR="10.0.0.2")
    assert kinds() == ["SIGN_IN_FAILED"] * 5 + ["LOCKED_OUT", "SIGN_IN", "SIGN_OUT"]
    first, last = AuditEntry.objects.order_by("pk")[0], AuditEntry.objects.order_by("-pk")[0]
    assert (first.account, first.actor, first.success, first.address) == (
        clerk.username,
        None,
        False,
        "10.0.0.1",
    )
    assert (last.actor, last.success, last.address) == (clerk, True, "10.0.0.2")


def test_no_password_ever_reaches_the_audit_log(clerk):
    knock(clerk, "Secret-Guess-1")
    knock(clerk, GOOD)
    everything = str(list(AuditEntry.objects.values()))
    assert clerk.username in everything
    assert "Secret-Guess-1" not in everything
    assert GOOD not in everything


def test_a_refusal_of_a_signed_in_person_is_a_line(client, clerk):
    client.force_login(clerk)
    assert client.get("/audit/?q=somebody").status_code == 403
    entry = AuditEntry.objects.get(kind="REFUSAL")
    assert (entry.actor, entry.success) == (clerk, False)
    assert entry.data == {"method": "GET", "path": "/audit/"}


def test_what_a_stranger_is_refused_is_no_line(client):
    Client(enforce_csrf_checks=True).post("/sign-in/", {"username": "a", "password": "b"})
    assert kinds() == []


# initial passwords ----------------------------------------------------------------------------------------------------


@pytest.fixture
def newcomer():
    user = make_user("李新")
    password = give_initial_password(user, at=now())
    user.save()
    make_post(make_organization("BRANCH"), "SECRETARY", user=user)
    return user, password


def test_an_initial_password_opens_only_the_page_that_replaces_it(newcomer):
    user, password = newcomer
    client = Client()
    assert knock(user, password, client, next="/tasks/").status_code == 302
    for page in ("/", "/tasks/", "/account/", "/users/"):
        answer = client.get(page)
        assert answer.status_code == 302, page
        assert answer["Location"].startswith("/account/password/?next=%2F")
    part = client.get("/tasks/", headers={"HX-Request": "true"})
    assert (part.status_code, part["HX-Redirect"]) == (204, "/account/password/")
    assert "初始密码首次登录" in said(client.get("/account/password/"))
    answer = client.post("/account/password/?next=/tasks/", {"new": GOOD, "again": GOOD})
    assert (answer.status_code, answer["Location"]) == (302, "/tasks/")
    assert client.get("/account/").status_code == 200
    user.refresh_from_db()
    assert (user.must_change_password, user.initial_until) == (False, None)
    assert knock(user, password).status_code == 200
    assert knock(user, GOOD).status_code == 302


@login_not_required
def for_programs(request):
    return HttpResponse("everything")


urlpatterns = [path("api/v1/tasks/", for_programs), *product]


def test_programs_are_closed_to_an_initial_password_too(newcomer, settings):
    settings.ROOT_URLCONF = __name__
    user, password = newcomer
    client = Client()
    knock(user, password, client)
    answer = client.get("/api/v1/tasks/")
    assert (answer.status_code, answer.json()["code"]) == (403, "account_incomplete")
    assert client.get("/healthz").status_code == 200


def test_leaving_is_possible_before_the_password_is_changed(newcomer):
    user, password = newcomer
    client = Client()
    knock(user, password, client)
    assert client.post("/sign-out/").status_code == 302
    assert client.get("/account/password/")["Location"].startswith("/sign-in/")


def test_an_initial_password_left_unused_for_too_long_opens_nothing_and_says_so(newcomer):
    user, password = newcomer
    with time_machine.travel(now() + timedelta(days=31), tick=False):
        assert "此初始密码已过期" in said(knock(user, password))
        assert "账号或密码不正确" in said(knock(user, "wrong"))


def test_the_initial_password_is_stored_without_a_slow_hash_and_replaced_at_its_first_use(newcomer):
    user, password = newcomer
    assert user.password.startswith("initial$")
    assert password not in user.password
    knock(user, password)
    assert not User.objects.get(pk=user.pk).password.startswith("initial$")


# passwords ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("Ab1-xyz", "8"),
        ("lowercaseonly", "须包含以下至少 3 类"),
        ("lowercase123", "须包含以下至少 3 类"),
        ("Password123", "太常见"),
        ("Wangfang-1", "相似"),
        (GOOD, "不能与现有密码相同"),
    ],
)
def test_a_bad_new_password_is_refused_with_its_rule(client, clerk, password, sentence):
    clerk.username = "wangfang"
    clerk.save()
    client.force_login(clerk)
    answer = client.post("/account/password/", {"old": GOOD, "new": password, "again": password})
    assert answer.status_code == 200
    assert sentence in said(answer)
    clerk.refresh_from_db()
    assert clerk.check_password(GOOD)


def test_the_present_password_must_be_known_and_the_new_one_typed_alike_twice(client, clerk):
    client.force_login(clerk)
    assert "现有密码不对" in said(
        client.post("/account/password/", {"old": "x", "new": "New-Garden-8", "again": "New-Garden-8"})
    )
    assert "两次输入的新密码不一致" in said(
        client.post("/account/password/", {"old": GOOD, "new": "New-Garden-8", "again": "New-Garden-9"})
    )
    clerk.refresh_from_db()
    assert clerk.check_password(GOOD)


def test_a_password_older_than_ninety_days_must_be_changed_first(client, clerk, settings):
    settings.PASSWORD_MAX_AGE_DAYS = 90
    User.objects.filter(pk=clerk.pk).update(password_changed_at=NINE)
    with time_machine.travel(NINE + timedelta(days=90), tick=False):
        client.force_login(clerk)
        assert client.get("/account/").status_code == 200
    with time_machine.travel(NINE + timedelta(days=90, seconds=1), tick=False):
        assert client.get("/account/")["Location"].startswith("/account/password/")
        assert "超过 90 天" in said(client.get("/account/password/"))


# how sessions end -----------------------------------------------------------------------------------------------------


def test_a_session_left_idle_is_over_and_the_door_says_why_and_leads_back(client, clerk, settings):
    settings.IDLE_SECONDS = 600
    with time_machine.travel(NINE, tick=False) as clock:
        client.force_login(clerk)
        for _visit in range(4):
            clock.shift(timedelta(seconds=600))
            assert client.get("/account/").status_code == 200
        clock.shift(timedelta(seconds=601))
        answer = client.get("/account/?tab=1")
        assert answer["Location"] == "/sign-in/?next=/account/%3Ftab%3D1"
        door = client.get(answer["Location"])
        assert "长时间未操作" in said(door)
        assert "长时间未操作" not in said(client.get(answer["Location"]))
        back = client.post(
            answer["Location"], {"username": clerk.username, "password": GOOD, "next": "/account/?tab=1"}
        )
        assert back["Location"] == "/account/?tab=1"


def test_the_reason_outlives_the_part_of_a_page_that_noticed_it(client, clerk, settings):
    settings.IDLE_SECONDS = 600
    with time_machine.travel(NINE, tick=False) as clock:
        client.force_login(clerk)
        clock.shift(timedelta(hours=1))
        part = client.get(
            "/account/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/account/"}
        )
        assert (part.status_code, part["HX-Refresh"]) == (204, "true")
        assert "长时间未操作" in said(client.get("/account/", follow=True))


def test_a_form_sent_too_late_leads_back_to_the_page_it_stood_on(client, clerk, settings):
    settings.IDLE_SECONDS = 600
    with time_machine.travel(NINE, tick=False) as clock:
        client.force_login(clerk)
        clock.shift(timedelta(hours=1))
        answer = client.post(
            "/account/sign-out-elsewhere/", headers={"Referer": "http://testserver/account/?a=1"}
        )
        assert answer["Location"] == "/sign-in/?next=%2Faccount%2F%3Fa%3D1"
        strange = client.post(
            "/account/sign-out-elsewhere/", headers={"Referer": "http://evil.example/account/"}
        )
        assert strange["Location"] == "/sign-in/?next=%2F"


def sessions_of(clerk, number=2):
    found = [Client() for _n in range(number)]
    for client in found:
        client.force_login(clerk)
        assert client.get("/account/").status_code == 200
    return found


def test_a_disabled_account_is_out_of_all_sessions_at_the_next_request(clerk):
    one, other = sessions_of(clerk)
    User.objects.filter(pk=clerk.pk).update(is_active=False)
    for client in (one, other):
        assert client.get("/account/").status_code == 302
        assert "此账号已停用" in said(
            client.get("/account/", follow=True) if client is other else client.get("/sign-in/")
        )
    assert "该账号已停用" in said(knock(clerk, GOOD))
    assert "账号或密码不正确" in said(knock(clerk, "wrong"))


def test_a_new_password_ends_every_other_session(clerk):
    here, elsewhere = sessions_of(clerk)
    new = "Winter-Plum-9"
    assert here.post("/account/password/", {"old": GOOD, "new": new, "again": new}).status_code == 302
    assert here.get("/account/").status_code == 200
    assert "密码已修改，或此账号已在其他地方统一退出" in said(elsewhere.get("/account/", follow=True))
    assert kinds()[-1] == "PASSWORD"


def test_everywhere_else_is_signed_out_at_one_press(clerk):
    here, elsewhere = sessions_of(clerk)
    assert here.post("/account/sign-out-elsewhere/").status_code == 302
    assert here.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302


def test_a_withdrawn_post_ends_its_rights_in_all_sessions_and_is_told_plainly(clerk):
    post = clerk.posts.get()
    sessions = sessions_of(clerk)
    post.until = date(2026, 3, 1)
    post.save()
    for client in sessions:
        assert f"您最近的任职（{post.title}）已于2026年3月1日结束" in said(client.get("/account/"))


def test_a_person_comes_back_only_to_pages_of_this_site(clerk):
    assert knock(clerk, GOOD, next="https://evil.example/")["Location"] == "/"


def test_the_first_page_says_that_the_last_post_has_ended(client, clerk):
    post = clerk.posts.get()
    post.until = date(2026, 3, 1)
    post.save()
    client.force_login(clerk)
    page = said(client.get("/"))
    assert "您目前已没有任职" in page
    assert f"您最近的任职（{post.title}）已于 2026-03-01 结束" in page


@pytest.mark.parametrize("name", ["LOCKOUT_TRIES", "LOCKOUT_SECONDS"])
def test_a_number_set_to_nothing_turns_the_lock_off(clerk, settings, name):
    setattr(settings, name, 0)
    for _try in range(7):
        knock(clerk, "wrong")
    assert knock(clerk, GOOD).status_code == 302


def test_initial_passwords_may_be_set_to_last(clerk, settings):
    settings.INITIAL_PASSWORD_DAYS = 0
    give_initial_password(clerk, at=NINE)
    assert clerk.initial_until is None


@pytest.mark.django_db(transaction=True)
def test_not_even_threads_outrun_the_counter():
    start, charged = threading.Barrier(12), []

    def guess():
        start.wait()
        try:
            charged.append(lockout.charge("somebody", address="10.0.0.1", at=NINE))
        finally:
            connection.close()

    threads = [threading.Thread(target=guess) for _guess in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(charged) == [0] * 5 + [300] * 7
