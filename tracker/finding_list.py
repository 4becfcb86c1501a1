"""Lists of findings: their groups, filters, pages by keyset, and the light of one finding."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.access import Actor
from branches.models import Organization
from common import saying
from common.workdays import Calendar
from tracker.lights import NEAR_DAYS, Light
from tracker.models import Finding

State = Finding.State
PAGE = 50
UNDATED = date(1900, 1, 1)
"""Where a finding without a date stands in the order: before all others, it waits to be assigned."""
IN_HAND = frozenset({State.ASSIGNED, State.RECTIFYING})

GROUPS = {
    "open": gettext_lazy("Not closed out"),
    "found": gettext_lazy("To be assigned"),
    "rectifying": gettext_lazy("Being put right"),
    "overdue": gettext_lazy("Overdue"),
    "submitted": gettext_lazy("Acceptance requested"),
    "closed": gettext_lazy("Closed out"),
    "dropped": gettext_lazy("Dropped"),
}


def group_conditions(day: date) -> dict[str, Q]:
    """Each group as a condition on findings; ``overdue`` is part of ``rectifying``."""
    return {
        "open": Q(state__in=State.values) & ~Q(state=State.CLOSED),
        "found": Q(state=State.FOUND),
        "rectifying": Q(state__in=IN_HAND),
        "overdue": Q(state__in=IN_HAND, due__lt=day),
        "submitted": Q(state=State.SUBMITTED),
        "closed": Q(state=State.CLOSED, dropped=False),
        "dropped": Q(state=State.CLOSED, dropped=True),
    }


@dataclass(frozen=True)
class Glance:
    """The light of a finding on a day, why, and the working days left while the unit has it in hand."""

    light: str
    word: str
    days: int | None


def glance(finding: Finding, *, day: date, calendar: Calendar) -> Glance:
    """A finding as of a local day: red past its date, yellow near it or not accepted, done once closed out. No query."""
    state = State(finding.state)
    if state == State.CLOSED:
        return (
            Glance("", str(_("dropped")), None) if finding.dropped else Glance("done", str(state.label), None)
        )
    if state not in IN_HAND or finding.due is None:
        return Glance("", str(state.label), None)
    days = calendar.between(day, finding.due)
    if finding.due < day:
        return Glance(Light.RED.value, saying.time_left(days) if days < 0 else _("overdue"), days)
    if finding.not_accepted and state == State.RECTIFYING:
        return Glance(Light.YELLOW.value, _("not accepted"), days)
    if days <= NEAR_DAYS:
        return Glance(Light.YELLOW.value, saying.time_left(days), days)
    return Glance(Light.GREEN.value, "", days)


class FindingFilter:
    """The filters of an address over the findings in sight; what cannot be read is left out."""

    def __init__(self, query: QueryDict, *, actor: Actor, day: date) -> None:
        self.actor, self.day = actor, day
        self.group = query.get("group", "open") if query.get("group", "open") in GROUPS else "open"
        self.q = query.get("q", "").replace("\0", "").strip()[:100]
        self.kind = query.get("kind", "") if query.get("kind", "") in Finding.Kind.values else ""
        self.inspection = _number(query.get("inspection", ""))
        org = _number(query.get("org", ""))
        self.organization = Organization.objects.visible_to(actor).filter(pk=org).first() if org else None
        self.after = query.get("after", "")

    @property
    def narrowed(self) -> bool:
        return bool(self.q or self.kind or self.organization or self.inspection)

    def found(self) -> QuerySet[Finding]:
        """All groups, the other filters applied."""
        findings = Finding.objects.visible_to(self.actor)
        if self.q:
            words = Q(fact__icontains=self.q) | Q(number__icontains=self.q)
            findings = findings.filter(words | Q(organization__short_name__icontains=self.q))
        if self.kind:
            findings = findings.filter(kind=self.kind)
        if self.organization:
            findings = findings.below(self.organization)
        if self.inspection:
            findings = findings.filter(visit__inspection=self.inspection)
        return findings

    def counts(self) -> dict[str, int]:
        """How many findings each group has: one query."""
        each = {name: Count("pk", filter=rule) for name, rule in group_conditions(self.day).items()}
        return self.found().aggregate(**each)

    @property
    def _newest_first(self) -> bool:
        return self.group in {"closed", "dropped"}

    def ordered(self) -> QuerySet[Finding]:
        """All of the group with what a row prints, in the order of the pages."""
        rows = self.found().filter(group_conditions(self.day)[self.group])
        rows = rows.select_related("organization", "handler", "responsible_leader")
        sign = "-" if self._newest_first else ""
        return rows.annotate(place=Coalesce(F("due"), UNDATED)).order_by(f"{sign}place", f"{sign}pk")

    def page(self) -> tuple[list[Finding], str]:
        """One page of the group by due date (closed ones: newest first), and the cursor of the next one."""
        rows = self.ordered()
        way = "lt" if self._newest_first else "gt"
        if start := _cursor(self.after):
            place, pk = start
            rows = rows.filter(Q(**{f"place__{way}": place}) | Q(place=place, **{f"pk__{way}": pk}))
        found: list[Finding] = list(rows[: PAGE + 1])
        more, found = len(found) > PAGE, found[:PAGE]
        last = found[-1] if found else None
        return found, f"{last.due or UNDATED}_{last.pk}" if more and last else ""


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None


def _cursor(text: str) -> tuple[date, int] | None:
    place, _sep, pk = text.partition("_")
    try:
        return date.fromisoformat(place), int(pk)
    except ValueError:
        return None
