"""``manage.py document_states``: write docs/states.md from the transition tables."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from tracker.transitions.document import states_document


class Command(BaseCommand):
    help = "Write docs/states.md from the transition tables."

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "docs" / "states.md"
        path.write_text(states_document(), encoding="utf-8")
        self.stdout.write(str(path.relative_to(settings.BASE_DIR)))
