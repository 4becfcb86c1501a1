"""``build_report CODE PERIOD --output FILE.xlsx``: the half-year workbook of an organisation, as of now."""

from __future__ import annotations

import os
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from branches.models import Organization
from common.clock import now
from common.errors import Refused
from common.periods import Period
from reports.building import compute, save_workbook


class Command(BaseCommand):
    help = "Write the half-year workbook of an organization, for example: build_report SZ-001 2026H1 --output 半年报告.xlsx"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", help="code of the organization")
        parser.add_argument("period", help="2026H1, 2026H2 or 2026")
        parser.add_argument("--output", required=True, type=Path, metavar="FILE.xlsx")

    def handle(self, *args: Any, code: str, period: str, output: Path, **options: Any) -> None:
        at = now()
        try:
            organization = _find(code)
            target = _target(output)
            facts = compute(organization, Period.parse(period), cut_off=at)
            # Beside its place, then renamed: whoever looks sees the old file or the whole new one.
            handle, name = tempfile.mkstemp(suffix=".xlsx", dir=target.parent)
            os.close(handle)
            try:
                save_workbook(facts, Path(name), by=_("the command line"), at=at)
                Path(name).chmod(0o644)
                Path(name).replace(target)
            finally:
                Path(name).unlink(missing_ok=True)
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        except OSError as error:
            sentence = _("%(file)s cannot be written: %(reason)s") % {
                "file": output,
                "reason": error.strerror,
            }
            raise CommandError(sentence) from None
        self.stdout.write(
            _("%(file)s: %(tasks)s tasks, %(due)s due, %(done)s done, %(closing)s carried over.")
            % {
                "file": target,
                "tasks": len(facts.tasks),
                "due": facts.totals.due_in,
                "done": facts.totals.done_in,
                "closing": facts.totals.closing,
            }
        )


def _find(code: str) -> Organization:
    organization = Organization.objects.filter(code=code).first()
    if organization is None:
        raise Refused(
            _("There is no organization with the code “%(code)s”.") % {"code": code[:40]}, code="unknown"
        )
    return organization


def _target(output: Path) -> Path:
    if output.suffix.lower() != ".xlsx":
        raise Refused(_("The file's name must end in .xlsx: %(file)s") % {"file": output})
    if output.is_dir() or not output.parent.is_dir():
        raise Refused(_("There is no folder for %(file)s. Make it first.") % {"file": output})
    return output
