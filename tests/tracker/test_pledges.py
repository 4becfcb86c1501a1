"""Pledges: drawn up once for each receiver, signed by both sides, held against what the plan says and what became of it."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest
from docx import Document
from openpyxl import load_workbook

from common.clock import moment
from common.errors import NotAllowed, Refused
from common.jobs import run_due_jobs
from tests.factories import (
    SPRING,
    World,
    acknowledged,
    issue,
    make_measure,
    make_plan,
    make_post,
    on,
    submitted,
)
from tracker.events import history
from tracker.models import Measure, Notice, Plan, Pledge, Task
from tracker.pledge_lines import changes_of, lines_of, present_tasks, sum_of
from tracker.pledge_papers import archive, paper
from tracker.pledges import make_pledges, remind_unsigned, request_pledges
from tracker.transitions import available_acts, perform
from tracker.verification import verify_history

pytestmark = pytest.mark.django_db
AT = moment(date(2026, 1, 8))
LIST_QUERIES = 12


@pytest.fixture
def plan(world: World) -> Plan:
    plan = make_plan(world)
    make_measure(world, plan)
    make_measure(
        world,
        plan,
        title="开展主题党日",
        deliverable="照片和记录",
        due=None,
        cadence="monthly",
        receivers=[world.branch],
    )
    issue(world, plan)
    plan.refresh_from_db()
    return plan


@pytest.fixture
def pledge(world: World, plan: Plan) -> Pledge:
    make_pledges(plan, actor=world.office, at=AT)
    return Pledge.objects.get(plan=plan, organization=world.branch)


def sign(pledge: Pledge, world: World, *, both: bool = True) -> Pledge:
    pledge = perform(pledge, "sign_for_unit", actor=world.secretary, at=AT)
    return perform(pledge, "sign_for_issuer", actor=world.issuer, at=AT) if both else pledge


def change(measure: Measure, **fields: object) -> None:
    """What an amendment leaves behind."""
    Measure.objects.filter(pk=measure.pk).update(**fields)


def test_each_receiver_gets_one_pledge_listing_what_it_has_to_deliver_by_when(world, plan):
    assert make_pledges(plan, actor=world.office, at=AT) == 2
    first, second = Pledge.objects.order_by("organization__path")
    assert [line["title"] for line in first.lines] == ["召开警示教育大会", "开展主题党日"]
    assert [line["title"] for line in second.lines] == ["召开警示教育大会"]
    assert first.lines[0]["due"] == "2026-03-31"
    assert sorted(first.lines[1]["tasks"].values()) == [
        "2026-01-30",
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
        "2026-05-29",
        "2026-06-30",
    ]
    assert [e.act for e in history(first)] == ["draw_up"]
    assert verify_history().breaks == []


def test_drawing_up_twice_makes_nothing_twice_and_a_new_receiver_gets_its_own(world, plan):
    make_pledges(plan, actor=world.office, at=AT)
    assert make_pledges(plan, actor=world.office, at=AT) == 0
    measure = Measure.objects.get(plan=plan, position=1)
    measure.receivers.add(world.other_branch)
    from tracker.fan_out import fan_out

    fan_out(plan, at=AT)
    assert make_pledges(plan, actor=world.office, at=AT) == 1
    assert Pledge.objects.filter(organization=world.other_branch).count() == 1


def test_the_issuer_pledges_nothing_to_itself(world):
    plan = make_plan(world)
    make_measure(world, plan, receivers=[world.top, world.branch])
    issue(world, plan)
    plan.refresh_from_db()
    make_pledges(plan, actor=world.office, at=AT)
    assert [p.organization for p in Pledge.objects.all()] == [world.branch]


def test_only_the_issuing_side_draws_up_and_only_from_an_issued_plan(world, plan):
    with pytest.raises(NotAllowed):
        request_pledges(plan, actor=world.secretary, at=AT)
    with pytest.raises(Refused):
        request_pledges(make_plan(world), actor=world.office, at=AT)
    make_pledges(plan, actor=world.office, at=AT)
    with pytest.raises(Refused):
        request_pledges(plan, actor=world.office, at=AT)


def test_the_request_is_a_job_and_pressing_twice_is_one(world, plan):
    first = request_pledges(plan, actor=world.office, at=AT)
    assert request_pledges(plan, actor=world.office, at=AT).pk == first.pk


@pytest.mark.django_db(transaction=True)
def test_the_job_draws_them_up(world, plan):
    job = request_pledges(plan, actor=world.office, at=AT)
    run_due_jobs(at=AT)
    job.refresh_from_db()
    assert (job.state, job.result["made"]) == ("DONE", 2)


def test_the_people_who_sign_hear_of_it_once(world, plan):
    make_pledges(plan, actor=world.office, at=AT)
    told = Notice.objects.filter(kind="pledge_to_sign").values_list("recipient", flat=True)
    assert sorted(told) == sorted(s.user.pk for s in world.secretaries)
    [notice] = Notice.objects.filter(kind="pledges_to_sign", recipient=world.issuer.user)
    assert notice.data["count"] == 2


def test_both_sign_and_each_signature_is_an_event_with_who_and_when(world, pledge):
    pledge = sign(pledge, world)
    assert pledge.state == Pledge.State.SIGNED
    assert pledge.unit_signed_by == world.secretary.user
    assert pledge.issuer_signed_by == world.issuer.user
    acts = [(e.act, e.actor_id, e.at, e.to_state) for e in history(pledge)][1:]
    assert acts == [
        ("sign_for_unit", world.secretary.user.pk, AT, "UNIT_SIGNED"),
        ("sign_for_issuer", world.issuer.user.pk, AT, "SIGNED"),
    ]


def test_the_issuer_may_sign_first(world, pledge):
    pledge = perform(pledge, "sign_for_issuer", actor=world.leader, at=AT)
    assert pledge.state == Pledge.State.ISSUER_SIGNED
    assert perform(pledge, "sign_for_unit", actor=world.secretary, at=AT).state == Pledge.State.SIGNED


@pytest.mark.parametrize(
    ("who", "act"),
    [
        ("office", "sign_for_unit"),
        ("office", "sign_for_issuer"),
        ("reviewer", "sign_for_issuer"),
        ("issuer", "sign_for_unit"),
        ("secretary", "sign_for_issuer"),
        ("other_secretary", "sign_for_unit"),
    ],
)
def test_nobody_else_signs(world, pledge, who, act):
    with pytest.raises(NotAllowed):
        perform(pledge, act, actor=getattr(world, who), at=AT)


def test_nobody_signs_for_both_sides(world, pledge):
    make_post(world.branch, "SECRETARY", user=world.issuer.user)
    both = on(world.issuer, SPRING)
    pledge = perform(pledge, "sign_for_issuer", actor=both, at=AT)
    with pytest.raises(NotAllowed, match="对方"):
        perform(pledge, "sign_for_unit", actor=both, at=AT)


def test_a_signed_pledge_cannot_be_signed_again(world, pledge):
    pledge = sign(pledge, world)
    with pytest.raises(Refused):
        perform(pledge, "sign_for_unit", actor=world.secretary, at=AT)


def test_a_plan_changed_afterwards_shows_as_amended_with_what_was_and_what_is(world, pledge):
    pledge = sign(pledge, world)
    assert changes_of(pledge) == []
    measure = Measure.objects.get(position=1)
    change(measure, due=date(2026, 4, 15), requirement="另开展一次案例剖析")
    [found] = changes_of(pledge)
    assert (found.kind, found.title) == ("changed", "召开警示教育大会")
    assert found.facts == [
        ("具体措施", "围绕典型案例开展一次警示教育", "另开展一次案例剖析"),
        ("办理时限", "2026年3月31日", "2026年4月15日"),
    ]


def test_an_added_and_a_withdrawn_matter_are_amendments_and_a_granted_extension_is_none(world, pledge, plan):
    Task.objects.filter(measure__position=1, organization=world.branch).update(due=date(2026, 5, 1))
    assert changes_of(pledge) == []
    withdrawn = Task.objects.get(measure__position=1, organization=world.branch)
    perform(withdrawn, "withdraw", actor=world.issuer, at=AT, given={"reason": "并入其他事项"})
    make_measure(world, plan, title="新增事项", receivers=[world.branch])
    from tracker.fan_out import fan_out

    fan_out(plan, at=AT)
    assert [(c.kind, c.title) for c in changes_of(pledge)] == [
        ("removed", "召开警示教育大会"),
        ("added", "新增事项"),
    ]


def test_nobody_signs_words_that_are_no_longer_the_plan(world, pledge):
    change(Measure.objects.get(position=1), title="召开警示教育会")
    with pytest.raises(Refused, match="重新拟制"):
        perform(pledge, "sign_for_unit", actor=world.secretary, at=AT)


def test_drawn_up_anew_it_says_what_the_plan_says_and_both_sign_again(world, pledge):
    pledge = sign(pledge, world)
    with pytest.raises(Refused):
        perform(pledge, "draw_up_anew", actor=world.office, at=AT)
    change(Measure.objects.get(position=1), title="召开警示教育会")
    pledge = perform(pledge, "draw_up_anew", actor=world.office, at=AT)
    assert (pledge.state, pledge.unit_signed_by, pledge.issuer_signed_at) == (Pledge.State.OPEN, None, None)
    assert pledge.lines[0]["title"] == "召开警示教育会"
    assert changes_of(pledge) == []
    before = history(pledge).get(act="draw_up_anew").said["lines_before"]
    assert before[0]["title"] == "召开警示教育大会"
    assert Notice.objects.filter(kind="pledge_to_sign", recipient=world.secretary.user).count() == 2


def test_the_outcome_is_held_against_the_agreed_day(world, pledge):
    once = Task.objects.get(measure__position=1, organization=world.branch)
    january, february, *_rest = Task.objects.filter(measure__position=2).order_by("due")
    for task, day in ((once, date(2026, 4, 10)), (january, date(2026, 1, 20))):
        handed_in = submitted(world, acknowledged(world, task), at=moment(day))
        perform(handed_in, "approve", actor=on(world.reviewer, day), at=moment(day), given={"remark": "同意"})
    tasks = present_tasks([pledge])[pledge.pk]
    first, second = lines_of(pledge, tasks, day=date(2026, 4, 10))
    assert (first.outcome.agreed, first.outcome.done, first.outcome.late) == (1, 1, 1)
    assert (second.outcome.agreed, second.outcome.done, second.outcome.late) == (6, 1, 2)
    whole = sum_of([first, second])
    assert (whole.agreed, whole.done, whole.late) == (7, 2, 3)
    assert february.state == Task.State.PENDING


def test_an_extension_does_not_move_the_agreed_day(world, pledge):
    Task.objects.filter(measure__position=1, organization=world.branch).update(due=date(2026, 5, 1))
    tasks = present_tasks([pledge])[pledge.pk]
    outcome = lines_of(pledge, tasks, day=date(2026, 4, 10))[0].outcome
    assert (outcome.late, outcome.extended) == (1, 1)


def test_a_reminder_reaches_those_whose_signature_is_missing_once_a_day(world, plan, pledge):
    sign(pledge, world, both=False)
    day = moment(date(2026, 1, 12))
    assert remind_unsigned(plan, actor=on(world.office, date(2026, 1, 12)), at=day) == 3
    assert remind_unsigned(plan, actor=on(world.office, date(2026, 1, 12)), at=day) == 0
    told = Notice.objects.filter(created_at=day, kind="pledge_to_sign")
    assert [notice.recipient_id for notice in told] == [world.secretaries[1].user.pk]
    with pytest.raises(NotAllowed):
        remind_unsigned(plan, actor=world.secretary, at=day)


def test_the_buttons_are_those_of_the_person(world, pledge):
    def acts(actor):
        return [offer.act for offer in available_acts(pledge, actor=actor, at=AT)]

    assert acts(world.secretary) == ["sign_for_unit"]
    assert acts(world.issuer) == ["sign_for_issuer", "draw_up_anew"]
    assert acts(world.reviewer) == []


# --- on paper ------------------------------------------------------------------------------------------------------


def test_the_paper_names_both_sides_each_matter_and_who_signed_when(world, pledge):
    sign(pledge, world)
    pledge = Pledge.objects.select_related("plan__organization", "organization").get(pk=pledge.pk)
    document = Document(io.BytesIO(paper([pledge])))
    text = "\n".join(p.text for p in document.paragraphs)
    matters, signatures = document.tables
    assert "上半年重点任务清单" in text
    assert [cell.text for cell in matters.rows[1].cells] == [
        "1",
        "召开警示教育大会\n围绕典型案例开展一次警示教育",
        "会议记录",
        "2026年3月31日",
    ]
    assert "每月" in matters.rows[2].cells[3].text
    left, right = (cell.text for cell in signatures.rows[0].cells)
    assert world.issuer.user.name in left
    assert world.secretary.user.name in right
    assert "2026年1月8日" in right
    sizes = {run.font.size.pt for run in document.paragraphs[0].runs}
    assert (sizes, document.paragraphs[0].runs[0].font.name) == ({22.0}, "方正小标宋简体")


def test_many_pledges_are_one_paper_or_one_archive_with_a_file_for_each(world, plan):
    make_pledges(plan, actor=world.office, at=AT)
    pledges = list(Pledge.objects.select_related("plan__organization", "organization"))
    assert len(Document(io.BytesIO(paper(pledges))).tables) == 4
    with zipfile.ZipFile(io.BytesIO(archive(pledges))) as held:
        assert held.namelist() == [f"责任状-{p.organization.short_name}.docx" for p in pledges]
        assert len(Document(io.BytesIO(held.read(held.namelist()[0]))).tables) == 2


def test_odd_characters_do_not_break_the_paper(world, pledge):
    pledge.lines[0]["requirement"] = "a < b & c\x0b]]>"
    assert Document(io.BytesIO(paper([pledge]))).tables[0].rows[1].cells[1].text.endswith("a < b & c]]>")


# --- pages ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def enter(client, time_machine):
    """Signs somebody in on the day the pledges were drawn up."""
    time_machine.move_to(AT, tick=False)

    def as_(actor):
        client.force_login(actor.user)
        return client

    return as_


def test_the_list_shows_whose_signature_is_missing(world, plan, pledge, enter):
    sign(pledge, world, both=False)
    page = enter(world.office).get(f"/pledges/?plan={plan.pk}")
    assert [(name, number) for name, _label, number, _now in page.context["tabs"]] == [
        ("", 2),
        ("mine", 0),
        ("unit", 1),
        ("issuer", 2),
        ("signed", 0),
    ]
    left = enter(world.office).get(f"/pledges/?plan={plan.pk}&who=unit").context["rows"]
    assert [row.pledge.organization for row in left] == [world.branches[1]]


def test_a_branch_sees_its_own_pledge_alone(world, plan, pledge, enter):
    rows = enter(world.secretary).get("/pledges/").context["rows"]
    assert [row.pledge for row in rows] == [pledge]
    other = Pledge.objects.exclude(pk=pledge.pk).get()
    assert enter(world.secretary).get(f"/pledges/{other.pk}/").status_code == 404
    assert enter(world.secretary).get(f"/pledges/{other.pk}/paper/").status_code == 404


def test_the_secretary_is_told_on_the_first_page_and_signs_in_two_steps(world, pledge, enter):
    client = enter(world.secretary)
    assert "1 份责任状待您签字" in client.get("/").content.decode()
    page = f"/pledges/{pledge.pk}/sign_for_unit/"
    assert "召开警示教育大会" in client.get(page).content.decode()
    assert client.post(page, {"version": pledge.version}).status_code == 303
    pledge.refresh_from_db()
    assert pledge.unit_signed_by == world.secretary.user
    assert "待您签字" not in client.get("/").content.decode()


def test_a_leader_signs_the_ticked_pledges_and_one_that_changed_is_named(world, plan, pledge, enter):
    other = Pledge.objects.exclude(pk=pledge.pk).get()
    client = enter(world.issuer)
    assert len(client.get("/pledges/?who=mine").context["rows"]) == 2
    change(Measure.objects.get(position=2), title="开展主题党日活动")
    ticked = [f"{p.pk}:{p.version}" for p in (pledge, other)]
    answer = client.post("/pledges/sign/", {"pledge": ticked, "query": "who=mine"}, follow=True)
    assert set(Pledge.objects.values_list("pk", "state")) == {
        (pledge.pk, "OPEN"),
        (other.pk, "ISSUER_SIGNED"),
    }
    text = answer.content.decode()
    assert "已签署 1 份责任状" in text
    assert f"{pledge.organization.short_name}：责任状拟制后清单有变动" in text


@pytest.mark.parametrize("ticked", [[], ["x"], ["1"], ["1:y"], ["9" * 30 + ":1"], ["1:1"] * 3])
def test_a_broken_tick_signs_nothing(world, pledge, enter, ticked):
    assert enter(world.issuer).post("/pledges/sign/", {"pledge": ticked}).status_code < 500
    assert Pledge.objects.exclude(state="OPEN").count() == 0


def test_what_was_not_seen_is_not_signed(world, pledge, enter):
    """Drawn up anew between looking and signing."""
    Pledge.objects.filter(pk=pledge.pk).update(version=7)
    enter(world.issuer).post("/pledges/sign/", {"pledge": [f"{pledge.pk}:{pledge.version}"]})
    pledge.refresh_from_db()
    assert pledge.state == "OPEN"


def test_the_office_asks_for_pledges_on_the_page_and_sees_them_being_made(world, plan, enter):
    client = enter(world.office)
    page = client.get(f"/pledges/?plan={plan.pk}")
    assert page.context["missing"] == 2
    answer = client.post(f"/plans/{plan.pk}/pledges/")
    assert answer.url == f"/plans/{plan.pk}/pledges/progress/"
    assert client.get(answer.url).status_code == 200
    assert enter(world.secretary).post(f"/plans/{plan.pk}/pledges/").status_code == 403


def test_reminding_says_how_many_were_told(world, plan, pledge, enter, time_machine):
    client = enter(world.office)
    time_machine.move_to(moment(date(2026, 1, 12)), tick=False)
    client = enter(world.office)
    time_machine.move_to(moment(date(2026, 1, 12)), tick=False)
    answer = client.post(f"/plans/{plan.pk}/pledges/remind/", follow=True)
    assert "已提醒 4 人" in answer.content.decode()


def test_the_page_shows_the_comparison_and_the_amendment(world, pledge, enter):
    change(Measure.objects.get(position=1), due=date(2026, 4, 15))
    text = enter(world.secretary).get(f"/pledges/{pledge.pk}/").content.decode()
    assert "责任状拟制后清单有变更" in text
    assert "2026年4月15日" in text
    assert "约定任务 7 项，完成 0 项，逾期 0 项" in text


def test_papers_come_as_docx_and_zip_with_the_list_s_filters(world, plan, pledge, enter):
    client = enter(world.office)
    one = client.get(f"/pledges/{pledge.pk}/paper/")
    assert one["Content-Type"].endswith("wordprocessingml.document")
    all_of_them = client.get(f"/pledges/papers/?plan={plan.pk}&form=zip")
    with zipfile.ZipFile(io.BytesIO(all_of_them.content)) as held:
        assert len(held.namelist()) == 2
    narrowed = client.get(f"/pledges/papers/?plan={plan.pk}&q={world.branch.name}")
    assert len(Document(io.BytesIO(narrowed.content)).tables) == 2
    assert client.get("/pledges/papers/?q=没有这个").status_code == 400


def test_the_list_is_exported_with_the_comparison(world, plan, pledge, enter):
    answer = enter(world.office).get(f"/pledges/export/?plan={plan.pk}")
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    rows = list(book.active.iter_rows(min_row=4, values_only=True))
    assert [row[5:8] for row in rows] == [(7, 0, 0), (1, 0, 0)]


@pytest.mark.parametrize("branches", [1, 3])
def test_the_list_asks_a_constant_number_of_queries(branches, enter, django_assert_num_queries):
    world = World(branches=branches)
    plan = make_plan(world)
    make_measure(world, plan)
    issue(world, plan)
    plan.refresh_from_db()
    make_pledges(plan, actor=world.office, at=AT)
    client = enter(world.office)
    with django_assert_num_queries(LIST_QUERIES):
        assert len(client.get(f"/pledges/?plan={plan.pk}").context["rows"]) == branches
