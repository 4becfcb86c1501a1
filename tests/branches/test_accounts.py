"""Who looks after whose account: the three duties apart, each within its subtree, and nobody after their own."""

from datetime import date

import pytest
from django.test import Client
from django.utils import translation

from branches import accounts, second_factor
from branches.access import Actor
from branches.models import Post, User
from common.clock import moment, now, today
from common.errors import NotAllowed, Refused
from common.models import AuditEntry
from tests.factories import make_organization, make_post, make_user

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 2)
NINE = moment(DAY, 9)


@pytest.fixture(autouse=True)
def language():
    yield
    translation.deactivate()


class Offices:
    """A city committee with two bureaus; the first has duties of its own."""

    def __init__(self):
        self.top = make_organization("WORK_COMMITTEE", name="市直机关工委")
        self.bureau = make_organization("COMMITTEE", parent=self.top, name="城管局机关党委")
        self.branch = make_organization("BRANCH", parent=self.bureau, name="城管局一支部")
        self.other = make_organization("COMMITTEE", parent=self.top, name="财政局机关党委")
        self.admin = self.holder(self.top, "ADMINISTRATOR")
        self.officer = self.holder(self.top, "SECURITY_OFFICER")
        self.auditor = self.holder(self.top, "AUDITOR")
        self.low_admin = self.holder(self.bureau, "ADMINISTRATOR")
        self.low_officer = self.holder(self.bureau, "SECURITY_OFFICER")
        self.low_auditor = self.holder(self.bureau, "AUDITOR")
        self.secretary = make_post(self.branch, "SECRETARY").user
        self.stranger = make_post(self.other, "SECRETARY").user

    def holder(self, organization, role):
        return make_post(organization, role, user=make_user(f"{organization.short_name}{role}")).user


@pytest.fixture
def offices():
    return Offices()


def acting(user):
    return Actor.on(user, today())


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


# who sees whom --------------------------------------------------------------------------------------------------------


def test_a_keeper_sees_the_accounts_of_their_subtree_and_no_others(offices):
    seen = set(accounts.accounts_kept_by(acting(offices.low_admin)))
    assert seen == {
        offices.low_admin,
        offices.low_officer,
        offices.low_auditor,
        offices.secretary,
    }
    assert set(accounts.accounts_kept_by(acting(offices.admin))) == set(User.objects.all())


def test_an_account_stays_in_sight_after_its_post_has_ended(offices):
    Post.objects.filter(user=offices.secretary).update(until=date(2025, 1, 1))
    assert offices.secretary in accounts.accounts_kept_by(acting(offices.low_admin))


def test_an_account_that_belongs_nowhere_is_seen_at_a_root_alone(offices):
    nobody = make_user()
    assert nobody in accounts.accounts_kept_by(acting(offices.admin))
    assert nobody not in accounts.accounts_kept_by(acting(offices.low_admin))


def test_business_posts_and_auditors_look_after_no_account(offices):
    for user in (offices.secretary, offices.auditor):
        assert list(accounts.accounts_kept_by(acting(user))) == []
        client = signed_in(user)
        for path in ("/users/", "/users/new/", f"/users/{offices.stranger.pk}/"):
            assert client.get(path).status_code == 403, path
        assert client.post(f"/users/{offices.stranger.pk}/reset_password/").status_code == 403


def test_an_account_out_of_sight_is_404_for_every_act(offices):
    client = signed_in(offices.low_admin)
    pk = offices.stranger.pk
    assert client.get(f"/users/{pk}/").status_code == 404
    assert client.get("/users/999999/").status_code == 404
    for act in ("reset_password", "disable", "enable", "reset_second_factor", "posts"):
        assert client.post(f"/users/{pk}/{act}/").status_code == 404, act
    post = offices.stranger.posts.get()
    assert client.post(f"/users/{pk}/posts/{post.pk}/end/").status_code == 404


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_asks_the_same_number_of_questions_for_one_row_and_for_three(
    offices, number, django_assert_num_queries
):
    for _n in range(number - 1):
        make_post(offices.branch, "MEMBER")
    client = signed_in(offices.admin)
    client.get("/users/")
    with django_assert_num_queries(6):
        assert client.get("/users/?q=人员").status_code == 200


def test_the_list_is_searched_filtered_and_paged(offices, monkeypatch):
    monkeypatch.setattr("branches.views.users.PAGE", 2)
    client = signed_in(offices.admin)
    first = client.get("/users/")
    assert len(first.context["rows"]) == 2
    second = client.get("/users/", {"after": first.context["next"]})
    assert not {row.pk for row in first.context["rows"]} & {row.pk for row in second.context["rows"]}
    found = client.get("/users/", {"q": offices.secretary.name})
    assert [row.pk for row in found.context["rows"]] == [offices.secretary.pk]
    User.objects.filter(pk=offices.stranger.pk).update(is_active=False)
    assert [row.pk for row in client.get("/users/?state=disabled").context["rows"]] == [offices.stranger.pk]
    assert client.get("/users/?q=%00&after=%00&state=nonsense").status_code == 200
    assert "没有这样的账号" in client.get("/users/?q=nobody-of-that-name").content.decode()


