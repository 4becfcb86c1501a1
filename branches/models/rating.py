"""Ratings (评定): what a branch was rated for a year. The decision is a person's; this is its record."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from branches.models.organization import Organization


class Rating(models.Model):
    """达标 / 星级 / 示范 of one organisation and year."""

    class Kind(models.TextChoices):
        STANDARD = "STANDARD", _("meets the standard")
        STARS = "STARS", _("stars")
        MODEL = "MODEL", _("model branch")

    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="ratings", verbose_name=_("Party organization")
    )
    year = models.PositiveSmallIntegerField(_("year"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    stars = models.PositiveSmallIntegerField(
        _("stars"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    decided_on = models.DateField(_("decided on"))
    decided_by = models.CharField(_("decided by"), max_length=100)

    class Meta:
        ordering = ["organization", "-year", "kind"]
        verbose_name = _("rating")
        verbose_name_plural = _("ratings")
        constraints = [
            models.UniqueConstraint(fields=["organization", "year", "kind"], name="rating_once_a_year"),
            models.CheckConstraint(
                condition=Q(kind="STARS", stars__range=(1, 5)) | (~Q(kind="STARS") & Q(stars__isnull=True)),
                name="rating_stars_only_for_stars",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization} {self.year} {self.get_kind_display()} {'★' * (self.stars or 0)}".strip()
