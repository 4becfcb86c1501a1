"""The columns of the task list, in the order offices know it; what is only for editing stands right of what is printed."""

from __future__ import annotations

import re
from dataclasses import replace

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches.roster.faults import SENTENCES, Fault
from branches.roster.layout import Column, Kind, Sheet, folded, said_everywhere
from tracker.models import Measure
from tracker.variants import HELP

PRINTED = 12
"""Columns that are printed: those of the task list as offices publish it."""
_NUMBERED = re.compile(r"^[一二三四五六七八九十百]+、")
_WHO, _WHEN = pgettext_lazy("task list", "Responsibility"), pgettext_lazy("task list", "Time")
_TARGET = pgettext_lazy("task list", "Target")

SHEET = Sheet(
    "measures",
    pgettext_lazy("task list", "Key tasks"),
    (
        Column(
            "number",
            pgettext_lazy("task list", "No."),
            5,
            Kind.NOTE,
            _("Given by the system; not read."),
            "3",
        ),
        Column(
            "source",
            pgettext_lazy("task list", "Source"),
            16,
            help=_(
                "For a new row: where it comes from. Words of a source in the system are not changed here."
            ),
            example="市委常委会工作要点",
            needed=True,
            longest=200,
        ),
        Column(
            "title",
            pgettext_lazy("task list", "Key task"),
            28,
            help=_("The title of the measure; stands once in a plan."),
            example="召开警示教育大会",
            needed=True,
            longest=120,
        ),
        Column(
            "requirement",
            pgettext_lazy("task list", "What is asked"),
            36,
            Kind.PARAGRAPHS,
            _("What the units are to do."),
            "围绕典型案例开展一次警示教育",
            longest=5000,
        ),
        Column(
            "responsible_leader",
            _("Responsible leader"),
            10,
            help=_(
                "Somebody with a leading post in or above the issuing organization. Choose from the list."
            ),
            example="张三",
            longest=80,
            group=_WHO,
        ),
        Column(
            "lead",
            _("Lead unit"),
            14,
            help=_("Short name, full name or code of an organization at or below the issuing one."),
            example="市直机关工委",
            longest=100,
            group=_WHO,
        ),
        Column(
            "supporting",
            pgettext_lazy("task list", "Supporting units"),
            14,
            help=_("With 、 between them; also units outside the Party tree."),
            example="市财政局、市人社局",
            longest=200,
            group=_WHO,
        ),
        Column(
            "starts",
            pgettext_lazy("task list", "Start"),
            10,
            Kind.NOTE,
            _("The day the plan was issued; not read."),
            group=_WHEN,
        ),
        Column(
            "due",
            pgettext_lazy("task list", "To be done by"),
            10,
            Kind.DAY,
            _("A day. Empty where there is a cadence."),
            "2026-06-30",
            group=_WHEN,
        ),
        Column("progress", pgettext_lazy("task list", "Progress"), 30, Kind.NOTE, _("Not read.")),
        Column("state", pgettext_lazy("task list", "State"), 8, Kind.NOTE, _("Not read.")),
        Column("remark", pgettext_lazy("task list", "Remark"), 10, Kind.NOTE, _("Not read.")),
        Column(
            "cadence",
            _("Cadence"),
            10,
            Kind.CHOICE,
            _("Choose from the list; once where nothing is chosen."),
            Measure.Cadence.ONCE,
            choices=dict(Measure.Cadence.choices),
        ),
        Column(
            "deliverable",
            _("Deliverable"),
            20,
            help=_("What there is to show in the end."),
            example="会议记录",
            longest=200,
        ),
        Column(
            "target_number",
            pgettext_lazy("task list", "Number"),
            9,
            help=_("Only where something is counted."),
            example="20",
            longest=14,
            group=_TARGET,
        ),
        Column("target_unit", _("Unit"), 8, example="个", longest=20, group=_TARGET),
        Column(
            "target_of",
            pgettext_lazy("task list", "What is counted"),
            14,
            example="党建品牌",
            longest=100,
            group=_TARGET,
        ),
        Column(
            "receiver_kinds",
            _("Received by all of kind"),
            16,
            Kind.LIST,
            _(
                "Kinds of organization with 、 between them: all of these kinds below the issuing one receive it."
            ),
            "党支部",
            longest=40,
        ),
        Column(
            "receivers",
            _("Also received by"),
            20,
            Kind.LIST,
            _("Single organizations by short name, full name or code, with 、 between them."),
            "财政局机关党委",
            longest=100,
        ),
        Column(
            "evidence",
            pgettext_lazy("task list", "Evidence"),
            18,
            help=_("Which evidence is wanted. “Not required” where none is; empty where any will do."),
            example="签到表、照片",
            longest=200,
        ),
        Column(
            "variants",
            pgettext_lazy("task list", "Asked of some otherwise"),
            28,
            Kind.PARAGRAPHS,
            HELP,
            "党支部：开展主题党日\n书记：讲专题党课",
            longest=10_000,
        ),
        Column(
            "system",
            pgettext_lazy("task list", "System number"),
            0,
            Kind.SYSTEM,
            _("Do not change. It ties the row to its measure."),
        ),
    ),
    keys=("title", "requirement"),
)
PASTED = replace(SHEET, keys=("title",))
"""Pasted rows have no other sheet beside them, so one heading is enough to know the headings by."""
NO_EVIDENCE = pgettext_lazy("task list", "Not required")
NO_THEME = pgettext_lazy("task list", "Other")


