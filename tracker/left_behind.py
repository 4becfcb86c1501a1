"""Work that nobody does: tasks whose responsible person has left, and people who never act while tasks wait."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Count, DateTimeField, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from branches.access import Actor
from branches.models import Organization, Post
from common.clock import moment
from common.workdays import Calendar
from tracker.models import Event, Task

SILENT_DAYS = 10
"""Working days without any act from which somebody counts as never acting while tasks wait."""
ACTING = ("SECRETARY", "CLERK")
"""The posts that act for a unit."""
RENAMED_IN = frozenset({Task.State.ACTIVE, Task.State.SUSPENDED})
"""The states in which a task has a responsible person who may be replaced."""


def left_by_handler(tasks: Any, *, day: date) -> Any:
    """Those of the tasks in hand whose responsible person holds no post of the unit any more, or is disabled."""
    held = Post.objects.held_on(day).filter(
        user=OuterRef("handler"), organization=OuterRef("organization"), user__is_active=True
    )
    return tasks.filter(state__in=RENAMED_IN, handler__isnull=False).exclude(Exists(held))


def units_left(actor: Actor, *, day: date) -> QuerySet[Organization]:
    """The organisations in sight with such tasks, in tree order; each carries ``left``, how many (one query)."""
    tasks = left_by_handler(Task.objects.filter(organization=OuterRef("pk")), day=day).order_by()
    count = tasks.values("organization").annotate(number=Count("pk")).values("number")
    units = Organization.objects.visible_to(actor).annotate(left=Coalesce(Subquery(count), 0))
    return units.filter(left__gt=0).order_by("path")


def never_acting(actor: Actor, *, day: date, calendar: Calendar) -> QuerySet[Post]:
    """Posts in sight whose holder has done nothing for ``SILENT_DAYS`` working days while the unit's tasks waited.

    Held through all these days; at least one task has been with the unit as long, and any act on anything counts as
    acting. Each carries ``waiting``, how many tasks wait, and ``last_at``, when the holder last acted. One query.
    """
    cutoff = calendar.add(day, -SILENT_DAYS)
    waiting = (
        Task.objects.filter(organization=OuterRef("organization"))
        .in_hand()
        .filter(Q(in_hand_since__isnull=True) | Q(in_hand_since__lte=cutoff), issued_on__lte=cutoff)
    )
    count = waiting.order_by().values("organization").annotate(number=Count("pk")).values("number")
    acts = Event.objects.filter(actor=OuterRef("user"))
    return (
        Post.objects.held_on(day)
        .filter(actor.scope("organization__path"), role__in=ACTING, since__lte=cutoff, user__is_active=True)
        # asked whether there is one first: the first found answers it, and only the posts that are left are counted for
        .filter(Exists(waiting), ~Exists(acts.filter(at__gte=moment(cutoff, 0))))
        .annotate(waiting=Coalesce(Subquery(count), 0))
        .annotate(last_at=Subquery(acts.order_by("-at").values("at")[:1], output_field=DateTimeField()))
        .select_related("organization", "user")
        .order_by("-waiting", "organization__path", "pk")
    )
