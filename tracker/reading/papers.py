"""What is to be produced: a document, rule, record or list after a verb of making."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .clauses import LONGEST, Piece
from .lexicon import group_pattern
from .model import Slot, Why
from .shadow import Shadow

_MAKING = re.compile(
    "(?:"
    + group_pattern("verbs", "make")
    + "|排出|拿出|发出|出具|提出|形成|建立健全|建立完善|建立|完善|健全|梳理|列出|撰写|公布|推出|编|发布)(?!后|前|时|的|和|或|并)"
)
_PAPER = re.compile(group_pattern("nouns", "paper") + "$")
_WEAK = ("建立", "建立健全", "建立完善", "完善", "健全", "形成", "提出", "梳理", "列出", "公布", "推出", "编")
_RECORD = re.compile(
    r"(?:档案|台账|台帐|清单|名单|目录|名册|花名册|报告|报表|方案|细则|办法|(?:案例|人才|专家|师资|资源|项目|信息)库|数据库|指标体系|题库|手册|汇编|计划|意见|建议|时间表|路线图|一览表|》|(?:条|法|单|书)”)$"
)
_NO = re.compile(r"(?:机制|体制|体系|平台|格局|活动|责任制|制度机制|模式|氛围|要求|意见建议)$")
_CUT = re.compile(
    r"报(?=[\u4e00-\u9fff]{2,10}(?:党委|办公室|党组|部|处|科|室|纪委|工委|委|会|组))|并(?=推动|组织|抓好|印发|报|认真|严格|下发|督促|明确)|，"
)
_COUNT_AFTER = re.compile(
    r"(?:不少于|不低于|至少|共)?(?:\d{1,6}|[一二两三四五六七八九十]{1,3})[余多]?(?:份|篇|个|项|条|件|册|本|部|次)(?:以上)?$"
)
_TITLE = re.compile("《[^《》]+》")
_ONLY_TITLES = re.compile("(?:《[^《》]+》[、和及]?)+等?")
# 《机关党支部工作手册》由办公室修订
_PASSIVE = re.compile(
    "(?P<what>《[^《》]{2,40}》)(?:由[^，。；]{2,20}?)?(?:于|在)?[^，。；由]{0,12}?(?:负责|牵头|组织)?(?P<verb>修订|制定|起草|编印|印发|出台|编写|修改完善|汇编)$"
)
_ADJUNCT = re.compile(r"^(?:相应的?|好|了|出|一批|[一两\d]{1,2}[份篇个项套本册]|有关|具体的)")


def deliverables(shadow: Shadow, piece: Piece) -> Iterator[Slot]:
    """Deliverable slots of one sentence."""
    for clause in piece.clauses:
        if clause.end - clause.start > LONGEST:
            continue
        found = _in_clause(shadow.calm, shadow.plain, clause.start, clause.end)
        if found is not None:
            yield from _each_title(found, shadow.plain)
            continue
        passive = _PASSIVE.match(shadow.plain, clause.start, clause.end)
        if passive:
            yield _slot(shadow.plain, passive.start("what"), passive.end("what"), passive.group("verb"))


def _slot(text: str, start: int, end: int, verb: str) -> Slot:
    thing = text[start:end]
    return Slot("deliverable", start, end, thing, thing, Why("made", (verb,)))


def _each_title(found: Slot, text: str) -> Iterator[Slot]:
    """Titles that follow each other without a word between are papers of their own (《A》《B》)."""
    titles = list(_TITLE.finditer(text, found.start, found.end))
    if len(titles) > 1 and _ONLY_TITLES.fullmatch(text, found.start, found.end):
        for title in titles:
            yield _slot(text, title.start(), title.end(), found.why.words[0])
    else:
        yield found


def _in_clause(text: str, plain: str, start: int, end: int) -> Slot | None:
    for match in _MAKING.finditer(text, start, end):
        cut = _CUT.search(text, match.end(), end)
        stop = cut.start() if cut else end
        first = match.end()
        adjunct = _ADJUNCT.match(text[first:stop])
        if adjunct:
            first += adjunct.end()
        counted = _COUNT_AFTER.search(text[first:stop])
        if counted:
            stop = first + counted.start()
        thing = plain[first:stop]
        if len(thing) < 2 or len(thing) > 80:
            continue
        if thing.endswith("等"):
            thing, stop = thing[:-1], stop - 1
        if not _PAPER.search(thing) and not _RECORD.search(thing):
            continue
        verb = match.group()
        if verb in _WEAK and not _RECORD.search(thing):
            continue
        if (
            _NO.search(thing)
            and not thing.endswith("指标体系")
            and not (verb not in _WEAK and thing.endswith("评价体系"))
        ):
            continue
        return Slot("deliverable", first, stop, thing, thing, Why("made", (verb,)))
    return None
