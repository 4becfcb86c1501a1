"""The routine catalogue: what it says, and how it becomes measures of a plan."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import translation

from branches.models import Organization
from common.clock import moment
from common.errors import NotAllowed, Refused
from common.periods import Period
from common.workdays import Calendar
from tests.factories import SPRING, actor_at, issue, make_organization, make_plan
from tracker.models import Measure, Plan, Task
from tracker.plans import create_plan, edit_measure
from tracker.routines import GROUPS, TERM, add_routines, catalogue
from tracker.transitions import perform

pytestmark = pytest.mark.django_db
AT = moment(SPRING)
KNOWN = {routine.key: routine for routine in catalogue()}


@pytest.fixture(autouse=True)
def language():
    yield
    translation.deactivate()


@pytest.fixture
def plan(world) -> Plan:
    return make_plan(world)


def year_plan(world) -> Plan:
    return create_plan(
        organization=world.top, title="全年工作要点", period="2026", kind="LIST", actor=world.office, at=AT
    )


def signed_in(actor) -> Client:
    client = Client()
    client.force_login(actor.user)
    return client


# the file -------------------------------------------------------------------------------------------------------------


def test_every_routine_says_what_who_how_often_and_what_shows_it():
    assert len(KNOWN) == len(catalogue())
    for routine in catalogue():
        assert routine.name, routine.key
        assert all([routine.words, routine.deliverable, routine.evidence, routine.who]), routine.key
        assert routine.group in GROUPS, routine.key
        assert set(routine.kinds) <= set(Organization.Kind.values), routine.key
        assert routine.kinds, routine.key
        assert routine.cadence in {*Measure.Cadence.values, TERM}, routine.key
        assert (routine.cadence == "once") == bool(routine.due), routine.key
        assert routine.theme in Measure.Theme.values, routine.key
        assert (len(routine.name) <= 120, len(routine.evidence) <= 200) == (True, True), routine.key


def test_a_rule_names_its_regulation_and_a_doubtful_article_is_marked():
    for routine in catalogue():
        assert routine.is_rule == bool(routine.regulation) or routine.basis == "custom", routine.key
        if not (routine.is_rule and routine.article):
            assert routine.check, f"{routine.key}: without an article it has to be checked"


def test_the_three_meetings_one_lecture_theme_day_and_elections_are_there():
    assert {
        key: KNOWN[key].cadence
        for key in (
            "branch_general_meeting",
            "branch_committee_meeting",
            "party_group_meeting",
            "party_lecture_branch",
            "theme_party_day",
            "branch_election",
        )
    } == {
        "branch_general_meeting": "quarterly",
        "branch_committee_meeting": "monthly",
        "party_group_meeting": "monthly",
        "party_lecture_branch": "quarterly",
        "theme_party_day": "monthly",
        "branch_election": TERM,
    }
    assert KNOWN["branch_committee_meeting"].source == "《中国共产党支部工作条例（试行）》第12条"


def test_due_days_follow_the_period_and_the_working_days():
    calendar = Calendar.load()
    first = Period.parse("2026H1")
    assert KNOWN["half_year_summary"].due_in(first, calendar) == [date(2026, 6, 30)]
    assert KNOWN["half_year_summary"].due_in(Period.parse("2026H2"), calendar) == []
    assert KNOWN["branch_workbook_check"].due_in(first, calendar) == [
        date(2026, 1, 9)
    ]  # the 10th is a Saturday
    assert len(KNOWN["theme_party_day"].due_in(first, calendar)) == 6
    assert KNOWN["org_life_meeting"].due_in(first, calendar) == []


# adding ---------------------------------------------------------------------------------------------------------------


def test_chosen_routines_become_complete_measures_but_for_their_leader(world, plan):
    [meeting, summary] = add_routines(
        plan, ["branch_general_meeting", "half_year_summary"], actor=world.office, at=AT
    )
    assert (meeting.title, meeting.cadence, meeting.due) == ("召开党支部党员大会", "quarterly", None)
    assert (meeting.deliverable, meeting.evidence_required) == ("会议记录", True)
    assert meeting.receiver_kinds == ["BRANCH"]
    assert "《中国共产党支部工作条例（试行）》第11条" in meeting.no_source_reason
    assert (summary.cadence, summary.due) == ("once", date(2026, 6, 30))
    assert summary.receiver_kinds == ["COMMITTEE", "BRANCH"]  # there is no general branch below this issuer


def test_an_added_routine_is_issued_to_every_branch_and_occurrence(world, plan):
    [meeting] = add_routines(plan, ["branch_general_meeting"], actor=world.office, at=AT)
    edit_measure(meeting, actor=world.office, at=AT, fields={"responsible_leader": world.leader.user})
    issue(world, plan)
    assert Task.objects.filter(measure=meeting).count() == 3 * 2


def test_what_depends_on_a_term_waits_for_its_date(world, plan):
    [election] = add_routines(plan, ["branch_election"], actor=world.office, at=AT)
    assert (election.cadence, election.due, election.due_words) == ("once", None, "任期届满前")


def test_the_same_routine_never_stands_twice_in_a_plan(world, plan):
    add_routines(plan, ["theme_party_day", "theme_party_day"], actor=world.office, at=AT)
    with pytest.raises(Refused):
        add_routines(plan, ["theme_party_day"], actor=world.office, at=AT)
    twin = Measure(plan=plan, title="主题党日", routine="theme_party_day", no_source_reason="重复")
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()
    assert Measure.objects.filter(plan=plan, routine="theme_party_day").count() == 1
    assert len(add_routines(year_plan(world), ["theme_party_day"], actor=world.office, at=AT)) == 1


def test_a_withdrawn_routine_may_be_added_again(world, plan):
    [first] = add_routines(plan, ["theme_party_day"], actor=world.office, at=AT)
    perform(first, "withdraw", actor=world.issuer, at=AT, given={"reason": "重新安排"})
    [second] = add_routines(plan, ["theme_party_day"], actor=world.office, at=AT)
    assert second.pk != first.pk


@pytest.mark.parametrize(
    "keys",
    [
        [],
        ["no_such"],
        ["theme_party_day", "org_life_meeting"],
        ["theme_party_day", "general_branch_election"],
    ],
)
def test_one_that_does_not_fit_and_nothing_is_added(world, plan, keys):
    with pytest.raises(Refused):
        add_routines(plan, keys, actor=world.office, at=AT)
    assert not Measure.objects.filter(plan=plan).exists()


def test_only_the_office_of_the_issuer_adds_routines(world, plan):
    for actor in (world.reviewer, world.issuer, world.secretary):
        with pytest.raises(NotAllowed):
            add_routines(plan, ["theme_party_day"], actor=actor, at=AT)


# pages ----------------------------------------------------------------------------------------------------------------


def test_the_catalogue_is_browsed_filtered_and_says_what_is_to_be_checked(world):
    client = signed_in(world.secretary)
    body = client.get("/routines/").content.decode()
    assert "召开党支部党员大会" in body
    assert "《中国共产党支部工作条例（试行）》第12条" in body
    assert body.count(">待核对<") == sum(routine.check for routine in catalogue())
    found = client.get("/routines/?q=换届&group=terms&kind=COMMITTEE").content.decode()
    assert "机关党委换届" in found
    assert "党总支换届" not in found
    assert "没有符合条件的常规任务" in client.get("/routines/?q=%00zzz").content.decode()


def test_ticked_routines_are_added_from_the_page_and_then_greyed_with_the_reason(world, plan):
    page, client = f"/plans/{plan.pk}/routines/", signed_in(world.office)
    assert page in client.get(f"/plans/{plan.pk}/").content.decode()
    answer = client.post(page, {"routine": ["theme_party_day", "branch_general_meeting"]})
    assert answer.status_code == 302
    assert set(plan.measures.values_list("routine", flat=True)) == {
        "theme_party_day",
        "branch_general_meeting",
    }
    body = client.get(page).content.decode()
    assert body.count("本清单已有") == 2
    assert "2026年上半年内无到期日" in body
    assert 'value="theme_party_day" id="r-theme_party_day" disabled' in body


def test_a_refusal_keeps_the_ticks(world, plan):
    answer = signed_in(world.office).post(
        f"/plans/{plan.pk}/routines/", {"routine": ["theme_party_day", "org_life_meeting"]}
    )
    assert answer.status_code == 422
    assert "未添加任何事项" in answer.content.decode()
    assert 'id="r-theme_party_day" checked' in answer.content.decode()


def test_the_page_is_for_the_office_and_asks_as_much_for_any_number_of_measures(
    world, plan, django_assert_max_num_queries, django_assert_num_queries
):
    page, client = f"/plans/{plan.pk}/routines/", signed_in(world.office)
    assert signed_in(world.issuer).get(page).status_code == 403
    assert signed_in(actor_at(make_organization("COMMITTEE"), "CLERK")).get(page).status_code == 404
    with django_assert_max_num_queries(9) as before:
        client.get(page)
    add_routines(plan, ["theme_party_day", "branch_general_meeting"], actor=world.office, at=AT)
    with django_assert_num_queries(len(before)):
        client.get(page)
