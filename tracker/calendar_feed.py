"""A person's due dates as an iCalendar file (RFC 5545): whole days, to be read only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from branches.access import Actor
from common.workdays import Calendar
from tracker.models import Finding, Task
from tracker.task_list import own_units

MOST = 500
"""Entries of one file, the nearest dates first."""
_OCTETS = 75


@dataclass(frozen=True)
class Due:
    """One due date: what is due, where it is looked at."""

    uid: str
    day: date
    title: str
    words: str
    path: str


def dues_of(actor: Actor) -> list[Due]:
    """Open tasks and findings of the units a person answers for, and the tasks they handle. Three queries."""
    units, calendar = own_units(actor), Calendar.load()
    mine = Q(organization__in=units) | Q(handler=actor.user)
    tasks = Task.objects.visible_to(actor).filter(mine).open().select_related("organization", "measure")
    findings = Finding.objects.filter(organization__in=units, state__in=Finding.OPEN).exclude(due=None)
    found = [
        Due(
            f"task-{task.pk}",
            task.due,
            task.title,
            _words(task.organization.short_name, str(task.get_state_display()), task.due, calendar),
            reverse("tracker:task", args=[task.pk]),
        )
        for task in tasks.order_by("due", "pk")[:MOST]
    ]
    found += [
        Due(
            f"finding-{finding.pk}",
            finding.due,
            _("Rectification %(number)s") % {"number": finding.number},
            _words(finding.organization.short_name, str(finding.get_state_display()), finding.due, calendar),
            reverse("tracker:finding", args=[finding.pk]),
        )
        for finding in findings.select_related("organization").order_by("due", "pk")[:MOST]
        if finding.due
    ]
    return sorted(found, key=lambda due: (due.day, due.uid))[:MOST]


def _words(unit: str, state: str, day: date, calendar: Calendar) -> str:
    parts = [unit, state]
    if calendar.is_provisional(day):
        parts.append(_("the date rests on a provisional calendar"))
    return " · ".join(parts)


def icalendar(dues: Iterable[Due], *, host: str, root: str, at: datetime) -> bytes:
    """The file. ``host`` makes the identifiers worldwide unique, ``root`` the links; UTF-8, lines of at most 75 octets."""
    stamp = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Bihuan//Due dates//ZH", "CALSCALE:GREGORIAN"]
    lines += ["METHOD:PUBLISH", f"X-WR-CALNAME:{_text(_('Due dates'))}", "X-PUBLISHED-TTL:PT6H"]
    for due in dues:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{due.uid}@{host}",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{due.day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{due.day + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_text(due.title)}",
            f"DESCRIPTION:{_text(due.words)}",
            f"URL:{root}{due.path}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line)).encode()


def _text(value: str) -> str:
    """A text value: backslash, comma and semicolon escaped, line breaks written as such, no control characters."""
    plain = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    plain = "\\n".join(plain.splitlines())
    return "".join(char for char in plain if char >= " " and char != "\x7f")


def _folded(line: str) -> Iterator[str]:
    """A line in parts of at most 75 octets, every one but the first behind a blank; no character is cut in two."""
    part = ""
    for char in line:
        if len((part + char).encode()) > _OCTETS:
            yield part
            part = " "
        part += char
    yield part
