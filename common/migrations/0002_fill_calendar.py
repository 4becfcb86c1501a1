"""The working-day calendar: 2025 and 2026 as decreed, 2027 provisional.

Only days that differ from their weekday are listed. Official years come from the State Council's
notices (2026: notice of 4 November 2025); 2027 holds the statutory days alone until its notice is
entered, and dates resting on it are marked provisional.
"""

from datetime import date, timedelta

from django.db import migrations

# first day, last day, kind, name, official
RANGES = [
    ("2025-01-01", "2025-01-01", "HOLIDAY", "元旦", True),
    ("2025-01-26", "2025-01-26", "MAKE_UP", "", True),
    ("2025-01-28", "2025-01-31", "HOLIDAY", "春节", True),
    ("2025-02-03", "2025-02-04", "HOLIDAY", "春节", True),
    ("2025-02-08", "2025-02-08", "MAKE_UP", "", True),
    ("2025-04-04", "2025-04-04", "HOLIDAY", "清明节", True),
    ("2025-04-27", "2025-04-27", "MAKE_UP", "", True),
    ("2025-05-01", "2025-05-02", "HOLIDAY", "劳动节", True),
    ("2025-05-05", "2025-05-05", "HOLIDAY", "劳动节", True),
    ("2025-06-02", "2025-06-02", "HOLIDAY", "端午节", True),
    ("2025-09-28", "2025-09-28", "MAKE_UP", "", True),
    ("2025-10-01", "2025-10-03", "HOLIDAY", "国庆节", True),
    ("2025-10-06", "2025-10-06", "HOLIDAY", "中秋节", True),
    ("2025-10-07", "2025-10-08", "HOLIDAY", "国庆节", True),
    ("2025-10-11", "2025-10-11", "MAKE_UP", "", True),
    ("2026-01-01", "2026-01-02", "HOLIDAY", "元旦", True),
    ("2026-01-04", "2026-01-04", "MAKE_UP", "", True),
    ("2026-02-14", "2026-02-14", "MAKE_UP", "", True),
    ("2026-02-16", "2026-02-20", "HOLIDAY", "春节", True),
    ("2026-02-23", "2026-02-23", "HOLIDAY", "春节", True),
    ("2026-02-28", "2026-02-28", "MAKE_UP", "", True),
    ("2026-04-06", "2026-04-06", "HOLIDAY", "清明节", True),
    ("2026-05-01", "2026-05-01", "HOLIDAY", "劳动节", True),
    ("2026-05-04", "2026-05-05", "HOLIDAY", "劳动节", True),
    ("2026-05-09", "2026-05-09", "MAKE_UP", "", True),
    ("2026-06-19", "2026-06-19", "HOLIDAY", "端午节", True),
    ("2026-09-20", "2026-09-20", "MAKE_UP", "", True),
    ("2026-09-25", "2026-09-25", "HOLIDAY", "中秋节", True),
    ("2026-10-01", "2026-10-02", "HOLIDAY", "国庆节", True),
    ("2026-10-05", "2026-10-07", "HOLIDAY", "国庆节", True),
    ("2026-10-10", "2026-10-10", "MAKE_UP", "", True),
    ("2027-01-01", "2027-01-01", "HOLIDAY", "元旦", False),
    ("2027-02-05", "2027-02-05", "HOLIDAY", "农历除夕", False),
    ("2027-02-08", "2027-02-08", "HOLIDAY", "春节", False),
    ("2027-02-09", "2027-02-10", "HOLIDAY", "春节（补假）", False),
    ("2027-04-05", "2027-04-05", "HOLIDAY", "清明节", False),
    ("2027-05-03", "2027-05-04", "HOLIDAY", "劳动节（补假）", False),
    ("2027-06-09", "2027-06-09", "HOLIDAY", "端午节", False),
    ("2027-09-15", "2027-09-15", "HOLIDAY", "中秋节", False),
    ("2027-10-01", "2027-10-01", "HOLIDAY", "国庆节", False),
    ("2027-10-04", "2027-10-05", "HOLIDAY", "国庆节（补假）", False),
]


def fill(apps, schema_editor):
    """One row for each listed day; rows that people already keep are left alone."""
    workday = apps.get_model("common", "Workday")
    rows = []
    for first, last, kind, name, official in RANGES:
        day, end = date.fromisoformat(first), date.fromisoformat(last)
        while day <= end:
            rows.append(workday(day=day, kind=kind, name=name, official=official))
            day += timedelta(days=1)
    workday.objects.bulk_create(rows, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("common", "0001_initial")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
