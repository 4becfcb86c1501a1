"""The scanner for malicious software: a command of the machine, asked once about each content.

``EVIDENCE_SCANNER`` names the command, such as ``clamdscan --fdpass --no-summary``; empty means that nothing is
scanned. It is given the path of a file and answers by its exit code as ClamAV's programs do: 0 clean, 1 infected,
anything else failed. A failed scan is tried again with growing pauses, and then left to a person.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from tracker.models import Evidence, StoredFile
from tracker.notices import notify_infected

log = logging.getLogger(__name__)

Scan = StoredFile.Scan
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
"""Between the tries; after the last the scan has failed for good."""
MAX_TRIES = len(PAUSES) + 1
BUDGET = timedelta(seconds=30)
"""A tick takes no further file after this; with the scanner's own time it stays clear of Celery's 100 seconds."""
LEASE = timedelta(seconds=150)
CLEAN, INFECTED = 0, 1


class Verdict(NamedTuple):
    """What a scan came to, and the scanner's own words."""

    scan: str
    said: str = ""


def scanner_is_set() -> bool:
    """Whether this site scans evidence at all."""
    return bool(settings.EVIDENCE_SCANNER)


def scan_due(*, at: datetime) -> int:
    """Scan what is due, one content after another, for about half a minute; how many scans were made.

    Several workers may do this at once: a content is claimed by a conditional update and its row count, and its try
    is committed before the scanner is asked, so that a file that kills its worker is counted, too.
    """
    if not scanner_is_set():
        return 0
    began, count, instant = time.monotonic(), 0, at
    while instant < at + BUDGET and (file := _claim(at=instant)):
        verdict = scan(file) if file.scan_tries <= MAX_TRIES else Verdict(Scan.FAILED, "no answer")
        instant = at + timedelta(seconds=time.monotonic() - began)
        _write_down(file, verdict, at=instant)
        count += 1
    return count


def scan(file: StoredFile) -> Verdict:
    """Ask the scanner about one content, on a copy: it may lie in a store that has no paths."""
    try:
        with tempfile.NamedTemporaryFile(prefix="bihuan-scan-") as copy:
            with file.open() as stored:
                shutil.copyfileobj(stored, copy)
            copy.flush()
            return _ask([*settings.EVIDENCE_SCANNER, copy.name], copy.name)
    except OSError as error:
        return Verdict(Scan.FAILED, type(error).__name__)


def scan_again() -> int:
    """Put the contents whose scan failed for good back among those to be scanned; how many there were."""
    return StoredFile.objects.filter(scan=Scan.FAILED).update(
        scan=Scan.WAITING, scan_tries=0, scan_after=None
    )


def _ask(command: list[str], path: str) -> Verdict:
    seconds = settings.EVIDENCE_SCANNER_SECONDS
    try:
        answer = subprocess.run(
            command, capture_output=True, timeout=seconds, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return Verdict(Scan.FAILED, f"no answer within {seconds} s")
    said = (answer.stdout + b"\n" + answer.stderr).decode("utf-8", "replace")
    first = next((line.strip() for line in said.splitlines() if line.strip()), "")
    first = "".join(c for c in first.replace(f"{path}: ", "").replace(path, "") if c.isprintable())[:200]
    if answer.returncode == CLEAN:
        return Verdict(Scan.CLEAN)
    if answer.returncode == INFECTED:
        return Verdict(Scan.INFECTED, first)
    return Verdict(Scan.FAILED, first or f"exit code {answer.returncode} of {Path(command[0]).name}")


def _claim(*, at: datetime) -> StoredFile | None:
    due = StoredFile.objects.filter(Q(scan_after=None) | Q(scan_after__lte=at), scan__in=StoredFile.TO_SCAN)
    while file := due.order_by(F("scan_after").asc(nulls_first=True), "pk").first():
        mine = StoredFile.objects.filter(
            pk=file.pk, scan=file.scan, scan_tries=file.scan_tries, scan_after=file.scan_after
        ).update(scan=Scan.WAITING, scan_tries=F("scan_tries") + 1, scan_after=at + LEASE)
        if mine:
            file.refresh_from_db()
            return file
    return None


def _write_down(file: StoredFile, verdict: Verdict, *, at: datetime) -> None:
    """Store the outcome, unless another worker has taken the file over; tell people of an infection."""
    state, after = verdict.scan, None
    if state == Scan.FAILED:
        log.warning("Scan %s of file %s failed: %s", file.scan_tries, file, verdict.said)
        if file.scan_tries < MAX_TRIES:
            state, after = Scan.WAITING, at + PAUSES[file.scan_tries - 1]
    with transaction.atomic():
        held = StoredFile.objects.filter(pk=file.pk, scan_tries=file.scan_tries, scan_after=file.scan_after)
        mine = held.update(
            scan=state, scan_said=verdict.said, scan_after=after, scanned_at=None if after else at
        )
        if mine and state == Scan.INFECTED:
            shown = Evidence.objects.current().filter(file=file)
            for item in shown.select_related(
                "task__measure__plan", "task__organization", "finding__organization"
            ):
                notify_infected(item, at=at)
