"""The leader's page and the reports: in scope, followable, and with the same figures everywhere."""

from __future__ import annotations

import hashlib
import io
import re
from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from openpyxl import load_workbook

from branches.access import Actor
from branches.models import Post
from common.clock import moment
from common.errors import NotAllowed, Refused
from common.jobs import run_due_jobs
from common.models import Job
from common.periods import Period
from reports.building import build_report, request_report
from reports.facts import RULES_VERSION, facts_of
from reports.lists import LISTINGS
from reports.models import HalfYearReport
from reports.templatetags.shares import share
from tests.factories import actor_at, issue, make_measure, make_plan, make_post, make_user
from tests.reports.conftest import day
from tests.reports.test_workbook import SHEETS, heads, rows

pytestmark = pytest.mark.django_db
H1 = Period.parse("2026H1")
JULY = moment(date(2026, 7, 8))


@pytest.fixture(autouse=True)
def today(time_machine_at):
    time_machine_at(JULY)


@pytest.fixture
def time_machine_at():
    import time_machine

    travels = []

    def go(at):
        for travel in travels:
            travel.stop()
        travels[:] = [time_machine.travel(at, tick=False)]
        travels[0].start()

    yield go
    for travel in travels:
        travel.stop()


def sign_in(client, actor: Actor):
    client.force_login(actor.user)
    return client


@pytest.fixture
def leader(client, half):
    return sign_in(client, half.world.leader)


def overview_of(half, **more: str) -> str:
    query = {"organization": half.world.top.code, "period": "2026H1"} | more
    return reverse("reports:overview") + "?" + "&".join(f"{k}={v}" for k, v in query.items())


def built(half, *, organization=None, actor=None) -> HalfYearReport:
    report = request_report(
        organization=organization or half.world.top, period=H1, actor=actor or half.world.leader, at=JULY
    )
    return build_report(report, at=JULY)


def status(client, address: str) -> int:
    answer = client.get(address)
    if answer.streaming:
        list(answer.streaming_content)  # closes the file
    return answer.status_code


def tile(page: str, label: str) -> str:
    found = re.search(rf'stat-label">{label}</span><span class="stat-value">([^<]+)<', page)
    assert found, label
    return found[1]


def test_the_overview_shows_the_figures_of_the_facts_and_who_is_behind_and_why(leader, half):
    page = leader.get(overview_of(half)).content.decode()
    assert [tile(page, label) for label in ("办结率", "按时办结率", "逾期", "结转下期", "未销号问题")] == [
        "60.0%", "40.0%", "1", "4", "1",
    ]  # fmt: skip
    assert "一支部一品牌方案" in page
    assert "人手不足，方案未定稿" in page
    assert "逾期 33 天" in page
    assert "截至 2026年6月30日 24:00" in page
    assert page.count('<svg class="months"') == 1


def test_nothing_on_the_pages_is_inline(leader, half):
    report = built(half)
    for address in (
        overview_of(half),
        reverse("reports:reports"),
        reverse("reports:report", args=[report.pk]),
    ):
        page = leader.get(address).content.decode()
        assert re.findall(r"<[^>]+\sstyle=|<style|<script(?![^>]*\ssrc=)|\son\w+=", page) == []


def test_a_page_that_took_long_to_count_is_shown_again_with_its_moment_until_counted_anew(
    leader, half, monkeypatch
):
    monkeypatch.setattr("reports.views.overview.WORTH_KEEPING", 0)
    counted = []
    monkeypatch.setattr(
        "reports.views.overview.facts_of", lambda *a, **k: counted.append(a) or facts_of(*a, **k)
    )
    first = leader.get(overview_of(half)).content.decode()
    again = leader.get(overview_of(half)).content.decode()
    assert (len(counted), "重新统计" in first, "重新统计" in again) == (1, False, True)
    assert "截至 2026年6月30日 24:00" in again
    assert tile(again, "办结率") == tile(first, "办结率")
    leader.get(overview_of(half, now="1"))
    assert len(counted) == 2
    other = sign_in(leader, actor_at(half.world.branches[0], Post.Role.SECRETARY))
    assert other.get(overview_of(half)).status_code == 404
    assert len(counted) == 2
    cache.clear()


def test_every_number_of_the_overview_opens_a_list_of_that_length(leader, half):
    page = leader.get(overview_of(half)).content.decode()
    links = re.findall(
        r'<a class="stat[^"]*" href="([^"]+)"><span class="stat-label">[^<]+</span><span class="stat-value">(\d+)<',
        page,
    )
    links += re.findall(r'<li><a href="([^"]+)"><span>[^<]+</span><strong>(\d+)</strong>', page)
    links += re.findall(
        r'<a class="row-title" href="(/reports/figures[^"]+)">[\s\S]*?<strong class="row-end">(\d+)<', page
    )
    assert len(links) >= 11
    for url, number in links:
        answer = leader.get(url.replace("&amp;", "&"))
        assert (answer.context["count"], url) == (int(number), url)
        assert len(answer.context["page"].object_list) == int(number)


