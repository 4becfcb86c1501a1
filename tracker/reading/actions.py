"""What a clerk would put on the task list: the shortest run of text that names something definite to do.

A clause is an action when a verb of the genre meets an object that leaves a trace (制定…方案, 召开…会议,
加强…督查, 完善…机制); `verdicts` decides that. Here clauses are found, joined and cut, and the span is set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .clauses import LONGEST, MODAL, Clause, Piece
from .facts import fact_of, only_amount, rate_of, whole_fact_of
from .lexicon import group_pattern
from .model import Why
from .phrases import whole_clause
from .shadow import Shadow
from .verdicts import ADVERB, MOVED_TO, PREPOSITION, VERB, judge

_MODAL_OPENING = re.compile(
    rf"(?:{MODAL.pattern}|将(?={ADVERB}|召开|开展|组织|制定|印发|出台|举办|启动|推出|对|于|在|以|按))"
)
_ADVERB = re.compile(ADVERB)
_LIGHT = r"(?<![党团])(?:" + group_pattern("verbs", "light") + ")"
_ADVERBS_BEFORE = re.compile(rf"(?:{ADVERB}地?|{_LIGHT})(?:{ADVERB}地?|{_LIGHT}|[、和并])*$")
_ADVERBS_FIRST = re.compile(rf"(?:{ADVERB}地?)+")
_SHORTEST_MEASURED = 5
_LONGEST_ADVERBS = 24
_CONNECT = re.compile(group_pattern("adverbs", "connect"))
_REPORTED = re.compile(group_pattern("adverbs", "reported") + "|总书记[^。，]{0,12}(?:强调|指出|要求)")
_THIS_MEETING = re.compile(group_pattern("adverbs", "this_meeting"))
# 党的十九届六中全会…, 习近平总书记…: what higher bodies did is told, not asked for.
_NARRATIVE = re.compile(
    r"(?:(?:今年|近日|去年)，?)?(?:党的.{0,8}(?:大|全会|会议)(?!胜利召开|召开|闭幕|结束)|习近平|党中央|新中国|改革开放|总书记"
    r"|(?:中央|国务院|市委|省委|省市?委|县委|区委)(?!组织部|宣传部|统战部|办|巡察|机关|党校|各)[^，。]{0,8}"
    r"(?:召开|提出|作出|强调|指出|决定|印发|重视|部署|出台))"
)
_SUBJECT = re.compile("(?:" + group_pattern("actors", "bodies", "crowd") + ")$")
_ABOUT = re.compile(group_pattern("verbs", "about") + "$")
# A verb that starts a part after 、 makes it an action of its own (完善内容、优化指标); verbal nouns do not.
_STARTS_PART = re.compile(
    rf"(?:{ADVERB}地?)*(?:{group_pattern('verbs', 'make', 'build', 'strengthen', 'solve', 'quit')}"
    r"|召开|举办|开展|组织开展|拿出|落实(?!台账|情况|清单)|严格执行|参加|每(?:个|一)?(?:月|周|季|半年|年)|按[月季年])(?=.{2})"
)
_CUTS = re.compile("、|并且?")
_LIST_CLOSED = re.compile(r"等[^，、]{1,12}$|等(?:多种)?(?:方式|形式|途径|渠道|手段)")
_VERB_OR_RESULT = re.compile(
    group_pattern(
        "verbs", "make", "build", "strengthen", "solve", "quit", "run", "hold", "act", "inquire", "keep"
    )
)
SHORT_TIME = re.compile(
    r"(?:到|在)?(?:于?\d{1,2}月(?:\d{1,2}[日号]|[底末初]|[上中下]旬)?(?:之?前|以前)|于(?=\d{1,2}月)|\d{4}年|今年|明年|本月|下月|年初|年中|年底|年末|岁末|上半年|下半年|[一二三四]季度|\d{1,2}月|“七一”|“\ue000{2}”前|每[年月周季个半]|按[月季年]"
    r"|在?.{2,20}(?:召开|出台|印发|结束|发生|完成|启动|下发|反馈)[之以]?[后前时]$|会后)"
)
_SHAPE = re.compile(r"(?:采取|通过|采用|以).{4,}等?(?:形式|方式)$")
_COMBINE = re.compile(
    r"(?:督查|检查|督导|考核|巡察|抽查).{0,12}(?:与|和).{0,12}(?:督查|检查|督导|考核|巡察|抽查)相结合$"
)
_WHOM = re.compile(
    r"(?:(?:对(?!照|标)于?|凡).{3,60}(?:问题|事项|人员|情形)|(?:(?:对于?|凡|不|未|逾期|确|经).{2,60}的)(?:单位|部门|科室|处室|支部|党组织|党支部|个人|党员|干部|人员|同志)?)$"
)
_GO_DOWN = re.compile(
    r"(?:经常|定期|主动|带头|坚持)?深入(?:到)?(?:一线|基层|支部|群众|企业|社区|农村|联系点)"
)
_LONG_MECHANISM = re.compile(r"的[^，的]{0,8}(?:机制|制度|体系|责任制)$")
_BUILDS = re.compile(r"(?:建立|健全|完善|构建|实行|建立健全|建立完善)")
_AT_BASE = re.compile(r"在(?P<inner>.{4,60})的(?:基础上|同时)$")
_CIRCUMSTANCE = re.compile(
    r"(?:按照?|根据|本着|围绕|以|针对|结合|着眼|着眼于|聚焦|立足|紧扣|对照)[^、]?.*"
    r"(?:要求|原则|标准|思路|部署|精神|目标|实际|主题|重点|主线|统领|抓手|契机|指导|特点|问题|任务|导向|需要|中心)$"
)
_ACTS = re.compile("查摆|查找|排查|整改|解决|开展|制定|建立|完善|召开")
_AFTER_SUBJECT = re.compile(
    rf"(?:将(?!{ADVERB})|把|对|向|与|为|到|赴|每[年月周季半]|按[月季年])(?=[^，]{{1,40}}$)"
)
_TIME_AT_END = re.compile(r"(?:\d{1,2}月[底末初]?前?|年底前?|[上下]半年|每[年月周季]度?|今年)$")
_DATED_RESULT = re.compile(
    r"确保(?P<by>(?:在)?.{0,14}(?:前|内|底|月|日).{0,16}(?:完成|到位|建成|整改|销号|达标|见效|投用|出台|落地).*)"
)


# 各支部每月…, 机关党委每半年…, 每名委员联系…: who acts stands outside the span.
_FACT_SUBJECT = re.compile(
    rf"[^，。；的由将把对向每]{{0,14}}?(?:{group_pattern('actors', 'bodies')}|委员|[处科室部办局委组站院所厅])(?=(?:每|按[月季年])(?![^，。；]{{0,8}}召开(?:[一两]|\\d))|于|在|至少|定期|及时|随时|适时|全年|\d|对|向|联系|统一|负责)"
)
_MODAL_LEADS = ("", "将", "要", "拟", "就", "再", "应", "须", "要在", "要将")
_LEADERS = re.compile(r"(?:教育)?引导|推动|督促|指导|动员|邀请|帮助|协助|支持")


@dataclass(frozen=True, slots=True)
class Found:
    """An action's span in the text and why it is one."""

    start: int
    end: int
    why: Why


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of a clause that may be one action, [start, end) in the text."""

    start: int
    end: int


def actions_in(shadow: Shadow, piece: Piece, *, outside: bool = False) -> list[Found]:
    """The actions of one sentence.

    `outside`: the sentence lies in no point; there, talk about the meeting itself is skipped.
    """
    text = shadow.calm
    start, end, found_clauses = piece
    head = text[start : min(end, start + 240)]
    if _REPORTED.search(head) or (outside and _THIS_MEETING.search(head)):
        return []
    if _NARRATIVE.match(head) and not MODAL.search(text, start, end):
        return []
    found: list[Found] = []
    taken = -1
    for index, clause in enumerate(found_clauses):
        if index <= taken or clause.end - clause.start > LONGEST:
            continue
        opened = _without_opening(text, clause.start, clause.end)
        joined = _joined(shadow, found_clauses, index, opened)
        if joined is not None:
            taken = joined[0]
            found.append(joined[1])
            continue
        before = found_clauses[index - 1] if index > taken + 1 else None
        if before is not None and found and found[-1].end == before.end and _measures(text, before, clause):
            found[-1] = Found(found[-1].start, clause.end, found[-1].why)
            continue
        if (
            before is not None
            and clause.start - before.end == 1
            and only_amount(text[clause.start : clause.end])
        ):
            first = _without_opening(text, before.start, before.end)
            if before.end - first >= _SHORTEST_MEASURED:
                # 继续办好“城管夜校”，上半年不少于8期: the number makes it definite
                found.append(
                    Found(first, clause.end, Why("amount", (text[clause.start : clause.end][-12:],)))
                )
                continue
        found.extend(_in_clause(shadow, clause, opened, before))
    return found


def _measures(text: str, before: Clause, clause: Clause) -> bool:
    """Whether a clause only says how much of what the clause before it asks (全年不少于24次; 签订率100%)."""
    body = text[clause.start : clause.end]
    return only_amount(body) or rate_of(body, text[before.start : before.end])


def _in_clause(shadow: Shadow, clause: Clause, opened: int, before: Clause | None) -> Iterator[Found]:
    if MOVED_TO.search(shadow.calm, clause.start, clause.end):
        return
    for order, part in enumerate(_parts(shadow.calm, clause)):
        start = opened if order == 0 else _without_opening(shadow.calm, part.start, part.end)
        found = _action(shadow, start, part.end, first=order == 0)
        if found is not None:
            if order == 0 and before is not None:
                found = _with_clause_before(shadow.calm, found, clause, before)
            yield found


def _joined(shadow: Shadow, found: list[Clause], index: int, start: int) -> tuple[int, Found] | None:
    """Clauses that only together name one act; the index of the last of them, and the act.

    将A与B相结合，C与D相结合; 建立A负总责，B具体负责的责任机制; 通过…等形式，将…开展; 深入基层，了解….
    """
    text = shadow.calm
    clause = found[index]
    body = text[start : clause.end]
    if body.endswith("相结合") and _COMBINE.search(body):
        last = index
        while last + 1 < len(found) and _COMBINE.search(text[found[last + 1].start : found[last + 1].end]):
            last += 1
        return last, Found(clause.start, found[last].end, Why("combine", ("相结合",)))
    following = text[found[index + 1].start : found[index + 1].end] if index + 1 < len(found) else ""
    builds = _BUILDS.match(body)
    if builds and not _LONG_MECHANISM.search(body):
        for last in range(index + 1, min(index + 7, len(found))):
            ahead = text[found[last].start : found[last].end]
            if _STARTS_PART.match(ahead) or MODAL.match(ahead):
                break
            if _LONG_MECHANISM.search(ahead) and any(
                w in body for w in ("负总责", "负责", "牵头", "统一领导", "抓总", "主抓")
            ):
                return last, Found(start, found[last].end, Why("build", (builds.group(), ahead[-4:])))
    if following.startswith(("将", "把")) and _SHAPE.match(body):
        return index + 1, Found(start, found[index + 1].end, Why("shape", ("形式",)))
    down = _GO_DOWN.match(body)
    if down:
        last = index + 1 if re.match(r"了解|掌握|听取|开展|调研|倾听|研究|帮助|走访", following) else index
        return last, Found(start, found[last].end, Why("go-down", (down.group(),)))
    return None


def _parts(text: str, clause: Clause) -> Iterator[_Part]:
    """The clause, cut at each 、 and 并 after which a verb with an object of its own begins."""
    body = text[clause.start : clause.end]
    start = 0
    whole = _LIST_CLOSED.search(body) or ((why := whole_fact_of(body)) and why.rule == "as-found")
    for cut in () if whole else _CUTS.finditer(body):
        head = body[start : cut.start()]
        if len(head) >= 4 and _STARTS_PART.match(body, cut.end()) and _has_object(head):
            yield _Part(clause.start + start, clause.start + cut.start())
            start = cut.end()
    yield _Part(clause.start + start, clause.end)


def _has_object(head: str) -> bool:
    """Whether a part has a verb and something after it (not 及时发现、系统总结典型)."""
    match = _VERB_OR_RESULT.search(head)
    return (match is not None and match.end() < len(head)) or fact_of(head) is not None


def _action(shadow: Shadow, start: int, end: int, *, first: bool) -> Found | None:
    """The action in one part of a clause, if there is one."""
    text = shadow.calm
    start, end = _inside_base(text, start, end)
    if end - start < 3 or (_CIRCUMSTANCE.fullmatch(text, start, end) and not _ACTS.search(text, start, end)):
        return None
    dated = _DATED_RESULT.match(text, start, end)
    if dated:
        return Found(start, end, Why("dated", (dated.group("by")[:12],)))
    body = text[start:end]
    why = whole_clause(body, shadow.plain[start:end])
    if why is not None:
        return Found(_after_subject(text, start, end), end, why)
    modals = list(MODAL.finditer(body))
    modal = modals[-1] if modals else None
    why = whole_fact_of(body)
    if why is not None:
        return Found(_fact_start(body, modal, why) + start, end, why)
    for match in VERB.finditer(body):
        if match.start() > 60:
            break
        why = judge(
            match.group(),
            body[: match.start()],
            shadow.plain[start + match.end() : end],
            asked=modal is not None or first,
        )
        if why is not None:
            return Found(start + _span_start(body, match, modal), end, why)
    why = fact_of(body)
    return Found(_fact_start(body, modal, why) + start, end, why) if why is not None else None


def _fact_start(body: str, modal: re.Match[str] | None, why: Why) -> int:
    """Where a demand without a verb of the lists begins: behind the body that is told to meet it."""
    if why.rule == "by-body" and body.startswith("由"):
        return 1 + len(why.words[0])
    if modal is not None and _SUBJECT.search(body[: modal.start()]):
        return modal.end()
    subject = _FACT_SUBJECT.match(body)
    return subject.end() if subject else 0


def _inside_base(text: str, start: int, end: int) -> tuple[int, int]:
    """在解决…难题的基础上: the act stands inside the frame."""
    base = _AT_BASE.fullmatch(text, start, end) if text.startswith("在", start) else None
    return (base.start("inner"), base.end("inner")) if base else (start, end)


def _without_opening(text: str, start: int, end: int) -> int:
    """Where the part begins behind the words that tie it to what stands before (同时, 尤其, 通过)."""
    while match := _CONNECT.match(text, start, end):
        rest = text[match.end() : end]
        if (
            len(match.group()) == 1
            and match.group() != "并"
            and not (VERB.match(rest) or _ADVERB.match(rest) or MODAL.match(rest))
        ):
            break
        if match.group() == "通过" and _SHAPE.match(text[start:end]):
            break
        start = match.end()
    modal = _MODAL_OPENING.match(text, start, end)
    return modal.end() if modal else start


def _after_subject(text: str, start: int, end: int) -> int:
    """Where a whole-clause action starts: behind a body that is told to act (各级党组织要…)."""
    modal = MODAL.search(text, start, end)
    if modal and _SUBJECT.search(text[start : modal.start()]) and not PREPOSITION.match(text, start):
        return modal.end()
    inner = _AFTER_SUBJECT.search(text, start, end)
    if inner and _SUBJECT.search(text[start : inner.start()]):
        return inner.start()
    return start


def _span_start(body: str, verb: re.Match[str], modal: re.Match[str] | None) -> int:
    """Where the verb phrase begins: adverbs and a leading 对…, 将…, 与… belong to it, the subject does not."""
    floor = 0
    if modal is not None and modal.end() <= verb.start():
        subject = body[: modal.start()]
        passive = _ABOUT.search(body) and verb.end() == len(body)
        keeps = PREPOSITION.match(subject) or SHORT_TIME.match(subject) or passive
        if passive and keeps:
            return 0
        timed = None if keeps else _TIME_AT_END.search(subject)
        if timed:
            return timed.start()
        floor = 0 if keeps else modal.end()
    prefix = body[floor : verb.start()]
    if prefix.startswith("在") and not SHORT_TIME.match(prefix):
        return floor + _adverbs_at(prefix)
    if not prefix or PREPOSITION.match(prefix) or SHORT_TIME.match(prefix) or _LEADERS.match(prefix):
        return floor
    adverbs = _ADVERBS_FIRST.match(prefix)
    if modal is not None and adverbs and PREPOSITION.match(prefix, adverbs.end()):
        return floor  # 适时对议定事项开展…
    inner = _AFTER_SUBJECT.search(prefix)
    if inner and _SUBJECT.search(prefix[: inner.start()]):
        return floor + inner.start()
    return floor + _adverbs_at(prefix)


def _adverbs_at(prefix: str) -> int:
    """Where the run of adverbs that ends a prefix begins."""
    adverbs = _ADVERBS_BEFORE.search(prefix, max(0, len(prefix) - _LONGEST_ADVERBS))
    return adverbs.start() if adverbs else len(prefix)


def _with_clause_before(text: str, found: Found, clause: Clause, before: Clause) -> Found:
    """A short clause of time, or of whom it concerns, right before the act belongs to it.

    年底，将开展…; 会后，尽快印发…; 对履职不到位的，要严肃批评.
    """
    if clause.start - before.end > 1 or found.start - clause.start > 3:
        return found
    start = _without_opening(text, before.start, before.end)
    body = text[start : before.end]
    lead = text[clause.start : found.start]
    timely = (
        lead in _MODAL_LEADS
        and len(body) <= 24
        and SHORT_TIME.match(body)
        and "以来" not in body
        and "，" not in body
    )
    if (timely and not VERB.search(re.sub(SHORT_TIME, "", body, count=1))) or _WHOM.fullmatch(body):
        return Found(start, found.end, found.why)
    return found
