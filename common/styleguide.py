"""Every part of the pages once, with sample words; for developers, only with ``DEBUG``."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _

from common import clock
from common.errors import NotAllowed
from common.models import Job
from common.templatetags.ui import job_progress


class SampleForm(forms.Form):
    """One of each control."""

    what = forms.CharField(label="举措", help_text="一句话说清做什么，照抄来源原话。", max_length=20)
    due = forms.DateField(
        label="办理时限", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    kind = forms.ChoiceField(label="类别", choices=[("a", "制度"), ("b", "活动"), ("c", "例行")])
    note = forms.CharField(label="完成情况", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    file = forms.FileField(label="佐证材料", required=False)
    who = forms.ChoiceField(
        label="接收单位", widget=forms.RadioSelect, choices=[("all", "全部机关党委"), ("some", "选定的单位")]
    )
    agreed = forms.BooleanField(label="已征求意见", required=False)


def _tasks() -> list[dict[str, Any]]:
    today = clock.today()
    rows = [
        ("制定廉洁文化建设的具体措施", "财政局二支部", "red", -3, 60, 100),
        ("召开二季度警示教育大会并通报典型案例", "城管局一支部", "yellow", 2, 40, 70),
        ("支部书记讲专题党课", "住建局机关党委", "green", 12, 80, 65),
        ("“一支部一品牌”创建方案", "审计局一支部", "done", None, 100, None),
        ("党员公寓楼宇联建共建试点", "人社局三支部", "suspended", None, 20, None),
    ]
    return [
        {
            "pk": number,
            "title": title,
            "organization": SimpleNamespace(
                short_name=unit, name=unit, trail=f"市直机关工委 / {unit[:3]}机关党委 / {unit}"
            ),
            "light": light,
            "left": left,
            "due": today + timedelta(days=left * 1.4 if left else 30),
            "percent": percent,
            "pace": pace,
        }
        for number, (title, unit, light, left, percent, pace) in enumerate(rows, 1)
    ]


def _page(request: HttpRequest, **more: Any) -> HttpResponse:
    context = {
        "tasks": _tasks(),
        "form": SampleForm(request.POST if request.method == "POST" else None),
        "running": Job(
            kind="issue", state=Job.State.RUNNING, done=312, total=1024, message="正在交办：城管局机关党委"
        ),
        "over": Job(kind="issue", state=Job.State.DONE, done=1024, total=1024, message="已产生 1,024 项任务"),
        "failed": Job(
            kind="issue", state=Job.State.FAILED, done=312, total=1024, message="数据库没有应答，请稍后重试。"
        ),
        "moment": clock.now(),
        **more,
    }
    return render(request, "common/styleguide.html", context)


def page(request: HttpRequest) -> HttpResponse:
    """All parts on one page; sending its form shows the errors."""
    if "toasts" in request.GET:
        messages.success(request, "已保存。")
        messages.warning(request, "有 3 个支部没有书记任职，已列入责任链缺口。")
        messages.error(request, "没有接收单位，不能印发。请先选定接收单位。")
    return _page(request)


def panel(request: HttpRequest) -> HttpResponse:
    """The details of one row, alone for htmx or beside the list."""
    number = int(request.GET.get("row", "1"))
    task = _tasks()[(number - 1) % 5]
    if request.headers.get("HX-Request"):
        return render(request, "common/styleguide_panel.html", {"task": task, "moment": clock.now()})
    return _page(request, task=task)


def job(request: HttpRequest) -> HttpResponse:
    """The running bar's next state: it is over."""
    sample = Job(kind="issue", state=Job.State.DONE, done=1024, total=1024, message="已产生 1,024 项任务")
    return render(
        request,
        "partials/job_progress.html",
        job_progress(sample, request.path, reverse("common:styleguide")),
    )


def refusal(_request: HttpRequest) -> HttpResponse:
    """What a refusal looks like, as a page or as a toast."""
    raise NotAllowed(
        _("Your posts do not include this act. If they should, ask your committee or the administrator.")
    )


urlpatterns = [
    path("", page, name="styleguide"),
    path("panel/", panel, name="styleguide_panel"),
    path("job/", job, name="styleguide_job"),
    path("refusal/", refusal, name="styleguide_refusal"),
]
