"""``verify``: every event chain of a city of BENCH_TASKS tasks.

Floor: a bare loop that reads the same rows in the same order and hashes their texts.
"""

from __future__ import annotations

import hashlib
import os

import django

from benchmarks.measure import Goal, Result, compare, peak_memory


def run() -> Result:
    """The whole verification beside its floor, on the database of DATABASE_URL."""
    django.setup()
    from django.db import connection, transaction

    from benchmarks.seed import seed
    from tracker.verification import verify_history

    seed()

    def floor() -> None:
        query = (
            "SELECT id, subject_id, sequence, act, at, actor_id, from_state, to_state, body, hash"
            " FROM tracker_event ORDER BY subject_kind, subject_id, sequence"
        )
        with transaction.atomic(), connection.chunked_cursor() as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(5000):
                for row in rows:
                    if hashlib.sha256(row[8].encode()).hexdigest() != row[9]:
                        raise AssertionError(row)

    def ours() -> None:
        verified = verify_history()
        if verified.breaks:
            raise AssertionError(verified.breaks)
        counted.append(verified.events)

    counted: list[int] = []
    before_kb = peak_memory()
    rounds = int(os.environ.get("BENCH_ROUNDS", "5"))
    goals = [Goal("verify", "read and hash", 2.0)]
    result = compare("verify", {"read and hash": floor, "verify": ours}, goals, rounds=rounds)
    result.notes = {
        "database": connection.vendor,
        "events": counted[0],
        "added_memory_mb": round((peak_memory() - before_kb) / 1024, 1),
    }
    return result
