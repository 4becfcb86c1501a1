"""The sample texts: what is said, written and named in the invented city."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

FOLDER = Path(__file__).parent


@cache
def table(name: str) -> dict[str, Any]:
    """One of the package's TOML files, by its name without ending."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def pick(rng: Random, texts: list[str], **numbers: int) -> str:
    """One of some texts, its places for numbers filled in."""
    text = rng.choice(texts)
    return text.format(**{"n": rng.randint(7, 26), **numbers})
