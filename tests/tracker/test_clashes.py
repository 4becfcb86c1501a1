"""What the receiving units have to do already stands in the way of issuing until somebody has decided on it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from branches.models import Organization
from common.clock import moment
from common.errors import NotAllowed, Refused, Stale
from common.workdays import Calendar
from tests.factories import World, issue, make_measure, make_plan
from tracker.clashes import Target, clashes_in, keep_clashes, overloads_in
from tracker.issuing import targets_of
from tracker.likeness import is_alike, pieces_of
from tracker.models import Event, KeptClash, Measure, Plan, Task
from tracker.transitions import perform

JULY = moment(date(2026, 7, 6))
DUE = date(2026, 9, 30)
Theme = Measure.Theme


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("召开市直机关警示教育大会", "每季度召开一次警示教育大会", True),
        ("制定支部品牌创建方案", "制定党支部品牌创建方案", True),
        ("召开会议", "召开会议部署检查", False),  # too general to say anything
        ("开展基层党建工作专项督查", "开展离退休党员走访慰问", False),
        ("报送上半年党建工作总结", "报送全年安全生产工作总结", False),
    ],
)
def test_titles_are_alike_when_they_ask_for_nearly_the_same(one, other, alike):
    assert is_alike(pieces_of(one), pieces_of(other)) is alike


@pytest.fixture
def world() -> World:
    return World(branches=3)


def draft(world: World, *titles: str, **fields: Any) -> Plan:
    plan = make_plan(world)
    given: dict[str, Any] = {
        "due": DUE,
        "receiver_kinds": [Organization.Kind.BRANCH],
        "lead": world.top,
    } | fields
    for title in titles:
        make_measure(world, plan, title=title, **given)
    return plan


def targets(plan: Plan) -> list[Target]:
    return targets_of(plan, day=date(2026, 7, 6), calendar=Calendar.load())


def clashes(plan: Plan):
    return [(c.measure.title, c.other.title, c.units, c.weeks) for c in clashes_in(targets(plan))]


def issue_act(world: World, plan: Plan, **given):
    return perform(
        plan, "issue", actor=world.office, at=JULY, given={"approved_by": world.issuer.user.pk} | given
    )


@pytest.mark.django_db
class TestClashes:
    def test_nearly_the_same_asked_of_the_same_units_is_a_clash_whenever_it_falls_due(self, world):
        issue(world, draft(world, "制定支部品牌创建方案"))
        plan = draft(world, "制定党支部品牌创建方案", "开展走访慰问", due=date(2026, 11, 30))
        assert clashes(plan) == [("制定党支部品牌创建方案", "制定支部品牌创建方案", 4, ())]

    def test_other_units_do_not_meet(self, world):
        issue(world, draft(world, "制定支部品牌创建方案", receiver_kinds=[], receivers=[world.branch]))
        plan = draft(world, "制定党支部品牌创建方案", receiver_kinds=[], receivers=[world.other_branch])
        assert clashes(plan) == []

    def test_two_inspections_or_activities_in_one_week_at_one_unit_meet(self, world):
        issue(world, draft(world, "基层党建实地督导", theme=Theme.INSPECTION))
        plan = draft(world, "重走革命旧址", theme=Theme.ACTIVITY, due=date(2026, 9, 28))
        assert clashes(plan) == [("重走革命旧址", "基层党建实地督导", 4, (date(2026, 9, 28),))]
        Measure.objects.filter(plan=plan).update(due=date(2026, 9, 25))
        assert clashes(plan) == []
        Measure.objects.filter(plan=plan).update(due=DUE, theme=Theme.INSTITUTION)
        assert clashes(plan) == []

    def test_two_alike_in_one_draft_are_offered_for_merging(self, world):
        plan = draft(world, "召开机关警示教育大会", "每季度召开机关警示教育大会")
        [clash] = clashes_in(targets(plan))
        assert (clash.is_inside, clash.measure.position > clash.other.position) == (True, True)

    def test_what_is_done_or_of_a_closed_plan_disturbs_nobody(self, world):
        earlier = issue(world, draft(world, "制定支部品牌创建方案"))
        Task.objects.filter(measure__plan=earlier).update(state=Task.State.DONE, completed_at=JULY)
        assert clashes(draft(world, "制定党支部品牌创建方案")) == []

    def test_issuing_waits_until_each_is_settled(self, world):
        issue(world, draft(world, "制定支部品牌创建方案"))
        plan = draft(world, "制定党支部品牌创建方案")
        with pytest.raises(Refused) as refusal:
            issue_act(world, plan)
        assert "会车" in str(refusal.value)
        [clash] = clashes_in(targets(plan))
        assert keep_clashes(plan, [clash.key], reason="各有侧重", actor=world.office, at=JULY) == 1
        assert clashes_in(targets(plan))[0].kept == KeptClash.objects.get()
        assert issue_act(world, plan).state == Plan.State.ISSUED

    def test_keeping_needs_the_office_a_reason_and_measures_that_are_there(self, world):
        issue(world, draft(world, "制定支部品牌创建方案"))
        plan = draft(world, "制定党支部品牌创建方案")
        [clash] = clashes_in(targets(plan))
        foreign = make_measure(world, make_plan(world), title="另一清单的事")
        for keys, reason, actor, kind in (
            ([clash.key], "各有侧重", world.reviewer, NotAllowed),
            ([clash.key], "  ", world.office, Refused),
            ([clash.key], "长" * 201, world.office, Refused),
            ([], "各有侧重", world.office, Refused),
            (["1:2:3", "x", ":", "7"], "各有侧重", world.office, Refused),
            ([f"{foreign.pk}:{clash.other.pk}"], "各有侧重", world.office, Stale),
            ([f"{clash.measure.pk}:999999"], "各有侧重", world.office, Stale),
        ):
            with pytest.raises(kind):
                keep_clashes(plan, keys, reason=reason, actor=actor, at=JULY)
        assert not KeptClash.objects.exists()

    def test_the_number_of_queries_does_not_grow_with_the_clashes(self, world, django_assert_num_queries):
        issue(world, draft(world, "制定支部品牌创建方案", "基层党建实地督导", theme=Theme.INSPECTION))
        plan = draft(world, "制定党支部品牌创建方案")
        few = targets(plan)
        with django_assert_num_queries(3):
            assert len(clashes_in(few)) == 1
        more = targets(draft(world, "制定党支部品牌创建方案", "开展主题宣讲", theme=Theme.EDUCATION))
        with django_assert_num_queries(3):
            assert len(clashes_in(more)) == 4


@pytest.mark.django_db
class TestLoad:
    @pytest.fixture(autouse=True)
    def _ceiling(self, settings):
        settings.LOAD_CEILING = 2

    def test_a_unit_above_its_ceiling_in_a_month_is_listed_with_what_is_new(self, world):
        issue(world, draft(world, "制定支部品牌创建方案", "开展走访慰问"))
        empty = draft(world)
        assert overloads_in(empty, targets(empty)) == []
        plan = draft(world, "报送党费收缴情况", receiver_kinds=[], receivers=[world.branch])
        [over] = overloads_in(plan, targets(plan))
        assert (over.organization, over.month, over.tasks, over.new) == (world.branch, date(2026, 9, 1), 3, 1)

    def test_going_on_needs_a_named_leader_and_his_consent_is_kept(self, world):
        plan = draft(world, "制定支部品牌创建方案", "开展走访慰问", "报送党费收缴情况")
        with pytest.raises(Refused) as refusal:
            issue_act(world, plan)
        assert "load_consent" in refusal.value.fields
        with pytest.raises(Refused):
            issue_act(world, plan, load_consent=world.secretary.user.pk)
        issue_act(world, plan, load_consent=world.leader.user.pk)
        said = Event.objects.get(subject_kind="plan", subject_id=plan.pk, act="issue").said
        assert said["load_consent"]["name"] == world.leader.user.name

    def test_below_the_ceiling_nobody_is_asked(self, world):
        plan = draft(world, "制定支部品牌创建方案")
        assert issue_act(world, plan).state == Plan.State.ISSUED


@pytest.mark.django_db
class TestPage:
    def test_the_clerk_sees_settles_and_issues(self, client, world, time_machine, settings):
        time_machine.move_to(JULY, tick=False)
        settings.LOAD_CEILING = 1
        issue(world, draft(world, "制定支部品牌创建方案"))
        plan = draft(world, "制定党支部品牌创建方案", "每季度制定党支部品牌创建方案")
        client.force_login(world.office.user)
        address = f"/plans/{plan.pk}/preview/"
        page = client.get(address).content.decode()
        assert "会车检查" in page
        assert "超出负担上限的单位" in page
        assert "内容相近" in page
        keys = [clash.key for clash in clashes_in(targets(plan))]
        assert all(f'value="{key}"' in page for key in keys)
        refused = client.post(f"/plans/{plan.pk}/clashes/", {"clashes": keys, "reason": ""})
        assert refused.status_code == 400
        client.post(f"/plans/{plan.pk}/clashes/", {"clashes": keys, "reason": "分工不同"})
        page = client.get(address).content.decode()
        assert "分工不同" in page
        given = {"version": plan.version, "tasks": 8, "approved_by": world.issuer.user.pk}
        assert client.post(address, given).status_code == 422
        answer = client.post(address, given | {"load_consent": world.leader.user.pk})
        assert answer.headers["Location"].endswith("/progress/")
