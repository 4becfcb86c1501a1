"""Plan → tasks: one task per measure × organisation × occurrence, made by the database in sets.

A plan for a thousand branches is one statement per measure and occurrence for the tasks and one for their
first events, whatever the number of branches: no row of it passes through Python.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Model

from branches.access import Actor
from branches.models import Post
from common.clock import local_date
from common.jobs import request_job
from common.models import Job
from common.periods import Period
from common.workdays import Calendar
from tracker.events import first_body
from tracker.issuing import issuable, receivers_of
from tracker.models import Event, Measure, Notice, Plan, Task
from tracker.occurrences import AHEAD, Occurrence, opened
from tracker.plan_table import latest_job
from tracker.transitions import perform
from tracker.transitions.parties import require_edit
from tracker.transitions.task import ACKNOWLEDGE_DAYS


def fan_out(plan: Plan, *, at: datetime, progress: Callable[[int, int], None] | None = None) -> int:
    """Make the tasks of an issued plan that do not exist yet; returns how many were made.

    For each measure in turn, in one transaction: lock it, start it when it is still proposed, insert its missing
    tasks with their first events. Then the units' people hear of it. A run that is killed leaves whole measures;
    running again makes what is missing and nothing twice. Two runs at once wait for each other at the measure's
    row; the unique key of tasks is the last safety.
    ``progress(done, total)`` is called between measures, outside any transaction.
    """
    day, calendar = local_date(at), Calendar.load()
    issued_on = local_date(plan.issued_at) if plan.issued_at else day
    measures, made = issuable(plan), 0
    for done, measure in enumerate(measures, start=1):
        since = issued_on if measure.state == Measure.State.ACTIVE else day
        dates = opened(plan, measure, since=since, day=day, calendar=calendar)
        with transaction.atomic():
            Measure.objects.select_for_update().get(pk=measure.pk)
            if measure.state == Measure.State.PROPOSED:
                perform(measure, "activate", actor=None, at=at)
            for occurrence in dates:
                made += _make_missing(plan, measure, occurrence, at=at, calendar=calendar)
        if progress:
            progress(done, len(measures))
    _announce(plan, at=at)
    return made


def open_next_years(*, at: datetime) -> int:
    """Ask for the tasks of the year that begins within a month, for plans over several years; returns how many plans.

    Asking again on the next day or tick finds the same job. One query where there is no such plan.
    """
    year = (local_date(at) + AHEAD).year
    plans = Plan.objects.filter(state=Plan.State.ISSUED, until_year__gte=year)
    asked = 0
    for plan in plans:
        if Period.parse(plan.period).year >= year:
            continue
        with transaction.atomic():
            request_job(
                "fan_out",
                payload={"plan": plan.pk},
                requested_by=None,
                at=at,
                key=f"fan_out:{plan.pk}:year{year}",
            )
        asked += 1
    return asked


def _make_missing(
    plan: Plan, measure: Measure, occurrence: Occurrence, *, at: datetime, calendar: Calendar
) -> int:
    """Insert the tasks of one occurrence that are missing, and the first event of each."""
    day = local_date(at)
    pattern = Task(
        measure=measure,
        occurrence=occurrence.label,
        issued_on=day,
        acknowledge_by=calendar.add(day, ACKNOWLEDGE_DAYS),
        original_due=occurrence.due,
        due=occurrence.due,
        event_count=1,
    )
    before_id, after_id = first_body(pattern, "assign", at=at, said={"due": occurrence.due, "plan": plan.pk})
    receivers, receiver_params = (
        receivers_of(measure, plan, day=day).order_by().values("pk").query.sql_with_params()
    )
    constants = _constants(pattern, without={"id", "organization", "event_head"})
    is_postgresql = connection.vendor == "postgresql"
    next_id = (
        "nextval(pg_get_serial_sequence('tracker_task', 'id'))"
        if is_postgresql
        else "(SELECT COALESCE(MAX(id), 0) FROM tracker_task) + ROW_NUMBER() OVER ()"
    )
    body = "(%s || CAST(id AS TEXT) || %s)"
    digest = f"encode(sha256(convert_to({body}, 'UTF8')), 'hex')" if is_postgresql else f"SHA256{body}"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE(MAX(id), 0) FROM tracker_task WHERE measure_id = %s AND occurrence = %s",
            [measure.pk, occurrence.label],
        )
        last = cursor.fetchone()[0]
        cursor.execute(
            f"""
            INSERT INTO tracker_task (id, organization_id, event_head, {", ".join(constants)})
            WITH unit(id) AS ({receivers}),
            wanted AS (
                SELECT unit.id FROM unit JOIN branches_organization o ON o.id = unit.id
                WHERE NOT EXISTS (SELECT 1 FROM tracker_task t WHERE t.measure_id = %s AND t.occurrence = %s
                                  AND t.organization_id = unit.id)
                ORDER BY o.path
            ),
            fresh AS (SELECT {next_id} AS id, wanted.id AS organization_id FROM wanted)
            SELECT id, organization_id, {digest}, {_marks(constants)} FROM fresh
            """,  # noqa: S608 - names of columns and functions of our own, every value is a parameter
            [*receiver_params, measure.pk, occurrence.label, before_id, after_id, *constants.values()],
        )
        made = cursor.rowcount
        if not made:
            return 0
        event = _constants(
            Event(subject_kind=Task.KIND, sequence=1, act="assign", at=at, to_state=pattern.state),
            without={"id", "subject_id", "body", "hash"},
        )
        cursor.execute(
            f"""
            INSERT INTO tracker_event (subject_id, body, hash, {", ".join(event)})
            SELECT id, {body}, event_head, {_marks(event)} FROM tracker_task
            WHERE measure_id = %s AND occurrence = %s AND id > %s
            ORDER BY id
            """,  # noqa: S608
            [before_id, after_id, *event.values(), measure.pk, occurrence.label, last],
        )
    return made


def _constants(pattern: Model, *, without: set[str]) -> dict[str, Any]:
    """Columns and database values of a pattern row, but for those that differ from row to row."""
    fields = [field for field in pattern._meta.concrete_fields if field.name not in without]
    return {
        connection.ops.quote_name(str(field.column)): field.get_db_prep_save(
            getattr(pattern, field.attname), connection
        )
        for field in fields
    }


def _marks(columns: dict[str, Any]) -> str:
    """A parameter for each column; SQLite and PostgreSQL both take the type from the column inserted into."""
    return ", ".join(["%s"] * len(columns))


def _announce(plan: Plan, *, at: datetime) -> None:
    """One notice per person, unit, plan and day, saying how many tasks the unit was given that day.

    Counted from the tasks themselves, so that a run after a kill says the whole number; saying the same again
    changes nothing.
    """
    day = local_date(at)
    given = Task.objects.filter(measure__plan=plan, issued_on=day, reassigned_from=None)
    counts = dict(given.order_by().values_list("organization").annotate(count=Count("pk")))
    units = given.order_by().values("organization")
    posts = Post.objects.held_on(day).filter(
        organization__in=units, role__in=[Post.Role.SECRETARY, Post.Role.CLERK], user__is_active=True
    )
    rows = posts.values_list("user_id", "organization_id", "organization__short_name").distinct()
    prefix = f"assigned:{plan.pk}:{day}:"
    known = {notice.key: notice for notice in Notice.objects.filter(key__startswith=prefix)}
    fresh, changed = [], []
    for person, unit, name in rows.iterator(chunk_size=1000):
        key = f"{prefix}{unit}:{person}"
        if notice := known.get(key):
            if notice.data["count"] != counts[unit]:
                notice.data["count"], notice.read_at = counts[unit], None
                changed.append(notice)
            continue
        data = {"count": counts[unit], "plan": plan.title, "organization": name}
        fresh.append(Notice(recipient_id=person, kind="assigned", data=data, key=key, created_at=at))
    Notice.objects.bulk_create(fresh, batch_size=500, ignore_conflicts=True)
    Notice.objects.bulk_update(changed, ["data", "read_at"], batch_size=200)


def ask_again(plan: Plan, *, actor: Actor, at: datetime) -> Job | None:
    """Put a plan's failed job back in the queue; one that waits, runs or is done stays what it is. None without a job.

    Raises NotAllowed unless the actor may change the plan.
    """
    require_edit(actor, plan)
    job = latest_job(plan)
    if job is None:
        return None
    with transaction.atomic():
        return request_job("fan_out", payload={"plan": plan.pk}, requested_by=actor.user, at=at, key=job.key)
