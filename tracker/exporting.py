"""What the tracker's lists add to an export: lights."""

from __future__ import annotations

from branches.exporting import CHUNK, MEDIA_TYPE, Column, Listing, Mark, Value, each, respond, said
from tracker.lights import SIGNS

__all__ = [
    "CHUNK",
    "MEDIA_TYPE",
    "Column",
    "Listing",
    "Mark",
    "Value",
    "each",
    "light_mark",
    "respond",
    "said",
]


def light_mark(light: str, word: str) -> Value:
    """A light as lists show it: shape and reason; the bare word where there is no light."""
    return Mark(light, f"{SIGNS[light]} {word}".strip()) if light in SIGNS else word
