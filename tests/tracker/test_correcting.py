"""A corrected text takes the place of an earlier one, and what was decided goes along."""

from __future__ import annotations

from datetime import date

import pytest

from common.clock import moment
from common.errors import NotAllowed, Refused, Stale
from tests.factories import make_plan, make_source
from tracker.alignment import PIECE, Alignment
from tracker.asked import words_behind
from tracker.correcting import correct_source, lost_decisions
from tracker.models import Action, Source
from tracker.plans import add_measure, release_action, remove_measure
from tracker.sources import Duplicate, add_action, coverage, set_aside
from tracker.superior import rest_on

JULY = moment(date(2026, 7, 6))
LATER = moment(date(2026, 7, 9))
TEXT = (
    "一、压实责任\n一是制定年度责任清单，7月底前印发。二是召开专题推进会。三是开展书记约谈。\n"
    "二、强化监督\n一是组织专项检查，9月底前完成。二是通报检查情况。各支部要提高认识、认真落实。\n"
)


class TestAlignment:
    def test_a_sentence_is_found_wherever_it_went(self):
        found = Alignment("甲要开会。乙要检查。", "乙要检查。甲要开会。")
        assert (found.span(0, 4), found.span(5, 9), found.share) == ((5, 9), (0, 4), 1.0)

    def test_a_typing_error_put_right_leaves_the_words_in_their_place(self):
        old, new = "各支部要制订责仼清单，按月报送。", "各支部要制定责任清单，按月报送。"
        assert Alignment(old, new).span(4, 10) == (4, 10)

    def test_words_put_in_before_move_the_place(self):
        assert Alignment("二是召开推进会。", "二是在七月召开推进会。").span(2, 7) == (5, 10)

    def test_words_of_which_less_than_half_is_left_have_no_place(self):
        assert Alignment("一是召开推进会。二是检查。", "一是修订办法。二是检查。").span(2, 7) is None

    def test_words_that_now_stand_in_two_paragraphs_have_no_place(self):
        assert Alignment("召开推进会并检查落实", "召开推进会\n并检查落实").span(0, 10) is None

    @pytest.mark.parametrize("piece", ["字", "字。", "甲乙", "\n", "一是甲。\n"])
    def test_a_text_of_one_thing_over_and_over_costs_bounded_work(self, monkeypatch, piece):
        compared = []
        from difflib import SequenceMatcher

        class Counting(SequenceMatcher):
            def __init__(self, _junk, a, b, **kwargs):
                compared.append(len(a) * len(b))
                super().__init__(_junk, a, b, **kwargs)

        monkeypatch.setattr("tracker.alignment.SequenceMatcher", Counting)
        old = piece * (100_000 // len(piece))
        assert 0 <= Alignment(old, old[:-1] + "乙").share <= 1
        assert sum(compared) <= PIECE * PIECE


@pytest.fixture
def source(world) -> Source:
    return make_source(world, text=TEXT)


def action_with(source: Source, words: str) -> Action:
    return next(a for a in source.actions.select_related("source") if words in a.text)


def take(world, plan, source: Source, words: str):
    action = action_with(source, words)
    return add_measure(plan, actor=world.office, at=JULY, fields={"title": words}, actions=[action])


def corrected(world, source: Source, *changes: tuple[str, str]) -> Source:
    text = source.text
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return correct_source(source, text=text, actor=world.office, at=LATER).source


@pytest.mark.django_db
class TestCorrecting:
    def test_decisions_go_along_and_measures_point_to_the_new_place(self, world, source):
        plan = make_plan(world)
        measure = take(world, plan, source, "责任清单")
        set_aside([action_with(source, "书记约谈")], reason="已有制度", actor=world.office, at=JULY)
        before = coverage(source)
        fresh = corrected(world, source, ("压实责任", "进一步压实管党治党责任"), ("推进会", "推进会议"))
        moved, aside = action_with(fresh, "责任清单"), action_with(fresh, "书记约谈")
        assert (moved.decision, list(moved.measures.all())) == (Action.Decision.TAKEN, [measure])
        assert (aside.decision, aside.reason) == (Action.Decision.SET_ASIDE, "已有制度")
        assert (aside.decided_by, aside.decided_at) == (world.office.user, JULY)
        assert coverage(fresh).decided == before.decided == 2
        [words] = words_behind(measure, actor=world.office)
        assert (words.source, words.is_earlier) == (fresh, False)
        assert words.asks == fresh.text[moved.start : moved.end]
        assert lost_decisions(fresh) == []

    def test_a_new_date_is_read_anew_for_what_is_undecided(self, world, source):
        fresh = corrected(world, source, ("9月底前", "8月底前"))
        slots = [slot["value"] for slot in action_with(fresh, "专项检查").slots if slot["type"] == "due"]
        assert slots == ["--08-31"]

    def test_a_decision_whose_words_are_gone_is_listed_and_its_measure_stays(self, world, source):
        measure = take(world, make_plan(world), source, "专题推进会")
        fresh = corrected(world, source, ("二是召开专题推进会。", ""))
        [lost] = lost_decisions(fresh)
        assert (lost.text, list(lost.measures.all())) == ("召开专题推进会", [measure])
        [words] = words_behind(measure, actor=world.office)
        assert (words.asks, words.is_earlier) == ("召开专题推进会", True)
        again = corrected(world, fresh, ("三是", "二是"))
        assert [a.text for a in lost_decisions(again)] == ["召开专题推进会"]
        remove_measure(measure, actor=world.office, at=LATER)

    def test_what_a_person_marked_stays_marked(self, world, source):
        add_action(source, words="提高认识、认真落实", actor=world.office, at=JULY)
        fresh = corrected(world, source, ("7月底前", "7月10日前"))
        kept = action_with(fresh, "提高认识")
        assert (kept.added_by_hand, kept.decision) == (True, Action.Decision.OPEN)

    def test_a_carried_decision_can_be_taken_back_there(self, world, source):
        measure = take(world, make_plan(world), source, "责任清单")
        fresh = corrected(world, source, ("推进会", "推进会议"))
        release_action(action_with(fresh, "责任清单"), actor=world.office, at=LATER)
        assert not type(measure).objects.filter(pk=measure.pk).exists()
        assert action_with(fresh, "责任清单").decision == Action.Decision.OPEN

    def test_the_earlier_text_can_only_be_read(self, world, source):
        corrected(world, source, ("推进会", "推进会议"))
        open_one = action_with(source, "专项检查")
        for act in (
            lambda: set_aside([open_one], reason="不属本级", actor=world.office, at=LATER),
            lambda: add_action(source, words="提高认识", actor=world.office, at=LATER),
            lambda: take(world, make_plan(world), source, "专项检查"),
            lambda: correct_source(source, text=TEXT + "三、其他\n", actor=world.office, at=LATER),
        ):
            with pytest.raises(Stale):
                act()
        assert Source.objects.count() == 2

    def test_papers_that_rested_on_the_earlier_text_rest_on_the_corrected_one(self, world, source):
        paper = make_source(world, text="一是制定实施方案。", title="方案")
        rest_on(paper, [source], actor=world.office, at=JULY)
        fresh = corrected(world, source, ("推进会", "推进会议"))
        assert list(paper.rests_on.all()) == [fresh]

    def test_another_document_the_same_text_and_an_empty_one_are_refused(self, world, source):
        for text, kind in (
            ("一是召开座谈会。二是走访慰问。" * 9, Refused),
            (TEXT, Duplicate),
            (" ", Refused),
        ):
            with pytest.raises(kind):
                correct_source(source, text=text, actor=world.office, at=LATER)
        with pytest.raises(NotAllowed):
            correct_source(source, text=TEXT + "三、其他\n", actor=world.issuer, at=LATER)
        assert Source.objects.count() == 1


@pytest.mark.django_db
class TestPages:
    @pytest.fixture
    def clerk(self, client, world):
        client.force_login(world.office.user)
        return client

    def test_the_clerk_corrects_the_text_and_finds_the_decisions_there(self, clerk, world, source):
        take(world, make_plan(world), source, "专题推进会")
        page = clerk.get(f"/sources/{source.pk}/correct/")
        assert "召开专题推进会" in page.content.decode()
        text = TEXT.replace("二是召开专题推进会。", "").replace("\n", "\r\n")
        answer = clerk.post(f"/sources/{source.pk}/correct/", {"text": text})
        fresh = Source.objects.get(corrects=source)
        assert answer.headers["Location"].startswith(f"/sources/{fresh.pk}/")
        shown = clerk.get(answer.headers["Location"]).content.decode()
        assert "召开专题推进会" in shown
        assert f"/sources/{source.pk}/" in shown
        old = clerk.get(f"/sources/{source.pk}/").content.decode()
        assert f"/sources/{fresh.pk}/" in old
        assert f"/sources/{source.pk}/actions/" not in old
        listed = clerk.get("/sources/").content.decode()
        assert (f'/sources/{fresh.pk}/"' in listed, f'/sources/{source.pk}/"' in listed) == (True, False)

    def test_a_file_takes_the_place_of_the_text_that_was_not_touched(self, clerk, source):
        from django.core.files.uploadedfile import SimpleUploadedFile

        file = SimpleUploadedFile("改.txt", TEXT.replace("推进会", "推进会议").encode())
        typed = source.text.replace("\n", "\r\n")
        assert clerk.post(f"/sources/{source.pk}/correct/", {"text": typed, "file": file}).status_code == 302
        assert "推进会议" in Source.objects.get(corrects=source).text

    def test_a_refusal_keeps_what_was_typed(self, clerk, source):
        other = "全然不同的一份文件，谈的是别的事情。" * 3
        answer = clerk.post(f"/sources/{source.pk}/correct/", {"text": other})
        assert (answer.status_code, other in answer.content.decode()) == (422, True)