# making accounts ------------------------------------------------------------------------------------------------------


def test_a_new_account_is_handed_over_with_a_password_shown_once(offices):
    client = signed_in(offices.low_admin)
    given = {"username": "liming", "name": "李明", "email": "", "organization": offices.branch.code}
    answer = client.post("/users/new/", given)
    password = answer.context["password"]
    assert password in answer.content.decode()
    assert answer["Cache-Control"].startswith("max-age=0")
    user = User.objects.get(username="liming")
    assert (user.organization, user.must_change_password) == (offices.branch, True)
    assert user.check_password(password)
    assert password not in client.get(f"/users/{user.pk}/").content.decode()
    entry = AuditEntry.objects.get(kind="ACCOUNT")
    assert (entry.actor, entry.data["act"], entry.data["account"]) == (offices.low_admin, "create", "liming")
    assert password not in str(entry.data)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"username": "li ming"}, "不含空格"),
        ({"username": "x"}, "账号为 2 至 150 个字母"),
        ({"username": "taken"}, "账号 taken 已存在"),
        ({"name": "  "}, "必填"),
        ({"organization": "no such code"}, "没有这个党组织"),
        ({"organization": "财政局机关党委"}, "没有这个党组织"),
        ({"email": "nobody@"}, "地址"),
    ],
)
def test_a_bad_entry_is_refused_with_its_reason_and_what_was_typed_is_kept(offices, given, sentence):
    make_user().__class__.objects.filter(pk=make_user().pk).update(username="taken")
    before = User.objects.count()
    typed = {"username": "liming", "name": "李明", "email": "", "organization": offices.branch.code} | given
    answer = signed_in(offices.low_admin).post("/users/new/", typed)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert typed["username"] in answer.content.decode()
    assert User.objects.count() == before


def test_only_an_administrator_makes_accounts_and_only_below(offices):
    assert signed_in(offices.officer).get("/users/new/").status_code == 403
    with pytest.raises(NotAllowed, match="您不负责管理此党组织的账号"):
        accounts.create_account(
            username="x1", name="x", organization=offices.other, actor=acting(offices.low_admin), at=now()
        )


# acts on accounts -----------------------------------------------------------------------------------------------------

ADMIN, OFFICER = "只有系统管理员可以这样做", "只有安全管理员可以这样做"
BOTH = "只有系统管理员或安全管理员可以这样做"
OWN, OUTSIDE = "本人的账号须由其他同岗人员管理", "还属于您负责范围以外的党组织"


@pytest.mark.parametrize(
    ("who", "act", "whom", "refusal"),
    [
        ("low_admin", "reset_password", "secretary", None),
        ("low_admin", "disable", "secretary", None),
        ("low_admin", "reset_second_factor", "secretary", OFFICER),
        ("low_officer", "reset_second_factor", "secretary", None),
        ("low_officer", "disable", "secretary", None),
        ("low_officer", "reset_password", "secretary", ADMIN),
        ("low_officer", "enable", "secretary", ADMIN),
        # The accounts of the three duties: an administrator must not become the auditor by a new password.
        ("low_admin", "reset_password", "low_auditor", OFFICER),
        ("low_admin", "disable", "low_officer", OFFICER),
        ("low_officer", "reset_password", "low_admin", None),
        ("low_officer", "reset_password", "low_officer", OWN),
        ("low_admin", "disable", "low_admin", OWN),
    ],
)
def test_each_act_belongs_to_one_duty(offices, who, act, whom, refusal):
    actor, user = acting(getattr(offices, who)), getattr(offices, whom)
    given = {"actor": actor, "at": now()}
    if refusal is None:
        getattr(accounts, act)(user, **given)
        assert AuditEntry.objects.filter(kind="ACCOUNT", actor=actor.user).count() == 1
    else:
        with pytest.raises(NotAllowed, match=refusal):
            getattr(accounts, act)(user, **given)
        assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("act", ["reset_password", "disable"])
def test_a_person_who_also_holds_a_post_above_is_beyond_the_lower_administrator(offices, act):
    """Else whoever keeps a small branch could take over its most powerful member."""
    make_post(offices.top, "CLERK", user=offices.secretary)
    with pytest.raises(NotAllowed, match=OUTSIDE):
        getattr(accounts, act)(offices.secretary, actor=acting(offices.low_admin), at=now())
    getattr(accounts, act)(offices.secretary, actor=acting(offices.admin), at=now())


def test_a_new_initial_password_ends_sessions_and_lifts_the_lock(offices):
    session = signed_in(offices.secretary)
    answer = signed_in(offices.admin).post(f"/users/{offices.secretary.pk}/reset_password/")
    password = answer.context["password"]
    assert session.get("/account/").status_code == 302
    client = Client()
    door = client.post("/sign-in/", {"username": offices.secretary.username, "password": password})
    assert door.status_code == 302
    assert client.get("/account/")["Location"].startswith("/account/password/")


