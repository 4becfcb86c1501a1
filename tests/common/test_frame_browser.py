"""The frame in a real browser: the keyboard, the panel, the content policy."""

import pytest
from django.test import Client
from playwright.sync_api import sync_playwright

from tests.common.test_frame_pages import addresses, someone  # noqa: F401

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def browser(chromium):
    """One browser for the module. Playwright's loop runs in this thread, which Django takes for an async context."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as play:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])


@pytest.fixture
def page(live_server, someone, browser):  # noqa: F811
    client = Client()
    client.force_login(someone)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    with browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN") as context:
        context.add_cookies([cookie])
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(live_server.url + "/styleguide/")
        yield page


def test_a_row_is_reached_opened_and_left_without_a_mouse(page):
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("#panel h2")
    assert page.url.endswith("/styleguide/panel/?row=2")
    assert page.locator("#panel h2").first.inner_text() == page.locator("tr.open a").first.inner_text()
    page.go_back()
    page.wait_for_selector("#panel:empty", state="attached")
    assert page.url.endswith("/styleguide/")
    assert page.complaints == []


def test_search_and_help_are_one_key_away(page):
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") == "search"
    page.keyboard.type("?")
    assert not page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    assert "新建任务清单" in page.locator("#keys").inner_text()


def test_a_bar_of_long_work_finishes_by_itself(page):
    assert page.locator(".job progress.good").count() == 1
    page.locator(".job[hx-get]").wait_for(state="detached")
    assert page.locator(".job progress.good").count() == 2


def test_a_refused_press_leaves_the_page_and_shows_the_reason(page):
    before = page.locator("main").inner_text()
    page.get_by_text("被拒绝的操作").click()
    page.wait_for_selector(".toast.error")
    assert page.locator(".toast.error p").inner_text().startswith("您目前的任职不能做这项操作")
    assert page.locator("#panel").inner_text() == ""
    assert before.splitlines()[0] in page.locator("main").inner_text()


def test_the_chosen_theme_is_drawn_by_the_server_next_time(page):
    page.locator(".header-end .menu summary").click()
    page.get_by_text("深色").click()
    answer = page.reload()
    assert 'data-theme="dark"' in answer.text()


def test_nothing_overflows_a_phone(page):
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate("getComputedStyle(document.querySelector('.page-actions')).position") == "fixed"
