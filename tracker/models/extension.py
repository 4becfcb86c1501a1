"""Extensions: a request for a later date, beside the task, which goes on meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tracker.models.subject import Subject
from tracker.models.task import Task

if TYPE_CHECKING:
    from branches.access import Actor
    from branches.models import Organization


class ExtensionQuerySet(models.QuerySet["Extension"]):
    def visible_to(self, actor: Actor) -> ExtensionQuerySet:
        return self.filter(actor.scope("task__organization__path"))


class Extension(Subject):
    """延期申请. The original due date and every earlier one stay readable in the task's history."""

    KIND = "extension"

    class State(models.TextChoices):
        PENDING = "PENDING", _("awaiting decision")
        GRANTED = "GRANTED", _("granted")
        REFUSED = "REFUSED", _("not granted")

    task = models.ForeignKey(Task, models.PROTECT, related_name="extensions", verbose_name=_("task"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PENDING, editable=False)
    due_before = models.DateField(_("due date when asked"))
    until = models.DateField(_("new date asked for"))
    reason = models.TextField(_("reason"))
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    remark = models.TextField(_("remark"), blank=True)

    objects = ExtensionQuerySet.as_manager()

    class Meta:
        ordering = ["requested_at", "pk"]
        verbose_name = _("extension request")
        verbose_name_plural = _("extension requests")
        constraints = [
            models.UniqueConstraint(
                fields=["task"], condition=Q(state="PENDING"), name="extension_one_open_per_task"
            )
        ]

    def __str__(self) -> str:
        return f"{self.task} → {self.until:%Y-%m-%d}"

    @property
    def organization(self) -> Organization:
        """The unit that asks."""
        return self.task.organization
