"""Verbs on inspections, visits and findings; states are written by ``tracker.transitions`` alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from branches.access import Actor
from branches.models import Organization, Post
from common.clock import local_date
from common.errors import NotAllowed, Refused
from tracker.events import record
from tracker.models import Finding, Inspection, Visit
from tracker.transitions import start_history
from tracker.transitions.parties import OFFICE_ROLES, is_office

MODES: Mapping[str, Mapping[bool, Any]] = {
    "scheduled": {
        True: pgettext_lazy("inspection", "scheduled"),
        False: pgettext_lazy("inspection", "unscheduled"),
    },
    "concentrated": {
        False: pgettext_lazy("inspection", "routine"),
        True: pgettext_lazy("inspection", "concentrated"),
    },
    "sampled": {True: pgettext_lazy("inspection", "sampled"), False: pgettext_lazy("inspection", "full")},
    "key_point": {
        False: pgettext_lazy("inspection", "thematic"),
        True: pgettext_lazy("inspection", "key-point"),
    },
}
"""The four axes of an inspection, each with the words of its two ends."""

ELSEWHERE = (Finding.Origin.TOUR, Finding.Origin.SPEECH, Finding.Origin.SELF_CHECK)
"""Origins of findings that come without a visit of one's own."""

KEEPERS = frozenset({Post.Role.INSPECTOR}) | OFFICE_ROLES
"""Who may plan inspections and record what they find, each in their own organisation."""


def kept_by(actor: Actor) -> list[Organization]:
    """The organisations whose inspections this person may plan and whose findings they may record, in tree order."""
    found = {p.organization_id: p.organization for p in actor.business_posts if p.role in KEEPERS}
    return sorted(found.values(), key=lambda organization: organization.path)


def is_keeper(actor: Actor, organization: Organization) -> bool:
    """Whether this person may act on the inspections of an organisation."""
    return actor.holds({Post.Role.INSPECTOR}, organization) or is_office(actor, organization)


def modes_of(inspection: Inspection) -> list[str]:
    """The four modes in the words of the office: 定期 or 不定期, 经常性 or 集中, 抽样 or 全面, 专项 or 重点."""
    return [str(pair[getattr(inspection, axis)]) for axis, pair in MODES.items()]


def draw(codes: Sequence[str], *, seed: str, size: int) -> list[str]:
    """The sample that a seed draws from a list: anybody with both can draw it again, with any tool.

    Each code is written behind the seed and a colon (``271828:YC-001-03``) and hashed by SHA-256; the codes are
    sorted by the hexadecimal digests, and the first ``size`` are the sample, in that order.
    """
    return sorted(codes, key=lambda code: (mark_of(seed, code), code))[:size]


def mark_of(seed: str, code: str) -> str:
    """The digest that decides a code's place in the drawing."""
    return hashlib.sha256(f"{seed}:{code}".encode()).hexdigest()


def chosen_codes(inspection: Inspection) -> list[str]:
    """Codes of the organisations to visit: the drawn sample, or the whole list for a full inspection."""
    if not inspection.sampled:
        return list(inspection.drawn_from)
    return draw(inspection.drawn_from, seed=inspection.seed, size=inspection.sample_size)


def plan_inspection(
    *, organization: Organization, actor: Actor, at: datetime, fields: Mapping[str, Any]
) -> Inspection:
    """A planned inspection of the branches below an organisation, which makes up the list to draw from.

    Raises NotAllowed unless the actor is inspector or office there; Refused when nothing lies below, or the
    sample is larger than the list.
    """
    _require_keeper(actor, organization)
    day = local_date(at)
    below = (
        Organization.objects.below(organization, itself=False)
        .active_on(day)
        .of_kind(Organization.Kind.BRANCH)
    )
    codes = sorted(below.values_list("code", flat=True))
    if not codes:
        raise Refused(_("There is no branch below %(unit)s to inspect.") % {"unit": organization.short_name})
    size = fields.get("sample_size") or 0
    if fields.get("sampled", True) and not 0 < size <= len(codes):
        sentence = _("The sample must hold between 1 and %(count)s branches.") % {"count": len(codes)}
        raise Refused(sentence, fields={"sample_size": sentence})
    if fields["ends_on"] < fields["starts_on"]:
        sentence = _("It cannot end before it starts.")
        raise Refused(sentence, fields={"ends_on": sentence})
    with transaction.atomic():
        inspection = Inspection(
            organization=organization,
            number=_next_number(Inspection, organization, "督查", day.year),
            drawn_from=codes,
            created_by=actor.user,
            created_at=at,
            **fields,
        )
        inspection.save(force_insert=True)
        start_history(inspection, "plan", actor=actor, at=at, said={"purpose": inspection.purpose})
    return inspection


