"""The measures of a plan as the rows of the table, and the names by which people and organisations stand in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Prefetch, Q

from branches.access import Actor
from branches.models import Organization, User
from branches.roster.layout import folded
from tracker.forms.plans import kinds_below, leaders_for
from tracker.measure_table.layout import NO_EVIDENCE
from tracker.models import Action, Measure, Plan


def measures_of(plan: Plan, *, actor: Actor) -> list[Measure]:
    """The measures in sight, in order, with all that a row needs. A constant number of queries."""
    words = (
        Action.objects.select_related("source__organization", "passage")
        .defer("source__text")
        .order_by("source", "start")
    )
    return list(
        Measure.objects.visible_to(actor)
        .filter(plan=plan)
        .select_related("responsible_leader", "lead")
        .prefetch_related(
            Prefetch("actions", words), Prefetch("receivers", Organization.objects.order_by("path"))
        )
        .order_by("position", "pk")
    )


def source_said(measure: Measure, *, actor: Actor) -> str:
    """任务来源: title and place of the words, as far as the reader may open them; else the reason for having none."""
    actions = list(measure.actions.all())
    if not actions:
        return measure.no_source_reason
    said = []
    for action in actions:
        path = "".join(action.passage.path) if action.passage else ""
        said.append(
            f"{action.source.title} {path}".strip() if actor.sees(action.source.organization) else "…"
        )
    return "；".join(dict.fromkeys(said))[:200]


def evidence_said(measure: Measure) -> str:
    return measure.evidence_note if measure.evidence_required else str(NO_EVIDENCE)


def number_said(measure: Measure) -> str:
    return "" if measure.target_number is None else f"{measure.target_number.normalize():f}"


@dataclass
class Names:
    """Who may stand in the columns of people and organisations, by what is written for them."""

    unit: str
    leaders: dict[str, list[User]] = field(default_factory=dict)
    leader_labels: list[str] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    kind_labels: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, plan: Plan, *, day: date) -> Names:
        """Leaders and kinds of a plan: two queries."""
        names = cls(plan.organization.short_name)
        leaders = leaders_for(plan.organization, day=day)
        namesakes = Counter(user.name for user in leaders)
        for user in leaders:
            full = f"{user.name}（{user.leading_post}）"  # type: ignore[attr-defined]
            names.leader_labels.append(full if namesakes[user.name] > 1 else user.name)
            for said in (user.name, full):
                names.leaders.setdefault(folded(said), []).append(user)
        for kind, label in kinds_below(plan.organization):
            names.kind_labels.append(str(label))
            names.kinds |= {folded(str(label)): kind, folded(kind): kind}
        return names

    def leader_label(self, user: User | None) -> str:
        """How a responsible leader stands in the table: the post beside the name only where names are alike."""
        if user is None:
            return ""
        alike = self.leaders.get(folded(user.name), [])
        here = next((one for one in alike if one.pk == user.pk), None)
        return f"{user.name}（{here.leading_post}）" if here and len(alike) > 1 else user.name  # type: ignore[attr-defined]


def units_called(plan: Plan, said: Iterable[str], *, day: date) -> dict[str, list[Organization]]:
    """Organisations at or below the issuer by the texts that mean them: code, short name or full name. One query."""
    wanted = sorted({text for text in said if text})
    if not wanted:
        return {}
    found: dict[str, list[Organization]] = {}
    units = Organization.objects.below(plan.organization).active_on(day)
    for unit in units.filter(Q(code__in=wanted) | Q(name__in=wanted) | Q(short_name__in=wanted)):
        for text in {unit.code, unit.name, unit.short_name} & set(wanted):
            found.setdefault(text, []).append(unit)
    return found


def shown(measure: Measure, *, actor: Actor, names: Names) -> dict[str, Any]:
    """The columns of a measure that can be edited, as they stand in its row."""
    kinds = {kind: label for label, kind in zip(names.kind_labels, _values(names), strict=True)}
    return {
        "source": source_said(measure, actor=actor),
        "title": measure.title,
        "requirement": measure.requirement,
        "responsible_leader": names.leader_label(measure.responsible_leader),
        "lead": measure.lead.short_name if measure.lead else "",
        "supporting": measure.supporting,
        "due": measure.due,
        "cadence": str(measure.get_cadence_display()),
        "deliverable": measure.deliverable,
        "target_number": number_said(measure),
        "target_unit": measure.target_unit,
        "target_of": measure.target_of,
        "receiver_kinds": "、".join(kinds.get(kind, kind) for kind in measure.receiver_kinds),
        "receivers": "、".join(unit.short_name for unit in measure.receivers.all()),
        "variants": measure.asked_otherwise,
        "evidence": evidence_said(measure),
    }


def _values(names: Names) -> list[str]:
    return [names.kinds[folded(label)] for label in names.kind_labels]
