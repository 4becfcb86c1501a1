"""The editable calendar: one row for each day that is not what its weekday says.

Holidays and make-up days are decreed each November for the next year and cannot be computed
(``domain`` knowledge: State Council notice). A year without decreed rows is provisional.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Workday(models.Model):
    """A decreed or expected exception to the weekday rule."""

    class Kind(models.TextChoices):
        HOLIDAY = "HOLIDAY", _("day off")
        MAKE_UP = "MAKE_UP", _("make-up working day")

    day = models.DateField(_("day"), primary_key=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    name = models.CharField(_("occasion"), max_length=40, blank=True)
    official = models.BooleanField(_("from the official notice"), default=False)

    class Meta:
        ordering = ["day"]
        verbose_name = _("calendar day")
        verbose_name_plural = _("working-day calendar")

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.get_kind_display()}"
