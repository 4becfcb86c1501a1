"""Posts: a user holds a role in an organisation from a day to a day."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from branches.models.organization import Organization


class PostQuerySet(models.QuerySet["Post"]):
    def held_on(self, day: date) -> PostQuerySet:
        """Posts in force on a local day; the last day of a post still counts."""
        return self.filter(since__lte=day).filter(models.Q(until__isnull=True) | models.Q(until__gte=day))


class Post(models.Model):
    """任职. A hand-over ends one post and starts another; nothing is overwritten.

    "Who answered on that day" is answered by ``Post.objects.held_on(day)``.
    """

    class Role(models.TextChoices):
        SECRETARY = "SECRETARY", _("secretary")
        DEPUTY_SECRETARY = "DEPUTY_SECRETARY", _("deputy secretary")
        MEMBER = "MEMBER", _("committee member")
        CLERK = "CLERK", _("Party-affairs clerk")
        LEADER = "LEADER", _("leader in charge")
        CHIEF = "CHIEF", _("chief")
        INSPECTOR = "INSPECTOR", _("inspector")
        LIAISON = "LIAISON", _("area liaison")
        ADMINISTRATOR = "ADMINISTRATOR", _("system administrator")
        SECURITY_OFFICER = "SECURITY_OFFICER", _("security officer")
        AUDITOR = "AUDITOR", _("auditor")

    SYSTEM_ROLES = frozenset({Role.ADMINISTRATOR, Role.SECURITY_OFFICER, Role.AUDITOR})
    """The three separated system duties (三员分立): they give no sight of business texts."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="posts", verbose_name=_("user")
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="posts", verbose_name=_("Party organization")
    )
    role = models.CharField(_("role"), max_length=20, choices=Role)
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True, blank=True)

    objects = PostQuerySet.as_manager()

    class Meta:
        ordering = ["organization__path", "since", "pk"]
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        constraints = [
            models.UniqueConstraint(fields=["user", "organization", "role", "since"], name="post_once"),
            models.CheckConstraint(
                condition=models.Q(until__isnull=True) | models.Q(until__gte=models.F("since")),
                name="post_ends_after_it_starts",
                violation_error_message=_("A post cannot end before it starts."),
            ),
        ]
        indexes = [
            # chain.py: holders of a role in an organisation on a day
            models.Index(fields=["organization", "role"], name="post_by_organization_role"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """As it is said: 机关党委 书记."""
        return f"{self.organization.short_name} {self.get_role_display()}"
