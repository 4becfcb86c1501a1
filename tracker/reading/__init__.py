"""Reading a speech: text in; outline, points, actions and slots out, with exact character offsets.

Pure Python, no Django, no network. Rules are data where they can be (`words/`), and everything proposed
says why.
"""

from .model import Action, Passage, Point, Reading, Slot, SlotType, Stance, Vague, Why
from .reader import VERSION, read

__all__ = [
    "VERSION",
    "Action",
    "Passage",
    "Point",
    "Reading",
    "Slot",
    "SlotType",
    "Stance",
    "Vague",
    "Why",
    "read",
]
