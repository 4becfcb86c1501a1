"""Areas (片区): groups of units that one person of the work committee looks after."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Area(models.Model):
    """片区 of a work committee, with its liaison (分片区联系)."""

    organization = models.ForeignKey(
        "branches.Organization", models.PROTECT, related_name="areas", verbose_name=_("work committee")
    )
    name = models.CharField(pgettext_lazy("organization", "name"), max_length=40)
    liaison = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="areas",
        verbose_name=_("area liaison"),
    )

    class Meta:
        ordering = ["organization", "name"]
        verbose_name = _("area")
        verbose_name_plural = _("areas")
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="area_once")]

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    """A word that marks organisations, to choose receivers by (窗口单位, 垂管单位 …)."""

    name = models.CharField(_("tag"), max_length=30, unique=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("tag")
        verbose_name_plural = _("tags")

    def __str__(self) -> str:
        return self.name
