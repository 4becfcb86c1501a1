"""Numbers and dates as the genre writes them, brought to one form."""

from __future__ import annotations

import calendar
import re

_DIGITS = {"零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_BIG = {"万": 10_000, "亿": 100_000_000}
CHINESE = "零一二两三四五六七八九十百千万亿"
_ARABIC = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*([百千万亿]{0,2})")


def chinese_number(text: str) -> int | None:
    """The value of a Chinese numeral (`二十一`, `两千`, `一百零五`, `二〇二六`), None for anything else.

    `十` and `千` may open the number (`十余`, `千余`).
    """
    if not text or any(c not in CHINESE for c in text):
        return None
    if len(text) > 1 and all(c in _DIGITS for c in text):
        return int("".join(str(_DIGITS[c]) for c in text))
    total = section = digit = 0
    for c in text:
        if c in _DIGITS:
            digit = _DIGITS[c]
        elif c in _UNITS:
            section += (digit or 1) * _UNITS[c]
            digit = 0
        else:
            total = (total + section + digit or 1) * _BIG[c]
            section = digit = 0
    return total + section + digit


def number(text: str) -> int | float | None:
    """The value of a number in digits or Chinese numerals: `4.5万` is 45000, `1,200` is 1200, `千` is 1000."""
    match = _ARABIC.fullmatch(text)
    if match is None:
        return chinese_number(text)
    value = float(match.group(1).replace(",", "")) if len(match.group(1)) <= 15 else None
    if value is None:
        return None
    for unit in match.group(2):
        value *= _UNITS.get(unit) or _BIG[unit]
    value = round(value, 6)
    return int(value) if value == int(value) else value


def month_day(month: int, day: int) -> str | None:
    """`--MM-DD`, None where no such day exists in any year."""
    if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(2024, month)[1]:
        return None
    return f"--{month:02d}-{day:02d}"


def month_end(month: int, year: int | None = None) -> int:
    """The last day of a month; of February the 28th where no year is told."""
    return calendar.monthrange(year or 2023, month)[1]
