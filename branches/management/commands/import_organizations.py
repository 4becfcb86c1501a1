"""The roster import by command: the same check, the same all-or-nothing import, without a limit of reach."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from branches.many_accounts import hand_out_passwords
from branches.models import User
from branches.roster.changes import Changes
from branches.roster.checking import check_roster
from branches.roster.faults import refusal
from branches.roster.importing import import_roster
from branches.roster.marking import write_marked
from branches.roster.password_sheet import write_password_sheet
from branches.roster.reach import Reach
from branches.roster.reading import RawSheet, read_roster
from branches.roster.saying import lines_of
from branches.roster.shape import BadFile
from common.clock import now, today
from common.errors import Refused

SHOWN = 50


class Command(BaseCommand):
    help = (
        "Import organizations and posts from a roster (.xlsx or .csv): all of it or nothing. Exit code 1 when there are "
        "errors; each is printed with sheet, cell and reason."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--dry-run", action="store_true", help="only say what would change and what is wrong"
        )
        parser.add_argument(
            "--marked", type=Path, metavar="FILE.xlsx", help="write a copy with the errors marked"
        )
        parser.add_argument(
            "--passwords", type=Path, metavar="FILE.xlsx", help="write initial passwords of the new accounts"
        )

    def handle(
        self,
        *args: Any,
        file: Path,
        dry_run: bool,
        marked: Path | None,
        passwords: Path | None,
        **options: Any,
    ) -> None:
        """Read, check, and unless it is a dry run write."""
        at = now()
        try:
            sheets = read_roster(file, file.name)
        except BadFile as bad:
            raise CommandError(str(refusal(bad))) from bad
        except OSError as error:
            raise CommandError(str(error)) from error
        if dry_run:
            self._tell(check_roster(sheets, reach=Reach(), day=today()), sheets, marked)
            self.stdout.write(_("This was a dry run: nothing was changed."))
            return
        try:
            outcome = import_roster(sheets, reach=Reach(), by=None, at=at, name=file.name)
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        self._tell(outcome.changes, sheets, marked)
        if passwords and outcome.account_ids:
            given = hand_out_passwords(User.objects.filter(pk__in=outcome.account_ids), by=None, at=at)
            private = os.open(passwords, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(private, "wb") as target:
                write_password_sheet(target, given, address="", days=settings.INITIAL_PASSWORD_DAYS)

    def _tell(self, changes: Changes, sheets: list[RawSheet], marked: Path | None) -> None:
        for fault in changes.faults[:SHOWN]:
            self.stderr.write(f"{fault.sheet} {fault.place}: {fault.sentence}")
        if changes.faults:
            if marked:
                write_marked(marked, sheets, changes.faults)
            count = len(changes.faults)
            raise CommandError(
                ngettext(
                    "%(count)s error: nothing was imported.", "%(count)s errors: nothing was imported.", count
                )
                % {"count": count}
            )
        for line in lines_of(changes.figures()):
            self.stdout.write(line)
