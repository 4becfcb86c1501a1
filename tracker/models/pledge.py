"""Pledges (责任状): what one unit has promised its superior to deliver, signed by both."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from branches.models import Organization
from tracker.models.plan import Plan
from tracker.models.subject import Subject

if TYPE_CHECKING:
    from branches.access import Actor


class PledgeQuerySet(models.QuerySet["Pledge"]):
    def visible_to(self, actor: Actor) -> PledgeQuerySet:
        """Pledges of organisations in sight."""
        return self.filter(actor.scope("organization__path"))

    def unsigned_by_unit(self) -> PledgeQuerySet:
        return self.filter(state__in=[Pledge.State.OPEN, Pledge.State.ISSUER_SIGNED])

    def unsigned_by_issuer(self) -> PledgeQuerySet:
        return self.filter(state__in=[Pledge.State.OPEN, Pledge.State.UNIT_SIGNED])


class Pledge(Subject):
    """责任状. One for each plan and receiving organisation; the signatures stand in its history, too."""

    KIND = "pledge"

    class State(models.TextChoices):
        OPEN = "OPEN", _("signed by nobody yet")
        UNIT_SIGNED = "UNIT_SIGNED", _("signed by the unit")
        ISSUER_SIGNED = "ISSUER_SIGNED", _("signed by the issuer")
        SIGNED = "SIGNED", _("signed by both")

    TONES: ClassVar[dict[str, str]] = {
        State.OPEN: "warn",
        State.UNIT_SIGNED: "info",
        State.ISSUER_SIGNED: "info",
        State.SIGNED: "good",
    }

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="pledges", verbose_name=_("plan"))
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="pledges", verbose_name=_("responsible unit")
    )
    state = models.CharField(_("state"), max_length=14, choices=State, default=State.OPEN, editable=False)
    lines = models.JSONField(default=list, editable=False)
    """What was agreed, in the words of that day (see ``tracker.pledge_lines.agreed_lines``)."""
    unit_signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    unit_signed_as = models.CharField(max_length=200, blank=True, editable=False)
    """The post as it was said on the day of signing."""
    unit_signed_at = models.DateTimeField(_("signed by the unit"), null=True, editable=False)
    issuer_signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    issuer_signed_as = models.CharField(max_length=200, blank=True, editable=False)
    issuer_signed_at = models.DateTimeField(_("signed by the issuer"), null=True, editable=False)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    made_at = models.DateTimeField(editable=False)

    objects = PledgeQuerySet.as_manager()

    class Meta:
        ordering = ["-plan", "organization__path"]
        verbose_name = _("pledge")
        verbose_name_plural = _("pledges")
        constraints = [models.UniqueConstraint(fields=["plan", "organization"], name="pledge_once")]

    def __str__(self) -> str:
        return f"{self.plan} · {self.organization.short_name}"

    @property
    def state_tone(self) -> str:
        """The colour of the state's badge."""
        return self.TONES.get(self.state, "neutral")
