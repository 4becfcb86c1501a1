"""A secret key that nobody has to invent: made once, kept in a file only its owner can read."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path


def kept_secret_key(path: Path) -> str:
    """Return the key in ``path``; make it first when there is none.

    Several processes may start at the same moment: each writes a file of its own and tries to link it into place, one
    succeeds, and all read that one.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # mkstemp makes a file with mode 0600.
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(64))
        with suppress(FileExistsError):
            os.link(draft, path)
        Path(draft).unlink()
    return path.read_text(encoding="ascii").strip()
