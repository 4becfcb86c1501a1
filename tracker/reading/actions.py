"""What a clerk would put on the task list: the shortest run of text that names something definite to do.

A clause is an action when a verb of the genre meets an object that leaves a trace (制定…方案, 召开…会议,
加强…督查, 完善…机制). Attitudes (增强…意识), effects (形成…格局) and purposes (推动…落到实处) are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .clauses import LONGEST, MODAL, Clause, clauses
from .lexicon import group_pattern, words
from .model import Why

_VERB_GROUPS = (
    "make",
    "make_if_paper",
    "hold",
    "run",
    "build",
    "keep",
    "strengthen",
    "act",
    "solve",
    "inquire",
    "target",
)
_GROUPS_OF: dict[str, tuple[str, ...]] = {}
for _group in _VERB_GROUPS:
    for _word in words("verbs", _group):
        _GROUPS_OF[_word] = (*_GROUPS_OF.get(_word, ()), _group)
_VERB = re.compile(group_pattern("verbs", *_VERB_GROUPS))
_QUIT = re.compile(group_pattern("verbs", "quit"))
_ADVERB = group_pattern("adverbs", "adverbs")
_LIGHT = group_pattern("verbs", "light")
_ADVERBS_BEFORE = re.compile(rf"(?:{_ADVERB}地?|{_LIGHT}|[、和并以])*$")
_ADVERBS_AFTER = re.compile(rf"(?:{_ADVERB}地?|{_LIGHT})*")
_CONNECT = re.compile(group_pattern("adverbs", "connect"))
_REPORTED = re.compile(group_pattern("adverbs", "reported") + "|总书记[^。，]{0,12}(?:强调|指出|要求)")
_THIS_MEETING = re.compile(group_pattern("adverbs", "this_meeting"))
_CROWD = re.compile("(?:" + group_pattern("actors", "crowd") + ")$")
_BODY = re.compile(group_pattern("actors", "bodies") + "$")


def _ends(*groups: str) -> tuple[str, ...]:
    return tuple(word for group in groups for word in words("nouns", group))


_PAPER = _ends("paper")
_MECHANISM = _ends("mechanism")
_DIVIDED = _ends("divided")
_EVENT = _ends("event", "studies")
_PROCESS = _ends("process")
_TAIL = re.compile("(?:" + group_pattern("nouns", "process_tail") + ")$")
_PROBLEM = _ends("problem")
_FOUND = _ends("found_out")
_NORM = _ends("norm")
_ATTITUDE = _ends("attitude")
_RUN_NO = _ends("run_no")
_KEPT = _ends("act_keep")
_KEPT_ANYWHERE = re.compile(group_pattern("nouns", "act_keep"))
_NOUN_LIKE = frozenset(words("verbs", "act_noun_like"))
"""A verb that starts a part after 、 makes it an action of its own (完善内容、优化指标); verbal nouns do not."""
_STARTS_PART = re.compile(
    rf"(?:{_ADVERB}地?)*(?:{group_pattern('verbs', 'make', 'build', 'strengthen', 'solve', 'quit')}|召开|举办|开展|组织开展|落实|严格执行)(?=.{{2}})"
)
_COUNTED = re.compile(
    r"(?:\d[\d,.]*\s*[余多]?[百千万亿]{0,2}[余多]?|[一两三四五六七八九十百千]+[余多])(?:个|名|人次|人|场|次|期|篇|家|户|项|件|份|批)|一批|一系列"
)
_PREPOSITION = re.compile(
    r"(?:对于?|将|把|与|为|向|面向|针对|凡|在|以|按照?|依托|通过|采取|采用|运用|利用|借助|根据|结合|围绕)"
)
_SHORT_TIME = re.compile(
    r"(?:\d{4}年|今年|明年|本月|下月|年初|年中|年底|年末|岁末|上半年|下半年|[一二三四]季度|\d{1,2}月|“七一”|每[年月周季个半]|在?.{2,20}(?:召开|出台|印发|结束|发生|完成|启动|下发|反馈)[之以]?[后前时]$|会后$)"
)
_ACCOUNT = re.compile(
    r"追究.{0,20}责任|给予.{0,20}(?:处分|处理|表彰|奖励|批评|通报)|严肃(?:批评|处理|追责|问责|查处|追究)|(?:要|须)问责"
)
_SERVE = re.compile(r"为.{1,16}办.{0,4}(?:实事|好事)|办(?:好)?.{0,6}实事|解难题|排忧解难$|送温暖")
_SHAPE = re.compile(r"(?:采取|通过|采用|以).{4,}等?(?:形式|方式)$")
_COMBINE = re.compile(
    r"(?:督查|检查|督导|考核|巡察|抽查).{0,12}(?:与|和).{0,12}(?:督查|检查|督导|考核|巡察|抽查)相结合$"
)
_GUARD_GATE = re.compile(r"严把.{1,20}关$|把(?:好|严).{1,16}关$")
_SAME = re.compile(
    r"同(?:部署|谋划|落实|考核|推进|检查|研究|考|述|评|安排|督查)(?:、同(?:部署|谋划|落实|考核|推进|检查|研究|督查|安排|考))*$"
)
_INTO = re.compile(
    r"^(?:将|把).{2,60}(?:纳入|列入|作为).{2,60}(?:考核|评议|内容|范围|依据|计划|议程|体系|清单|指标|事项|必修课|规划|目标|条件|参考)$"
)
_ONE_EACH = re.compile(r"每[周月季年].{0,2}一[学课讲会评报查考]|一[月季]一[^，]{1,6}")
_MOVED_TO = re.compile(r"转移到|上来$|起来$|下去$|落到实处$|走在前")


@dataclass(frozen=True, slots=True)
class Found:
    """An action's span in the text and why it is one."""

    start: int
    end: int
    why: Why


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of a clause that may be one action: [start, end) in the text."""

    start: int
    end: int


def actions_in_sentence(text: str, start: int, end: int, *, outside: bool = False) -> Iterator[Found]:
    """The actions of one sentence of a calm view (see `shadow`).

    `outside`: the sentence lies in no point; there, talk about the meeting itself is skipped.
    """
    sentence = text[start:end]
    if _REPORTED.search(sentence[:200]) or (outside and _THIS_MEETING.search(sentence[:120])):
        return
    found_clauses = clauses(text, start, end)
    taken = -1
    for index, clause in enumerate(found_clauses):
        if index <= taken or clause.end - clause.start > LONGEST:
            continue
        merged = _merged(text, found_clauses, index)
        if merged is not None:
            taken, found = merged
            yield found
            continue
        before = found_clauses[index - 1] if index else None
        for order, part in enumerate(_parts(text, clause)):
            found = _action(text, part, first=order == 0, opens=clause.opens or index == 0)
            if found is None:
                continue
            if order == 0 and before is not None and taken < index - 1:
                found = _with_time(text, found, clause, before)
            yield found


def _merged(text: str, found: list[Clause], index: int) -> tuple[int, Found] | None:
    """Clauses that only together name one act: 将A与B相结合，C与D相结合; 通过…等形式，将…开展."""
    clause = found[index]
    body = text[clause.start : clause.end]
    if _COMBINE.search(body):
        last = index
        while last + 1 < len(found) and _COMBINE.search(text[found[last + 1].start : found[last + 1].end]):
            last += 1
        return last, Found(clause.start, found[last].end, Why("combine", ("相结合",)))
    return None


def _parts(text: str, clause: Clause) -> Iterator[_Part]:
    """The clause, cut at each 、 after which a verb with an object of its own begins."""
    body = text[clause.start : clause.end]
    if "、" not in body or _closed_list(body):
        yield _Part(clause.start, clause.end)
        return
    start = 0
    for cut in re.finditer("、", body):
        head = body[start : cut.start()]
        if _STARTS_PART.match(body, cut.end()) and _VERB.search(head) and len(head) >= 4 and not _bare(head):
            yield _Part(clause.start + start, clause.start + cut.start())
            start = cut.end()
    yield _Part(clause.start + start, clause.end)


_LIST_CLOSED = re.compile(r"等[^，、]{1,12}$")


def _closed_list(body: str) -> bool:
    """Whether 等… closes the list, so that its members are names (开展调研走访、慰问帮扶等活动)."""
    return bool(_LIST_CLOSED.search(body))


def _bare(head: str) -> bool:
    """Whether a part is adverbs and a verb without an object (及时发现、系统总结典型)."""
    match = None
    for match in _VERB.finditer(head):
        pass
    return match is not None and match.end() == len(head) and len(match.group()) == len(head.strip())


def _action(text: str, part: _Part, *, first: bool, opens: bool) -> Found | None:
    """The action in one part of a clause, if there is one."""
    start, end = _without_opening(text, part.start, part.end)
    if end - start < 3:
        return None
    body = text[start:end]
    if _MOVED_TO.search(body):
        return None
    whole = _whole_clause_rule(body)
    if whole is not None:
        return Found(_topic_cut(text, start, end), end, whole)
    modal = None
    for modal in MODAL.finditer(body):
        pass
    for match in _VERB.finditer(body):
        prefix = body[: match.start()]
        if match.start() > 40:
            break
        why = _judge(match.group(), prefix, body[match.end() :], asked=modal is not None or first)
        if why is None:
            continue
        return Found(start + _span_start(body, match.start(), modal), end, why)
    return None


def _without_opening(text: str, start: int, end: int) -> tuple[int, int]:
    """The part without the words that tie it to what stands before (同时, 尤其, 通过)."""
    while match := _CONNECT.match(text, start, end):
        rest = text[match.end() : end]
        if len(match.group()) == 1 and not (
            _VERB.match(rest) or re.match(_ADVERB, rest) or MODAL.match(rest)
        ):
            break
        if match.group() == "通过" and _SHAPE.match(text[start:end]):
            break
        start = match.end()
    modal = MODAL.match(text, start, end)
    if modal:
        start = modal.end()
    return start, end


def _whole_clause_rule(body: str) -> Why | None:
    """Rules that see the clause as one phrase."""
    for name, pattern in (
        ("account", _ACCOUNT),
        ("serve", _SERVE),
        ("gate", _GUARD_GATE),
        ("same-time", _SAME),
        ("into", _INTO),
        ("each", _ONE_EACH),
    ):
        match = pattern.search(body)
        if match:
            return Why(name, (match.group()[:20],))
    if _SHAPE.search(body) and any(word in body for word in _EVENT if len(word) > 1):
        return Why("shape", ("形式",))
    return None


def _topic_cut(text: str, start: int, end: int) -> int:
    """Where a whole-clause action starts: after a body that is told to act (各级党组织要…)."""
    body = text[start:end]
    for modal in MODAL.finditer(body):
        subject = body[: modal.start()]
        if _BODY.search(subject) or _CROWD.search(subject):
            return start + modal.end()
        break
    return start


def _span_start(body: str, verb: int, modal: re.Match[str] | None) -> int:
    """Where the verb phrase begins: adverbs and a leading 对…, 将…, 与… belong to it, the subject does not."""
    floor = 0
    if modal is not None and modal.end() <= verb:
        subject = body[: modal.start()]
        keeps = _PREPOSITION.match(subject) or _SHORT_TIME.match(subject)
        floor = 0 if keeps else modal.end()
    prefix = body[floor:verb]
    if not prefix or _PREPOSITION.match(prefix) or _SHORT_TIME.match(prefix):
        return floor
    adverbs = _ADVERBS_BEFORE.search(prefix)
    return floor + (adverbs.start() if adverbs else len(prefix))


def _strip_tail(found: str) -> str:
    """An object without the words that trail after a process (考核工作, 培训力度)."""
    return _TAIL.sub("", found)


def _judge(verb: str, prefix: str, found: str, *, asked: bool) -> Why | None:
    """Whether this verb with this object names something definite, and by which rule."""
    rest = found.rstrip("等了”》 ") if not found.endswith(("”", "》")) else found
    if len(prefix) > 16 and not _PREPOSITION.match(prefix) and not MODAL.search(prefix):
        return None
    if _QUIT.match(prefix) and not _counted(verb, found):
        return None
    groups = _GROUPS_OF[verb]
    counted = _counted(verb, found)
    if counted is not None:
        return counted
    for group in groups:
        why = _JUDGES[group](verb, prefix, rest, asked)
        if why is not None:
            return why
    return None


def _counted(verb: str, found: str) -> Why | None:
    """A counted object makes a target (培育10个示范支部)."""
    match = _COUNTED.search(found[:40])
    if match and "target" in _GROUPS_OF[verb] and not found.endswith(_ATTITUDE):
        return Why("counted", (verb, match.group()))
    return None


def _why(rule: str, verb: str, found: str, ends: tuple[str, ...]) -> Why:
    return Why(rule, (verb, next((word for word in ends if found.endswith(word)), "")))


def _make(verb: str, prefix: str, found: str, asked: bool) -> Why | None:
    if len(found) >= 2 and not found.endswith(_ATTITUDE):
        return Why("make", (verb, found[-6:]))
    return None


def _make_if_paper(verb: str, prefix: str, found: str, asked: bool) -> Why | None:
    if len(found) > 2 and found.endswith(_PAPER) and not found.endswith(_ATTITUDE):
        return _why("make", verb, found, _PAPER)
    return None


def _hold(verb: str, prefix: str, found: str, asked: bool) -> Why | None:
    if len(verb) == 1:
        return _why("hold", verb, found, ("党课",)) if found.endswith(("党课", "微党课")) else None
    if len(found) >= 2 and (
        verb not in ("参加", "观看", "参观", "重温", "赴", "列席")
        or found.endswith(_EVENT)
        or len(found) >= 4
    ):
        return Why("hold", (verb, found[-6:]))
    return None


def _run(verb: str, prefix: str, found: str, asked: bool) -> Why | None:
    if verb == "组织" and prefix and not _ADVERBS_BEFORE.fullmatch(prefix):
        return None
    core = _strip_tail(found) if not found.endswith("活动") else found
    if verb == "落实":
        return None
    if len(core) >= 2 and core.endswith(_EVENT) and not core.endswith(_ATTITUDE):
        return _why("run", verb, core, _EVENT)
    if verb in ("启动", "推行", "实行", "试行", "实施") and found.endswith(_MECHANISM + _PAPER):
        return _why("run", verb, found, _MECHANISM + _PAPER)
    return None


def _build(verb: str, prefix: str, found: str, asked: bool) -> Why | None:
    if found.endswith(_ATTITUDE):
        return None
    if verb in ("明确", "细化", "细化硬化", "量化", "压实", "硬化", "厘清", "理顺"):
        if len(found) >= 4 and (found.endswith(_DIVIDED) or verb == "理顺"):
            return _why("divide", verb, found, _DIVIDED)
        return None
    if verb == "构建" and found.endswith("体系"):
        return None
    if len(found) > 2 and found.endswith(_MECHANISM):
        return _why("build", verb, found, _MECHANISM)
    return None


def _keep(verb: str, prefix: str, found: str, asked: bool) -> Why | None:
    if found.endswith(_ATTITUDE):
        return None
    if _KEPT_ANYWHERE.search(found) and (
        found.endswith(_KEPT) or found.endswith(("制度", "机制", "要求", "工作", "规定", "”"))
    ):
        return Why("keep", (verb, _KEPT_ANYWHERE.search(found).group()))  # type: ignore[union-attr]
    if verb not in ("加强", "强化", "提高", "严肃", "规范") and found.endswith(
        ("制度", "机制", "责任制", "办法", "规范", "清单", "工作体系", "细则")
    ):
        return Why("keep", (verb, found[-4:]))
    if verb in ("落实", "落实好", "抓好", "抓实") and "整改" in found:
        return Why("keep", (verb, "整改"))
    return None


def _strengthen(verb: str, prefix: str, found: str, asked: bool) -> Why | None:
    core = _strip_tail(_strip_tail(found))
    if core.endswith(_PROCESS) and not found.endswith(("意识", "能力", "氛围")):
        return _why("strengthen", verb, core, _PROCESS)
    if verb in ("深化", "推进") and found.endswith(("教育", "行动", "试点", "工程")):
        return Why("strengthen", (verb, found[-4:]))
    return None


def _act(verb: str, prefix: str, found: str, asked: bool) -> Why | None:
    if found.startswith("的"):
        return None
    if verb in _NOUN_LIKE and (len(found) < 2 or found[0] in "和与、"):
        adverbs = _ADVERBS_BEFORE.search(prefix)
        if not asked or (not (adverbs and adverbs.group()) and prefix):
            return None
        if not prefix and not found:
            return None
    if found.endswith(_ATTITUDE):
        return None
    if len(prefix) > 10 and not _PREPOSITION.match(prefix) and not MODAL.search(prefix):
        return None
    return Why("act", (verb,))


def _solve(verb: str, prefix: str, found: str, asked: bool) -> Why | None:
    if (
        found.endswith(_PROBLEM)
        and len(found) > 2
        and "“" not in found[:1]
        and (prefix or verb not in ("解决", "破解", "化解"))
    ):
        return _why("solve", verb, found, _PROBLEM)
    return None


def _inquire(verb: str, prefix: str, found: str, asked: bool) -> Why | None:
    if found.endswith(_FOUND) and (len(found) > 2 or verb in ("征求", "征集", "收集")):
        return _why("inquire", verb, found, _FOUND)
    return None


def _target(verb: str, prefix: str, found: str, asked: bool) -> Why | None:
    return None


_JUDGES = {
    "make": _make,
    "make_if_paper": _make_if_paper,
    "hold": _hold,
    "run": _run,
    "build": _build,
    "keep": _keep,
    "strengthen": _strengthen,
    "act": _act,
    "solve": _solve,
    "inquire": _inquire,
    "target": _target,
}


def _with_time(text: str, found: Found, clause: Clause, before: Clause) -> Found:
    """A short clause of time right before the act belongs to it (年底，将开展…; 会后，尽快印发…)."""
    body = text[before.start : before.end]
    if (
        len(body) <= 24
        and not before.end < clause.start - 2
        and _SHORT_TIME.match(body)
        and "以来" not in body
    ):
        lead = text[clause.start : found.start]
        if len(lead) <= 2:
            return Found(before.start, found.end, found.why)
    return found
