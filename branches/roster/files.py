"""Roster files: received, looked at, released, exported, handed out from, cleared away. Who may, and in which order.

An administrator uploads; the check runs as a job and changes nothing. What concerns organisations and accounts the
administrator imports alone; as soon as a file changes posts, a security officer releases it (三员分立): making an
account and giving it rights stay two people's acts, whether one is concerned or ten thousand.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import IO, Any

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from branches.access import Actor
from branches.accounts import KEEPERS, accounts_kept_by
from branches.many_accounts import hand_out_passwords
from branches.models import Organization, RosterFile, User
from branches.roster.changes import Changes
from branches.roster.checking import check_roster
from branches.roster.exporting import write_export
from branches.roster.faults import refusal
from branches.roster.importing import Outcome, import_roster
from branches.roster.marking import write_marked
from branches.roster.password_sheet import write_password_sheet
from branches.roster.reach import GRANTERS, ORGANIZERS, Reach
from branches.roster.reading import RawSheet, read_roster
from branches.roster.shape import MAX_FILE_BYTES, BadFile, check_shape
from common.audit import record
from common.cells import clean
from common.clock import local_date
from common.errors import NotAllowed, Refused, Stale
from common.jobs import request_job
from common.models import AuditEntry
from common.ooxml import MEGABYTE

KEPT_DAYS = 30
"""Roster files hold names and phone numbers; after so many days they are deleted."""
Stage = RosterFile.Stage
ProgressTold = Callable[[int, int, str], None]


def files_of(actor: Actor) -> QuerySet[RosterFile]:
    """The roster files this keeper may see: those of their reach. Nobody else sees any."""
    return RosterFile.objects.filter(actor.duty_scope(KEEPERS, "organization__path"))


def top_of(actor: Actor) -> Organization:
    """The topmost organisation a keeper looks after. Raises NotAllowed for anybody else."""
    held = [post.organization for post in actor.posts if post.role in KEEPERS]
    if not held:
        raise NotAllowed(_("Only system administrators and security officers import and export the roster."))
    return min(held, key=lambda organization: (len(organization.path), organization.path))


def receive_roster(uploaded: Any, *, actor: Actor, at: datetime) -> RosterFile:
    """Take an uploaded file in and ask for its check. Raises Refused at once for what is no roster or built to harm.

    Effects in order: a look at the bytes, which costs a moment; the file stored; files older than ``KEPT_DAYS`` deleted;
    the row and the job written.
    """
    organization = top_of(actor)
    if uploaded.size > MAX_FILE_BYTES:
        raise refusal(BadFile("too_large", megabytes=MAX_FILE_BYTES // MEGABYTE))
    name = _plain_name(uploaded.name)
    with _on_disk(uploaded) as (path, sha256):
        try:
            kind = check_shape(path, name)
        except BadFile as bad:
            raise refusal(bad) from bad
        clear_old_files(at=at)
        roster = RosterFile(
            kind=RosterFile.Kind.IMPORT,
            stage=Stage.CHECKING,
            organization=organization,
            name=name,
            sha256=sha256,
            asked_by=actor.user,
            asked_at=at,
        )
        with path.open("rb") as content:
            roster.file.save(f"{sha256[:16]}.{kind}", File(content), save=False)
    with transaction.atomic():
        roster.save()
        request_job(
            "check_roster",
            payload={"roster": roster.pk},
            requested_by=actor.user,
            at=at,
            key=roster.job_key,
        )
    return roster


def check_received(roster: RosterFile, *, actor: Actor, at: datetime, progress: ProgressTold) -> None:
    """Find out what a received file would change and what is wrong with it; store both. May be repeated."""
    progress(0, 3, _("Reading the file …"))
    try:
        sheets = _sheets_of(roster)
    except BadFile as bad:
        raise refusal(bad) from bad
    progress(1, 3, _("Checking the rows …"))
    changes = check_roster(sheets, reach=Reach(actor), day=local_date(at))
    progress(2, 3, _("Marking what is wrong …") if changes.faults else "")
    _note_check(roster, changes, sheets, at=at)
    progress(3, 3, "")


def why_not_release(roster: RosterFile, actor: Actor) -> str:
    """Why this keeper cannot import a checked file; empty when they can."""
    if roster.figures.get("touches_posts") and not actor.roles & GRANTERS:
        return _("This file changes posts: a security officer has to release it.")
    organizers = {post.role for post in Actor.on(roster.asked_by, actor.day).posts} | set(actor.roles)
    if roster.figures.get("touches_organizations") and not organizers & ORGANIZERS:
        return _("This file changes organizations or accounts: a system administrator has to upload it.")
    return ""


def release_roster(roster: RosterFile, *, actor: Actor, at: datetime) -> RosterFile:
    """Ask for the import of a checked file. Pressing twice asks once; after a failure, pressing tries again.

    Raises NotAllowed for the wrong duty, Stale when it is not ready any more.
    """
    if why := why_not_release(roster, actor):
        raise NotAllowed(why)
    with transaction.atomic():
        locked = RosterFile.objects.select_for_update().get(pk=roster.pk)
        if locked.kind != RosterFile.Kind.IMPORT or locked.stage != Stage.READY:
            raise Stale(_("This file cannot be imported any more. Look at it again."))
        locked.released_by = actor.user
        locked.save(update_fields=["released_by"])
        request_job(
            "import_roster",
            payload={"roster": locked.pk},
            requested_by=actor.user,
            at=at,
            key=locked.job_key,
        )
    return locked


def import_released(
    roster: RosterFile, *, keeper: Actor, granter: Actor, at: datetime, progress: ProgressTold
) -> Outcome | None:
    """Import a released file as a whole or not at all. Done already: nothing happens. May be repeated.

    Faults that have come up since the check are stored like those of a check, and nothing is imported.
    """
    if roster.stage == Stage.IMPORTED:
        return None
    progress(0, 3, _("Reading the file …"))
    try:
        sheets = _sheets_of(roster)
    except BadFile as bad:
        raise refusal(bad) from bad
    progress(1, 3, _("Writing …"))
    with transaction.atomic():
        outcome = import_roster(
            sheets,
            reach=Reach(keeper, granter),
            by=granter.user,
            at=at,
            name=roster.name,
            sha256=roster.sha256,
        )
        changes = outcome.changes
        if not changes.faults:
            RosterFile.objects.filter(pk=roster.pk).update(
                stage=Stage.IMPORTED if not changes.is_empty else Stage.EMPTY,
                figures=changes.figures(),
                accounts=outcome.account_ids,
                finished_at=at,
            )
    if changes.faults:
        _note_check(roster, changes, sheets, at=at)
    progress(3, 3, "")
    return outcome


def request_export(*, actor: Actor, at: datetime) -> RosterFile:
    """Ask for the roster of this keeper's reach as a workbook."""
    organization = top_of(actor)
    clear_old_files(at=at)
    name = _("Roster %(name)s %(day)s") % {
        "name": organization.short_name,
        "day": f"{local_date(at):%Y-%m-%d}",
    }
    with transaction.atomic():
        roster = RosterFile.objects.create(
            kind=RosterFile.Kind.EXPORT,
            stage=Stage.WRITING,
            organization=organization,
            name=_plain_name(f"{name}.xlsx"),
            asked_by=actor.user,
            asked_at=at,
        )
        request_job(
            "export_roster",
            payload={"roster": roster.pk},
            requested_by=actor.user,
            at=at,
            key=roster.job_key,
        )
    return roster


