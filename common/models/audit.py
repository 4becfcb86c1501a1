"""The audit log (审计日志): sign-ins, refusals, changes of rights and data acts, append-only."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """One line. ``data`` names what changed, never what a business text says; the database refuses changes.

    Kept for ever by default; at least six months (《网络安全法》 art. 21(3)).
    """

    class Kind(models.TextChoices):
        SIGN_IN = "SIGN_IN", _("sign-in")
        SIGN_IN_FAILED = "SIGN_IN_FAILED", _("failed sign-in")
        LOCKED_OUT = "LOCKED_OUT", _("locked out")
        SIGN_OUT = "SIGN_OUT", _("sign-out")
        PASSWORD = "PASSWORD", _("password changed")
        REFUSAL = "REFUSAL", _("refused access")
        ACCOUNT = "ACCOUNT", _("account changed")
        POST = "POST", _("post changed")
        TREE = "TREE", _("organization changed")
        IMPORT = "IMPORT", _("import")
        EXPORT = "EXPORT", _("export")
        SETTING = "SETTING", _("setting changed")

    at = models.DateTimeField(_("at"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("user")
    )
    account = models.CharField(_("account"), max_length=150, blank=True)
    """The account name as typed; the only trace of a failed sign-in."""
    success = models.BooleanField(_("success"), default=True)
    address = models.GenericIPAddressField(_("address"), null=True)
    data = models.JSONField(_("details"), default=dict)

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        indexes = [
            models.Index(fields=["kind", "-at"], name="audit_by_kind"),
            # what happened to one account lately
            models.Index(fields=["account", "-at"], name="audit_by_account"),
            # the auditor's page, newest first
            models.Index(fields=["-at", "-id"], name="audit_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.kind} {self.account}"
