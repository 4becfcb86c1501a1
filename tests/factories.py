"""Small worlds for tests, made through the product's own verbs where there is one."""

from __future__ import annotations

from datetime import date, datetime
from itertools import count
from typing import Any

from django.core.files.base import ContentFile

from branches.access import Actor
from branches.models import Organization, Post, User
from branches.tree import Addition, add_organization, add_organizations
from common.clock import local_date, moment
from common.workdays import Calendar
from tracker.clashes import clashes_in, keep_clashes
from tracker.evidence import attach
from tracker.fan_out import fan_out
from tracker.inspections import plan_inspection, record_finding
from tracker.issuing import targets_of
from tracker.models import Finding, Inspection, Measure, Plan, Source, Task
from tracker.plans import add_measure, create_plan
from tracker.sources import receive_source
from tracker.transitions import perform

_serial = count(1)
SPRING = date(2026, 1, 5)
"""The day tests usually begin on: a Monday."""


def make_organization(
    kind: str = "BRANCH", *, parent: Organization | None = None, name: str = ""
) -> Organization:
    number = next(_serial)
    name = name or f"{Organization.Kind(kind).label}{number}"
    return add_organization(
        kind=kind,
        code=f"T{number:05d}",
        name=name,
        short_name=name[:40],
        parent=parent,
        active_from=date(2020, 1, 1),
    )


def make_user(name: str = "", **fields: Any) -> User:
    number = next(_serial)
    return User.objects.create(username=f"user{number}", name=name or f"人员{number}", **fields)


def make_post(
    organization: Organization, role: str, *, user: User | None = None, since: date = date(2020, 1, 1)
) -> Post:
    return Post.objects.create(user=user or make_user(), organization=organization, role=role, since=since)


def actor_at(organization: Organization, role: str, *, day: date = SPRING) -> Actor:
    """Somebody who holds exactly this post, as of a day."""
    post = Post.objects.filter(organization=organization, role=role).first() or make_post(organization, role)
    return Actor.on(post.user, day)


def on(actor: Actor, day: date) -> Actor:
    """The same person on another day."""
    return Actor.on(actor.user, day)


def _addition(kind: str, code: str, *, parent: str = "") -> Addition:
    name = f"{Organization.Kind(kind).label}{int(code[1:])}"
    return Addition(code, kind, name, short_name=name, parent=parent, active_from=date(2020, 1, 1))


def _actors(places: list[tuple[Organization, str]]) -> list[Actor]:
    """A person for each post, as of a day in spring: two statements for all."""
    numbers = [next(_serial) for _ in places]
    users = User.objects.bulk_create(User(username=f"user{n}", name=f"人员{n}") for n in numbers)
    posts = [
        Post(user=user, organization=organization, role=role, since=date(2020, 1, 1))
        for user, (organization, role) in zip(users, places, strict=True)
    ]
    return [Actor(post.user, SPRING, (post,)) for post in Post.objects.bulk_create(posts)]


class World:
    """工委 → 党组 → 机关党委 → branches, with the people the chain needs; ``other`` is a second committee."""

    def __init__(self, *, branches: int = 2) -> None:
        top, group, committee = "WORK_COMMITTEE", "LEADING_GROUP", "COMMITTEE"
        codes = [f"T{next(_serial):05d}" for _ in range(6 + branches)]
        ids = add_organizations(
            [
                _addition(top, codes[0]),
                _addition(group, codes[1], parent=codes[0]),
                _addition(committee, codes[2], parent=codes[1]),
                *(_addition("BRANCH", code, parent=codes[2]) for code in codes[6:]),
                _addition(group, codes[3], parent=codes[0]),
                _addition(committee, codes[4], parent=codes[3]),
                _addition("BRANCH", codes[5], parent=codes[4]),
            ]
        )
        made = Organization.objects.in_bulk(ids.values())
        places = [made[ids[code]] for code in codes]
        self.top, self.group, self.committee, _other_group, self.other_committee, self.other_branch = places[
            :6
        ]
        self.branches = places[6:]
        posts = [
            (self.top, "CLERK"),
            (self.top, "SECRETARY"),
            (self.top, "LEADER"),
            (self.top, "INSPECTOR"),
            (self.group, "CHIEF"),
            (self.group, "LEADER"),
            (self.committee, "CLERK"),
            (self.committee, "SECRETARY"),
            (self.other_branch, "SECRETARY"),
            *((branch, "SECRETARY") for branch in self.branches),
        ]
        (
            self.office,
            self.issuer,
            self.leader,
            self.inspector,
            self.chief,
            self.group_leader,
            self.reviewer,
            self.committee_secretary,
            self.other_secretary,
            *self.secretaries,
        ) = _actors(posts)

    @property
    def branch(self) -> Organization:
        return self.branches[0]

    @property
    def secretary(self) -> Actor:
        return self.secretaries[0]


def make_plan(world: World, *, at: datetime | None = None, two_reviews: bool = False) -> Plan:
    return create_plan(
        organization=world.top,
        title="上半年重点任务清单",
        period="2026H1",
        kind=Plan.Kind.LIST,
        two_reviews=two_reviews,
        actor=world.office,
        at=at or moment(SPRING),
    )


