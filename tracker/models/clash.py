"""Clashes (会车) that somebody looked at and let stand."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tracker.models.measure import Measure


class KeptClash(models.Model):
    """``measure`` meets ``other`` at the same units, and stays all the same, for a reason."""

    measure = models.ForeignKey(Measure, models.CASCADE, related_name="kept_clashes")
    other = models.ForeignKey(Measure, models.CASCADE, related_name="+")
    reason = models.CharField(_("reason"), max_length=200)
    kept_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kept_at = models.DateTimeField()

    class Meta:
        verbose_name = _("clash kept")
        verbose_name_plural = _("clashes kept")
        constraints = [models.UniqueConstraint(fields=["measure", "other"], name="clash_kept_once")]

    def __str__(self) -> str:
        return f"{self.measure} ↔ {self.other}"
