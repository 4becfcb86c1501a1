"""``manage.py appoint``: how an empty site gets its first three duties."""

import re

import pytest
from django.core.management import CommandError, call_command

from branches.models import User
from common.models import AuditEntry
from tests.factories import make_organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def top():
    return make_organization("WORK_COMMITTEE")


def test_an_account_is_made_its_password_printed_once_and_the_post_granted(top, capsys):
    call_command("appoint", "zhou", "ADMINISTRATOR", top.code, name="周建国")
    password = re.search(r"[A-Z0-9]{4}(-[A-Z0-9]{4}){3}", capsys.readouterr().out)[0]
    user = User.objects.get(username="zhou")
    assert user.check_password(password)
    assert user.must_change_password
    assert user.posts.get().role == "ADMINISTRATOR"
    assert list(AuditEntry.objects.order_by("pk").values_list("kind", "actor")) == [
        ("ACCOUNT", None),
        ("POST", None),
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("zhou", "ADMINISTRATOR", "nowhere"), "没有编码为 nowhere"),
        (("zhou", "ADMINISTRATOR", None), "没有账号 zhou"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(top, words, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("appoint", *(word or top.code for word in words))
    assert not User.objects.exists()


def test_two_duties_for_one_person_leave_nothing_behind(top):
    call_command("appoint", "zhou", "ADMINISTRATOR", top.code, name="周建国")
    with pytest.raises(CommandError, match="三"):
        call_command("appoint", "zhou", "AUDITOR", top.code)
    assert User.objects.get().posts.count() == 1
