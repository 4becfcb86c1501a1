"""The tables as a page for people, so that the documentation cannot say something else than the product does."""

from __future__ import annotations

from django.utils import translation

from tracker.models import Extension, Finding, Inspection, Measure, Plan, Pledge, Task
from tracker.transitions.engine import Transition, transitions_of

SUBJECTS = (Plan, Measure, Task, Extension, Finding, Inspection, Pledge)

DEPENDS = {
    "approve": "depends on the plan",
    "sign_for_unit": "SIGNED when the other has signed, else UNIT_SIGNED",
    "sign_for_issuer": "SIGNED when the other has signed, else ISSUER_SIGNED",
}
"""Targets that a function decides, in words."""


def states_document() -> str:
    """``docs/states.md``: a table for each kind of subject, in English, made from the transition tables."""
    with translation.override("en"):
        parts = [
            "# States and acts",
            "",
            "Made from the tables in `tracker/transitions/` by `manage.py document_states`; do not edit.",
            "An act that is not listed for a state is refused on every path: pages, commands, jobs and admin.",
        ]
        for model in SUBJECTS:
            states = {value: str(label) for value, label in model.State.choices}
            parts += ["", f"## {str(model._meta.verbose_name).capitalize()} (`{model.KIND}`)", ""]
            parts += ["| from | act | who | to | asks for |", "| --- | --- | --- | --- | --- |"]
            parts += [_row(row, list(states)) for row in transitions_of(model.KIND).values()]
    return "\n".join(parts) + "\n"


def _row(row: Transition, order: list[str]) -> str:
    sources = ", ".join(state for state in order if state in row.sources)
    who = "; ".join(str(party.name) for party in row.who) or "the system"
    decided_later = callable(row.target)
    target = DEPENDS.get(row.act, "the state before") if decided_later else row.target or "stays"
    asks = ", ".join(
        f"{field.label}{'' if field.required else ' (optional)'}"
        for field in row.form.base_fields.values()
        if field.label
    )
    return f"| {sources} | **{row.label}** `{row.act}` | {who} | {target} | {asks} |"
