"""Lists of tasks: the groups of a secretary's day, the filters of an address, pages by keyset."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.db.models import Count, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from branches.access import Actor
from branches.models import Area, Organization
from common.workdays import Calendar
from tracker.left_behind import left_by_handler
from tracker.lights import Glance, glance, is_behind, is_near, is_red, near_until
from tracker.models import Measure, Plan, Tally, Task
from tracker.tallies import KEPT, LIVE, totals_of

PAGE = 50
State = Task.State

GROUPS = {
    "open": gettext_lazy("All open"),
    "pending": gettext_lazy("To acknowledge"),
    "returned": gettext_lazy("Returned"),
    "urgent": gettext_lazy("Near or overdue"),
    "active": gettext_lazy("In hand"),
    "review": gettext_lazy("Awaiting review"),
    "suspended": gettext_lazy("Suspended"),
    "done": gettext_lazy("Completed"),
    "withdrawn": gettext_lazy("Withdrawn"),
    "all": gettext_lazy("All but withdrawn"),
}
"""Every task is in exactly one of them, ``open`` and ``all`` apart: all up to ``suspended``, and ``done`` with them."""
DAILY = ("pending", "returned", "urgent", "active", "review")
"""The groups of a secretary's page, in the order in which they ask for something."""
KEPT_BY = {"group", "plan", "org", "unit", "area", "kind", "mine"}
"""The filters that kept counts know."""


def group_conditions(*, day: date, calendar: Calendar) -> dict[str, Q]:
    """Each group as a condition on tasks."""
    near = Q(due__lt=near_until(day, calendar))
    return {
        **KEPT,
        "open": Q(state__in=Task.OPEN),
        "urgent": KEPT["active"] & near,
        "active": KEPT["active"] & ~near,
        "all": ~Q(state=State.WITHDRAWN),
    }


def group_of(task: Task, *, day: date, calendar: Calendar) -> str:
    """The group a task is in: the same rule for one task in hand."""
    if task.state == State.ACTIVE:
        if task.returned:
            return "returned"
        return "urgent" if task.due < near_until(day, calendar) else "active"
    if task.state == State.PENDING:
        return "pending"
    return {"SUSPENDED": "suspended", "DONE": "done", "WITHDRAWN": "withdrawn"}.get(task.state, "review")


def kept_counts(
    tallies: QuerySet[Tally], tasks: QuerySet[Task], *, day: date, calendar: Calendar
) -> dict[str, int]:
    """How many tasks each group holds, from the kept counts of these ``tasks``; two queries, cheap for any number.

    Only what depends on the day is counted from the tasks.
    """
    kept = totals_of(tallies)
    urgent = tasks.filter(group_conditions(day=day, calendar=calendar)["urgent"]).order_by().count()
    all_ = sum(kept[name] for name in LIVE)
    counts = kept | {
        "all": all_,
        "open": all_ - kept["done"],
        "urgent": urgent,
        "active": kept["active"] - urgent,
    }
    return {group: counts[group] for group in GROUPS}


def counts_of(tasks: QuerySet[Task], *, day: date, calendar: Calendar) -> dict[str, int]:
    """The same for any set of tasks, counted one by one (one query)."""
    conditions = group_conditions(day=day, calendar=calendar)
    # prefixed: an aggregate must not bear the name of a field that another condition reads
    counts = tasks.order_by().aggregate(**{f"in_{n}": Count("pk", filter=q) for n, q in conditions.items()})
    return {group: counts[f"in_{group}"] for group in conditions}


@dataclass(frozen=True)
class Row:
    """A task with what a list says of it."""

    task: Task
    glance: Glance


def rows_of(tasks: Iterable[Task], *, day: date, calendar: Calendar) -> list[Row]:
    return [Row(task, glance(task, day=day, calendar=calendar)) for task in tasks]


def with_names(tasks: QuerySet[Task]) -> QuerySet[Task]:
    """What a row prints, in the same query."""
    return tasks.select_related("measure__plan", "organization", "handler")


