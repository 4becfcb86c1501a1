"""The catalogue of recurring duties (常规任务): shipped in our own words, added to a plan as measures.

``routines.toml`` names for each the regulation and article it rests on, and whether a Party-affairs officer still has to
compare it with the official text. Nothing of it binds anybody before it stands in an issued plan.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from branches.access import Actor
from branches.models import Organization
from common.errors import Refused
from common.periods import Period
from common.workdays import Calendar
from tracker.models import Measure, Plan
from tracker.occurrences import occurrences_of
from tracker.plans import add_measure

FILE = Path(__file__).with_name("routines.toml")
GROUPS: Mapping[str, str | Promise] = {
    "lessons": lazy("three meetings, one lecture, theme Party day"),
    "life": lazy("organizational life and education"),
    "terms": lazy("elections and terms"),
    "organ": lazy("committees and leading groups"),
    "members": lazy("members and activists"),
}
TERM = "term"
"""The cadence of what is counted from the start of a term of office; each unit has its own date."""


@dataclass(frozen=True)
class Routine:
    """One recurring duty."""

    key: str
    group: str
    name: str
    name_en: str
    who: str
    kinds: tuple[str, ...]
    cadence: str
    basis: str
    check: bool
    theme: str
    words: str
    deliverable: str
    evidence: str
    due: str = ""
    said: str = ""
    regulation: str = ""
    article: str = ""
    also: str = ""

    @property
    def title(self) -> str:
        """The name in the reader's language."""
        return self.name if (get_language() or "").startswith("zh") else self.name_en

    @property
    def is_rule(self) -> bool:
        """A regulation asks for it; otherwise it is local or usual practice."""
        return self.basis == "rule"

    @property
    def source(self) -> str:
        """《支部工作条例》第11条: what it rests on, as it is cited; empty for a custom."""
        cited = f"《{self.regulation}》{self.article}" if self.regulation else ""
        return f"{cited}；{self._also}" if self.also else cited

    @property
    def _also(self) -> str:
        name, mark, article = self.also.rpartition("第")
        return f"《{name}》{mark}{article}" if name else self.also

    @property
    def cadence_label(self) -> str:
        match self.cadence:
            case "term":
                return _("each term of office")
            case "once":
                month, day = map(int, self.due.split("-"))
                return _("every year by %(month)s/%(day)s") % {"month": month, "day": day}
            case cadence:
                return str(Measure.Cadence(cadence).label)

    @property
    def kind_labels(self) -> list[str]:
        return [str(Organization.Kind(kind).label) for kind in self.kinds]

    def due_in(self, period: Period, calendar: Calendar) -> list[date]:
        """The days it falls due in a period; none for what is counted from a term."""
        if self.cadence == TERM:
            return []
        if self.cadence == "once":
            day = calendar.roll_back(date.fromisoformat(f"{period.first_day.year}-{self.due}"))
            return [day] if period.first_day <= day <= period.last_day else []
        measure = Measure(cadence=self.cadence)
        return [
            o.due for o in occurrences_of(measure, period=period, since=period.first_day, calendar=calendar)
        ]


@cache
def catalogue() -> tuple[Routine, ...]:
    """Every routine, in the order of the file."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["routine"]
    return tuple(Routine(**{**row, "kinds": tuple(row["kinds"])}) for row in rows)


def taken_in(plan: Plan) -> set[str]:
    """The routines that a plan holds already; withdrawn measures and those carried over do not count."""
    held = Measure.objects.filter(plan=plan, carried_from=None).exclude(state=Measure.State.WITHDRAWN)
    return set(held.exclude(routine="").values_list("routine", flat=True))


def why_not(
    routine: Routine, plan: Plan, *, taken: Collection[str], kinds: Collection[str], calendar: Calendar
) -> str:
    """Why a routine cannot become a measure of this plan; empty when it can."""
    if routine.key in taken:
        return _("already in this plan")
    if not set(routine.kinds) & set(kinds):
        return _("nobody below the issuer receives it")
    period = Period.parse(plan.period)
    if routine.cadence != TERM and not routine.due_in(period, calendar):
        return _("does not fall due in %(period)s") % {"period": period.label}
    return ""


def kinds_present(organization: Organization) -> set[str]:
    """The kinds of organisation at or below the issuer. One query."""
    below = Organization.objects.below(organization).order_by()
    return set(below.values_list("kind", flat=True).distinct())


def add_routines(plan: Plan, keys: Iterable[str], *, actor: Actor, at: datetime) -> list[Measure]:
    """Add routines to a plan as measures with cadence, deliverable, evidence and receivers; all or none.

    Effects in order: lock the plan; check every routine; register each as ``add_measure`` does. Who leads it is left
    to the office, and the date of what depends on a term of office. Raises NotAllowed, or Refused when none is chosen,
    one is unknown, already in the plan, or cannot fall due or be received there.
    """
    wanted = list(dict.fromkeys(keys))
    known = {routine.key: routine for routine in catalogue()}
    if not wanted:
        raise Refused(_("Tick at least one routine."))
    if unknown := [key for key in wanted if key not in known]:
        raise Refused(_("There is no routine “%(key)s”.") % {"key": unknown[0][:40]})
    calendar = Calendar.load()
    with transaction.atomic():
        locked = Plan.objects.select_for_update(of=("self",)).select_related("organization").get(pk=plan.pk)
        taken, kinds = taken_in(locked), kinds_present(locked.organization)
        reasons = {
            key: why_not(known[key], locked, taken=taken, kinds=kinds, calendar=calendar) for key in wanted
        }
        problems = [f"{known[key].title}（{reason}）" for key, reason in reasons.items() if reason]
        if problems:
            raise Refused(
                ngettext(
                    "%(count)s routine cannot be added: %(which)s. Nothing was added.",
                    "%(count)s routines cannot be added: %(which)s. Nothing was added.",
                    len(problems),
                )
                % {"count": len(problems), "which": "、".join(problems[:5])},
                code="routine",
            )
        return [
            add_measure(locked, actor=actor, at=at, fields=_fields(known[key], locked, kinds, calendar))
            for key in wanted
        ]


def _fields(routine: Routine, plan: Plan, kinds: Collection[str], calendar: Calendar) -> dict[str, Any]:
    recurs = routine.cadence in {c.value for c in Measure.Cadence if c != Measure.Cadence.ONCE}
    dates = routine.due_in(Period.parse(plan.period), calendar)
    source = routine.source or _("usual practice, no national rule")
    return {
        "routine": routine.key,
        "title": routine.name,
        "requirement": routine.words,
        "theme": routine.theme,
        "deliverable": routine.deliverable,
        "evidence_required": True,
        "evidence_note": routine.evidence,
        "cadence": routine.cadence if recurs else Measure.Cadence.ONCE,
        "due": None if recurs or not dates else dates[0],
        "due_words": routine.said,
        "receiver_kinds": [kind for kind in routine.kinds if kind in kinds],
        "no_source_reason": (_("Routine: %(source)s") % {"source": source})[:200],
    }
