"""The rows of the lists of tasks: the table of ``/tasks/``, the groups of a secretary's day, the marks of a submission.

Drawn without the template engine, which took half of such a page's time: up to 200 rows, each of twenty values.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from common import clock, saying
from common.templatetags.ui import badge, calendar_of, dated, icon, light, meter, org, provisionally, state
from tracker.models import Task
from tracker.task_list import Row

register = template.Library()

TABLE_ROW = """<tr data-row>
    <td class="light-cell">{light}</td>
    <td class="title-cell"><a href="{tasks}{key}/">{title}</a></td>
    <td data-label="{l_unit}">{unit}</td>
    <td data-label="{l_handler}">{handler}</td>
    <td data-label="{l_state}" class="state-cell">{state}</td>
    <td data-label="{l_progress}" class="progress-cell">{progress}</td>
    <td data-label="{l_due}" class="due-cell">{due}</td>
  </tr>"""
LIST_ROW = """<li data-row>
  <div class="row-body">
    <span class="row-line">{light}<span class="row-due">{due}</span></span>
    <a class="row-title" href="{tasks}{key}/">{title}</a>
    <span class="row-meta">{handler}{percent}{returned}</span>
  </div>
  {icon}
</li>"""


@register.simple_tag(takes_context=True)
def task_table_rows(context: Context, rows: Iterable[Row], **labels: Any) -> SafeString:
    """The rows of the table of tasks; ``labels`` are the names of its columns for a phone, as ``l_unit=…``."""
    returned = badge(gettext("returned"), "bad")
    return format_html_join(
        "",
        TABLE_ROW,
        (
            {
                **labels,
                **common,
                "light": light(row.glance.light, row.glance.word) if row.glance.light else "",
                "unit": org(row.task.organization),
                "handler": row.task.handler or saying.NOTHING,
                "state": format_html("{} {}", state(row.task), returned)
                if row.task.returned
                else state(row.task),
                "progress": meter(row.task.percent, 100, common["title"], pace=row.glance.pace),
            }
            for row, common in _with_what_both_show(context, rows)
        ),
    )


@register.simple_tag(takes_context=True)
def task_list_rows(context: Context, rows: Iterable[Row]) -> SafeString:
    """The rows of a list of tasks of one unit, as on a secretary's first page."""
    onward = icon("chevron-right", 18)
    return format_html_join(
        "",
        LIST_ROW,
        (
            {
                **common,
                "light": light(row.glance.light, row.glance.word)
                if row.glance.light
                else badge(row.glance.word),
                "handler": format_html("<span>{}</span>", row.task.handler) if row.task.handler else "",
                "percent": _percent(row.task),
                "returned": _returned(row.task),
                "icon": onward,
            }
            for row, common in _with_what_both_show(context, rows)
        ),
    )


@register.simple_tag
def task_facts(task: Task) -> SafeString:
    """What a reviewer should know of a submission before opening it, as badges."""
    facts = []
    if task.done_late:
        facts.append(badge(gettext("handed in late"), "bad"))
    if task.returns:
        facts.append(badge(_returned_times(task), "warn"))
    if task.same_words:  # type: ignore[attr-defined]
        facts.append(badge(gettext("same words as another"), "warn"))
    if task.has_evidence:  # type: ignore[attr-defined]
        facts.append(badge(gettext("with evidence")))
    elif task.measure.evidence_required:
        facts.append(badge(gettext("evidence missing"), "bad"))
    else:
        facts.append(format_html('<span class="muted small">{}</span>', gettext("no evidence asked")))
    return format_html(
        '<span class="fact-badges">{}</span>', format_html_join("", "{}", ((f,) for f in facts))
    )


def _with_what_both_show(context: Context, rows: Iterable[Row]) -> Iterable[tuple[Row, dict[str, Any]]]:
    today, calendar, tasks = clock.today(), calendar_of(context), conditional_escape(reverse("tracker:tasks"))
    for row in rows:
        due = row.task.due
        yield (
            row,
            {
                "tasks": tasks,
                "key": row.task.pk,
                "title": conditional_escape(row.task.title),
                "due": dated(due, today) + provisionally(due, calendar),
            },
        )


def _percent(task: Task) -> SafeString | str:
    shown = task.percent and task.state == Task.State.ACTIVE
    return format_html("<span>{}%</span>", task.percent) if shown else ""


def _returned(task: Task) -> SafeString | str:
    return format_html('<span class="bad">{}</span>', _returned_times(task)) if task.returned else ""


def _returned_times(task: Task) -> str:
    return ngettext("returned %(count)s time", "returned %(count)s times", task.returns) % {
        "count": task.returns
    }
