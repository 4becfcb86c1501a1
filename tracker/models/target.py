"""How a measure's target is counted: by each unit or by all together, and of which base where it is a share."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from branches.models import Organization
from tracker.models.measure import Measure


class Counting(models.Model):
    """合计口径. Without a row every unit has to reach the target by itself."""

    measure = models.OneToOneField(Measure, models.CASCADE, related_name="counting")
    together = models.BooleanField(_("reached by all units together"), default=False)

    class Meta:
        verbose_name = _("way of counting")
        verbose_name_plural = _("ways of counting")

    def __str__(self) -> str:
        return f"{self.measure}"


class Base(models.Model):
    """基数: of how many one unit's number is a share, as 12 people to talk with. One row of the base list."""

    measure = models.ForeignKey(Measure, models.CASCADE, related_name="bases")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    number = models.DecimalField(
        _("base"), max_digits=12, decimal_places=2, validators=[MinValueValidator(0)]
    )

    class Meta:
        verbose_name = _("base")
        verbose_name_plural = _("bases")
        constraints = [models.UniqueConstraint(fields=["measure", "organization"], name="base_once")]

    def __str__(self) -> str:
        return f"{self.measure} · {self.organization}: {self.number}"
