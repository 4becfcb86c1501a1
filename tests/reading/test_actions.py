"""What is an action and what is not, rule by rule, in sentences of the genre."""

import pytest

from tracker.reading import read


def actions(sentence, heading="一、工作要求。"):
    return [action.text for action in read(heading + sentence).actions]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("要制定年度培训计划。", ["制定年度培训计划"]),
        ("尽快印发实施。", ["尽快印发实施"]),
        ("要召开全体党员大会。", ["召开全体党员大会"]),
        ("深入开展警示教育。", ["深入开展警示教育"]),
        ("要组织实施“头雁”工程。", ["组织实施“头雁”工程"]),
        ("健全责任分解机制。", ["健全责任分解机制"]),
        ("严格落实“三会一课”制度。", ["严格落实“三会一课”制度"]),
        ("加强对制度执行情况的监督检查。", ["加强对制度执行情况的监督检查"]),
        ("完善考核内容、优化考核指标、强化结果运用。", ["完善考核内容", "优化考核指标", "强化结果运用"]),
        (
            "落实党建分析研判、支部书记持证上岗、重大事项请示报告等制度。",
            ["落实党建分析研判、支部书记持证上岗、重大事项请示报告等制度"],
        ),
        ("定期考核，表彰先进，鞭策落后。", ["定期考核", "表彰先进", "鞭策落后"]),
        ("及时解决群众反映的突出问题。", ["及时解决群众反映的突出问题"]),
        ("要广泛征求各支部意见建议。", ["广泛征求各支部意见建议"]),
        ("要为群众办实事、解难题。", ["为群众办实事、解难题"]),
        ("对履职不力的，要严肃追责。", ["对履职不力的，要严肃追责"]),
        ("将党建工作纳入年度目标考核。", ["将党建工作纳入年度目标考核"]),
        ("党建与业务同部署、同落实、同考核。", ["党建与业务同部署、同落实、同考核"]),
        ("对工作要点进行修改完善。", ["对工作要点进行修改完善"]),
        (
            "建立党委负总责，支部具体负责，党员积极参与的工作机制。",
            ["建立党委负总责，支部具体负责，党员积极参与的工作机制"],
        ),
        (
            "将定期督查与随机抽查相结合，全面检查与重点检查相结合。",
            ["将定期督查与随机抽查相结合，全面检查与重点检查相结合"],
        ),
        ("通过座谈会、问卷调查等形式，将学习引向深入。", ["通过座谈会、问卷调查等形式，将学习引向深入"]),
        ("年底前，要开展述职评议。", ["年底前，要开展述职评议"]),
        ("培育10个示范支部。", ["培育10个示范支部"]),
        ("坚持每周一学。", ["坚持每周一学"]),
        ("确保6月底前全部整改到位。", ["确保6月底前全部整改到位"]),
        ("及时按要求补选或换届。", ["及时按要求补选或换届"]),
        ("党务干部要按实际需要配备。", ["党务干部要按实际需要配备"]),
        ("经常深入基层，了解掌握党员思想情况。", ["经常深入基层，了解掌握党员思想情况"]),
        ("机关党委要牵头梳理问题清单，报局党组审定。", ["牵头梳理问题清单", "报局党组审定"]),
    ],
)
def test_something_definite_to_do_is_an_action(sentence, expected):
    assert actions(sentence) == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "要增强大局意识、责任意识。",
        "要提高履职能力。",
        "要营造比学赶超的浓厚氛围。",
        "要树立正确的政绩观理念。",
        "要充分发挥战斗堡垒作用。",
        "推动各项任务落到实处。",
        "打造忠诚干净担当的干部队伍。",
        "要落实中央八项规定精神。",
        "要落实“两个责任”。",
        "要在学深悟透上走在前、作表率。",
        "要加强党支部建设。",
        "要组织党员开展工作。",
        "把学习成果转化为推动发展的实际行动。",
        "要按照细化、量化、科学化的要求。",
        "要完善各项制度。",
        "形成上下联动的工作格局。",
        "解决“有人干”的问题。",
    ],
)
def test_attitudes_effects_norms_and_purposes_are_none(sentence):
    assert actions(sentence) == []


def test_a_purpose_behind_an_action_stays_outside_its_span():
    assert actions("要开展专项督查，推动各项制度落到实处，不断增强执行力。") == ["开展专项督查"]


def test_the_subject_and_the_modal_stay_outside_the_span():
    assert actions("各级党组织要定期开展谈心谈话。") == ["定期开展谈心谈话"]


def test_done_work_is_marked_as_done_and_a_promise_in_it_is_not():
    text = "今年以来取得明显成效。\n一是抓考核。制定了《考核办法》。年底，将开展述职评议，指导开展支部测评。"
    assert [(action.text, action.done) for action in read(text).actions] == [
        ("制定了《考核办法》", True),
        ("年底，将开展述职评议", False),
        ("指导开展支部测评", False),
    ]


def test_a_counted_aim_inside_a_report_is_still_to_do():
    text = "今年以来取得明显成效。\n一是抓治理。开展专项行动，努力形成40个典型案例。"
    assert [(action.text, action.done) for action in read(text).actions] == [
        ("开展专项行动", True),
        ("努力形成40个典型案例", False),
    ]


def test_a_problem_holds_no_action():
    assert actions("个别支部开展组织生活不够经常。", "存在的问题：\n一是生活不严。") == []


def test_a_demand_outside_every_point_is_an_action_and_no_point():
    reading = read("会后，局党建办要认真修改，尽快印发实施。")
    assert (reading.points, [(a.text, a.point) for a in reading.actions]) == ((), [("尽快印发实施", None)])


def test_talk_about_the_meeting_itself_is_no_action():
    assert actions("今天我们召开党建工作推进会，要总结经验。", "") == []


def test_what_a_superior_is_reported_to_have_demanded_is_no_action_of_this_speech():
    assert actions("市委书记强调，要开展专项督查，健全考核机制。") == []


def test_every_action_says_why_and_carries_the_slots_of_its_sentence():
    (action,) = read("一、要求。机关纪委每季度要开展一次专项检查。").actions
    assert (action.why.rule, action.why.words) == ("timed-count", ("每季度", "一次"))
    assert [(slot.type, slot.text) for slot in action.slots] == [("owner", "机关纪委"), ("cadence", "每季度")]


def test_rows_of_a_pasted_table_hold_actions_owners_and_dates():
    text = "一、任务分工\n序号\t任务\t责任部门\t时限\n1\t修订管理办法\t综合部\t8月底前"
    reading = read(text)
    assert [action.text for action in reading.actions] == ["修订管理办法"]
    assert [(slot.type, slot.text) for slot in reading.points[-1].slots] == [
        ("deliverable", "管理办法"),
        ("owner", "综合部"),
        ("due", "8月底前"),
    ]
