"""What the superior asked: which demands of the papers a source rests on are taken up, and by what (上级要点的承接)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext as _

from branches.access import Actor
from common.errors import Refused
from tracker.likeness import Pieces, contained, pieces_of
from tracker.models import Action, Measure, Plan, Source
from tracker.sources import locked_source

NEAR = 0.34
"""Share of two-character pieces that two texts must have in common for one to be proposed for the other."""
SHOWN = 3


@dataclass(frozen=True)
class Near:
    """A measure that may take a demand up, and the pieces of text both have."""

    measure: Measure
    share: float
    words: str


@dataclass
class Asked:
    """One demand of a superior's paper and what became of it here."""

    action: Action
    measures: list[Measure]
    near: list[Near] = field(default_factory=list)

    @property
    def state(self) -> str:
        """taken, aside or open."""
        if self.measures:
            return "taken"
        return "aside" if self.action.decision == Action.Decision.SET_ASIDE else "open"


@dataclass
class Paper:
    """One paper of the superior's with its demands."""

    source: Source
    asked: list[Asked]

    @property
    def settled(self) -> int:
        """How many of its demands are taken up or said not to be for us."""
        return sum(one.state != "open" for one in self.asked)


def rest_on(
    source: Source, papers: list[Source], *, actor: Actor, at: datetime, version: int | None = None
) -> Source:
    """Say which papers a source carries out; replaces what was said before.

    Raises NotAllowed unless the actor is the office of the source's organisation, Refused for a paper of another
    organisation, for the source itself, or where a paper already rests on this source; Stale for an old version.
    """
    del at
    with transaction.atomic():
        locked = locked_source(source, actor)
        if version is not None and version != locked.version:
            from common.errors import Stale

            raise Stale(_("Somebody else changed this source in the meantime. Look at it and decide again."))
        for paper in papers:
            if paper.organization_id != locked.organization_id or paper.pk == locked.pk:
                raise Refused(_("Choose papers that your own office has entered, other than this one."))
            if paper.rests_on.filter(pk=locked.pk).exists():
                raise Refused(_("“%(title)s” already rests on this source.") % {"title": paper.title})
        locked.rests_on.set(papers)
        locked.version += 1
        locked.save(update_fields=["version"])
    return locked


def papers_behind(source: Source, *, plan: Plan | None) -> list[Paper]:
    """The papers a source rests on, each demand with its measures and, while open, the nearest measures of ``plan``.

    A number of queries that does not depend on how many papers, demands or measures there are.
    """
    papers = list(source.rests_on.order_by("-dated", "-pk"))
    actions = list(
        Action.objects.filter(source__in=papers, done=False)
        .select_related("decided_by")
        .order_by("source", "start")
    )
    prefetch_related_objects(actions, Prefetch("measures", Measure.objects.select_related("plan")))
    drafts = (
        Measure.objects.filter(plan=plan, state=Measure.State.PROPOSED) if plan else Measure.objects.none()
    )
    pieces = [(measure, pieces_of(f"{measure.title}{measure.requirement}")) for measure in drafts]
    by_source: dict[int, list[Asked]] = {paper.pk: [] for paper in papers}
    texts = {paper.pk: paper for paper in papers}
    for action in actions:
        action.source = texts[action.source_id]
        one = Asked(action, list(action.measures.all()))
        if one.state == "open":
            one.near = _nearest(action.text, pieces)
        by_source[action.source_id].append(one)
    return [Paper(paper, by_source[paper.pk]) for paper in papers]


def _nearest(text: str, measures: list[tuple[Measure, Pieces]]) -> list[Near]:
    wanted = pieces_of(text)
    found = []
    for measure, pieces in measures:
        share, both = contained(wanted, pieces)
        if share >= NEAR:
            found.append(Near(measure, share, "、".join(list(both)[:4])))
    return sorted(found, key=lambda near: -near.share)[:SHOWN]
