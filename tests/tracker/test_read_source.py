"""The command that reads a file: the interchange form, the outline, the refusals."""

import json
import os
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from tests.reading.scoring import SAMPLES
from tracker.reading import read

SPEECH = "一、工作要求\n机关纪委每季度要开展一次专项检查。\n二、保障\n要制定《实施办法》。"


def test_the_json_form_holds_file_points_with_slots_and_actions(tmp_path, capsys):
    path = tmp_path / "speech.txt"
    path.write_text(SPEECH, encoding="gb18030")
    call_command("read_source", str(path), "--json")
    answer = json.loads(capsys.readouterr().out)
    assert answer == read(SPEECH).as_json("speech.txt")
    assert sorted(answer) == ["actions", "file", "points"]
    assert [slot["type"] for slot in answer["points"][0]["slots"]] == ["owner", "cadence"]


def test_without_json_the_outline_is_printed_for_people(tmp_path, capsys):
    path = tmp_path / "speech.txt"
    path.write_text(SPEECH, encoding="utf-8")
    call_command("read_source", str(path))
    assert "    → 制定《实施办法》  [make]" in capsys.readouterr().out.splitlines()


@pytest.mark.process
def test_the_answer_is_utf8_whatever_the_locale():
    path = SAMPLES / "s5_must.txt"
    done = subprocess.run(
        [sys.executable, "manage.py", "read_source", str(path), "--json"],
        capture_output=True,
        check=True,
        env=os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
    )
    assert json.loads(done.stdout.decode("utf-8")) == read(path.read_text(encoding="utf-8")).as_json(
        path.name
    )


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.txt", b"", "文件中没有文字。请另选文件，或直接粘贴文本。"),
        ("a.txt", b"x" * 1_000_001, "文本超过 1000000 字。请拆分后逐份读取。"),
        ("a.txt", b"x" * 50_000_000, "文件超过 20 MB。请拆分文件，或只粘贴需要读取的部分。"),
        ("a.docx", b"PK\x03\x04", "文件已损坏，无法打开。请在办公软件中打开并重新保存后再试。"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence_that_says_what_to_do(tmp_path, name, data, sentence):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(CommandError) as refused:
        call_command("read_source", str(path))
    assert str(refused.value) == sentence


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CommandError, match=r"无法打开 .*none\.txt"):
        call_command("read_source", str(tmp_path / "none.txt"))
