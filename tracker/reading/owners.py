"""Who is to act or to answer: bodies, offices and posts that are the subject of the demand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .clauses import clauses
from .lexicon import group_pattern
from .model import Slot, Why

_BODIES = group_pattern("actors", "bodies")
_ENDS_IN_BODY = re.compile(rf"{_BODIES}(?:们|\([^()]{{1,8}}\))?$")
_CROWD = re.compile(group_pattern("actors", "crowd"))
_OPENERS = re.compile(
    r"(?:同时|其中|特别是|尤其是|此外|下一步|今后|目前|当前|近期|会后|因此|为此|并|而|凡|由|请|即|对|今年|下半年|上半年|年底|一是|二是|三是|就是|希望)+"
)
_DEMAND = re.compile(
    r"(?:都|也|均|还|更|既|又|就|一律|原则上|必然)?(?:一定要|必须|务必|应当|应该|应|要|须|需要|需|将|负责|牵头|负总责|带头|分工负责|具体负责|具体落实|具体抓|配合|协助|组织实施|按照职责|每[年月季周半]|至少|与|讲|开展|召开|制定|抓|定期|履行|主动|按季|按月|结合|按要求|认真|作为)"
)
_BEARS = re.compile(
    r"(?P<who>[^，、。；：]{2,16}?)(?:负总责|总负责|牵头抓总|分工负责|具体负责|具体落实|牵头负责|直接负责|全面负责|具体实施|靠前指挥)"
)
_DUTY_OF = re.compile(
    rf"(?P<who>[^，。；：、]{{0,10}}?{_BODIES})的?(?:主体责任|第一责任(?!人)|“\ue000{{2,6}}”|领导责任|直接责任|监督责任)(?=[、，。；和]|$)"
)
_MOVED = re.compile(
    rf"(?:推动|引导|组织|督促|指导)(?P<who>[^，。；：的]{{2,20}}?{_BODIES}(?:和[^，。；：的]{{2,8}})?)(?=更好|切实|认真|监督|严格|履行|落实|充分|主动|加强|按)"
)
_MEMBER_OF = re.compile(r"作为[^，]{0,12}$|的一员")
_VERBISH = re.compile(
    r"[的了着过把被将]|开展|加强|推动|落实|建立|完善|组织(?!部|委|人|$)|坚持|贯彻|围绕|结合|根据|按照|针对|通过|发挥|统筹|确保|做好|抓好|制定|提高|增强|明确|配备|调整"
)
_TOGETHER = re.compile(rf"{_BODIES}(?:尤其是|特别是|以及|和|及|与|、|或)")
_LONGEST = 26


def owners(text: str, start: int, end: int) -> Iterator[Slot]:
    """Owner slots of one sentence of a calm view."""
    taken: list[tuple[int, int]] = []
    parts = clauses(text, start, end)
    for index, clause in enumerate(parts):
        if clause.end - clause.start > 400:
            continue
        for found in _in_clause(
            text,
            clause.start,
            clause.end,
            has_next=index + 1 < len(parts),
            following=_following(text, parts, index),
        ):
            if not any(found.start < stop and begin < found.end for begin, stop in taken):
                taken.append((found.start, found.end))
                yield found


def _following(text: str, parts: list, index: int) -> str:  # type: ignore[type-arg]
    if index + 1 >= len(parts):
        return ""
    return text[parts[index + 1].start : parts[index + 1].start + 12]


def _in_clause(text: str, start: int, end: int, *, has_next: bool, following: str) -> Iterator[Slot]:
    body = text[start:end]
    for name, pattern in (("bears", _BEARS), ("duty", _DUTY_OF), ("moved", _MOVED)):
        for match in pattern.finditer(body):
            who_start, who = match.start("who"), match.group("who")
            while cut := re.match(r"明确|建立|压实|落实|形成|强化|健全|坚持|和|与|及|以及|由|实行|履行", who):
                who_start += cut.end()
                who = who[cut.end() :]
            if name == "bears" or _ENDS_IN_BODY.search(who) or name == "moved":
                if (
                    len(who) >= 2
                    and not _CROWD.search(who)
                    and (name != "bears" or _ENDS_IN_BODY.search(who) or len(who) <= 8)
                ):
                    yield _slot(text, start + who_start, start + who_start + len(who), name)
    opening = _OPENERS.match(body)
    offset = opening.end() if opening else 0
    rest = body[offset:]
    found = _subject(rest, has_next=has_next, following=following)
    if found is not None:
        yield _slot(text, start + offset, start + offset + found, "subject")


def _subject(rest: str, *, has_next: bool, following: str) -> int | None:
    """The length of the body that opens a clause as its subject, None where there is none."""
    best: int | None = None
    for match in re.finditer(_BODIES, rest[: _LONGEST + 8]):
        stop = match.end()
        who = rest[:stop]
        if len(who) > _LONGEST or len(who) < 2 or _VERBISH.search(who) or _CROWD.search(who):
            continue
        after = rest[stop:]
        if _TOGETHER.match(rest, match.start()):
            continue
        if _DEMAND.match(after) and not (
            after[:1] == "与" and "，" not in rest and "按" not in rest and not has_next
        ):
            best = stop
            break
        if not after and has_next and re.match(r"(?:一定要|要|必须|应|须|既要|将|务必)", following):
            best = stop
            break
    return best


def _slot(text: str, start: int, end: int, rule: str) -> Slot:
    who = text[start:end]
    return Slot("owner", start, end, who, who, Why(f"owner-{rule}", (who,)))
