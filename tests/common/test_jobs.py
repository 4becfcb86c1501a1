"""Long work is asked for once, done by one worker, tried again after a mishap, and given up in words."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.utils import translation
from django.utils.module_loading import autodiscover_modules

from common import jobs
from common.errors import Refused
from common.jobs import (
    BACKOFF,
    LEASE,
    MAX_ATTEMPTS,
    Progress,
    Unfinished,
    job_kind,
    request_job,
    run_due_jobs,
)
from common.models import Job

AT = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)
LATER = AT + timedelta(hours=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def do(monkeypatch):
    """Registers a function as the only kind of job, called "test"."""
    # The apps' own kinds register once in a process, and not into the stand-in.
    autodiscover_modules("jobs")

    def register(work):
        monkeypatch.setattr(jobs, "_KINDS", {"test": work})

    return register


def ask(**kwargs) -> Job:
    return request_job("test", **{"payload": {}, "requested_by": None, "at": AT, **kwargs})


def outcome(job: Job) -> tuple[str, int, str]:
    job.refresh_from_db()
    return job.state, job.attempts, job.message


def test_a_job_is_done_with_its_order_and_keeps_its_result(do):
    do(lambda job, progress: {"seen": job.payload["plan"]})
    job = ask(payload={"plan": 7})

    assert run_due_jobs(at=AT) == 1

    job.refresh_from_db()
    assert (job.state, job.result, job.attempts) == (Job.State.DONE, {"seen": 7}, 1)
    assert job.created_at == job.started_at == AT
    assert job.finished_at >= AT
    assert run_due_jobs(at=LATER) == 0


def test_a_job_nobody_committed_was_never_asked_for(do):
    do(lambda job, progress: None)

    def change_your_mind():
        with transaction.atomic():
            ask()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change_your_mind()
    assert run_due_jobs(at=AT) == 0
    assert not Job.objects.exists()


def test_a_job_asked_for_later_is_not_done_before(do):
    do(lambda job, progress: None)
    ask(at=LATER)
    assert run_due_jobs(at=AT) == 0
    assert run_due_jobs(at=LATER) == 1


def test_pressing_twice_with_one_key_makes_one_job_also_after_it_is_done(do):
    do(lambda job, progress: None)
    first, second = ask(key="plan:1"), ask(key="plan:1")
    run_due_jobs(at=AT)
    third = ask(key="plan:1")
    assert first.pk == second.pk == third.pk
    assert outcome(third) == (Job.State.DONE, 1, "")


def test_two_jobs_without_a_key_are_two(do):
    do(lambda job, progress: None)
    assert ask().pk != ask().pk


def test_pressing_again_after_a_failure_tries_again(do):
    def refuse(job, progress):
        raise Refused("No receivers.")

    do(refuse)
    job = ask(key="plan:1")
    run_due_jobs(at=AT)
    assert outcome(job) == (Job.State.FAILED, 1, "No receivers.")

    do(lambda job, progress: {"receivers": job.payload["receivers"]})
    assert ask(key="plan:1", payload={"receivers": 3}, at=LATER).state == Job.State.QUEUED
    run_due_jobs(at=LATER)
    assert outcome(job) == (Job.State.DONE, 1, "")
    assert job.result == {"receivers": 3}


def test_an_unknown_kind_is_an_error_of_the_caller_and_writes_nothing(do):
    do(lambda job, progress: None)
    with pytest.raises(ValueError, match="nonsense"):
        request_job("nonsense", payload={}, requested_by=None, at=AT)
    assert not Job.objects.exists()


def test_a_kind_belongs_to_one_function(monkeypatch):
    monkeypatch.setattr(jobs, "_KINDS", {})
    job_kind("test")(lambda job, progress: None)
    with pytest.raises(ValueError, match="twice"):
        job_kind("test")(lambda job, progress: None)


def test_a_refusal_fails_the_job_at_once_with_its_sentence(do):
    def refuse(job, progress):
        raise Refused("This plan has no receivers.")

    do(refuse)
    job = ask()
    assert run_due_jobs(at=AT) == 1
    assert outcome(job) == (Job.State.FAILED, 1, "This plan has no receivers.")
    assert run_due_jobs(at=LATER) == 0


def test_a_refusal_speaks_the_language_of_the_person_who_asked(do):
    languages = []
    do(lambda job, progress: languages.append(translation.get_language()))
    with translation.override("en"):
        ask()
    ask()
    run_due_jobs(at=AT)
    assert languages == ["en", "zh-hans"]


def test_a_mishap_is_tried_again_after_a_while_and_given_up_after_three_times(do, caplog):
    tries = []

    def stumble(job, progress):
        tries.append(job.attempts)
        raise OSError("disk full")

    do(stumble)
    with translation.override("en"):
        job = ask()

    assert run_due_jobs(at=AT) == 1
    assert run_due_jobs(at=AT) == 0, "not before the wait is over"
    assert outcome(job)[:2] == (Job.State.QUEUED, 1)
    assert run_due_jobs(at=AT + BACKOFF * 1.5) == 1
    assert run_due_jobs(at=LATER) == 1
    assert outcome(job) == (
        Job.State.FAILED,
        MAX_ATTEMPTS,
        "This did not succeed in 3 attempts. Please try again, or tell your administrator.",
    )
    assert run_due_jobs(at=LATER + timedelta(days=1)) == 0
    assert tries == [1, 2, 3]
    assert caplog.text.count("OSError: disk full") == 3


def test_the_attempt_is_counted_before_the_work_begins(do):
    do(lambda job, progress: {"attempts": Job.objects.get(pk=job.pk).attempts})
    job = ask()
    run_due_jobs(at=AT)
    job.refresh_from_db()
    assert job.result == {"attempts": 1}


class Killed(BaseException):
    """Stands for a worker killed in the middle: nothing after it is executed, nothing is written."""


def test_the_job_of_a_dead_worker_is_done_again_when_its_lease_has_ended(do):
    def die(job, progress):
        raise Killed

    do(die)
    job = ask()
    with pytest.raises(Killed):
        run_due_jobs(at=AT)
    do(lambda job, progress: None)
    assert run_due_jobs(at=AT + LEASE - timedelta(seconds=1)) == 0
    assert run_due_jobs(at=AT + LEASE) == 1
    assert outcome(job) == (Job.State.DONE, 2, "")


def test_a_job_that_kills_its_workers_is_given_up_after_three_times(do):
    def die(job, progress):
        raise Killed

    do(die)
    job = ask()
    for attempt in range(MAX_ATTEMPTS):
        with pytest.raises(Killed):
            run_due_jobs(at=AT + attempt * LEASE)
    assert outcome(job)[:2] == (Job.State.RUNNING, MAX_ATTEMPTS)
    run_due_jobs(at=AT + MAX_ATTEMPTS * LEASE)
    assert outcome(job)[0] == Job.State.FAILED
    assert "3" in job.message


def test_a_worker_that_lost_its_lease_writes_nothing_more(do, caplog):
    def be_overtaken(job, progress):
        do(lambda job, progress: {"by": "second"})
        run_due_jobs(at=AT + LEASE)
        return {"by": "first"}

    do(be_overtaken)
    job = ask()
    run_due_jobs(at=AT)
    job.refresh_from_db()
    assert (job.state, job.result) == (Job.State.DONE, {"by": "second"})
    assert "taken over" in caplog.text


def test_progress_stops_a_worker_that_lost_its_lease(do):
    reached = []

    def be_overtaken(job, progress):
        do(lambda job, progress: None)
        run_due_jobs(at=AT + LEASE)
        progress(1, total=2)
        reached.append("after")

    do(be_overtaken)
    ask()
    run_due_jobs(at=AT)
    assert reached == []


def test_a_long_job_is_continued_slice_by_slice_and_lets_others_pass(do):
    order = []

    def slices(job, progress):
        order.append(job.payload["name"])
        if job.payload["name"] == "short":
            return None
        progress(job.done + 1, total=3)
        return Unfinished if job.done < 3 else {"pieces": job.done}

    do(slices)
    long, short = ask(payload={"name": "long"}), ask(payload={"name": "short"})
    assert run_due_jobs(at=AT) == 4
    assert order == ["long", "short", "long", "long"]
    assert outcome(long) == (Job.State.DONE, 1, "")
    assert (long.done, long.total, long.result, long.percent) == (3, 3, {"pieces": 3}, 100)
    assert outcome(short)[0] == Job.State.DONE


def test_good_slices_do_not_use_up_the_attempts(do):
    def slices(job, progress):
        progress(job.done + 1, total=10)
        if job.done < 10:
            raise Unfinished

    do(slices)
    job = ask()
    run_due_jobs(at=AT)
    assert outcome(job) == (Job.State.DONE, 1, "")


def test_progress_writes_about_once_a_second(do, django_assert_num_queries):
    written = []

    def many(job, progress):
        with connection.execute_wrapper(lambda run, *args: (written.append(1), run(*args))[1]):
            for piece in range(1000):
                progress(piece, total=1000, message="halfway")

    do(many)
    job = ask()
    run_due_jobs(at=AT)
    assert 1 <= len(written) <= 3
    assert outcome(job) == (Job.State.DONE, 1, "halfway")
    assert (job.done, job.total) == (1000, 1000)


def test_progress_says_when_the_slice_is_over(do, monkeypatch):
    seconds = [0.0]
    monkeypatch.setattr(jobs.time, "monotonic", lambda: seconds[0])
    progress = Progress(ask_unregistered(), at=AT)
    assert not progress.out_of_time
    seconds[0] = jobs.SLICE.total_seconds()
    assert progress.out_of_time
    assert progress.now == AT + jobs.SLICE


def ask_unregistered() -> Job:
    return Job(kind="test", lease_until=AT, created_at=AT)


def test_a_job_that_is_over_has_an_end():
    with pytest.raises(IntegrityError):
        Job.objects.create(kind="test", lease_until=AT, created_at=AT, state=Job.State.DONE)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_the_same_moment_do_each_job_once(do):
    ran, lock = [], threading.Lock()

    def work(job, progress):
        with lock:
            ran.append(job.pk)

    do(work)
    asked = [ask().pk for _ in range(40)]
    start = threading.Barrier(4)

    def worker():
        start.wait()
        try:
            run_due_jobs(at=AT)
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ran) == asked
    assert set(Job.objects.values_list("state", "attempts")) == {(Job.State.DONE, 1)}


@pytest.mark.django_db(transaction=True)
def test_pressing_twice_at_the_same_moment_makes_one_job(do):
    do(lambda job, progress: None)
    start = threading.Barrier(6)
    found = []

    def press():
        start.wait()
        try:
            with transaction.atomic():
                found.append(ask(key="plan:1").pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert set(found) == {Job.objects.get().pk}


def test_the_tick_does_what_is_due_now(do):
    do(lambda job, progress: None)
    job = ask()
    jobs.run_jobs.apply(kwargs={"sent_by": "another version"}).get()
    assert outcome(job)[0] == Job.State.DONE
