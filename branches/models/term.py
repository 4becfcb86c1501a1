"""Terms of office (届次): how long an elected committee serves, and when the next election falls due.

Lengths: 机关党委 5 years, 党总支 and 党支部 3 years (《中国共产党党和国家机关基层组织工作条例》 art. 5–7).
An election may be held early or late with the superior's approval, normally by at most one year
(《中国共产党基层组织选举工作条例》 art. 3).
"""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from branches.models.organization import Organization

YEARS = {
    Organization.Kind.COMMITTEE: 5,
    Organization.Kind.GENERAL_BRANCH: 3,
    Organization.Kind.BRANCH: 3,
}
"""Length of a term by kind of organisation; the kinds left out hold no elections under the rules."""


def add_years(day: date, years: int) -> date:
    """The same day ``years`` later; 29 February becomes the 28th where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


class TermQuerySet(models.QuerySet["Term"]):
    def running(self) -> TermQuerySet:
        """Terms not yet followed by the next one."""
        return self.filter(ended_on__isnull=True)

    def due_by(self, day: date) -> TermQuerySet:
        """Running terms whose election falls due by a day."""
        return self.running().filter(due_on__lte=day)


class Term(models.Model):
    """One elected term of an organisation's committee (or secretary)."""

    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="terms", verbose_name=_("Party organization")
    )
    number = models.PositiveSmallIntegerField(_("term number"), null=True, blank=True)
    began_on = models.DateField(_("began on"))
    years = models.PositiveSmallIntegerField(_("length in years"))
    due_on = models.DateField(_("re-election due on"))
    """``began_on`` plus the length, or the shifted day the superior approved."""
    approval = models.CharField(_("approval of a shift"), max_length=200, blank=True)
    ended_on = models.DateField(_("ended on"), null=True, blank=True)

    objects = TermQuerySet.as_manager()

    class Meta:
        ordering = ["organization", "-began_on"]
        verbose_name = _("term of office")
        verbose_name_plural = _("terms of office")
        constraints = [
            models.UniqueConstraint(
                fields=["organization"], condition=Q(ended_on__isnull=True), name="term_one_running"
            ),
            models.CheckConstraint(
                condition=Q(due_on__gt=F("began_on")),
                name="term_due_after_it_began",
                violation_error_message=_("The re-election falls due after the term began."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization} {self.began_on:%Y-%m-%d}–{self.due_on:%Y-%m-%d}"
