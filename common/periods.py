"""Half-years and years, as half-open intervals ``[begin, end)`` of moments in the office's time zone.

The cut-off "30 June, 24:00" is the first moment of 1 July, so nothing falls between two periods
and nothing into both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from common.clock import start_of_day
from common.errors import Refused

_CODE = re.compile(r"(20\d\d)(H[12])?")


@dataclass(frozen=True, order=True)
class Period:
    """A half-year (``half`` is 1 or 2) or a whole year (``half`` is 0)."""

    year: int
    half: int = 0

    @classmethod
    def parse(cls, code: str) -> Period:
        """The period of a code such as ``2026H1`` or ``2026``. Raises Refused for anything else."""
        match = _CODE.fullmatch(code.strip().upper())
        if not match:
            raise Refused(
                _("“%(code)s” is not a period. Write a half-year such as 2026H1 or a year such as 2026.")
                % {"code": code[:20]},
                code="bad_period",
            )
        return cls(int(match[1]), int(match[2][1]) if match[2] else 0)

    @classmethod
    def of(cls, day: date) -> Period:
        """The half-year a local day falls in."""
        return cls(day.year, 1 if day.month <= 6 else 2)

    @property
    def code(self) -> str:
        return f"{self.year}H{self.half}" if self.half else str(self.year)

    def __str__(self) -> str:
        return self.code

    @property
    def label(self) -> str:
        """As people say it: 2026年上半年."""
        if self.half == 1:
            return _("first half of %(year)s") % {"year": self.year}
        if self.half == 2:
            return _("second half of %(year)s") % {"year": self.year}
        return _("year %(year)s") % {"year": self.year}

    @property
    def first_day(self) -> date:
        return date(self.year, 7 if self.half == 2 else 1, 1)

    @property
    def last_day(self) -> date:
        return date(self.year, 6, 30) if self.half == 1 else date(self.year, 12, 31)

    @property
    def begin(self) -> datetime:
        """First instant of the period."""
        return start_of_day(self.first_day)

    @property
    def end(self) -> datetime:
        """First instant after the period."""
        after = date(self.year, 7, 1) if self.half == 1 else date(self.year + 1, 1, 1)
        return start_of_day(after)

    @property
    def previous(self) -> Period:
        if self.half == 0:
            return Period(self.year - 1)
        return Period(self.year - 1, 2) if self.half == 1 else Period(self.year, 1)

    @property
    def next(self) -> Period:
        if self.half == 0:
            return Period(self.year + 1)
        return Period(self.year + 1, 1) if self.half == 2 else Period(self.year, 2)
