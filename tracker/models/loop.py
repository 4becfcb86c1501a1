"""The names a place gives the steps of its loop (闭环管理)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class LoopStep(models.Model):
    """One named step. The product knows where work stands, not what 四位一体 means: an office pairs the two itself."""

    class Stage(models.TextChoices):
        ISSUE = "ISSUE", pgettext_lazy("loop", "assigned, to be acknowledged")
        DO = "DO", pgettext_lazy("loop", "in hand")
        REVIEW = "REVIEW", pgettext_lazy("loop", "under review")
        CLOSE = "CLOSE", pgettext_lazy("loop", "completed, to be verified and closed out")

    stage = models.CharField(_("stage"), max_length=8, choices=Stage, unique=True)
    name = models.CharField(pgettext_lazy("loop", "name of the step"), max_length=20)

    class Meta:
        verbose_name = _("step of the loop")
        verbose_name_plural = _("steps of the loop")

    def __str__(self) -> str:
        return self.name
