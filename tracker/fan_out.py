"""Plan → tasks: one task per measure × organisation × occurrence, made by the database in sets.

A plan for a thousand branches is one statement per measure and occurrence for the tasks and one for their
first events, whatever the number of branches: no row of it passes through Python.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Model

from branches.access import Actor
from branches.models import Post
from common.clock import local_date
from common.jobs import request_job
from common.models import Job
from common.workdays import Calendar
from tracker.events import first_body
from tracker.issuing import issuable, receivers_of
from tracker.models import Event, Measure, Notice, Plan, Task
from tracker.occurrences import Occurrence, opening_of
from tracker.plan_table import latest_job
from tracker.tallies import fold
from tracker.transitions import perform
from tracker.transitions.parties import require_edit
from tracker.transitions.task import ACKNOWLEDGE_DAYS


def fan_out(plan: Plan, *, at: datetime, progress: Callable[[int, int], None] | None = None) -> int:
    """Make the tasks of an issued plan that do not exist yet, up to the horizon; returns how many were made.

    For each measure in turn, in one transaction: lock it, start it when it is still proposed, insert its missing
    tasks with their first events. Then the lines of the kept counts are folded and the units' people hear of it. A run that is killed leaves whole measures;
    running again makes what is missing and nothing twice. Two runs at once wait for each other at the measure's
    row; the unique key of tasks is the last safety.
    ``progress(done, total)`` is called between measures, outside any transaction.
    """
    day, calendar = local_date(at), Calendar.load()
    measures, made = issuable(plan), 0
    for done, measure in enumerate(measures, start=1):
        dates = opening_of(plan, measure, since=day, day=day, calendar=calendar).opened
        with transaction.atomic():
            Measure.objects.select_for_update().get(pk=measure.pk)
            if measure.state == Measure.State.PROPOSED:
                perform(measure, "activate", actor=None, at=at)
            for occurrence in dates:
                made += _make_missing(plan, measure, occurrence, at=at, calendar=calendar)
        if progress:
            progress(done, len(measures))
    fold()
    _announce(plan, at=at)
    return made


def ask_to_open_ahead(*, at: datetime) -> bool:
    """Ask, once a local day, for what has come within the horizon since the day before; whether this call asked.

    One query where the day's job is there already; a job that failed is followed by the next day's, which makes up.
    """
    key = f"open_ahead:{local_date(at)}"
    if Job.objects.filter(key=key).exists():
        return False
    with transaction.atomic():
        request_job("open_ahead", payload={}, requested_by=None, at=at, key=key)
    return True


def open_ahead(*, at: datetime, progress: Callable[[int, int], None] | None = None) -> int:
    """Open the occurrences of recurring measures under way that have come within the horizon; returns tasks made.

    Each for whoever receives the measure on that day, in one transaction per measure; then the units' people hear of
    it. An occurrence that any unit has already is left alone: units that join later get it by a supplement, which
    somebody confirms. Killed anywhere and run again it makes what is missing and nothing twice.
    """
    day, calendar = local_date(at), Calendar.load()
    plans, made = _plans_with_recurring_work(), 0
    for done, (plan, measures) in enumerate(plans, start=1):
        for measure in measures:
            measure.plan = plan
            made += _open_reached(measure, at=at, day=day, calendar=calendar)
        if Task.objects.filter(measure__in=measures, issued_on=day).exists():
            _announce(plan, at=at)
        if progress:
            progress(done, len(plans))
    return made


def _plans_with_recurring_work() -> list[tuple[Plan, list[Measure]]]:
    """Issued plans with their recurring measures under way; what was carried over keeps the tasks it came with."""
    measures = (
        Measure.objects.filter(
            state=Measure.State.ACTIVE, plan__state=Plan.State.ISSUED, carried_from__isnull=True
        )
        .exclude(cadence=Measure.Cadence.ONCE)
        .select_related("plan__organization")
        .prefetch_related("receivers")
        .order_by("plan", "position", "pk")
    )
    return [(plan, list(own)) for plan, own in groupby(measures, key=lambda measure: measure.plan)]


def _open_reached(measure: Measure, *, at: datetime, day: date, calendar: Calendar) -> int:
    plan = measure.plan
    reached = opening_of(plan, measure, since=day, day=day, calendar=calendar).opened
    known = set(
        Task.objects.filter(measure=measure).order_by().values_list("occurrence", flat=True).distinct()
    )
    fresh = [occurrence for occurrence in reached if occurrence.label not in known]
    if not fresh:
        return 0
    with transaction.atomic():
        locked = Measure.objects.select_for_update(of=("self",)).select_related("plan").get(pk=measure.pk)
        if locked.state != Measure.State.ACTIVE or locked.plan.state != Plan.State.ISSUED:
            return 0
        return sum(_make_missing(plan, measure, one, at=at, calendar=calendar) for one in fresh)


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
