"""Enumerators: where they stand, of which kind they are, which number they carry."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .shadow import Shadow
from .values import chinese_number

_CN = "[一二三四五六七八九十百零]"
# One alternative per level seen in the genre. `line` ones open a line only; the others stand inside, too.
_ENUMERATOR = re.compile(
    rf"(?P<part>第{_CN}{{1,3}}(?:部分|章|节|编))"
    rf"|(?P<article>第{_CN}{{1,5}}条)"
    rf"|(?P<ordinal>第{_CN}{{1,3}}(?:[，、：]|是(?=[^一])|要))"
    rf"|(?P<section>{_CN}{{1,3}}[、.])"
    rf"|(?P<sub>\({_CN}{{1,3}}\)|[㈠-㈩])"
    rf"|(?P<paren>\(\d{{1,2}}\)|\d{{1,2}}\)|[⑴-⒇])"
    rf"|(?P<item>\d{{1,2}}(?:[.、](?!\d)|[ \t]*\t)|[⒈-⒛])"
    rf"|(?P<circle>[①-⑳])"
    rf"|(?P<clause>{_CN}{{1,3}}[是要])|(?P<grasp>{_CN}抓(?![到就紧手住起]))"
    rf"|(?P<first>首先|其次|再次|再者|最后|其[一二三四五六])"
)
_LINE_ONLY = {"part", "article"}
LINE_LEAD = re.compile(r"[ \t]*(?:#{1,6}[ \t]+|[-*>•●◆■]+[ \t]+|\*\*|__|\|[ \t]*)?[ \t]*")
_BEFORE_INLINE = "。；：！？，、)”》’… "
_BEFORE_STRICT = "。；：！？)”》’… "
# 三、四季度 / 一、二级: two numbers of one list, not the third section.
_NUMBERS_LISTED = re.compile(rf"{_CN}{{1,2}}(?:[季级线类产月年楼班期批次届等、个名大]|是|中全会)")
# 一是一、二是二: the idiom, not a first item.
_IDIOM = re.compile(r"[，、。；！二]|$")
_FIRST_WORDS = {"首先": 1, "其次": 2, "再次": 3, "再者": 3, "最后": 9}
_AFTER_FIRST = re.compile(r"[，：、]|就?[是要]")
# Run-together text: 工作二是…; these letters before the numeral make it part of a word instead.
_GLUED_NO = "为第这那之其于同唯统专单万划某每有分"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text [start, end)."""

    start: int
    end: int


@dataclass(slots=True)
class Mark:
    """One enumerator in the text."""

    start: int
    end: int
    kind: str
    number: int
    opens_line: bool
    line: int


def lines_of(text: str) -> list[Span]:
    """The lines that hold anything, without their surrounding blanks."""
    return [Span(match.start(), match.end()) for match in re.finditer(r"[^\s](?:[^\n]*[^\s])?", text)]


def marks_of(shadow: Shadow, lines: Sequence[Span]) -> list[Mark]:
    """All enumerators in order of appearance."""
    found: list[Mark] = []
    for index, line in enumerate(lines):
        _marks_in_line(shadow.quiet, index, line, found)
    return _only_real_firsts(found)


def _marks_in_line(text: str, index: int, line: Span, found: list[Mark]) -> None:
    lead = LINE_LEAD.match(text, line.start, line.end)
    opening = lead.end() if lead else line.start
    last: dict[str, int] = {}
    position = line.start
    while match := _ENUMERATOR.search(text, position, line.end):
        position = match.end()
        mark = _mark(text, match, opens_line=match.start() == opening, line=index)
        if mark is None or not _fits(text, mark, line, last):
            position = match.start() + 1
            continue
        last[mark.kind] = mark.number
        found.append(mark)


def _mark(text: str, match: re.Match[str], *, opens_line: bool, line: int) -> Mark | None:
    kind = match.lastgroup or ""
    token = match.group()
    number = _number(kind, token)
    if number is None or number == 0:
        return None
    if kind == "clause":
        kind = "clause_must" if token.endswith("要") else "clause_is"
        doubled = text[match.end() : match.end() + 1] == token[0]
        if doubled and (
            _IDIOM.match(text, match.end() + 1) or text[match.start() - 4 : match.start() - 1] == "一是一"
        ):
            return None
    return Mark(match.start(), match.end(), kind, number, opens_line, line)


def _number(kind: str, token: str) -> int | None:
    if kind == "first":
        return _FIRST_WORDS.get(token) or chinese_number(token[1])
    if kind == "circle":
        return ord(token) - 0x245F
    for low, high in (("⑴", "⒇"), ("⒈", "⒛"), ("㈠", "㈩")):
        if low <= token[0] <= high:
            return ord(token[0]) - ord(low) + 1
    digits = "".join(c for c in token if c.isdigit() and c.isascii())
    if digits:
        return int(digits)
    return chinese_number("".join(c for c in token if c in "一二三四五六七八九十百零"))


def _fits(text: str, mark: Mark, line: Span, last: dict[str, int]) -> bool:
    """Whether an enumerator may stand where it was found."""
    kind = mark.kind
    if kind == "section" and (
        (text[mark.end - 1] == "." and text[mark.end : mark.end + 1].isdigit())
        or _NUMBERS_LISTED.match(text, mark.end)
    ):
        return False
    if (
        kind == "ordinal"
        and text[mark.end - 1] == "、"
        and _NUMBERS_LISTED.match(text, mark.end + (text[mark.end : mark.end + 1] == "第"))
    ):
        return False
    if kind == "first" and not _AFTER_FIRST.match(text, mark.end):
        return False
    if mark.opens_line:
        return mark.end < line.end or kind in ("part", "article")
    if kind in _LINE_ONLY:
        return False
    before = text[mark.start - 1]
    follows = mark.number == last.get(kind, 0) + 1
    if kind in ("clause_is", "clause_must"):
        if before in _BEFORE_INLINE or before == "\t":
            return True
        family = max(last.get("clause_is", 0), last.get("clause_must", 0))
        return (
            mark.number >= 2 and mark.number == family + 1 and before not in _GLUED_NO and before not in _CN
        )
    if kind in ("section", "item", "paren", "circle", "sub"):
        if kind == "circle":
            return True
        return before in _BEFORE_STRICT and (follows or kind in ("section", "sub"))
    return before in (_BEFORE_INLINE if follows else _BEFORE_STRICT)


def _only_real_firsts(marks: list[Mark]) -> list[Mark]:
    """`首先` opens a list only where a `其次` follows; alone it is an adverb (首先就是要讲忠诚)."""
    kept: list[Mark] = []
    seconds = [mark.start for mark in marks if mark.kind == "first" and mark.number == 2]
    open_list = False
    cursor = 0
    for mark in marks:
        if mark.kind != "first":
            kept.append(mark)
            continue
        while cursor < len(seconds) and seconds[cursor] <= mark.start:
            cursor += 1
        if mark.number == 1:
            open_list = cursor < len(seconds) and seconds[cursor] - mark.start < 2000
        if open_list:
            kept.append(mark)
        if mark.number == 9:
            open_list = False
    return kept
