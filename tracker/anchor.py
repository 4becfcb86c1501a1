"""The anchor: a signed digest of all histories, kept in a file outside the database."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext as _

from common.errors import Refused
from tracker.verification import Anchored


def write_anchor(path: Path, anchored: Anchored, *, at: datetime) -> None:
    """Write the anchor, whole or not at all; an existing file is never overwritten.

    One line, signed with the site's secret key, which the database does not hold. Raises Refused when it cannot be
    written.
    """
    content = {"at": at.isoformat(timespec="seconds"), **asdict(anchored)}
    line = _signer().sign(json.dumps(content, sort_keys=True, separators=(",", ":")))
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="ascii") as stream:
            stream.write(line + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        os.link(part, path)
    except OSError as error:
        reason = {"file": path, "reason": error.strerror}
        raise Refused(_("The anchor %(file)s cannot be written: %(reason)s") % reason) from error
    finally:
        part.unlink(missing_ok=True)


def read_anchor(path: Path) -> Anchored:
    """What an anchor holds. Raises Refused when it cannot be read, or was not signed with this site's key."""
    try:
        line = path.read_text(encoding="ascii").strip()
        content = json.loads(_signer().unsign(line))
        return Anchored(**{name: content[name] for name in ("last", "events", "subjects", "blocks")})
    except OSError as error:
        reason = {"file": path, "reason": error.strerror}
        raise Refused(_("The anchor %(file)s cannot be read: %(reason)s") % reason) from error
    except (BadSignature, ValueError, KeyError, TypeError) as error:
        raise Refused(
            _("%(file)s is not an anchor of this site, or somebody changed it.") % {"file": path}
        ) from error


def _signer() -> Signer:
    return Signer(salt="tracker.anchor.1")
