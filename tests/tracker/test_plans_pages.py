"""The pages of a plan: its table and panel, the preview, and issuing."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from common.jobs import run_due_jobs
from common.models import Job
from tests.factories import World, issue, make_measure, make_plan, make_post, make_source
from tracker.models import Measure, Plan, Task
from tracker.plans import add_measure, edit_measure

pytestmark = pytest.mark.django_db
AT = datetime(2026, 1, 5, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(AT, tick=False)


@pytest.fixture
def plan(world) -> Plan:
    return make_plan(world)


def form_of(measure: Measure, **fields):
    given = {
        "title": measure.title,
        "requirement": measure.requirement,
        "cadence": measure.cadence,
        "due": measure.due or "",
        "deliverable": measure.deliverable,
        "lead": measure.lead_id or "",
        "responsible_leader": measure.responsible_leader_id or "",
        "receivers": [o.pk for o in measure.receivers.all()],
        "no_source_reason": measure.no_source_reason,
        "version": measure.version,
    }
    return given | fields


def issue_form(plan: Plan, world: World, **fields):
    return {"approved_by": world.issuer.user.pk, "version": plan.version, "tasks": 2} | fields


def test_a_new_plan_leads_to_its_table_or_back_to_the_source_it_is_for(clerk, world):
    given = {"organization": world.top.pk, "title": "上半年清单", "half": "2026H1", "kind": "LIST"}
    answer = clerk.post("/plans/new/", given)
    assert answer.headers["Location"] == f"/plans/{Plan.objects.get().pk}/"
    source = make_source(world)
    answer = clerk.post(f"/plans/new/?source={source.pk}", given)
    assert answer.headers["Location"] == f"/sources/{source.pk}/?plan={Plan.objects.first().pk}"


def test_a_plan_without_a_title_or_for_another_organization_is_not_made(clerk, world):
    given = {"organization": world.committee.pk, "title": "", "half": "2026H1", "kind": "LIST"}
    answer = clerk.post("/plans/new/", given)
    assert answer.status_code == 422
    assert sorted(answer.context["form"].errors) == ["organization", "title"]
    assert Plan.objects.count() == 0


def test_the_table_marks_what_is_missing_and_leads_to_the_field(clerk, world, plan):
    measure = make_measure(world, plan, due=None, responsible_leader=None)
    page = clerk.get(f"/plans/{plan.pk}/").content.decode()
    assert f"/plans/{plan.pk}/measures/{measure.pk}/?field=due" in page
    assert f"/plans/{plan.pk}/measures/{measure.pk}/?field=responsible_leader" in page
    panel = clerk.get(f"/plans/{plan.pk}/measures/{measure.pk}/?field=due").content.decode()
    assert panel.count("autofocus") == 1


def test_the_words_of_the_source_are_one_click_away(clerk, world, plan):
    source = make_source(world)
    action = source.actions.first()
    measure = add_measure(plan, actor=world.office, at=AT, fields={"title": "一"}, actions=[action])
    link = f"/sources/{source.pk}/#action-{action.pk}"
    assert link in clerk.get(f"/plans/{plan.pk}/").content.decode()
    assert link in clerk.get(f"/plans/{plan.pk}/measures/{measure.pk}/", **HTMX).content.decode()


def test_saving_a_measure(clerk, world, plan):
    measure = make_measure(world, plan)
    given = form_of(
        measure, due="2026-05-08", receiver_kinds=["BRANCH"], target_number="60", target_unit="个"
    )
    clerk.post(f"/plans/{plan.pk}/measures/{measure.pk}/", given)
    saved = Measure.objects.get(pk=measure.pk)
    assert (saved.due, saved.receiver_kinds, saved.target, saved.version) == (
        date(2026, 5, 8),
        ["BRANCH"],
        "60 个",
        1,
    )


def test_a_measure_names_the_business_it_serves_and_its_weight(clerk, world, plan):
    measure = make_measure(world, plan)
    given = form_of(measure, business="营商环境专项整治", weight="3")
    clerk.post(f"/plans/{plan.pk}/measures/{measure.pk}/", given)
    clerk.post(f"/plans/{plan.pk}/measures/{measure.pk}/", {**given, "weight": "", "version": "1"})
    saved = Measure.objects.get(pk=measure.pk)
    assert (saved.business, saved.weight) == ("营商环境专项整治", 3)
    issue(world, plan)
    task = Task.objects.get(organization=world.branch)
    clerk.force_login(world.secretary.user)
    assert "营商环境专项整治" in clerk.get(f"/tasks/{task.pk}/").content.decode()


def test_a_stale_form_keeps_what_was_typed_and_says_so(clerk, world, plan):
    measure = make_measure(world, plan)
    edit_measure(measure, actor=world.office, at=AT, fields={"deliverable": "同事改的"})
    given = form_of(measure, requirement="我刚刚写的要求")
    answer = clerk.post(f"/plans/{plan.pk}/measures/{measure.pk}/", given)
    body = answer.content.decode()
    assert answer.status_code == 422
    assert "我刚刚写的要求" in body
    assert "他人修改" in body
    assert Measure.objects.get(pk=measure.pk).deliverable == "同事改的"
    # The version shown now is the present one: having compared, the clerk may save.
    assert 'name="version" value="1"' in body


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": " "}, "title"),
        ({"due": "2026-13-40"}, "due"),
        ({"due": "2025-12-31"}, "due"),
        ({"due": "0026-05-01"}, "due"),
        ({"target_number": "-1", "target_unit": "个"}, "target_number"),
        ({"target_number": "60"}, "target_unit"),
        ({"receiver_kinds": ["PLANET"]}, "receiver_kinds"),
        ({"cadence": "hourly"}, "cadence"),
        ({"weight": "0"}, "weight"),
        ({"business": "长" * 201}, "business"),
    ],
)
def test_bad_values_are_named_and_nothing_is_saved(clerk, world, plan, fields, field):
    measure = make_measure(world, plan)
    answer = clerk.post(f"/plans/{plan.pk}/measures/{measure.pk}/", form_of(measure, **fields))
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert Measure.objects.get(pk=measure.pk).version == 0


def test_a_receiver_outside_the_tree_is_refused(clerk, world, plan):
    stranger = World().branch
    measure = make_measure(world, plan)
    answer = clerk.post(f"/plans/{plan.pk}/measures/{measure.pk}/", form_of(measure, receivers=[stranger.pk]))
    assert answer.status_code == 422
    assert list(measure.receivers.all()) == world.branches


def test_single_receivers_are_found_by_name_and_stay_ticked(clerk, world, plan):
    url = f"/plans/{plan.pk}/organizations/?org_q={world.branch.name}&receivers={world.branches[1].pk}"
    body = clerk.get(url, **HTMX).content.decode()
    assert f'value="{world.branches[1].pk}" checked' in body
    assert f'value="{world.branch.pk}">' in body


def test_by_hand_needs_a_reason(clerk, plan):
    url = f"/plans/{plan.pk}/measures/new/"
    answer = clerk.post(url, {"title": "召开年度总结会", "cadence": "once", "no_source_reason": ""})
    assert answer.status_code == 422
    assert "召开年度总结会" in answer.content.decode()
    clerk.post(url, {"title": "召开年度总结会", "cadence": "once", "no_source_reason": "年度例行工作"})
    assert Measure.objects.get().no_source_reason == "年度例行工作"


def test_moving_splitting_merging_and_removing_by_their_buttons(clerk, world, plan):
    first, second = make_measure(world, plan, title="一"), make_measure(world, plan, title="二")
    base = f"/plans/{plan.pk}/measures"
    clerk.post(f"{base}/{second.pk}/move/", {"to": "1"})
    assert list(plan.measures.values_list("title", flat=True)) == ["二", "一"]
    clerk.post(f"{base}/{first.pk}/split/", {"title": "三"})
    third = Measure.objects.get(title="三")
    clerk.post(f"{base}/{first.pk}/merge/", {"other": third.pk})
    first.refresh_from_db()
    clerk.post(f"{base}/{first.pk}/remove/", {"version": first.version})
    assert list(plan.measures.values_list("title", flat=True)) == ["二"]


def test_many_measures_get_the_same_values(clerk, world, plan):
    one, two, three = (make_measure(world, plan, title=t, deliverable="") for t in "一二三")
    url = f"/plans/{plan.pk}/many/"
    given = {"measures": [one.pk, three.pk], "deliverable": "总结报告", "cadence": "quarterly"}
    clerk.post(url, given)
    found = dict(Measure.objects.values_list("title", "deliverable"))
    assert found == {"一": "总结报告", "二": "", "三": "总结报告"}
    assert Measure.objects.get(pk=one.pk).due is None
    assert clerk.post(url, {"measures": [], "deliverable": "总结报告"}).status_code == 422
    assert clerk.post(url, {"measures": [two.pk]}).status_code == 422


def test_another_committee_sees_nothing_of_a_draft(client, world, plan):
    measure = make_measure(world, plan)
    paths = ("", "preview/", "progress/", f"measures/{measure.pk}/", "organizations/")
    for actor in (world.reviewer, world.secretary, world.other_secretary):
        client.force_login(actor.user)
        assert [client.get(f"/plans/{plan.pk}/{path}").status_code for path in paths] == [404] * 5
        assert client.post(f"/plans/{plan.pk}/measures/{measure.pk}/remove/").status_code == 404
    assert Measure.objects.count() == 1


def test_a_receiving_secretary_reads_the_issued_plan_and_has_no_button(client, world, plan):
    mine = make_measure(world, plan, title="我支部的事项", receivers=[world.branch])
    other = make_measure(world, plan, title="别的支部的事项", receivers=[world.other_branch])
    issue(world, plan)
    client.force_login(world.secretary.user)
    page = client.get(f"/plans/{plan.pk}/").content.decode()
    assert "我支部的事项" in page
    assert "别的支部的事项" not in page
    assert "<form" not in page.split('id="main"')[1]
    assert client.get(f"/plans/{plan.pk}/measures/{mine.pk}/").status_code == 200
    assert client.get(f"/plans/{plan.pk}/measures/{other.pk}/").status_code == 404
    assert client.get(f"/plans/{plan.pk}/preview/").status_code == 404
    assert client.post(f"/plans/{plan.pk}/measures/{mine.pk}/remove/").status_code == 403
    assert client.post(f"/plans/{plan.pk}/many/", {"measures": [mine.pk]}).status_code == 403


def test_a_leader_of_the_issuer_reads_the_draft_and_cannot_edit_it(client, world, plan):
    measure = make_measure(world, plan)
    client.force_login(world.leader.user)
    assert client.get(f"/plans/{plan.pk}/").status_code == 200
    answer = client.post(f"/plans/{plan.pk}/measures/{measure.pk}/", form_of(measure, title="改"))
    assert answer.status_code == 403
    assert Measure.objects.get().title == measure.title


def test_the_preview_says_what_will_happen_and_what_stands_in_the_way(clerk, world, plan):
    make_measure(world, plan, due=date(2026, 3, 29), receivers=[*world.branches, world.other_branch])
    broken = make_measure(world, plan, title="缺内容", due=None, deliverable="")
    page = clerk.get(f"/plans/{plan.pk}/preview/")
    body = page.content.decode()
    assert page.context["preview"].new_tasks == 3
    assert [lack.field for lack in page.context["preview"].lacks] == ["due", "deliverable"]
    assert f"/plans/{plan.pk}/measures/{broken.pk}/?field=deliverable" in body
    assert [(m.title, due) for m, due in page.context["preview"].off_days] == [
        ("召开警示教育大会", date(2026, 3, 29))
    ]
    # The second department has neither chief nor leader nor committee secretary.
    assert {hole.organization.short_name for hole in page.context["holes"]} == {
        world.other_committee.short_name,
        world.other_committee.parent.short_name,
    }
    assert 'name="approved_by"' not in body


def test_the_preview_by_unit_and_week(clerk, world, plan):
    make_measure(world, plan, title="按季", cadence="quarterly", due=None, receivers=[world.branch])
    page = clerk.get(f"/plans/{plan.pk}/preview/?unit={world.branch.pk}")
    assert [(week.monday, week.tasks) for week in page.context["weeks"]] == [
        (date(2026, 3, 30), 1),
        (date(2026, 6, 29), 1),
    ]
    assert [share["due"] for share in page.context["unit_dues"]] == [date(2026, 3, 31), date(2026, 6, 30)]


def test_issuing_from_the_preview_leads_through_progress_to_the_tasks(clerk, world, plan):
    make_measure(world, plan)
    page = clerk.get(f"/plans/{plan.pk}/preview/").content.decode()
    assert "将产生 2 项任务，涉及 2 个单位。" in page
    answer = clerk.post(f"/plans/{plan.pk}/preview/", issue_form(plan, world))
    assert answer.headers["Location"] == f"/plans/{plan.pk}/progress/"
    assert "<progress" in clerk.get(f"/plans/{plan.pk}/progress/").content.decode()
    run_due_jobs(at=AT)
    part = clerk.get(f"/plans/{plan.pk}/progress/", **HTMX).content.decode()
    assert f'href="/plans/{plan.pk}/"' in part
    assert "<html" not in part
    assert Task.objects.count() == 2
    measure = Measure.objects.get()
    assert f"/tasks/?group=all&amp;measure={measure.pk}" in clerk.get(f"/plans/{plan.pk}/").content.decode()


def test_pressing_twice_issues_once_and_both_lead_to_the_same_page(clerk, world, plan):
    make_measure(world, plan)
    given = issue_form(plan, world)
    answers = [clerk.post(f"/plans/{plan.pk}/preview/", given) for _press in range(2)]
    assert [a.headers["Location"] for a in answers] == [f"/plans/{plan.pk}/progress/"] * 2
    assert Job.objects.filter(kind="fan_out").count() == 1
    run_due_jobs(at=AT)
    assert Task.objects.count() == 2


def test_what_was_not_seen_is_not_issued(clerk, world, plan):
    make_measure(world, plan)
    given = issue_form(plan, world)
    make_measure(world, plan, title="后来加的")
    answer = clerk.post(f"/plans/{plan.pk}/preview/", given)
    assert answer.status_code == 409
    assert "预览之后清单有变动" in answer.content.decode()
    plan.refresh_from_db()
    assert plan.state == "DRAFT"


def test_issuing_needs_an_approver_of_the_issuing_organization(clerk, world, plan):
    make_measure(world, plan)
    for approver in ("", world.chief.user.pk):
        answer = clerk.post(f"/plans/{plan.pk}/preview/", issue_form(plan, world, approved_by=approver))
        assert answer.status_code == 422
        assert "approved_by" in answer.context["form"].errors
    plan.refresh_from_db()
    assert plan.state == "DRAFT"


def test_a_plan_without_measures_cannot_be_issued(clerk, world, plan):
    assert "清单中还没有事项" in clerk.get(f"/plans/{plan.pk}/preview/").content.decode()
    answer = clerk.post(f"/plans/{plan.pk}/preview/", issue_form(plan, world, tasks=0))
    assert answer.status_code == 400
    plan.refresh_from_db()
    assert plan.state == "DRAFT"


def test_a_supplement_adds_only_what_is_new(clerk, world, plan):
    make_measure(world, plan)
    issue(world, plan)
    assert "没有需要补充的" in clerk.get(f"/plans/{plan.pk}/preview/").content.decode()
    make_measure(world, plan, title="补充的事项")
    plan.refresh_from_db()
    page = clerk.get(f"/plans/{plan.pk}/preview/")
    assert page.context["preview"].new_tasks == 2
    given = {"reason": "工作需要", "version": plan.version, "tasks": 2}
    clerk.post(f"/plans/{plan.pk}/preview/", given)
    run_due_jobs(at=AT)
    assert Task.objects.count() == 4


def test_a_failed_job_can_be_tried_again_by_the_office(clerk, client, world, plan):
    make_measure(world, plan)
    clerk.post(f"/plans/{plan.pk}/preview/", issue_form(plan, world))
    Job.objects.update(state=Job.State.FAILED, message="磁盘已满", finished_at=AT)
    page = clerk.get(f"/plans/{plan.pk}/progress/").content.decode()
    assert "磁盘已满" in page
    client.force_login(world.leader.user)
    assert client.post(f"/plans/{plan.pk}/progress/again/").status_code == 403
    client.force_login(world.office.user)
    client.post(f"/plans/{plan.pk}/progress/again/")
    assert Job.objects.get().state == Job.State.QUEUED


def test_lists_and_tables_need_the_same_queries_for_one_and_three_rows(
    clerk, world, plan, django_assert_max_num_queries, django_assert_num_queries
):
    make_measure(world, plan)
    with django_assert_max_num_queries(24) as table:
        clerk.get(f"/plans/{plan.pk}/")
    with django_assert_max_num_queries(12) as listed:
        clerk.get("/plans/")
    for number in range(2):
        make_plan(world)
        make_measure(world, plan, title=f"第{number}项")
    with django_assert_num_queries(len(table)):
        clerk.get(f"/plans/{plan.pk}/")
    with django_assert_num_queries(len(listed)):
        clerk.get("/plans/")


def test_somebody_with_two_offices_chooses_for_which_one(client, world):
    make_post(world.committee, "CLERK", user=world.office.user)
    client.force_login(world.office.user)
    form = client.get("/plans/new/").context["form"]
    assert set(form.fields["organization"].queryset) == {world.top, world.committee}
