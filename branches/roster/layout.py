"""The two sheets of a roster and their columns. One place says what is written, read, explained and checked."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches.models import Organization, Post
from common.errors import Sentence


class Kind(Enum):
    """What a column's cells hold."""

    TEXT = "text"
    PARAGRAPHS = "paragraphs"
    """A text that keeps its line breaks."""
    KEY = "key"
    """A text of letters and digits by which something is found: a code, an account, a phone number."""
    CHOICE = "choice"
    LIST = "list"
    """Several words with 、 between them."""
    COUNT = "count"
    DAY = "day"
    NOTE = "note"
    """For the reader only; an import passes over it."""
    SYSTEM = "system"
    """Hidden: the record's id and version."""


@dataclass(frozen=True)
class Column:
    """One column. ``help`` explains it on the sheet of explanations; ``example`` shows one."""

    name: str
    label: Sentence
    width: float
    kind: Kind = Kind.TEXT
    help: Sentence = ""
    example: str = ""
    needed: bool = False
    """Whether a new row must have it."""
    longest: int = 0
    choices: Mapping[str, Sentence] | None = None
    group: Sentence = ""

    @cached_property
    def words(self) -> dict[str, str]:
        """The values of the choices by what people write for them, in every language of the product."""
        found: dict[str, str] = {}
        for value, label in (self.choices or {}).items():
            found |= {folded(text): value for text in (value, *said_everywhere(label))}
        return found