def test_every_list_can_be_opened_for_one_unit(leader, half):
    unit = half.world.committee.pk
    for name in LISTINGS:
        address = (
            f"{reverse('reports:figures')}?organization={half.world.top.code}&period=2026H1&figure={name}"
        )
        whole, part = leader.get(address), leader.get(f"{address}&unit={unit}")
        assert (part.status_code, part.context["count"]) == (200, whole.context["count"])
        assert leader.get(f"{address}&unit=999999").context["count"] == 0


def test_the_page_of_a_running_period_counts_up_to_now(leader, half, time_machine_at):
    time_machine_at(day(4, 1, 15))
    page = leader.get(overview_of(half)).content.decode()
    assert tile(page, "逾期") == "1"
    assert "截至 15:00" in page


def test_a_period_without_tasks_teaches_what_will_appear(leader, half):
    page = leader.get(overview_of(half, period="2024H1")).content.decode()
    assert "还没有可报告的数据" in page
    assert "下载半年报告" not in page


def test_an_address_that_makes_no_sense_is_refused_in_words(leader, half):
    answer = leader.get(overview_of(half, period="2026H9"))
    assert answer.status_code == 400
    assert "不是" in answer.content.decode()
    address = reverse("reports:figures")
    assert leader.get(f"{address}?figure=nonsense").status_code == 404
    assert leader.get(f"{address}?report=x").status_code == 404
    assert leader.get(f"{address}?unit=%C3%A9&page=zz").status_code == 200


def test_another_committee_sees_none_of_it(client, half):
    report = built(half, organization=half.world.committee, actor=half.world.committee_secretary)
    stranger = sign_in(client, actor_at(half.world.other_committee, "SECRETARY"))
    pages = [
        overview_of(half, organization=half.world.committee.code),
        reverse("reports:report", args=[report.pk]),
        reverse("reports:download", args=[report.pk]),
        f"{reverse('reports:figures')}?report={report.pk}",
        f"{reverse('reports:figures')}?organization={half.world.committee.code}&period=2026H1",
    ]
    assert [status(stranger, page) for page in pages] == [404] * 5
    given = {"organization": half.world.committee.code, "period": "2026H1"}
    assert stranger.post(reverse("reports:reports"), given).status_code == 404
    assert str(half.world.committee) not in stranger.get(reverse("reports:reports")).content.decode()
    sign_in(client, half.world.committee_secretary)
    assert [status(client, page) for page in pages] == [200] * 5


def test_system_duties_give_no_sight_of_reports(client, half):
    administrator = make_user()
    make_post(half.world.top, "ADMINISTRATOR", user=administrator)
    client.force_login(administrator)
    assert client.get(reverse("reports:overview")).status_code == 403
    with pytest.raises(NotAllowed):
        request_report(
            organization=half.world.top, period=H1, actor=Actor.on(administrator, date(2026, 7, 8)), at=JULY
        )


def test_one_click_builds_keeps_and_downloads_the_workbook(leader, half):
    answer = leader.post(
        reverse("reports:reports"), {"organization": half.world.top.code, "period": "2026H1"}
    )
    report = HalfYearReport.objects.get()
    here = reverse("reports:report", args=[report.pk])
    assert (answer.status_code, answer["Location"]) == (302, here)
    waiting = leader.get(here)
    assert 'hx-trigger="every 1s"' in waiting.content.decode()
    assert leader.get(here, headers={"HX-Request": "true"}).status_code == 200
    assert leader.get(reverse("reports:download", args=[report.pk])).status_code == 404

    run_due_jobs(at=JULY + timedelta(seconds=2))
    report.refresh_from_db()
    assert (report.job.state, report.job.done, report.job.total) == (Job.State.DONE, 3, 3)
    over = leader.get(here, headers={"HX-Request": "true"})
    assert (over.status_code, over["HX-Redirect"]) == (204, f"{here}?download=1")
    page = leader.get(f"{here}?download=1")
    assert page["Refresh"] == f"0; url={reverse('reports:download', args=[report.pk])}"
    assert "Refresh" not in leader.get(here)

    file = leader.get(reverse("reports:download", args=[report.pk]))
    data = b"".join(file.streaming_content)
    assert file["Content-Disposition"].startswith("attachment;")
    assert "2026%E5%B9%B4%E4%B8%8A%E5%8D%8A%E5%B9%B4" in file["Content-Disposition"]
    assert file["X-Content-Type-Options"] == "nosniff"
    assert hashlib.sha256(data).hexdigest() == report.sha256
    book = load_workbook(io.BytesIO(data))
    assert book.sheetnames == SHEETS
    columns = {head: index for index, head in enumerate(heads(book["按单位"]))}
    total = rows(book["按单位"])[-1]
    assert [total[columns[name]] for name in ("本期应办", "本期办结", "结转下期")] == [5, 4, 4]
    facts = facts_of(half.world.top, H1, cut_off=H1.end)
    assert report.facts == facts.frozen()
    assert (report.rules_version, report.cut_off) == (RULES_VERSION, H1.end)


