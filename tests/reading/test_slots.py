"""Normalised values of dates, cadences, numbers; owners and deliverables."""

import pytest

from tracker.reading import read
from tracker.reading.values import chinese_number, number


def slots(sentence, kind):
    (point,) = read(f"一、工作要求。{sentence}").points
    return [(slot.text, slot.value) for slot in point.slots if slot.type == kind]


@pytest.mark.parametrize(
    ("written", "text", "value"),
    [
        ("7月1日前", "7月1日前", "--07-01"),
        ("７月１日前", "７月１日前", "--07-01"),
        ("七月一日前", "七月一日前", "--07-01"),
        ("“七一”前后", "“七一”前后", "--07-01"),
        ("国庆节前", "国庆节前", "--10-01"),
        ("年底前", "年底前", "year-end"),
        ("年底", "年底", "year-end"),
        ("年内", "年内", "year-end"),
        ("2027年底前", "2027年底前", "year-end"),
        ("年初", "年初", "year-start"),
        ("11月底前", "11月底前", "--11-30"),
        ("2月底前", "2月底前", "--02-28"),
        ("2028年2月底前", "2028年2月底前", "2028-02-29"),
        ("上半年", "上半年", "H1"),
        ("下半年", "下半年", "H2"),
        ("2026年上半年", "2026年上半年", "H1"),
        ("2026年9月", "2026年9月", "2026-09"),
        ("2026年9月15日前", "2026年9月15日前", "2026-09-15"),
        ("2026年内", "2026年内", "year-end"),
        ("三季度末前", "三季度末前", "Q3"),
        ("10个工作日内", "10个工作日内", "event:10个工作日内"),
        ("一个月内", "一个月内", "event:一个月内"),
    ],
)
def test_a_date_or_period_has_one_normal_form(written, text, value):
    assert slots(f"各支部要{written}完成换届。", "due") == [(text, value)]


def test_the_year_named_with_a_period_is_kept_beside_it():
    (point,) = read("一、要求。2026年上半年要召开现场会。").points
    assert [(slot.value, slot.year) for slot in point.slots if slot.type == "due"] == [("H1", 2026)]


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("党的二十大召开后，要组织专题培训。", "党的二十大召开后"),
        ("在新制度出台时，要制定配套细则。", "新制度出台时"),
        ("会后，机关党办要印发纪要。", "会后"),
    ],
)
def test_an_event_is_a_due_value_in_its_own_words(sentence, text):
    assert slots(sentence, "due") == [(text, f"event:{text}")]


@pytest.mark.parametrize(
    "sentence",
    [
        "今年以来要求更严了，要抓好落实。",
        "2月30日前要完成换届。",
        "13月底前要完成换届。",
        "近期要开好座谈会。",
        "2022年是关键之年，要抓好落实。",
    ],
)
def test_the_past_the_vague_and_the_impossible_are_no_dates(sentence):
    assert slots(sentence, "due") == []


@pytest.mark.parametrize(
    ("sentence", "text", "value"),
    [
        ("每季度末要报送小结。", "每季度末", "quarterly"),
        ("每个季度要召开一次大会。", "每个季度", "quarterly"),
        ("要按季开展谈心谈话。", "按季", "quarterly"),
        ("每月要召开支委会。", "每月", "monthly"),
        ("要坚持每周一学。", "每周", "weekly"),
        ("每半年要分析一次形势。", "每半年", "half-yearly"),
        ("每年要开展民主评议。", "每年", "yearly"),
        ("要定期开展督查。", "定期", "regular"),
        ("要常态化参与志愿服务。", "常态化", "regular"),
        ("要不定期开展抽查。", "不定期", "irregular"),
        ("要适时通报典型案例。", "适时", "irregular"),
        ("要抓好按期换届工作。", "按期", "per-term"),
    ],
)
def test_a_cadence_has_one_normal_form(sentence, text, value):
    assert slots(sentence, "cadence") == [(text, value)]


@pytest.mark.parametrize(
    "sentence", ["要推进学习教育常态化制度化。", "要用好常态化平台。", "要持续抓好落实。", "要不断加强学习。"]
)
def test_names_and_mere_persistence_are_no_cadences(sentence):
    assert slots(sentence, "cadence") == []


