"""A plan in consultation as its page shows it: each measure with the comments on it and what is still to be done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Prefetch, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from branches.access import Actor
from branches.models import Organization
from common.clock import local_date
from tracker.consultation import COMMENT_ROLES
from tracker.models import Comment, Measure, Plan
from tracker.transitions.parties import is_office

STATES: Mapping[str, str | Promise] = {
    "open": _("to be answered"),
    "answered": _("answered"),
    **{str(value): label for value, label in Comment.Verdict.choices},
}


@dataclass
class Voice:
    """One unit the reader speaks for: what it said of a measure, or the form to say it."""

    unit: Organization
    said: Comment | None = None
    typed: str = ""
    problem: str = ""

    @property
    def open(self) -> bool:
        """May still be written or rewritten."""
        return self.said is None or not self.said.verdict


@dataclass
class Row:
    """One measure with what was said of it. ``ours``: it would go to a unit the reader speaks for."""

    measure: Measure
    comments: list[Comment]
    voices: list[Voice]
    ours: bool


@dataclass(frozen=True)
class Filter:
    """What is shown; a value that means nothing narrows nothing."""

    state: str = ""
    unit: int | None = None
    ours: bool = False

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Filter:
        state, unit = given.get("state", ""), given.get("unit", "")
        known = int(unit) if unit.isascii() and unit.isdecimal() and len(unit) < 10 else None
        return cls(state if state in STATES else "", known, given.get("ours") == "1")

    @property
    def narrows(self) -> bool:
        return bool(self.state or self.unit)

    def keeps(self, comment: Comment) -> bool:
        if self.unit and comment.organization_id != self.unit:
            return False
        match self.state:
            case "":
                return True
            case "open":
                return not comment.verdict
            case "answered":
                return bool(comment.verdict)
            case verdict:
                return comment.verdict == verdict


@dataclass
class Consultation:
    """Everything the page of a plan's comments shows to one reader."""

    rows: list[Row] = field(default_factory=list)
    asked: list[Organization] = field(default_factory=list)
    """The units asked that the reader sees."""
    silent: list[Organization] = field(default_factory=list)
    total: int = 0
    waiting: int = 0
    office: bool = False
    speaks: bool = False


def comments_for(plan: Plan, actor: Actor) -> list[Comment]:
    """The comments a reader may see: the issuer's people all, others those of units in their sight. One query."""
    found = Comment.objects.filter(measure__plan=plan).select_related("organization", "author", "answered_by")
    if not actor.sees(plan.organization):
        found = found.filter(actor.scope("organization__path"))
    return list(found.order_by("organization__path"))


def consultation_of(plan: Plan, *, actor: Actor, wanted: Filter) -> Consultation:
    """The page's content; a constant number of queries, however many measures, units and comments there are."""
    comments = comments_for(plan, actor)
    asked = [
        unit for unit in plan.consulted.order_by("path") if actor.sees(unit) or actor.sees(plan.organization)
    ]
    mine = (
        [unit for unit in asked if actor.holds(COMMENT_ROLES, unit)]
        if plan.state == Plan.State.CONSULTING
        else []
    )
    spoken = {comment.organization_id for comment in comments}
    page = Consultation(
        asked=asked,
        silent=[unit for unit in asked if unit.pk not in spoken],
        total=len(comments),
        waiting=sum(not comment.verdict for comment in comments),
        office=is_office(actor, plan.organization) and plan.is_open,
        speaks=bool(mine),
    )
    by_measure: dict[int, list[Comment]] = defaultdict(list)
    for comment in comments:
        by_measure[comment.measure_id].append(comment)
    receivers = Prefetch("receivers", Organization.objects.order_by("path"))
    measures = Measure.objects.visible_to(actor).filter(plan=plan).order_by("position", "pk")
    for measure in measures.select_related("responsible_leader", "lead").prefetch_related(receivers):
        said = by_measure[measure.pk]
        own = {comment.organization_id: comment for comment in said}
        voices = [Voice(unit, own.get(unit.pk)) for unit in mine]
        row = Row(
            measure,
            [
                c
                for c in said
                if wanted.keeps(c) and c.organization_id not in {v.unit.pk for v in voices if v.open}
            ],
            voices,
            any(_receives(unit, measure) for unit in mine),
        )
        if (row.comments or not wanted.narrows) and (row.ours or not wanted.ours):
            page.rows.append(row)
    return page


def _receives(unit: Organization, measure: Measure) -> bool:
    return unit.kind in measure.receiver_kinds or any(
        named.pk == unit.pk for named in measure.receivers.all()
    )


def asked_of(actor: Actor, *, at: datetime) -> list[Plan]:
    """The plans in consultation whose comments are asked of a unit this person speaks for, the nearest date first;
    those whose date has passed are left out. One query.
    """
    units = [post.organization_id for post in actor.posts if post.role in COMMENT_ROLES]
    day: date = local_date(at)
    running = Q(comments_until__gte=day) | Q(comments_until=None)
    found = Plan.objects.filter(running, state=Plan.State.CONSULTING, consulted__in=units)
    return list(found.select_related("organization").distinct().order_by("comments_until", "pk"))
