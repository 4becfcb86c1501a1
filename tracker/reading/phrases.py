"""Actions that are one phrase: a clause of fixed build, whatever verb stands in it."""

from __future__ import annotations

import re

from .lexicon import words
from .model import Why

UNDERGO = words("verbs", "undergo")
"""What 进行 carries out (对…进行修改完善)."""

_PHRASES: tuple[tuple[str, re.Pattern[str]], ...] = (
    # 对…的严肃追究责任, 给予纪律处分
    (
        "account",
        re.compile(
            r"追究.{0,20}责任|给予.{0,20}(?:处分|处理|表彰|奖励|批评|通报)|严肃(?:批评|处理|追责|问责|查处|追究)|(?:要|须|一律)问责"
        ),
    ),
    # 为群众办实事、解难题
    ("serve", re.compile(r"为.{1,16}办.{0,4}(?:实事|好事)|办(?:好)?.{0,6}实事(?!不)|解难题|送温暖")),
    # 严把…关
    ("gate", re.compile(r"严把.{1,20}关$|把(?:好|严).{1,16}关$")),
    # 与中心工作同部署、同落实、同考核
    (
        "same",
        re.compile(
            r"同(?:部署|谋划|落实|考核|推进|检查|研究|考|述|评|安排|督查)(?:、同(?:部署|谋划|落实|考核|推进|检查|研究|督查|安排|考))*$"
        ),
    ),
    # 将…纳入…考核, 把…作为…依据, …与绩效挂钩
    (
        "into",
        re.compile(
            r"(?:^(?:将|把).{2,60}(?:纳入|列入|作为)|纳入|列入).{2,60}(?:考核|评议|内容|范围|依据|计划|议程|清单|指标|必修课|规划|条件|参考|预算|档案|述职)$"
            r"|(?:与|同).{2,20}(?:挂钩)$"
        ),
    ),
    # 对工作要点进行修改完善
    (
        "undergo",
        re.compile(r"对于?.{2,60}进行了?(?!回顾).{0,8}(?:" + "|".join(UNDERGO) + r")(?:[一1][次轮遍])?$"),
    ),
    # 把谈心谈话做到百分之百
    ("cover", re.compile(r"(?:把|将).{2,40}(?:做到|实现|达到).{0,6}(?:\d+%|全覆盖).{0,5}$")),
    # 报局办公室备案, 报党委审定
    ("submit", re.compile(r"报.{2,14}(?:备案|审批|批准|审定|审核|研究|同意)$")),
    # 立行立改和建章立制同步推进
    ("at_once", re.compile(r"立行立改|边查边改|即知即改|立查立改|未巡先改")),
    # 坚持每周一学, 每季一评
    ("each", re.compile(r"每[周月季年].{0,2}一[学课讲会评报查考测]")),
)
_WHOLE = dict(_PHRASES)
# What each of those phrases cannot do without: asked first, all at once, because it is cheap to ask.
_WHOLE_TRIGGER = re.compile(
    "(?P<account>严肃|追究|给予|问责)|(?P<serve>办|解难题|送温暖)|(?P<gate>关$)|(?P<same>同)|(?P<into>纳入|列入|作为|挂钩)"
    "|(?P<undergo>进行)|(?P<cover>做到|实现|达到)|(?P<submit>报)|(?P<at_once>立行立改|边查边改|即知即改|立查立改|未巡先改)"
    "|(?P<each>每)|(?P<shape>方式$|形式$)"
)
_SHAPE = re.compile(r"(?:采取|通过|采用|以).{4,}等?(?:形式|方式)$")
_EVENT_INSIDE = re.compile(
    "(?:会|学习|党课|培训|讲座|宣讲|主题党日|研讨|调研|走访|检查|座谈|谈话|问卷|测试|观摩)"
)


def whole_clause(body: str, plain: str) -> Why | None:
    """The rule that sees this clause as one phrase, if any; `plain` is the clause with names unblanked."""
    tried: set[str] = set()
    for hit in _WHOLE_TRIGGER.finditer(body):
        name = hit.lastgroup or ""
        if name in tried:
            continue
        tried.add(name)
        if name == "shape":
            if _SHAPE.search(body) and _EVENT_INSIDE.search(plain):
                return Why("shape", ("形式",))
        elif name == "serve" and body.startswith("以"):
            continue
        elif match := _WHOLE[name].search(body):
            return Why(name, (match.group()[:20],))
    return None
