"""Comments on a measure while its plan is in consultation, and the office's answer to each."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from branches.models import Organization
from tracker.models.measure import Measure


class Comment(models.Model):
    """意见. One per measure and unit; answered 采纳, 部分采纳 or 不采纳 with a reason."""

    class Verdict(models.TextChoices):
        TAKEN = "TAKEN", _("taken up")
        PARTLY = "PARTLY", _("taken up in part")
        NOT_TAKEN = "NOT_TAKEN", _("not taken up")

    measure = models.ForeignKey(Measure, models.PROTECT, related_name="comments", verbose_name=_("measure"))
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="+", verbose_name=_("Party organization")
    )
    text = models.TextField(_("comment"))
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    verdict = models.CharField(_("answer"), max_length=10, choices=Verdict, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["measure__position", "at"]
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        constraints = [
            models.UniqueConstraint(fields=["measure", "organization"], name="comment_once_per_unit"),
            models.CheckConstraint(
                condition=Q(verdict="") | ~Q(reason=""), name="comment_answer_has_its_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization}：{self.text[:40]}"
