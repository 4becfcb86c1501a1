"""``manage.py demo``: fill an empty database with a sample committee and months of its life."""

from __future__ import annotations

import time
from argparse import ArgumentParser, ArgumentTypeError
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation
from django.utils.translation import gettext as _

from branches.models import Organization
from common.clock import moment, now
from common.errors import Refused
from tracker.demo.accounts import write_down
from tracker.demo.build import build_demo
from tracker.models import Event, Task


class Command(BaseCommand):
    help = "Load a sample committee: by default the half-year that has just ended, living on to today."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--branches", type=int, default=40, metavar="N", help="number of branches (40)")
        parser.add_argument("--seed", default="1", help="another seed gives other people and events (1)")
        parser.add_argument(
            "--sources", type=_folder, metavar="DIR", help="read the speeches in this folder instead"
        )
        parser.add_argument(
            "--at", type=_day, metavar="DATE", help="the day the story ends, as 2026-11-20 (today)"
        )

    def handle(
        self, *args: Any, branches: int, seed: str, sources: Path | None, at: datetime | None, **options: Any
    ) -> None:
        """Build, write the accounts down for the owner of this machine, and print them."""
        began = time.monotonic()
        quiet = options["verbosity"] == 0
        # The sample writes Chinese whatever the terminal speaks.
        with translation.override("zh-hans"):
            try:
                accounts = build_demo(
                    branches=branches,
                    seed=seed,
                    at=at or now(),
                    sources=sources,
                    tell=lambda line: None if quiet else self.stdout.write(line),
                )
            except Refused as refusal:
                raise CommandError(str(refusal)) from refusal
            write_down(accounts, settings.VAR_DIR / "accounts.json")
            self.stdout.write(
                _(
                    "%(organizations)s organizations, %(tasks)s tasks, %(events)s events in %(seconds).0f seconds."
                )
                % {
                    "organizations": Organization.objects.count(),
                    "tasks": Task.objects.count(),
                    "events": Event.objects.count(),
                    "seconds": time.monotonic() - began,
                }
            )
            self.stdout.write(_("Sign in as:"))
            for account in accounts:
                self.stdout.write(f"  {account.role}: {account.username} / {account.password}")


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise ArgumentTypeError(f"{text}: no such folder")
    return path


def _day(text: str) -> datetime:
    try:
        return moment(date.fromisoformat(text), 18)
    except ValueError:
        raise ArgumentTypeError(f"{text}: not a date such as 2026-11-20") from None
