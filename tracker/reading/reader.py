"""One reading: outline, points, actions and slots of a text, put together."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator

from .actions import SHORT_TIME, Found, actions_in
from .amounts import quantities
from .clauses import MODAL, Piece, Sentence, piece_of, sentences
from .facts import HARD
from .kinds import Topics
from .model import Action, Passage, Point, Reading, Slot, Why
from .outline import Tree, tree_of
from .owners import owners
from .papers import deliverables
from .points import Draft, drafts, path_of, title_span, trimmed_end
from .shadow import BLANK, Shadow, shadow_of
from .stance import AIM, FUTURE, PAST, Judged, stance_of
from .times import cadences, dues, vague_words

_LONGEST_PIECE = 1_500
_AIMED_AT = re.compile(r"(?:形成|解决|打造|培育|建成|建设|创建|完成|实现|达到)[^，；。]{0,8}\d")

# 党委办公室将适时开展督查: a body says what it will do
_WILL = re.compile(
    r"^[^，。；]{2,16}将(?!来|军|近|要)(?:适时|定期|不定期|对|于|在|会同|组织|开展|按|视|把|根据)"
)

VERSION = "3"
"""The version of the rules and word lists: another number, another reading."""


def read(text: str) -> Reading:
    """Read a text by the guide.

    Deterministic and linear in the length of the text; offsets are character indices into it. Any text is
    accepted, the empty one too; nothing is raised.
    """
    shadow = shadow_of(text)
    tree = tree_of(shadow)
    found = list(drafts(tree, shadow))
    starts = [draft.start for draft in found]
    pieces = [
        (piece, index, actions_in(shadow, piece, outside=index is None))
        for sentence in sentences(shadow.calm, 0, len(text))
        for piece, index in _pieces(shadow.calm, sentence, found, starts)
    ]
    acts = Counter(index for _, index, here in pieces if index is not None for _ in here)
    judged = [
        stance_of(shadow.quiet, draft.start, draft.end, draft.titles, draft.leads, acts=acts[index])
        for index, draft in enumerate(found)
    ]
    topics = Topics(text)
    actions: list[Action] = []
    acts_of: dict[int, list[tuple[int, int]]] = {}
    slots_of: dict[int, list[Slot]] = {}
    outside: list[Slot] = []
    for piece, index, here in pieces:
        stance = judged[index].stance if index is not None else None
        slots = _slots(shadow, piece, stance)
        taken = _actions(shadow, topics, piece, index, stance, slots, here)
        actions.extend(taken)
        if index is None:
            outside.extend(slots)
        else:
            slots_of.setdefault(index, []).extend(slots)
            acts_of.setdefault(index, []).extend((action.start, action.end) for action in taken)
    points = tuple(
        _point(shadow, topics, draft, judged[index], slots_of.get(index, []), acts_of.get(index, []))
        for index, draft in enumerate(found)
    )
    return Reading(
        version=VERSION,
        points=points,
        actions=tuple(actions),
        slots_outside=tuple(outside),
        passages=tuple(_passages(shadow, tree)),
        vague=tuple(vague_words(shadow.quiet)),
    )


def _pieces(
    text: str, sentence: Sentence, found: list[Draft], starts: list[int]
) -> Iterator[tuple[Piece, int | None]]:
    """The sentence, cut where points begin and end inside it, each piece with its point."""
    position = sentence.start
    index = max(bisect_right(starts, position) - 1, 0)
    while position < sentence.end and index < len(found) and found[index].start < sentence.end:
        draft = found[index]
        if draft.end > position:
            if draft.start > position:
                yield from _cut(text, position, draft.start, None)
            stop = min(draft.end, sentence.end)
            first = max(position, draft.title_start if draft.path else draft.start)
            yield from _cut(text, first, stop, index)
            position = stop
        index += 1
    yield from _cut(text, position, sentence.end, None)


def _cut(text: str, start: int, end: int, index: int | None) -> Iterator[tuple[Piece, int | None]]:
    """The stretch as one piece, or, where no person wrote so long a sentence, as several."""
    while end - start > _LONGEST_PIECE:
        comma = text.rfind("，", start + 1, start + _LONGEST_PIECE)
        stop = comma + 1 if comma > 0 else start + _LONGEST_PIECE
        yield piece_of(text, start, stop), index
        start = stop
    if end > start:
        yield piece_of(text, start, end), index


def _slots(shadow: Shadow, piece: Piece, stance: str | None) -> tuple[Slot, ...]:
    """All slots of one sentence, in order; in reports of done work, promises are marked as future."""
    done = stance == "achievement"
    if stance in ("problem", "remark"):
        return ()
    papers = list(deliverables(shadow, piece))
    found = [
        *cadences(shadow.calm, piece.start, piece.end),
        *(
            slot
            for slot in dues(shadow.plain, piece.start, piece.end, done=done)
            if not _inside(slot, papers)
        ),
        *quantities(shadow.calm, piece.start, piece.end),
        *owners(shadow, piece),
        *papers,
    ]
    found.sort(key=lambda slot: (slot.start, -slot.end))
    kept = [
        _verbatim(shadow, slot, future=done and is_future(shadow, piece, slot.start, slot.end))
        for slot in found
    ]
    return tuple(slot for slot in kept if slot.future or slot.type != "due" or not done)


def _inside(slot: Slot, others: list[Slot]) -> bool:
    """Whether a slot is part of another's name (下半年学习计划)."""
    return any(other.start <= slot.start and slot.end <= other.end for other in others)


