"""Read a speech, an opinion or a scheme and print what it asks for."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from tracker.documents import MAX_FILE_BYTES, Unreadable, text_of
from tracker.reading import Action, Reading, read
from tracker.unreadable import refusal


class Command(BaseCommand):
    """`manage.py read_source FILE [--json]`."""

    help = "Print the outline, points, actions and slots of a text file (.txt, .md, .docx, .pdf)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """FILE and the form of the answer."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true", help="print the interchange form")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read the file and print the reading; refuse with one sentence what cannot be read."""
        path: Path = options["file"]
        try:
            with path.open("rb") as stream:
                data = stream.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise CommandError(
                _("%(file)s cannot be opened: %(reason)s") % {"file": path, "reason": error.strerror}
            ) from error
        try:
            text = text_of(path.name, data)
        except Unreadable as error:
            raise CommandError(str(refusal(error))) from error
        reading = read(text)
        if options["json"]:
            answer = json.dumps(reading.as_json(path.name), ensure_ascii=False, indent=1)
            self._write_utf8(answer + "\n")
        else:
            self._write_utf8("\n".join(outline_of(reading)) + "\n")

    def _write_utf8(self, answer: str) -> None:
        """UTF-8 whatever the locale of the terminal says."""
        out = getattr(self.stdout, "_out", None)
        buffer = getattr(out, "buffer", None)
        if buffer is None:
            self.stdout.write(answer, ending="")
        else:
            buffer.write(answer.encode("utf-8"))
            buffer.flush()


def outline_of(reading: Reading) -> list[str]:
    """The reading as lines for people: points with their stance, under them actions and slots."""
    lines: list[str] = []
    for index, point in enumerate(reading.points):
        head = "".join(point.path) or "·"
        lines.append(f"{head} {point.title}  [{point.stance}: {', '.join(point.kinds) or '-'}]")
        lines.extend(_shown(action) for action in reading.actions if action.point == index)
        lines.extend(f"    {slot.type}: {slot.text} = {slot.value}" for slot in point.slots)
    loose = [_shown(action) for action in reading.actions if action.point is None]
    return [*lines, "·", *loose] if loose else lines


def _shown(action: Action) -> str:
    return f"    {'✓' if action.done else '→'} {action.text}  [{action.why.rule}]"
