"""Who is to act or to answer: bodies, offices and posts that are the subject of the demand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .clauses import LONGEST, Clause, Piece
from .lexicon import group_pattern, words
from .model import Slot, Why
from .shadow import Shadow

_BODIES = group_pattern("actors", "bodies")
_ENDS_IN_BODY = re.compile(rf"{_BODIES}(?:们|\([^()]{{1,8}}\))?$")
_CROWD = re.compile(
    "(?:"
    + group_pattern("actors", "crowd")
    + ")$|^(?:同志们|大家|我们|广大|全体)|^每[个名位](?:党员|干部|同志|人|领导干部)"
)
_OPENERS = re.compile(
    r"(?:同时|但是?|其中|特别是|尤其是|此外|下一步|今后|目前|当前|近期|会后|因此|为此|并|而|凡|由|请|即|对|今年|下半年|上半年|年底|一是|二是|三是|就是|希望|(?:每年|今年|\d{4}年)?\d{1,2}月(?:\d{1,2}[日号]|[底末初]|[上中下]旬)?(?:之?前|以前|起)?|年底前|年内|[节会][前后]|季度末|月底前?)+"
)
_DEMAND = re.compile(
    r"(?:都|也|均|还|更|既|又|就|一律|原则上|必然)?(?:一定要|必须|务必|应当|应该|应|要|须|需要|需(?!求)|将|(?:\d{1,2}月[底末初]?前|年底前?|[上下]半年|今年|每[年月季周半][^，]{0,3}|按[月季年])?(?:要|须|应|将)|负责(?!同志|人)|牵头(?!部门|单位)|负总责|带头|分工负责|具体负责|具体落实|具体抓|配合|协助|组织实施|按照职责|每[年月季周半]|至少|与|讲|开展|召开|制定|抓(?!手)|定期|履行|主动|是(?:第一)?责任(?:主体|人)|是第一责任|按季|按月|结合|按要求|认真|作为)"
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
_VERBISH = re.compile(
    r"[的了着过把为对向让使给到赴]|(?<![主重])要|(?<!负)被|开展|加强|推动|落实|建立|完善|(?<![党团])组织(?!部|委|人|$)|坚持|贯彻|围绕|结合|根据|按照|针对|通过|发挥|统筹|确保|做好|抓好|制定|认领|提高|增强|明确|配备|调整|报(?!社|告)|约谈|提前"
)
_BEFORE_BEARER = re.compile(r"明确|建立|压实|落实|形成|强化|健全|坚持|和|与|及|以及|由|实行|履行|完善")
_BODY_AT = re.compile(_BODIES)
# What a phrase cannot do without: asked first, because it is cheap to ask.
_PHRASES = (
    ("bears", re.compile("负责|负总责|牵头|具体|靠前"), _BEARS),
    ("duty", re.compile("责任|“"), _DUTY_OF),
    ("moved", re.compile("推动|引导|组织|督促|指导"), _MOVED),
)
# 工会办好…, 团委…创建不少于2个, 党委书记、院长充分沟通: a body right before what it does, without a modal
_DOES = re.compile(
    r"(?:办好|组织(?!部|委|生活|建设|体系|设置)|举办|创建|汇总|抽查|联系\d|参加|完成|修订|印发|牵头|负责|听取|登记|审批|审核|落实|培育|统一|逐一|逐项|择优|充分沟通"
    r"|至少|全年|半年|[上下]半年|每人|随机|抽取|选取|从严|按季度|对(?=[^，。；]{2,24}(?:进行|开展|实行|予以|给予|督查|检查|约谈|核查|抽查|督导|查处|处理|问责))|对照|会同|以[^，。；]{2,12}身份|向|于\d|在\d|\d{1,2}月|年[底中内]|任职|围绕[^，。；]{2,16}(?:确定|制定|开展|提出|组织|建立)"
    r"|撰写|报送|提交|建立(?!健全)|实行|定期|不定期|适时|随时|及时|集中学习|专题|先行)"
)
# 各责任部门主要负责人是第一责任人
_IS_ANSWERABLE = re.compile(
    r"(?P<who>[^，。；：是]{2,24})是[^，。；]{0,16}(?:第一责任人|直接责任人|责任人|责任主体)$"
)
# 由机关党委办公室修订, 由分管局领导包案
_BY_BODY = re.compile(
    rf"(?<![理缘])由(?P<who>[^，。；由了的]{{1,20}}?(?:{_BODIES}|[处科室部办局委组站院所厅会]|领导|主任|院长|校长|局长|干部))(?=[\u4e00-\u9fff“《\ue000]{{2}})(?!的|担任|任[\u4e00-\u9fff]{0, 2}组长|为[\u4e00-\u9fff]{0, 2}组长|提名|产生|组成|构成)"
)
# （组织人事部）, （监察室牵头，医务部、药学部配合）: who answers, in brackets at the end of a demand
_IN_BRACKETS = re.compile(r"\((?P<inside>[^()\n：]{2,60})\)(?=[。；\s]*(?:\n|$))")
_IN_BRACKETS_BODY = re.compile(
    rf"(?P<who>[^，；()]{{2,30}}?(?:{_BODIES}|[处科室部办局委组站院所厅会]|[\u4e00-\u9fff]中心))(?:牵头|负责|落实|配合|参与|主办|协办)?(?=$|[，；])"
)
# 责任部门：机关党委牵头，各党支部落实
_LABELLED_ROLE = re.compile(r"(?:牵头|负责|落实|配合|组织实施|具体落实)$")
# 医务处要…, 党办要…: a short name with the ending of an office, right before a plain demand.
_SHORT_NAME = re.compile(
    r"(?![全我本此])[\u4e00-\u9fff]{1,8}?(?:处|科|办|室|(?<!干)部|局|组|站|所|中心|委|院|队|厅|馆|公司)(?=(?:都|也|均)?(?:要|应当|应|须|将|负责(?!人)|牵头(?!人)|会同|于\\d|\\d{1,2}月[^的]|每[年月季周半]))"
)
_ASKED = re.compile(r"(?:都|也|均|还|更|既)?(?:一定要|要|必须|应|须|将|务必)")
_NOT_OPENING = re.compile(
    r"[对为在向与让使给被从按把将以于]|会同|联合|配合|两?年内|部分|个别|有的|很多|其他|全部|一些|下属|打造|选|评|争"
)
_MANNER = re.compile(group_pattern("adverbs", "adverbs"))
_LABEL = re.compile(
    r"(?:责任单位|牵头单位|责任部门|牵头部门|责任人|责任领导|配合单位|配合部门|主办单位|承办单位|责任科室|牵头领导)：[ ]*(?P<who>[^)；;，。\n\t|]{2,60})"
)
_CELL = re.compile(r"[^\t|\n]+")
_OFFICE_CELL = re.compile(r"(?:[\u4e00-\u9fff]{1,8}[处科室部办局委组站院所厅会]、?){1,4}")
_ANY_PHRASE = re.compile("负责|负总责|牵头|具体|靠前|责任|“|推动|引导|组织|督促|指导")
_DEALT_WITH = words("verbs", "about")
# 专职党务干部要按实际需要配备: the body is what is dealt with, not who deals.
_PASSIVE = re.compile(
    r"(?:按|根据|及时|全部|一律|优先|严格).{0,10}(?:" + group_pattern("verbs", "about") + ")$"
)
_ONLY_BODIES = re.compile(r"\s*(?P<who>[\u4e00-\u9fff、]{3,26})[。：]?\s*")
_NUMBERED = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}、|\(?[一二三四五六七八九十\d]{1,3}\)|\d{1,2}[.、．])\s*$"
)
_DONE_AT_ONCE = re.compile(group_pattern("verbs", "hold", "run", "make", "act"))
_OFFICE = re.compile(rf"(?:{_BODIES}|工会|大队|支队|总队|街道|[处科室部办局委组站院所厅会])$")
_LONGEST = 26


def owners(shadow: Shadow, piece: Piece) -> Iterator[Slot]:
    """Owner slots of one sentence."""
    text = shadow.calm
    taken: list[tuple[int, int]] = []
    start, end, parts = piece
    found = [
        *_labelled(shadow.plain, start, end),
        *_bracketed(shadow.plain, start, end),
        *_cells(text, start, end),
        *_headed(text, start, end),
    ]
    for index, clause in enumerate(parts):
        if clause.end - clause.start <= LONGEST:
            following = text[parts[index + 1].start : parts[index + 1].end] if index + 1 < len(parts) else ""
            found.extend(_in_clause(text, clause, following[:12]))
    for slot in found:
        if not any(slot.start < stop and begin < slot.end for begin, stop in taken):
            taken.append((slot.start, slot.end))
            yield slot


def _labelled(text: str, start: int, end: int) -> Iterator[Slot]:
    """（责任单位：组织部、党校）"""
    for match in _LABEL.finditer(text, start, end):
        yield _slot(text, match.start("who"), match.end("who"), "label")


def _bracketed(text: str, start: int, end: int) -> Iterator[Slot]:
    """（监察室牵头，医务部、药学部配合） at the end of a demand; every part of it must be a body."""
    for match in _IN_BRACKETS.finditer(text, start, end):
        inside = match.group("inside")
        parts = [part for part in re.split("[，；]", inside) if part]
        found = [_IN_BRACKETS_BODY.fullmatch(part) for part in parts]
        if not all(found) or _VERBISH.search(inside.replace("落实", "").replace("组织", "")):
            continue
        at = match.start("inside")
        for part in found:
            assert part is not None
            first = text.index(part.string, at)
            yield _slot(text, first, first + len(part.group("who")), "bracket")
            at = first + len(part.string)


def _cells(text: str, start: int, end: int) -> Iterator[Slot]:
    """A cell of a pasted table that holds nothing but a body's name."""
    if "\t" not in text[start:end]:
        return
    for match in _CELL.finditer(text, start, end):
        who = match.group().strip()
        if (
            2 <= len(who) <= _LONGEST
            and (_ENDS_IN_BODY.search(who) or _OFFICE_CELL.fullmatch(who))
            and not _VERBISH.search(who)
        ):
            at = match.start() + match.group().index(who)
            yield _slot(text, at, at + len(who), "cell")


