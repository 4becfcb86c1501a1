"""Keeping the files that show the work: checked by content, stored once by sha256, read through access rules."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePath
from typing import IO, TypeVar

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils.translation import gettext as _

from branches.access import Actor
from common.errors import NotAllowed, Refused, Sentence
from tracker.models import Evidence, Finding, StoredFile, Task
from tracker.quotas import why_no_room
from tracker.scanning import scanner_is_set
from tracker.transitions import decide, perform

Scan = StoredFile.Scan
S = TypeVar("S", bound=Task | Finding)

MAX_BYTES = 50 * 1024 * 1024
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069/\\]")
_HEADS: list[tuple[bytes, frozenset[str], str]] = [
    (b"%PDF-", frozenset({".pdf"}), "application/pdf"),
    (b"\xff\xd8\xff", frozenset({".jpg", ".jpeg"}), "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", frozenset({".png"}), "image/png"),
    (b"PK\x03\x04", frozenset({".docx", ".xlsx", ".pptx"}), "application/octet-stream"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", frozenset({".doc", ".xls", ".ppt"}), "application/octet-stream"),
]
"""First bytes of what is accepted, with the endings that may claim them."""
ACCEPT = "image/jpeg,image/png," + ",".join(sorted({e for _h, endings, _m in _HEADS for e in endings}))
"""The same for a file input, which on a phone then offers the camera."""
TONES = {Scan.CLEAN: "good", Scan.INFECTED: "bad", Scan.FAILED: "warn", Scan.WAITING: ""}


def attach(subject: S, *, upload: File[bytes], actor: Actor, at: datetime, replaces: int | None = None) -> S:
    """Keep an uploaded file and attach it to a task or finding; ``replaces`` names the evidence it is the newer
    version of.

    Effects in order: ask the table whether this person may attach now; check size and content; check that there
    is room; store the bytes under their sha256 (outside any transaction; storing the same content again is
    nothing); then the act ``attach``. A refusal after storing leaves an unreferenced file, never a subject with
    half a file. Raises NotAllowed or Refused with what to do.
    """
    allowed = decide(subject, "attach", actor=actor, at=at)
    if not allowed.allowed:
        kind = NotAllowed if allowed.code == "not_allowed" else Refused
        raise kind(allowed.reason, code=allowed.code)
    name = safe_name(upload.name or "")
    media_type = _check(upload, name)
    sha256 = _digest(upload)
    assert upload.size
    if reason := why_no_room(subject, size=upload.size, sha256=sha256, user=actor.user, at=at):
        raise Refused(reason, code="no_room")
    stored = _store(upload, sha256, media_type)
    given = {"file": stored, "name": name, "replaces": replaces}
    return perform(subject, "attach", actor=actor, at=at, given=given)


def safe_name(name: str) -> str:
    """A name to show and to offer for download: NFC, no path, no control or direction characters, ≤ 120."""
    cleaned = _CONTROL.sub("", unicodedata.normalize("NFC", PurePath(name.replace("\\", "/")).name)).strip(
        " ."
    )
    stem, dot, ending = cleaned.rpartition(".")
    if dot and len(ending) <= 8:
        return f"{stem[: 119 - len(ending)]}.{ending}"
    return cleaned[:120] or _("file")


def open_file(stored: StoredFile) -> IO[bytes]:
    """The bytes of a stored file, for a caller that has checked access and `why_withheld`.

    Raises NotAllowed for an infected one, whoever asks.
    """
    if stored.scan == Scan.INFECTED:
        raise NotAllowed(_("The scanner found malicious software in this file; it is given to nobody."))
    return stored.open()


def why_withheld(item: Evidence, *, actor: Actor) -> Sentence | None:
    """Why a file in sight is not given out to this person now, or None.

    An infected one is given to nobody. While a scanner is set, one that it has not found clean is given only to
    the person who attached it.
    """
    if item.file.scan == Scan.INFECTED:
        return _("“%(name)s” is not given out: the scanner found malicious software in it.") % {
            "name": item.name
        }
    if not scanner_is_set() or item.file.scan == Scan.CLEAN or item.added_by_id == actor.user.pk:
        return None
    if item.file.scan == Scan.FAILED:
        return _(
            "“%(name)s” could not be scanned and is therefore not given out. Tell the administrator, or ask for a new file."
        ) % {"name": item.name}
    return _("“%(name)s” has not been scanned yet. Try again in a few minutes.") % {"name": item.name}


@dataclass(frozen=True)
class Shown:
    """A file as a page shows it: the newest version with the earlier ones below it, newest first."""

    item: Evidence
    withheld: Sentence | None
    state: Sentence
    """What the scanner says, in words; empty where there is nothing to say."""
    tone: str
    earlier: Sequence[Shown] = field(default=())

    @property
    def url(self) -> str:
        """Where it is downloaded."""
        item = self.item
        if item.finding_id:
            return reverse("tracker:finding_evidence_file", args=[item.finding_id, item.pk])
        return reverse("tracker:evidence_file", args=[item.task_id, item.pk])

    @property
    def is_picture(self) -> bool:
        """Whether a browser may show it as a picture here and now."""
        return self.item.file.media_type.startswith("image/") and not self.withheld


def shown(items: Iterable[Evidence], *, actor: Actor) -> list[Shown]:
    """All evidence of one subject (with ``file`` and ``added_by`` loaded) for its page, in order of arrival."""
    items = list(items)
    before = {item.replaced_by_id: item for item in items if item.replaced_by_id}

    def one(item: Evidence, earlier: Sequence[Shown] = ()) -> Shown:
        scan = Scan(item.file.scan)
        if scanner_is_set() and scan == Scan.NOT_SCANNED:
            scan = Scan.WAITING
        word = scan.label if scanner_is_set() or scan == Scan.INFECTED else ""
        return Shown(item, why_withheld(item, actor=actor), word, TONES.get(scan, ""), earlier)

    def versions(item: Evidence) -> list[Shown]:
        found = []
        while older := before.get(item.pk):
            found.append(one(older))
            item = older
        return found

    return [one(item, versions(item)) for item in items if not item.replaced_by_id]


def _check(upload: File[bytes], name: str) -> str:
    if not upload.size:
        raise Refused(_("“%(name)s” is empty. Choose another file.") % {"name": name})
    if upload.size > MAX_BYTES:
        raise Refused(
            _("“%(name)s” is larger than 50 MB. Make it smaller and upload it again.") % {"name": name}
        )
    upload.seek(0)
    head = upload.read(16)
    ending = PurePath(name).suffix.lower()
    for start, endings, media_type in _HEADS:
        if head.startswith(start) and ending in endings:
            return media_type
    raise Refused(
        _(
            "“%(name)s” is not a picture (jpg, png), pdf or office file, or its content is not what its name says."
        )
        % {"name": name}
    )


def _digest(upload: File[bytes]) -> str:
    digest = hashlib.sha256()
    upload.seek(0)
    for chunk in upload.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def _store(upload: File[bytes], sha256: str, media_type: str) -> StoredFile:
    place = StoredFile(sha256=sha256).place
    whole = default_storage.exists(place) and default_storage.size(place) == upload.size
    if not whole:
        # what a full disk cut short would keep the name from the whole file
        default_storage.delete(place)
        upload.seek(0)
        default_storage.save(place, upload)
    scan = Scan.WAITING if scanner_is_set() else Scan.NOT_SCANNED
    stored, _created = StoredFile.objects.get_or_create(
        sha256=sha256, defaults={"size": upload.size, "media_type": media_type, "scan": scan}
    )
    return stored
