"""The annotated samples: documents of the genre written for these tests, in eight heading styles."""

import json

import pytest

from tests.reading.scoring import SAMPLES, scores
from tracker.reading import read

NAMES = sorted(path.stem for path in SAMPLES.glob("*.json"))
FLOORS = {"points": 0.99, "stance": 0.98, "actions to do": 0.98, "slots": 0.98}


DENSE = sorted(f"dense/{path.stem}" for path in (SAMPLES / "dense").glob("*.json"))
DENSE_FLOORS = {"points": 0.97, "stance": 0.94, "actions to do": 0.90, "slots": 0.92}
"""Task lists, minutes and talks in the words of work, not of speeches: full of dates, numbers and names of offices."""


def test_texts_dense_with_facts_are_read_at_least_as_well_as_before():
    reached = scores(DENSE)
    assert {name: reached[name] >= floor for name, floor in DENSE_FLOORS.items()} == dict.fromkeys(
        DENSE_FLOORS, True
    ), reached


def test_the_samples_together_are_read_at_least_as_well_as_before():
    reached = scores(NAMES)
    assert {name: reached[name] >= floor for name, floor in FLOORS.items()} == dict.fromkeys(FLOORS, True), (
        reached
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_is_read_well_by_itself(name):
    reached = scores([name])
    assert reached["points"] == 1.0
    assert reached["actions to do"] >= 0.9, reached
    assert reached["slots"] >= 0.9, reached


@pytest.mark.parametrize("name", [*NAMES, *DENSE])
def test_the_annotation_of_a_sample_is_verbatim(name):
    text = (SAMPLES / f"{name}.txt").read_text(encoding="utf-8")
    answer = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    spans = [*answer["actions"], *(slot for point in answer["points"] for slot in point["slots"])]
    assert [span["text"] for span in spans] == [text[span["start"] : span["end"]] for span in spans]


@pytest.mark.parametrize("name", NAMES)
def test_paths_of_a_sample_are_those_of_its_enumerators(name):
    text = (SAMPLES / f"{name}.txt").read_text(encoding="utf-8")
    answer = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    assert [list(point.path) for point in read(text).points] == [point["path"] for point in answer["points"]]
