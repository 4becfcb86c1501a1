"""``manage.py verify_events [--anchor FILE]``: is the history what it was?"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from common.clock import now
from common.errors import Refused
from tracker.anchor import read_anchor, write_anchor
from tracker.verification import MOST, Verified, differences, verify_history

BROKEN, NOT_CHECKED = 1, 2


class Command(BaseCommand):
    help = (
        "Verify every chain of events, and with --anchor that nothing older than the anchor is gone. "
        "Exit code 0: whole, 1: broken, 2: could not be checked."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """``--anchor``: compare with this file; where there is none yet, write it."""
        parser.add_argument("--anchor", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify, say what was found, and leave with the code a watcher reads."""
        try:
            wrong = self.verify(options["anchor"])
        except Refused as refusal:
            self.stderr.write(str(refusal))
            sys.exit(NOT_CHECKED)
        if wrong:
            sys.exit(BROKEN)

    def verify(self, path: Path | None) -> bool:
        """Whether anything is wrong. Raises Refused when the anchor cannot be read or written."""
        anchor = read_anchor(path) if path and path.exists() else None
        verified = verify_history(up_to=anchor.last if anchor else None)
        wrong = [str(found) for found in verified.breaks]
        if anchor:
            wrong += differences(anchor, verified.anchored)
        self.say(verified, wrong)
        if path and anchor:
            if not wrong:
                self.stdout.write(_("Everything in the anchor is still there."))
        elif path and not wrong:
            write_anchor(path, verified.anchored, at=now())
            self.stdout.write(_("There was no anchor yet; it was written to %(file)s.") % {"file": path})
        return bool(wrong)

    def say(self, verified: Verified, wrong: list[str]) -> None:
        """The counts, and the first things that are wrong."""
        counts = {"events": verified.events, "subjects": verified.subjects, "wrong": len(wrong)}
        if not wrong:
            self.stdout.write(_("%(events)s events of %(subjects)s histories verified: whole.") % counts)
            return
        self.stderr.write(
            _("%(events)s events of %(subjects)s histories verified: %(wrong)s broken.") % counts
        )
        for line in wrong[:MOST]:
            self.stderr.write(line)