def test_disabling_and_enabling_through_the_page(offices):
    client, session = signed_in(offices.low_admin), signed_in(offices.secretary)
    page = f"/users/{offices.secretary.pk}/"
    assert client.post(page + "disable/").status_code == 302
    assert session.get("/account/").status_code == 302
    assert "启用账号" in client.get(page).content.decode()
    assert client.post(page + "enable/").status_code == 302
    offices.secretary.refresh_from_db()
    assert offices.secretary.is_active
    # Sessions of before stay ended.
    assert session.get("/account/").status_code == 302
    assert client.post(page + "promote/").status_code == 404
    assert client.get(page + "disable/").status_code == 405


def test_a_lost_phone_is_a_matter_for_the_security_officer(offices):
    import pyotp

    secret = second_factor.begin_enrolment(offices.secretary)
    second_factor.confirm_enrolment(offices.secretary, pyotp.TOTP(secret).at(NINE), at=NINE)
    page = f"/users/{offices.secretary.pk}/"
    assert "只有安全管理员可以这样做" in signed_in(offices.low_admin).get(page).content.decode()
    assert signed_in(offices.low_admin).post(page + "reset_second_factor/").status_code == 403
    assert signed_in(offices.low_officer).post(page + "reset_second_factor/").status_code == 302
    assert not second_factor.has_second_factor(offices.secretary)


# posts ----------------------------------------------------------------------------------------------------------------


def test_a_security_officer_grants_and_ends_posts_below(offices):
    client = signed_in(offices.low_officer)
    page = f"/users/{offices.secretary.pk}/"
    given = {"organization": offices.bureau.code, "role": "CLERK", "since": "2026-01-01", "until": ""}
    assert client.post(page + "posts/", given).status_code == 302
    post = offices.secretary.posts.get(role="CLERK")
    assert (post.organization, post.since) == (offices.bureau, date(2026, 1, 1))
    assert client.post(f"{page}posts/{post.pk}/end/", {"last_day": "2026-02-01"}).status_code == 302
    post.refresh_from_db()
    assert post.until == date(2026, 2, 1)
    acts = [entry.data["act"] for entry in AuditEntry.objects.filter(kind="POST").order_by("pk")]
    assert acts == ["appoint", "end"]


def test_nobody_grants_themselves_a_post_and_no_administrator_grants_any(offices):
    for user, whom in ((offices.low_officer, offices.low_officer), (offices.low_admin, offices.secretary)):
        with pytest.raises(NotAllowed):
            accounts.grant_post(
                whom, organization=offices.branch, role="CLERK", since=DAY, actor=acting(user), at=NINE
            )
    given = {"organization": offices.branch.code, "role": "CLERK", "since": "2026-01-01"}
    page = f"/users/{offices.low_officer.pk}/posts/"
    assert signed_in(offices.low_officer).post(page, given).status_code == 403


def test_no_post_is_granted_or_ended_outside_the_officers_subtree(offices):
    actor = acting(offices.low_officer)
    with pytest.raises(NotAllowed, match="此党组织不在您的负责范围内"):
        accounts.grant_post(
            offices.secretary, organization=offices.top, role="CLERK", since=DAY, actor=actor, at=NINE
        )
    above = make_post(offices.top, "CLERK", user=offices.secretary)
    with pytest.raises(NotAllowed, match="此党组织不在您的负责范围内"):
        accounts.withdraw_post(above, last_day=DAY, actor=actor, at=NINE)
    page = f"/users/{offices.secretary.pk}/posts/"
    given = {"organization": offices.top.code, "role": "CLERK", "since": "2026-01-01"}
    answer = signed_in(offices.low_officer).post(page, given)
    assert answer.status_code == 422
    assert "没有这个党组织" in answer.content.decode()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"role": "EMPEROR"}, "EMPEROR"),
        ({"since": "soon"}, "日期"),
        ({"until": "2025-12-31"}, "任职结束日期不能早于开始日期"),
    ],
)
def test_a_post_that_cannot_be_is_refused_and_what_was_typed_is_kept(offices, given, sentence):
    typed = {"organization": offices.branch.code, "role": "MEMBER", "since": "2026-01-01"} | given
    answer = signed_in(offices.low_officer).post(f"/users/{offices.secretary.pk}/posts/", typed)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert offices.branch.code in answer.content.decode()
    assert offices.secretary.posts.count() == 1


def test_an_impossible_last_day_is_refused(offices):
    post = offices.secretary.posts.get()
    page = f"/users/{offices.secretary.pk}/posts/{post.pk}/end/"
    client = signed_in(offices.low_officer)
    assert client.post(page, {"last_day": "never"}).status_code == 400
    assert client.post(page, {"last_day": "2019-12-31"}).status_code == 400
    post.refresh_from_db()
    assert post.until is None


def test_duties_are_still_not_held_together_through_the_page(offices):
    with pytest.raises(Refused, match="三"):
        accounts.grant_post(
            offices.low_admin,
            organization=offices.bureau,
            role="AUDITOR",
            since=DAY,
            actor=acting(offices.low_officer),
            at=NINE,
        )
