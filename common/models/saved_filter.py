"""A list as a person has narrowed it, kept under a name."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class SavedFilter(models.Model):
    """``path`` + ``?`` + ``query`` is the address; only its owner sees it. What it shows is found anew each time."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_filters")
    path = models.CharField(max_length=60)
    name = models.CharField(pgettext_lazy("filter", "name"), max_length=20)
    query = models.CharField(max_length=500)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        constraints = [models.UniqueConstraint(fields=["user", "path", "name"], name="saved_filter_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        return f"{self.path}?{self.query}"
