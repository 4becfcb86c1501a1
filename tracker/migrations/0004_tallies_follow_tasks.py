"""The database keeps the lines of ``Tally`` true to the tasks, in the statement that changes them, whoever asks."""

# ruff: noqa: S608 - composed of names of our own
from django.db import migrations

COUNTED = {
    "pending": "t.state = 'PENDING'",
    "active": "t.state = 'ACTIVE' AND NOT t.returned",
    "returned": "t.state = 'ACTIVE' AND t.returned",
    "review": "t.state IN ('SUBMITTED', 'SECOND_REVIEW')",
    "suspended": "t.state = 'SUSPENDED'",
    "done": "t.state = 'DONE'",
    "withdrawn": "t.state = 'WITHDRAWN'",
}
AMOUNTS = {name: f"CASE WHEN {condition} THEN 1 ELSE 0 END" for name, condition in COUNTED.items()}
AMOUNTS["percent"] = "CASE WHEN t.state IN ('SUSPENDED', 'WITHDRAWN') THEN 0 ELSE t.percent END"
"""What a task ``t`` adds to each count."""
TELLING = ("organization_id", "measure_id", "state", "returned", "percent")
"""The columns of a task that the counts are made of."""
NAMES = ", ".join(AMOUNTS)


def _sums(sign=""):
    return ", ".join(f"SUM({sign}({amount}))" for amount in AMOUNTS.values())


FILL = f"""
    INSERT INTO tracker_tally (organization_id, plan_id, since, {NAMES})
    SELECT t.organization_id, m.plan_id, MIN(t.issued_on), {_sums()}
    FROM tracker_task t JOIN tracker_measure m ON m.id = t.measure_id GROUP BY 1, 2 ORDER BY 1, 2"""

# PostgreSQL: a line for each organisation and plan that a statement adds tasks to, and for each task that changes.
# Nothing is updated, so nobody waits; statements that leave these columns alone cost nothing.
_LINE = f"INSERT INTO tracker_tally (organization_id, plan_id, since, {NAMES})"
_DIFFERS = " OR ".join(f"OLD.{name} <> NEW.{name}" for name in TELLING)
_STEP = ", ".join(f"{a.replace('t.', 'NEW.')} - {a.replace('t.', 'OLD.')}" for a in AMOUNTS.values())
_NOW = ", ".join(amount.replace("t.", "NEW.") for amount in AMOUNTS.values())
_BEFORE = ", ".join(f"-({amount.replace('t.', 'OLD.')})" for amount in AMOUNTS.values())
POSTGRESQL = [
    f"""
    CREATE FUNCTION tally_follows_tasks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF TG_OP = 'INSERT' THEN
        {_LINE} SELECT t.organization_id, m.plan_id, MIN(t.issued_on), {_sums()}
        FROM after_rows t JOIN tracker_measure m ON m.id = t.measure_id GROUP BY 1, 2 ORDER BY 1, 2;
      ELSE
        {_LINE} SELECT t.organization_id, m.plan_id, NULL, {_sums("-")}
        FROM before_rows t JOIN tracker_measure m ON m.id = t.measure_id GROUP BY 1, 2;
      END IF;
      RETURN NULL;
    END $$""",
    f"""
    CREATE FUNCTION tally_follows_task() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF OLD.organization_id = NEW.organization_id AND OLD.measure_id = NEW.measure_id THEN
        {_LINE} SELECT NEW.organization_id, plan_id, NULL, {_STEP} FROM tracker_measure WHERE id = NEW.measure_id;
      ELSE
        {_LINE} SELECT OLD.organization_id, plan_id, NULL, {_BEFORE} FROM tracker_measure WHERE id = OLD.measure_id;
        {_LINE} SELECT NEW.organization_id, plan_id, NEW.issued_on, {_NOW} FROM tracker_measure WHERE id = NEW.measure_id;
      END IF;
      RETURN NULL;
    END $$""",
    """CREATE TRIGGER tally_task_added AFTER INSERT ON tracker_task
       REFERENCING NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION tally_follows_tasks()""",
    f"""CREATE TRIGGER tally_task_changed AFTER UPDATE OF {", ".join(TELLING)} ON tracker_task
       FOR EACH ROW WHEN ({_DIFFERS}) EXECUTE FUNCTION tally_follows_task()""",
    """CREATE TRIGGER tally_task_removed AFTER DELETE ON tracker_task
       REFERENCING OLD TABLE AS before_rows FOR EACH STATEMENT EXECUTE FUNCTION tally_follows_tasks()""",
    f"""
    CREATE FUNCTION tally_follows_measures() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      {_LINE} SELECT t.organization_id, OLD.plan_id, NULL, {_sums("-")}
      FROM tracker_task t WHERE t.measure_id = NEW.id GROUP BY 1;
      {_LINE} SELECT t.organization_id, NEW.plan_id, MIN(t.issued_on), {_sums()}
      FROM tracker_task t WHERE t.measure_id = NEW.id GROUP BY 1;
      RETURN NULL;
    END $$""",
    """CREATE TRIGGER tally_measure_carried AFTER UPDATE OF plan_id ON tracker_measure
       FOR EACH ROW WHEN (OLD.plan_id <> NEW.plan_id) EXECUTE FUNCTION tally_follows_measures()""",
]


