"""No request waits for Redis, and no due time lives in a message: both are read off the source itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

SENDS = {"delay", "apply_async", "send_task", "delay_on_commit", "apply_async_on_commit", "retry"}
DUE_TIMES = {"eta", "countdown"}
# Jobs, and the clock that rings for them.
MAY_SEND = {"jobs.py", "celery.py"}
FLOORS = ("config", "reports", "tracker", "branches", "common")


def offences(source: str, *, is_job_module: bool = False) -> Iterator[str]:
    """Each call in ``source`` that sends a message (allowed in job modules) or puts a due time into one."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else None
        if name in SENDS and not is_job_module:
            yield f"line {node.lineno}: .{name}()"
        for keyword in node.keywords:
            if keyword.arg in DUE_TIMES:
                yield f"line {node.lineno}: {keyword.arg}="


def modules() -> list[Path]:
    return [path for floor in FLOORS for path in sorted((settings.BASE_DIR / floor).rglob("*.py"))]


def test_no_module_outside_jobs_sends_a_message_and_none_sets_a_due_time():
    found = {
        str(path): list(offences(path.read_text(encoding="utf-8"), is_job_module=path.name in MAY_SEND))
        for path in modules()
    }
    assert len(found) > 20
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("planted", "expected"),
    [
        ("run_jobs.delay(1)", ["line 1: .delay()"]),
        ("app.send_task('tracker.sweep')", ["line 1: .send_task()"]),
        ("self.retry()", ["line 1: .retry()"]),
        ("run_jobs.apply_async(countdown=90)", ["line 1: .apply_async()", "line 1: countdown="]),
        ("job.signature(eta=tomorrow)", ["line 1: eta="]),
    ],
)
def test_a_planted_offender_is_found(planted, expected):
    assert list(offences(planted)) == expected


def test_a_job_module_may_send_but_not_set_a_due_time():
    assert list(offences("run.delay()", is_job_module=True)) == []
    assert list(offences("run.apply_async(eta=tomorrow)", is_job_module=True)) == ["line 1: eta="]
