"""``manage.py recount_tasks [--mend]``: do the kept counts say what the tasks say?"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from branches.models import Organization
from tracker.models import Plan
from tracker.tallies import differing, mend

WRONG = 1
MOST = 20
"""Differences that are named; the rest are counted."""


class Command(BaseCommand):
    help = (
        "Compare the kept counts of tasks with the tasks, and with --mend count anew what differs. "
        "Exit code 0: they agree, or were mended; 1: they differ."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """``--mend``: put right what is found; nobody can change a task while it runs."""
        parser.add_argument("--mend", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, say what differs, and leave with the code a watcher reads."""
        wrong = differing()
        units = Organization.objects.in_bulk({unit for unit, _plan in wrong[:MOST]})
        plans = Plan.objects.in_bulk({plan for _unit, plan in wrong[:MOST]})
        for unit, plan in wrong[:MOST]:
            self.stdout.write(f"{units.get(unit, unit)} · {plans.get(plan, plan)}")
        said = ngettext(
            "The counts of %(count)s unit and plan differ from the tasks.",
            "The counts of %(count)s units and plans differ from the tasks.",
            len(wrong),
        )
        self.stdout.write(
            said % {"count": len(wrong)} if wrong else _("All kept counts agree with the tasks.")
        )
        if wrong and options["mend"]:
            self.stdout.write(_("%(count)s mended.") % {"count": mend()})
        elif wrong:
            sys.exit(WRONG)