# SQLite: one line for each organisation and plan, made with its first task and changed ever after.
def _first_line(task, plan):
    zeros = ", ".join("0" for _ in AMOUNTS)
    return f"""INSERT INTO tracker_tally (organization_id, plan_id, {NAMES})
        SELECT {task}organization_id, {plan}, {zeros} FROM {{source}}
        AND NOT EXISTS (SELECT 1 FROM tracker_tally y WHERE y.organization_id = {task}organization_id AND y.plan_id = {plan});"""


def _of_one(row, sign, since=""):
    changes = ", ".join(f"{n} = {n} {sign} ({amount.replace('t.', row)})" for n, amount in AMOUNTS.items())
    return f"""UPDATE tracker_tally SET {changes}{since} WHERE organization_id = {row}organization_id
        AND plan_id = (SELECT plan_id FROM tracker_measure WHERE id = {row}measure_id);"""


def _of_measure(plan, sign, since=""):
    sums = ", ".join(f"SUM({amount}) AS {name}" for name, amount in AMOUNTS.items())
    changes = ", ".join(f"{name} = tracker_tally.{name} {sign} s.{name}" for name in AMOUNTS)
    return f"""UPDATE tracker_tally SET {changes}{since} FROM (
          SELECT t.organization_id AS unit, MIN(t.issued_on) AS since, {sums}
          FROM tracker_task t WHERE t.measure_id = NEW.id GROUP BY t.organization_id) s
        WHERE tracker_tally.organization_id = s.unit AND tracker_tally.plan_id = {plan};"""


_SINCE = ", since = MIN(COALESCE(since, NEW.issued_on), NEW.issued_on)"
_MADE = _first_line("NEW.", "m.plan_id").format(source="tracker_measure m WHERE m.id = NEW.measure_id")
SQLITE = [
    f"""CREATE TRIGGER tally_task_added AFTER INSERT ON tracker_task BEGIN
        {_MADE} {_of_one("NEW.", "+", _SINCE)} END""",
    f"""CREATE TRIGGER tally_task_changed AFTER UPDATE OF {", ".join(TELLING)} ON tracker_task WHEN {_DIFFERS} BEGIN
        {_MADE} {_of_one("OLD.", "-")} {_of_one("NEW.", "+")} END""",
    f"""CREATE TRIGGER tally_task_removed AFTER DELETE ON tracker_task BEGIN {_of_one("OLD.", "-")} END""",
    f"""CREATE TRIGGER tally_measure_carried AFTER UPDATE OF plan_id ON tracker_measure
        WHEN OLD.plan_id <> NEW.plan_id BEGIN
        {
        _first_line("u.", "NEW.plan_id").format(
            source="(SELECT DISTINCT organization_id FROM tracker_task WHERE measure_id = NEW.id) u WHERE 1 = 1"
        )
    }
        {_of_measure("OLD.plan_id", "-")}
        {
        _of_measure("NEW.plan_id", "+", ", since = MIN(COALESCE(tracker_tally.since, s.since), s.since)")
    } END""",
]
TRIGGERS = {
    "tally_task_added": "tracker_task",
    "tally_task_changed": "tracker_task",
    "tally_task_removed": "tracker_task",
    "tally_measure_carried": "tracker_measure",
}
UNDO = {
    "sqlite": [f"DROP TRIGGER {name}" for name in TRIGGERS],
    "postgresql": [
        *(f"DROP TRIGGER {name} ON {table}" for name, table in TRIGGERS.items()),
        "DROP FUNCTION tally_follows_tasks()",
        "DROP FUNCTION tally_follows_task()",
        "DROP FUNCTION tally_follows_measures()",
    ],
}


def follow(apps, schema_editor):
    schema_editor.execute(FILL)
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def leave(apps, schema_editor):
    for statement in UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(statement)
    schema_editor.execute("DELETE FROM tracker_tally")


class Migration(migrations.Migration):
    dependencies = [("tracker", "0003_tally_and_indexes_by_unit")]

    operations = [migrations.RunPython(follow, leave)]
