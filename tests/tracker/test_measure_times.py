"""When a measure falls due and whom it reaches, beyond a plain day and all of a kind."""

from __future__ import annotations

from datetime import date

import pytest

from branches.models import Tag
from common.clock import moment
from common.errors import NotAllowed, Refused
from common.periods import Period
from common.workdays import Calendar
from tests.factories import World, issue, make_measure, make_plan
from tracker.fan_out import fan_out
from tracker.issuing import preview
from tracker.models import Event, Measure, Task
from tracker.occurrences import occurrences_of
from tracker.plans import declare_event
from tracker.transitions import perform

H1 = Period.parse("2026H1")
SPRING = date(2026, 1, 5)
MARCH = moment(date(2026, 3, 2))


def test_a_weekly_measure_falls_due_on_the_last_working_day_of_each_week():
    calendar = Calendar({date(2026, 1, 16): False, date(2026, 1, 18): True})
    measure = Measure(cadence=Measure.Cadence.WEEKLY)
    found = occurrences_of(measure, period=H1, since=SPRING, calendar=calendar)
    assert [(o.label, o.due) for o in found[:3]] == [
        ("2026-W02", date(2026, 1, 9)),
        ("2026-W03", date(2026, 1, 18)),
        ("2026-W04", date(2026, 1, 23)),
    ]
    assert found[-1].label == "2026-W26"
    week_off = Calendar({date(2026, 1, day): False for day in range(5, 10)})
    assert occurrences_of(measure, period=H1, since=SPRING, calendar=week_off)[0].label == "2026-W03"


def test_a_recurring_measure_with_a_window_begins_with_it():
    measure = Measure(cadence=Measure.Cadence.MONTHLY, starts_on=date(2026, 4, 10))
    found = occurrences_of(measure, period=H1, since=SPRING, calendar=Calendar({}))
    assert [o.label for o in found] == ["2026-04", "2026-05", "2026-06"]


@pytest.mark.django_db
class TestEvent:
    @pytest.fixture
    def world(self) -> World:
        return World()

    @pytest.fixture
    def measure(self, world) -> Measure:
        plan = make_plan(world)
        return make_measure(world, plan, due=None, event="党代会召开", event_days=30)

    def test_until_the_event_is_declared_it_lacks_nothing_and_gives_no_tasks(self, world, measure):
        shown = preview(measure.plan, day=SPRING, calendar=Calendar.load())
        assert (shown.lacks, shown.awaiting, shown.new_tasks) == ([], [measure], 0)
        issue(world, measure.plan)
        assert Task.objects.count() == 0

    def test_declared_after_issuing_the_supplement_gives_its_tasks(self, world, measure):
        plan = issue(world, measure.plan)
        measure.refresh_from_db()
        declared = declare_event(measure, on=date(2026, 3, 5), actor=world.office, at=MARCH)
        assert declared.due == date(2026, 4, 3)  # the 4th is a Saturday off
        assert Event.objects.get(subject_kind="measure", act="declare").said["event"] == "党代会召开"
        plan.refresh_from_db()
        supplemented = perform(
            plan, "supplement", actor=world.office, at=MARCH, given={"reason": "大会已召开"}
        )
        fan_out(supplemented, at=MARCH)
        assert set(Task.objects.values_list("due", flat=True)) == {date(2026, 4, 3)}

    def test_what_waits_for_nothing_or_would_have_passed_is_refused(self, world, measure):
        with pytest.raises(Refused):
            declare_event(measure, on=date(2025, 12, 1), actor=world.office, at=MARCH)
        with pytest.raises(NotAllowed):
            declare_event(measure, on=date(2026, 3, 5), actor=world.reviewer, at=MARCH)
        declare_event(measure, on=date(2026, 3, 5), actor=world.office, at=MARCH)
        with pytest.raises(Refused):
            declare_event(measure, on=date(2026, 3, 6), actor=world.office, at=MARCH)

    def test_the_clerk_declares_it_beside_the_measure(self, world, measure, client, time_machine):
        time_machine.move_to(MARCH, tick=False)
        client.force_login(world.office.user)
        address = f"/plans/{measure.plan_id}/measures/{measure.pk}/"
        assert "党代会召开" in client.get(address).content.decode()
        assert client.post(f"{address}declare/", {"on": "下个月"}).status_code == 400
        client.post(f"{address}declare/", {"on": "2026-03-05"})
        measure.refresh_from_db()
        assert measure.due == date(2026, 4, 3)


@pytest.mark.django_db
def test_the_form_keeps_window_event_and_narrowing(world, client, time_machine):
    time_machine.move_to(MARCH, tick=False)
    tag = Tag.objects.create(name="窗口单位")
    world.branches[1].tags.add(tag)
    plan = make_plan(world)
    measure = make_measure(world, plan)
    client.force_login(world.office.user)
    address = f"/plans/{plan.pk}/measures/{measure.pk}/"
    given = {
        "version": measure.version,
        "title": measure.title,
        "cadence": "once",
        "starts_on": "2026-06-20",
        "due": "2026-06-10",
        "event": "党代会召开",
        "receiver_kinds": ["BRANCH"],
        "receiver_tag": tag.pk,
        "no_source_reason": "年度例行工作",
    }
    page = client.post(address, given).content.decode()
    assert "早" in page
    assert "天" in page
    client.post(address, given | {"due": "2026-07-05", "event_days": "30"})
    measure.refresh_from_db()
    assert (measure.starts_on, measure.due) == (date(2026, 6, 20), date(2026, 7, 5))
    assert (measure.event, measure.event_days, measure.receiver_tag) == ("党代会召开", 30, tag)
