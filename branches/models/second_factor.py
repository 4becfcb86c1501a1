"""The optional second factor: a secret shared with an authenticator app, and codes for the day the phone is lost."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SecondFactor(models.Model):
    """One person's authenticator. It asks for codes only once a first code has confirmed it."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="second_factor", verbose_name=_("user")
    )
    secret = models.TextField(editable=False)
    """Encrypted with the secret key: a copy of the database opens nothing."""
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)
    last_step = models.BigIntegerField(default=0, editable=False)
    """The half-minute of the last accepted code. No code opens twice."""

    class Meta:
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")

    def __str__(self) -> str:
        return str(self.user)


class RecoveryCode(models.Model):
    """A code that replaces the authenticator once; used ones are deleted. Only a keyed digest is kept."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="recovery_codes", verbose_name=_("user")
    )
    digest = models.CharField(max_length=64, editable=False)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once")]

    def __str__(self) -> str:
        return str(self.user)