def _verbatim(shadow: Shadow, slot: Slot, *, future: bool) -> Slot:
    """The slot with its words as they stand in the text, not in the view they were found in."""
    text = shadow.raw[slot.start : slot.end]
    value = slot.value
    if slot.type in ("owner", "deliverable"):
        value = text
    elif isinstance(value, dict):
        of = str(value["of"])
        at = shadow.calm.find(of, slot.end, slot.end + len(of) + 4) if of else -1
        value = {**value, "of": shadow.raw[at : at + len(of)] if at >= 0 else of}
    return Slot(slot.type, slot.start, slot.end, text, value, slot.why, future, slot.year)


def is_future(shadow: Shadow, piece: Piece, start: int, end: int) -> bool:
    """Whether [start, end), in a report of done work, is promised or aimed at instead.

    A promise holds for the rest of its sentence (年底，将开展…，指导开展…); a counted result is only aimed
    at where the sentence says so anywhere (探索形成60个案例；…努力形成40个成果).
    """
    text = shadow.quiet
    stop = min((at for mark in "，；：。" if (at := text.find(mark, end, piece.end)) >= 0), default=piece.end)
    first = max(piece.start, *(text.rfind(mark, piece.start, start) + 1 for mark in "，；："))
    if PAST.search(text[first:stop]):
        return False
    if SHORT_TIME.fullmatch(text, first, stop):
        stop = min(
            (at for mark in "，；：。" if (at := text.find(mark, stop + 1, piece.end)) >= 0),
            default=piece.end,
        )
    if FUTURE.search(text[piece.start : stop]):
        return True
    return bool(_AIMED_AT.search(text[first:stop]) and AIM.search(text[piece.start : piece.end]))


def _actions(
    shadow: Shadow,
    topics: Topics,
    piece: Piece,
    index: int | None,
    stance: str | None,
    slots: tuple[Slot, ...],
    here: list[Found],
) -> list[Action]:
    """What was found in one sentence as actions, or nothing where the sentence only names shortfalls."""
    past = PAST.search(shadow.quiet, piece.start, piece.end) is not None
    asked = MODAL.search(shadow.quiet, piece.start, piece.end) is not None
    if index is None and not asked and not past:
        # 人事处年内研究提出办法，提交党组会审议: no modal, and yet a task, by what it pins down
        asked = (
            any(found.why.rule in HARD for found in here)
            or _WILL.search(shadow.quiet[piece.start : piece.end]) is not None
        )
    if stance == "problem" or (index is None and not asked and not past):
        return []
    return [
        Action(
            start=found.start,
            end=found.end,
            text=shadow.raw[found.start : found.end],
            kinds=topics.of_action((found.start, found.end)),
            done=not is_future(shadow, piece, found.start, found.end)
            if stance == "achievement"
            else index is None and past and not asked,
            why=found.why,
            sentence=(piece.start, piece.end),
            slots=slots,
            point=index,
        )
        for found in here
    ]


def _point(
    shadow: Shadow,
    topics: Topics,
    draft: Draft,
    judged: Judged,
    slots: list[Slot],
    acts: list[tuple[int, int]],
) -> Point:
    title = shadow.raw[draft.title_start : draft.title_end]
    kinds: tuple[str, ...] = ()
    if judged.stance in ("directive", "achievement"):
        kinds = topics.of_point(
            (draft.title_start, draft.title_end), acts, (draft.start, draft.end), draft.title_spans[1:]
        )
    return Point(
        draft.start, draft.end, draft.path, title, judged.stance, kinds, _shown(judged.why), tuple(slots)
    )


def _passages(shadow: Shadow, tree: Tree) -> list[Passage]:
    found = []
    for node in tree.nodes:
        first, last = title_span(shadow.quiet, node.mark.end, max(node.end, node.mark.end))
        end = trimmed_end(shadow.raw, node.mark.start, node.end)
        found.append(Passage(node.mark.start, end, path_of(node, shadow), first, last, not node.children))
    return found


def _shown(why: Why) -> Why:
    """The reason without the blanks that stand for names in the view it was found in."""
    return Why(why.rule, tuple(word.replace(BLANK, "") for word in why.words))
