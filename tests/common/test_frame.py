"""The tags that pages are made with."""

import re
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone, translation

from common import clock, frame, saying
from common.models import Job
from common.navigation import entries_for
from common.templatetags.ui import LIGHTS, SHAPES
from tracker.models import Plan, Task


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 6, 20, 1, 0, tzinfo=UTC))
    monkeypatch.setattr(frame, "_unread", [])


def draw(source, **context):
    return Template("{% load ui %}" + source).render(Context(context))


def words(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)).strip()


def actor(*posts):
    """Posts as (role, kind of organization)."""
    return SimpleNamespace(
        posts=[SimpleNamespace(role=role, organization=SimpleNamespace(kind=kind)) for role, kind in posts]
    )


# lights and badges ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "word"),
    [("green", "正常"), ("YELLOW", "临近"), ("red", "逾期"), ("done", "办结"), ("suspended", "暂缓")],
)
def test_a_light_is_a_word_a_shape_and_a_colour(value, word):
    html = draw("{% light value %}", value=value)
    assert words(html) == word
    assert f'class="light {value.lower()}"' in html
    assert SHAPES[value.lower()] in html


def test_no_two_lights_share_a_shape_or_a_word():
    assert len({str(word) for word in LIGHTS.values()}) == len(LIGHTS)
    assert len({SHAPES[name] for name in LIGHTS}) == len(LIGHTS)


@pytest.mark.parametrize("value", [None, "", "none", "blue"])
def test_no_light_is_a_dash(value):
    assert draw("{% light value %}", value=value) == "—"


def test_words_from_data_are_escaped():
    evil = "<script>alert(1)</script>"
    html = draw(
        "{% light 'red' word %}{% badge word %}{% org o %}{% stat word word %}{% tab '#' word %}{% empty word word %}"
        "{% meter 1 2 word %}",
        word=evil,
        o=SimpleNamespace(short_name=evil, name=evil),
    )
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") == 10


def test_a_state_takes_its_word_and_tone_from_the_model():
    assert draw("{% state task %}", task=Task(state="DONE")) == '<span class="badge good">办结</span>'
    assert draw("{% state task %}", task=Task(state="ACTIVE")) == '<span class="badge neutral">办理中</span>'
    assert draw("{% state plan %}", plan=Plan(state="ISSUED")) == '<span class="badge neutral">已印发</span>'


def test_an_unknown_tone_is_neutral():
    assert draw('{% badge "拟办" "purple" %}') == '<span class="badge neutral">拟办</span>'


# dates and figures ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (5, "6月30日 周二 还有 5 个工作日"),
        (0, "6月30日 周二 今天到期"),
        (-3, "6月30日 周二 已逾期 3 个工作日"),
        (None, "6月30日 周二"),
    ],
)
def test_a_date_is_said_as_people_say_it(left, said):
    html = draw("{% day value left %}", value=date(2026, 6, 30), left=left)
    assert words(html) == said
    assert 'datetime="2026-06-30" title="2026年6月30日 周二"' in html


def test_only_an_overdue_date_is_marked_late():
    late = [
        " late" in draw("{% day value n %}", value=date(2026, 6, 30), n=n).replace('"', " ")
        for n in (1, 0, -1)
    ]
    assert late == [False, False, True]


def test_another_year_is_named():
    assert words(draw("{% day value %}", value=date(2027, 1, 4))) == "2027年1月4日 周一"


def test_dates_in_english():
    with translation.override("en"):
        assert words(draw("{% day value 1 %}", value=date(2026, 6, 30))) == "Tue 30 Jun 1 working day left"


def test_a_list_in_two_languages_and_on_two_days_says_each_its_own_way(monkeypatch):
    """What was said once is kept, but never for another language, another day or another thing."""
    source = "{% day value left %}|{% light 'red' %}|{% state task %}|{% meter 40 80 pace=60 %}"

    def said(language, year):
        monkeypatch.setattr(clock, "now", lambda: datetime(year, 6, 20, 1, 0, tzinfo=UTC))
        with translation.override(language):
            return words(draw(source, value=date(2026, 6, 30), left=5, task=Task(state="DONE")))

    for _ in range(2):
        assert said("zh-hans", 2026) == "6月30日 周二 还有 5 个工作日|逾期|办结|序时进度 75%50%"
        assert said("en", 2026) == "Tue 30 Jun 5 working days left|overdue|completed|expected by now 75%50%"
        assert said("zh-hans", 2027) == "2026年6月30日 周二 还有 5 个工作日|逾期|办结|序时进度 75%50%"
        assert said("en", 2027).startswith("Tue 30 Jun 2026 5 working days left|")


