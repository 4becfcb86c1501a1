"""The anchor: a signed digest of all histories, kept in a file outside the database; one of each day."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext as _

from common.clock import local_date
from common.errors import Refused
from tracker.verification import Anchored, differences, verify_history

log = logging.getLogger(__name__)
NAME = "anchor-%Y-%m-%d"


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


def anchor_day(directory: Path, *, at: datetime) -> list[str] | None:
    """Verify all histories against the newest anchor of the folder and write the anchor of the local day.

    Returns what is wrong, in words; None where the day's anchor is there already. What does not verify is not
    anchored: the next call looks again. The log gets a line either way, so that whoever collects it elsewhere holds a
    copy of the figures. Reads every event twice; writes nothing to the database. Raises Refused when a file cannot be
    read or written.
    """
    path = directory / local_date(at).strftime(NAME)
    if path.exists():
        return None
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        earlier = max(directory.glob("anchor-????-??-??"), default=None)
    except OSError as error:
        reason = {"file": directory, "reason": error.strerror}
        raise Refused(_("The anchor %(file)s cannot be written: %(reason)s") % reason) from error
    changed = _changed_since(earlier) if earlier else []
    verified = verify_history()
    wrong = [*map(str, verified.breaks), *changed]
    figures = {
        "events": verified.anchored.events,
        "subjects": verified.anchored.subjects,
        "wrong": len(wrong),
    }
    if wrong:
        log.error("the history does not verify", extra={**figures, "first": wrong[0]})
        return wrong
    write_anchor(path, verified.anchored, at=at)
    log.info("the history is anchored", extra={**figures, "file": path.name})
    return []


def _changed_since(path: Path) -> list[str]:
    anchored = read_anchor(path)
    return differences(anchored, verify_history(up_to=anchored.last).anchored)


def _signer() -> Signer:
    return Signer(salt="tracker.anchor.1")
