"""The main job end to end in a real Chromium: from a pasted speech to the leader's workbook."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from openpyxl import load_workbook
from playwright.sync_api import Page, expect, sync_playwright

from common.clock import now, today
from common.jobs import run_due_jobs
from common.periods import Period
from tests.factories import World
from tracker.models import Action, Measure, Plan, Source, Task

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]

SPEECH = settings.BASE_DIR / "tracker" / "demo" / "speeches" / "winter.txt"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser(chromium):
    """Playwright's loop runs in this thread, which Django takes for an async context."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as play:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])


@pytest.fixture
def seat(live_server, browser):
    """A chair at a screen of a size for a signed-in person; complaints of the console fail the test."""
    contexts, complaints = [], []

    def sit(user, size) -> Page:
        client = Client()
        client.force_login(user)
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
        context = browser.new_context(viewport=size, locale="zh-CN", base_url=live_server.url)
        context.add_cookies([cookie])
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield sit
    for context in contexts:
        context.close()
    assert complaints == []


def sql(statement: str) -> int:
    """A count taken straight from the tables, apart from everything the product computes."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def test_a_speech_becomes_tasks_that_are_done_reviewed_and_reported(seat, tmp_path):
    world = World(branches=3)
    due = today() + timedelta(days=2)
    if Period.of(due) != Period.of(today()):
        due = today()

    # The clerk pastes the speech and accepts three of its actions into a new plan.
    clerk = seat(world.office.user, DESK)
    clerk.goto("/sources/new/")
    clerk.locator("[name=text]").fill(SPEECH.read_text(encoding="utf-8"))
    clerk.locator("[name=dated]").fill(today().isoformat())
    clerk.locator("main form[method=post] button.primary, button.primary[form]").first.click()
    clerk.wait_for_selector("#prose")
    source = Source.objects.get()
    assert clerk.locator(".card[data-state=OPEN]").count() > 20
    clerk.goto(f"/plans/new/?source={source.pk}")
    clerk.locator("[name=title]").fill("全年重点任务清单")
    clerk.locator("main form[method=post] button.primary").first.click()
    clerk.wait_for_selector("#prose")
    for done in range(1, 4):
        clerk.locator(".card[data-state=OPEN] button.accept").first.click()
        expect(clerk.locator(".card[data-state=TAKEN]")).to_have_count(done)

    # Everything else needs no measure, in one act; then the whole speech is decided.
    clerk.goto(f"/sources/{source.pk}/set-aside/")
    boxes = clerk.locator("input[name=actions]")
    for index in range(boxes.count()):
        boxes.nth(index).check()
    clerk.locator("[name=reason]").fill("表态性要求，结合日常工作落实")
    clerk.locator("main form[method=post] button.primary").click()
    clerk.wait_for_selector("#prose")
    to_do = Action.objects.filter(source=source, done=False).count()
    expect(clerk.locator("#cover")).to_contain_text(f"{to_do}/{to_do}")

    # The measures get what the speech did not say; one is edited by itself.
    plan = Plan.objects.get()
    assert Measure.objects.filter(plan=plan).count() == 3
    clerk.goto(f"/plans/{plan.pk}/")
    clerk.locator("[data-check-all=measures]").check()
    clerk.locator("#many [name=responsible_leader]").select_option(str(world.leader.user.pk))
    clerk.locator("#many [name=receiver_kinds][value=BRANCH]").check()
    clerk.locator("#many [name=due]").fill(due.isoformat())
    clerk.locator("#many [name=deliverable]").fill("工作材料")
    clerk.locator("fieldset.many button").click()
    expect(clerk.locator("#many")).to_contain_text("工作材料")
    first = Measure.objects.filter(plan=plan).order_by("position").first()
    clerk.goto(f"/plans/{plan.pk}/measures/{first.pk}/")
    clerk.locator("[name=deliverable]").last.fill("签到册和会议记录")
    clerk.locator("form[method=post] button.primary").last.click()
    expect(clerk.locator("body")).to_contain_text("签到册和会议记录")

    # The preview says what issuing does; issuing does it, once.
    clerk.goto(f"/plans/{plan.pk}/preview/")
    promised = int(clerk.locator("#issue [name=tasks]").get_attribute("value") or 0)
    assert promised >= 12  # three measures, four branches
    clerk.locator("[name=approved_by]").select_option(str(world.issuer.user.pk))
    clerk.locator("#issue button.primary").click()
    clerk.wait_for_url("**/progress/**")
    run_due_jobs(at=now())
    clerk.goto(f"/plans/{plan.pk}/")
    expect(clerk.locator("h1")).to_contain_text("全年重点任务清单")
    assert Task.objects.count() == promised

    # A branch secretary on a phone: told, acknowledges, reports, shows it, hands it in.
    task = Task.objects.filter(organization=world.branch, measure=first).earliest("due")
    phone = seat(world.secretary.user, PHONE)
    phone.goto("/notices/")
    expect(phone.locator("main")).to_contain_text(f"{promised // 4} 项任务")
    phone.goto(f"/tasks/{task.pk}/")
    phone.get_by_role("button", name="签收").last.click()
    phone.get_by_role("link", name="填报进展").wait_for()
    phone.goto(f"/tasks/{task.pk}/report/")
    phone.locator("[name=progress]").fill("已召开支委会研究部署")
    phone.locator("[name=percent]").fill("60")
    phone.locator("form[method=post] button.primary").last.click()
    expect(phone.locator("main")).to_contain_text("已召开支委会研究部署")
    picture = tmp_path / "现场.png"
    picture.write_bytes(PNG)
    hand_in(phone, task, "已按要求完成", picture)
    task.refresh_from_db()
    assert (task.state, task.percent, task.evidence.count()) == ("SUBMITTED", 100, 1)

    # The committee returns it with a reason; handed in again, it is approved.
    reviewer = seat(world.reviewer.user, DESK)
    reviewer.goto(f"/review/{task.pk}/")
    reviewer.locator("[data-dialog=return-dialog]").click()
    reviewer.locator("#return [name=reason]").fill("请补充参会人数")
    reviewer.locator("#return button.primary").click()
    reviewer.wait_for_url("**/review/")
    phone.goto(f"/tasks/{task.pk}/")
    expect(phone.locator(".returned-note")).to_contain_text("请补充参会人数")
    hand_in(phone, task, "已补充参会人数")
    reviewer.goto("/review/")
    expect(reviewer.locator("main")).to_contain_text("已补充参会人数")
    reviewer.locator("button[form=approve]").click()
    reviewer.wait_for_url("**/review/")
    task.refresh_from_db()
    assert (task.state, task.returns, task.done_late) == ("DONE", 1, False)

    # What is another branch's does not exist; a form from before keeps what was typed.
    foreign = Task.objects.filter(organization=world.other_branch).earliest("due")
    assert phone.goto(f"/tasks/{foreign.pk}/").status == 404
    second = Task.objects.filter(organization=world.branch).exclude(pk=task.pk).first()
    phone.goto(f"/tasks/{second.pk}/")
    phone.get_by_role("button", name="签收").last.click()
    phone.get_by_role("link", name="填报进展").wait_for()
    phone.goto(f"/tasks/{second.pk}/report/")
    phone.locator("[name=progress]").fill("这一句不能丢")
    phone.locator("[name=percent]").fill("10")
    elsewhere = seat(world.secretary.user, DESK)
    elsewhere.goto(f"/tasks/{second.pk}/report/")
    elsewhere.locator("[name=progress]").fill("另一台电脑先报")
    elsewhere.locator("[name=percent]").fill("20")
    elsewhere.locator("form[method=post] button.primary").last.click()
    expect(elsewhere.locator("main")).to_contain_text("另一台电脑先报")
    phone.locator("form[method=post] button.primary").last.click()
    expect(phone.locator("[name=progress]")).to_have_value("这一句不能丢")

    # The leader sees the figures and takes the workbook along.
    leader = seat(world.leader.user, DESK)
    leader.goto("/")
    leader.wait_for_url("**/overview/**")
    leader.locator("form[action='/reports/'] button.primary").click()
    leader.wait_for_url("**/reports/**")
    with leader.expect_download() as download:
        run_due_jobs(at=now())
        if not leader.locator("a.primary[href$='/download/']").count():
            leader.reload()
        leader.locator("a.primary[href$='/download/']").click(no_wait_after=True)
    book = load_workbook(BytesIO(Path(download.value.path()).read_bytes()))
    assert book.sheetnames[0] == "总览"
    check_workbook(book)


def hand_in(page: Page, task: Task, words: str, picture: Path | None = None) -> None:
    page.goto(f"/tasks/{task.pk}/submit/")
    page.locator("[name=progress]").fill(words)
    if page.locator("[name=number]").count():
        page.locator("[name=number]").fill("1")
    if picture:
        page.locator("form[method=post] input[type=file]").last.set_input_files(picture)
    page.locator("form[method=post] button.primary").last.click()
    expect(page.locator("main")).to_contain_text("待审核")


def check_workbook(book) -> None:
    """The overview's figures against counts taken by plain SQL."""
    sheet = book["总览"]
    figures: dict[str, object] = {}
    for row in sheet.iter_rows(values_only=True):
        texts = [cell for cell in row if cell is not None]
        if len(texts) > 1 and isinstance(texts[0], str):
            figures.setdefault(texts[0], texts[1])
    assert "任务办理情况" in str(sheet["A1"].value)
    assert figures["本期新增"] == sql(
        "SELECT COUNT(*) FROM tracker_event WHERE subject_kind='task' AND act='assign'"
    )
    assert figures["本期办结"] == sql("SELECT COUNT(*) FROM tracker_task WHERE state='DONE'") == 1
    assert figures["结转下期"] == sql(
        "SELECT COUNT(*) FROM tracker_task WHERE state NOT IN ('DONE','WITHDRAWN')"
    )
    passed = f"SELECT COUNT(*) FROM tracker_task WHERE due < '{today()}' AND state <> 'WITHDRAWN'"
    assert figures["本期应办"] == sql(passed)
    rows = [row for row in book["任务明细"].iter_rows(values_only=True) if row and isinstance(row[0], int)]
    assert len(rows) == sql("SELECT COUNT(*) FROM tracker_task")


def test_on_a_phone_the_open_tab_is_on_the_screen_however_many_stand_before_it(seat):
    world = World()
    phone = seat(world.office.user, PHONE)
    phone.goto("/tasks/?group=all")
    tab = phone.locator(".tabs [aria-current]").bounding_box()
    assert tab
    assert tab["x"] >= 0
    assert tab["x"] + tab["width"] <= PHONE["width"]
