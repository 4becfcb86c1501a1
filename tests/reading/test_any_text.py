"""Any text at all: nothing raised, spans in range and verbatim, the same answer again, work in line with length."""

import signal
import sys
from collections.abc import Iterator
from itertools import pairwise
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.reading import VERSION, read

WORDS = [
    "一是", "二是", "一、", "（一）", "1.", "第一，", "首先，", "其次，", "同志们，", "要", "将", "对", "的，", "年底前", "每季度", "10个", "“", "”",
    "《", "》", "（", "）", "，", "。", "；", "：", "、", "\n", " ", "\t", "机关党委", "各支部", "制定", "方案", "开展", "检查", "建立", "机制",
    "了", "问题", "不够", "以来", "落实", "*", "🙂", "\r\n", "\u3000", "７月１日", "%", "100", "通过", "等形式", "确保", "相结合",
]  # fmt: skip
texts = st.one_of(st.text(max_size=300), st.lists(st.sampled_from(WORDS), max_size=120).map("".join))


@settings(max_examples=120, deadline=None)
@given(texts)
def test_every_span_is_in_range_and_verbatim(text):
    reading = read(text)
    spans = [*reading.actions, *reading.vague, *reading.slots_outside]
    spans += [slot for point in reading.points for slot in point.slots]
    assert [span.text for span in spans] == [text[span.start : span.end] for span in spans]
    assert [0 <= span.start < span.end <= len(text) for span in [*spans, *reading.points]] == [True] * (
        len(spans) + len(reading.points)
    )
    for point in reading.points:
        assert all(point.start <= slot.start and slot.end <= point.end for slot in point.slots)


@settings(max_examples=50, deadline=None)
@given(texts)
def test_the_same_text_gives_the_same_reading(text):
    assert read(text) == read(text)


@settings(max_examples=60, deadline=None)
@given(texts)
def test_points_follow_each_other_without_overlap(text):
    points = read(text).points
    assert all(before.end <= after.start for before, after in pairwise(points))


def test_the_empty_text_holds_nothing():
    reading = read("")
    assert (reading.version, reading.points, reading.actions) == (VERSION, (), ())


def test_line_ends_of_other_systems_do_not_move_offsets():
    text = "一、要求\r\n要制定方案。\r\n二、保障\r\n要建立台账。"
    assert [(action.text, text[action.start : action.end]) for action in read(text).actions] == [
        ("制定方案", "制定方案"),
        ("建立台账", "建立台账"),
    ]


SIZE = 20_000
HOSTILE = {
    "first items": "一是" * (SIZE // 2),
    "empty sections": "一、\n" * (SIZE // 3),
    "items by line": "一是学\n" * (SIZE // 4),
    "sub-sections": "（一）" * (SIZE // 3),
    "commas of lists": "、" * SIZE,
    "verbs of a list": "、开展活动" * (SIZE // 5),
    "digits": "1" * SIZE,
    "numbered": "1." * (SIZE // 2),
    "open brackets": "（" * SIZE,
    "open quotes": "“" * SIZE,
    "one endless clause": "切实" * (SIZE // 2) + "制定方案",
    "endless builder": "建立负责，" * (SIZE // 5),
    "owners without demand": "各级党组织，" * (SIZE // 6),
    "papers and dates": "制定办法，年底前" * (SIZE // 8),
    "blanks": " " * SIZE,
    "full stops": "在。" * (SIZE // 2),
    "modals": "要" * SIZE,
    "two enumerators": "一要一是二要二是" * (SIZE // 8),
    "lead-ins": "主要有：一是" * (SIZE // 6),
    "firsts": "首先，" * (SIZE // 3) + "其次，",
}


def work(text: str) -> int:
    """How many calls reading ``text`` takes: what a clock would tell, without the clock's moods."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        read(text)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_work_in_line_with_its_length(name):
    text = "一、工作要求\n（一）各级党组织要" + HOSTILE[name]
    read(text[:1000])
    # Four times the text is at most five times the work; quadratic would be sixteen.
    assert work(text) <= 5 * work(text[: len(text) // 4]) + 1000


@pytest.fixture
def a_minute() -> Iterator[None]:
    """Ends the test when a minute of processor time is used: what runs away would never come back."""

    def give_up(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, 60)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


@pytest.mark.usefixtures("a_minute")
@pytest.mark.parametrize("name", HOSTILE)
def test_no_pattern_runs_away_on_hostile_text(name):
    assert read(HOSTILE[name]).version == VERSION
