"""The lists behind the numbers: each number on a page is the length of one of these, and opens it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from reports.facts import Facts
from reports.figures import Figure
from reports.labels import FIGURES, Sentence
from reports.lives import TaskRow
from reports.rectification import FindingRow

Row = TaskRow | FindingRow


@dataclass(frozen=True)
class Listing:
    """A list by its name, what it is called, what counts in it, and how it is taken from the facts."""

    name: str
    label: Sentence
    meaning: Sentence
    take: Callable[[Facts], Sequence[Row]]
    of_findings: bool = False

    def rows(self, facts: Facts, *, unit: int | None = None, measure: int | None = None) -> list[Row]:
        """The rows, of everything or of one row of the tables by unit or by measure."""
        return [
            row
            for row in self.take(facts)
            if (unit is None or row.group.id == unit)
            and (measure is None or (isinstance(row, TaskRow) and row.measure_id == measure))
        ]


def _of(figure: Figure) -> Callable[[Facts], Sequence[Row]]:
    return lambda facts: facts.tasks_in(figure)


LISTINGS: dict[str, Listing] = {
    listing.name: listing
    for listing in (
        *(Listing(figure.value, label.name, label.meaning, _of(figure)) for figure, label in FIGURES.items()),
        Listing(
            Figure.OVERDUE.value,
            FIGURES[Figure.OVERDUE].name,
            FIGURES[Figure.OVERDUE].meaning,
            lambda facts: facts.overdue,
        ),
        Listing(
            "waiting_long",
            _("waiting for review for long"),
            _("Handed in more than 5 working days before the cut-off and not yet reviewed."),
            lambda facts: facts.waiting_long,
        ),
        Listing(
            "returned_often",
            _("returned more than once"),
            _("Open at the cut-off, returned more than once."),
            lambda facts: facts.returned_often,
        ),
        Listing(
            "findings",
            _("open findings"),
            _("Findings not closed out at the cut-off."),
            lambda facts: [finding for finding in facts.findings if finding.is_open],
            of_findings=True,
        ),
        Listing(
            "findings_overdue",
            _("findings past their date"),
            _("Findings assigned or being put right at the cut-off, and past their date."),
            lambda facts: [finding for finding in facts.findings if finding.is_overdue],
            of_findings=True,
        ),
    )
}
