"""Reminders that were owed to a person for a task, and the notices people read in the app."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.clock import local_date
from tracker.models.task import Task


class Notice(models.Model):
    """站内消息. Rendered from ``kind`` and ``data`` in the reader's language.

    ``key`` makes a notice that the same cause would write twice unique.
    """

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=24)
    data = models.JSONField(default=dict)
    task = models.ForeignKey(Task, models.PROTECT, null=True, related_name="notices")
    key = models.CharField(max_length=100, unique=True, null=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        indexes = [
            # the bell: unread notices of a person
            models.Index(fields=["recipient"], condition=Q(read_at__isnull=True), name="notice_unread"),
            models.Index(fields=["recipient", "-created_at"], name="notice_by_recipient"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.recipient_id}"


class ReminderQuerySet(models.QuerySet["Reminder"]):
    def waiting(self, at: datetime) -> ReminderQuerySet:
        """Still to be handed over and in nobody's hands: planned, or held by a worker whose lease has ended."""
        state = Reminder.State
        return self.filter(Q(state=state.PLANNED) | Q(state=state.CLAIMED, lease_until__lte=at))


class Reminder(models.Model):
    """催办. One executed step of the ladder for one task and one person.

    The key uses the nominal day, never "now": a sweep that runs twice, late or on two machines
    finds the row already there.
    """

    class State(models.TextChoices):
        PLANNED = "PLANNED", _("planned")
        CLAIMED = "CLAIMED", _("being delivered")
        DELIVERED = "DELIVERED", _("delivered")
        DROPPED = "DROPPED", _("no longer needed")
        MISSED = "MISSED", _("missed")

    task = models.ForeignKey(Task, models.PROTECT, related_name="reminders")
    step = models.CharField(_("step"), max_length=24)
    nominal_due = models.DateField(_("nominal day"))
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="reminders")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PLANNED)
    planned_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    lease_token = models.CharField(max_length=32, blank=True)
    delivered_at = models.DateTimeField(null=True)
    notice = models.ForeignKey(Notice, models.PROTECT, null=True, related_name="reminders")

    objects = ReminderQuerySet.as_manager()

    class Meta:
        ordering = ["-nominal_due", "pk"]
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        constraints = [
            models.UniqueConstraint(fields=["task", "step", "nominal_due", "recipient"], name="reminder_once")
        ]
        indexes = [
            # claim: what still has to go out
            models.Index(
                fields=["task"], condition=Q(state__in=["PLANNED", "CLAIMED"]), name="reminder_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.nominal_due} → {self.recipient_id}"

    @property
    def made_up(self) -> bool:
        """补发: handed over on a later day than the one it belongs to."""
        return self.delivered_at is not None and local_date(self.delivered_at) > self.nominal_due