@dataclass(frozen=True)
class Sheet:
    """A kind of sheet. It is recognised by ``keys``, the columns no such sheet can do without."""

    name: str
    title: Sentence
    columns: tuple[Column, ...]
    keys: tuple[str, ...]

    @property
    def key_columns(self) -> frozenset[str]:
        """The names that must all stand in the headings."""
        return frozenset(self.keys)

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """The columns by their names."""
        return {column.name: column for column in self.columns}

    def column_named(self, heading: str) -> str | None:
        """The name of the column with this heading, in any language of the product; stars and blanks do not matter."""
        return self._headings.get(folded(heading))

    @cached_property
    def _headings(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for column in self.columns:
            for text in said_everywhere(column.label):
                found.setdefault(folded(text), column.name)
        return found


def said_everywhere(text: Sentence) -> set[str]:
    """A translated text in every language of the product."""
    said = set()
    for language, _label in settings.LANGUAGES:
        with translation.override(language):
            said.add(str(text))
    return said


def folded(text: str) -> str:
    """A heading or a word of a choice without what people vary: width, case, blanks, line breaks, stars."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(plain.split()).strip("*:").casefold()


Role = Post.Role
ROLES = tuple(role for role in Role if role not in Post.SYSTEM_ROLES)
"""What an import may grant. The three system duties are granted one by one, by a security officer."""
SINGLE_ROLES = frozenset({Role.SECRETARY, Role.CHIEF})
"""Of these an organization has one at a time: a new one in the roster takes over from the present one."""

ORGANIZATION_SHEET = Sheet(
    "organizations",
    _("Party organizations"),
    (
        Column(
            "code",
            pgettext_lazy("roster", "Code"),
            14,
            Kind.KEY,
            _("Letters and digits, up to 30. Stays the same for ever; a row with a known code changes it."),
            "CZJ-03",
            needed=True,
            longest=30,
        ),
        Column(
            "name",
            pgettext_lazy("roster", "Full name"),
            32,
            help=_("As on the seal."),
            example="市财政局机关第三党支部",
            needed=True,
            longest=100,
        ),
        Column(
            "short_name",
            _("Short name"),
            18,
            help=_("As it is said; stands on all lists. Left empty: the full name."),
            example="财政局三支部",
            longest=40,
        ),
        Column(
            "kind",
            pgettext_lazy("roster", "Kind"),
            12,
            Kind.CHOICE,
            _("Choose from the list. It cannot be changed later."),
            needed=True,
            choices=dict(Organization.Kind.choices),
            example=Organization.Kind.BRANCH,
        ),
        Column(
            "parent",
            _("Code of the superior"),
            14,
            Kind.KEY,
            _(
                "The code of the organization directly above, in this sheet or in the system. Another one than now: it moves there today."
            ),
            "CZJ",
            longest=30,
        ),
        Column(
            "unit",
            _("Department"),
            18,
            help=_("The department as people say it."),
            example="市财政局",
            longest=100,
        ),
        Column(
            "area",
            _("Area"),
            12,
            help=_("The area of the work committee above. A new name makes a new area."),
            example="第二片区",
            longest=40,
        ),
        Column(
            "tags",
            _("Tags"),
            16,
            Kind.LIST,
            _("Words to choose receivers by, with 、 between them."),
            "窗口单位、青年支部",
            longest=30,
        ),
        Column(
            "second_superior",
            _("Code of the second superior"),
            14,
            Kind.KEY,
            _("Only under dual leadership."),
            longest=30,
        ),
        Column(
            "linked_leader",
            _("Account of the linked leader"),
            14,
            Kind.KEY,
            _("The leader who looks after this organization."),
            longest=150,
        ),
        Column(
            "full_members",
            pgettext_lazy("members", "full"),
            8,
            Kind.COUNT,
            _("Number of full members."),
            "23",
            group=_("Members"),
        ),
        Column(
            "probationary_members",
            pgettext_lazy("members", "probationary"),
            8,
            Kind.COUNT,
            _("Number of probationary members."),
            "1",
            group=_("Members"),
        ),
        Column(
            "active_from",
            _("Founded on"),
            12,
            Kind.DAY,
            _("Left empty: today. Is not changed later."),
            "2019-03-01",
        ),
        Column(
            "term_began",
            pgettext_lazy("term", "began on"),
            12,
            Kind.DAY,
            _("First day of the present term of office. A later day than known ends the term before."),
            "2024-06-20",
            group=_("Term of office"),
        ),
        Column(
            "term_due",
            pgettext_lazy("term", "re-election due"),
            12,
            Kind.DAY,
            _("Left empty: five years later for a committee, three for a general branch or a branch."),
            "2027-06-20",
            group=_("Term of office"),
        ),
        Column(
            "system", _("System number"), 0, Kind.SYSTEM, _("Do not change. It ties the row to its record.")
        ),
    ),
    keys=("code", "name"),
)

POST_SHEET = Sheet(
    "posts",
    _("Posts"),
    (
        Column(
            "organization",
            _("Code of the organization"),
            14,
            Kind.KEY,
            _("In the other sheet or in the system."),
            "CZJ-03",
            needed=True,
            longest=30,
        ),
        Column(
            "organization_name",
            _("Organization (for reading only)"),
            24,
            Kind.NOTE,
            _("Is not read; the code counts."),
            "财政局三支部",
        ),
        Column(
            "role",
            pgettext_lazy("roster", "Post"),
            12,
            Kind.CHOICE,
            _(
                "Choose from the list. A new secretary or chief takes over: the present one's post ends the day before."
            ),
            needed=True,
            choices={role.value: role.label for role in ROLES},
            example=Role.SECRETARY,
        ),
        Column(
            "name",
            pgettext_lazy("person", "Name"),
            12,
            help=_("As in the account, if the person has one."),
            example="陈立言",
            needed=True,
            longest=40,
        ),
        Column(
            "account",
            pgettext_lazy("roster", "Account"),
            18,
            Kind.KEY,
            _(
                "What the person signs in with: the staff or phone number. An unknown one makes an account. Another one than in the exported row: that person takes over."
            ),
            "13800000000",
            needed=True,
            longest=150,
        ),
        Column(
            "phone", _("Phone number"), 16, Kind.KEY, _("For reminders by SMS."), "13800000000", longest=20
        ),
        Column(
            "email",
            _("E-mail"),
            24,
            Kind.KEY,
            _("For reminders by e-mail."),
            "chen@example.gov.cn",
            longest=254,
        ),
        Column(
            "since",
            _("In post from"),
            12,
            Kind.DAY,
            _("First day. Is not changed later."),
            "2026-07-01",
            needed=True,
        ),
        Column("until", _("In post until"), 12, Kind.DAY, _("Last day; empty while the post goes on."), ""),
        Column(
            "system", _("System number"), 0, Kind.SYSTEM, _("Do not change. It ties the row to its record.")
        ),
    ),
    keys=("organization", "role", "account"),
)

SHEETS = (ORGANIZATION_SHEET, POST_SHEET)
EXPLANATIONS = _("Explanations")
PROBLEMS = pgettext_lazy("roster", "Problems")


def choice_named(column: Column, text: str) -> str | None:
    """The value of a choice by its word in any language of the product, or by the value itself."""
    return column.words.get(folded(text))