class TaskFilter(forms.Form):
    """The filters that an address of ``/tasks/`` may carry. What cannot be understood is named and left out."""

    group = forms.ChoiceField(choices=list(GROUPS.items()), required=False)
    light = forms.ChoiceField(
        choices=[
            ("red", gettext_lazy("overdue")),
            ("yellow", gettext_lazy("near or behind")),
            ("green", gettext_lazy("on course")),
        ],
        required=False,
    )
    plan = forms.ModelChoiceField(Plan.objects.none(), required=False)
    measure = forms.ModelChoiceField(Measure.objects.none(), required=False)
    org = forms.ModelChoiceField(Organization.objects.none(), required=False)
    unit = forms.ModelChoiceField(Organization.objects.none(), required=False)
    area = forms.ModelChoiceField(Area.objects.none(), required=False)
    kind = forms.ChoiceField(choices=Organization.Kind.choices, required=False)
    handler = forms.ChoiceField(choices=[("me", "me")], required=False)
    mine = forms.ChoiceField(choices=[("1", "1")], required=False)
    extension = forms.ChoiceField(choices=[("1", "1")], required=False)
    left = forms.ChoiceField(choices=[("1", "1")], required=False)
    in_hand = forms.ChoiceField(choices=[("1", "1")], required=False)
    overdue_on = forms.DateField(required=False)
    due_from = forms.DateField(required=False)
    due_to = forms.DateField(required=False)
    q = forms.CharField(max_length=50, required=False)

    CHOSEN_FROM: ClassVar[Mapping[str, Callable[[Actor], QuerySet[Any]]]] = {
        "plan": Plan.objects.visible_to,
        "measure": Measure.objects.visible_to,
        "org": Organization.objects.visible_to,
        "unit": Organization.objects.visible_to,
        "area": lambda actor: Area.objects.filter(actor.scope("organizations__path")).distinct(),
    }

    def __init__(self, data: QueryDict, *, actor: Actor, day: date, calendar: Calendar) -> None:
        super().__init__(data)
        self.actor, self.day, self.calendar = actor, day, calendar
        # only where something is asked for: a list without filters need not say what they could hold
        for name in self.CHOSEN_FROM.keys() & {name for name, value in data.items() if value}:
            self.fields[name].queryset = self.CHOSEN_FROM[name](actor)  # type: ignore[attr-defined]
        self.is_valid()

    @property
    def chosen(self) -> Mapping[str, Any]:
        """The filters that were understood and are not empty."""
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}

    @property
    def ignored(self) -> list[str]:
        """Names of the filters that could not be understood."""
        return list(self.errors)

    @property
    def shown(self) -> str:
        """The group to show: the one asked for, else all that are open; every state where a past day is asked for."""
        if "group" in self.chosen:
            return self.chosen["group"]
        return "" if "overdue_on" in self.chosen else "open"

    def narrow(self) -> QuerySet[Task]:
        """The tasks in sight that all filters but the group let through."""
        return self._narrowed(Task.objects.visible_to(self.actor))

    def counts(self) -> dict[str, int]:
        """How many of these each group holds: from the kept counts where the filters ask for nothing else."""
        tasks = self.narrow()
        if self.chosen.keys() - KEPT_BY:
            return counts_of(tasks, day=self.day, calendar=self.calendar)
        tallies = self._narrowed(Tally.objects.visible_to(self.actor))
        return kept_counts(tallies, tasks, day=self.day, calendar=self.calendar)

    def _narrowed(self, rows: Any) -> Any:
        for name, value in self.chosen.items():
            narrow = getattr(self, f"_by_{name}", None)
            rows = narrow(rows, value) if narrow else rows
        return rows

    def in_group(self, tasks: QuerySet[Task]) -> QuerySet[Task]:
        """Those of the chosen group, by due date."""
        if self.shown:
            tasks = tasks.filter(group_conditions(day=self.day, calendar=self.calendar)[self.shown])
        return tasks.order_by("due", "pk")

    def _by_light(self, tasks: Any, light: str) -> Any:
        red = is_red(day=self.day)
        if light == "red":
            return tasks.filter(red)
        yellow = is_near(day=self.day, calendar=self.calendar) | self._behind
        if light == "yellow":
            return tasks.filter(yellow).exclude(red)
        running = Q(state__in=Task.OPEN - {State.SUSPENDED})
        return tasks.filter(running).exclude(red).exclude(yellow)

    @cached_property
    def _behind(self) -> Q:
        """Asked for once: of all that is in sight, whatever else the filters let through."""
        return is_behind(Task.objects.visible_to(self.actor), day=self.day, calendar=self.calendar)

    def _by_plan(self, rows: Any, plan: Plan) -> Any:
        return rows.filter(**{"plan" if rows.model is Tally else "measure__plan": plan})

    def _by_measure(self, tasks: Any, measure: Measure) -> Any:
        return tasks.filter(measure=measure)

    def _by_org(self, tasks: Any, organization: Organization) -> Any:
        return tasks.below(organization)

    def _by_unit(self, tasks: Any, organization: Organization) -> Any:
        return tasks.filter(organization=organization)

    def _by_area(self, tasks: Any, area: Area) -> Any:
        return tasks.filter(organization__area=area)

    def _by_kind(self, tasks: Any, kind: str) -> Any:
        return tasks.filter(organization__kind=kind)

    def _by_handler(self, tasks: Any, _me: str) -> Any:
        return tasks.filter(handler=self.actor.user)

    def _by_mine(self, tasks: Any, _yes: str) -> Any:
        return tasks.filter(organization__in=own_units(self.actor))

    def _by_extension(self, tasks: Any, _yes: str) -> Any:
        return tasks.filter(extensions__state="PENDING")

    def _by_left(self, tasks: Any, _yes: str) -> Any:
        return left_by_handler(tasks, day=self.day)

    def _by_in_hand(self, tasks: Any, _yes: str) -> Any:
        return tasks.in_hand()

    def _by_overdue_on(self, tasks: Any, day: date) -> Any:
        return tasks.overdue_on(day)

    def _by_due_from(self, tasks: Any, day: date) -> Any:
        return tasks.filter(due__gte=day)

    def _by_due_to(self, tasks: Any, day: date) -> Any:
        return tasks.filter(due__lte=day)

    def _by_q(self, tasks: Any, text: str) -> Any:
        for word in text.split():
            tasks = tasks.filter(
                Q(measure__title__icontains=word)
                | Q(organization__short_name__icontains=word)
                | Q(organization__name__icontains=word)
                | Q(handler__name__icontains=word)
            )
        return tasks


