"""How many: a number with a unit that can be counted or reached."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .lexicon import group_pattern
from .model import Slot, Why
from .values import number

_UNIT = group_pattern("units", "units")
_SPOKEN = group_pattern("units", "spoken")
_CN = "[一二两三四五六七八九十百千万]"
_AMOUNT = re.compile(
    rf"百分之(?P<percent>\d{{1,3}}|{_CN}{{1,5}})(?:以上)?"
    rf"|(?P<digits>\d[\d,]{{0,11}}(?:\.\d{{1,4}})?)(?P<scale>[百千万亿]{{0,2}})(?P<more>[余多])?(?P<scale2>[万亿]?)(?P<unit>{_UNIT})"
    rf"|(?P<cn>{_CN}{{1,6}})(?P<cnmore>[余多])(?P<cnscale>[万亿]?)(?P<cnunit>{_UNIT})"
    rf"|(?P<said>{_CN}{{1,4}})(?P<saidunit>{_SPOKEN})"
)
_ROUNDS = ("轮", "场", "期", "批")
"""After these a small number said in words is a count, too (两轮明察暗访)."""
_LEAST_BEFORE = re.compile(
    r"(?:不少于|不低于|至少|不得少于|不得低于|最少|超过|突破|达到?|力争|保证)[^，。、\d一二两三四五六七八九十百千]{0,8}$"
)
_AT_LEAST = re.compile(r"(?:不少于|不低于|至少|不得少于|不得低于|最少|超过|突破)[^，。、]{0,8}$")
_MORE_AFTER = re.compile(r"以上|多")
_NAME_BEFORE = re.compile(r"[第前后每+\-–—~*]$|[\d一二三四五六七八九十][至到.]?$")
_CADENCE_NEAR = re.compile(r"(?:每|按|逐)(?:个|一)?(?:季度|季|半年|年度|年|月|周)[^，。；]{0,14}$")
# Dates and periods, and numbers that are names: 2026年, 3月5日, 20大, 五年行动, 6个方面.
_PART_OF_NAME = re.compile(
    r"(?:以上|以下)的(?=[^，。；]{1,8}(?:部|支部|单位|组织|项目|企业))|值守|值班|(?:之|以)?内(?:回应|响应|办结|完成|上报|报|反馈|整改|公示|答复|回复|到位|审)|方面|先锋|意识|维护|确立|自信|文明|行动|坚持|全面|专项|主题年|层面|环节|问题导向|工作日|月内|年内|大以来"
)
_OF = re.compile(r"[^，。；、！？]{0,40}")


def quantities(text: str, start: int, end: int) -> Iterator[Slot]:
    """Quantity slots of one sentence of a quiet view (names in quotation marks are blank there)."""
    for match in _AMOUNT.finditer(text, start, end):
        if _NAME_BEFORE.search(text[max(start, match.start() - 2) : match.start()]):
            continue
        before = text[max(start, match.start() - 16) : match.start()]
        after = text[match.end() : match.end() + 6]
        slot = _slot(match, before, after, text, end)
        if slot is not None:
            yield slot


def _slot(match: re.Match[str], before: str, after: str, text: str, end: int) -> Slot | None:
    at_least = bool(_AT_LEAST.search(before) or _MORE_AFTER.match(after))
    stop = match.end()
    if match.group("percent"):
        value, unit = number(match.group("percent")), "%"
        if match.group().endswith("以上"):
            stop -= 2
            at_least = True
    elif match.group("digits"):
        value = number(match.group("digits") + match.group("scale") + (match.group("scale2") or ""))
        unit = match.group("unit")
        at_least = at_least or bool(match.group("more"))
        if unit in ("余人", "余名", "余场"):
            unit, at_least = unit[1:], True
    elif match.group("cn"):
        value = number(match.group("cn") + (match.group("cnscale") or ""))
        unit, at_least = match.group("cnunit"), True
    else:
        value, unit = number(match.group("said")), match.group("saidunit")
        if not (_LEAST_BEFORE.search(before) or (unit in _ROUNDS and value and value > 1)):
            return None
    if value is None or value == 0:
        return None
    unit = "%" if unit == "％" else unit
    if unit in ("年", "月", "日") or (
        unit in ("天", "分", "组", "类", "部", "位", "节", "本", "对", "批", "起")
        and not at_least
        and value < 2
    ):
        return None
    if _PART_OF_NAME.match(after):
        return None
    if unit == "次" and value == 1 and not at_least and _CADENCE_NEAR.search(before):
        return None
    of = _counted_thing(text, match, end)
    detail: dict[str, object] = {"number": value, "unit": unit, "of": of}
    if at_least:
        detail["at_least"] = True
    return Slot(
        "quantity", match.start(), stop, text[match.start() : stop], detail, Why("counted", (match.group(),))
    )


def _counted_thing(text: str, match: re.Match[str], end: int) -> str:
    """What is counted: the words after the unit, or for a rate those before it."""
    following = _OF.match(text, match.end(), end)
    of = following.group() if following else ""
    of = of.removeprefix("以上")
    return of.removeprefix("的")