def _headed(text: str, start: int, end: int) -> Iterator[Slot]:
    """A sentence that is nothing but the names of bodies heads what they are to do (1、区总工会。)."""
    match = _ONLY_BODIES.fullmatch(text, start, end)
    if match and _NUMBERED.search(text[max(0, start - 6) : start]):
        parts = match.group("who").split("、")
        if all(
            _OFFICE.search(part) and not _VERBISH.search(part) and not _DONE_AT_ONCE.match(part)
            for part in parts
        ):
            yield _slot(text, match.start("who"), match.end("who"), "heading")


def _in_clause(text: str, clause: Clause, following: str) -> Iterator[Slot]:
    start, body = clause.start, text[clause.start : clause.end]
    for name, trigger, pattern in _PHRASES if _ANY_PHRASE.search(body) else ():
        for match in pattern.finditer(body) if trigger.search(body) else ():
            at, who = match.start("who"), match.group("who")
            while cut := _BEFORE_BEARER.match(who):
                at, who = at + cut.end(), who[cut.end() :]
            if len(who) >= 2 and not _CROWD.search(who) and (name != "bears" or _ENDS_IN_BODY.search(who)):
                yield _slot(text, start + at, start + at + len(who), name)
    if body.endswith(_DEALT_WITH) and "把" not in body and _PASSIVE.search(body):
        return
    for match in _BY_BODY.finditer(body) if "由" in body else ():
        who = match.group("who")
        if not _VERBISH.search(who.replace("组织人事", "")) and not _CROWD.search(who):
            yield _slot(text, start + match.start("who"), start + match.end("who"), "by")
    answerable = _IS_ANSWERABLE.match(body)
    if answerable and _ENDS_IN_BODY.search(answerable.group("who")):
        yield _slot(text, start, start + answerable.end("who"), "answerable")
        return
    opening = _OPENERS.match(body)
    offset = opening.end() if opening else 0
    found = _subject(body[offset:], following)
    if found:
        yield _slot(text, start + offset, start + offset + found, "subject")


def _subject(rest: str, following: str) -> int:
    """The length of the body that opens a clause as its subject, 0 where there is none."""
    stops = [match.end() for match in _BODY_AT.finditer(rest[: _LONGEST + 8])]
    for stop in reversed(stops):
        who, after = rest[:stop], rest[stop:]
        if (
            not 2 <= len(who) <= _LONGEST
            or _NOT_OPENING.match(who)
            or _MANNER.match(who)
            or _VERBISH.search(who)
            or _CROWD.search(who)
        ):
            continue
        if _DEMAND.match(after) or _DOES.match(after) or (not after and _ASKED.match(following)):
            return stop
    short = _SHORT_NAME.match(rest)
    if (
        short
        and not _CROWD.search(short.group())
        and not _VERBISH.search(short.group())
        and not _NOT_OPENING.match(rest)
        and not _MANNER.match(rest)
    ):
        return short.end()
    return 0


def _slot(text: str, start: int, end: int, rule: str) -> Slot:
    who = text[start:end]
    return Slot("owner", start, end, who, who, Why(f"owner-{rule}", (who,)))
