"""From the upload to the passwords: who may do what, what a job does, what is kept and for how long."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from branches.models import Organization, Post, RosterFile, User
from branches.roster.faults import from_json
from branches.roster.files import KEPT_DAYS, clear_old_files
from common.jobs import run_due_jobs
from common.models import AuditEntry, Job
from tests.branches.roster.sheets import AT, DAY, organization, package, post, write
from tests.factories import make_post

pytestmark = pytest.mark.django_db
ROLES = {"admin": "ADMINISTRATOR", "officer": "SECURITY_OFFICER", "auditor": "AUDITOR", "clerk": "CLERK"}


@pytest.fixture(autouse=True)
def _at_ten():
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def people(world):
    """Signed-in browsers of the keepers of the whole tree, of a clerk, and of the keepers of one committee."""
    clients = {}
    for name, role in ROLES.items():
        clients[name] = Client()
        clients[name].force_login(make_post(world.top, role).user)
    for name, role in (("small admin", "ADMINISTRATOR"), ("small officer", "SECURITY_OFFICER")):
        clients[name] = Client()
        clients[name].force_login(make_post(world.committee, role).user)
    return clients


def upload(client, tmp_path, name="名册.xlsx", data=None, **rows):
    data = write(tmp_path / "名册.xlsx", **rows).read_bytes() if data is None else data
    return client.post("/roster/", {"file": SimpleUploadedFile(name, data)})


def checked(client, tmp_path, **rows) -> RosterFile:
    answer = upload(client, tmp_path, **rows)
    assert answer.status_code == 302, answer.context["problem"]
    run_due_jobs(at=AT)
    return RosterFile.objects.get(pk=answer.url.split("/")[2])


def new_branch(world, code="N1"):
    return {
        "organizations": [organization(code, "新支部", parent=world.committee.code)],
        "posts": [post(code, "陈立言", "13800000001")],
    }


def test_only_those_who_look_after_accounts_and_posts_may_come_here(people):
    for name in ("clerk", "auditor"):
        for address in ("/roster/", "/roster/template/"):
            assert people[name].get(address).status_code == 403
        assert people[name].post("/roster/export/").status_code == 403
    for name in ("admin", "officer", "small admin"):
        assert people[name].get("/roster/").status_code == 200
        template = people[name].get("/roster/template/")
        assert "attachment" in template["Content-Disposition"]
        assert load_workbook(io.BytesIO(template.getvalue())).sheetnames[0] == "党组织"


def test_an_upload_is_checked_released_and_imported_by_two_people(people, world, tmp_path):
    roster = checked(people["admin"], tmp_path, **new_branch(world))
    assert (roster.stage, roster.faults) == ("READY", [])
    assert not Organization.objects.filter(code="N1").exists()
    page = f"/roster/{roster.pk}/"
    assert people["admin"].post(f"{page}import/").status_code == 403
    assert "安全管理员" in people["admin"].get(page).content.decode()
    assert people["officer"].post(f"{page}import/").status_code == 302
    run_due_jobs(at=AT)
    roster.refresh_from_db()
    assert roster.stage == "IMPORTED"
    assert Post.objects.get(user__username="13800000001").organization.code == "N1"
    line = AuditEntry.objects.get(kind="IMPORT")
    assert (line.actor, line.data["sha256"], line.data["added"]) == (roster.released_by, roster.sha256, 1)
    assert people["officer"].post(f"{page}import/").status_code == 409


def test_a_file_without_posts_is_imported_by_the_administrator_alone(people, world, tmp_path):
    roster = checked(people["admin"], tmp_path, organizations=new_branch(world)["organizations"])
    assert people["admin"].post(f"/roster/{roster.pk}/import/").status_code == 302
    run_due_jobs(at=AT)
    assert Organization.objects.filter(code="N1").exists()


def test_a_security_officer_changes_posts_but_makes_no_accounts(people, world, tmp_path):
    roster = checked(people["officer"], tmp_path, posts=[post(world.branch.code, "新人", "new", role="委员")])
    assert people["officer"].post(f"/roster/{roster.pk}/import/").status_code == 403
    known = world.other_secretary.user
    roster = checked(
        people["officer"], tmp_path, posts=[post(world.branch.code, known.name, known.username, role="委员")]
    )
    assert people["officer"].post(f"/roster/{roster.pk}/import/").status_code == 302
    run_due_jobs(at=AT)
    assert Post.objects.filter(user=known, organization=world.branch, role="MEMBER").exists()


def test_every_error_stands_on_the_page_with_its_place_and_in_the_marked_copy(people, world, tmp_path):
    rows = new_branch(world)
    rows["organizations"][0]["kind"] = "支委会"
    rows["posts"][0]["since"] = None
    roster = checked(people["admin"], tmp_path, **rows)
    assert roster.stage == "FAULTY"
    assert [(f.sheet, f.place, f.code) for f in map(from_json, roster.faults)] == [
        ("党组织", "D5", "not_choice"),
        ("任职", "H5", "needed"),
    ]
    page = people["admin"].get(f"/roster/{roster.pk}/").content.decode()
    assert "此项必填。" in page
    assert "任职日期" in page
    people["admin"].cookies["django_language"] = "en"
    assert "This must be filled in." in people["admin"].get(f"/roster/{roster.pk}/").content.decode()
    copy = people["admin"].get(f"/roster/{roster.pk}/marked/")
    assert load_workbook(io.BytesIO(copy.getvalue()))["党组织"]["D5"].fill.fgColor.rgb[-6:] == "F8CBAD"
    assert people["admin"].post(f"/roster/{roster.pk}/import/").status_code in {403, 409}
    assert not Organization.objects.filter(code="N1").exists()


def test_what_is_no_roster_is_refused_at_once_and_leaves_nothing(people, tmp_path):
    cases = {"名册.xlsx": package("<row r='2'><c r='A2'><f>1</f></c></row>"), "照片.png": b"\x89PNG"}
    for name, data in cases.items():
        answer = upload(people["admin"], tmp_path, name=name, data=data)
        assert answer.status_code == 422
        assert name in answer.context["problem"]
    assert people["admin"].post("/roster/").status_code == 422
    assert (RosterFile.objects.count(), Job.objects.count()) == (0, 0)


def test_what_only_the_parser_sees_fails_the_job_with_its_sentence(people, tmp_path):
    answer = upload(people["admin"], tmp_path, data=package("<row r='2'><c r='A2'"))
    run_due_jobs(at=AT)
    page = people["admin"].get(answer.url).content.decode()
    assert "文件已损坏" in page


def test_the_progress_is_a_part_until_it_is_over(people, world, tmp_path):
    answer = upload(people["admin"], tmp_path, **new_branch(world))
    part = people["admin"].get(answer.url, headers={"HX-Request": "true"})
    assert b"<progress" in part.content
    assert b"<html" not in part.content
    run_due_jobs(at=AT)
    over = people["admin"].get(answer.url, headers={"HX-Request": "true"})
    assert (over.status_code, over["HX-Redirect"]) == (204, answer.url)


def test_another_reach_sees_neither_the_file_nor_what_is_in_it(people, world, tmp_path):
    roster = checked(people["admin"], tmp_path, **new_branch(world))
    page = f"/roster/{roster.pk}/"
    for name in ("small admin", "small officer"):
        assert people[name].get(page).status_code == 404
        assert people[name].get(f"{page}file/").status_code == 404
        assert people[name].post(f"{page}import/").status_code == 404
        assert people[name].post(f"{page}passwords/").status_code == 404
        assert "名册.xlsx" not in people[name].get("/roster/").content.decode()
    assert people["clerk"].get(page).status_code == 403


def test_data_changed_between_check_and_import_stops_the_import(people, world, tmp_path):
    roster = checked(people["admin"], tmp_path, **new_branch(world))
    User.objects.create(username="13800000001", name="别人", organization=world.top)
    people["officer"].post(f"/roster/{roster.pk}/import/")
    run_due_jobs(at=AT)
    roster.refresh_from_db()
    assert roster.stage == "FAULTY"
    assert [from_json(values).code for values in roster.faults] == ["other_name"]
    assert not Organization.objects.filter(code="N1").exists()


def test_the_rights_of_both_are_asked_again_when_the_import_begins(people, world, tmp_path):
    roster = checked(people["admin"], tmp_path, **new_branch(world))
    people["officer"].post(f"/roster/{roster.pk}/import/")
    Post.objects.filter(role="SECURITY_OFFICER", organization=world.top).update(until=DAY - timedelta(days=1))
    run_due_jobs(at=AT)
    roster.refresh_from_db()
    assert roster.stage != "IMPORTED"
    assert not Organization.objects.filter(code="N1").exists()


def imported(people, world, tmp_path) -> RosterFile:
    roster = checked(people["admin"], tmp_path, **new_branch(world))
    people["officer"].post(f"/roster/{roster.pk}/import/")
    run_due_jobs(at=AT)
    return RosterFile.objects.get(pk=roster.pk)


def passwords_in(answer) -> dict[str, str]:
    sheet = load_workbook(io.BytesIO(answer.getvalue())).active
    return {row[2]: row[3] for row in sheet.iter_rows(min_row=4, values_only=True)}


def test_initial_passwords_are_made_when_they_are_fetched_and_kept_nowhere(people, world, tmp_path):
    roster = imported(people, world, tmp_path)
    page = f"/roster/{roster.pk}/passwords/"
    assert people["officer"].post(page).status_code == 403
    first = passwords_in(people["admin"].post(page))
    second = passwords_in(people["admin"].post(page))
    assert list(first) == list(second) == ["13800000001"]
    user = User.objects.get(username="13800000001")
    assert user.check_password(second["13800000001"])
    assert not user.check_password(first["13800000001"])
    assert user.must_change_password
    assert [
        e.data["act"] for e in AuditEntry.objects.filter(kind="ACCOUNT", data__user=user.pk).order_by("pk")
    ] == [
        "create",
        "initial_password",
        "initial_password",
    ]
    User.objects.filter(pk=user.pk).update(last_login=AT)
    assert people["admin"].post(page).status_code == 400


def test_an_export_is_a_job_whose_file_can_be_imported_again(people, world, tmp_path):
    answer = people["small admin"].post("/roster/export/")
    run_due_jobs(at=AT)
    roster = RosterFile.objects.get()
    assert roster.figures == {"organizations": 3, "posts": 4}
    data = people["small admin"].get(f"{answer.url}file/").getvalue()
    assert AuditEntry.objects.get(kind="EXPORT").data["sha256"] == roster.sha256
    again = checked(people["small admin"], tmp_path, data=data)
    assert (again.stage, again.figures["rows"]) == ("EMPTY", 7)


def test_files_are_deleted_after_their_days_with_what_they_held(people, world, tmp_path):
    roster = checked(people["admin"], tmp_path, **new_branch(world))
    stored = roster.file.storage, roster.file.name
    assert clear_old_files(at=AT + timedelta(days=KEPT_DAYS - 1)) == 0
    assert clear_old_files(at=AT + timedelta(days=KEPT_DAYS, minutes=1)) == 1
    assert not stored[0].exists(stored[1])
    assert not RosterFile.objects.exists()


def test_a_strange_name_is_data_and_no_path(people, world, tmp_path):
    roster = checked(
        people["admin"], tmp_path, name="..\\..\\\u202exslx" + "长" * 200 + ".xlsx", **new_branch(world)
    )
    assert len(roster.name) == 120
    assert roster.name.startswith("xslx长")
    assert roster.name.endswith(".xlsx")
    assert roster.file.name.startswith("rosters/")


def test_the_list_costs_the_same_with_one_and_with_three_files(people, world, tmp_path):
    counts = []
    for _more in range(2):
        for _n in range(2 * _more + 1):
            checked(people["admin"], tmp_path, **new_branch(world))
        with CaptureQueriesContext(connection) as queries:
            assert people["admin"].get("/roster/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command_does_the_same(world, tmp_path):
    path = write(tmp_path / "a.xlsx", **new_branch(world))
    out = io.StringIO()
    call_command("import_organizations", str(path), dry_run=True, stdout=out)
    assert "新增党组织1个" in out.getvalue()
    assert not Organization.objects.filter(code="N1").exists()
    call_command("import_organizations", str(path), passwords=str(tmp_path / "p.xlsx"), stdout=out)
    assert Organization.objects.get(code="N1").parent == world.committee
    sheet = load_workbook(tmp_path / "p.xlsx").active
    assert User.objects.get(username="13800000001").check_password(sheet["D4"].value)
    assert (tmp_path / "p.xlsx").stat().st_mode & 0o777 == 0o600


def test_the_command_prints_every_error_and_changes_nothing(world, tmp_path):
    rows = new_branch(world)
    rows["posts"][0]["since"] = "去年"
    path = write(tmp_path / "a.xlsx", **rows)
    told = io.StringIO()
    with pytest.raises(CommandError):
        call_command("import_organizations", str(path), marked=str(tmp_path / "m.xlsx"), stderr=told)
    assert told.getvalue().strip() == "任职 H5: 请填写日期，例如 2026-07-01。"
    assert load_workbook(tmp_path / "m.xlsx").sheetnames[0] == "问题清单"
    assert not Organization.objects.filter(code="N1").exists()
    (tmp_path / "b.xlsx").write_bytes(b"PK")
    with pytest.raises(CommandError, match="已损坏"):
        call_command("import_organizations", str(tmp_path / "b.xlsx"))
    with pytest.raises(CommandError):
        call_command("import_organizations", str(tmp_path / "none.xlsx"))


def test_an_empty_site_begins_with_one_file(tmp_path):
    rows = {
        "organizations": [organization("TOP", "工委", kind="机关工委", parent=None), organization("B1")],
        "posts": [post("B1", "甲", "user1", since=date(2026, 1, 1))],
    }
    call_command("import_organizations", str(write(tmp_path / "a.xlsx", **rows)), stdout=io.StringIO())
    assert Post.objects.get().organization.parent.code == "TOP"
