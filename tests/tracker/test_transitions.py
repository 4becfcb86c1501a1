"""Who may do what in which state: every (state, act, role) against a table written apart from the product's."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.conf import settings

from common.clock import moment
from common.errors import NotAllowed, Refused
from tests.factories import SPRING, acknowledged, actor_at, make_task, submitted
from tracker.events import history
from tracker.models import Event, Extension, Notice, Task
from tracker.transitions import available_acts, decide, perform, transitions_of
from tracker.transitions.document import states_document

pytestmark = pytest.mark.django_db
MARCH = moment(date(2026, 3, 10))

ACTORS = {
    # letter: place and role of somebody who holds exactly this post
    "s": ("branch", "SECRETARY"),
    "c": ("branch", "CLERK"),
    "m": ("branch", "MEMBER"),
    "C": ("committee", "CLERK"),
    "D": ("committee", "DEPUTY_SECRETARY"),
    "S": ("committee", "SECRETARY"),
    "g": ("group", "CHIEF"),
    "l": ("group", "LEADER"),
    "O": ("top", "CLERK"),
    "P": ("top", "DEPUTY_SECRETARY"),
    "I": ("top", "SECRETARY"),
    "L": ("top", "LEADER"),
    "i": ("top", "INSPECTOR"),
    "a": ("top", "ADMINISTRATOR"),
    "x": ("other_branch", "SECRETARY"),
    "X": ("other_committee", "CLERK"),
}
REVIEWERS = "CDSOPI"
EXPECTED = {
    # act: {state: who may}; what is not listed is refused
    "acknowledge": {"PENDING": "sc"},
    "report": {"ACTIVE": "sc"},
    "attach": {"ACTIVE": "sc"},
    "submit": {"ACTIVE": "sc"},
    "rename": {"ACTIVE": "sc", "SUSPENDED": "sc"},
    "ask_extension": {"ACTIVE": "s"},
    "extend": {},
    "amend": {},
    "decline": {"PENDING": "sc"},
    "reassign": {"PENDING": "OP", "ACTIVE": "OP"},
    "take_back": {"SUBMITTED": "sc"},
    "approve": {"SUBMITTED": REVIEWERS},
    "approve_second": {"SECOND_REVIEW": "OPI"},
    "return": {"SUBMITTED": REVIEWERS},
    "return_second": {"SECOND_REVIEW": "OPI"},
    "instruct": {"ACTIVE": "SglIL"},
    "urge": {"PENDING": "OP", "ACTIVE": "OP"},
    "reopen": {"DONE": "OPi"},
    "suspend": {"PENDING": "IL", "ACTIVE": "IL"},
    "resume": {"SUSPENDED": "IL"},
    "withdraw": dict.fromkeys(["PENDING", "ACTIVE", "SUBMITTED", "SECOND_REVIEW", "SUSPENDED"], "IL"),
}


def test_every_state_act_and_role_of_a_task_is_as_expected(world):
    task = make_task(world)
    actors = {letter: actor_at(getattr(world, place), role) for letter, (place, role) in ACTORS.items()}
    by_people = {act for act, row in transitions_of("task").items() if row.who}
    assert by_people == {act for act, states in EXPECTED.items() if states}
    wrong = []
    for state in Task.State.values:
        task.state = state
        for act, states in EXPECTED.items():
            allowed = {x for x, actor in actors.items() if decide(task, act, actor=actor, at=MARCH).allowed}
            if allowed != set(states.get(state, "")):
                wrong.append((state, act, "".join(sorted(allowed)), states.get(state, "")))
    assert wrong == []


def test_what_is_offered_is_what_is_allowed(world):
    task = make_task(world)
    for state in Task.State.values:
        task.state = state
        for place, role in ACTORS.values():
            actor = actor_at(getattr(world, place), role)
            offers = {o.act for o in available_acts(task, actor=actor, at=MARCH) if o.decision.allowed}
            rows = transitions_of("task")
            assert offers == {
                a for a in rows if rows[a].offered and decide(task, a, actor=actor, at=MARCH).allowed
            }


def test_every_act_adds_exactly_one_event_and_a_refusal_none(world):
    task = acknowledged(world, make_task(world))
    perform(task, "report", actor=world.secretary, at=MARCH, given={"progress": "已部署", "percent": 30})
    with pytest.raises(Refused):
        perform(task, "report", actor=world.secretary, at=MARCH, given={"progress": "", "percent": 130})
    assert [event.act for event in history(task)] == ["assign", "acknowledge", "report"]


def test_the_system_may_do_only_what_is_the_systems(world):
    task = make_task(world)
    assert not decide(task, "acknowledge", actor=None, at=MARCH).allowed
    with pytest.raises(NotAllowed):
        perform(task, "withdraw", actor=None, at=MARCH, given={"reason": "x"})


def test_a_granted_extension_moves_the_due_date_and_keeps_the_original(world):
    task = acknowledged(world, make_task(world))
    asked = {"reason": "会议改期", "until": date(2026, 4, 30)}
    perform(task, "ask_extension", actor=world.secretary, at=MARCH, given=asked)
    extension = Extension.objects.get()
    with pytest.raises(Refused):
        perform(task, "ask_extension", actor=world.secretary, at=MARCH, given=asked)
    perform(extension, "grant", actor=world.office, at=MARCH, given={"remark": "同意"})
    task.refresh_from_db()
    assert (task.due, task.original_due, task.state) == (date(2026, 4, 30), date(2026, 3, 31), "ACTIVE")
    assert [event.act for event in history(extension)] == ["request", "grant"]
    assert [event.act for event in history(task)][-2:] == ["ask_extension", "extend"]
    assert Notice.objects.filter(kind="extended", recipient=world.secretary.user).count() == 1


def test_a_refused_extension_leaves_the_due_date(world):
    task = acknowledged(world, make_task(world))
    asked = {"reason": "会议改期", "until": date(2026, 4, 30)}
    perform(task, "ask_extension", actor=world.secretary, at=MARCH, given=asked)
    perform(Extension.objects.get(), "refuse", actor=world.issuer, at=MARCH, given={"reason": "不宜再延"})
    task.refresh_from_db()
    assert task.due == date(2026, 3, 31)


def test_an_extension_is_asked_for_on_or_before_the_due_date(world):
    task = acknowledged(world, make_task(world))
    asked = {"reason": "会议改期", "until": date(2026, 4, 30)}
    with pytest.raises(Refused):
        perform(task, "ask_extension", actor=world.secretary, at=moment(date(2026, 4, 1)), given=asked)
    perform(task, "ask_extension", actor=world.secretary, at=moment(date(2026, 3, 31), 23), given=asked)


def test_a_request_lapses_when_the_work_is_handed_in(world):
    task = acknowledged(world, make_task(world))
    asked = {"reason": "会议改期", "until": date(2026, 4, 30)}
    perform(task, "ask_extension", actor=world.secretary, at=MARCH, given=asked)
    submitted(world, Task.objects.get(pk=task.pk))
    extension = Extension.objects.get()
    assert (extension.state, extension.remark) == ("REFUSED", "不再需要")


def test_a_reassigned_task_ends_here_and_begins_there_each_naming_the_other(world):
    task = make_task(world)
    there = world.branches[1]
    given = {"reason": "职能调整", "organization": there.pk, "due": date(2026, 4, 30)}
    left = perform(task, "reassign", actor=world.office, at=MARCH, given=given)
    successor = Task.objects.get(organization=there)
    assert (left.state, successor.state, successor.reassigned_from) == ("WITHDRAWN", "PENDING", task)
    assert successor.original_due == date(2026, 4, 30)
    assert [event.act for event in history(successor)] == ["assign"]


def test_a_task_cannot_be_reassigned_to_a_unit_that_already_has_its_share(world):
    task = make_task(world)
    given = {"reason": "职能调整", "organization": world.branch.pk, "due": date(2026, 4, 30)}
    with pytest.raises(Refused) as refusal:
        perform(task, "reassign", actor=world.office, at=MARCH, given=given)
    assert list(refusal.value.fields) == ["organization"]
    assert Event.objects.filter(act="reassign").count() == 0


def test_a_decline_changes_no_state_and_reaches_the_office(world):
    task = make_task(world)
    same = perform(task, "decline", actor=world.secretary, at=MARCH, given={"reason": "非本支部职责"})
    assert same.state == "PENDING"
    assert Notice.objects.filter(kind="declined", recipient=world.office.user).count() == 1


def test_a_date_that_has_passed_is_refused_with_its_field(world):
    task = submitted(world, make_task(world))
    given = {"reason": "补充材料", "due": SPRING - timedelta(days=1)}
    with pytest.raises(Refused) as refusal:
        perform(task, "return", actor=world.reviewer, at=moment(date(2026, 3, 25)), given=given)
    assert list(refusal.value.fields) == ["due"]


def test_the_documented_states_are_the_tables():
    path = settings.BASE_DIR / "docs" / "states.md"
    assert path.read_text(encoding="utf-8") == states_document(), "run manage.py document_states"