def make_measure(
    world: World,
    plan: Plan,
    *,
    receivers: list[Organization] | None = None,
    at: datetime | None = None,
    **fields: Any,
) -> Measure:
    """A complete measure for the world's branches, due on 31 March unless said otherwise."""
    defaults: dict[str, Any] = {
        "title": "召开警示教育大会",
        "requirement": "围绕典型案例开展一次警示教育",
        "responsible_leader": world.leader.user,
        "deliverable": "会议记录",
        "evidence_required": False,
        "due": date(2026, 3, 31),
        "no_source_reason": "年度例行工作",
    }
    return add_measure(
        plan,
        actor=world.office,
        at=at or moment(SPRING),
        fields=defaults | fields,
        receivers=world.branches if receivers is None else receivers,
    )


def issue(world: World, plan: Plan, *, at: datetime | None = None) -> Plan:
    """Issue a plan and make its tasks at once, without waiting for the job; its clashes are kept, the load consented."""
    at = at or moment(SPRING)
    settle(world, plan, at=at)
    given = {"approved_by": world.issuer.user.pk, "load_consent": world.leader.user.pk}
    issued = perform(plan, "issue", actor=world.office, at=at, given=given)
    fan_out(issued, at=at)
    return issued


def settle(world: World, plan: Plan, *, at: datetime) -> None:
    """Keep every clash of a plan, as a clerk would who has looked at each."""
    found = clashes_in(targets_of(plan, day=local_date(at), calendar=Calendar.load()))
    if keys := [clash.key for clash in found if clash.kept is None]:
        keep_clashes(plan, keys, reason="已协调", actor=world.office, at=at)


def make_task(world: World, *, two_reviews: bool = False, **fields: Any) -> Task:
    """One issued task of the world's first branch."""
    plan = make_plan(world, two_reviews=two_reviews)
    measure = make_measure(world, plan, receivers=[world.branch], **fields)
    issue(world, plan)
    return Task.objects.get(measure=measure)


def acknowledged(world: World, task: Task, *, at: datetime | None = None) -> Task:
    at = at or moment(date(2026, 1, 6))
    return perform(
        task, "acknowledge", actor=world.secretary, at=at, given={"handler": world.secretary.user.pk}
    )


def submitted(world: World, task: Task, *, at: datetime | None = None) -> Task:
    at = at or moment(date(2026, 3, 20))
    if task.state == Task.State.PENDING:
        task = acknowledged(world, task)
    actor = on(world.secretary, local_date(at))
    return perform(task, "submit", actor=actor, at=at, given={"progress": "已按要求完成"})


SPEECH = """在市直机关党建工作推进会上的讲话

同志们：

一、上半年工作回顾
一是基层基础不断夯实。上半年，召开了党支部书记培训班，开展了专项督查。

二、下半年工作要求
一是坚持从严治党。要每季度召开市直机关警示教育大会，适时通报违纪违法典型案例，营造风清气正的政治生态。年底前，制定机关廉洁文化建设实施方案。
二是打造党建品牌。要培育20个机关党建品牌，建立品牌动态管理机制。
三是严肃组织生活。各党支部要开展专题党课，严格执行“三会一课”制度。

同志们，让我们携手努力，再创佳绩！
"""
"""A short speech of the genre: done work, demands with and without a date, a number, an owner, a closing."""


def make_source(world: World, **fields: Any) -> Source:
    """The speech above, entered by the work committee's clerk."""
    given: dict[str, Any] = {
        "organization": world.top,
        "title": "在市直机关党建工作推进会上的讲话",
        "category": Source.Category.SPEECH,
        "issuer": "市直机关工委",
        "number": "",
        "dated": date(2026, 7, 6),
        "text": SPEECH,
        "actor": world.office,
        "at": moment(date(2026, 7, 6)),
    }
    return receive_source(**(given | fields))


def make_inspection(world: World, **fields: Any) -> Inspection:
    """A planned, sampled inspection of the work committee's inspector: one of all branches is drawn."""
    given = {
        "purpose": "组织生活质量专项督查",
        "sampled": True,
        "sample_size": 1,
        "starts_on": date(2026, 3, 2),
        "ends_on": date(2026, 3, 31),
    }
    return plan_inspection(
        organization=world.top, actor=world.inspector, at=moment(date(2026, 3, 2)), fields=given | fields
    )


def proven(finding: Finding, *, actor: Actor, at: datetime) -> Finding:
    """With the proof that acceptance asks for."""
    return attach(finding, upload=ContentFile(b"%PDF-1.7 proof", "整改报告.pdf"), actor=actor, at=at)


def make_finding(world: World, *, state: str = "FOUND", **fields: Any) -> Finding:
    """A finding of the inspector at the first branch, brought up to a state; due on 31 March once assigned."""
    at = moment(date(2026, 3, 3))
    given: dict[str, Any] = {
        "organization": world.branch,
        "found_by": world.top,
        "fact": "主题党日没有讨论记录",
    }
    finding = record_finding(actor=world.inspector, at=at, **(given | fields))
    steps: list[tuple[str, Any, dict[str, Any]]] = [
        (
            "assign",
            world.office,
            {"kind": "TIMED", "due": date(2026, 3, 31), "standard": "连续两次有讨论记录"},
        ),
        ("enter_measures", world.secretary, {"measures": "增设讨论", "handler": world.secretary.user.pk}),
        ("submit", world.secretary, {"progress": "已整改"}),
        ("accept", world.office, {"remark": "属实"}),
    ]
    for act, actor, inputs in steps:
        if finding.state == state:
            break
        if act == "submit":
            finding = proven(finding, actor=actor, at=at)
        finding = perform(finding, act, actor=actor, at=at, given=inputs)
    return finding
