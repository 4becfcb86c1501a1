"""Kept counts: how many tasks of a plan an organisation holds, in each state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import models

from branches.models import Organization
from tracker.models.plan import Plan

if TYPE_CHECKING:
    from branches.access import Actor


class TallyQuerySet(models.QuerySet["Tally"]):
    def visible_to(self, actor: Actor) -> TallyQuerySet:
        """Counts of organisations in sight."""
        return self.filter(actor.scope("organization__path"))

    def below(self, organization: Organization) -> TallyQuerySet:
        """Counts of an organisation and all below it."""
        return self.filter(
            organization__path__gte=organization.path, organization__path__lt=organization.path + "~"
        )

    def plans(self) -> models.QuerySet[Any]:
        """Ids of the plans of which anything is held here."""
        return self._with("plan", Tally.COUNTS)

    def units_at_work(self) -> models.QuerySet[Any]:
        """Ids of the organisations that hold anything that was not withdrawn."""
        return self._with("organization", [name for name in Tally.COUNTS if name != "withdrawn"])

    def _with(self, key: str, counts: Sequence[str]) -> models.QuerySet[Any]:
        number = models.Sum(sum((models.F(name) for name in counts[1:]), models.F(counts[0])))
        return self.order_by().values(key).annotate(number=number).filter(number__gt=0).values(key)


class Tally(models.Model):
    """A line of counts. The lines of an organisation and a plan add up to what it holds of that plan.

    Only the database writes them, in the statement that changes a task, so that they cannot differ from the tasks.
    PostgreSQL adds a line for each change, which waits for nobody; ``tallies.fold`` makes one of them from time to
    time. SQLite, with one writer at a time, keeps one line.
    """

    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    plan = models.ForeignKey(Plan, models.DO_NOTHING, related_name="+", db_constraint=False)
    since = models.DateField(null=True)
    """The day the first of these tasks was assigned; empty on a line that tells of a change."""
    pending = models.IntegerField(default=0)
    active = models.IntegerField(default=0)
    """In hand and not sent back."""
    returned = models.IntegerField(default=0)
    """In hand again, sent back."""
    review = models.IntegerField(default=0)
    """In either review."""
    suspended = models.IntegerField(default=0)
    done = models.IntegerField(default=0)
    withdrawn = models.IntegerField(default=0)
    percent = models.IntegerField(default=0)
    """Sum of the per cents of those that are neither suspended nor withdrawn."""

    COUNTS = ("pending", "active", "returned", "review", "suspended", "done", "withdrawn")
    """Every task is in exactly one of them."""

    objects = TallyQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["organization", "plan"], name="tally_of_unit")]

    def __str__(self) -> str:
        return f"{self.organization_id} · {self.plan_id}"
