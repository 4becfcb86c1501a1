"""Making roster workbooks: the empty template, and what the system knows now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import IO, Any

from django.db.models import Q
from django.utils.translation import gettext as _

from branches.access import Actor
from branches.accounts import KEEPERS
from branches.models import Organization, Post, Term
from branches.roster.layout import ORGANIZATION_SHEET, POST_SHEET, ROLES
from branches.roster.writing import RosterBook

Target = Path | IO[bytes]
CHUNK = 2_000


def write_template(target: Target) -> None:
    """The workbook to fill in: both sheets empty, drop-downs, explanations with examples."""
    book = RosterBook()
    hint = _("Columns with * must be filled in. See the last sheet for every column.")
    book.table(ORGANIZATION_SHEET, (), title=str(ORGANIZATION_SHEET.title), subtitle=hint)
    book.table(POST_SHEET, (), title=str(POST_SHEET.title), subtitle=hint)
    book.explanations(how_to())
    book.save(target)


def how_to() -> list[str]:
    """What somebody who fills the workbook in has to know, a paragraph each."""
    return [
        _("Each row is one organization, or one post. Rows that are not in the file stay as they are."),
        _(
            "A code or system number that is known changes that organization; any other code adds one. Nothing is doubled."
        ),
        _(
            "An empty cell leaves things as they are; in a row that comes from an export it clears what stood there."
        ),
        _("The file is imported as a whole or not at all. The trial run before lists every error."),
        _("System administrators, security officers and auditors are not entered here."),
        _("Initial passwords are handed out after the import, on its page."),
    ]


def write_export(
    target: Target,
    *,
    reach: Actor | None,
    day: date,
    by: str,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[int, int]:
    """What stands in the system on a local day, within the reach of a keeper (None: everything).

    Organisations that are active and posts that have not ended, the three system duties left out. ``progress`` is told
    how many rows of how many are written. Returns the numbers of organisations and posts.
    """
    within = reach.duty_scope(KEEPERS, "path") if reach else Q()
    organizations = Organization.objects.filter(within).active_on(day).order_by("path")
    posts = (
        Post.objects.filter(reach.duty_scope(KEEPERS, "organization__path") if reach else Q(), role__in=ROLES)
        .filter(Q(until__isnull=True) | Q(until__gte=day))
        .filter(Q(organization__active_until__isnull=True) | Q(organization__active_until__gte=day))
        .order_by("organization__path", "since", "pk")
    )
    total = organizations.count() + posts.count()
    subtitle = _("%(name)s, as of %(day)s") % {"name": by, "day": f"{day:%Y-%m-%d}"}
    book = RosterBook(by=by)
    rows = _counted(_organization_rows(organizations), 0, total, progress)
    first = book.table(ORGANIZATION_SHEET, rows, title=str(ORGANIZATION_SHEET.title), subtitle=subtitle)
    rows = _counted(_post_rows(posts), first, total, progress)
    second = book.table(POST_SHEET, rows, title=str(POST_SHEET.title), subtitle=subtitle)
    book.explanations(how_to())
    book.save(target)
    return first, second


def _counted(
    rows: Iterator[list[Any]], before: int, total: int, progress: Callable[[int, int], None]
) -> Iterator[list[Any]]:
    for number, row in enumerate(rows, before + 1):
        if number % 500 == 0:
            progress(number, total)
        yield row


def _organization_rows(found: Any) -> Iterator[list[Any]]:
    kinds = dict(Organization.Kind.choices)
    terms = {
        place: (began, due)
        for place, began, due in Term.objects.running().values_list("organization_id", "began_on", "due_on")
    }
    tags: dict[int, list[str]] = defaultdict(list)
    through = Organization.tags.through.objects.order_by("tag__name")
    for place, name in through.values_list("organization_id", "tag__name"):
        tags[place].append(name)
    columns = (
        "pk",
        "version",
        "code",
        "name",
        "short_name",
        "kind",
        "parent__code",
        "unit",
        "area__name",
        "second_superior__code",
        "linked_leader__username",
        "full_members",
        "probationary_members",
        "active_from",
    )
    for row in found.values_list(*columns).iterator(chunk_size=CHUNK):
        (
            pk,
            version,
            code,
            name,
            short,
            kind,
            parent,
            unit,
            area,
            second,
            leader,
            full,
            probationary,
            since,
        ) = row
        began, due = terms.get(pk, (None, None))
        yield [
            code,
            name,
            short,
            str(kinds[kind]),
            parent or "",
            unit,
            area or "",
            "、".join(tags.get(pk, ())),
            second or "",
            leader or "",
            full,
            probationary,
            since,
            began,
            due,
            f"O{pk}.{version}",
        ]


def _post_rows(found: Any) -> Iterator[list[Any]]:
    roles = dict(Post.Role.choices)
    columns = (
        "pk",
        "organization__code",
        "organization__short_name",
        "role",
        "user__name",
        "user__username",
        "user__phone",
        "user__email",
        "since",
        "until",
    )
    for pk, code, short, role, name, account, phone, email, since, until in found.values_list(
        *columns
    ).iterator(chunk_size=CHUNK):
        ends = until.toordinal() if until else 0
        yield [code, short, str(roles[role]), name, account, phone, email, since, until, f"P{pk}.{ends}"]
