"""The lights of many tasks: the one rule of ``lights``, asked once for all tasks that have the same facts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Count, Min

from common.workdays import Calendar
from tracker.lights import FACTS, Facts, Light, light_of, red_parts
from tracker.models import Task


class Group(NamedTuple):
    """Tasks of one key that have the same facts, and so the same light."""

    key: Any
    facts: Facts
    light: str
    number: int


class Lights:
    """The rule as of a local day; remembers what it said."""

    def __init__(self, *, day: date, calendar: Calendar) -> None:
        self._day, self._calendar = day, calendar
        self._known: dict[Facts, str] = {}

    def of(self, facts: Facts) -> str:
        """The light by the name under which ``SIGNS`` has it; "" for a withdrawn task."""
        light = self._known.get(facts)
        if light is None:
            light = self._known[facts] = self._find(facts)
        return light

    def _find(self, facts: Facts) -> str:
        found = light_of(facts, day=self._day, calendar=self._calendar)
        if found != Light.NONE:
            return str(found.value)
        return "suspended" if facts.state == Task.State.SUSPENDED else ""

    def groups(self, tasks: Any, key: str) -> Iterator[Group]:
        """The tasks that were not withdrawn, in groups that the database counts (one query)."""
        live = tasks.exclude(state=Task.State.WITHDRAWN).order_by()
        for value, *facts, number in live.values_list(key, *FACTS).annotate(number=Count("*")):
            known = Facts(*facts)
            yield Group(value, known, self.of(known), number)


class Red(NamedTuple):
    """How many tasks are red, and the earliest due date among them."""

    number: int
    first: date


def red_by(key: str, tasks: Any, *, day: date) -> dict[int, Red]:
    """Red tasks by a key (two queries, a part of the rule each).

    Rows are counted, not ids: so both are answered from an index alone.
    """
    found: dict[int, Red] = {}
    for part in red_parts(day=day):
        groups = tasks.filter(part).order_by().values_list(key).annotate(number=Count("*"), first=Min("due"))
        for group, number, first in groups:
            before = found.get(group, Red(0, first))
            found[group] = Red(before.number + number, min(before.first, first))
    return found
