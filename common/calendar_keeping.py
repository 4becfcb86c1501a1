"""Keeping the working-day calendar: what a notice would change, entering it as a whole, mending a single day."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common.audit import record
from common.errors import Refused, Sentence, Stale
from common.holiday_notice import Reading
from common.models import AuditEntry, Workday

FIRST_YEAR, LAST_YEAR = 2000, 2100


@dataclass(frozen=True)
class Change:
    """One day of the table before and after; None: as its weekday says."""

    day: date
    before: Workday | None
    after: Workday | None

    @property
    def sides(self) -> tuple[Workday | None, Workday | None]:
        return self.before, self.after


@dataclass(frozen=True)
class Entry:
    """What entering a reading would do. ``whole``: it decrees every statutory holiday, so that the year is official
    afterwards and days it does not name go; otherwise only the days it names change.
    """

    reading: Reading
    changes: list[Change]
    same: int
    whole: bool
    becomes_official: bool
    seen: str
    """Fingerprint of the calendar this was drawn from."""


def is_official(year: int) -> bool:
    """Whether the official notice of a year has been entered."""
    return Workday.objects.filter(day__year=year, official=True).exists()


def weigh(reading: Reading) -> Entry:
    """Compare a reading with the calendar; writes nothing. One query."""
    present = {row.day: row for row in _around(reading.year)}
    official = {row.day.year for row in present.values() if row.official}
    whole = not reading.missing
    wanted = {
        day: Workday(
            day=day,
            kind=Workday.Kind.MAKE_UP if worked else Workday.Kind.HOLIDAY,
            name=name,
            official=(whole and day.year == reading.year) or day.year in official,
        )
        for day, (worked, name) in reading.exceptions.items()
    }
    gone = {
        day
        for day, row in present.items()
        if day not in wanted
        and ((whole and day.year == reading.year) or day in reading.off or day in reading.worked)
    }
    changes, same = [], 0
    for day in sorted(gone | set(wanted)):
        before, after = present.get(day), wanted.get(day)
        if before and after and _plain(before) == _plain(after):
            same += 1
        else:
            changes.append(Change(day, before, after))
    becomes = whole and reading.year not in official
    return Entry(reading, changes, same, whole, becomes, _fingerprint(present.values()))


def enter_notice(
    reading: Reading, *, seen: str, user: Any, at: datetime, address: str | None = None
) -> Entry:
    """Carry out what ``weigh`` showed, all of it or nothing.

    Effects in order: lock the year; compare with what was seen; delete, write; one line in the audit log.
    Raises Refused when the reading has faults or changes nothing, Stale when the calendar changed since the preview.
    """
    if reading.faults:
        raise Refused(_("The text has errors. Nothing was changed."))
    with transaction.atomic():
        list(_around(reading.year).select_for_update())
        entry = weigh(reading)
        if entry.seen != seen:
            raise Stale(
                _("The calendar was changed since this preview was drawn. Look at it again, then confirm.")
            )
        if not entry.changes:
            raise Refused(_("The calendar already says all of this; there is nothing to change."))
        Workday.objects.filter(day__in=[change.day for change in entry.changes]).delete()
        Workday.objects.bulk_create(change.after for change in entry.changes if change.after)
        data = {
            "act": "import",
            "setting": "calendar",
            "year": reading.year,
            "official": entry.whole,
            "days": [f"{change.day:%Y-%m-%d}" for change in entry.changes],
        }
        record(AuditEntry.Kind.SETTING, at=at, user=user, address=address, data=data)
    return entry


def set_day(
    day: date, *, kind: str, name: str, user: Any, at: datetime, address: str | None = None
) -> Workday | None:
    """Make one day off or worked; an empty ``kind`` lets it be what its weekday says. The year stays what it is:
    official or provisional. Saving what is there already writes nothing.

    Raises Refused for a kind that the weekday has anyway, or a day outside the years that are kept.
    """
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Refused(_("Check the year of this date."), fields={"day": _("Check the year of this date.")})
    if problem := _pointless(day, kind):
        raise Refused(problem, fields={"kind": problem})
    with transaction.atomic():
        present = {row.day: row for row in Workday.objects.select_for_update().filter(day__year=day.year)}
        official = any(row.official for row in present.values())
        before = present.get(day)
        after = Workday(day=day, kind=kind, name=name.strip(), official=official) if kind else None
        if (before and _plain(before)) == (after and _plain(after)):
            return before
        others = [row for row in present.values() if row.day != day]
        if official and not after and not any(row.official for row in others):
            raise Refused(
                _("This is the only official day of the year; without it the year would be provisional.")
            )
        if after:
            after.save()
        elif before:
            before.delete()
        data = {
            "act": "change",
            "setting": "calendar",
            "day": day.isoformat(),
            "before": before.kind if before else "",
            "kind": kind,
        }
        record(AuditEntry.Kind.SETTING, at=at, user=user, address=address, data=data)
    return after


def _pointless(day: date, kind: str) -> Sentence:
    if kind == Workday.Kind.MAKE_UP and day.weekday() < 5:
        return _("A make-up day is a Saturday or Sunday; this one is worked anyway.")
    if kind == Workday.Kind.HOLIDAY and day.weekday() >= 5:
        return _("This is a Saturday or Sunday and therefore off anyway.")
    return ""


def _around(year: int) -> Any:
    """The year with both its neighbours: a notice may name days of them (New Year's Day spans two years)."""
    return Workday.objects.filter(day__gte=date(year - 1, 1, 1), day__lte=date(year + 1, 12, 31)).order_by(
        "day"
    )


def _plain(row: Workday) -> tuple[str, str, bool]:
    return row.kind, row.name, row.official


def _fingerprint(rows: Any) -> str:
    said = "\n".join(
        f"{row.day} {row.kind} {row.name} {row.official}" for row in sorted(rows, key=lambda r: r.day)
    )
    return hashlib.sha256(said.encode()).hexdigest()
