"""The points of a text: leaves of its outline, and paragraphs that list work without numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .clauses import MODAL, sentences
from .facts import HARD, fact_of
from .outline import Node, Span, Tree
from .shadow import Shadow

_TITLE_END = re.compile(r"[。！？\n]")
_LONG_TITLE = 30
_LEAD = 400
_LONGEST_PIECE = 300
# 上半年，…6300余名…14个…52处: a paragraph of done work tells it in numbers
_REPORTS = re.compile("上半年，|今年以来|半年来|一年来|去年以来")
_REPORT_HEAD, _COUNTED_WORK = 40, 4
_COUNTED = re.compile(
    r"\d[\d,.]*[余多]?[万千]?(?:个|名|人次|人|场|次|期|篇|家|户|项|件|份|批|支|处|套|条|所|万元|亿元)"
)
_CLOSING = re.compile(r"同志们|各位|让我们|谢谢|我代表")
_SALUTATION = re.compile(r"[^。]{0,20}：$")


@dataclass(frozen=True, slots=True)
class Draft:
    """A point before its stance and slots are known; `titles` and `leads` (the text before its list) go from its own
    level to the root's.
    """

    start: int
    end: int
    path: tuple[str, ...]
    title_start: int
    title_end: int
    title_spans: list[tuple[int, int]]
    titles: list[str]
    leads: list[str]


def title_span(text: str, start: int, end: int) -> tuple[int, int]:
    """The headline after an enumerator: to the first full stop or line end; a long one to its first comma."""
    while start < end and text[start] in " \t*#":
        start += 1
    match = _TITLE_END.search(text, start, end)
    stop = match.start() if match else end
    if stop - start > _LONG_TITLE:
        comma = text.find("，", start, stop)
        if comma > start:
            stop = comma
    while stop > start and text[stop - 1] in " \t*：":
        stop -= 1
    return start, max(stop, start)


def path_of(node: Node, shadow: Shadow) -> tuple[str, ...]:
    """The enumerators from the root, verbatim."""
    return tuple(shadow.raw[mark.start : mark.end].strip() for mark in node.path)


def trimmed_end(text: str, start: int, end: int) -> int:
    """`end` without trailing blanks."""
    while end > start and text[end - 1].isspace():
        end -= 1
    return end


def drafts(tree: Tree, shadow: Shadow) -> Iterator[Draft]:
    """All points in order of appearance."""
    found = [*_leaves(tree, shadow), *_unnumbered(tree, shadow)]
    yield from sorted(found, key=lambda draft: draft.start)


def _leaves(tree: Tree, shadow: Shadow) -> Iterator[Draft]:
    titles: dict[int, tuple[int, int]] = {}
    for node in tree.nodes:
        span = title_span(shadow.quiet, node.mark.end, max(node.end, node.mark.end))
        titles[id(node)] = span
        if node.children:
            continue
        end = trimmed_end(shadow.raw, node.mark.start, node.end)
        spans: list[tuple[int, int]] = []
        leads: list[str] = []
        walk: Node | None = node
        while walk is not None:
            spans.append(titles[id(walk)])
            if walk.lead:
                leads.append(shadow.quiet[max(walk.lead.start, walk.lead.end - _LEAD) : walk.lead.end])
            walk = walk.parent
        own = [shadow.quiet[first:last] for first, last in spans]
        yield Draft(node.mark.start, end, path_of(node, shadow), span[0], span[1], spans, own, leads)


def _unnumbered(tree: Tree, shadow: Shadow) -> Iterator[Draft]:
    """Paragraphs without enumerators that list work by parallel sentences."""
    text = shadow.quiet
    for span in tree.outside:
        if _CLOSING.match(text, span.start, span.end) or _SALUTATION.match(text, span.start, span.end):
            continue
        if not lists_work(text, span, numbered=bool(tree.nodes)):
            continue
        first, last = title_span(text, span.start, span.end)
        told = _REPORTS.search(text, span.start, min(span.end, span.start + _REPORT_HEAD))
        lead = shadow.quiet[max(0, span.start - 200) : told.end() if told else span.start]
        yield Draft(
            span.start, span.end, (), first, last, [(first, last)], [shadow.quiet[first:last]], [lead]
        )


def lists_work(text: str, span: Span, *, numbered: bool = False) -> bool:
    """Whether a paragraph is a list in prose.

    Either three short headline sentences of one build (在…中…。 在…中…。), or three demands side by side
    (要…；要…；要…), or as many that a date, a rhythm or a number makes one (支部党员大会每季度召开一次。).
    In a text that is `numbered` elsewhere they must be demands of different sentences.
    """
    heads: dict[str, int] = {}
    for sentence in sentences(text, span.start, span.end):
        part = text[sentence.start : sentence.end]
        if len(part) <= 22 and part.endswith("。") and "，" not in part:
            heads[part[0]] = heads.get(part[0], 0) + 1
    if max(heads.values(), default=0) >= 3:
        return True
    if _REPORTS.search(text, span.start, min(span.end, span.start + _REPORT_HEAD)):
        counted = len(_COUNTED.findall(text, span.start, span.end))
        if counted >= _COUNTED_WORK:
            return True
    asked = 0
    for piece in re.split(r"[。；！？]", text[span.start : span.end]):
        modal = MODAL.search(piece[:14])
        facts = sum(
            (why := fact_of(clause)) is not None and why.rule in HARD
            for clause in re.split("[，：]", piece[:_LONGEST_PIECE])
        )
        opens = modal is not None and "，" not in piece[: modal.start()]
        asked += max(min(facts, 1) if numbered else facts, opens)
    return asked >= 3
