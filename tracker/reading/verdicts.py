"""Whether a verb with its object names something definite, and by which rule.

Every rule serves a phrase of the genre; attitudes (增强…意识), effects (形成…格局), general norms
(落实…精神) and purposes (推动…落到实处) name nothing that could be shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from .clauses import MODAL
from .lexicon import group_pattern, one_of, words
from .model import Why
from .phrases import UNDERGO

_GROUPS = (
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
for _group in _GROUPS:
    for _word in words("verbs", _group):
        _GROUPS_OF[_word] = (*_GROUPS_OF.get(_word, ()), _group)
_ALL_VERBS = [word for group in _GROUPS for word in words("verbs", group)]
# 组织 is a verb only where it is not the end of 党组织 or the head of 组织生活.
_FIRST_LETTERS = "".join(sorted({word[0] for word in _ALL_VERBS} | {"进"}))
VERB = re.compile(
    # Asked first because it is cheap: may a verb begin here at all?
    rf"(?=[{_FIRST_LETTERS}])(?:"
    r"(?<![党团级])"
    + one_of(word for word in _ALL_VERBS if word.startswith("组织") and word != "组织")
    + r"|(?<![党团级层本各类])组织(?!生活|部|委员|关系|设置|体系|建设|书记)|"
    + one_of([*(word for word in _ALL_VERBS if not word.startswith("组织")), "进行"])
    + ")"
)
_QUIT = re.compile(group_pattern("verbs", "quit"))
ADVERB = group_pattern("adverbs", "adverbs")
PREPOSITION = re.compile(
    r"(?:对于?|将|把|与|为|向|面向|针对|凡|在|以|按照?|依托|通过|采取|采用|运用|利用|借助|根据|结合|围绕|会同|联合|用)"
)
_ADVERBIAL = re.compile(rf"(?:{ADVERB}地?|{group_pattern('verbs', 'light')})*")


def _ends(*groups: str) -> tuple[str, ...]:
    return tuple(word for group in groups for word in words("nouns", group))


_PAPER = _ends("paper")
_MECHANISM = _ends("mechanism")
_DIVIDED = _ends("divided")
_EVENT = _ends("event", "studies")
_PROCESS = _ends("process")
_TAIL = re.compile("(?:" + group_pattern("nouns", "process_tail") + ")$")
_PROBLEM = _ends("problem")
_FOUND_OUT = _ends("found_out")
_ATTITUDE = _ends("attitude")
_KEPT = re.compile(group_pattern("nouns", "act_keep"))
_NOUN_LIKE = frozenset(words("verbs", "act_noun_like"))
_NOMINAL = re.compile(group_pattern("nouns", "nominal"))
_NORM_END = _ends("norm")
_ABOUT = frozenset(words("verbs", "about"))
_TITLED = re.compile(r"(?:[条法单书章策]”|》)$")
_COUNTED = re.compile(
    r"(?:\d[\d,.]*\s*[余多]?[百千万亿]{0,2}[余多]?|[一两三四五六七八九十百千]+[余多])(?:个|名|人次|人|场|次|期|篇|家|户|项|件|份|批|支|对|套|处|所|座|栋|辆|台|轮|组|队)|一批|一系列"
)
_COUNT_AFTER = re.compile(
    r"(?:不少于|不低于|至少|达到?|共|累计)?\s*(?:\d[\d,.]*|[一二两三四五六七八九十百]{1,3})\s*[余多]?[百千万]?(?:个|名|人次|人|场|次|期|篇|家|户|项|件|份|批|支|轮|遍|套|处|所|座|栋|辆|台|组|队|%)(?:以上)?$"
)
_DIVIDES = frozenset(("明确", "细化", "细化硬化", "量化", "硬化", "厘清", "理顺"))
"""Verbs that make a name in quotation marks a campaign (实施“一社区一案例”)."""
_QUOTABLE = frozenset(
    ["开展", "组织", "组织开展", "实施", "组织实施", "启动", "发起", "推行", "实行", "策划", "部署开展"]
)
"""After these only a campaign is definite (抓好创建活动), not work at large (抓好宣传工作)."""
_HANDLED = frozenset(("抓好", "抓实", "做好", "搞好", "用好", "办好"))
# 导师带教制, 承诺制, 包联制
_SYSTEM = re.compile("(?<![体编])制$")
_LED = re.compile(r"(?:教育)?引导|督促|指导|组织|动员")
_LED_TO = ("规范", "规定", "制度", "公约", "守则", "办法", "承诺")
_PEOPLE = ("书记", "班子", "干部", "委员", "人员", "岗位", "分工")
_RECORDS = ("名册", "花名册", "报告", "档案", "台账", "台帐", "清单")
# 完善制度机制, 健全各项制度: too wide to be shown.
_VAGUE_RULES = re.compile(
    r"(?:各项|各类|有关|相关|规章|工作|一系列)?(?:制度|机制|制度机制|体制机制|规章制度|工作机制|措施)"
)
_WEAK_KEEP = frozenset(("加强", "强化", "提高", "严肃", "规范"))
MOVED_TO = re.compile(
    r"转移到|上来$|起来$|下去$|落到实处$|走在前|转化为|转化成|贯穿|统一到|凝聚到|相结合$|相统一$|放在首位|挺在前面|的(?:方向|道路|要求)$"
)

# 系统总结典型, 定期听取意见: an adverb makes even a bare object definite.
_THOROUGH = re.compile("系统|定期|专题|全面|广泛|每|逐一")
# What makes a long run before the verb no part of another phrase: whom or where it concerns, how often.
_ARGUMENT = re.compile("对|将|把|与|向|为|到|赴|每[年月周季半]|按[月季年]")
_NOMINAL_SIGN = re.compile("[的时后前战]|中(?!央|国|共|小|层|心|学|期|青)")
# 落实领导包联等措施: the act stands inside the object of another verb.
_VERB_FIRST = re.compile(
    rf"(?:{ADVERB})*(?:落实|执行|坚持|健全|完善|建立|加强|强化|推进|深化|明确|优化|提高|提升|增强)(?=.{{2}})"
)
# 述职要述出实情, 整改责任人不得…: here the verbal noun is the subject.
_IS_SUBJECT = re.compile(r".{0,4}(?:(?<![主重需必])要(?!求)|不得|不能|不在|不应|须|应当)")
_BY_THE_WAY = re.compile("结合|围绕|根据|按照|针对|依据|借助|依托|利用|参照")


_IN_RHYTHM = re.compile("(?:每|按|逐)[年月季周]")
_THIS_PAPER = ("本方案", "本办法", "本意见", "本通知", "本细则", "本规定", "本制度", "以下", "下列")
"""What a paper says of itself (制定本方案), or announces (抓好以下事项)."""
_BROUGHT_ABOUT = frozenset((*words("verbs", "make"), "组建", "成立", "设立", "换届", "新建", "配齐", "建立"))
"""What somebody else is brought to do and can be shown (推动签订集体合同, 推动5家站点组建党支部)."""
_NOUN_PHRASE = re.compile("的[^的，]{1,4}$|^不[^，]{1,6}的|^[上中](?!级)|阶段(?:\\([^()]*\\))?$")
"""After a verbal noun: 考核排名末三位的单位, 考试不及格的, 整改上耍花招, 自查整改阶段."""
_SHOWN = 6


class Case(NamedTuple):
    """One verb in its clause: what stands before it, what after, and whether it is asked for."""

    verb: str
    prefix: str
    found: str
    asked: bool


def judge(verb: str, prefix: str, found: str, *, asked: bool) -> Why | None:
    """Whether this verb with this object names something definite, and by which rule.

    `prefix` is what stands before the verb in its clause, `found` what stands after it, names unblanked;
    `asked` says that a modal asks for it or that it opens its clause.
    """
    if prefix.endswith(("是", "作为", "的", "属于", "以")):
        return None
    if len(prefix) > 16 and not (
        PREPOSITION.match(prefix) or MODAL.search(prefix) or _ARGUMENT.search(prefix)
    ):
        return None
    found = found.removeprefix("了").removeprefix("好")
    if found.startswith(("稿", "如下", "并", "和", "一并", "进行", "同步", "有", "的", "过")):
        return None
    if found.startswith(_THIS_PAPER) or (verb == "听取" and prefix.endswith("会议")):
        return None
    counted = _counted(verb, found)
    if counted is not None:
        return counted
    rest = _COUNT_AFTER.sub("", found).rstrip("等 ")
    quits = _QUIT.match(prefix)
    if quits and not (
        (_LED.fullmatch(quits.group()) and rest.endswith(_LED_TO))
        or (quits.group() == "推动" and verb in _BROUGHT_ABOUT and len(rest) >= 2)
    ):
        return None
    if verb == "进行":
        return Why("undergo", (rest[-6:],)) if rest.endswith(UNDERGO) and "回顾" not in rest else None
    case = Case(verb, prefix, rest, asked)
    for group in _GROUPS_OF[verb]:
        why = _RULES[group](case) if group in _RULES else None
        if why is not None:
            return why
    return None


def _counted(verb: str, found: str) -> Why | None:
    """A counted object makes a target (培育10个示范支部)."""
    match = _COUNTED.search(found[:40])
    if match and "target" in _GROUPS_OF.get(verb, ()) and not found.endswith(_ATTITUDE):
        return Why("counted", (verb, match.group()))
    return None


def _why(rule: str, verb: str, found: str) -> Why:
    return Why(rule, (verb, found[-_SHOWN:]))


def _make(case: Case) -> Why | None:
    if not case.found:
        return Why("make", (case.verb,)) if case.asked and case.prefix else None
    if len(case.found) >= 2 and not case.found.endswith(_ATTITUDE) and case.found[0] not in "的后要":
        return Why("make", (case.verb, case.found[-6:]))
    return None


def _make_if_paper(case: Case) -> Why | None:
    if (
        len(case.found) > 2
        and (case.found.endswith((*_PAPER, "机制")) or _TITLED.search(case.found))
        and not case.found.endswith(_ATTITUDE)
    ):
        return _why("make", case.verb, case.found)
    return None


def _hold(case: Case) -> Why | None:
    if case.found.endswith(_ATTITUDE):
        return None
    if len(case.verb) == 1 or case.verb == "讲授":
        return _why("hold", case.verb, case.found) if case.found.endswith("党课") else None
    if case.verb in ("参加", "参与", "列席"):
        if _nominal(case.found):
            return None
        return _why("hold", case.verb, case.found) if case.found.endswith((*_EVENT, "组织生活")) else None
    if case.verb == "开好" and not case.found.endswith(("会", "会议")):
        return None
    if len(case.found) >= 2 and not _nominal(case.found):
        return Why("hold", (case.verb, case.found[-6:]))
    return None


def _run(case: Case) -> Why | None:
    if case.verb == "组织" and case.prefix and not _ADVERBIAL.fullmatch(MODAL.sub("", case.prefix)):
        return None
    if case.verb in _HANDLED and not case.found.endswith(
        ("活动", "行动", "工程", "项目", "试点", "大会", "职代会", "运动会", "展览", "讲座")
    ):
        return None
    core = case.found if case.found.endswith("活动") else _TAIL.sub("", case.found)
    if core.endswith(_ATTITUDE) and not core.endswith("作用"):
        return None
    if len(core) >= 2 and core.endswith(_EVENT):
        return _why("run", case.verb, core)
    if case.found.endswith("”") and case.verb in _QUOTABLE:
        return Why("run", (case.verb, case.found[-6:]))
    if case.verb in ("启动", "推行", "实行", "试行", "实施") and (
        case.found.endswith(_MECHANISM + _PAPER) or _SYSTEM.search(case.found)
    ):
        return _why("run", case.verb, case.found)
    return None


def _build(case: Case) -> Why | None:
    if case.found.endswith(_ATTITUDE):
        return None
    if case.verb in _DIVIDES:
        if len(case.found) >= 4 and (case.found.endswith((*_DIVIDED, "”")) or case.verb == "理顺"):
            return _why("divide", case.verb, case.found)
        return None
    if case.verb in ("调整", "调整优化", "充实") and case.found.endswith(_PEOPLE):
        return _why("act", case.verb, case.found)
    if case.verb == "构建" and case.found.endswith("体系"):
        return None
    definite = len(case.found) > 2 or case.found in _RECORDS
    if definite and case.found.endswith(_MECHANISM + _RECORDS) and not _VAGUE_RULES.fullmatch(case.found):
        return _why("build", case.verb, case.found)
    return None


def _keep(case: Case) -> Why | None:
    if case.found.endswith(_ATTITUDE):
        return None
    kept = _KEPT.search(case.found)
    if (
        kept
        and case.verb not in _WEAK_KEEP
        and (kept.start() <= 1 or case.found.endswith(("制度", "机制", "要求", "规定", "”", kept.group())))
    ):
        return Why("keep", (case.verb, kept.group()))
    if case.verb not in _WEAK_KEEP and case.found.endswith(
        ("制度", "机制", "责任制", "办法", "规范", "清单", "工作体系", "细则", "等措施", "等要求")
    ):
        return Why("keep", (case.verb, case.found[-4:]))
    if case.verb in ("落实", "落实好", "抓好", "抓实") and "整改" in case.found:
        return Why("keep", (case.verb, "整改"))
    return None


def _strengthen(case: Case) -> Why | None:
    core = _TAIL.sub("", _TAIL.sub("", case.found)).removesuffix("的")
    if core.endswith(_PROCESS):
        return _why("strengthen", case.verb, core)
    if (
        case.verb in ("深化", "推进")
        and case.found.endswith(("教育", "行动", "试点", "工程"))
        and not case.found.endswith("实际行动")
    ):
        return Why("strengthen", (case.verb, case.found[-4:]))
    return None


def _act(case: Case) -> Why | None:
    if (
        case.found.endswith(_ATTITUDE)
        or (_nominal(case.found) and not (_IN_RHYTHM.search(case.prefix) and len(case.found) > 2))
        or ("、" in case.prefix and not case.prefix.startswith(("把", "将")))
        or _BY_THE_WAY.fullmatch(case.prefix)
    ):
        return None
    if _VERB_FIRST.match(case.prefix) or _IS_SUBJECT.match(case.found) or case.prefix.endswith("谁"):
        return None
    if case.found.endswith("的") or ("的" in case.found and case.prefix.startswith(("对", "凡"))):
        return None
    if case.verb in _NOUN_LIKE | {"自查"} and not case.prefix and _NOUN_PHRASE.search(case.found):
        return None
    if case.verb == "组建" and case.prefix.endswith("小"):
        return None
    if (case.verb in _NOUN_LIKE and case.found.startswith("“")) or (
        case.verb == "联系" and case.found.startswith(("点", "人", "户", "会", "支部", "社区", "单位", "村"))
    ):
        return None
    if case.verb in _NOUN_LIKE and case.found.startswith(("、", "关口", "反馈的")):
        return None
    if case.verb in _NOUN_LIKE and len(case.found) < 2:
        bare = MODAL.sub("", case.prefix)
        adverbial = bool(bare) and _ADVERBIAL.fullmatch(bare) is not None
        if not (
            adverbial
            or PREPOSITION.match(case.prefix)
            or _ARGUMENT.search(case.prefix)
            or MODAL.search(case.prefix)
            or (not case.prefix and len(case.found) == 2)
        ):
            return None
    if len(case.prefix) > 12 and not (
        PREPOSITION.match(case.prefix) or MODAL.search(case.prefix) or _ARGUMENT.search(case.prefix)
    ):
        return None
    if len(case.found) < 2 and not case.prefix and len(case.verb) < 4:
        return None
    return Why("act", (case.verb,))


def _nominal(found: str) -> bool:
    """Whether the words after a verbal noun make it part of a name (整改阶段, 考核结果运用)."""
    match = _NOMINAL.match(found)
    return match is not None and (
        match.end() == len(found) or _NOMINAL_SIGN.match(found) is not None or len(match.group()) > 1
    )


def _solve(case: Case) -> Why | None:
    if not case.found.endswith(_PROBLEM) or len(case.found) <= 2 or case.found.startswith(("“", "存在")):
        return None
    if not case.prefix and case.verb in ("解决", "破解", "化解", "消除", "解决好"):
        return None
    return _why("solve", case.verb, case.found)


def _inquire(case: Case) -> Why | None:
    thorough = case.verb in ("征求", "征集", "收集") or _THOROUGH.search(case.prefix)
    if case.verb in ("研究", "审议", "研究审议") and thorough and len(case.found) > 2:
        return _why("inquire", case.verb, case.found)
    if case.found.endswith(_FOUND_OUT) and (len(case.found) > 2 or thorough):
        return _why("inquire", case.verb, case.found)
    return None


_RULES: dict[str, Callable[[Case], Why | None]] = {
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
}
