"""Clauses that are demands by what they pin down, whatever verb stands in them, or none.

Who drafts a list of tasks rarely uses the verbs of a speech: 党课每年不少于4次, 职工提案办复率100%, 收支情况每年公布一次,
问题台账逐条销号. What makes them definite is a date, a rhythm, a number to reach, a place where a record goes, or a body
that is to act.
"""

from __future__ import annotations

import re
from functools import lru_cache

from .lexicon import group_pattern
from .model import Why

_N = r"(?:\d[\d,.]*|[一二两三四五六七八九十百千半]{1,4})"
_BODY = group_pattern("actors", "bodies")
# 每季度…, 按月…: a rhythm
_RHYTHM = r"每(?:个|一)?(?:学期|半年|季度?|年度?|月|周|日|天|次会议|届)|(?:按|逐)(?:年|季度?|月|周)|[月季年](?:调度|通报|小结|讲评)"
# 7月15日前, 9月底以前, 年底前, 上半年, 2小时内: a date or a span of time
_BY = (
    rf"(?:\d{{4}}年)?{_N}月(?:份)?(?:{_N}[日号]|[底末初]|[上中下]旬)?(?:之?前|以前|前后|内|起)?|(?:今年|\d{{4}}年|[本全]年)?年?(?:底|末|内|中)(?:之?前|以前)?"
    rf"|(?:今年|\d{{4}}年)?[上下]半年|第?[一二三四1-4]季度[内末]?前?|(?:月|季度|季)[底末]前?|{_N}个?(?:工作日|小时|天|日|周|月|年)(?:之内|以内|内)|(?:重大)?(?:节日?|会|假期?|活动|换届|培训)[前后中](?=\S{{2}})"
    r"|[“\"]\S{2,3}[”\"](?:前夕|前后|期间|之?前)|任期内|届满前|[\u4e00-\u9fff]{1,3}(?<!这)(?<!此)期间"
)
_TIME = re.compile(f"(?P<rhythm>{_RHYTHM})|(?P<by>{_BY})")
_COUNT = r"\d[\d,.]*\s*[余多]?[百千万]?\s*(?:%|％|套|处|所|座|栋|辆|台|公里|支队|组|队|个|名|人次|人|场|次|期|篇|家|户|项|件|份|批|支|轮|遍|学时|课时|小时|天|条|门|节|例|本|册|分|万?元)"
_CN_COUNT = r"[一二两三四五六七八九十]{1,3}(?:次|场|期|轮|遍|批|个|名|份|篇|项|件|课|堂|学时|天)"
# 不少于4次, 达到80%以上, 覆盖率100%, 压减10%: a number to reach
_REACH = re.compile(
    rf"(?:不(?:得)?(?:少|低|多|高)于|不超过|至少|最少|达到?|控制在|保持在|提高到|提升到|提高至|下降到|压减|压缩|减少|增长|增加|完成率|不下)[^，。；]{{0,6}}?(?:{_COUNT}|{_CN_COUNT})"
    rf"|(?:率|比例|占比|得分|评分)(?:均|都|全部|要|须|应)?(?:为|达|达到|保持|实现|不低于)?\s*(?:\d[\d.]*\s*[%％]|百分之)|(?:实现|做到|达到)[^，。；]{0, 10}全覆盖$"
)
# 每名委员联系2个支部, 每人讲一次党课: a number for each
_EACH = re.compile(rf"每(?:名|个|位|人|支|户|家|年|季|月|半年)[^，。；]{{0,20}}?(?:{_COUNT}|{_CN_COUNT})")
# 全年不少于24次, 其中高知群体不少于8名: says how much of what stands before it
# 每季度召开一次, 第四季度组织现场观摩一次, 节日期间组织两轮明察暗访
_ACT_COUNTED = re.compile(
    r"[\u4e00-\u9fff\ue000”》](?P<count>(?:一|两|二|三|四|五|\d{1,3})(?:次|轮|场|期|遍|堂|课时))(?!大|分|段|要|全会|党代会|会议|提出)"
)
_ONLY_AMOUNT = re.compile(
    rf"(?:其中[^，。；]{{0,12}}|全年|[上下]半年|每年|每季度?|每月|每半年|每人|每次|一年|原则上|合计|累计|时间|总数|参加人数|人数|规模)*(?:不(?:得)?(?:少|低|多|高)于|不超过|至少|达到?)\s*(?:{_COUNT}|{_CN_COUNT}|百分之\S{{1,4}})(?:以上|以内)?"
)
# 报机关党委备案, 于3月20日前报党委办公室, 向局党组报告: who hears of it
_HANDED_IN = re.compile(
    r"(?:^|(?<=[后前日时于]))(?:汇总后?|及时|逐级|统一|一并|按[时期月季年]度?|随时|先行|提前.{0,5}|经.{2,10}后)*(?:上报|报送|报告|呈报|报请|报)(?!告[会团]|名|道|刊|纸|账|表|社|考|业|答|恩|销|国|到|备案表)(?:至|给|到|请|经)?[\u4e00-\u9fff()、]{2,16}$"
    r"|(?:将|把).{2,40}(?:上报|报送|报告|抄送|呈报|反馈|报)(?:至|给|到|请|经)?[\u4e00-\u9fff()、]{2,16}$"
    r"|(?<![一-龥]面)向[\u4e00-\u9fff()、]{2,14}?(?:报告|汇报|述职|述廉|通报|反馈|报备|备案|说明情况|作出说明|作出检查|承诺|公开承诺)[^，]{0,10}$"
    r"|(?:(?:须|应|要|一律|必须|报)经|(?<=[\u4e00-\u9fff”》])经)[^，。；]{2,16}?(?:集体)?(?:决策|研究|审议|审批|同意|讨论|审核|批准|审定)[^，]{0,6}$"
    r"|(?:^|年[中底终末内初]|[日月]前|后|时|汇总|统一)交(?:至|给|到)?[^，。；流办通]{2,16}$|(?:情况|材料|讲稿|报告|名单|记录|汇总后?|提前[^，]{1,4}|及时|统一)送(?:交|至|达)?[\u4e00-\u9fff]{2,14}$"
    r"|提(?:交|请).{2,16}(?:审议|审定|研究|讨论|审批|决定|表决|备案)$|(?:作出|作|写出|说明)(?:书面)?(?:说明|检查|检讨|情况|原因)$"
)
# 学习情况记入会议纪要, 谈话记录交监察室存档, 得分计入年度考核: where it is kept
_KEPT = re.compile(
    r"(?:记入|载入|存入|归入|装入|计入|列入|纳入|录入|写入|编入)[^，。；]{2,24}$|(?:归档|存档|备案|备查|立卷|入档|建档|建账|销号|清零|见底|办结|造册)$|(?:归档|入档|存档)(?:保存|管理|备查)$|(?:拍照)?上传$|移送[^，。；]{2,16}(?:处理|处置|查处)$"
    r"|作为[^，。；]{2,30}(?:依据|参考|内容|条件|指标|标准)$|与[^，。；]{2,20}挂钩$"
)
# 督查情况书面通报, 参加情况按季度通报, 典型案例在全局通报曝光: who may read it
_MADE_KNOWN = re.compile(
    r"(?P<what>[^，。；]{2,24}?)(?:(?:按|每)[年季月周]度?|及时|定期|书面|公开|集中|逐[月季一]|在[^，。；]{2,14}?|一律|全部|统一|予以|进行)+(?:通报曝光|通报|公布|公示|公开|曝光|宣传|宣传推广|发布|晾晒)$"
    r"|[^，。；]{2,14}(?:情况|结果|意见|问题)(?:及时|定期|当场|当面|书面|一并|限时)+反馈$"
    r"|(?:将|把)[^，。；]{2,24}(?:通报|公布|公示|公开|曝光|宣传)$|在[^，。；]{2,16}(?:专栏|网站|公众号|平台|公示栏|宣传栏|大会|全局|全市|全县|全区|范围内)(?:上)?(?:进行)?(?:通报曝光|通报|公布|公示|公开|曝光|宣传|展播|展示|刊发|推送)$"
)
# 由机关纪委牵头…, 《手册》由办公室修订
_BY_BODY = re.compile(
    rf"(?P<what>[^，。；]*?)由(?P<who>[^，。；由]{{1,20}}?(?:{_BODY}|[处科室部办局委组站院所厅]|领导|主任|干部))(?P<does>[\u4e00-\u9fff“”《》\d\ue000]{{2,40}})$"
)
# 由行政审批处牵头: who, and nothing to do yet
_ONLY_WHO = re.compile("(?:具体|总|全面|统一)?(?:牵头|负责|负总责|牵头负责|抓总|抓落实|落实)")
# 发现一起、查处一起; 逐条销号; 一岗一表, 一会一报
_EACH_AS_FOUND = re.compile(
    r"发现[^，。；]{0,8}[、，]?(?:[^，。；]{0,8})?(?:查处|通报|处理|整改|解决|纠正|指出|报告)|有[^，。；]{1,6}必[查究报改]|逐[条项一个件户人][^，。；]{0,4}(?:整改|销号|核实|梳理|排查|认领|研究|解决|打分|评议|过堂|清理|完善|制定|建立|审核|复查|对照|落实|自查|对账|检查|督办|推进|写明|列明|回访|走访|约谈|见面)|(?<![\u4e00-\u9fff])一[岗会案人事村户企项]一[表报策档册卡议]"
)
# 谈一次话, 办三件实事, 上一堂党课: a light verb with its number inside
_WITHOUT_EXCEPTION = re.compile(
    r"[^，。；的]{2,24}(?:的[^，。；的]{1,6})?一律(?!平等|要求|性)[^，。；]{2,14}|[^，。；]{0,16}第一时间(?:上报|报告|报送|处置|响应|到场|赶到|联系|反馈|通报)[^，。；]{0,8}"
    r"|(?:对)?[^，。；]{2,30}做到(?:逢.必.|必[谈访查问家]|应[\u4e00-\u9fff]尽[\u4e00-\u9fff]|“必[^”]{1,4}”)(?:、[^，。；]{2,6})*"
)
# 坚决予以调整, 一律予以通报: what becomes of those named before
_DEALT_WITH = re.compile(
    r"(?:坚决|一律|依法|严肃|限期|及时|从严|坚决依规依纪|依规依纪)*(?:予以|给予)(?:调整|处理|问责|追责|通报|撤换|免职|清退|约谈|处分|诫勉|奖励|表彰|撤销|取消|整顿|摘牌|清理)[^，。；]{0,6}"
)
_LIGHT_COUNTED = re.compile(
    rf"(?:谈|讲|开|办|搞|做|过|上|听|看|走|组织|举办|召开|开展|教学|授课|宣讲|联系|结对|帮扶|报|写|撰写|交|提|培育|推荐|选树|评选|发展|服务|走访|慰问|调研|培训|轮训|参加|参观|观看|重温|检查|抽查|督查|回访|解决|整改|调整为|增加到|压减到)(?:{_COUNT}|{_CN_COUNT})"
)
# 不合格的安排补训, 未落实的列出清单: what follows for those it concerns
# 组织处级以上干部到廉政教育基地现场教学: people taken somewhere to something
_TAKEN_THERE = re.compile(r"组织[^，。；]{2,20}?(?:到|赴|前往|参加|参观|观看|走进|集中)[^，。；]{2,30}$")
# 发廉洁提醒短信, 发至每名党员, 列出清单, 做好记录
_SENT_OUT = re.compile(
    r"(?:发|发送|印|发出)[^，。；]{0,12}(?:短信|通知|提醒|倡议书?|函|公开信|告知书|提示单)$|发(?:放)?(?:至|到)每?[^，。；]{2,14}$|(?:列出|列成|建好|做好|写好|填好|留好|形成)[^，。；]{0,8}(?:清单|记录|台账|名单|档案|纪要|笔记)$|记录在案$|(?:把|将)[^，。；]{2,20}分解(?:落实)?到[^，。；]{2,14}|给予[^，。；]{0,8}(?:支持|补助|奖励|经费)[^，。；]{0,6}$"
)
_WHOM = re.compile(
    r"^(?:对|凡|凡是)?(?P<who>[^，。；]{2,24}的)(?P<does>(?:一律|及时|限期|要|须|应当?|予以|给予|列出|安排|说明|通报|约谈|取消|暂停|扣|责令|由|不得|不予)[^，。；]{2,20})$"
)
_PENALTY = re.compile(
    r"(?:取消|暂停|扣减|扣除|收回|停发|否决)[^，。；]{0,14}(?:资格|评优|分|评先|荣誉|称号|津贴|权限)$|一票否决$|责令[^，。；]{2,14}$|不得评[为先优][^，。；]{0,10}$"
)
_DONE_BY = re.compile(
    r"(?:完成|启动|结束|到位|印发|下达|出台|召开|办结|见底|清零|销号|整改|建成|投用|落地|响应|办复|兑现|收官|交付|报到|配备|配齐|换届|评选|打分|复核|登记|更新|轮换|总结|小结|自查|复查|反馈|公布|收缴|集中学习|先学习|专题研究|研讨|研判|分析|调度|会商|抽查|检查|督查|覆盖|上线|挂牌|结对|义诊|谈心|谈话|走访|慰问|家访|宣讲|培训|测试|体检|送学|走访|交流|点评|讲评|调整|活动|评分|观摩|值守|轮岗|处理|值班|巡查|排查|核对|结算|建立|成立|提出|拿出|交|到位)"
)
_NO = re.compile(
    group_pattern("nouns", "attitude")
    + r"$|以来|意识$|能力$|水平$|作用$|氛围$|格局$|目标$|形势|以上率下|不(?:是|够|高|强|实|到位|及时|规范|严)|有[^，。；]{0,12}(?:差距|短板|不足|问题|弱项|困难)$|(?:以下|下列)[^，。；]{1,4}$|阶段(?:\([^()]*\))?$|本(?:方案|办法|意见|通知|规定|细则|制度)$|的[^，。；的]{0,6}(?:问题|单位|支部|部门|人员|事项|同志|干部|党员|党组织)$|引起重视|问题最多|没有|还有|是[^，]{0,12}(?:年|期|阶段|关键|要求|任务|基础|根本|前提|保证)|[吗呢吧]$|的$|如下$"
)
_RATE = re.compile(r"(?P<what>[\u4e00-\u9fff]{2})率[^，。；]{0,8}(?:\d[\d.]*\s*[%％]|百分之)")
_TRIGGER = re.compile(
    r"[\d每按逐]|[年月日节会]|一律|第一时间|予以|分解|反馈|[报送交发谈讲开公示布档案销底向由经有压扣不率的入]|比例|至少|达|挂钩|作为|取消|暂停|责令|否决|全覆盖|组织|做好|列出|给予|传|期间|一[岗会案人事村户企项]"
)
# What a pattern cannot do without: asked first, because it is cheap to ask.
_TIME_LETTER = re.compile("[每按逐底末内间前后届月半年季]")
_COUNT_LETTER = re.compile("[次轮场期遍堂时]")
_WHOLE = (
    ("handed-in", re.compile("[报送交向经]|原因|说明|检查"), _HANDED_IN),
    ("without-exception", re.compile("一律|第一时间|做到"), _WITHOUT_EXCEPTION),
    ("dealt-with", re.compile("予以|给予"), _DEALT_WITH),
    (
        "made-known",
        re.compile("(?:通报|曝光|公布|公示|公开|宣传|推广|发布|晾晒|展播|展示|刊发|推送|反馈)$"),
        _MADE_KNOWN,
    ),
    ("as-found", re.compile("发现|有|逐|一[岗会案人事村户企项]"), _EACH_AS_FOUND),
)
_FULL = frozenset({"without-exception", "dealt-with"})
"""Rules that hold only for a whole clause."""
_LONGEST = 80


