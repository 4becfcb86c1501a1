"""Receiving a document, reading it, and deciding on what it asks for."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile

from common.clock import moment
from common.errors import NotAllowed, Refused, Stale
from tests.factories import make_plan, make_source
from tracker.models import Action, Measure, Passage, Source
from tracker.plans import add_measure, merge_actions, release_action, remove_measure
from tracker.proposals import concrete_due
from tracker.rereading import reread
from tracker.sources import (
    MAX_CHARACTERS,
    Duplicate,
    add_action,
    coverage,
    propose,
    receive_source,
    reopen_action,
    set_aside,
)

pytestmark = pytest.mark.django_db
JULY = moment(date(2026, 7, 6))


@pytest.fixture
def source(world) -> Source:
    return make_source(world)


def actions_of(source: Source) -> list[Action]:
    return list(source.actions.all())


def action_with(source: Source, words: str) -> Action:
    return next(a for a in source.actions.select_related("source") if words in a.text)


def test_a_received_text_is_kept_verbatim_with_its_points_and_actions(world, source):
    assert source.sha256 == hashlib.sha256(source.text.encode()).hexdigest()
    for action in source.actions.select_related("source", "passage"):
        assert source.text[action.start : action.end] == action.text
        assert action.passage is None or action.passage.start <= action.start
    assert Passage.objects.filter(source=source).count() >= 3
    assert "召开市直机关警示教育大会" in "".join(a.text for a in actions_of(source))


def test_line_ends_of_other_systems_do_not_shift_the_spans(world):
    source = make_source(world, text="一、工作要求\r\n一是召开专题推进会。\r\n二是制定实施方案。\r\n")
    assert "\r" not in source.text
    assert "制定实施方案" in [a.text for a in source.actions.select_related("source")]


def test_the_same_content_twice_is_noticed_and_names_the_first(world, source):
    with pytest.raises(Duplicate) as refusal:
        make_source(world, title="另一个标题")
    assert (refusal.value.code, refusal.value.source) == ("duplicate", source)
    assert source.title in str(refusal.value)
    assert Source.objects.count() == 1


def test_the_same_text_as_a_file_is_noticed_too(world, source):
    with pytest.raises(Duplicate):
        make_source(world, original=ContentFile(b"\xef\xbb\xbfother bytes", name="a.txt"))


def test_the_same_content_in_another_organization_is_its_own(world, source):
    clerk = world.reviewer
    other = make_source(world, organization=world.committee, actor=clerk)
    assert other.pk != source.pk


def test_the_file_is_kept_as_received(world):
    content = "一、工作要求\n一是召开专题推进会。".encode()
    source = make_source(world, original=ContentFile(content), original_name="C:\\讲话\\讲话稿.TXT")
    with source.original.open() as kept:
        assert kept.read() == content
    assert (source.sha256, source.original_name) == (hashlib.sha256(content).hexdigest(), "讲话稿.TXT")
    assert "讲话稿" not in source.original.name


@pytest.mark.parametrize("text", ["", " \n\t ", "字" * (MAX_CHARACTERS + 1), "一是\x00召开会议"])
def test_an_unusable_text_is_refused_and_nothing_is_kept(world, text):
    with pytest.raises(Refused) as refusal:
        make_source(world, text=text)
    assert list(refusal.value.fields) == ["text"]
    assert Source.objects.count() == 0


def test_only_the_office_enters_and_decides(world, source):
    with pytest.raises(NotAllowed):
        make_source(world, actor=world.issuer, text="一是召开专题推进会。")
    with pytest.raises(NotAllowed):
        set_aside(actions_of(source)[:1], reason="表态性", actor=world.issuer, at=JULY)
    with pytest.raises(NotAllowed):
        add_action(source, words="全面从严", actor=world.reviewer, at=JULY)
    with pytest.raises(NotAllowed):
        reread(source, actor=world.reviewer, at=JULY)


def test_a_proposal_carries_the_facts_of_its_sentence(source):
    proposals = {p.title: p for p in propose(source)}
    quarterly = next(p for title, p in proposals.items() if "警示教育大会" in title)
    assert (quarterly.cadence, quarterly.due, quarterly.due_words) == ("quarterly", None, "每季度")
    scheme = next(p for title, p in proposals.items() if "实施方案" in title)
    assert (scheme.due, scheme.due_words) == (date(2026, 12, 31), "年底前")
    assert "实施方案" in scheme.deliverable
    assert scheme.requirement == "年底前，制定机关廉洁文化建设实施方案。"
    brands = next(p for title, p in proposals.items() if "品牌" in title)
    assert (brands.target_number, brands.target_unit) == (Decimal(20), "个")
    vague = next(p for title, p in proposals.items() if "通报" in title)
    assert (vague.is_dated, vague.vague) == (False, ("适时",))
    lesson = next(p for title, p in proposals.items() if "党课" in title)
    assert lesson.receiver_kinds == ("BRANCH",)


@pytest.mark.parametrize(
    ("value", "year", "due"),
    [
        ("2026-11-30", None, date(2026, 11, 30)),
        ("2027-02", None, date(2027, 2, 28)),
        ("2027", None, date(2027, 12, 31)),
        ("--07-01", None, date(2027, 7, 1)),
        ("--11-30", None, date(2026, 11, 30)),
        ("--09", None, date(2026, 9, 30)),
        ("--02-29", None, date(2027, 2, 28)),
        ("H2", None, date(2026, 12, 31)),
        ("H1", None, date(2027, 6, 30)),
        ("H1", 2026, date(2026, 6, 30)),
        ("Q3", None, date(2026, 9, 30)),
        ("year-end", None, date(2026, 12, 31)),
        ("year-end", 2027, date(2027, 12, 31)),
        ("year-start", None, date(2027, 1, 31)),
        ("event:换届后", None, None),
        ("2026-13", None, None),
        ("9999", None, None),
    ],
)
def test_a_due_value_becomes_the_last_day_it_means(value, year, due):
    assert concrete_due(value, year=year, dated=date(2026, 7, 6)) == due


def test_coverage_counts_decided_actions_to_do_and_leaves_done_work_out(world, source):
    to_do = [a for a in actions_of(source) if not a.done]
    assert len(to_do) < len(actions_of(source))
    before = coverage(source)
    assert (before.decided, before.total) == (0, len(to_do))
    plan = make_plan(world)
    add_measure(plan, actor=world.office, at=JULY, fields={"title": "一"}, actions=to_do[:1])
    set_aside(to_do[1:3], reason="表态性要求", actor=world.office, at=JULY)
    after = coverage(source)
    assert (after.decided, after.total, after.open) == (3, len(to_do), len(to_do) - 3)


def test_setting_aside_needs_a_reason_and_is_all_or_nothing(world, source):
    first, second, *_rest = actions_of(source)
    with pytest.raises(Refused) as refusal:
        set_aside([first], reason="  ", actor=world.office, at=JULY)
    assert list(refusal.value.fields) == ["reason"]
    set_aside([second], reason="已有安排", actor=world.office, at=JULY)
    with pytest.raises(Stale) as stale:
        set_aside([first, second], reason="表态性", actor=world.office, at=JULY)
    assert str(world.office.user) in str(stale.value)
    assert Action.objects.get(pk=first.pk).decision == "OPEN"
    assert Action.objects.get(pk=second.pk).reason == "已有安排"


def test_a_set_aside_action_can_be_reopened(world, source):
    action = actions_of(source)[0]
    set_aside([action], reason="表态性", actor=world.office, at=JULY)
    again = reopen_action(action, actor=world.office, at=JULY)
    assert (again.decision, again.reason) == ("OPEN", "")
    with pytest.raises(Stale):
        reopen_action(action, actor=world.office, at=JULY)


def test_two_clerks_do_not_take_the_same_action_twice(world, source):
    plan, action = make_plan(world), actions_of(source)[0]
    add_measure(plan, actor=world.office, at=JULY, fields={"title": "一"}, actions=[action])
    with pytest.raises(Stale):
        add_measure(plan, actor=world.office, at=JULY, fields={"title": "二"}, actions=[action])
    assert list(Measure.objects.values_list("title", flat=True)) == ["一"]
    add_measure(plan, actor=world.office, at=JULY, fields={"title": "二"}, actions=[action], again=True)
    assert Measure.objects.filter(actions=action).count() == 2


def test_merging_takes_a_further_action_into_a_measure(world, source):
    plan, (first, second, *_rest) = make_plan(world), actions_of(source)
    measure = add_measure(plan, actor=world.office, at=JULY, fields={"title": "一"}, actions=[first])
    merge_actions(measure, [second], actor=world.office, at=JULY)
    assert set(measure.actions.all()) == {first, second}
    assert Action.objects.get(pk=second.pk).decision == "TAKEN"


def test_undoing_an_acceptance_removes_the_measure_only_when_nothing_else_is_in_it(world, source):
    plan, (first, second, *_rest) = make_plan(world), actions_of(source)
    measure = add_measure(plan, actor=world.office, at=JULY, fields={"title": "一"}, actions=[first])
    merge_actions(measure, [second], actor=world.office, at=JULY)
    assert release_action(first, actor=world.office, at=JULY).decision == "OPEN"
    assert list(measure.actions.all()) == [second]
    assert release_action(second, actor=world.office, at=JULY).decision == "OPEN"
    assert Measure.objects.count() == 0


def test_removing_a_measure_reopens_what_no_other_measure_has(world, source):
    plan, (first, second, *_rest) = make_plan(world), actions_of(source)
    one = add_measure(plan, actor=world.office, at=JULY, fields={"title": "一"}, actions=[first, second])
    add_measure(plan, actor=world.office, at=JULY, fields={"title": "二"}, actions=[second], again=True)
    remove_measure(one, actor=world.office, at=JULY)
    assert Action.objects.get(pk=first.pk).decision == "OPEN"
    assert Action.objects.get(pk=second.pk).decision == "TAKEN"


def test_selected_words_become_an_action_with_the_facts_of_their_sentence(world, source):
    words = "营造风清气正的政治生态"
    action = add_action(source, words=words, actor=world.office, at=JULY)
    assert (action.added_by_hand, action.done, source.text[action.start : action.end]) == (True, False, words)
    assert [p.title for p in propose(source) if p.action.pk == action.pk] == [words]


def test_words_that_occur_twice_are_taken_at_the_place_that_was_selected(world):
    text = "一、要求\n一是营造良好氛围，大家努力。\n二是营造良好氛围，持续努力。\n"
    source = make_source(world, text=text)
    second = text.rindex("营造良好氛围")
    action = add_action(source, words="营造良好氛围", near=second + 1, actor=world.office, at=JULY)
    assert action.start == second


@pytest.mark.parametrize("words", ["没有这几个字", "要", "", "政治生态。\n二"])
def test_words_that_do_not_stand_in_the_text_are_refused(world, source, words):
    before = source.actions.count()
    with pytest.raises(Refused):
        add_action(source, words=words, actor=world.office, at=JULY)
    assert source.actions.count() == before


def test_words_over_a_marked_action_are_refused(world, source):
    marked = action_with(source, "警示教育大会")
    with pytest.raises(Refused) as refusal:
        add_action(source, words=marked.text[2:], actor=world.office, at=JULY)
    assert marked.text in str(refusal.value)


def test_reading_again_changes_nothing_when_the_rules_are_the_same(world, source):
    before = list(source.actions.values_list("pk", "start", "end", "decision"))
    result = reread(source, actor=world.office, at=JULY)
    assert (result.added, result.dropped, result.kept) == (0, 0, len(before))
    assert list(source.actions.values_list("pk", "start", "end", "decision")) == before


def test_reading_again_keeps_decisions_and_hand_made_marks(world, source):
    first, second, third, *_rest = actions_of(source)
    set_aside([first], reason="表态性", actor=world.office, at=JULY)
    plan = make_plan(world)
    measure = add_measure(plan, actor=world.office, at=JULY, fields={"title": "一"}, actions=[second])
    by_hand = add_action(source, words="营造风清气正的政治生态", actor=world.office, at=JULY)
    # What an older set of rules would have left: another span, one action too many, one missing.
    Action.objects.filter(pk=second.pk).update(end=second.end - 1)
    Action.objects.filter(pk=third.pk).delete()
    stray = source.text.index("同志们")
    Action.objects.create(source=source, start=stray, end=stray + 3, why="old")
    result = reread(source, actor=world.office, at=JULY)
    assert (result.added, result.dropped) == (1, 1)
    kept = Action.objects.get(pk=first.pk)
    assert (kept.decision, kept.reason) == ("SET_ASIDE", "表态性")
    assert (Action.objects.get(pk=second.pk).end, list(measure.actions.all())) == (second.end - 1, [second])
    assert Action.objects.filter(pk=by_hand.pk).exists()
    assert Source.objects.get(pk=source.pk).version == 1


def test_receiving_needs_a_title(world):
    with pytest.raises(Refused) as refusal:
        receive_source(
            organization=world.top,
            title=" ",
            category="SPEECH",
            issuer="",
            number="",
            dated=date(2026, 7, 6),
            text="一是召开会议。",
            actor=world.office,
            at=JULY,
        )
    assert list(refusal.value.fields) == ["title"]