def test_what_depends_on_the_language_alone_is_rendered_once_for_each():
    asked = []
    page = Template(
        "{% load i18n ui %}{% once %}{{ ask }}{% translate 'overdue' context 'light' %}{% endonce %}{{ after }}"
    )

    def said(language, after):
        with translation.override(language):
            return page.render(Context({"ask": lambda: asked.append(language) or "", "after": after}))

    assert [said("zh-hans", 1), said("en", 2), said("zh-hans", 3), said("en", 4)] == [
        "逾期1",
        "overdue2",
        "逾期3",
        "overdue4",
    ]
    assert asked == ["zh-hans", "en"]


def test_a_moment_is_local_and_short_on_its_own_day():
    # 17:30 UTC the evening before is 01:30 of the present day in Shanghai.
    assert words(draw("{% moment value %}", value=datetime(2026, 6, 19, 17, 30, tzinfo=UTC))) == "01:30"
    assert (
        words(draw("{% moment value %}", value=datetime(2026, 6, 18, 17, 30, tzinfo=UTC))) == "6月19日 01:30"
    )


def test_a_moment_is_said_by_the_clock_of_the_office_whatever_zone_a_library_has_set():
    with timezone.override("UTC"):
        assert words(draw("{% moment value %}", value=datetime(2026, 6, 19, 17, 30, tzinfo=UTC))) == "01:30"


@pytest.mark.parametrize("tag", ["day", "moment", "org", "percent", "badge"])
def test_nothing_is_a_dash(tag):
    assert draw(f"{{% {tag} value %}}", value=None) == "—"


@pytest.mark.parametrize(("value", "places", "said"), [(86.44, 1, "86.4%"), (100, 0, "100%"), (0, 1, "0.0%")])
def test_shares_are_given_in_per_cent(value, places, said):
    assert saying.percent(value, places=places) == said


def test_a_bar_stops_at_its_end_but_its_number_does_not():
    html = draw('{% meter 72 60 "案例" pace=30 %}')
    assert 'width="100.0"' in html
    assert 'd="M50.0 0v8"' in html
    assert 'aria-label="案例 120%, 序时进度 50%"' in html
    assert words(html.split("</svg>")[1]) == "120%"


def test_a_bar_without_a_whole_shows_a_dash():
    html = draw("{% meter 3 0 %}")
    assert "rect" not in html
    assert words(html) == "—"


def test_a_number_without_a_list_is_no_link():
    assert "<a" in draw('{% stat 3 "逾期" "/tasks/" %}')
    assert "<a" not in draw('{% stat 3 "逾期" %}')


# forms ----------------------------------------------------------------------------------------------------------------


class Sample(forms.Form):
    what = forms.CharField(label="举措", help_text="照抄原话", max_length=3)
    who = forms.ChoiceField(label="谁", widget=forms.RadioSelect, choices=[("a", "甲"), ("b", "乙")])

    def clean(self):
        raise forms.ValidationError("两项不能同时为空。")


def test_a_form_keeps_what_was_typed_and_ties_errors_to_their_field():
    html = draw("{% fields form %}", form=Sample({"what": "四个汉字", "who": ""}))
    assert 'value="四个汉字"' in html
    assert '<label for="id_what">举措' in html
    assert "两项不能同时为空。" in html
    for wanted in ("id_what_helptext", "id_what_error", "id_who_error"):
        assert f'id="{wanted}"' in html
    described = re.findall(r'aria-describedby="([^"]+)"', html)
    assert described == ["id_what_helptext id_what_error", "id_who_error"]


def test_a_title_is_written_once_and_printed_twice():
    page = Template(
        '{% extends "alone.html" %}{% block title %}清单{% endblock %}{% block content %}{% endblock %}'
    ).render(Context({}))
    assert "<title>清单 · 闭环</title>" in page
    assert "<h1>清单</h1>" in page


# navigation and bell --------------------------------------------------------------------------------------------------

EVERY = [
    "/",
    "/sources/",
    "/plans/",
    "/tasks/",
    "/grid/",
    "/review/",
    "/inspections/",
    "/findings/",
    "/pledges/",
    "/burden/",
    "/looked-after/",
    "/overview/",
]
EVERY += ["/reports/", "/organizations/"]
OFFICE = [path for path in EVERY if path != "/looked-after/"]