def export_requested(roster: RosterFile, *, actor: Actor, at: datetime, progress: ProgressTold) -> None:
    """Write the workbook of an asked export and keep it; a line in the audit log says who took it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roster.xlsx"
        organizations, posts = write_export(
            path,
            reach=actor,
            day=local_date(at),
            by=top_of(actor).name,
            progress=lambda done, total: progress(done, total, ""),
        )
        sha256 = _sha256(path)
        with path.open("rb") as content, transaction.atomic():
            roster.file.save(f"{sha256[:16]}.xlsx", File(content), save=False)
            roster.sha256, roster.stage, roster.finished_at = sha256, Stage.WRITTEN, at
            roster.figures = {"organizations": organizations, "posts": posts}
            roster.save(update_fields=["file", "sha256", "stage", "finished_at", "figures"])
            data = {"file": roster.name, "sha256": sha256} | roster.figures
            record(AuditEntry.Kind.EXPORT, at=at, user=actor.user, data=data)


def waiting_accounts(roster: RosterFile, actor: Actor) -> QuerySet[User]:
    """The accounts an import made, in this administrator's reach, that were never used: they wait for a password."""
    return accounts_kept_by(actor).filter(
        Q(pk__in=roster.accounts), last_login__isnull=True, is_active=True, must_change_password=True
    )


