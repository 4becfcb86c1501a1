"""Inspections: the drawing that anybody can repeat, and who may do what in which state."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

import pytest

from common.clock import moment
from common.errors import NotAllowed, Refused
from tests.factories import World, actor_at, make_finding, make_inspection
from tracker.inspections import chosen_codes, draw, draw_sample, modes_of, record_finding, record_visit
from tracker.models import Event, Finding, Inspection, Visit
from tracker.transitions import perform

pytestmark = pytest.mark.django_db
AT = moment(date(2026, 3, 10))


@pytest.fixture
def world() -> World:
    return World(branches=5)


def under_way(world: World, **fields) -> Inspection:
    inspection = make_inspection(world, **fields)
    if inspection.sampled:
        draw_sample(inspection, seed="271828", actor=world.inspector, at=AT)
    return perform(inspection, "start", actor=world.inspector, at=AT)


def test_the_sample_is_what_sorting_by_sha256_gives():
    codes = ["B-3", "B-1", "B-2", "B-4"]
    by_hand = sorted(codes, key=lambda code: sha256(f"271828:{code}".encode()).hexdigest())[:2]
    assert draw(codes, seed="271828", size=2) == by_hand
    assert draw(list(reversed(codes)), seed="271828", size=2) == by_hand


def test_a_drawing_stays_the_same_for_ever():
    """A changed method would make every recorded sample look forged. The places were taken from ``sha256sum``."""
    assert draw([f"YC-{n:02d}" for n in range(1, 11)], seed="20260310", size=3) == ["YC-09", "YC-04", "YC-10"]


def test_the_sample_is_drawn_once_and_recorded_with_its_list(world):
    inspection = make_inspection(world, sample_size=2)
    drawn = draw_sample(inspection, seed=" 271828 ", actor=world.inspector, at=AT)
    inspection.refresh_from_db()
    assert (inspection.seed, chosen_codes(inspection)) == ("271828", drawn)
    assert len(inspection.drawn_from) == 6
    said = Event.objects.get(subject_kind="inspection", act="draw_sample").said
    assert said == {"seed": "271828", "from": 6, "drawn": drawn}
    with pytest.raises(Refused):
        draw_sample(inspection, seed="1", actor=world.inspector, at=AT)
    inspection.refresh_from_db()
    assert inspection.seed == "271828"


def test_an_undrawn_sample_does_not_start(world):
    inspection = make_inspection(world)
    with pytest.raises(Refused):
        perform(inspection, "start", actor=world.inspector, at=AT)
    assert Visit.objects.count() == 0


def test_the_drawn_branches_are_visited_and_no_others(world):
    inspection = under_way(world, sample_size=3)
    visited = set(inspection.visits.values_list("organization__code", flat=True))
    assert visited == set(chosen_codes(inspection))
    assert len(visited) == 3


def test_a_full_inspection_visits_all_without_drawing(world):
    inspection = under_way(world, sampled=False, sample_size=0)
    assert inspection.visits.count() == 6
    assert modes_of(inspection) == ["定期", "集中", "全面", "专项"]


@pytest.mark.parametrize("size", [0, 7])
def test_a_sample_larger_than_the_list_or_empty_is_refused_at_its_field(world, size):
    with pytest.raises(Refused) as refusal:
        make_inspection(world, sample_size=size)
    assert list(refusal.value.fields) == ["sample_size"]
    assert Inspection.objects.count() == 0


def test_only_inspectors_and_the_office_plan_draw_and_record(world):
    inspection = under_way(world)
    visit = inspection.visits.get()
    for stranger in (world.secretary, world.reviewer, world.leader):
        with pytest.raises(NotAllowed):
            record_visit(visit, visited_on=date(2026, 3, 9), remark="好", actor=stranger, at=AT)
        with pytest.raises(NotAllowed):
            record_finding(
                organization=visit.organization, found_by=world.top, fact="x", actor=stranger, at=AT
            )
    assert Finding.objects.count() == 0


def test_a_visit_in_the_future_or_without_a_word_is_refused_and_nothing_is_written(world):
    visit = under_way(world).visits.get()
    for wrong in (
        {"visited_on": date(2026, 3, 11), "remark": "好"},
        {"visited_on": date(2026, 3, 9), "remark": " "},
    ):
        with pytest.raises(Refused):
            record_visit(visit, actor=world.inspector, at=AT, **wrong)
    visit.refresh_from_db()
    assert (visit.visited_on, visit.remark) == (None, "")


def test_a_round_closes_only_when_its_findings_are_assigned(world):
    inspection = under_way(world, sampled=False, sample_size=0)
    visit = inspection.visits.get(organization=world.branch)
    finding = make_finding(world, visit=visit)
    reported = perform(inspection, "report", actor=world.inspector, at=AT, given={"conclusion": "总体较好"})
    with pytest.raises(NotAllowed):
        perform(reported, "close", actor=world.office, at=AT)
    given = {"kind": "TIMED", "due": date(2026, 3, 31), "standard": "有讨论"}
    perform(finding, "assign", actor=world.office, at=AT, given=given)
    assert perform(reported, "close", actor=world.office, at=AT).state == Inspection.State.CLOSED


def test_findings_of_a_visit_are_recorded_only_while_the_round_is_under_way(world):
    inspection = under_way(world, sampled=False, sample_size=0)
    visit = inspection.visits.get(organization=world.branch)
    perform(inspection, "report", actor=world.inspector, at=AT, given={"conclusion": "好"})
    visit = Visit.objects.get(pk=visit.pk)
    with pytest.raises(Refused):
        make_finding(world, visit=visit)


def test_an_unannounced_finding_is_unseen_by_the_unit_until_it_is_assigned(world):
    found, assigned = make_finding(world), make_finding(world, state="ASSIGNED")
    for below in (world.secretary, world.reviewer, world.chief):
        assert set(Finding.objects.visible_to(below)) == {assigned}
    for keeper in (world.inspector, world.office, world.leader):
        assert set(Finding.objects.visible_to(keeper)) == {found, assigned}
    assert not Finding.objects.visible_to(world.other_secretary).exists()


def test_a_dropped_finding_never_reaches_the_unit(world):
    finding = make_finding(world)
    perform(finding, "drop", actor=world.office, at=AT, given={"reason": "事实不清"})
    assert not Finding.objects.visible_to(world.secretary).exists()
    assert Finding.objects.visible_to(world.inspector).get().dropped


def test_who_recorded_a_finding_does_not_drop_it(world):
    finding = make_finding(world, found_by=world.top)
    with pytest.raises(NotAllowed):
        perform(finding, "drop", actor=world.inspector, at=AT, given={"reason": "x"})
    both = actor_at(world.top, "CLERK")
    own = record_finding(organization=world.branch, found_by=world.top, fact="x", actor=both, at=AT)
    with pytest.raises(NotAllowed):
        perform(own, "drop", actor=both, at=AT, given={"reason": "x"})


def test_who_put_it_right_does_not_close_it_out(world):
    finding = make_finding(world, state="SUBMITTED")
    with pytest.raises(NotAllowed):
        perform(finding, "accept", actor=world.secretary, at=AT, given={"remark": "好"})
    closed = perform(finding, "accept", actor=world.inspector, at=AT, given={"remark": "核验属实"})
    assert (closed.state, closed.closed_by) == (Finding.State.CLOSED, world.inspector.user)