HARD = frozenset(
    {
        "handed-in",
        "made-known",
        "kept",
        "timed",
        "reach",
        "by-body",
        "each",
        "whom",
        "penalty",
        "timed-count",
        "as-found",
        "without-exception",
        "dealt-with",
    }
)
"""Rules that make a sentence outside every point a demand even without a modal."""


@lru_cache(maxsize=2048)
def fact_of(body: str) -> Why | None:
    """The rule by which this clause, openings removed, is definite by a fact it pins down; None where it is not.

    `body` is a clause of a calm view (names blanked).
    """
    if not 4 <= len(body) <= _LONGEST or not _TRIGGER.search(body) or _NO.search(body):
        return None
    strong = whole_fact_of(body)
    if strong:
        return strong
    for name, pattern in (
        ("kept", _KEPT),
        ("sent-out", _SENT_OUT),
        ("taken-there", _TAKEN_THERE),
        ("reach", _REACH),
        ("each", _EACH),
        ("counted-act", _LIGHT_COUNTED),
        ("penalty", _PENALTY),
        ("whom", _WHOM),
    ):
        match = pattern.search(body)
        if match:
            return Why(name, (match.group()[-16:],))
    time = _TIME.search(body) if _TIME_LETTER.search(body) else None
    if time:
        rest = body[: time.start()] + body[time.end() :]
        if time.end() == len(body) and time.lastgroup == "by" and len(time.group()) > 2:
            return None  # 部署出台后5个工作日内: only when; what is asked follows
        done = _DONE_BY.search(rest)
        if done and len(rest) >= 3:
            return Why("timed", (time.group(), done.group()))
    return None