class MeasureFault(Fault):
    """A fault of this table: the roster's sentences about cells, and those about measures."""

    sentences = {
        **SENTENCES,
        "not_in_plan": _(
            "This measure is not in this plan any more. Export again, or leave the system number empty to add it anew."
        ),
        "title_taken": _(
            "No. %(number)s of this plan has the same title. Take its row from a fresh export, or change this title."
        ),
        "issued": _(
            "“%(title)s” has been issued; it is changed by an amendment on its page, so that the units are told."
        ),
        "not_proposed": _("This measure is %(state)s; it is not changed here."),
        "needs_source": _("Say where this comes from, or why it has no source."),
        "source_fixed": _("This measure rests on words of a source; that is not changed here."),
        "no_leader": _("%(name)s holds no leading post in or above %(unit)s. Choose from the list."),
        "two_leaders": _(
            "Several people have this name. Choose from the list, where the post stands beside it."
        ),
        "no_unit": _("There is no organization “%(name)s” at or below %(unit)s."),
        "two_units": _("Several organizations are called “%(name)s”. Enter the code instead."),
        "branch_leads": _("A branch does not lead a measure. Choose a committee or a leading group."),
        "not_unit_kind": _(
            "“%(name)s” is no kind of organization at or below %(unit)s. There are: %(words)s."
        ),
        "not_number": _("Enter a number, 0 or more."),
        "needs_unit": _("Say in which unit the target is counted."),
        "variants": "%(why)s",
        "due_year": _("Check the year of this date."),
        "due_early": _("This date lies before the plan's period. Choose a later day."),
        "no_such_theme": _("There is no theme “%(name)s”. There are: %(words)s."),
    }


def theme_named(text: str) -> str | None:
    """The theme a group row names, numbered or not, in any language; "" for those without; None for no theme at all."""
    plain = folded(_NUMBERED.sub("", text.strip()))
    if plain in {folded(said) for said in said_everywhere(NO_THEME)}:
        return ""
    for theme in Measure.Theme:
        if plain in {folded(said) for said in said_everywhere(theme.label)}:
            return theme.value
    return None


def is_no_evidence(text: str) -> bool:
    """Whether the evidence column says that none is wanted."""
    return folded(text) in {folded(said) for said in said_everywhere(NO_EVIDENCE)}
