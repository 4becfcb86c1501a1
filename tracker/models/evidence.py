"""Evidence: files that show the work. Stored once by content, attached wherever they prove something."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tracker.models.task import Task


class StoredFile(models.Model):
    """One content, known by its sha256. The name people gave it belongs to the evidence, not to it."""

    sha256 = models.CharField(max_length=64, unique=True)
    size = models.PositiveBigIntegerField()
    media_type = models.CharField(max_length=100)

    class Meta:
        verbose_name = _("stored file")
        verbose_name_plural = _("stored files")

    def __str__(self) -> str:
        return self.sha256[:12]


class Evidence(models.Model):
    """佐证材料. One file shown for one task; nothing is deleted once submitted."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="evidence")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="evidence")
    name = models.CharField(_("file name"), max_length=120)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["added_at", "pk"]
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        constraints = [models.UniqueConstraint(fields=["task", "file"], name="evidence_once")]

    def __str__(self) -> str:
        return self.name