@lru_cache(maxsize=2048)
def whole_fact_of(body: str) -> Why | None:
    """The facts that take the clause whole, before any verb in it is looked at (典型案例在全局通报曝光)."""
    if not 4 <= len(body) <= _LONGEST or not _TRIGGER.search(body) or _NO.search(body):
        return None
    for name, needs, pattern in _WHOLE:
        match = pattern.search(body) if needs.search(body) else None
        if match and (name not in _FULL or match.end() - match.start() == len(body)):
            return Why(name, (match.group()[-16:],))
    by = _BY_BODY.match(body) if "由" in body else None
    if by and not _ONLY_WHO.fullmatch(by.group("does")):
        return Why("by-body", (by.group("who"),))
    time = _TIME.search(body) if _COUNT_LETTER.search(body) and _TIME_LETTER.search(body) else None
    if time and not only_amount(body) and (amount := _ACT_COUNTED.search(body)):
        return Why("timed-count", (time.group(), amount.group("count")))
    return None


def only_amount(body: str) -> bool:
    """Whether a clause only says how much or how often of the demand before it (全年不少于24次)."""
    return _ONLY_AMOUNT.fullmatch(body) is not None


def rate_of(body: str, before: str) -> bool:
    """Whether a clause is the rate of what the clause before it asks (签订责任书，签订率100%)."""
    match = _RATE.match(body)
    return match is not None and match.group("what") in before
