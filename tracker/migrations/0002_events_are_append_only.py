"""The database itself refuses to change or delete an event, whoever asks."""

from django.db import migrations

SQLITE = [
    """CREATE TRIGGER event_no_update BEFORE UPDATE ON tracker_event
       BEGIN SELECT RAISE(ABORT, 'events are append-only'); END""",
    """CREATE TRIGGER event_no_delete BEFORE DELETE ON tracker_event
       BEGIN SELECT RAISE(ABORT, 'events are append-only'); END""",
]
POSTGRESQL = [
    """CREATE FUNCTION event_refuses_change() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'events are append-only'; END $$""",
    """CREATE TRIGGER event_no_change BEFORE UPDATE OR DELETE ON tracker_event
       FOR EACH ROW EXECUTE FUNCTION event_refuses_change()""",
    """CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON tracker_event
       FOR EACH STATEMENT EXECUTE FUNCTION event_refuses_change()""",
]
UNDO = {
    "sqlite": ["DROP TRIGGER event_no_update", "DROP TRIGGER event_no_delete"],
    "postgresql": [
        "DROP TRIGGER event_no_change ON tracker_event",
        "DROP TRIGGER event_no_truncate ON tracker_event",
        "DROP FUNCTION event_refuses_change()",
    ],
}


def refuse(apps, schema_editor):
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def allow(apps, schema_editor):
    for statement in UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("tracker", "0001_initial")]

    operations = [migrations.RunPython(refuse, allow)]
