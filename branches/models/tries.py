"""Tries at the door that have not succeeded yet; ``branches.lockout`` reads and writes them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Tries(models.Model):
    """How often one account was tried from one address. Gone after a success and after a day."""

    account = models.CharField(_("account"), max_length=150)
    address = models.CharField(_("address"), max_length=45, blank=True)
    """Empty where the whole account is meant: codes of the second factor, wherever they come from."""
    count = models.PositiveIntegerField(_("tries"), default=0)
    last_at = models.DateTimeField(_("last at"))

    class Meta:
        verbose_name = _("tries at the door")
        verbose_name_plural = _("tries at the door")
        constraints = [models.UniqueConstraint(fields=["account", "address"], name="tries_once")]
        indexes = [
            # lockout.py: yesterday's rows are swept away
            models.Index(fields=["last_at"], name="tries_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.address}".strip()
