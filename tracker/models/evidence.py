"""Evidence: files that show the work. Stored once by content, attached wherever they prove something."""

from __future__ import annotations

from typing import IO

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tracker.models.finding import Finding
from tracker.models.task import Task


class StoredFile(models.Model):
    """One content, known by its sha256. The name people gave it belongs to the evidence, not to it.

    What the scanner said holds for the content, wherever it is attached. ``scan_after`` says until when nobody
    (else) may scan it: the end of a worker's lease, or the moment of the next try after a scan that failed.
    """

    class Scan(models.TextChoices):
        NOT_SCANNED = "NOT_SCANNED", pgettext_lazy("file", "not scanned")
        WAITING = "WAITING", pgettext_lazy("file", "waiting for its scan")
        CLEAN = "CLEAN", pgettext_lazy("file", "clean")
        INFECTED = "INFECTED", pgettext_lazy("file", "infected")
        FAILED = "FAILED", pgettext_lazy("file", "scan failed")

    TO_SCAN = (Scan.NOT_SCANNED, Scan.WAITING)

    sha256 = models.CharField(max_length=64, unique=True)
    size = models.PositiveBigIntegerField()
    media_type = models.CharField(max_length=100)
    scan = models.CharField(_("scan"), max_length=12, choices=Scan, default=Scan.NOT_SCANNED)
    scan_tries = models.PositiveSmallIntegerField(default=0)
    scan_after = models.DateTimeField(null=True)
    scanned_at = models.DateTimeField(null=True)
    scan_said = models.CharField(max_length=200, blank=True)
    """The scanner's own words: the name of what it found, or why it failed."""

    class Meta:
        verbose_name = _("stored file")
        verbose_name_plural = _("stored files")
        indexes = [
            # the tick's question: what is still to be scanned
            models.Index(
                fields=["scan_after", "id"],
                condition=Q(scan__in=["NOT_SCANNED", "WAITING"]),
                name="file_to_scan",
            ),
        ]

    def __str__(self) -> str:
        return self.sha256[:12]

    @property
    def place(self) -> str:
        """Where the content lies in the store."""
        return f"evidence/{self.sha256[:2]}/{self.sha256}"

    def open(self) -> IO[bytes]:
        """The bytes, for a caller that has already checked who asks."""
        return default_storage.open(self.place)


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def current(self) -> EvidenceQuerySet:
        """Not replaced by a newer version."""
        return self.filter(replaced_by__isnull=True)

    def sound(self) -> EvidenceQuerySet:
        """What counts as evidence: the newest version, and not infected."""
        return self.current().exclude(file__scan=StoredFile.Scan.INFECTED)


class Evidence(models.Model):
    """佐证材料. One file shown for one task or for putting one finding right.

    Nothing is deleted: a file that is replaced points to its newer version and stays to be read.
    """

    task = models.ForeignKey(Task, models.PROTECT, null=True, related_name="evidence")
    finding = models.ForeignKey(Finding, models.PROTECT, null=True, related_name="evidence")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="evidence")
    name = models.CharField(_("file name"), max_length=120)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    replaced_by = models.OneToOneField("self", models.PROTECT, null=True, related_name="replaces")

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        ordering = ["added_at", "pk"]
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        constraints = [
            models.UniqueConstraint(
                fields=["task", "file"], condition=Q(replaced_by__isnull=True), name="evidence_once"
            ),
            models.UniqueConstraint(
                fields=["finding", "file"],
                condition=Q(replaced_by__isnull=True),
                name="finding_evidence_once",
            ),
            models.CheckConstraint(
                condition=Q(task__isnull=False, finding__isnull=True)
                | Q(task__isnull=True, finding__isnull=False),
                name="evidence_of_one_subject",
            ),
        ]
        indexes = [
            # how many files a person attached today
            models.Index(fields=["added_by", "added_at"], name="evidence_by_person"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> Task | Finding:
        """What it was attached to."""
        found = self.task or self.finding
        assert found is not None
        return found
