"""What some are asked otherwise than the rest: how it is written, who reads which words, and where it stays true."""

from __future__ import annotations

import io

import pytest
from django.utils import translation
from openpyxl import load_workbook

from branches.models import Organization
from common.clock import moment
from common.errors import Refused
from common.workdays import Calendar
from tests.factories import SPRING, World, issue, make_measure, make_plan
from tracker.breakdown import break_down
from tracker.events import history
from tracker.issuing import preview
from tracker.models import Measure, Task
from tracker.plans import edit_measure, merge_measures, split_measure
from tracker.transitions import act_form, perform
from tracker.variants import read_variants, said_of

BRANCH, COMMITTEE = Organization.Kind.BRANCH, Organization.Kind.COMMITTEE
LINES = "党支部：开展主题党日\n书记: 讲专题党课"
KEPT = {"BRANCH": "开展主题党日", "SECRETARY": "讲专题党课"}


def test_a_line_for_each_is_read_and_said_in_any_language():
    assert read_variants(f"\n{LINES}\n\n") == KEPT
    assert read_variants("书记：讲课\n党组：研究一次") == {"LEADING_GROUP": "研究一次", "SECRETARY": "讲课"}
    assert read_variants("branch: meet：twice") == {"BRANCH": "meet：twice"}
    assert said_of(KEPT) == "党支部：开展主题党日\n书记：讲专题党课"
    with translation.override("en"):
        assert read_variants(said_of(KEPT)) == KEPT


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("开展主题党日", "“开展主题党日”没有以下列对象开头：机关工委"),
        ("工会：配合", "“工会：配合”没有以下列对象开头"),
        ("督查员：检查", "“督查员：检查”没有以下列对象开头"),
        ("党支部：一\n党支部：二", "“党支部”写了两行，请合成一行。"),
        ("党支部： ", "请在“党支部”后写明要求。"),
        ("党支部：" + "字" * 2001, "对“党支部”的要求过长，最多2000字。"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_by_name(text, sentence):
    with pytest.raises(Refused) as refused:
        read_variants(text)
    assert str(refused.value).startswith(sentence)


def test_a_kind_has_its_own_words_and_a_role_its_own_beside_them():
    measure = Measure(requirement="学习讲话", variants=KEPT)
    assert measure.asked_of(BRANCH) == "开展主题党日\n书记：讲专题党课"
    assert measure.asked_of(COMMITTEE) == "学习讲话\n书记：讲专题党课"
    assert Measure(requirement="学习讲话").asked_of(BRANCH) == "学习讲话"


@pytest.mark.django_db
class TestPlan:
    @pytest.fixture(autouse=True)
    def _clock(self, time_machine):
        time_machine.move_to(moment(SPRING), tick=False)

    @pytest.fixture
    def world(self) -> World:
        return World()

    @pytest.fixture
    def measure(self, world) -> Measure:
        plan = make_plan(world)
        kinds = [BRANCH.value, COMMITTEE.value]
        return make_measure(world, plan, requirement="学习讲话", variants=KEPT, receiver_kinds=kinds)

    def test_the_form_keeps_what_was_typed_and_says_which_line_is_wrong(self, client, world, measure):
        client.force_login(world.office.user)
        address = f"/plans/{measure.plan_id}/measures/{measure.pk}/"
        page = client.get(address).content.decode()
        assert "党支部：开展主题党日\n书记：讲专题党课" in page
        form = client.get(address).context["form"]
        typed = {name: form[name].value() for name in form.fields}
        typed = {name: "" if value is None else value for name, value in typed.items()}
        typed |= {"version": measure.version, "variants": "工会：配合", "receivers": []}
        refused = client.post(address, typed)
        assert refused.status_code == 422
        assert "“工会：配合”没有以下列对象开头" in refused.content.decode()
        assert refused.context["form"]["variants"].value() == "工会：配合"
        saved = client.post(address, typed | {"variants": "机关党委：统筹安排"})
        assert saved.status_code == 302
        measure.refresh_from_db()
        assert measure.variants == {"COMMITTEE": "统筹安排"}
        last = history(measure).last()
        assert last.said["variants"] == [said_of(KEPT), "机关党委：统筹安排"]

    def test_the_preview_says_who_is_asked_otherwise_and_what_one_unit_would_read(
        self, client, world, measure
    ):
        found = preview(measure.plan, day=SPRING, calendar=Calendar.load())
        branches = Organization.objects.below(world.top).of_kind(BRANCH).count()
        everybody = found.lines[0].receivers
        assert branches < everybody
        assert found.lines[0].variants == [
            ("党支部", "开展主题党日", branches),
            ("书记", "讲专题党课", everybody),
        ]
        client.force_login(world.office.user)
        address = f"/plans/{measure.plan_id}/preview/"
        page = client.get(f"{address}?unit={world.branch.pk}").content.decode()
        assert "党支部：开展主题党日" in page
        assert "开展主题党日<br>书记：讲专题党课" in page
        page = client.get(f"{address}?unit={world.committee.pk}").content.decode()
        assert "学习讲话<br>书记：讲专题党课" in page

    def test_each_receiver_reads_its_own_words_on_its_task(self, client, world, measure):
        issue(world, measure.plan)
        task = Task.objects.get(measure=measure, organization=world.branch)
        assert task.requirement == "开展主题党日\n书记：讲专题党课"
        client.force_login(world.secretary.user)
        page = client.get(f"/tasks/{task.pk}/").content.decode()
        assert "开展主题党日<br>书记：讲专题党课" in page
        assert "学习讲话" not in page
        client.force_login(world.office.user)
        above = Task.objects.get(measure=measure, organization=world.committee)
        assert "学习讲话<br>书记：讲专题党课" in client.get(f"/tasks/{above.pk}/").content.decode()

    def test_they_go_out_to_the_table_and_come_back(self, client, world, measure):
        client.force_login(world.office.user)
        table = f"/plans/{measure.plan_id}/table/"
        answer = client.get(f"{table}export/")
        book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
        sheet = book["重点任务清单"]
        place = next(cell.column for cell in sheet[3] if cell.value == "分类要求")
        cell = next(row[place - 1] for row in sheet.iter_rows(min_row=5) if row[place - 1].value)
        assert cell.value == said_of(KEPT)
        pasted = f"重点任务\t分类要求\t系统编号\n{measure.title}\t%s\tM{measure.pk}.{measure.version}"
        same = client.post(table, {"pasted": pasted % f'"{cell.value}"'})
        assert (same.context["found"].unchanged, same.context["found"].changes) == (1, [])
        wrong = client.post(table, {"pasted": pasted % "工会：配合"})
        [fault] = wrong.context["found"].faults
        assert fault.sentence.startswith("“工会：配合”没有以下列对象开头")
        checked = client.post(table, {"pasted": pasted % "党支部：开展两次"})
        client.post(f"{table}import/", {"held": checked.context["held"]})
        measure.refresh_from_db()
        assert measure.variants == {"BRANCH": "开展两次"}

    def test_splitting_merging_and_breaking_down_lose_none_of_them(self, world, measure):
        second = split_measure(measure, title="第二项", actor=world.office, at=moment(SPRING))
        assert second.variants == KEPT
        fields = {"variants": {"BRANCH": "参观", "CLERK": "记录"}}
        second = edit_measure(second, actor=world.office, at=moment(SPRING), fields=fields)
        merged = merge_measures(measure, second, actor=world.office, at=moment(SPRING))
        merged.refresh_from_db()
        assert merged.variants == {"BRANCH": "开展主题党日；参观", "SECRETARY": "讲专题党课", "CLERK": "记录"}
        issue(world, measure.plan)
        task = Task.objects.get(measure=measure, organization=world.committee)
        assert break_down(task, actor=world.reviewer, at=moment(SPRING)).variants == merged.variants

    def test_an_amendment_changes_them_and_keeps_what_was_asked_before(self, client, world, measure):
        issue(world, measure.plan)
        measure.refresh_from_db()
        form = act_form(measure, "amend", actor=world.office, at=moment(SPRING))
        assert form["variants"].value() == said_of(KEPT)
        given = {
            "variants": "党支部：开展两次主题党日",
            "reason": "上级通知",
            "confirmed_by": world.issuer.user.pk,
        }
        perform(measure, "amend", actor=world.office, at=moment(SPRING), given=given)
        measure.refresh_from_db()
        assert (measure.requirement, measure.variants) == ("学习讲话", {"BRANCH": "开展两次主题党日"})
        said = history(measure).last().said
        assert (said["variants_before"], said["variants"]) == (said_of(KEPT), "党支部：开展两次主题党日")
        client.force_login(world.secretary.user)
        task = Task.objects.get(measure=measure, organization=world.branch)
        page = client.get(f"/tasks/{task.pk}/").content.decode()
        assert "<del>党支部：开展主题党日<br>书记：讲专题党课</del>" in page
        assert "<ins>党支部：开展两次主题党日</ins>" in page
