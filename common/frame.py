"""What the frame of every page needs from floors above this one: they register, the frame asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_unread: list[Callable[[Any], int]] = []


def register_unread(count: Callable[[Any], int]) -> None:
    """Let ``count(actor)`` tell the bell how many notices its owner has not read; for ``AppConfig.ready``.

    It runs once on every page of a signed-in person, so it should be one indexed count.
    """
    if count not in _unread:
        _unread.append(count)


def unread_of(actor: Any) -> int:
    """How many notices wait for this person."""
    return sum(count(actor) for count in _unread)
