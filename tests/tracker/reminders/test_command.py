"""``manage.py send_reminders``: the sweep by hand, at a moment."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from common.leases import last_completed
from tests.tracker.reminders.helpers import (
    shares,
    state_of_everything,
)

pytestmark = pytest.mark.django_db


def test_the_command_sends_at_a_moment_and_twice_changes_nothing(world, capsys):
    shares(world, 2)
    with translation.override("zh-hans"):
        call_command("send_reminders", "--at", "2026-04-01T09:00")
        first = capsys.readouterr().out
        before = state_of_everything()
        call_command("send_reminders", "--at", "2026-04-01")
        second = capsys.readouterr().out
    assert "记录逾期 4 条" in first
    assert "生成 4 条，发送 4 条（2 人），不再需要 0 条，错过 8 条。" in first
    assert "生成 0 条，发送 0 条（0 人），不再需要 0 条，错过 0 条。" in second
    assert state_of_everything() == before


def test_the_command_for_another_moment_is_no_sign_of_life(world):
    call_command("send_reminders", "--at", "2030-04-01T09:00:00+08:00")
    assert last_completed("sweep") is None
    call_command("send_reminders")
    assert last_completed("sweep") is not None


def test_the_command_says_when_it_is_no_time_for_reminders(world, capsys):
    with translation.override("zh-hans"):
        call_command("send_reminders", "--at", "2026-04-04T09:00")
    assert capsys.readouterr().out == "提醒只在工作日 08:30 至 18:00 发送，本次未发送。\n"


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01", "2026-04-01T25:00", ""])
def test_the_command_refuses_what_is_no_moment(text):
    with pytest.raises(CommandError) as refusal:
        call_command("send_reminders", "--at", text)
    assert "2026-07-01" in str(refusal.value)
