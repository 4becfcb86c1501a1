"""Events: the append-only history of plans, measures, tasks, findings and inspections.

It is history, audit trail and the source of every statistic. The database refuses to change or
delete a row; each row carries the hash of the one before it.
"""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _


class Event(models.Model):
    """办理记录. ``body`` is the canonical JSON that was hashed; the columns repeat what queries need.

    ``body`` keys: subject, id, sequence, act, at (UTC ISO 8601), actor (id, name, post; null for the
    system), from, to, said (dict of what was entered), previous (hash of the event before, or "").
    """

    subject_kind = models.CharField(max_length=12)
    subject_id = models.PositiveBigIntegerField()
    sequence = models.PositiveIntegerField()
    act = models.CharField(max_length=24)
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    from_state = models.CharField(max_length=14, blank=True)
    to_state = models.CharField(max_length=14, blank=True)
    body = models.TextField()
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["subject_kind", "subject_id", "sequence"]
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [
            models.UniqueConstraint(fields=["subject_kind", "subject_id", "sequence"], name="event_once")
        ]
        indexes = [
            # reports.facts: what happened to tasks before a cut-off
            models.Index(fields=["subject_kind", "act", "at"], name="event_by_act"),
        ]

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject_id} #{self.sequence} {self.act}"

    @cached_property
    def details(self) -> dict[str, Any]:
        """The body, parsed."""
        return json.loads(self.body)

    @property
    def said(self) -> dict[str, Any]:
        """What was entered with the act: ``remark``, ``percent``, ``due`` …"""
        return self.details["said"]

    @property
    def actor_line(self) -> str:
        """Name and post at that time, or an empty text for the system."""
        actor = self.details["actor"]
        return f"{actor['post']} {actor['name']}".strip() if actor else ""