def own_units(actor: Actor) -> list[int]:
    """Ids of the organisations whose own tasks this person answers for, as secretary or clerk."""
    roles = {"SECRETARY", "CLERK"}
    return [post.organization_id for post in actor.business_posts if post.role in roles]


@dataclass(frozen=True)
class Page:
    tasks: list[Task]
    next: str
    previous: str


def page_of(tasks: QuerySet[Task], *, after: str = "", before: str = "", size: int = PAGE) -> Page:
    """One page of tasks ordered by due date, found by its neighbour's place, so that page 10,000 costs as page 1.

    Cursors are ``<due>_<pk>``; one that cannot be read gives the first page.
    """
    start, end = _cursor(after), _cursor(before)
    if end:
        rows = list(tasks.filter(_past(end, "lt")).order_by("-due", "-pk")[: size + 1])
        more, rows = len(rows) > size, rows[:size][::-1]
        return Page(rows, _mark(rows[-1]) if rows else "", _mark(rows[0]) if more else "")
    rows = list((tasks.filter(_past(start, "gt")) if start else tasks)[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    return Page(rows, _mark(rows[-1]) if more else "", _mark(rows[0]) if start and rows else "")


def _past(cursor: tuple[date, int], way: str) -> Q:
    due, pk = cursor
    # the first condition follows from the others; an index is entered by it, and not by an alternative
    return Q(**{f"due__{way}e": due}) & (Q(**{f"due__{way}": due}) | Q(due=due, **{f"pk__{way}": pk}))


def _mark(task: Task) -> str:
    return f"{task.due.isoformat()}_{task.pk}"


def _cursor(text: str) -> tuple[date, int] | None:
    due, _sep, pk = text.partition("_")
    try:
        return date.fromisoformat(due), int(pk)
    except ValueError:
        return None