def draw_sample(inspection: Inspection, *, seed: str, actor: Actor, at: datetime) -> list[str]:
    """Record the seed of a sampled inspection; returns the drawn codes. Drawn once: a second try is refused."""
    with transaction.atomic():
        locked = (
            Inspection.objects.select_for_update(of=("self",))
            .select_related("organization")
            .get(pk=inspection.pk)
        )
        _require_keeper(actor, locked.organization)
        if not locked.sampled or locked.state != Inspection.State.PLANNED:
            raise Refused(_("A sample is drawn only for a sampled inspection that has not started."))
        if locked.seed:
            raise Refused(_("The sample was already drawn and stays as it is."))
        if not seed.strip():
            raise Refused(
                _("Enter a seed, for example today's lottery number."), fields={"seed": _("Missing.")}
            )
        locked.seed = seed.strip()[:40]
        codes = chosen_codes(locked)
        said = {"seed": locked.seed, "from": len(locked.drawn_from), "drawn": codes}
        post = actor.title_at(locked.organization)
        record(locked, "draw_sample", actor=actor, post=post, at=at, said=said)
    return codes


def record_visit(visit: Visit, *, visited_on: date, remark: str, actor: Actor, at: datetime) -> Visit:
    """What was seen at a visit. Raises Refused outside the inspection's running time."""
    with transaction.atomic():
        inspection = (
            Inspection.objects.select_for_update(of=("self",))
            .select_related("organization")
            .get(pk=visit.inspection_id)
        )
        _require_keeper(actor, inspection.organization)
        if inspection.state != Inspection.State.UNDER_WAY:
            raise Refused(_("Visits are recorded while the inspection is under way."))
        if not remark.strip():
            sentence = _("Write what was seen.")
            raise Refused(sentence, fields={"remark": sentence})
        if visited_on > local_date(at):
            sentence = _("A visit in the future cannot be recorded.")
            raise Refused(sentence, fields={"visited_on": sentence})
        visit.visited_on, visit.remark, visit.recorded_by = visited_on, remark.strip(), actor.user
        visit.save(update_fields=["visited_on", "remark", "recorded_by"])
        said = {"organization": visit.organization.short_name, "visited_on": visited_on, "remark": remark}
        post = actor.title_at(inspection.organization)
        record(inspection, "record_visit", actor=actor, post=post, at=at, said=said)
    return visit


def record_finding(
    *,
    organization: Organization,
    found_by: Organization,
    fact: str,
    actor: Actor,
    at: datetime,
    visit: Visit | None = None,
    origin: str = Finding.Origin.VISIT,
) -> Finding:
    """A fault found at an organisation, kept by ``found_by``. It gets its owner and date when it is assigned."""
    _require_keeper(actor, found_by)
    if not organization.is_below(found_by, itself=True):
        sentence = _("%(unit)s does not lie below the inspecting organization.") % {
            "unit": organization.short_name
        }
        raise Refused(sentence, fields={"organization": sentence})
    if visit is not None and visit.inspection.state != Inspection.State.UNDER_WAY:
        raise Refused(_("Findings of a visit are recorded while the inspection is under way."))
    if not fact.strip():
        raise Refused(_("Write what was found."), fields={"fact": _("Write what was found.")})
    with transaction.atomic():
        finding = Finding(
            organization=organization,
            found_by=found_by,
            visit=visit,
            origin=origin,
            number=_next_number(Finding, found_by, "问题", local_date(at).year),
            fact=fact.strip(),
            recorded_by=actor.user,
            recorded_at=at,
        )
        finding.save(force_insert=True)
        start_history(finding, "record", actor=actor, at=at, said={"fact": finding.fact})
    return finding


def _require_keeper(actor: Actor, organization: Organization) -> None:
    if not is_keeper(actor, organization):
        raise NotAllowed(
            _("Only inspectors or the office of %(unit)s may do this.") % {"unit": organization.short_name}
        )


def _next_number(model: type[Inspection | Finding], organization: Organization, word: str, year: int) -> str:
    """督查〔2026〕3号 of an organisation; its row lock keeps two numbers apart. Codes keep organisations apart."""
    Organization.objects.select_for_update().get(pk=organization.pk)
    prefix = f"{organization.code} {word}〔{year}〕"
    taken = model._default_manager.filter(number__startswith=prefix).values_list("number", flat=True)
    last = max((int(number[len(prefix) : -1]) for number in taken), default=0)
    return f"{prefix}{last + 1}号"
