from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config.catalogues import compile_catalogues


class Command(BaseCommand):
    help = "Compile the message catalogues that have changed (needs no msgfmt)."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        for path in compile_catalogues(map(Path, settings.LOCALE_PATHS)):
            self.stdout.write(str(path.relative_to(settings.BASE_DIR)))
