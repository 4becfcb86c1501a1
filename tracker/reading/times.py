"""How often and by when: cadences, due dates and periods, and the vague words that are neither."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .lexicon import group_pattern, words
from .model import Slot, Vague, Why
from .values import chinese_number, month_day, month_end

_CN = "[一二两三四五六七八九十]"
_N = rf"(?:\d{{1,2}}|{_CN}{{1,3}})"
_UNIT_CADENCE = {
    "日": "daily",
    "天": "daily",
    "周": "weekly",
    "学期": "half-yearly",
    "星期": "weekly",
    "月": "monthly",
    "季": "quarterly",
    "季度": "quarterly",
    "半年": "half-yearly",
    "年": "yearly",
    "年度": "yearly",
}
_UNIT = "(?:学期|季度|季|半年|年度|年|月|周|星期)"
_EVERY = re.compile(
    rf"每(?:个|一|1)?(?P<half>半个?月)"
    rf"|每(?:个|一|1)?(?P<every>{_UNIT})(?:度)?(?:(?:初|末|底)(?!端))?"
    rf"|(?:按|逐)(?P<by>{_UNIT})(?=[^，。的]{{0,12}}(?:[\u4e00-\u9fff]))"
    rf"|一(?P<one>[周月季年])(?=一[^一二是把心]|[一1](?:次|期|个|主题|调度|通报|报告|会商|督查|考核))"
    rf"|(?<![去今明本当全往历每上半两\d])(?P<each>[周月季年])(?=(?:调度|通报|报告|例会|考核|汇总|督查|评比|小结|点评|会商|讲评)(?:制|制度|机制|、|和|，|。|”|$))"
)
_EVERY_NO = re.compile("(?:每年度?(?:一届)|每一?年龄)")
_REGULAR = re.compile(
    "(?P<irregular>"
    + group_pattern("time", "irregular")
    + ")|(?P<regular>"
    + group_pattern("time", "regular")
    + ")|(?P<term>"
    + group_pattern("time", "per_term")
    + ")"
)
# 常态化制度化, 常态化平台, 常态化机制: parts of names and headlines.
_NAMELY = re.compile(
    r"(?:化)?(?:、|和|与)?(?:制度化|规范化|长效|平台|机制|建设|格局|态势|轨道|推进机制|防控|的工作|性|化|规定)|(?:[，。；、：]|$)"
)
_VAGUE = re.compile(
    "(?P<due>"
    + group_pattern("time", "vague_due")
    + ")|(?P<cadence>"
    + group_pattern("time", "vague_cadence")
    + ")"
)

_TO = r"(?:底|末|初|中旬|上旬|下旬)?"
_BY = r"(?:之?前|以前|前后|内|之内|起|开始|期间|前夕|左右)?"
_FESTIVALS = {
    "元旦": (1, 1),
    "三八": (3, 8),
    "五一": (5, 1),
    "五四": (5, 4),
    "六一": (6, 1),
    "七一": (7, 1),
    "八一": (8, 1),
    "教师节": (9, 10),
    "国庆节": (10, 1),
    "国庆": (10, 1),
    "十一": (10, 1),
    "劳动节": (5, 1),
}
_DUE = re.compile(
    rf"(?:(?P<year>\d{{4}}|[二零一二三四五六七八九]{{4}})年)?(?P<month>{_N})月(?:份)?(?:(?P<day>{_N})[日号](?:[\u4e00-\u9fff]{{2,5}}节(?=前))?|(?P<part>底|末|初|上旬|中旬|下旬))?{_BY}"
    rf"|(?:(?P<qyear>\d{{4}})年)?第?(?P<quarter>[一二三四1234])季度{_TO}{_BY}"
    rf"|(?:(?P<hyear>\d{{4}})年|今年)?(?P<half>[上下])半年{_BY}"
    rf"|(?:(?P<eyear>\d{{4}})(?:年(?=年[底末内初终])|(?=年[底末内初终]))|今年|本年度|当年|本年)?(?P<edge>年底|年末|年内|岁末|年初|年终|底(?=前)){_BY}"
    rf"|(?P<only>\d{{4}})年(?:度)?{_BY}"
    rf"|[“\"]?(?P<festival>三八|七一|八一|五四|五一|六一|十一)(?P<close>[”\"])(?:前夕|前后|期间|之?前)?"
    rf"|(?P<named>元旦|国庆节?|教师节|劳动节)(?:前夕|前后|期间|之?前)"
    rf"|(?P<moon>春节|元宵节?|清明节?|端午节?|中秋节?|重阳节|主汛期|汛期)(?:前夕|前后|期间|到来之?前|之?前)"
    rf"|(?P<month_edge>本月底|月底|本季度末|季度末|本周内|本月内|次月初?){_BY}"
    rf"|(?P<within>(?:\d{{1,3}}|{_CN}{{1,3}}|半)个?(?:工作日|月|日|天|周|小时|年)(?:之内|以内|内))"
)
_EVENT_WORD = group_pattern("time", "events")
_EVENT = re.compile(
    rf"^(?:同时|并|要|要在|此外)?(?:在)?(?P<event>[^，。；：]{{2,24}}?(?:{_EVENT_WORD})(?:之?[后前时]|以后|期间|之日起[^，。；]{{0,10}}))$"
    rf"|^(?P<after>会后|会前|换届后|节前|节后|春节前后?|两会前后?|全会召开后)$"
    rf"|^(?P<lead>(?:重大|重要)?节(?:假日|日)?[前后]|会[前后](?!期)|任职前|换届前|假期前)(?=[\u4e00-\u9fff]{{2}})"
)
_DATE_LETTER = re.compile('[月季年天周底旦庆节日时]|[“"]')
# 对照年初会议要求, 年终考核: what was laid down or is called so, no date to act by.
_LOOKED_BACK = re.compile(r"[^，。；]{0,14}(?:会议|部署|要求|确定|下达|考核|总结|奖)")
# 上半年入选的品牌: the period belongs to what is spoken of, not to what is asked.
_RELATIVE = re.compile(r"[^，。；要将须应]{1,8}的(?!基础)")
_AFTERWARDS = re.compile("后|前|时|期间|之日起")
_LONGEST_EVENT = 32
# 8月起每月…, 从8月份开始: from when on, no date by which
_FROM_THEN_ON = re.compile("(?:份)?(?:起|开始)")
# 自查整改阶段（4月至8月）: the phase ends with its last month
_PHASE = re.compile(r"[段步作]\((?P<span>(?:\d{1,2}月?(?:至|到|-|—|～|~))?(?P<month>1[0-2]|0?[1-9])月)\)")
# 重大部署出台后5个工作日内: the span is counted from an event
_SINCE_EVENT = re.compile("(?<=[)，。；：、\\n ])[^，。；：、\\n \\d]{2,20}(?:后|之日起)$")
_NOT_DUE_AFTER = re.compile(
    r"(?:以来|来的?|度?工作要点|度?工作总结|的?(?:工作|党建工作)?情况|是(?:党|我|全|实|“)|的(?:机关)?党建工作|的?工作要点|我们|，我们|行动|规划|计划|任务清单|工作|以前年度)"
)


def cadences(text: str, start: int, end: int) -> Iterator[Slot]:
    """Cadence slots of one sentence of a quiet view."""
    for match in _EVERY.finditer(text, start, end):
        if match.group("half"):
            value = "half-monthly"
        else:
            unit = match.group("every") or match.group("by") or match.group("one") or match.group("each")
            value = _UNIT_CADENCE[unit]
            if match.group("by") and text[match.end() : match.end() + 2] in ("计划", "规划", "度考"):
                continue
        yield Slot(
            "cadence", match.start(), match.end(), match.group(), value, Why("rhythm", (match.group(),))
        )
    for match in _REGULAR.finditer(text, start, end):
        if match.lastgroup == "regular":
            if match.group() == "经常" and text[match.end() : match.end() + 1] == "化":
                continue
            if match.group() == "常态化" and _is_name(text, match.end(), end):
                continue
            if match.group() in ("经常性", "经常") and text[match.end() : match.end() + 3] in (
                "的工作",
                "的、基",
            ):
                continue
            value = "regular"
        else:
            value = "irregular" if match.lastgroup == "irregular" else "per-term"
        yield Slot(
            "cadence", match.start(), match.end(), match.group(), value, Why("recurring", (match.group(),))
        )


def _is_name(text: str, end: int, limit: int) -> bool:
    """Whether 常态化 names a state (作风建设常态化, 常态化平台) rather than qualifies an act (常态化参与)."""
    after = text[end : min(end + 8, limit)]
    if after.startswith(("来抓", "抓")):
        return False
    return bool(_NAMELY.match(after))


def dues(text: str, start: int, end: int, *, done: bool) -> Iterator[Slot]:
    """Due slots of one sentence; `done` says that its passage reports the past, where dates bind nobody."""
    phases = list(_phases(text, start, end))
    yield from phases
    for match in _DUE.finditer(text, start, end) if _DATE_LETTER.search(text, start, end) else ():
        first = match.start()
        if any(phase.start <= first < phase.end for phase in phases):
            continue
        if match.group("edge") in ("年初", "年终") and _LOOKED_BACK.match(text, match.end()):
            continue
        if match.group("half") and (
            text[first - 1 : first] in "对从自" or _RELATIVE.match(text, match.end())
        ):
            continue
        if text[first - 1 : first].isdigit() or match.group() in ("底", ""):
            continue
        if _NOT_DUE_AFTER.match(text, match.end()) and not match.group().endswith(("前", "内", "底", "末")):
            continue
        if match.group().endswith(("起", "开始")) or _FROM_THEN_ON.match(text, match.end()):
            continue
        named = _due_value(match)
        if named is None:
            continue
        value, year = named
        if match.group("within") and (
            since := _SINCE_EVENT.search(text[max(start - 1, 0, first - 24) : first])
        ):
            first -= len(since.group())
            value = f"event:{text[first : match.end()]}"
        words_of = text[first : match.end()]
        yield Slot("due", first, match.end(), words_of, value, Why("date", (words_of,)), year=year)
    if not done and _AFTERWARDS.search(text, start, end):
        yield from _events(text, start, end)


def _events(text: str, start: int, end: int) -> Iterator[Slot]:
    """Clauses that name an event before, at or after which something is due (新制度出台后)."""
    for clause in re.finditer(r"[^，；：。]+", text[start:end]):
        body = clause.group().strip()
        if len(body) > _LONGEST_EVENT or not _AFTERWARDS.search(body):
            continue
        event = _EVENT.match(body)
        if event is None or "以来" in body:
            continue
        words_of = event.group("event") or event.group("after") or event.group("lead")
        words_of = words_of.removeprefix("在")
        at = start + clause.start() + clause.group().index(words_of)
        if "同时" in words_of or words_of.endswith("的时"):
            continue
        yield Slot("due", at, at + len(words_of), words_of, f"event:{words_of}", Why("event", (words_of,)))


def _phases(text: str, start: int, end: int) -> Iterator[Slot]:
    """The months in which a phase named in a heading ends."""
    for phase in _PHASE.finditer(text, start, end):
        span, value = phase.group("span"), f"--{int(phase.group('month')):02d}"
        yield Slot("due", phase.start("span"), phase.end("span"), span, value, Why("phase", (span,)))


# 9月印发, 5月启动, 分别于3月和12月报送: a bare month is a date where something happens in it
_BARE_MONTH = re.compile(
    r"(?:份)?(?:集中|统一|分别|前后)?(?:安排|提交|印发|启动|开展|完成|召开|举办|举行|组织|报送|上报|报(?!告|道)|下达|出台|开始|结束|进行|检查|考核|评选|表彰|公布|通报|发布|制定|和\d{1,2}月|、\d{1,2}月|前)"
)


def _due_value(match: re.Match[str]) -> tuple[str, int | None] | None:
    """The normalised value of a date or period and the year that stands beside it."""
    if match.group("month"):
        return _month_value(match)
    if match.group("quarter"):
        quarter = (
            int(match.group("quarter"))
            if match.group("quarter").isdigit()
            else chinese_number(match.group("quarter")) or 0
        )
        return f"Q{quarter}", _year(match.group("qyear"))
    if match.group("half"):
        return ("H1" if match.group("half") == "上" else "H2"), _year(match.group("hyear"))
    if match.group("edge"):
        return ("year-start" if match.group("edge") == "年初" else "year-end"), _year(match.group("eyear"))
    if match.group("only"):
        if not match.group().endswith(("前", "内", "起", "底")):
            return None
        return match.group("only"), None
    festival = match.group("festival") or match.group("named")
    if festival:
        month, day = _FESTIVALS[festival]
        return f"--{month:02d}-{day:02d}", None
    if match.group("moon"):
        return f"event:{match.group()}", None
    if match.group("month_edge"):
        return f"event:{match.group()}", None
    return f"event:{match.group('within')}", None


def _year(text: str | None) -> int | None:
    if not text:
        return None
    return int(text) if text.isdigit() else chinese_number(text)


def _month_value(match: re.Match[str]) -> tuple[str, int | None] | None:
    raw = match.group("month")
    month = int(raw) if raw.isdigit() else chinese_number(raw)
    if month is None or not 1 <= month <= 12:
        return None
    year = _year(match.group("year"))
    day_text, part = match.group("day"), match.group("part")
    bare = not day_text and not part and not year and match.group().endswith("月")
    if bare and not _BARE_MONTH.match(match.string, match.end()):
        return None
    day: int | None = None
    if day_text:
        day = int(day_text) if day_text.isdigit() else chinese_number(day_text)
    elif part in ("底", "末", "下旬"):
        day = month_end(month, year)
    elif part == "上旬":
        day = 10
    elif part == "中旬":
        day = 20
    if day is None:
        return (f"{year}-{month:02d}" if year else f"--{month:02d}"), None
    checked = month_day(month, day)
    if checked is None:
        return None
    return (f"{year}{checked[1:]}" if year else checked), None


def vague_words(text: str) -> Iterator[Vague]:
    """Every word that a person must still turn into a date or a rhythm."""
    for match in _VAGUE.finditer(text):
        if match.lastgroup == "due":
            yield Vague(match.start(), match.end(), match.group(), "due")
        elif match.group() != "常态化" or not _is_name(text, match.end(), len(text)):
            yield Vague(match.start(), match.end(), match.group(), "cadence")


VAGUE_DUE = frozenset(words("time", "vague_due"))
