"""Only one process holds a lease at a time, and a dead one does not hold it for ever."""

from datetime import UTC, datetime, timedelta

import pytest

from common.leases import held, last_completed

AT = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.django_db


def test_a_lease_is_held_by_one_and_freed_with_its_moment():
    with held("sweep", at=AT, for_=MINUTE) as first, held("sweep", at=AT, for_=MINUTE) as second:
        assert (first, second) == (True, False)
        assert last_completed("sweep") is None
    assert last_completed("sweep") == AT
    with held("sweep", at=AT, for_=MINUTE) as again:
        assert again


def test_work_that_fails_frees_the_lease_without_counting_as_done():
    with pytest.raises(RuntimeError), held("sweep", at=AT, for_=MINUTE):
        raise RuntimeError
    assert last_completed("sweep") is None
    with held("sweep", at=AT, for_=MINUTE) as again:
        assert again


def test_the_lease_of_a_dead_process_ends_by_itself():
    dead = held("sweep", at=AT, for_=MINUTE)
    assert dead.__enter__()
    with held("sweep", at=AT + MINUTE - timedelta(seconds=1), for_=MINUTE) as early:
        assert not early
    with held("sweep", at=AT + MINUTE, for_=MINUTE) as late:
        assert late
        dead.__exit__(None, None, None)
        assert last_completed("sweep") is None, "it no longer held the lease it would have completed"


def test_leases_of_other_names_do_not_meet():
    with held("sweep", at=AT, for_=MINUTE) as one, held("digest", at=AT, for_=MINUTE) as other:
        assert one
        assert other
