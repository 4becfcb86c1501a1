"""``/``: the first page, by what a person is there for."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET

from branches.access import Actor
from branches.models import Organization, User
from common.clock import local_date, now
from common.workdays import Calendar
from tracker.comment_list import asked_of
from tracker.left_behind import left_by_handler
from tracker.lights import near_until
from tracker.looked_after import charges_of
from tracker.looked_after import standings_of as charge_standings
from tracker.models import Tally, Task
from tracker.pledges import to_sign
from tracker.task_list import DAILY, GROUPS, group_of, kept_counts, own_units, rows_of, with_names
from tracker.today import duties_of, end_of_week, laggards_of, news_for, standings_of
from tracker.transitions.forms import people_of
from tracker.transitions.parties import is_office
from tracker.views.acts import actor_of

OFFICE = frozenset({"CLERK", "DEPUTY_SECRETARY", "SECRETARY"})
LOOKED_AFTER = 6
"""Organisations looked after that the first page names, the worst first."""
SHOWN = 200
"""Open tasks drawn on a branch's first page; whoever has more finds them behind the counts."""


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Office, then leader, then inspector, then branch: the post that has most to do decides."""
    actor = actor_of(request)
    above = {post.role for post in actor.business_posts if not _in_branch(post)}
    if above & OFFICE:
        return _office(request, actor)
    if above & {"LEADER", "CHIEF"}:
        return redirect("/overview/")
    if "INSPECTOR" in above:
        return redirect("/inspections/")
    if above:
        return _office(request, actor)
    if actor.business_posts:
        return _branch(request, actor)
    if actor.posts:
        return redirect("/organizations/")
    return render(request, "tracker/home/no_post.html")


def _in_branch(post: object) -> bool:
    return post.organization.kind == Organization.Kind.BRANCH  # type: ignore[attr-defined]


def _branch(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A branch's day: what it has to acknowledge, mend, hurry with, do, and what others look at."""
    day, calendar = local_date(now()), Calendar.load()
    tasks = Task.objects.visible_to(actor)
    counts = kept_counts(Tally.objects.visible_to(actor), tasks, day=day, calendar=calendar)
    rows = rows_of(with_names(tasks).open().order_by("due", "pk")[:SHOWN], day=day, calendar=calendar)  # type: ignore[attr-defined]
    by_group: dict[str, list] = {group: [] for group in DAILY}
    for row in rows:
        by_group.setdefault(group_of(row.task, day=day, calendar=calendar), []).append(row)
    own = Task.objects.filter(organization__in=own_units(actor))
    left = list(with_names(left_by_handler(own, day=day)).order_by("due", "pk")[:SHOWN])
    people = _people_of_own_unit(actor, day) if by_group["pending"] or left else []
    groups = [
        (name, GROUPS[name], counts[name], by_group[name]) for name in (*DAILY, "suspended") if counts[name]
    ]
    return render(
        request,
        "tracker/home/branch.html",
        {
            "calendar": calendar,
            "home": actor.home,
            "may_plan": any(is_office(actor, post.organization) for post in actor.business_posts),
            "tiles": [(name, GROUPS[name], counts[name]) for name in DAILY],
            "groups": [g for g in groups if g[0] in by_group],
            "open": counts["open"],
            "done": counts["done"],
            "consultations": asked_of(actor, at=now()),
            "pledges_to_sign": to_sign(actor).count(),
            "people": people if by_group["pending"] else [],
            "left": left,
            "left_people": people if left else [],
        },
    )


def _people_of_own_unit(actor: Actor, day: date) -> list[User]:
    """Whom all new tasks may be given to at once; nobody where the person answers for no unit or for several."""
    own = set(own_units(actor))
    units = [post.organization for post in actor.business_posts if post.organization_id in own]
    return list(people_of(units[0], day)) if len(own) == 1 else []


def _office(request: HttpRequest, actor: Actor) -> HttpResponse:
    """An office's morning: what needs it today, how its plans stand, who lags, what happened."""
    at, calendar = now(), Calendar.load()
    day = local_date(at)
    standings = standings_of(actor, day=day, calendar=calendar)
    charges = list(charges_of(actor))
    looked_after = charge_standings(actor, charges, day=day, calendar=calendar)
    own = Task.objects.filter(organization__in=own_units(actor))
    return render(
        request,
        "tracker/home/office.html",
        {
            "home": actor.home,
            "day": day,
            "week_end": end_of_week(day),
            "near_end": near_until(day, calendar) - timedelta(days=1),
            "duties": duties_of(actor, day=day),
            "consultations": asked_of(actor, at=at),
            "pledges_to_sign": to_sign(actor).count(),
            "standings": standings,
            "looked_after": looked_after[:LOOKED_AFTER],
            "looked_after_count": len(charges),
            "laggards": laggards_of(actor, day=day, calendar=calendar),
            "news": news_for(actor, at=at),
            "left": (left := list(with_names(left_by_handler(own, day=day)).order_by("due", "pk")[:SHOWN])),
            "left_people": _people_of_own_unit(actor, day) if left else [],
            "may_plan": any(is_office(actor, post.organization) for post in actor.business_posts),
        },
    )


urlpatterns: list = [path("", home, name="home")]
