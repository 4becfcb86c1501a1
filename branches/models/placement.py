"""Placements: where an organisation stood in the tree, from a day to a day.

``Organization.parent`` is the present; figures of a past period read the tree as it stood then.
"""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from branches.models.organization import Organization


class PlacementQuerySet(models.QuerySet["Placement"]):
    def in_force(self, day: date) -> PlacementQuerySet:
        """Placements of a local day; ``until`` is the last day."""
        return self.filter(since__lte=day).filter(Q(until__isnull=True) | Q(until__gte=day))


class Placement(models.Model):
    """One organisation below one superior for a time. Written by ``branches.tree`` alone."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="placements")
    parent = models.ForeignKey(Organization, models.PROTECT, null=True, related_name="+")
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True)

    objects = PlacementQuerySet.as_manager()

    class Meta:
        ordering = ["organization", "since"]
        verbose_name = _("placement")
        verbose_name_plural = _("placements")
        constraints = [
            models.UniqueConstraint(
                fields=["organization"], condition=Q(until__isnull=True), name="placement_one_present"
            )
        ]

    def __str__(self) -> str:
        return f"{self.organization} ← {self.parent} {self.since:%Y-%m-%d}"
