"""What the figures are called and what they mean: the same words on pages, sheets and the sheet 说明."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from common import saying
from common.periods import Period
from reports.figures import Counts, Figure

Sentence = str | Promise


@dataclass(frozen=True)
class Label:
    """The name of a figure and its definition."""

    name: Sentence
    meaning: Sentence


FIGURES: dict[Figure, Label] = {
    Figure.OPENING: Label(
        pgettext_lazy("figure", "carried in"), _("Assigned before the period and open when it began.")
    ),
    Figure.ADDED: Label(pgettext_lazy("figure", "newly asked"), _("Assigned in the period.")),
    Figure.REOPENED: Label(
        pgettext_lazy("figure", "reopened"), _("Completed when the period began, and reopened in it.")
    ),
    Figure.DUE_IN: Label(
        pgettext_lazy("figure", "due"),
        _(
            "Of these, the due date in force falls before the cut-off. Overdue ones carried in are included; "
            "withdrawn ones are not, suspended ones only if they were late before they were suspended."
        ),
    ),
    Figure.DUE_DONE: Label(
        pgettext_lazy("figure", "due and done"), _("Of those due, completed at the cut-off.")
    ),
    Figure.DUE_ON_TIME: Label(
        pgettext_lazy("figure", "due and done on time"),
        _("Of those due, completed with work handed in by the due date in force."),
    ),
    Figure.DONE_IN: Label(
        pgettext_lazy("figure", "done"), _("Completed in the period, also ahead of a later due date.")
    ),
    Figure.DONE_LATE: Label(
        pgettext_lazy("figure", "of which late"),
        _("Of those done, the work finally accepted was handed in after the due date in force."),
    ),
    Figure.WITHDRAWN: Label(
        pgettext_lazy("figure", "withdrawn"), _("Withdrawn or given to another unit in the period.")
    ),
    Figure.CLOSING: Label(pgettext_lazy("figure", "carried over"), _("Open at the cut-off.")),
    Figure.SUSPENDED: Label(
        pgettext_lazy("figure", "of which suspended"), _("Of those carried over, suspended at the cut-off.")
    ),
    Figure.WAITING: Label(
        pgettext_lazy("figure", "of which awaiting review"),
        _("Of those carried over, handed in and not yet reviewed at the cut-off."),
    ),
    Figure.EXTENDED: Label(
        pgettext_lazy("figure", "extended with approval"),
        _("Tasks of the period with a granted extension; they count by the date in force."),
    ),
    Figure.OVERDUE: Label(
        pgettext_lazy("figure", "overdue"),
        _("In hand at the cut-off and past the due date. What was handed in in time is not overdue."),
    ),
    Figure.RED: Label(
        pgettext_lazy("figure", "red"), _("Red light at the cut-off: overdue, or not acknowledged in time.")
    ),
    Figure.YELLOW: Label(
        pgettext_lazy("figure", "yellow"),
        _("Yellow light at the cut-off: near the due date, behind pace, or returned."),
    ),
}


def say_cut_off(cut_off: datetime, period: Period) -> str:
    """2026年6月30日 24:00 for a finished period, else the very moment."""
    if cut_off < period.end:
        return saying.full_moment(cut_off)
    return f"{saying.full_date(period.last_day)} 24:00"


@dataclass(frozen=True)
class Rate:
    """A share over what was due."""

    code: str
    name: Sentence
    meaning: Sentence
    of: Callable[[Counts], float | None]


RATES: tuple[Rate, ...] = (
    Rate(
        "completion_rate",
        _("completion rate"),
        _("Due and done ÷ due. Without anything due there is no rate."),
        lambda counts: counts.completion_rate,
    ),
    Rate(
        "on_time_rate",
        _("on-time rate"),
        _("Due and done on time ÷ due."),
        lambda counts: counts.on_time_rate,
    ),
)

INDICATORS: dict[str, Label] = {
    "completion": Label(_("completion"), _("Weight × share of what was due that is done.")),
    "punctuality": Label(
        _("punctuality"),
        _("Weight less %(step)s for each task completed late; open ones already count under completion."),
    ),
    "quality": Label(_("quality"), _("Weight less %(step)s for each return of work handed in.")),
    "acknowledgement": Label(
        _("acknowledgement"), _("Weight less %(step)s for each task not acknowledged in time.")
    ),
}

HAPPENINGS: dict[str, Sentence] = {
    "not_done": _("not done"),
    "late": _("completed late"),
    "return": pgettext_lazy("happening", "returned"),
    "late_acknowledge": _("acknowledged late"),
}
