"""Message catalogues, compiled with Babel: a machine with only Python has no `msgfmt`."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def compile_catalogues(folders: Iterable[Path], *, force: bool = False) -> list[Path]:
    """Write the `.mo` beside each `.po` under ``folders`` that is newer, and return those written.

    Fuzzy entries are left out, as `msgfmt` does: a guess must not be shown to people. Written to a draft and renamed,
    so that a process that reads at the same moment sees the old file or the new one.
    """
    written = []
    for source in sorted(path for folder in folders for path in folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if not force and target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parts[-3])
        descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=target.name)
        with os.fdopen(descriptor, "wb") as file:
            write_mo(file, catalogue, use_fuzzy=False)
        Path(draft).chmod(0o644)
        Path(draft).replace(target)
        written.append(target)
    return written