@pytest.mark.parametrize(
    ("sentence", "text", "value", "unit", "least"),
    [
        ("要培育60个案例。", "60个", 60, "个", False),
        ("要培育６０个案例。", "６０个", 60, "个", False),
        ("要开展10余场宣讲。", "10余场", 10, "场", True),
        ("要动员4.5万人次参与。", "4.5万人次", 45000, "人次", False),
        ("要培训千余名书记。", "千余名", 1000, "名", True),
        ("参训率要达到100%。", "100%", 100, "%", False),
        ("参会率要不低于百分之九十。", "百分之九十", 90, "%", True),
        ("参会率要达到95%以上。", "95%", 95, "%", True),
        ("每年要上党课不少于两次。", "两次", 2, "次", True),
        ("要走访1,200户家庭。", "1,200户", 1200, "户", False),
    ],
)
def test_a_number_with_its_unit_is_a_quantity(sentence, text, value, unit, least):
    (point,) = read(f"一、工作要求。{sentence}").points
    found = [slot for slot in point.slots if slot.type == "quantity"]
    assert [(s.text, s.value["number"], s.value["unit"], s.value.get("at_least", False)) for s in found] == [
        (text, value, unit, least)
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "要拥护“两个确立”。",
        "要落实“三会一课”。",
        "要打12345热线。",
        "每个季度要召开一次大会。",
        "要把握以下5个方面。",
        "要实施五年行动。",
        "第3次党代会要开好。",
    ],
)
def test_numbers_that_are_names_are_no_quantities(sentence):
    assert slots(sentence, "quantity") == []


@pytest.mark.parametrize(
    ("sentence", "owners"),
    [
        ("各级党组织书记要讲专题党课。", ["各级党组织书记"]),
        ("机关纪委应加强检查。", ["机关纪委"]),
        ("局党委将开展督查。", ["局党委"]),
        ("局党组负总责，机关党委具体负责，党支部具体落实。", ["局党组", "机关党委", "党支部"]),
        ("工会、妇女组织要多办实事。", ["工会、妇女组织"]),
        ("各支部每季度要上报情况。", ["各支部"]),
        ("要修订办法。（责任单位：组织部、党校）", ["组织部、党校"]),
        ("广大党员干部要带头学习。", []),
        ("大家要认真学习。", []),
        ("专职党务干部要按实际需要配备。", []),
    ],
)
def test_the_owner_is_the_body_that_is_told_to_act(sentence, owners):
    assert [text for text, _ in slots(sentence, "owner")] == owners


@pytest.mark.parametrize(
    ("sentence", "things"),
    [
        ("要制定《考核办法》。", ["《考核办法》"]),
        ("要建立问题台账。", ["问题台账"]),
        ("要签订责任状。", ["责任状"]),
        ("要撰写调研报告2篇。", ["调研报告"]),
        ("要完善工作机制。", []),
        ("要构建责任体系。", []),
        ("要搭建网上平台。", []),
        ("要深入学习《条例》。", []),
    ],
)
def test_a_deliverable_is_a_paper_somebody_is_to_make(sentence, things):
    assert [text for text, _ in slots(sentence, "deliverable")] == things


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("十", 10),
        ("二十一", 21),
        ("一百零五", 105),
        ("两千", 2000),
        ("三万五千", 35000),
        ("二零二六", 2026),
        ("千", 1000),
        ("好", None),
        ("", None),
    ],
)
def test_chinese_numerals_have_their_value(written, value):
    assert chinese_number(written) == value


@pytest.mark.parametrize(
    ("written", "value"), [("4.5万", 45000), ("1,200", 1200), ("3", 3), ("2.5", 2.5), ("十五", 15)]
)
def test_numbers_of_either_script_have_their_value(written, value):
    assert number(written) == value


def test_a_promise_inside_a_report_is_marked_as_future():
    text = "今年以来取得明显成效。\n一是抓考核。制定了《考核办法》。年底，将开展述职评议。\n二是抓学习。举办了培训班。"
    first = read(text).points[0]
    assert first.stance == "achievement"
    assert [(slot.text, slot.future) for slot in first.slots] == [("《考核办法》", False), ("年底", True)]


def test_vague_words_are_listed_with_what_they_ask_for():
    text = "一、要求。要尽快整改，定期督查。"
    assert [(word.text, word.asks) for word in read(text).vague] == [("尽快", "due"), ("定期", "cadence")]
