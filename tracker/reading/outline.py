"""From enumerators to the tree of passages and its leaves, the points.

Enumerators nest by order of appearance, not by a fixed rank: `一是` may stand under `一、`, under `（一）`,
under `第一，` or under nothing. Rank is asked only where a list opens on a new line and the text itself
does not show, by going on with the outer list, that the new one lies inside it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .enumerators import LINE_LEAD, Mark, Span, lines_of, marks_of
from .shadow import Shadow

_RANK = {
    "part": 0,
    "section": 1,
    "sub": 2,
    "article": 2,
    "item": 3,
    "paren": 4,
    "circle": 5,
    "ordinal": 6,
    "grasp": 6,
    "clause_is": 7,
    "clause_must": 7,
    "first": 7,
}
_LIGHT = {"clause_is", "clause_must", "first", "ordinal", "grasp"}
# Closing remarks and sentences that gather up a whole list: they belong to no point.
_CLOSING = re.compile(
    r"同志们|各位(?:同志|领导|代表|委员)|让我们|谢谢|我就讲|我的(?:讲话|汇报|发言)|以上(?:汇报|发言|意见|是)|此致|特此|附件|附：|抄送|主送|报送：|主题词"
)
_GATHER = re.compile(
    r"(?:以上|上述|这些|这[几两三四五六七八九十]|总之|综上|总的|对(?:以上|上述|这些))[^。！？\n]{0,40}[，。]"
)
_SIGNATURE = re.compile(
    r"[ \t]*(?:\S{0,30}(?:委员会|党委|党组|党支部|工委|办公室|领导小组|纪委|支部)|[\d零一二三四五六七八九十Xx*×]{2,4}年.{0,12}日?)[ \t]*"
)
_RETURNS = re.compile(
    r"在肯定(?:成绩|成效)|应该说|总的(?:来看|来说)|综上|总之|同时，?我们也?要?(?:清醒|看到)|但是?，?(?:我们)?也?要?(?:清醒|看到)|回顾|新形势|今年是|关于(?:下|今)|下面"
    r"|存在的?(?:主要)?(?:问题|不足)|下一?步|最后|今后|下半年"
)
_LEADS_IN = re.compile(
    r"(?:以下|如下|几个?方面|[两三四五六]个?方面|几点|主要(?:有|是|表现)|还存在|不足|短板|差距)[^。]{0,20}。?$"
)
_SENTENCE_END = re.compile(r"[。！？]")
_HEADING_LENGTH = 45


@dataclass(slots=True)
class Node:
    """One passage while the tree is being built."""

    mark: Mark
    parent: Node | None
    end: int = 0
    children: list[Node] = field(default_factory=list)
    headed: bool = False
    """Whether its first line is a headline alone, its body standing in paragraphs below."""
    lead: Span | None = None
    """The text that leads into this node's list (for the stance cues)."""

    @property
    def path(self) -> list[Mark]:
        """The enumerators from the root to here."""
        found: list[Mark] = []
        node: Node | None = self
        while node is not None:
            found.append(node.mark)
            node = node.parent
        return found[::-1]


@dataclass(slots=True)
class Tree:
    """The passages in order of appearance, and the lines that lie outside every one of them."""

    nodes: list[Node]
    outside: list[Span]