def hand_out(
    roster: RosterFile, target: IO[bytes], *, actor: Actor, at: datetime, address: str, client: str | None
) -> int:
    """Write fresh initial passwords of an import's unused accounts into ``target``; returns how many.

    Nothing of it is kept: whoever loses the list fetches another one, and this one opens nothing any more.
    """
    if not actor.roles & ORGANIZERS:
        raise NotAllowed(_("Only a system administrator hands out initial passwords."))
    given = hand_out_passwords(waiting_accounts(roster, actor), by=actor.user, at=at, address=client)
    if not given:
        raise Refused(_("Nobody waits for an initial password any more."))
    write_password_sheet(target, given, address=address, days=settings.INITIAL_PASSWORD_DAYS)
    return len(given)


def clear_old_files(*, at: datetime) -> int:
    """Delete what is older than ``KEPT_DAYS``, files and rows; returns how many."""
    old = list(RosterFile.objects.filter(asked_at__lt=at - timedelta(days=KEPT_DAYS))[:100])
    for roster in old:
        for stored in (roster.file, roster.marked):
            if stored:
                stored.delete(save=False)
        roster.delete()
    return len(old)


def _sheets_of(roster: RosterFile) -> list[RawSheet]:
    with roster.file.open("rb") as stored, _on_disk(stored) as (path, _sha):
        return read_roster(path, roster.file.name or "")


def _note_check(roster: RosterFile, changes: Changes, sheets: list[RawSheet], *, at: datetime) -> None:
    if changes.faults:
        with tempfile.TemporaryFile() as marked:
            write_marked(marked, sheets, changes.faults)
            marked.seek(0)
            if roster.marked:
                roster.marked.delete(save=False)
            roster.marked.save(f"{roster.sha256[:16]}-marked.xlsx", File(marked), save=False)
    roster.stage = Stage.FAULTY if changes.faults else Stage.EMPTY if changes.is_empty else Stage.READY
    roster.faults = [fault.as_json() for fault in changes.faults]
    headings = {
        sheet.title: {str(place + 1): name for name, place in sheet.columns.items()}
        for sheet in sheets
        if sheet.layout
    }
    roster.figures, roster.finished_at = changes.figures() | {"headings": headings}, at
    roster.save(update_fields=["marked", "stage", "faults", "figures", "finished_at"])


@contextmanager
def _on_disk(content: Any) -> Iterator[tuple[Path, str]]:
    """A file of any origin as one on the local disk, which the parser can open, and its digest."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roster"
        with path.open("wb") as copy:
            content.seek(0)
            shutil.copyfileobj(content, copy)
        yield path, _sha256(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _plain_name(name: str) -> str:
    """The name a file came with, as data: no folder, no control characters, at most 120 characters."""
    plain = unicodedata.normalize("NFC", clean(PurePath(name.replace("\\", "/")).name).replace("\n", " "))
    suffix = PurePath(plain).suffix[:10]
    return plain if len(plain) <= 120 else plain[: 120 - len(suffix)] + suffix
