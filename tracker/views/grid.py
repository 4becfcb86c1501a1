"""``/grid/``: how every unit stands with every measure of a plan."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET

from common.clock import local_date, now
from common.templatetags.ui import LIGHTS
from common.workdays import Calendar
from tracker.grid import Cell, Grid, GridFilter, plans_for
from tracker.lights import SIGNS
from tracker.models import Plan
from tracker.views.acts import actor_of

PAGE = 100
PLANS = 60
"""Plans offered in the list of choice; an older one is opened from its own page."""


@require_GET
def grid_page(request: HttpRequest) -> HttpResponse:
    """One page of the rows, with the sums of all of them."""
    plans, grid = grid_of(request)
    if grid is None:
        return render(request, "tracker/grid/empty.html")
    page = Paginator(grid.lines, PAGE).get_page(request.GET.get("page"))
    rows = [
        {
            "unit": line.unit,
            "cells": (cells := grid.cells(line)),
            "drawn": drawn(cells),
            "sums": grid.row_sums(line),
        }
        for line in grid.filled(page)
    ]
    return render(
        request,
        "tracker/grid/grid.html",
        {
            "grid": grid,
            "plan": grid.plan,
            "plans": plans,
            "filter": grid.chosen,
            "page": page,
            "rows": rows,
            "lights": [(name, SIGNS[name], LIGHTS[name], grid.total_sum(name)) for name in grid.lights],
            "legend": [(name, LIGHTS[name]) for name in SIGNS],
            "foot": [
                (name, SIGNS[name], LIGHTS[name], grid.column_sums(name), grid.total_sum(name))
                for name in grid.lights
            ],
        },
    )


def drawn(cells: Iterable[Cell | None]) -> SafeString:
    """The cells of a row as mark-up. Four thousand of them through the template engine took half of the page's time."""
    parts = [
        f'<td><a class="{c.light}" href="{escape(c.url)}" aria-label="{escape(c.words)}">{c.sign}</a></td>'
        if c
        else "<td></td>"
        for c in cells
    ]
    return mark_safe("".join(parts))  # noqa: S308 - lights and signs are our own, the rest is escaped


def grid_of(request: HttpRequest) -> tuple[list[Plan], Grid | None]:
    """The plans to choose from and the grid of the chosen one, else of the newest; None where there is no plan.

    Raises Http404 for a plan that is out of sight, or not issued yet.
    """
    actor, day = actor_of(request), local_date(now())
    plans = list(plans_for(actor).select_related("organization")[:PLANS])
    plan = _plan(request.GET.get("plan", ""), plans, plans_for(actor))
    if plan is None:
        return plans, None
    chosen = GridFilter(request.GET)
    return plans, Grid(plan, actor=actor, chosen=chosen, day=day, calendar=Calendar.load())


def _plan(text: str, plans: list[Plan], all_of_them: Any) -> Plan | None:
    if not text:
        return plans[0] if plans else None
    known = next((plan for plan in plans if str(plan.pk) == text), None)
    if known is None and text.isascii() and text.isdecimal() and len(text) < 19:
        known = all_of_them.select_related("organization").filter(pk=int(text)).first()
    if known is None:
        raise Http404
    return known


urlpatterns: list = [path("grid/", grid_page, name="grid")]
