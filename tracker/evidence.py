"""Keeping the files that show the work: checked by content, stored once by sha256, read through access rules."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import datetime
from pathlib import PurePath
from typing import IO

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from branches.access import Actor
from common.errors import NotAllowed, Refused
from tracker.models import StoredFile, Task
from tracker.transitions import decide, perform

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


def attach(task: Task, *, upload: File[bytes], actor: Actor, at: datetime) -> Task:
    """Keep an uploaded file and attach it to a task.

    Effects in order: ask the table whether this person may attach now; check size and content; store the bytes
    under their sha256 (outside any transaction; storing the same content again is nothing); then the act
    ``attach``. A refusal after storing leaves an unreferenced file, never a task with half a file.
    Raises NotAllowed or Refused with what to do.
    """
    allowed = decide(task, "attach", actor=actor, at=at)
    if not allowed.allowed:
        kind = NotAllowed if allowed.code == "not_allowed" else Refused
        raise kind(allowed.reason, code=allowed.code)
    name = safe_name(upload.name or "")
    media_type = _check(upload, name)
    stored = _store(upload, media_type)
    return perform(task, "attach", actor=actor, at=at, given={"file": stored, "name": name})


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
    """The bytes of a stored file, for a view that has already checked access."""
    return default_storage.open(_place(stored.sha256))


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


def _store(upload: File[bytes], media_type: str) -> StoredFile:
    digest = hashlib.sha256()
    upload.seek(0)
    for chunk in upload.chunks():
        digest.update(chunk)
    sha256 = digest.hexdigest()
    place = _place(sha256)
    if not default_storage.exists(place) or default_storage.size(place) != upload.size:
        upload.seek(0)
        default_storage.save(place, upload)
    stored, _created = StoredFile.objects.get_or_create(
        sha256=sha256, defaults={"size": upload.size, "media_type": media_type}
    )
    return stored


def _place(sha256: str) -> str:
    return f"evidence/{sha256[:2]}/{sha256}"
