"""Enumerators and the tree they make."""

import pytest

from tracker.reading import read


def paths(text):
    return ["/".join(point.path) for point in read(text).points]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("一、抓学习。\n二、抓整改。", ["一、", "二、"]),
        ("第一部分 抓学习\n要学深。\n第二部分 抓整改\n要改实。", ["第一部分", "第二部分"]),
        ("（一）抓学习。\n（二）抓整改。", ["（一）", "（二）"]),
        ("(一)抓学习。\n（二）抓整改。", ["(一)", "（二）"]),
        ("1.抓学习。\n2.抓整改。", ["1.", "2."]),
        ("1、抓学习。\n2、抓整改。", ["1、", "2、"]),
        ("１．抓学习。\n２．抓整改。", ["１．", "２．"]),
        ("（1）抓学习。\n（2）抓整改。", ["（1）", "（2）"]),
        ("①抓学习。②抓整改。", ["①", "②"]),
        ("一是抓学习。二是抓整改。", ["一是", "二是"]),
        ("要做好三件事：一是抓学习；二是抓整改；三是抓落实。", ["一是", "二是", "三是"]),
        ("一要抓学习，二要抓整改，三要抓落实。", ["一要", "二要", "三要"]),
        ("第一，抓学习。第二，抓整改。", ["第一，", "第二，"]),
        ("首先，要抓学习。其次，要抓整改。", ["首先", "其次"]),
        ("第一条 党员应当学习。\n第二条 党员应当整改。", ["第一条", "第二条"]),
        ("十一、抓学习。\n十二、抓整改。", ["十一、", "十二、"]),
    ],
)
def test_every_level_of_the_genre_opens_points(text, expected):
    assert paths(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("一、责任\n一是压实。二是传导。\n二、考核\n一是定标。", ["一、/一是", "一、/二是", "二、/一是"]),
        (
            "一、任务\n（一）学习\n1.每月学。\n2.带头学。\n（二）整改\n二、要求\n要抓好。",
            ["一、/（一）/1.", "一、/（一）/2.", "一、/（二）", "二、"],
        ),
        (
            "二、要点\n第一，学习。一是集中学。二是自己学。\n第二，整改。",
            ["二、/第一，/一是", "二、/第一，/二是", "二、/第二，"],
        ),
        (
            "1、甲项\n（一）要学。\n（二）要改。\n2、乙项\n（一）要严。",
            ["1、/（一）", "1、/（二）", "2、/（一）"],
        ),
        ("一是加强学习。一要集中学，二要自己学。二是抓整改。", ["一是/一要", "一是/二要", "二是"]),
        ("一是学。\n二要改。\n三要严。", ["一是", "二要", "三要"]),
        ("做法：一是学。二是改。\n一、下一步\n要抓实。", ["一是", "二是", "一、"]),
        (
            "（三）制度\n二是建立机制。\n三是考核。\n三是督查。\n五是落实。",
            ["（三）/二是", "（三）/三是", "（三）/三是", "（三）/五是"],
        ),
    ],
)
def test_lists_nest_by_order_of_appearance(text, expected):
    assert paths(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "这是一是一、二是二的事，不能含糊。",
        "一是一，二是二，说话要算数。",
        "三、四季度的工作都要抓好。",
        "第一书记要驻村，第二批主题教育要启动。",
        "首先就是要讲忠诚。",
        "全年投入4.5万人次，同比增长10.5%。",
        "这同一是非问题没有关系。",
    ],
)
def test_what_only_looks_like_an_enumerator_opens_nothing(text):
    assert paths(text) == []


def test_an_enumerator_inside_a_quotation_is_none():
    assert paths("要落实“一是学，二是改”的要求。") == []


def test_closing_remarks_belong_to_no_point():
    text = "一、抓学习\n要每月学。\n同志们，让我们一起努力！"
    (point,) = read(text).points
    assert text[point.start : point.end] == "一、抓学习\n要每月学。"


def test_a_sentence_that_gathers_up_the_list_belongs_to_no_point():
    text = "不足：一是学得不深。二是改得不实。这些问题，我们要认真研究解决。"
    assert [text[point.start : point.end] for point in read(text).points] == [
        "一是学得不深。",
        "二是改得不实。",
    ]


def test_the_lead_in_of_a_second_list_on_the_same_line_belongs_to_neither():
    text = "成效：一是学得好。二是改得好。同时还存在以下不足：一是不够深。二是不够实。"
    assert [text[point.start : point.end] for point in read(text).points] == [
        "一是学得好。",
        "二是改得好。",
        "一是不够深。",
        "二是不够实。",
    ]


def test_a_section_with_paragraphs_below_its_heading_is_one_point():
    text = "一、提高认识\n党建工作很重要。\n总之，我们要抓好学习。\n二、压实责任\n要抓好落实。"
    assert [text[point.start : point.end] for point in read(text).points] == [
        "一、提高认识\n党建工作很重要。\n总之，我们要抓好学习。",
        "二、压实责任\n要抓好落实。",
    ]


def test_signature_and_date_belong_to_no_point():
    text = "一、保障\n（一）经费。要列入预算。\n中共某某局委员会\n2026年3月2日"
    (point,) = read(text).points
    assert text[point.start : point.end] == "（一）经费。要列入预算。"


def test_a_paragraph_of_parallel_demands_without_numbers_is_one_point():
    text = "各位：\n要抓好学习。要抓好整改。要抓好落实。\n谢谢大家！"
    (point,) = read(text).points
    assert (point.path, text[point.start : point.end]) == ((), "要抓好学习。要抓好整改。要抓好落实。")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("一、压实责任。要抓好。", "压实责任"),
        ("一、压实责任\n要抓好。", "压实责任"),
        (
            "一是要深入学习贯彻上级关于加强机关党的建设的一系列部署和要求，推动工作上台阶。",
            "要深入学习贯彻上级关于加强机关党的建设的一系列部署和要求",
        ),
        ("一是要抓学习，促整改。", "要抓学习，促整改"),
    ],
)
def test_a_title_ends_at_the_first_full_stop_or_if_long_at_the_first_comma(text, title):
    assert read(text).points[0].title == title


@pytest.mark.parametrize(
    ("text", "stances"),
    [
        ("下半年要做好以下工作：\n1.抓学习。\n2.抓整改。", ["directive", "directive"]),
        ("上半年取得明显成效：\n1.开展了学习。\n2.完成了整改。", ["achievement", "achievement"]),
        ("存在的问题：\n1.学习不够深入。\n2.整改不够到位。", ["problem", "problem"]),
        ("一、重大意义\n这项工作是历史的选择。", ["remark"]),
        ("一是学习需要进一步加强，个别支部不够重视。", ["problem"]),
    ],
)
def test_the_stance_follows_the_lead_in_and_the_words(text, stances):
    assert [point.stance for point in read(text).points] == stances
