"""A list as somebody has narrowed it is kept under a name, for that person alone."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from common.models import SavedFilter
from common.saved_filters import AT_MOST, worth_saving

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(client, world):
    client.force_login(world.office.user)
    return client


def save(client, *, path="/tasks/", query="light=red&q=&after=77", name="逾期的"):
    return client.post("/filters/", {"path": path, "query": query, "name": name}, follow=True)


def test_what_says_only_the_place_in_the_list_is_left_out():
    assert worth_saving(QueryDict("light=red&after=9&page=2&q=&org=3&org=4")) == "light=red&org=3&org=4"


def test_a_narrowed_list_is_saved_shown_above_it_and_removed_again(clerk, world):
    page = clerk.get("/tasks/?light=red").content.decode()
    assert "保存此筛选" in page
    shown = save(clerk).content.decode()
    saved = SavedFilter.objects.get()
    assert (saved.user, saved.url) == (world.office.user, "/tasks/?light=red")
    assert 'href="/tasks/?light=red" aria-current="true"' in shown
    assert "保存此筛选" not in shown
    assert 'href="/tasks/?light=red"' in clerk.get("/tasks/").content.decode()
    assert "逾期的" not in clerk.get("/grid/").content.decode()
    clerk.post(f"/filters/{saved.pk}/remove/")
    assert not SavedFilter.objects.exists()


def test_the_same_name_takes_the_place_of_the_former(clerk):
    save(clerk)
    save(clerk, query="light=yellow")
    assert SavedFilter.objects.get().query == "light=yellow"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"path": "//evil.example/"}, "不能保存"),
        ({"path": "/users/"}, "不能保存"),
        ({"query": "after=9"}, "先筛选"),
        ({"query": "q=" + "字" * 400}, "太长"),
        ({"name": " "}, "20"),
        ({"name": "名" * 21}, "20"),
    ],
)
def test_what_cannot_be_saved_is_refused_with_what_to_do(clerk, changed, sentence):
    page = save(clerk, **changed)
    assert sentence in page.content.decode()
    assert page.redirect_chain[0][0].split("?")[0] in {"/", "/tasks/"}
    assert not SavedFilter.objects.exists()


def test_there_is_an_end_to_what_one_person_saves(clerk):
    for number in range(AT_MOST):
        save(clerk, name=f"第{number}个")
    page = save(clerk, name="再一个").content.decode()
    assert (SavedFilter.objects.count(), "先移除" in page) == (AT_MOST, True)


def test_another_persons_filter_does_not_exist(clerk, client, world):
    save(clerk)
    saved = SavedFilter.objects.get()
    client.force_login(world.reviewer.user)
    assert "逾期的" not in client.get("/tasks/").content.decode()
    assert client.post(f"/filters/{saved.pk}/remove/").status_code == 404
    assert SavedFilter.objects.exists()
