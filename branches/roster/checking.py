"""The check: a roster's rows against what is known. Reads only; the import does the same once more before it writes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from branches.roster.changes import Changes
from branches.roster.check_organizations import OrganizationCheck
from branches.roster.check_posts import PostCheck
from branches.roster.entries import SheetEntries
from branches.roster.faults import MOST
from branches.roster.reach import Reach
from branches.roster.reading import RawSheet
from branches.roster.snapshot import Snapshot


def check_roster(sheets: Sequence[RawSheet], *, reach: Reach, day: date) -> Changes:
    """What these sheets would change on a local day, and every fault in them, in the order of the file."""
    read = {sheet.layout.name: SheetEntries(sheet) for sheet in sheets if sheet.layout}
    changes, snapshot = Changes(), Snapshot()
    organizations = posts = None
    if "organizations" in read:
        organizations = OrganizationCheck(read["organizations"], snapshot, reach, changes, day=day)
        organizations.load()
        organizations.place_rows()
    if "posts" in read:
        posts = PostCheck(read["posts"], organizations, snapshot, reach, changes, day=day)
        posts.load()
    if organizations:
        if posts:
            organizations.new_accounts = posts.new_accounts()
        organizations.check()
    if posts:
        posts.check()
    order = {sheet.title: index for index, sheet in enumerate(sheets)}
    found = [fault for sheet in read.values() for fault in sheet.faults]
    found.sort(key=lambda fault: (order[fault.sheet], fault.row, fault.column))
    changes.faults = found[:MOST]
    return changes
