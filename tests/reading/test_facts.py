"""Demands that no verb of the genre makes, but a date, a rhythm, a number, a place or a reader does."""

import pytest

from tracker.reading import read


def actions(sentence, heading="一、工作要求。"):
    return [action.text for action in read(heading + sentence).actions]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("主题党日每年不少于10次。", ["主题党日每年不少于10次"]),
        ("提案办复率达到98%。", ["提案办复率达到98%"]),
        ("经费使用情况每半年公布一次。", ["经费使用情况每半年公布一次"]),
        ("问题台账逐条销号。", ["问题台账逐条销号"]),
        ("每名委员联系3个支部。", ["联系3个支部"]),
        ("于4月20日前将自查情况报机关纪委。", ["于4月20日前将自查情况报机关纪委"]),
        ("遇有重要情况随时向局党委报告。", ["遇有重要情况随时向局党委报告"]),
        ("督查结果书面通报。", ["督查结果书面通报"]),
        ("典型案例在全市范围内通报曝光。", ["典型案例在全市范围内通报曝光"]),
        ("谈话记录交纪检室存档。", ["谈话记录交纪检室存档"]),
        ("评议结果作为评先评优的重要依据。", ["评议结果作为评先评优的重要依据"]),
        ("《支部工作手册》由组织科修订。", ["《支部工作手册》由组织科修订"]),
        ("对同类问题发现一起、查处一起。", ["对同类问题发现一起、查处一起"]),
        ("未完成的列出清单、说明原因。", ["未完成的列出清单、说明原因"]),
        ("第三季度组织现场观摩一次。", ["第三季度组织现场观摩一次"]),
        ("重大事项须经党委会集体研究。", ["重大事项须经党委会集体研究"]),
        ("开展谈心谈话，全年不少于2轮。", ["开展谈心谈话，全年不少于2轮"]),
        ("签订责任书，签订率100%。", ["签订责任书，签订率100%"]),
        ("对逾期不改的支部，取消年度评优资格。", ["对逾期不改的支部，取消年度评优资格"]),
        ("一要抓整改。9月底前全部清零。", ["9月底前全部清零"]),
        ("窗口人员一律持证上岗。", ["窗口人员一律持证上岗"]),
        ("遇有险情第一时间报告值班室。", ["遇有险情第一时间报告值班室"]),
        ("对新任处长做到逢提必谈。", ["对新任处长做到逢提必谈"]),
        ("对两次排名垫底的，坚决予以通报。", ["对两次排名垫底的，坚决予以通报"]),
        ("走访情况当场反馈。", ["走访情况当场反馈"]),
        ("把任务分解到科室。", ["把任务分解到科室"]),
        ("由分管领导挂点包抓。", ["挂点包抓"]),
        ("推动两家物业公司组建党支部。", ["推动两家物业公司组建党支部"]),
        ("继续办好“夜校”，下半年不少于6期。", ["继续办好“夜校”，下半年不少于6期"]),
        ("督查室要适时对议定事项开展督查。", ["适时对议定事项开展督查"]),
    ],
)
def test_a_fact_that_is_pinned_down_makes_a_demand(sentence, expected):
    assert actions(sentence) == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "今年是“十五五”规划的开局之年。",
        "一年来，各支部的质量还不是很高。",
        "三会一课不及时、不规范等问题仍需引起重视。",
        "广大党员的先锋模范作用更好发挥。",
        "现将有关情况报告如下。",
        "重要文件印发后3个工作日内，思想要统一。",
        "由审批科牵头。",
        "至少有两个方面的短板。",
        "经局长办公会研究，制定本方案。",
        "下半年重点抓好以下事项。",
    ],
)
def test_a_date_or_a_number_by_itself_makes_none(sentence):
    assert actions(sentence) == []


def test_without_any_numbers_a_paragraph_of_such_demands_is_a_point():
    text = (
        "同志们：\n今天开个短会。\n"
        "组织生活要抓实。支部党员大会每季度召开一次，支委会每月召开一次，党课每年不少于4次。记录月底前交机关党委。\n"
        "谢谢大家。\n"
    )
    reading = read(text)
    assert [text[point.start : point.start + 6] for point in reading.points] == ["组织生活要抓"]
    assert [action.text for action in reading.actions] == [
        "支部党员大会每季度召开一次",
        "支委会每月召开一次",
        "党课每年不少于4次",
        "记录月底前交机关党委",
    ]


def test_outside_every_point_a_fact_is_enough_for_a_task():
    reading = read("各支部的年度计划于3月20日前报党委办公室。")
    assert (reading.points, [action.text for action in reading.actions]) == (
        (),
        ["各支部的年度计划于3月20日前报党委办公室"],
    )


def owners(sentence):
    (point,) = read("一、工作要求。" + sentence).points
    return [slot.text for slot in point.slots if slot.type == "owner"]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("开展审计整改。（审计室牵头，财务部、基建科配合）", ["审计室", "财务部、基建科"]),
        ("手册由机关党委办公室修订。", ["机关党委办公室"]),
        ("7月15日前各支部要完成研读。", ["各支部"]),
        ("每名支部委员联系2个党小组。", ["每名支部委员"]),
        ("党委中心组每月集中学习1次。", ["党委中心组"]),
        ("各科室主要负责人是第一责任人。", ["各科室主要负责人"]),
        ("各位书记对工作都有深刻的认识。", []),
        ("候选人名单报机关党委审批。", []),
    ],
)
def test_who_is_to_act_is_found_without_a_modal(sentence, expected):
    assert owners(sentence) == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("工作手册9月印发。", [("9月", "--09")]),
        (
            "节前发提醒短信，会后3个工作日内归档。",
            [("节前", "event:节前"), ("3个工作日内", "event:3个工作日内")],
        ),
        ("总结分别于3月和12月报办公室。", [("3月", "--03"), ("12月", "--12")]),
    ],
)
def test_bare_months_and_days_around_a_feast_are_dates(sentence, expected):
    (point,) = read("一、工作要求。" + sentence).points
    assert [(slot.text, slot.value) for slot in point.slots if slot.type == "due"] == expected


def test_the_head_of_an_item_that_only_names_bodies_says_who_is_to_act():
    text = "会议议定：\n1、区总工会。每季度开展一次走访慰问。\n2、人事处、办公室。8月底前制定实施办法。\n"
    owners = [[s.text for s in p.slots if s.type == "owner"] for p in read(text).points]
    assert owners == [["区总工会"], ["人事处、办公室"]]


def test_a_phase_ends_with_its_last_month_and_a_span_runs_from_its_event():
    text = "实施步骤：\n（1）自查阶段（4月至6月）。开展自查。\n（2）部署文件下发后7个工作日内，各支部要制定方案。\n"
    dues = [[s.value for s in p.slots if s.type == "due"] for p in read(text).points]
    assert dues == [["--06"], ["event:部署文件下发后7个工作日内"]]


def test_from_when_on_is_no_date_by_which():
    [point] = read("一、工作要求。9月起每月召开一次例会。").points
    assert [slot.type for slot in point.slots if slot.type == "due"] == []


def test_a_paragraph_that_reports_in_numbers_is_a_point_of_done_work():
    text = "会议听取了汇报。上半年，共走访群众600余人，新建支部12个，建成驿站30处，评选先进20名。\n"
    [point] = read(text).points
    assert point.stance == "achievement"
