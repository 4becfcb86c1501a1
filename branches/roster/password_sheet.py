"""The list of initial passwords that is handed out: made in the moment it is fetched, and kept nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from branches.models import User
from branches.roster.looks import Styles, add_head, append, cell_of, set_up_page
from common.cells import sheet_title


def write_password_sheet(
    target: IO[bytes], given: Sequence[tuple[User, str]], *, address: str, days: int
) -> None:
    """One row an account: to be cut up and handed over in person. ``days``: how long a password holds, 0 for ever."""
    names = [
        (_("Kept by"), 26),
        (pgettext("person", "Name"), 12),
        (pgettext("roster", "Account"), 22),
        (_("Initial password"), 26),
        (_("Sign in at"), 30),
    ]
    title = _("Initial passwords")
    book = Workbook(write_only=True)
    sheet = book.create_sheet(sheet_title(title))
    set_up_page(sheet, [width for _name, width in names])
    sheet.page_setup.orientation = "portrait"
    sheet.freeze_panes = "A4"
    styles = Styles(sheet)
    hint = (
        ngettext(
            "Good for %(count)s day, for the first sign-in.",
            "Good for %(count)s days, for the first sign-in.",
            days,
        )
        % {"count": days}
        if days
        else _("For the first sign-in.")
    )
    add_head(sheet, styles, title, hint, len(names))
    append(sheet, 3, [cell_of(sheet, name, styles.header) for name, _width in names], 1)
    for row, (user, password) in enumerate(given, 4):
        values = [str(user.organization or ""), user.name, user.username, password, address]
        append(sheet, row, [cell_of(sheet, value, styles.text) for value in values], 1)
    sheet.print_title_rows = "1:3"
    sheet.print_area = f"A1:{get_column_letter(len(names))}{3 + len(given)}"
    book.save(target)
