"""``reading``: a 3,000-character speech, and how reading grows up to 100,000 characters.

Floors: ``jieba.lcut`` of the same text, which only cuts words; and the growth of ``re.split`` at punctuation, which is
linear. Text: the two speeches of the demonstration, put together.
"""

from __future__ import annotations

import logging
import re
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

try:
    import jieba
except ImportError:
    sys.exit("This benchmark measures itself against jieba, which is in no lock: .venv/bin/pip install jieba")

from benchmarks.measure import Goal, Result, compare
from tracker.reading import read

SPEECHES = Path(__file__).parents[1] / "tracker" / "demo" / "speeches"
SHORT, LONG = 3_000, 100_000
ROUNDS = 9
"""How often each piece of work is repeated within a round, so that a clock tick does not show."""
REPEATS = {
    "read 3,000": 10,
    "jieba.lcut 3,000": 10,
    "read 100,000": 1,
    "re.split 3,000": 600,
    "re.split 100,000": 20,
}


def run() -> Result:
    """Reading beside its two floors."""
    jieba.setLogLevel(logging.WARNING)
    jieba.initialize()
    speech = "\n".join(path.read_text(encoding="utf-8") for path in sorted(SPEECHES.glob("*er.txt")))
    text = speech * (LONG // len(speech) + 1)
    short, long = text[:SHORT], text[:LONG]
    split = re.compile("[。！？；：，、\n]").split
    work: dict[str, Callable[[], object]] = {
        "read 3,000": lambda: read(short),
        "jieba.lcut 3,000": lambda: jieba.lcut(short),
        "read 100,000": lambda: read(long),
        "re.split 3,000": lambda: split(short),
        "re.split 100,000": lambda: split(long),
    }
    contenders = {name: _repeated(one, REPEATS[name]) for name, one in work.items()}
    for one in work.values():
        one()
    result = compare("reading", contenders, [Goal("read 3,000", "jieba.lcut 3,000", 2.0)], rounds=ROUNDS)
    for name, rounds in result.seconds.items():
        result.seconds[name] = [seconds / REPEATS[name] for seconds in rounds]
    growth = _growth(result, "read") / _growth(result, "re.split")
    result.goals.append((Goal("growth of read", "growth of re.split", 1.5), growth))
    result.notes["characters per second"] = round(LONG / statistics.median(result.seconds["read 100,000"]))
    return result


def _repeated(one: Callable[[], object], times: int) -> Callable[[], None]:
    def again() -> None:
        for _ in range(times):
            one()

    return again


def _growth(result: Result, name: str) -> float:
    """How many times longer the long text takes than the short one, by the medians of the rounds."""
    return statistics.median(result.seconds[f"{name} 100,000"]) / statistics.median(
        result.seconds[f"{name} 3,000"]
    )
