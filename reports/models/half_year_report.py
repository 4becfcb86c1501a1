"""Half-year reports: figures frozen when they were built, kept with the workbook made from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from branches.models import Organization
from common.models import Job
from common.periods import Period

if TYPE_CHECKING:
    from branches.access import Actor


class HalfYearReportQuerySet(models.QuerySet["HalfYearReport"]):
    def visible_to(self, actor: Actor) -> HalfYearReportQuerySet:
        """Reports of organisations in sight."""
        return self.filter(actor.scope("organization__path"))

    def built(self) -> HalfYearReportQuerySet:
        return self.filter(built_at__isnull=False)

    def for_lists(self) -> HalfYearReportQuerySet:
        """Without the facts, which are long."""
        return self.defer("facts").select_related("organization", "requested_by", "job")


class HalfYearReport(models.Model):
    """半年报告. One row per build; a later build is a new row, the older one stays."""

    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="reports", verbose_name=_("Party organization")
    )
    period = models.CharField(_("period"), max_length=6)
    cut_off = models.DateTimeField(_("cut-off"))
    """Events before this moment count; never later than the period's end."""
    job = models.OneToOneField(Job, models.SET_NULL, null=True, related_name="report")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField()
    newest_event = models.PositiveBigIntegerField(null=True)
    """The newest event when the facts were computed: while it is the newest, the same report would come out."""
    facts = models.JSONField(null=True)
    rules_version = models.CharField(max_length=20, blank=True)
    file = models.FileField(upload_to="reports/", blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    built_at = models.DateTimeField(null=True)

    objects = HalfYearReportQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-pk"]
        verbose_name = _("half-year report")
        verbose_name_plural = _("half-year reports")

    def __str__(self) -> str:
        return f"{self.organization} {self.period}"

    @property
    def period_label(self) -> str:
        return Period.parse(self.period).label

    @property
    def cut_off_label(self) -> str:
        """As people say it: 2026年6月30日 24:00."""
        from reports.labels import say_cut_off

        return say_cut_off(self.cut_off, Period.parse(self.period))

    @property
    def file_name(self) -> str:
        """The name offered for the download."""
        names = {"unit": self.organization.short_name, "period": self.period_label}
        return gettext("%(unit)s %(period)s report") % names + ".xlsx"
