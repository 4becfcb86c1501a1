"""``roster``: 10,000 organizations with their posts from an .xlsx: read, check and import, all of it.

Floor: openpyxl in read-only mode merely going over the rows of the same file. Everything that a person's import does is in
the time: the look at the door, the parser in a process of its own, the check against the database, one transaction with
organizations, placements, terms, tags, accounts, posts and a line of the audit log for each. A dry run and an import that
finds nothing to do stand beside it. Memory is that of fresh
processes, Python included: the importing one and the parser, which runs beside it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import django

from benchmarks.measure import Goal, Result, compare

ORGANIZATIONS = int(os.environ.get("BENCH_ORGANIZATIONS", "10000"))
IN_ONE = 40
"""Branches below one committee."""
AT_MOST_MB = 200


def run() -> Result:
    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from openpyxl import load_workbook

    from branches.models import Area, Organization, Placement, Post, Tag, Term, User
    from branches.roster.checking import check_roster
    from branches.roster.importing import import_roster
    from branches.roster.reach import Reach
    from branches.roster.reading import read_roster
    from common.clock import moment
    from common.models import AuditEntry
    from tests.append_only import unguarded

    call_command("migrate", verbosity=0)
    if Organization.objects.exists():
        raise SystemExit("roster needs an empty database of its own: set DATABASE_URL.")
    at = moment(date(2026, 7, 1))
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "roster.xlsx"
    _write(path)

    def empty() -> None:
        with unguarded(), connection.cursor() as cursor:
            tables: list[Any] = [AuditEntry, Post, Term, Placement, Organization.tags.through, Tag]
            if connection.vendor == "postgresql":
                cursor.execute("TRUNCATE branches_organization, branches_user, common_auditentry CASCADE")
                return
            cursor.execute("UPDATE branches_organization SET area_id = NULL, linked_leader_id = NULL")
            cursor.execute("UPDATE branches_user SET organization_id = NULL")
            cursor.execute("UPDATE branches_organization SET parent_id = NULL, second_superior_id = NULL")
            for model in [*tables, Area, Organization, User]:
                cursor.execute(f"DELETE FROM {model._meta.db_table}")

    def merely_reading() -> int:
        book = load_workbook(path, read_only=True)
        return sum(1 for sheet in book.worksheets[:2] for _row in sheet.iter_rows(values_only=True))

    def reading() -> None:
        read_roster(path, path.name)

    def dry_run() -> None:
        assert not check_roster(read_roster(path, path.name), reach=Reach(), day=date(2026, 7, 1)).faults

    def importing() -> None:
        sheets = read_roster(path, path.name)
        outcome = import_roster(sheets, reach=Reach(), by=None, at=at, name=path.name)
        assert not outcome.changes.faults
        assert len(outcome.changes.additions) == Organization.objects.count() >= ORGANIZATIONS

    empty()
    parser_mb, import_mb = _peak_of_parser(path), _peak_of_import(path)
    counted = {
        "organizations": Organization.objects.count(),
        "accounts": User.objects.count(),
        "posts": Post.objects.count(),
    }
    result = compare(
        "roster",
        {"openpyxl reads": merely_reading, "read": reading, "dry run": dry_run, "import": importing},
        [Goal("import", "openpyxl reads", 1.5)],
        rounds=int(os.environ.get("BENCH_ROUNDS", "5")),
        before=empty,
    )
    empty()
    importing()
    again = compare(
        "again", {"import again": importing_again(read_roster, import_roster, Reach, path, at)}, [], rounds=3
    )
    result.seconds |= again.seconds
    both = Goal("MB of import and parser together", "1 MB", AT_MOST_MB)
    result.goals.append((both, parser_mb + import_mb))
    result.notes = counted | {
        "database": connection.vendor,
        "file_kb": path.stat().st_size // 1024,
        "import_process_mb": import_mb,
        "parser_process_mb": parser_mb,
    }
    empty()
    folder.cleanup()
    return result


def importing_again(read: Any, imported: Any, reach: Any, path: Path, at: Any) -> Any:
    """The same file once more, which must find nothing to do."""

    def run_again() -> None:
        assert imported(read(path, path.name), reach=reach(), by=None, at=at).changes.is_empty

    return run_again


def _peak_of_parser(path: Path) -> float:
    from branches.roster.reading import parser_command

    return _peak(parser_command(path))


def _peak_of_import(path: Path) -> float:
    return _peak([sys.executable, "manage.py", "import_organizations", str(path)])


def _peak(command: list[str]) -> float:
    """The most memory, in MB, of a fresh process, Python and all; the first of its children that is larger counts.

    A small process stands between: what is forked from a large one is taken for as large as that.
    """
    between = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", between, *command], capture_output=True, text=True, check=True
    )
    return round(int(done.stdout) / 1024, 1)


def _write(path: Path) -> None:
    """A city as an office would fill the template in: every column that is usually filled, a post for each."""
    from branches.roster.layout import ORGANIZATION_SHEET, POST_SHEET
    from branches.roster.writing import RosterBook

    organizations: list[dict[str, Any]] = [
        {
            "code": "GW",
            "name": "中共临江市委市直机关工作委员会",
            "short_name": "市直机关工委",
            "kind": "WORK_COMMITTEE",
        }
    ]
    posts: list[dict[str, Any]] = []
    committees = -(-ORGANIZATIONS // (IN_ONE + 1))
    organizations += [
        _organization(f"C{c:04d}", "GW", f"中共临江市第{c}局机关委员会", f"第{c}局机关党委", "COMMITTEE")
        for c in range(committees)
    ]
    for n in range(ORGANIZATIONS - committees - 1):
        code = f"B{n:05d}"
        name, short = f"中共临江市第{n // IN_ONE}局机关第{n}支部委员会", f"第{n}支部"
        organizations.append(_organization(code, f"C{n // IN_ONE % committees:04d}", name, short, "BRANCH"))
    for n, row in enumerate(organizations):
        posts.append(
            {
                "organization": row["code"],
                "organization_name": row["short_name"],
                "role": "SECRETARY",
                "name": f"陈立言{n % 97}",
                "account": f"1380000{n:05d}",
                "phone": f"1380000{n:05d}",
                "email": f"secretary{n}@example.gov.cn",
                "since": date(2024, 6, 20),
            }
        )
    book = RosterBook()
    for layout, rows in ((ORGANIZATION_SHEET, organizations), (POST_SHEET, posts)):
        for row in rows:
            for column in layout.columns:
                if column.choices and column.name in row:
                    row[column.name] = str(column.choices[row[column.name]])
        values = [[row.get(column.name) for column in layout.columns] for row in rows]
        book.table(layout, values, title=str(layout.title), subtitle="")
    book.save(path)


def _organization(code: str, parent: str, name: str, short_name: str, kind: str) -> dict[str, Any]:
    return {
        "code": code,
        "name": name,
        "short_name": short_name,
        "kind": kind,
        "parent": parent,
        "unit": "市某局",
        "area": f"第{len(code) % 3 + 1}片区",
        "tags": "窗口单位、青年支部",
        "full_members": 23,
        "probationary_members": 1,
        "active_from": date(2019, 3, 1),
        "term_began": date(2024, 6, 20),
        "term_due": date(2027, 6, 20),
    }
