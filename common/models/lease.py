"""Who holds a thing that only one process may do at a time, and when it was last done to the end."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Lease(models.Model):
    """One row for each such thing, for instance ``sweep``. Written by `common.leases` alone."""

    name = models.CharField(_("name"), max_length=40, primary_key=True)
    held_until = models.DateTimeField(_("held until"))
    token = models.UUIDField(_("holder"), null=True, blank=True)
    completed_at = models.DateTimeField(_("last completed"), null=True, blank=True)

    class Meta:
        verbose_name = _("lease")
        verbose_name_plural = _("leases")

    def __str__(self) -> str:
        return self.name
