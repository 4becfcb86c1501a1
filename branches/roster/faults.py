"""What can be wrong with a roster, and the sentences that say so where it stands and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from branches.models import Organization
from branches.roster.shape import BadFile
from common.errors import Refused, Sentence

MOST = 20_000
"""Faults that are kept of one file. A file with more has one mistake many times."""

SENTENCES: dict[str, Sentence] = {
    # a cell by itself
    "needed": _("This must be filled in."),
    "not_text": _("This cell holds a truth value, not a text. Type it as text."),
    "digits_lost": _(
        "The spreadsheet has kept only 15 digits of this number. Format the cell as text and type it again."
    ),
    "formula": _("This cell holds a formula. Replace it by its value."),
    "error_value": _("This cell holds the error %(value)s."),
    "too_long": _("This is longer than %(count)s characters."),
    "not_key": _("Use only letters, digits and . _ @ + - here, without spaces."),
    "not_account": _("An account name has 2 to 150 letters, digits and . _ @ + - and no spaces."),
    "not_phone": _("This is no phone number."),
    "not_email": _("This is no e-mail address."),
    "not_choice": _("Choose one of: %(words)s."),
    "not_count": _("Enter a whole number, 0 or more."),
    "not_day": _("Enter a day, for example 2026-07-01."),
    "not_system": _("The system number was changed. Take it from a fresh export, or leave it empty."),
    # a row among others
    "twice": _("The same stands in row %(row)s."),
    "changed_since": _(
        "This was changed in the system after the export. Export it again and enter your change there."
    ),
    "no_such_record": _("There is no such record in your reach. Leave the system number empty."),
    "code_fixed": _("The code of an organization stays the same; it was %(known)s."),
    "kind_fixed": _("The kind of an organization is not changed; it is %(kind)s."),
    "founded_fixed": _("The day an organization was founded is not changed here; it is %(day)s."),
    "code_taken": _("This code belongs to an organization outside your reach. Choose another one."),
    "retired": _("This organization has ended."),
    "no_short_name": _("The full name is too long to be the short name, too. Enter a short name."),
    "needs_superior": _("Enter the code of the superior. Only at the very top there may be none."),
    "no_organization": _("There is no organization with this code, neither in the file nor in your reach."),
    "below_branch": _("A branch has no organizations below it. Choose another superior."),
    "below_itself": _("This organization would come to stand below itself."),
    "too_deep": _("The tree would become deeper than %(count)s levels."),
    "moved_today": _("It has been standing where it is only since %(day)s; it can be moved the day after."),
    "no_area": _("No work committee stands above; areas are parts of one."),
    "itself_second": _("An organization is not its own second superior."),
    "no_account": _("There is no such account, neither in the file nor in your reach."),
    "term_needs_begin": _("Enter the day the term began."),
    "term_needs_due": _("For this kind no length is laid down. Enter the day the re-election is due."),
    "term_due_early": _("The re-election falls due after the term began."),
    "term_early": _("The present term began on %(day)s; an earlier one is not entered here."),
    # a post
    "until_early": _("A post cannot end before it starts."),
    "account_taken": _("This account name belongs to somebody outside your reach."),
    "account_closed": _("This account is disabled. Enable it on its page first."),
    "own_account": _("Nobody grants a post to themselves."),
    "other_name": _("This account belongs to %(name)s. Correct the account, or the name."),
    "two_names": _("In row %(row)s the same account has another name, phone number or e-mail address."),
    "contact_outside": _(
        "This person also belongs to organizations outside your reach; phone number and e-mail are not changed here."
    ),
    "held_already": _("This person already holds this post, since %(day)s. Leave the first day as it is."),
    "since_fixed": _("The first day of a post is not changed; it is %(day)s."),
    "post_moved": _(
        "Organization and role of a post are not changed. Enter its last day and add a new row for the new post."
    ),
    "not_reopened": _("This post ends on %(day)s. Add a new row if it is to begin again."),
    "hand_over_early": _("The new holder begins after %(day)s, when the present one began."),
    "two_heads": _("%(name)s holds this post at the same time. Enter the last day of one of the two."),
    "post_outside": _("You grant no posts in this organization."),
}

BAD_FILES: dict[str, Sentence] = {
    "empty": _("The file is empty."),
    "too_large": _("The file is larger than %(megabytes)s MB. Split it."),
    "old_excel": _("This is an old workbook (.xls or .et). Save it as .xlsx and try again."),
    "encrypted": _("The workbook is protected by a password. Remove the password and try again."),
    "macro": _("The workbook holds macros or embedded objects. Save it as .xlsx without them."),
    "unknown_type": _("This is no roster: choose an .xlsx workbook or a .csv file."),
    "broken": _("The file is damaged. Open it in your office program, save it anew and try again."),
    "hostile": _("The file is built in a way that is not accepted. Copy its rows into a fresh template."),
    "formula": _("Cell %(cell)s holds a formula. Replace formulas by their values and try again."),
    "rows": _("The file reaches below row %(rows)s. Delete the rows below the table, or split it."),
    "columns": _("The file has more than %(columns)s columns. Delete the columns beside the table."),
    "long_cell": _("A cell holds more than %(characters)s characters."),
    "sheets": _("The workbook has more than %(sheets)s sheets."),
    "wrong_encoding": _("The text of the file cannot be read. Save it as CSV UTF-8 and try again."),
    "too_costly": _("The file takes too long to read. Copy its rows into a fresh template."),
    "no_headings": _("The headings were not found. Use the template, and leave its headings as they are."),
    "two_sheets": _("Two sheets hold the same table. Put their rows into one."),
    "two_columns": _("The heading “%(heading)s” stands twice on the sheet %(sheet)s."),
}


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: where it stands, and the sentence. ``column`` 0 is the whole row."""

    sheet: str
    row: int
    column: int
    code: str
    params: dict[str, Any] = field(default_factory=dict)
    sentences: ClassVar[Mapping[str, Sentence]] = SENTENCES
    """By code. Another table that is read the same way adds its own."""

    @property
    def sentence(self) -> str:
        """What is wrong and what to do, in the reader's language."""
        return str(self.sentences[self.code]) % {name: _shown(value) for name, value in self.params.items()}

    @property
    def place(self) -> str:
        """The cell as spreadsheets name it: C12."""
        return f"{letters(self.column)}{self.row}" if self.column else str(self.row)

    @property
    def column_letters(self) -> str:
        """The column as spreadsheets name it, or nothing for the whole row."""
        return letters(self.column) if self.column else ""

    def as_json(self) -> list[Any]:
        """For ``RosterFile.faults``."""
        return [self.sheet, self.row, self.column, self.code, self.params]


def letters(number: int) -> str:
    """1 is A, 27 is AA."""
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def refusal(bad: BadFile) -> Refused:
    """The refusal of a file that is not taken at all."""
    return Refused(str(BAD_FILES[bad.code]) % bad.params, code=f"roster_{bad.code}")


def _shown(value: Any) -> str:
    """A figure of a sentence; words that are choices of ours are kept by their value and said in the reader's language."""
    kinds = dict(Organization.Kind.choices)
    return str(kinds.get(value, value)) if isinstance(value, str) else str(value)


def from_json(values: list[Any]) -> Fault:
    """The inverse of ``as_json``."""
    return Fault(*values)
