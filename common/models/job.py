"""Long work that somebody asked for: one row from the click to the outcome, whichever process does it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Job(models.Model):
    """One piece of long work. Written by `common.jobs` alone; everybody else reads it.

    ``lease_until`` says until when nobody (else) may take the job: the moment it was asked for while it waits, the end
    of the worker's lease while it runs, the moment of the next try after a mishap. ``attempts`` counts the tries since
    the last good slice and is committed before the work begins, so that a job that kills its worker is counted too.
    """

    class State(models.TextChoices):
        QUEUED = "QUEUED", pgettext_lazy("job", "waiting")
        RUNNING = "RUNNING", pgettext_lazy("job", "running")
        DONE = "DONE", pgettext_lazy("job", "done")
        FAILED = "FAILED", pgettext_lazy("job", "failed")

    OPEN = (State.QUEUED, State.RUNNING)

    kind = models.CharField(_("kind"), max_length=40)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    key = models.CharField(_("request key"), max_length=120, unique=True, null=True, blank=True)
    payload = models.JSONField(_("what was asked for"), default=dict)
    language = models.CharField(_("language"), max_length=10)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("requested by"),
    )
    done = models.PositiveIntegerField(_("pieces done"), default=0)
    total = models.PositiveIntegerField(_("pieces in all"), default=0)
    message = models.TextField(_("message"), blank=True)
    result = models.JSONField(_("result"), default=dict)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    lease_until = models.DateTimeField(_("held until"))
    lease_token = models.UUIDField(_("lease"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        indexes = [
            # The tick's question every two seconds: which open job is free, oldest first?
            models.Index(
                fields=["lease_until"], condition=Q(state__in=["QUEUED", "RUNNING"]), name="job_open"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["QUEUED", "RUNNING"], finished_at=None)
                | Q(state__in=["DONE", "FAILED"], finished_at__isnull=False),
                name="job_finished_when_over",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk} ({self.get_state_display()})"

    @property
    def is_open(self) -> bool:
        """True while something is still to be expected of it."""
        return self.state in self.OPEN

    @property
    def percent(self) -> int | None:
        """Share of the pieces done, 0 to 100, or None while their number is unknown."""
        return min(100, self.done * 100 // self.total) if self.total else None
