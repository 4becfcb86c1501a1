"""Scan the evidence that is due now, and say how all of it stands."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count
from django.utils.translation import gettext as _

from common.clock import now
from tracker.models import StoredFile
from tracker.scanning import scan_again, scan_due, scanner_is_set


class Command(BaseCommand):
    """Needs a scanner; what is already clean or infected is not asked about again."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--again", action="store_true", help=_("also what failed for good before"))

    def handle(self, *args: Any, again: bool, **options: Any) -> None:
        """Effects in order: put back what failed, with ``--again``; scan until nothing is due; print the counts."""
        if not scanner_is_set():
            raise CommandError(_("No scanner is set. Name its command in EVIDENCE_SCANNER."))
        if again:
            scan_again()
        while scan_due(at=now()):
            pass
        counts = dict(StoredFile.objects.order_by().values_list("scan").annotate(count=Count("pk")))
        for state in StoredFile.Scan:
            if state in counts:
                self.stdout.write(f"{state.label}: {counts[state]}")
