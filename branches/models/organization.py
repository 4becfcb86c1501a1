"""The tree of Party organisations: who issues, who receives, who stands above whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from branches.access import Actor

MOST_MEMBERS = 1_000_000
"""Said here, since databases differ in what they can hold: nobody counts more in one organisation."""
STEP = 4
"""Characters of ``path`` that one level of the tree takes: 1,679,616 children of one parent."""

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_AFTER = "~"
"""Sorts after every digit of a path, so ``[path, path + _AFTER)`` is the subtree."""


def step(number: int) -> str:
    """The path step of the ``number``-th child, counted from 1."""
    text = ""
    while number:
        number, rest = divmod(number, 36)
        text = _DIGITS[rest] + text
    return text.rjust(STEP, "0")


class PathField(models.CharField[str, str]):
    """A materialised path, compared byte by byte on every database.

    PostgreSQL's default collation neither orders by bytes nor lets a range scan use the index;
    SQLite knows no collation "C" but already compares bytes.
    """

    def db_parameters(self, connection: Any) -> Any:
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def below(self, organization: Organization, *, itself: bool = True) -> OrganizationQuerySet:
        """The organisation's subtree, with or without its root, as one range of the path index."""
        within = self.filter(path__gte=organization.path, path__lt=organization.path + _AFTER)
        return within if itself else within.exclude(pk=organization.pk)

    def above(self, organization: Organization, *, itself: bool = False) -> OrganizationQuerySet:
        """The organisations on the way up to the root, nearest last in path order."""
        return self.filter(path__in=organization.paths_above(itself=itself)).order_by("path")

    def visible_to(self, actor: Actor) -> OrganizationQuerySet:
        """What this actor may see: the organisations of their posts and all below them.

        The one scoping rule of the product; every other ``visible_to`` is built on it.
        """
        return self.filter(actor.scope("path"))

    def of_kind(self, *kinds: str) -> OrganizationQuerySet:
        return self.filter(kind__in=kinds)

    def active_on(self, day: Any) -> OrganizationQuerySet:
        return self.filter(active_from__lte=day).filter(
            models.Q(active_until__isnull=True) | models.Q(active_until__gte=day)
        )


class Organization(models.Model):
    """党组织. Written only by ``branches.tree``, which keeps ``path`` true to ``parent``."""

    class Kind(models.TextChoices):
        WORK_COMMITTEE = "WORK_COMMITTEE", _("work committee")
        LEADING_GROUP = "LEADING_GROUP", _("leading group")
        COMMITTEE = "COMMITTEE", _("organ Party committee")
        GENERAL_BRANCH = "GENERAL_BRANCH", _("general branch")
        BRANCH = "BRANCH", _("branch")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    code = models.CharField(_("code"), max_length=30, unique=True)
    name = models.CharField(pgettext_lazy("organization", "name"), max_length=100)
    short_name = models.CharField(_("short name"), max_length=40)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("superior")
    )
    path = PathField(max_length=60, unique=True, editable=False)
    unit = models.CharField(_("department"), max_length=100, blank=True)
    """The department or bureau whose Party organisation this is, as people say it."""
    area = models.ForeignKey(
        "branches.Area",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="organizations",
        verbose_name=_("area"),
    )
    tags = models.ManyToManyField(
        "branches.Tag", blank=True, related_name="organizations", verbose_name=_("tags")
    )
    second_superior = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("second superior")
    )
    """双重领导: the other side an organ committee answers to. It gives sight to nobody by itself."""
    linked_leader = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="linked_organizations",
        verbose_name=_("linked leader"),
    )
    full_members = models.PositiveIntegerField(
        _("full members"), default=0, validators=[MaxValueValidator(MOST_MEMBERS)]
    )
    probationary_members = models.PositiveIntegerField(
        _("probationary members"), default=0, validators=[MaxValueValidator(MOST_MEMBERS)]
    )
    version = models.PositiveIntegerField(default=0, editable=False)
    active_from = models.DateField(_("active from"))
    active_until = models.DateField(_("active until"), null=True, blank=True)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        ordering = ["path"]
        verbose_name = _("Party organization")
        verbose_name_plural = _("Party organizations")

    def __str__(self) -> str:
        return self.short_name

    def paths_above(self, *, itself: bool = False) -> list[str]:
        """Paths from the root down to the parent (or to itself); needs no query."""
        last = len(self.path) + (1 if itself else 0)
        return [self.path[:length] for length in range(STEP, last, STEP)]

    def is_below(self, other: Organization, *, itself: bool = False) -> bool:
        """Whether ``other`` stands above this organisation (or is it)."""
        return self.path.startswith(other.path) and (itself or self.path != other.path)
