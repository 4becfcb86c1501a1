"""The database itself refuses to change or delete a line of the audit log."""

from django.db import migrations

SQLITE = [
    """CREATE TRIGGER audit_no_update BEFORE UPDATE ON common_auditentry
       BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
    """CREATE TRIGGER audit_no_delete BEFORE DELETE ON common_auditentry
       BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
]
POSTGRESQL = [
    """CREATE FUNCTION audit_refuses_change() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$""",
    """CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON common_auditentry
       FOR EACH ROW EXECUTE FUNCTION audit_refuses_change()""",
    """CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON common_auditentry
       FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses_change()""",
]
UNDO = {
    "sqlite": ["DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete"],
    "postgresql": [
        "DROP TRIGGER audit_no_change ON common_auditentry",
        "DROP TRIGGER audit_no_truncate ON common_auditentry",
        "DROP FUNCTION audit_refuses_change()",
    ],
}


def refuse(apps, schema_editor):
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def allow(apps, schema_editor):
    for statement in UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("common", "0002_fill_calendar")]

    operations = [migrations.RunPython(refuse, allow)]
