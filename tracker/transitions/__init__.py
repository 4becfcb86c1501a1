"""The transition table: who may do what to a plan, measure, task, finding or inspection, and when.

The tables (``plan``, ``measure``, ``task``, ``finding``, ``inspection``) are data. Buttons, pages, commands,
jobs and the documentation read them through four functions:

- ``decide(subject, act, actor=, at=)``: allowed, or refused with the reason;
- ``available_acts(subject, actor=, at=)``: what to offer;
- ``act_form(subject, act, actor=, at=, data=)``: the form of an act's inputs;
- ``perform(subject, act, actor=, at=, given=)``: the only writer of a state.
"""

from tracker.transitions.engine import (
    Decision,
    Offer,
    Transition,
    act_form,
    available_acts,
    decide,
    perform,
    start_history,
    transitions_of,
)

__all__ = [
    "Decision",
    "Offer",
    "Transition",
    "act_form",
    "available_acts",
    "decide",
    "perform",
    "start_history",
    "transitions_of",
]
