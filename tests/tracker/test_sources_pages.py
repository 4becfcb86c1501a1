"""The pages on which a document is entered, read and decided on."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.factories import SPEECH, make_plan, make_source, on
from tracker.models import Action, Measure, Source
from tracker.plans import add_measure, edit_measure
from tracker.sources import set_aside

pytestmark = pytest.mark.django_db
AT = datetime(2026, 7, 7, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(AT, tick=False)


@pytest.fixture
def source(world) -> Source:
    return make_source(world)


@pytest.fixture
def plan(world, source):
    return make_plan(world)


def action_with(source: Source, words: str) -> Action:
    return next(a for a in source.actions.select_related("source") if words in a.text)


def entered(**fields):
    return {
        "text": SPEECH,
        "dated": "2026-07-06",
        "category": "SPEECH",
        "title": "",
        "issuer": "",
        "number": "",
    } | fields


def test_a_pasted_speech_is_kept_and_its_reading_page_opens(clerk, world):
    answer = clerk.post("/sources/new/", entered(organization=world.top.pk))
    source = Source.objects.get()
    assert answer.headers["Location"] == f"/sources/{source.pk}/"
    assert source.title == "在市直机关党建工作推进会上的讲话"
    page = clerk.get(f"/sources/{source.pk}/").content.decode()
    assert "召开市直机关警示教育大会" in page
    assert f'id="card-{action_with(source, "警示教育大会").pk}"' in page


def test_an_uploaded_file_is_read_and_can_be_fetched_as_received(clerk, world):
    content = SPEECH.encode("gb18030")
    upload = SimpleUploadedFile("讲话稿.txt", content)
    clerk.post("/sources/new/", entered(text="", file=upload, organization=world.top.pk))
    source = Source.objects.get()
    answer = clerk.get(f"/sources/{source.pk}/file/")
    assert b"".join(answer.streaming_content) == content
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_title_and_date_come_from_the_head_of_the_text_where_they_are_left_out(clerk, world):
    text = "同志们：\n2026年6月30日，我们召开会议。要制定实施方案。"
    clerk.post(
        "/sources/new/", entered(text=text, dated="", issuer="市直机关工委", organization=world.top.pk)
    )
    source = Source.objects.get()
    assert source.dated == date(2026, 6, 30)
    assert source.title.startswith("市直机关工委")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": " \n "}, "text"),
        ({"text": "要制定方案。", "dated": ""}, "dated"),
        ({"dated": "2026-02-31"}, "dated"),
        ({"text": "要制定方案。" * 40_000}, "text"),
        ({"text": "要\x00制定方案。"}, "text"),
        ({"category": "NOVEL"}, "category"),
        ({"title": "长" * 201}, "title"),
    ],
)
def test_bad_input_comes_back_with_what_was_typed(clerk, world, fields, field):
    given = entered(number="工委〔2026〕7号", organization=world.top.pk) | fields
    answer = clerk.post("/sources/new/", given)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert "工委〔2026〕7号" in answer.content.decode()
    assert answer.content.decode().count("autofocus") == 1
    assert Source.objects.count() == 0


def test_a_file_that_is_no_text_is_refused_in_words(clerk, world):
    for name, content in (("a.txt", b""), ("a.docx", b"PK\x03\x04broken"), ("a.pdf", b"%PDF-1.7 nothing")):
        upload = SimpleUploadedFile(name, content)
        answer = clerk.post("/sources/new/", entered(text="", file=upload, organization=world.top.pk))
        assert answer.status_code == 422
        assert answer.context["form"].errors["file"]
    assert Source.objects.count() == 0


def test_the_same_content_again_leads_to_the_first(clerk, world, source):
    answer = clerk.post("/sources/new/", entered(organization=world.top.pk))
    assert answer.status_code == 422
    assert f"/sources/{source.pk}/" in answer.content.decode()
    assert Source.objects.count() == 1


def test_a_clerk_cannot_enter_for_another_organization(clerk, world):
    answer = clerk.post("/sources/new/", entered(organization=world.committee.pk))
    assert answer.status_code == 422
    assert Source.objects.count() == 0


def test_out_of_sight_is_404_and_seen_without_the_office_is_403(client, world, source, plan):
    action = action_with(source, "实施方案")
    client.force_login(world.reviewer.user)
    for path in ("", "file/", "set-aside/", f"actions/{action.pk}/edit/"):
        assert client.get(f"/sources/{source.pk}/{path}").status_code == 404
    client.force_login(world.issuer.user)
    page = client.get(f"/sources/{source.pk}/")
    assert page.status_code == 200
    assert "/accept/" not in page.content.decode()
    assert client.post(f"/sources/{source.pk}/actions/{action.pk}/accept/").status_code == 403
    assert client.get(f"/sources/{source.pk}/actions/{action.pk}/set-aside/").status_code == 403
    assert Measure.objects.count() == 0


def test_accepting_makes_the_measure_with_the_choices_of_the_address(clerk, world, source, plan):
    action = action_with(source, "实施方案")
    query = f"plan={plan.pk}&leader={world.leader.user.pk}&to=BRANCH"
    answer = clerk.post(f"/sources/{source.pk}/actions/{action.pk}/accept/?{query}")
    measure = Measure.objects.get()
    assert (measure.plan, measure.due, measure.responsible_leader) == (
        plan,
        date(2026, 12, 31),
        world.leader.user,
    )
    assert (measure.receiver_kinds, measure.requirement) == (
        ["BRANCH"],
        "年底前，制定机关廉洁文化建设实施方案。",
    )
    assert answer.headers["Location"].startswith(f"/sources/{source.pk}/?plan={plan.pk}")


def test_a_part_answers_with_the_card_the_meter_and_nothing_of_the_page(clerk, source, plan):
    action = action_with(source, "实施方案")
    answer = clerk.post(f"/sources/{source.pk}/actions/{action.pk}/accept/?plan={plan.pk}", **HTMX)
    body = answer.content.decode()
    assert f'id="card-{action.pk}" data-row data-state="TAKEN"' in body
    assert 'id="cover"' in body
    assert "<html" not in body


def test_accepting_without_a_plan_says_what_to_do(clerk, source):
    action = action_with(source, "实施方案")
    answer = clerk.post(f"/sources/{source.pk}/actions/{action.pk}/accept/", **HTMX)
    assert answer.status_code == 400
    assert "清单" in answer.content.decode()


def test_accepting_what_somebody_else_just_set_aside_changes_nothing(clerk, world, source, plan):
    action = action_with(source, "实施方案")
    set_aside([action], reason="已有安排", actor=on(world.office, date(2026, 7, 7)), at=AT)
    answer = clerk.post(f"/sources/{source.pk}/actions/{action.pk}/accept/?plan={plan.pk}", **HTMX)
    assert answer.status_code == 409
    assert Measure.objects.count() == 0
    assert Action.objects.get(pk=action.pk).decision == "SET_ASIDE"


def test_editing_before_accepting_keeps_what_was_typed_when_something_is_wrong(clerk, world, source, plan):
    action = action_with(source, "实施方案")
    url = f"/sources/{source.pk}/actions/{action.pk}/edit/?plan={plan.pk}"
    assert "年底前，制定机关廉洁文化建设实施方案。" in clerk.get(url, **HTMX).content.decode()
    typed = {"title": "", "deliverable": "方案文本三份", "cadence": "once", "due": "2026-11-20"}
    answer = clerk.post(url, typed, **HTMX)
    assert answer.status_code == 422
    assert "方案文本三份" in answer.content.decode()
    answer = clerk.post(url, typed | {"title": "制定方案", "receivers": [world.branch.pk]}, **HTMX)
    measure = Measure.objects.get()
    assert (measure.title, measure.due, list(measure.receivers.all())) == (
        "制定方案",
        date(2026, 11, 20),
        [world.branch],
    )
    assert f'id="card-{action.pk}"' in answer.content.decode()


def test_one_action_can_be_split_into_two_measures(clerk, source, plan):
    action = action_with(source, "实施方案")
    url = f"/sources/{source.pk}/actions/{action.pk}/edit/?plan={plan.pk}"
    answer = clerk.post(url, {"title": "起草方案", "cadence": "once", "another": "1"})
    assert "again=1" in answer.headers["Location"]
    clerk.post(answer.headers["Location"], {"title": "印发方案", "cadence": "once"})
    assert list(action.measures.order_by("position").values_list("title", flat=True)) == [
        "起草方案",
        "印发方案",
    ]


def test_setting_aside_asks_for_a_reason(clerk, source, plan):
    action = action_with(source, "通报")
    url = f"/sources/{source.pk}/actions/{action.pk}/set-aside/"
    assert clerk.post(url, {"reason": " "}, **HTMX).status_code == 422
    assert clerk.post(url, {"reason": "表态性要求"}, **HTMX).status_code == 200
    assert Action.objects.get(pk=action.pk).reason == "表态性要求"
    clerk.post(f"/sources/{source.pk}/actions/{action.pk}/undo/", **HTMX)
    assert Action.objects.get(pk=action.pk).decision == "OPEN"


def test_merging_into_a_measure_of_the_plan(clerk, world, source, plan):
    first, second = action_with(source, "实施方案"), action_with(source, "通报")
    measure = add_measure(plan, actor=world.office, at=AT, fields={"title": "一"}, actions=[first])
    url = f"/sources/{source.pk}/actions/{second.pk}/merge/?plan={plan.pk}"
    assert "1. 一" in clerk.get(url, **HTMX).content.decode()
    clerk.post(url, {"measure": measure.pk}, **HTMX)
    assert set(measure.actions.all()) == {first, second}
    elsewhere = make_plan(world)
    url = f"/sources/{source.pk}/actions/{action_with(source, '党课').pk}/merge/?plan={elsewhere.pk}"
    assert clerk.post(url, {"measure": measure.pk}, **HTMX).status_code == 422


def test_an_edited_measure_is_not_lost_by_undoing_on_the_reading_page(clerk, world, source, plan):
    action = action_with(source, "实施方案")
    measure = add_measure(plan, actor=world.office, at=AT, fields={"title": "一"}, actions=[action])
    undo = f"/sources/{source.pk}/actions/{action.pk}/undo/"
    assert undo in clerk.get(f"/sources/{source.pk}/").content.decode()
    edit_measure(measure, actor=world.office, at=AT, fields={"deliverable": "方案文本"})
    assert undo not in clerk.get(f"/sources/{source.pk}/").content.decode()


def test_many_are_set_aside_in_one_act_after_a_look(clerk, source):
    url = f"/sources/{source.pk}/set-aside/"
    page = clerk.get(url)
    done = [card for card in page.context["desk"].cards if card.action.done]
    ticked = [c.action.pk for _name, cards, tick in page.context["groups"] if tick for c in cards]
    assert done
    assert {card.action.pk for card in done} <= set(ticked)
    assert clerk.post(url, {"actions": [], "reason": "已完成"}).status_code == 422
    clerk.post(url, {"actions": ticked, "reason": "已完成"})
    assert Action.objects.filter(decision="SET_ASIDE", reason="已完成").count() == len(ticked)


def test_words_without_a_date_are_listed_until_somebody_sets_one(clerk, world, source, plan):
    page = clerk.get(f"/sources/{source.pk}/").context["desk"]
    waiting = {card.text: card.vague for card in page.vague}
    assert ("适时",) in waiting.values()
    action = action_with(source, "通报")
    fields = {"title": "通报案例", "due": date(2026, 9, 30), "due_words": "适时"}
    add_measure(plan, actor=world.office, at=AT, fields=fields, actions=[action])
    page = clerk.get(f"/sources/{source.pk}/").context["desk"]
    assert action.pk not in [card.action.pk for card in page.vague]


def test_selected_words_are_marked_and_wait_for_a_decision(clerk, source):
    url = f"/sources/{source.pk}/add/"
    answer = clerk.post(url, {"words": "营造风清气正的政治生态", "near": ""})
    action = source.actions.get(added_by_hand=True)
    assert answer.headers["Location"].endswith(f"#card-{action.pk}")
    answer = clerk.post(url, {"words": "这几个字不在原文里"})
    assert answer.status_code == 422
    assert "这几个字不在原文里" in answer.content.decode()


def test_reading_again_is_offered_and_keeps_decisions(clerk, world, source):
    Source.objects.filter(pk=source.pk).update(rules_version="0")
    assert "识别规则已更新" in clerk.get(f"/sources/{source.pk}/").content.decode()
    action = action_with(source, "通报")
    set_aside([action], reason="表态性", actor=world.office, at=AT)
    clerk.post(f"/sources/{source.pk}/read-again/")
    assert Action.objects.get(pk=action.pk).reason == "表态性"


def test_the_list_finds_and_filters(clerk, world, source):
    other = make_source(world, title="年度工作要点", category="KEY_POINTS", text="一是制定年度工作计划。")
    assert [s.pk for s in clerk.get("/sources/?q=要点").context["page"]] == [other.pk]
    assert [s.pk for s in clerk.get("/sources/?category=SPEECH").context["page"]] == [source.pk]
    set_aside(list(other.actions.all()), reason="已有", actor=world.office, at=AT)
    assert [s.pk for s in clerk.get("/sources/?open=1").context["page"]] == [source.pk]
    assert "没有符合条件" in clerk.get("/sources/?q=查无此件").content.decode()


def test_an_empty_list_shows_the_first_step(clerk):
    page = clerk.get("/sources/").content.decode()
    assert "/sources/new/" in page


def test_the_list_needs_the_same_queries_for_one_and_three_rows(
    clerk, world, source, django_assert_max_num_queries, django_assert_num_queries
):
    with django_assert_max_num_queries(12) as first:
        clerk.get("/sources/")
    for number in range(2):
        make_source(world, text=f"一是制定第{number}号方案。")
    with django_assert_num_queries(len(first)):
        clerk.get("/sources/")


def test_the_reading_page_needs_the_same_queries_however_much_is_marked(
    clerk, world, plan, django_assert_max_num_queries, django_assert_num_queries
):
    little = make_source(world, text="一是制定实施方案。")
    much = make_source(world, text="\n".join(f"{n}.制定第{n}号实施方案。" for n in range(1, 80)))
    for source in (little, much):
        taken, aside = source.actions.all()[:1], source.actions.all()[1:2]
        add_measure(plan, actor=world.office, at=AT, fields={"title": "一"}, actions=taken)
        if aside:
            set_aside(list(aside), reason="表态性", actor=world.office, at=AT)
    with django_assert_max_num_queries(18) as first:
        clerk.get(f"/sources/{little.pk}/")
    assert much.actions.count() > 60
    with django_assert_num_queries(len(first)):
        clerk.get(f"/sources/{much.pk}/")