def test_the_page_of_a_report_shows_its_frozen_figures_and_their_lists(leader, half):
    report = built(half)
    half.approve("waiting", day(7, 7))
    page = leader.get(reverse("reports:report", args=[report.pk]))
    found = re.findall(r'<td class="number"><a href="([^"]+)">(\d+)</a>', page.content.decode())
    assert len(found) == 15
    for url, number in found:
        assert leader.get(url.replace("&amp;", "&")).context["count"] == int(number)
    assert report.sha256 in page.content.decode()


def test_asking_again_for_a_finished_period_gives_the_report_that_is_there(half):
    report = built(half)
    again = request_report(
        organization=half.world.top, period=H1, actor=half.world.office, at=JULY + timedelta(days=3)
    )
    assert again == report


def test_pressing_twice_asks_once(half):
    who = half.world.leader
    first = request_report(organization=half.world.top, period=H1, actor=who, at=JULY)
    assert request_report(organization=half.world.top, period=H1, actor=who, at=JULY) == first
    assert Job.objects.filter(kind="half_year_report").count() == 1


def test_a_report_of_a_running_period_is_new_after_any_event_and_on_any_day(half):
    who, top, now = half.world.leader, half.world.top, day(7, 2)
    period = Period.parse("2026H2")
    first = build_report(request_report(organization=top, period=period, actor=who, at=now), at=now)
    assert request_report(organization=top, period=period, actor=who, at=day(7, 2, 18)) == first
    assert request_report(organization=top, period=period, actor=who, at=day(7, 3)) != first
    HalfYearReport.objects.exclude(pk=first.pk).delete()
    half.approve("waiting", day(7, 2, 19))
    assert request_report(organization=top, period=period, actor=who, at=day(7, 2, 20)) != first


@pytest.mark.parametrize(
    ("period", "words"), [("2024H1", "无可报告的数据"), ("2026H2", ""), ("2030H1", "尚未开始")]
)
def test_a_period_without_data_is_refused_and_nothing_is_kept(half, period, words):
    def ask():
        return request_report(
            organization=half.world.top, period=Period.parse(period), actor=half.world.leader, at=JULY
        )

    if not words:
        assert ask().pk
        return
    with pytest.raises(Refused, match=words):
        ask()
    assert (HalfYearReport.objects.count(), Job.objects.filter(kind="half_year_report").count()) == (0, 0)


def test_a_refused_request_is_a_page_with_the_sentence(leader, half):
    given = {"organization": half.world.top.code, "period": "2024H1"}
    answer = leader.post(reverse("reports:reports"), given)
    assert answer.status_code == 400
    assert "没有新增、结转的任务" in answer.content.decode()


@pytest.mark.parametrize("copies", [1, 3])
def test_pages_ask_the_database_equally_often_however_much_there_is(
    leader, half, copies, django_assert_max_num_queries
):
    world = half.world
    for number in range(copies):
        plan = make_plan(world, at=day(2, 2))
        measure = make_measure(world, plan, receivers=world.branches, at=day(2, 2), title=f"事项{number}")
        issue(world, plan, at=day(2, 2))
        HalfYearReport.objects.create(
            organization=world.top,
            period="2026H1",
            cut_off=H1.end,
            requested_at=JULY,
            built_at=JULY,
            facts={},
        )
    assert measure.pk
    leader.get(overview_of(half))
    with django_assert_max_num_queries(14):
        leader.get(overview_of(half))
    with django_assert_max_num_queries(13):
        leader.get(f"{reverse('reports:figures')}?organization={world.top.code}&period=2026H1&figure=added")
    with django_assert_max_num_queries(10):
        leader.get(reverse("reports:reports"))


@pytest.mark.parametrize(
    ("value", "said"), [(None, "—"), (0.0, "0.0%"), (13 / 16, "81.3%"), (304 / 411, "74.0%")]
)
def test_a_share_reads_as_a_spreadsheet_would_round_it(value, said):
    assert share(value) == said


def test_the_list_behind_a_number_is_exported_row_by_row(leader, half, monkeypatch):
    monkeypatch.setattr("reports.views.reports.PAGE", 1)
    top = half.world.top.code
    for figure in ("due_in", "overdue", "added", "findings", "findings_overdue"):
        query = f"?organization={top}&period=2026H1&figure={figure}"
        shown = leader.get(f"{reverse('reports:figures')}{query}").context
        answer = leader.get(f"{reverse('reports:figures_export')}{query}")
        sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
        found = [row for row in sheet.iter_rows(min_row=4, values_only=True) if any(row)]
        assert len(found) == shown["count"], figure
        first = next(iter(shown["page"]), None)
        if first is not None:
            assert found[0][0] == (first.fact if shown["listing"].of_findings else first.title)
        assert "2026" in sheet["A2"].value
    foreign = f"{reverse('reports:figures_export')}?organization=none&period=2026H1"
    assert leader.get(foreign).status_code == 404
    assert leader.get(f"{reverse('reports:figures_export')}?figure=none").status_code == 404
