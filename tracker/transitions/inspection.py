"""The table of the inspection (督查)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from branches.models import Organization
from tracker.models import Finding, Inspection, Visit
from tracker.transitions import forms
from tracker.transitions.engine import Context, Sentence, Transition
from tracker.transitions.parties import INSPECTOR, ISSUER, OFFICE

State = Inspection.State


def _sample_is_drawn(context: Context) -> Sentence | None:
    if context.subject.sampled and not context.subject.seed:
        return _("Draw the sample first.")
    return None


def _make_visits(context: Context) -> None:
    from tracker.inspections import chosen_codes

    organizations = Organization.objects.filter(code__in=chosen_codes(context.subject))
    Visit.objects.bulk_create(
        [Visit(inspection=context.subject, organization=organization) for organization in organizations],
        ignore_conflicts=True,
    )


def _report(context: Context) -> None:
    context.subject.conclusion = context.given["conclusion"]


def _findings_are_assigned(context: Context) -> Sentence | None:
    waiting = Finding.objects.filter(visit__inspection=context.subject, state=Finding.State.FOUND)
    return _("Assign or drop every finding first.") if waiting.exists() else None


TABLE: list[Transition] = [
    Transition(
        "start",
        _("Start"),
        frozenset({State.PLANNED}),
        State.UNDER_WAY,
        who=(INSPECTOR, OFFICE),
        guard=_sample_is_drawn,
        after=_make_visits,
        primary=True,
    ),
    Transition(
        "report",
        _("Report the conclusion"),
        frozenset({State.UNDER_WAY}),
        State.REPORTED,
        who=(INSPECTOR,),
        form=forms.ConclusionForm,
        effect=_report,
        primary=True,
    ),
    Transition(
        "close",
        _("Close"),
        frozenset({State.REPORTED}),
        State.CLOSED,
        who=(OFFICE, INSPECTOR),
        guard=_findings_are_assigned,
    ),
    Transition(
        "call_off",
        _("Call off"),
        frozenset({State.PLANNED}),
        State.CLOSED,
        who=(ISSUER,),
        form=forms.ReasonForm,
        dangerous=True,
    ),
]
