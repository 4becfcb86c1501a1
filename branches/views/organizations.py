"""``/organizations/``: the tree in sight, level by level, and one organisation with its people now and before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import Substr
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from branches.access import Actor
from branches.accounts import DUTY_OF, KEEPERS
from branches.keeping import why_not_appoint, why_not_keep, why_not_record
from branches.models import Organization, Post, Term
from branches.models.organization import OrganizationQuerySet

Kind, Role = Organization.Kind, Post.Role

FOUND = 60
"""Hits of a search that are shown; more than that is a reason to search for more letters."""
BELOW = 200
"""Children shown of one organisation at once."""
REMINDED = timedelta(days=183)
"""How long before the re-election its day is marked."""
HEADS = (Role.SECRETARY, Role.CHIEF, Role.DEPUTY_SECRETARY, Role.LEADER)
"""Roles named beside an organisation in the tree, the first one that is held."""
RANKS = {role: rank for rank, role in enumerate(Role)}


@dataclass
class Node:
    """One line of the tree: an organisation, how much lies below it, and who heads it today."""

    organization: Organization
    committees: int = 0
    branches: int = 0
    heads: str = ""
    opened: list[Node] | None = None

    @property
    def has_children(self) -> bool:
        return bool(self.committees or self.branches)

    @property
    def is_branch(self) -> bool:
        return self.organization.kind == Kind.BRANCH


def in_sight(actor: Actor) -> OrganizationQuerySet:
    """Organisations this person may look at: those of their business posts and below, and of their system duties.

    Names, superiors and posts are no business texts: who keeps accounts and posts must see where they belong.
    """
    duties = actor.duty_scope(Post.SYSTEM_ROLES, "path")
    return Organization.objects.filter(actor.scope("path") | duties)


@require_GET
def tree(request: HttpRequest) -> HttpResponse:
    """``/organizations/``: the top of what is in sight with one level open; ``?q=`` searches, ``?below=CODE`` asks
    for one more level, to htmx as a part.
    """
    actor = _actor(request)
    seen = in_sight(actor)
    if code := _clean(request.GET.get("below", "")):
        parent = get_object_or_404(seen, code=code)
        nodes = nodes_of(_children(seen, parent), actor)
        part = bool(getattr(request, "htmx", False))
        page = "branches/organizations/_level.html" if part else "branches/organizations/tree.html"
        return render(request, page, {"nodes": nodes, "parent": parent, "more": _more(seen, parent)})
    query = _clean(request.GET.get("q", ""))
    context: dict[str, Any] = {
        "q": query,
        "total": seen.count(),
        "may_roster": bool(actor.roles & KEEPERS),
        "may_add": bool(actor.roles & DUTY_OF["create"]),
    }
    if query:
        hits = list(searched(request)[1].order_by("path")[: FOUND + 1])
        context |= {"hits": _with_trails(hits[:FOUND], actor), "too_many": len(hits) > FOUND}
    else:
        tops = nodes_of(_tops(seen), actor)
        for node in tops[:3]:
            node.opened = nodes_of(_children(seen, node.organization), actor)
        context["nodes"] = tops
    return render(request, "branches/organizations/tree.html", context)


def searched(request: HttpRequest) -> tuple[str, OrganizationQuerySet]:
    """What is searched for, and the organisations in sight that fit; all of them without a search."""
    query = _clean(request.GET.get("q", ""))
    words = Q(name__icontains=query) | Q(short_name__icontains=query) | Q(code__istartswith=query)
    seen = in_sight(_actor(request))
    return query, seen.filter(words) if query else seen


@require_GET
def organization(request: HttpRequest, code: str) -> HttpResponse:
    """``/organizations/<code>/``: posts now and before, the superiors, and what lies directly below."""
    actor = _actor(request)
    seen = in_sight(actor)
    related = ("parent", "area__liaison", "second_superior", "linked_leader")
    found = get_object_or_404(seen.select_related(*related), code=code)
    posts = list(found.posts.select_related("user"))
    now = [
        post for post in posts if post.since <= actor.day and (post.until is None or post.until >= actor.day)
    ]
    above = list(Organization.objects.above(found))
    visible = set(in_sight(actor).filter(pk__in=[o.pk for o in above]).values_list("pk", flat=True))
    counted = Organization.objects.below(found, itself=False).active_on(actor.day)
    return render(
        request,
        "branches/organizations/organization.html",
        {
            "organization": found,
            "above": [(o, o.pk in visible) for o in above],
            "now": sorted(now, key=lambda post: (RANKS[Role(post.role)], post.since, post.pk)),
            "coming": [post for post in posts if post.since > actor.day],
            "before": sorted(
                (post for post in posts if post.until and post.until < actor.day),
                key=lambda post: (post.until, post.pk),
                reverse=True,
            ),
            "has_head": any(post.role in {Role.SECRETARY, Role.CHIEF} for post in now),
            "nodes": nodes_of(_children(seen, found), actor),
            "more": _more(seen, found),
            "counts": {
                row["kind"]: row["number"]
                for row in counted.values("kind").annotate(number=Count("pk")).order_by()
            },
            "is_business": bool(actor.business_posts) and actor.sees(found),
        }
        | _records(found, actor),
    )


def _records(found: Organization, actor: Actor) -> dict[str, Any]:
    """Its tags, terms and ratings, and what this person may change of it."""
    terms = list(found.terms.order_by("-began_on"))
    running = next((term for term in terms if term.ended_on is None), None)
    has_ended = bool(found.active_until and found.active_until < actor.day)
    return {
        "tags": [tag.name for tag in found.tags.all()],
        "term": running,
        "term_light": _term_light(running, actor.day),
        "terms_before": [term for term in terms if term.ended_on],
        "ratings": [(rating, "★" * (rating.stars or 0)) for rating in found.ratings.all()[:20]],
        "has_ended": has_ended,
        "may_keep": not has_ended and why_not_keep(actor, found) is None,
        "may_record": not has_ended and why_not_record(actor, found) is None,
        "may_post": not has_ended and why_not_appoint(actor, found) is None,
    }


@dataclass(frozen=True)
class TermLight:
    """How near the re-election is: a word and its colour."""

    word: str
    tone: str


def _term_light(term: Term | None, day: date) -> TermLight | None:
    """The superior reminds about six months before (《支部工作条例》 ch. 6); past the day the term is overdue."""
    if term is None:
        return None
    if term.due_on < day:
        return TermLight(_("overdue"), "bad")
    if term.due_on - day <= REMINDED:
        return TermLight(_("within six months"), "warn")
    return None


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _clean(text: str) -> str:
    return text.replace("\0", "").strip()[:100]


def _tops(seen: OrganizationQuerySet) -> list[Organization]:
    """The organisations in sight whose superior is not in sight, in tree order."""
    inside = seen.values("pk")
    return list(seen.filter(Q(parent=None) | ~Q(parent__in=inside)).order_by("path")[:BELOW])


def _children(seen: OrganizationQuerySet, parent: Organization) -> list[Organization]:
    return list(seen.filter(parent=parent).order_by("path")[:BELOW])


def _more(seen: OrganizationQuerySet, parent: Organization) -> int:
    """How many children are left out of ``_children``."""
    return max(0, seen.filter(parent=parent).count() - BELOW)


def nodes_of(organizations: list[Organization], actor: Actor) -> list[Node]:
    """The organisations with their counts and heads: a constant number of queries, however many there are."""
    nodes = {o.path: Node(o) for o in organizations}
    for length in {len(path) for path in nodes}:
        for path, branches, others in _counts_below([p for p in nodes if len(p) == length], actor):
            nodes[path].branches, nodes[path].committees = branches, others
    heads = _heads(organizations, actor)
    for node in nodes.values():
        node.heads = heads.get(node.organization.pk, "")
    return list(nodes.values())


def _counts_below(paths: list[str], actor: Actor) -> Iterable[tuple[str, int, int]]:
    """For each path of one length: how many branches and how many other organisations lie below. One query."""
    if not paths:
        return
    length = len(paths[0])
    first, last = min(paths), max(paths)
    below: Any = (
        Organization.objects.active_on(actor.day)
        .filter(path__gte=first, path__lt=last + "~")
        .annotate(root=Substr("path", 1, length))
        .filter(path__gt=first)
        .exclude(path__in=paths)
        .order_by()
    )
    wanted = set(paths)
    branch = Q(kind=Kind.BRANCH)
    rows = below.values("root").annotate(
        branches=Count("pk", filter=branch), others=Count("pk", filter=~branch)
    )
    for row in rows:
        if row["root"] in wanted:
            yield row["root"], row["branches"], row["others"]


def _heads(organizations: list[Organization], actor: Actor) -> dict[int, str]:
    """Who heads each organisation today, by the highest role that is held. One query."""
    ids = [o.pk for o in organizations]
    posts = Post.objects.held_on(actor.day).filter(organization__in=ids, role__in=HEADS, user__is_active=True)
    best: dict[int, tuple[int, list[str]]] = {}
    for post in posts.select_related("user").order_by("pk"):
        rank = HEADS.index(Role(post.role))
        known = best.get(post.organization_id)
        if known is None or rank < known[0]:
            best[post.organization_id] = (rank, [str(post.user)])
        elif rank == known[0]:
            known[1].append(str(post.user))
    return {pk: "、".join(names) for pk, (_rank, names) in best.items()}


def _with_trails(hits: list[Organization], actor: Actor) -> list[tuple[Node, str]]:
    """Hits of a search with the way down to them, for lists without a tree."""
    paths = {path for hit in hits for path in hit.paths_above()}
    names = dict(Organization.objects.filter(path__in=paths).values_list("path", "short_name"))
    nodes = {node.organization.pk: node for node in nodes_of(hits, actor)}
    return [
        (nodes[hit.pk], " / ".join(names[path] for path in hit.paths_above() if path in names))
        for hit in hits
    ]
