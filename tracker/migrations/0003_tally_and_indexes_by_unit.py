import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("branches", "0001_initial"),
        ("tracker", "0002_events_are_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="branches.organization",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tracker.plan",
                    ),
                ),
                ("since", models.DateField(null=True)),
                ("pending", models.IntegerField(default=0)),
                ("active", models.IntegerField(default=0)),
                ("returned", models.IntegerField(default=0)),
                ("review", models.IntegerField(default=0)),
                ("suspended", models.IntegerField(default=0)),
                ("done", models.IntegerField(default=0)),
                ("withdrawn", models.IntegerField(default=0)),
                ("percent", models.IntegerField(default=0)),
            ],
        ),
        migrations.RemoveIndex(
            model_name="task",
            name="task_in_review",
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                condition=models.Q(("state__in", ["PENDING", "ACTIVE"])),
                fields=["organization", "due", "state", "returned", "acknowledge_by", "measure", "issued_on"],
                name="task_in_hand_by_unit",
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                condition=models.Q(("state", "PENDING")),
                fields=["organization", "acknowledge_by", "due", "measure"],
                name="task_pending_by_unit",
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                condition=models.Q(("state__in", ["SUBMITTED", "SECOND_REVIEW"])),
                fields=["organization", "submitted_at", "id"],
                name="task_in_review_by_unit",
            ),
        ),
        migrations.AddIndex(
            model_name="tally",
            index=models.Index(fields=["organization", "plan"], name="tally_of_unit"),
        ),
    ]