class _Builder:
    """Walks the lines once, keeping the stack of open passages."""

    def __init__(self, text: str, lines: Sequence[Span], marks: Sequence[Mark]) -> None:
        self.text = text
        self.lines = lines
        self.marks = marks
        self.nodes: list[Node] = []
        self.outside: list[Span] = []
        self.stack: list[Node] = []
        self.leaf: Node | None = None
        self.lead_start = 0
        self.listed: dict[tuple[int, str], int] = {}
        self.leads: dict[tuple[int, str], Span] = {}
        self.nested: set[tuple[str, str]] = set()
        """Which kind of list has held which in this text: its author's own order."""
        self.many_lined: set[tuple[int, str]] = set()
        self.resumes = self._where_lists_resume()

    def _where_lists_resume(self) -> dict[int, bool]:
        """By the mark's start: whether its own list goes on later with the next number."""
        later: dict[str, set[int]] = {}
        found: dict[int, bool] = {}
        for mark in reversed(self.marks):
            numbers = later.setdefault(mark.kind, set())
            found[mark.start] = mark.number + 1 in numbers
            if mark.number == 1:
                # A list begins here: what stands before it cannot be resumed by what stands after.
                numbers.clear()
            numbers.add(mark.number)
        return found

    def build(self) -> Tree:
        by_line: dict[int, list[Mark]] = {}
        for mark in self.marks:
            by_line.setdefault(mark.line, []).append(mark)
        for index, line in enumerate(self.lines):
            here = by_line.get(index, [])
            first = here[0].start if here else line.end
            opening = LINE_LEAD.match(self.text, line.start, line.end)
            bare_start = opening.end() if opening else line.start
            if first > bare_start:
                self._bare_text(Span(line.start, first), whole=not here, index=index)
            for order, mark in enumerate(here):
                self._open(mark)
                after = here[order + 1] if order + 1 < len(here) else None
                self._extend_to(mark, after, line)
        return Tree(self.nodes, self.outside)

    def _bare_text(self, span: Span, *, whole: bool, index: int) -> None:
        """Text on a line before (or without) any enumerator: it goes on with the open leaf, or returns."""
        if self.leaf is not None and self._goes_on(span, index):
            if self._is_heading(self.leaf):
                self.leaf.headed = True
            else:
                self.many_lined.add(self._list_of(self.leaf))
            self.leaf.end = span.end
            if not whole:
                self.lead_start = span.start
            return
        if _CLOSING.match(self.text, span.start, span.end) and whole and self._nothing_follows(index):
            self.stack.clear()
        else:
            while self.stack and self.stack[-1].mark.kind in _LIGHT:
                self.stack.pop()
            if (
                self.leaf is not None
                and self.stack
                and self.leaf is self.stack[-1]
                and not self.leaf.children
            ):
                self.stack.pop()
        self.leaf = None
        self.lead_start = span.start
        if whole:
            self.outside.append(span)

    def _nothing_follows(self, index: int) -> bool:
        return not self.marks or self.marks[-1].line < index

    def _goes_on(self, span: Span, index: int) -> bool:
        leaf = self.leaf
        if leaf is None:
            return False
        heading = self._is_heading(leaf)
        if _CLOSING.match(self.text, span.start, span.end):
            return heading and not self._nothing_follows(index)
        if heading:
            return True
        if self._nothing_follows(index) and _SIGNATURE.fullmatch(self.text, span.start, span.end):
            return False
        if leaf.mark.kind in _LIGHT or not leaf.mark.opens_line:
            return False
        if leaf.headed or self.resumes.get(leaf.mark.start, False):
            return True
        if _RETURNS.match(self.text, span.start, span.end):
            return False
        here = self._list_of(leaf)
        return here in self.many_lined or self.listed[here] == 1

    @staticmethod
    def _list_of(node: Node) -> tuple[int, str]:
        """The list a node stands in: its parent and its kind of enumerator."""
        return (id(node.parent) if node.parent is not None else 0, node.mark.kind)

    def _is_heading(self, leaf: Node) -> bool:
        """Whether a leaf holds no more than its headline so far."""
        if leaf.end - leaf.mark.end > 4 * _HEADING_LENGTH:
            return False
        body = self.text[leaf.mark.end : leaf.end]
        if "\n" in body:
            return False
        stripped = body.rstrip()
        if stripped.endswith("："):
            return True
        return (
            len(stripped) <= _HEADING_LENGTH * 2
            and not _SENTENCE_END.search(stripped[:-1])
            and (not stripped.endswith("。") or len(stripped) <= _HEADING_LENGTH // 2)
        )

    def _open(self, mark: Mark) -> None:
        self._settle(mark)
        parent = self.stack[-1] if self.stack else None
        node = Node(mark, parent, mark.end)
        if parent is not None:
            parent.children.append(node)
            self.nested.add((parent.mark.kind, mark.kind))
        here = self._list_of(node)
        self.listed[here] = self.listed.get(here, 0) + 1
        if self.listed[here] == 1 or mark.number == 1:
            self.leads[here] = Span(min(self._lead_from(parent), mark.start), mark.start)
        node.lead = self.leads[here]
        self.nodes.append(node)
        self.stack.append(node)
        self.leaf = node

    def _lead_from(self, parent: Node | None) -> int:
        """Where the text begins that leads into a list: behind its parent's number and its earlier lists."""
        if parent is None:
            return self.lead_start
        return parent.children[-2].end if len(parent.children) > 1 else parent.mark.end

    def _settle(self, mark: Mark) -> None:
        """Pop the stack until the mark may become a child of its top."""
        depth = self._sibling_depth(mark)
        if depth is not None:
            del self.stack[depth:]
            return
        while self.stack and not self._may_hold(self.stack[-1].mark, mark):
            self.stack.pop()

    def _sibling_depth(self, mark: Mark) -> int | None:
        same = [depth for depth, node in enumerate(self.stack) if node.mark.kind == mark.kind]
        other_kind = {"clause_is": "clause_must", "clause_must": "clause_is"}.get(mark.kind)
        other = [depth for depth, node in enumerate(self.stack) if node.mark.kind == other_kind]
        if same and (not other or other[-1] > same[-1] or mark.number != 1):
            return same[-1]
        if other and mark.number != 1:
            # 一是…二要…三要…: one list, its enumerators written two ways.
            return other[-1]
        return same[-1] if same else None

    def _may_hold(self, outer: Mark, inner: Mark) -> bool:
        if not inner.opens_line and outer.line == inner.line:
            return True
        if _RANK[inner.kind] > _RANK[outer.kind]:
            return True
        if outer.kind in ("clause_is", "clause_must", "first"):
            return False
        if inner.number != 1:
            return False
        return (outer.kind, inner.kind) in self.nested or self.resumes.get(outer.start, False)

    def _extend_to(self, mark: Mark, after: Mark | None, line: Span) -> None:
        node = self.stack[-1]
        limit = after.start if after is not None else line.end
        sibling = after is not None and after.kind[:6] == mark.kind[:6]
        if sibling and after is not None and after.number == 1 and mark.number >= 1:
            # A new list opens on the same line: its lead-in belongs to neither.
            limit = self._before_lead_in(mark.end, limit)
            self.lead_start = limit
        elif not sibling and mark.kind in _LIGHT:
            limit = self._before_gathering(mark.end, limit)
        node.end = limit
        if after is not None and not sibling:
            self.lead_start = node.mark.start

    def _before_lead_in(self, start: int, limit: int) -> int:
        """Where an item ends when the sentence before the next list leads into that list (…主要有三个方面：一是)."""
        stripped = self.text[start:limit].rstrip()
        if not stripped:
            return limit
        last = max(stripped.rfind(stop, 0, len(stripped) - 1) for stop in "。！？")
        if last < 0:
            return limit
        if stripped[-1] in "：，" or _LEADS_IN.search(stripped, last):
            return start + last + 1
        return limit

    def _before_gathering(self, start: int, limit: int) -> int:
        for stop in _SENTENCE_END.finditer(self.text, start, limit):
            if _GATHER.match(self.text, stop.end(), limit) or self.text.startswith(
                "同志们，", stop.end(), limit
            ):
                return stop.end()
        return limit


def tree_of(shadow: Shadow) -> Tree:
    """The passages of a text. Linear in its length."""
    lines = lines_of(shadow.plain)
    return _Builder(shadow.plain, lines, marks_of(shadow, lines)).build()
