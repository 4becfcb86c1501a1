"""Targets add up: what the units report towards a measure's target, summed, with the list behind each sum.

A target is reached by each unit by itself, by all together (60 cases), or as a share of a base (100 % of the talks
due). Of a recurring measure one occurrence is summed, never several: the one in hand, or the one asked for. Tasks
that were withdrawn or handed to another unit are in no sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.db.models import Count, DecimalField, Min, Q, Subquery, Sum
from django.db.models import OuterRef as Outer
from django.utils.translation import gettext as _

from branches.access import Actor
from branches.models import Organization
from common.errors import NotAllowed, Refused
from tracker.events import record
from tracker.models import Base, Counting, Measure, Plan, Task
from tracker.transitions.parties import is_office

LARGEST = Decimal(10) ** 10


@dataclass(frozen=True)
class TargetSum:
    """What was reported and approved towards one measure's target, over the tasks in sight of one occurrence.

    ``target`` is None where it cannot be said: a share without a base list, or a target of all for somebody who sees
    only a part. ``base`` is the sum of the base list, for a share.
    """

    measure: Measure
    kind: str
    occurrence: str
    units: int
    reporting: int
    reported: Decimal
    approved: Decimal
    target: Decimal | None
    base: Decimal | None = None
    without_base: int = 0

    @property
    def adds_up(self) -> bool:
        """Whether the numbers can be added: per cents cannot, before there is a base list."""
        return self.kind != "share" or self.base is not None

    @property
    def reported_share(self) -> float | None:
        """Per cent of the target that is reported."""
        return _share(self.reported, self.target)

    @property
    def approved_share(self) -> float | None:
        """Per cent of the target that is approved."""
        return _share(self.approved, self.target)

    @property
    def unit(self) -> str:
        """What is counted; the per cent sign says nothing of a count."""
        return "" if self.kind == "share" else self.measure.target_unit


def base_of(tasks: Any) -> Any:
    """Tasks annotated with ``base``: the unit's row of the base list, or None."""
    rows = Base.objects.filter(measure=Outer("measure"), organization=Outer("organization"))
    number = DecimalField(max_digits=14, decimal_places=2)
    return tasks.annotate(base=Subquery(rows.values("number")[:1], output_field=number))


def counted(measure: Measure, *, actor: Actor) -> Any:
    """The tasks of a measure in sight that are in its sums, all occurrences."""
    return Task.objects.visible_to(actor).filter(measure=measure).exclude(state=Task.State.WITHDRAWN)


def occurrences_in(measure: Measure, *, actor: Actor) -> list[tuple[str, date]]:
    """The occurrences that have tasks in sight, each with its due date, in order."""
    found = (
        counted(measure, actor=actor).order_by().values_list("occurrence").annotate(due=Min("original_due"))
    )
    return sorted(found, key=lambda pair: pair[1])


def in_hand(occurrences: Iterable[tuple[str, date]], *, day: date) -> str:
    """The occurrence to show: the first whose date has not passed, else the last."""
    ordered = sorted(occurrences, key=lambda pair: pair[1])
    return next((label for label, due in ordered if due >= day), ordered[-1][0] if ordered else "")


def sums_of(
    measures: Iterable[Measure], *, actor: Actor, day: date, occurrence: str | None = None
) -> dict[int, TargetSum]:
    """The sums of those measures that carry a target and have tasks in sight, by id. At most two queries.

    ``measures`` have their plan with its organisation at hand. ``day`` says which occurrence is in hand, unless
    ``occurrence`` names one.
    """
    with_target = {measure.pk: measure for measure in measures if measure.target_number is not None}
    if not with_target:
        return {}
    together = set(
        Counting.objects.filter(measure__in=with_target, together=True).values_list("measure", flat=True)
    )
    done = Q(state=Task.State.DONE)
    groups = (
        base_of(Task.objects.visible_to(actor).filter(measure__in=with_target))
        .exclude(state=Task.State.WITHDRAWN)
        .order_by()
        .values("measure", "occurrence")
        .annotate(
            due_first=Min("original_due"),
            units=Count("pk"),
            reporting=Count("pk", filter=Q(number__isnull=False)),
            reported=Sum("number"),
            approved=Sum("number", filter=done),
            with_base=Count("pk", filter=Q(base__isnull=False)),
            bases=Sum("base"),
            reported_of_base=Sum("number", filter=Q(base__isnull=False)),
            approved_of_base=Sum("number", filter=done & Q(base__isnull=False)),
        )
    )
    rows: dict[int, dict[str, Any]] = {}
    for row in groups:
        rows.setdefault(row["measure"], {})[row["occurrence"]] = row
    sums = {}
    for pk, by_label in rows.items():
        label = occurrence
        if label is None:
            label = in_hand(((name, row["due_first"]) for name, row in by_label.items()), day=day)
        if label in by_label:
            kind = kind_of(with_target[pk], together=pk in together)
            whole = actor.sees(with_target[pk].plan.organization)
            sums[pk] = _sum(with_target[pk], by_label[label], kind=kind, whole=whole)
    return sums