@pytest.mark.parametrize(
    ("posts", "paths"),
    [
        ([("CLERK", "WORK_COMMITTEE")], OFFICE),
        ([("SECRETARY", "BRANCH")], ["/", "/tasks/", "/findings/"]),
        ([("CLERK", "BRANCH")], ["/", "/tasks/", "/findings/"]),
        ([("SECRETARY", "BRANCH"), ("CLERK", "COMMITTEE")], OFFICE),
        ([("LEADER", "COMMITTEE")], [p for p in EVERY if p not in ("/sources/", "/review/")]),
        (
            [("INSPECTOR", "COMMITTEE")],
            [p for p in OFFICE if p not in ("/sources/", "/review/", "/overview/", "/pledges/", "/burden/")],
        ),
        ([("ADMINISTRATOR", "WORK_COMMITTEE")], ["/", "/organizations/", "/users/", "/calendar/"]),
        ([("SECURITY_OFFICER", "WORK_COMMITTEE")], ["/", "/organizations/", "/users/"]),
        ([("AUDITOR", "WORK_COMMITTEE")], ["/", "/organizations/", "/audit/"]),
        ([], ["/"]),
    ],
)
def test_each_role_sees_the_pages_it_has_a_use_for(posts, paths):
    assert [entry.path for entry in entries_for(actor(*posts))] == paths


def test_nobody_signed_in_has_no_navigation():
    assert entries_for(None) == []


def request_of(someone, path="/tasks/5/"):
    request = RequestFactory().get(path)
    request.actor = someone
    return request


def test_the_page_one_is_on_is_marked_also_from_below():
    html = draw("{% navigation %}", request=request_of(actor(("CLERK", "COMMITTEE"))))
    assert re.findall(r'href="([^"]+)" aria-current="page"', html) == ["/tasks/"]


def test_a_secretary_has_a_tab_bar_and_a_clerk_a_drawer():
    secretary, clerk = request_of(actor(("SECRETARY", "BRANCH"))), request_of(actor(("CLERK", "COMMITTEE")))
    assert re.findall(r'href="([^"]+)"', draw('{% navigation "tabs" %}', request=secretary)) == [
        "/",
        "/tasks/",
        "/findings/",
        "/notices/",
    ]
    assert draw('{% navigation "tabs" %}', request=clerk).strip() == ""


def test_the_bell_counts_what_upper_floors_have_registered():
    request = request_of(actor(("CLERK", "COMMITTEE")))
    assert 'class="unread"' not in draw("{% bell %}", request=request)
    request = request_of(actor(("CLERK", "COMMITTEE")))
    frame.register_unread(lambda someone: 120 if someone is request.actor else 0)
    html = draw("{% bell %}", request=request)
    assert "消息，120 条未读" in html
    assert words(html) == "99+"


def test_the_notices_are_counted_once_a_page():
    asked = []
    frame.register_unread(lambda someone: len(asked.append(someone) or asked))
    html = draw('{% bell %}{% navigation "tabs" %}', request=request_of(actor(("SECRETARY", "BRANCH"))))
    assert html.count('class="unread"') == 2
    assert len(asked) == 1


@pytest.mark.parametrize(("cookie", "theme"), [("dark", "dark"), ("light", "light"), ('"><b>', ""), ("", "")])
def test_only_the_two_themes_pass(cookie, theme):
    request = request_of(None)
    request.COOKIES["theme"] = cookie
    assert draw("{% theme %}", request=request) == theme


# long work ------------------------------------------------------------------------------------------------------------


def test_the_bar_asks_again_while_the_job_is_open_and_then_links_to_the_result():
    job = Job(kind="x", state=Job.State.RUNNING, done=3, total=10)
    html = draw('{% job_progress job "/jobs/1/" "/plans/1/" %}', job=job)
    assert 'hx-get="/jobs/1/" hx-trigger="every 1s"' in html
    assert 'value="3" max="10"' in html
    assert "/plans/1/" not in html

    job.state = Job.State.DONE
    html = draw('{% job_progress job "/jobs/1/" "/plans/1/" %}', job=job)
    assert "hx-" not in html
    assert 'href="/plans/1/"' in html


def test_a_failed_job_says_why_and_offers_no_result():
    job = Job(kind="x", state=Job.State.FAILED, done=3, total=10, message="文件不是工作簿。")
    html = draw('{% job_progress job "/jobs/1/" "/plans/1/" %}', job=job)
    assert 'role="alert">文件不是工作簿。' in html
    assert "hx-" not in html
    assert "/plans/1/" not in html
