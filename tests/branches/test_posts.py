"""Appointing, ending and handing over posts."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import DatabaseError, transaction

from branches.models import Post
from branches.posts import appoint, end_post, hand_over
from common.clock import moment
from common.errors import Refused
from common.models import AuditEntry
from tests.factories import make_user

pytestmark = pytest.mark.django_db
AT = moment(date(2026, 3, 2))


def test_a_hand_over_ends_one_post_and_starts_another_without_a_gap(world):
    old = Post.objects.get(user=world.secretary.user)
    new = hand_over(old, to=make_user("新书记"), since=date(2026, 4, 1), by=None, at=AT)
    old.refresh_from_db()
    assert (old.until, new.since, new.role) == (date(2026, 3, 31), date(2026, 4, 1), old.role)
    entries = AuditEntry.objects.filter(kind=AuditEntry.Kind.POST).order_by("pk")
    assert [entry.data["act"] for entry in entries] == ["end", "appoint"]


@pytest.mark.parametrize("second", ["SECURITY_OFFICER", "AUDITOR"])
def test_the_three_system_duties_are_three_people(world, second):
    user = make_user()
    first = appoint(
        user, organization=world.top, role="ADMINISTRATOR", since=date(2026, 1, 1), by=None, at=AT
    )
    with pytest.raises(Refused):
        appoint(user, organization=world.top, role=second, since=date(2026, 3, 1), by=None, at=AT)
    end_post(first, last_day=date(2026, 2, 28), by=None, at=AT)
    assert appoint(user, organization=world.top, role=second, since=date(2026, 3, 1), by=None, at=AT)


def test_the_same_post_is_not_given_twice_at_one_time(world):
    user = world.secretary.user
    with pytest.raises(Refused):
        appoint(user, organization=world.branch, role="SECRETARY", since=date(2026, 3, 1), by=None, at=AT)
    assert Post.objects.filter(user=user).count() == 1


def test_a_post_cannot_end_before_it_starts(world):
    post = Post.objects.get(user=world.secretary.user)
    with pytest.raises(Refused) as refusal:
        end_post(post, last_day=date(2019, 1, 1), by=None, at=AT)
    assert list(refusal.value.fields) == ["last_day"]


def test_the_audit_log_cannot_be_changed(world):
    appoint(make_user(), organization=world.top, role="AUDITOR", since=date(2026, 1, 1), by=None, at=AT)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.all().delete()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.update(success=False)
