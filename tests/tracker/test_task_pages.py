"""The list of tasks, the page of one, and the one door for acts."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from common.clock import moment
from tests.factories import (
    acknowledged,
    actor_at,
    issue,
    make_measure,
    make_organization,
    make_plan,
    make_post,
    make_task,
    submitted,
)
from tracker.models import Extension, Task
from tracker.transitions import perform

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_march():
    with time_machine.travel(moment(date(2026, 3, 24), 10), tick=False):
        yield


def page(task: Task, act: str = "") -> str:
    return f"/tasks/{task.pk}/" + (f"{act}/" if act else "")


def titles(response) -> list[str]:
    return [row.task.title for row in response.context["rows"]]


def test_a_task_of_another_branch_is_not_there_for_reading_acting_or_uploading(client, world):
    task = acknowledged(world, make_task(world))
    client.force_login(world.other_secretary.user)
    answers = [
        client.get(page(task)),
        client.get(page(task, "report")),
        client.post(page(task, "report"), {}),
    ]
    answers.append(client.post(page(task, "evidence"), {}))
    assert [answer.status_code for answer in answers] == [404] * 4


@pytest.mark.parametrize("role", ["ADMINISTRATOR", "AUDITOR", "SECURITY_OFFICER"])
def test_system_duties_give_no_sight_of_tasks(client, world, role):
    task = make_task(world)
    client.force_login(actor_at(world.top, role).user)
    assert client.get(page(task)).status_code == 404
    assert titles(client.get("/tasks/")) == []


def test_the_page_says_what_is_asked_who_answers_and_what_can_be_done(client, world):
    task = make_task(world)
    client.force_login(world.secretary.user)
    response = client.get(page(task))
    assert response.status_code == 200
    assert [str(link.level.name) for link in response.context["chain"]] == [
        "具体落实",
        "具体负责",
        "分工负责",
        "负总责",
    ]
    assert [line.label for line in response.context["lines"]] == ["交办"]
    assert response.context["acknowledge"].fields["handler"].queryset.get() == world.secretary.user
    assert "围绕典型案例开展一次警示教育" in response.content.decode()


def test_acknowledging_names_the_person_and_leads_back_to_the_task(client, world):
    task = make_task(world)
    member = make_post(world.branch, "MEMBER").user
    client.force_login(world.secretary.user)
    response = client.post(page(task, "acknowledge"), {"version": task.version, "handler": member.pk})
    assert (response.status_code, response["Location"]) == (303, page(task))
    task.refresh_from_db()
    assert (task.state, task.handler) == (Task.State.ACTIVE, member)


def test_an_act_out_of_turn_names_the_state_and_keeps_what_was_typed(client, world):
    task = make_task(world)
    client.force_login(world.secretary.user)
    response = client.post(page(task, "submit"), {"version": task.version, "progress": "全部完成了"})
    text = response.content.decode()
    assert response.status_code == 400
    assert "待签收" in text
    assert "全部完成了" in text
    assert client.get(page(task, "submit")).status_code == 400


def test_an_act_of_somebody_else_is_refused_with_its_reason(client, world):
    task = acknowledged(world, make_task(world))
    client.force_login(world.reviewer.user)
    response = client.get(page(task, "report"))
    assert response.status_code == 403
    assert "责任人" in response.content.decode()


@pytest.mark.parametrize("act", ["fly", "attach", "extend"])
def test_there_is_no_page_for_acts_without_a_form_for_people(client, world, act):
    task = acknowledged(world, make_task(world))
    client.force_login(world.secretary.user)
    assert client.get(page(task, act)).status_code == 404


def test_an_empty_report_comes_back_with_the_other_fields_kept(client, world):
    task = acknowledged(world, make_task(world))
    client.force_login(world.secretary.user)
    given = {"version": task.version, "progress": " ", "percent": "40", "next_step": "下周开会"}
    response = client.post(page(task, "report"), given)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["progress"]
    assert "下周开会" in response.content.decode()
    assert Task.objects.get(pk=task.pk).version == task.version


def test_a_stale_form_keeps_what_was_typed_and_shows_what_happened_meanwhile(client, world):
    task = acknowledged(world, make_task(world))
    perform(
        task,
        "report",
        actor=world.secretary,
        at=moment(date(2026, 3, 23)),
        given={"progress": "另一个人写的", "percent": 30},
    )
    client.force_login(world.secretary.user)
    given = {"version": task.version, "progress": "我写的长长一段", "percent": "50"}
    response = client.post(page(task, "report"), given)
    text = response.content.decode()
    assert response.status_code == 409
    assert "我写的长长一段" in text
    assert [line.quote for line in response.context["meanwhile"]] == ["另一个人写的"]
    fresh = Task.objects.get(pk=task.pk)
    assert (fresh.progress, f'name="version" value="{fresh.version}"' in text) == ("另一个人写的", True)
    again = client.post(page(task, "report"), given | {"version": fresh.version})
    assert (again.status_code, Task.objects.get(pk=task.pk).progress) == (303, "我写的长长一段")


def test_a_stale_form_for_an_act_that_is_over_gives_the_text_back_to_copy(client, world):
    task = acknowledged(world, make_task(world))
    perform(task, "withdraw", actor=world.issuer, at=moment(date(2026, 3, 23)), given={"reason": "上级调整"})
    client.force_login(world.secretary.user)
    response = client.post(
        page(task, "report"), {"version": task.version, "progress": "还没送出去的字", "percent": "50"}
    )
    assert response.status_code == 409
    assert "还没送出去的字" in [text for _label, text in response.context["typed"]]
    assert [line.quote for line in response.context["meanwhile"]] == ["上级调整"]


def test_the_same_form_sent_twice_is_done_once(client, world):
    task = acknowledged(world, make_task(world))
    client.force_login(world.secretary.user)
    given = {"version": task.version, "progress": "写好了", "percent": "60"}
    first, second = client.post(page(task, "report"), given), client.post(page(task, "report"), given)
    assert (first.status_code, second.status_code) == (303, 303)
    assert Task.objects.get(pk=task.pk).version == task.version + 1


def test_a_form_without_its_version_is_refused_in_words(client, world):
    task = acknowledged(world, make_task(world))
    client.force_login(world.secretary.user)
    assert client.post(page(task, "report"), {"progress": "x", "percent": "1"}).status_code == 400
    assert Task.objects.get(pk=task.pk).percent == 0


def test_success_leads_only_to_addresses_of_this_site(client, world):
    task = acknowledged(world, make_task(world))
    client.force_login(world.secretary.user)
    given = {"version": task.version, "progress": "写好了", "percent": "60", "next": "https://evil.example/"}
    assert client.post(page(task, "report"), given)["Location"] == page(task)
    shown = client.get(page(task, "report") + "?next=javascript:alert(1)")
    assert shown.context["next"] == ""


def test_missing_evidence_is_said_on_the_form_of_the_submission(client, world):
    task = acknowledged(world, make_task(world, evidence_required=True, evidence_note="会议照片"))
    client.force_login(world.secretary.user)
    response = client.post(page(task, "submit"), {"version": task.version, "progress": "已经开过会"})
    assert response.status_code == 400
    assert "会议照片" in str(response.context["form"].non_field_errors())
    assert "已经开过会" in response.content.decode()


def test_an_extension_is_asked_for_by_the_secretary_and_granted_by_the_issuer(client, world):
    task = acknowledged(world, make_task(world))
    client.force_login(world.secretary.user)
    given = {"version": task.version, "reason": "外出培训", "until": "2026-04-20"}
    assert client.post(page(task, "ask_extension"), given).status_code == 303
    asked = Extension.objects.get(task=task)
    client.force_login(world.office.user)
    offered = client.get(page(task)).context["extension"]["offers"]
    assert [(button.act, button.allowed) for button in offered] == [("grant", True), ("refuse", True)]
    client.post(f"/extensions/{asked.pk}/grant/", {"version": asked.version})
    assert Task.objects.get(pk=task.pk).due == date(2026, 4, 20)
    client.force_login(world.other_secretary.user)
    assert client.get(f"/extensions/{asked.pk}/grant/").status_code == 404


def test_the_list_is_narrowed_by_the_filters_of_its_address(client, world):
    plan = make_plan(world)
    make_measure(world, plan, title="逾期的", due=date(2026, 3, 13))
    make_measure(world, plan, title="临近的", due=date(2026, 3, 27))
    make_measure(world, plan, title="还早的", due=date(2026, 6, 30))
    issue(world, plan)
    for task in Task.objects.filter(organization=world.branch):
        acknowledged(world, task)
    client.force_login(world.office.user)

    def shown(query: str) -> list[str]:
        return titles(client.get("/tasks/" + query))

    mine = f"?org={world.branch.pk}"
    assert shown(mine) == ["逾期的", "临近的", "还早的"]
    assert shown(mine + "&light=red") == ["逾期的"]
    assert shown(mine + "&light=yellow") == ["临近的", "还早的"]  # the last one is behind its pace
    assert shown(mine + "&group=urgent") == ["逾期的", "临近的"]
    assert shown(mine + "&group=pending") == []
    assert shown(mine + "&q=还早") == ["还早的"]
    assert shown(mine + "&due_from=2026-03-23&due_to=2026-03-29") == ["临近的"]
    assert shown(mine + "&overdue_on=2026-03-31") == ["逾期的", "临近的"]
    assert shown(f"?org={world.other_branch.pk}") == []


def test_the_colours_of_the_list_agree_with_its_light_filters(client, world):
    plan = make_plan(world)
    for month, day in [(3, 13), (3, 27), (4, 30), (6, 30)]:
        make_measure(
            world, plan, title=f"{month}-{day}", due=date(2026, month, day), receivers=[world.branch]
        )
    issue(world, plan)
    for number, task in enumerate(Task.objects.all()):
        given = {"progress": "在办", "percent": 30 * number}
        perform(
            acknowledged(world, task),
            "report",
            actor=world.secretary,
            at=moment(date(2026, 3, 2)),
            given=given,
        )
    client.force_login(world.secretary.user)
    for light in ("red", "yellow", "green"):
        rows = client.get(f"/tasks/?light={light}").context["rows"]
        assert {row.glance.light for row in rows} <= {light}
    every = client.get("/tasks/").context["rows"]
    split = [client.get(f"/tasks/?light={light}").context["count"] for light in ("red", "yellow", "green")]
    assert sum(split) == len(every) == 4


def test_filters_that_cannot_be_understood_are_named_and_left_out(client, world):
    make_task(world)
    client.force_login(world.secretary.user)
    response = client.get("/tasks/?light=purple&org=zero&due_from=soon&after=nowhere")
    assert response.status_code == 200
    assert sorted(response.context["filter"].ignored) == ["due_from", "light", "org"]
    assert len(titles(response)) == 1


def test_pages_of_the_list_follow_each_other_without_gap_or_repetition(client, world, monkeypatch):
    monkeypatch.setattr("tracker.task_list.PAGE", 2)
    monkeypatch.setattr("tracker.task_list.page_of.__kwdefaults__", {"after": "", "before": "", "size": 2})
    plan = make_plan(world)
    for number in range(5):
        make_measure(
            world, plan, title=f"第{number}项", due=date(2026, 3, 31 - number // 2), receivers=[world.branch]
        )
    issue(world, plan)
    client.force_login(world.secretary.user)
    seen, url = [], "/tasks/?q=项"
    while url and len(seen) < 9:
        response = client.get(url)
        seen.append([row.task.pk for row in response.context["rows"]])
        last, url = url, response.context["next_url"] and "/tasks/" + response.context["next_url"]
    assert [len(rows) for rows in seen] == [2, 2, 1]
    assert [pk for rows in seen for pk in rows] == list(
        Task.objects.order_by("due", "pk").values_list("pk", flat=True)
    )
    back = client.get("/tasks/" + client.get(last).context["previous_url"])
    assert [row.task.pk for row in back.context["rows"]] == seen[1]


@pytest.mark.parametrize("address", ["/tasks/", "/tasks/?light=yellow", "/"])
def test_lists_ask_the_database_the_same_number_of_questions_for_one_and_three_tasks(
    client, world, django_assert_num_queries, address
):
    client.force_login(world.secretary.user)
    make_task(world)
    client.get(address)
    with CaptureQueriesContext(connection) as one:
        client.get(address)
    make_task(world)
    acknowledged(world, make_task(world))
    with django_assert_num_queries(len(one)):
        client.get(address)


def test_the_task_page_asks_the_same_number_of_questions_however_long_its_history(
    client, world, django_assert_num_queries
):
    task = acknowledged(world, make_task(world))
    client.force_login(world.secretary.user)
    client.get(page(task))
    with CaptureQueriesContext(connection) as short:
        client.get(page(task))
    for percent in (10, 20, 30):
        given = {"progress": f"做到{percent}", "percent": percent}
        task = perform(task, "report", actor=world.secretary, at=moment(date(2026, 3, 20)), given=given)
    with django_assert_num_queries(len(short)):
        client.get(page(task))


def test_the_history_is_told_with_old_and_new_values(client, world):
    task = acknowledged(world, make_task(world))
    for percent in (20, 60):
        given = {"progress": f"做到{percent}", "percent": percent}
        task = perform(task, "report", actor=world.secretary, at=moment(date(2026, 4, 2)), given=given)
    client.force_login(world.secretary.user)
    newest = client.get(page(task)).context["lines"][0]
    assert (newest.quote, [value for _name, value in newest.facts]) == ("做到60", ["20% → 60%"])
    assert newest.marks == ["补录（原定 2026年3月31日）"]


def test_a_returned_task_shows_why_on_top(client, world):
    task = submitted(world, make_task(world))
    perform(
        task, "return", actor=world.reviewer, at=moment(date(2026, 3, 23)), given={"reason": "缺少会议照片"}
    )
    client.force_login(world.secretary.user)
    text = client.get(page(task)).content.decode()
    assert text.index("缺少会议照片") < text.index("任务要求")


def test_the_gap_page_names_the_posts_that_nobody_holds(client, world):
    empty = make_organization("BRANCH", parent=world.committee, name="无人支部")
    client.force_login(world.reviewer.user)
    gaps = client.get(reverse("tracker:gaps")).context["gaps"]
    assert [(gap.organization, gap.roles) for gap in gaps] == [(empty, ["书记", "党务干部"])]


def test_all_new_tasks_are_acknowledged_at_once_but_only_those_that_were_shown(client, world):
    first, second, unseen = (make_task(world) for _ in range(3))
    elsewhere = make_task(world)
    Task.objects.filter(pk=elsewhere.pk).update(organization=world.other_branch)
    client.force_login(world.secretary.user)
    given = {"task": [first.pk, second.pk, elsewhere.pk, "x"], "handler": world.secretary.user.pk}
    response = client.post("/tasks/acknowledge/", given, follow=True)
    assert [str(message) for message in response.context["messages"]] == ["已签收 2 项任务"]
    states = dict(Task.objects.values_list("pk", "state"))
    assert [states[task.pk] for task in (first, second, unseen, elsewhere)] == [
        "ACTIVE",
        "ACTIVE",
        "PENDING",
        "PENDING",
    ]


def test_acknowledging_at_once_for_a_person_of_another_unit_does_nothing(client, world):
    task = make_task(world)
    client.force_login(world.secretary.user)
    given = {"task": [task.pk], "handler": world.other_secretary.user.pk}
    response = client.post("/tasks/acknowledge/", given, follow=True)
    assert len(response.context["messages"]) == 1
    assert Task.objects.get(pk=task.pk).state == Task.State.PENDING


def test_a_timely_submission_that_waits_beyond_the_due_date_is_not_called_overdue(client, world):
    task = submitted(world, make_task(world, due=date(2026, 3, 20)), at=moment(date(2026, 3, 20)))
    client.force_login(world.secretary.user)
    glance = client.get(page(task)).context["glance"]
    assert (glance.light, glance.word, glance.days) == ("yellow", "已报结", None)