def kind_of(measure: Measure, *, together: bool) -> str:
    """``share`` where the target is in per cent, else ``together`` or ``each``."""
    return "share" if is_share(measure) else "together" if together else "each"


def is_share(measure: Measure) -> bool:
    """Whether the target is a share of a base."""
    return measure.target_unit.strip() in {"%", "％"}


def _sum(measure: Measure, row: Mapping[str, Any], *, kind: str, whole: bool) -> TargetSum:
    number = measure.target_number or Decimal(0)
    base = row["bases"] if kind == "share" else None
    of_base = "_of_base" if kind == "share" else ""
    target: Decimal | None
    match kind:
        case "share":
            target = None if base is None else number * base / 100
        case "together":
            target = number if whole else None
        case _:
            target = number * row["units"]
    return TargetSum(
        measure,
        kind,
        row["occurrence"],
        units=row["units"],
        reporting=row["reporting"],
        reported=row[f"reported{of_base}"] or Decimal(0),
        approved=row[f"approved{of_base}"] or Decimal(0),
        target=target,
        base=base,
        without_base=row["units"] - row["with_base"] if kind == "share" else 0,
    )


def _share(part: Decimal, whole: Decimal | None) -> float | None:
    return float(100 * part / whole) if whole else None


def nested_in(paths: Iterable[str]) -> set[str]:
    """Those of the units' paths that lie below another of them: both may report the same thing."""
    found, above = set(), ""
    for path in sorted(set(paths)):
        if above and path.startswith(above):
            found.add(path)
        else:
            above = path
    return found


def read_bases(text: str, units: Iterable[Organization]) -> dict[int, Decimal]:
    """A pasted base list: a unit (name, short name or code) and its number on each line.

    Raises Refused naming every line that cannot be read or whose unit has no task of the measure, or comes twice.
    """
    known = {name: unit.pk for unit in units for name in (unit.name, unit.code, unit.short_name)}
    bases: dict[int, Decimal] = {}
    wrong = []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _gap, last = line.replace("\t", " ").replace("，", " ").replace(",", " ").rpartition(" ")
        unit, number = known.get(name.strip()), _number(last)
        if unit is None or number is None or unit in bases:
            wrong.append(line[:40])
        else:
            bases[unit] = number
    if wrong:
        sentence = _(
            "These lines cannot be read; each needs one unit of this measure and its number: %(lines)s"
        )
        raise Refused(
            sentence % {"lines": "；".join(wrong[:10])}, code="bad_base", fields={"bases": sentence}
        )
    return bases


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number.quantize(Decimal("0.01")) if number.is_finite() and 0 <= number < LARGEST else None


def set_counting(
    measure: Measure, *, together: bool, bases: Mapping[int, Decimal], actor: Actor, at: datetime
) -> None:
    """Say how a measure's target is counted and of which base; ``bases`` by organisation id replaces the list.

    Effects in order: lock the measure; write the way and the list; append the event with the sum of the list. What
    is already so writes nothing. Raises NotAllowed unless the actor is the office of the plan's organisation,
    Refused for a closed plan or a measure without a target.
    """
    with transaction.atomic():
        locked = (
            Measure.objects.select_for_update(of=("self",))
            .select_related("plan__organization")
            .get(pk=measure.pk)
        )
        plan = locked.plan
        if not is_office(actor, plan.organization):
            unit = plan.organization.short_name
            raise NotAllowed(_("Only the office of %(unit)s may change this plan.") % {"unit": unit})
        if plan.state == Plan.State.CLOSED:
            raise Refused(_("This plan is closed and can only be read."))
        if locked.target_number is None:
            raise Refused(_("This measure has no target to count towards."))
        before = dict(Base.objects.filter(measure=locked).values_list("organization", "number"))
        was = Counting.objects.filter(measure=locked, together=True).exists()
        if before == dict(bases) and was == together:
            return
        Counting.objects.update_or_create(measure=locked, defaults={"together": together})
        Base.objects.filter(measure=locked).delete()
        Base.objects.bulk_create(
            [Base(measure=locked, organization_id=pk, number=number) for pk, number in bases.items()]
        )
        said = {
            "together": together,
            "bases": {str(pk): number for pk, number in sorted(bases.items())},
            "base": sum(bases.values(), Decimal(0)),
        }
        post = actor.title_at(plan.organization)
        record(locked, "count", actor=actor, post=post, at=at, said=said)
