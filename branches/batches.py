"""Long lists in pieces a database takes as parameters of one statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
SIZE = 900
"""Below the smallest limit in use: SQLite's 999 parameters in older builds."""


def batches(values: Sequence[T], size: int = SIZE) -> Iterator[Sequence[T]]:
    """``values`` in order, so many at a time."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
