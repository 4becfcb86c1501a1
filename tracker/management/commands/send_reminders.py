"""``manage.py send_reminders [--at ISO]``: the sweep by hand, to its end, without Redis."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.clock import moment, now
from tracker.reminders.sweep import CLOSES, OPENS, Swept, sweep


def parse_moment(text: str) -> datetime:
    """An ISO date or moment; without a zone it is local time, without a time of day the hour reminders go out.

    Raises CommandError with a sentence for anything else.
    """
    try:
        if len(text) == 10:
            return moment(date.fromisoformat(text), OPENS.hour, OPENS.minute)
        at = datetime.fromisoformat(text)
    except ValueError:
        message = _("“%(text)s” is not a moment. Write it as 2026-07-01 or 2026-07-01T09:00.") % {
            "text": text
        }
        raise CommandError(message) from None
    return at if timezone.is_aware(at) else timezone.make_aware(at)


def report(swept: Swept) -> str:
    """What a sweep did, in the active language."""
    lines = []
    if swept.late:
        lines.append(_("Lateness written into the history: %(count)s.") % {"count": swept.late})
    if not swept.open:
        hours = {"opens": f"{OPENS:%H:%M}", "closes": f"{CLOSES:%H:%M}"}
        lines.append(
            _("Reminders go out on working days from %(opens)s to %(closes)s; nothing was sent now.") % hours
        )
        return "\n".join(lines)
    if not swept.planning:
        lines.append(_("Another sweep is at work and plans; this one helped it to deliver."))
    people = len(swept.handed.people)
    to_people = ngettext("%(count)s person", "%(count)s people", people) % {"count": people}
    lines.append(
        _(
            "Planned: %(planned)s. Delivered: %(delivered)s, to %(people)s. No longer needed: %(dropped)s. Missed: %(missed)s."
        )
        % {
            "planned": swept.planned,
            "delivered": swept.handed.delivered,
            "people": to_people,
            "dropped": swept.handed.dropped,
            "missed": swept.missed,
        }
    )
    return "\n".join(lines)


class Command(BaseCommand):
    help = "Send the reminders that are due (what the worker does every 30 seconds). Twice changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """``--at``: the moment to do it for, for a drill or after an outage; not counted as a sign of life."""
        parser.add_argument("--at", metavar="ISO", help="date or moment, local time unless a zone is given")

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep at the moment given, or now, and say what was done."""
        if options["at"] is None:
            self.stdout.write(report(sweep(at=now())))
        else:
            self.stdout.write(report(sweep(at=parse_moment(options["at"]), name="sweep by hand")))
