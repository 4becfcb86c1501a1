"""What the reading page shows beside the text: one card for each action, and what a person must still settle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext as _

from branches.access import Actor
from branches.models import Organization, User
from common.errors import NotAllowed
from tracker.forms.plans import kinds_below, leaders_for
from tracker.marked_text import why
from tracker.models import Action, Measure, Plan, Source
from tracker.plans import release_action
from tracker.proposals import Proposal, Proposer
from tracker.sources import Coverage, reopen_action
from tracker.transitions.parties import is_office


@dataclass
class Target:
    """Where accepted measures go, and what they get where the text says nothing. Lives in the page's address."""

    plan: Plan | None
    plans: list[Plan]
    leader: User | None
    leaders: list[User]
    to: list[str]
    kinds: list[tuple[str, Any]]

    @classmethod
    def of(cls, source: Source, given: Mapping[str, Any], *, actor: Actor) -> Target:
        """What the address chose, else the newest draft of the source's organisation. Three queries."""
        plans = list(Plan.objects.filter(organization=source.organization).exclude(state=Plan.State.CLOSED))
        leaders = leaders_for(source.organization, day=actor.day)
        kinds = kinds_below(source.organization)
        chosen = next((p for p in plans if str(p.pk) == given.get("plan")), None)
        drafts = (p for p in plans if p.is_open)
        leader = next((u for u in leaders if str(u.pk) == given.get("leader")), None)
        to = given.getlist("to") if hasattr(given, "getlist") else []
        known = {value for value, _label in kinds}
        return cls(chosen or next(drafts, None), plans, leader, leaders, [k for k in to if k in known], kinds)

    @property
    def query(self) -> str:
        """The choice as a query string, kept by every address of the page."""
        pairs: list[tuple[str, Any]] = [("plan", self.plan.pk)] if self.plan else []
        if self.leader:
            pairs.append(("leader", self.leader.pk))
        return urlencode([*pairs, *(("to", kind) for kind in self.to)])

    def complete(self, proposal: Proposal) -> dict[str, Any]:
        """The fields of a proposed measure, filled up where the text says nothing."""
        fields = proposal.fields()
        fields["responsible_leader"] = self.leader
        fields["receiver_kinds"] = fields["receiver_kinds"] or list(self.to)
        return fields


@dataclass
class Card:
    """One action with what was or may be decided on it."""

    action: Action
    proposer: Proposer
    measures: list[Measure]
    text: str

    @cached_property
    def proposal(self) -> Proposal | None:
        """The measure proposed while the action is undecided."""
        return self.proposer.proposal(self.action) if self.state == Action.Decision.OPEN else None

    @property
    def state(self) -> str:
        return self.action.decision

    @property
    def why(self) -> str:
        return why(self.action)

    @property
    def vague(self) -> tuple[str, ...]:
        """Words without a date that still wait for one."""
        if self.proposal:
            return () if self.proposal.is_dated else self.proposal.vague
        undated = [m for m in self.measures if m.due is None and m.cadence == Measure.Cadence.ONCE]
        return tuple(m.due_words for m in undated if m.due_words)

    @property
    def may_undo(self) -> bool:
        """Whether taking it back would lose nobody's work: none of its measures was edited or issued."""
        return all(m.version == 0 and m.state == Measure.State.PROPOSED for m in self.measures)

    def take_back(self, *, actor: Actor, at: datetime) -> Action:
        """Let the action be undecided again. Raises NotAllowed, Stale, or Refused where a measure of it is issued."""
        verb = release_action if self.state == Action.Decision.TAKEN else reopen_action
        return verb(self.action, actor=actor, at=at)

    @property
    def kinds(self) -> list[str]:
        """The receivers the text suggests, as they are called."""
        kinds = self.proposal.receiver_kinds if self.proposal else ()
        return [str(Organization.Kind(kind).label) for kind in kinds]

    @property
    def theme(self) -> str:
        theme = self.proposal.theme if self.proposal else ""
        return str(Measure.Theme(theme).label) if theme else ""

    @property
    def cadence(self) -> str:
        if self.proposal and self.proposal.cadence != Measure.Cadence.ONCE:
            return str(Measure.Cadence(self.proposal.cadence).label)
        return ""

    @property
    def target(self) -> str:
        p = self.proposal
        if p is None or p.target_number is None:
            return ""
        return f"{p.target_number.normalize():f}{p.target_unit} {p.target_of}".strip()


@dataclass
class Desk:
    """All cards of a source."""

    source: Source
    cards: list[Card]
    may_decide: bool

    @property
    def to_do(self) -> list[Card]:
        return [card for card in self.cards if not card.action.done]

    @property
    def done(self) -> list[Card]:
        """Work the text reports as done: it counts in no coverage, but may still be taken up."""
        return [card for card in self.cards if card.action.done]

    @property
    def coverage(self) -> Coverage:
        to_do = self.to_do
        return Coverage(sum(card.state != Action.Decision.OPEN for card in to_do), len(to_do))

    @property
    def vague(self) -> list[Card]:
        """Cards whose words a person must still turn into a date."""
        return [card for card in self.to_do if card.vague]

    @property
    def talk(self) -> list[Card]:
        """Undecided cards that stand in exhortation and closing words; the first to be set aside."""
        return [
            card
            for card in self.to_do
            if card.state == Action.Decision.OPEN
            and card.action.passage
            and card.action.passage.stance == "remark"
        ]

    def require_office(self) -> None:
        """Raise NotAllowed unless the reader may decide on this source now."""
        if hasattr(self.source, "corrected_by"):
            raise NotAllowed(
                _("A corrected text has taken the place of this one. Open that one and decide there.")
            )
        if not self.may_decide:
            raise NotAllowed(
                _("Only the office of %(unit)s may decide on its sources.")
                % {"unit": self.source.organization.short_name}
            )

    def card(self, pk: int) -> Card | None:
        return next((card for card in self.cards if card.action.pk == pk), None)

    def after(self, pk: int) -> Card | None:
        """The next undecided card to do after one, going round at the end."""
        order = [card for card in self.to_do if card.state == Action.Decision.OPEN or card.action.pk == pk]
        place = next((n for n, card in enumerate(order) if card.action.pk == pk), None)
        if place is None or len(order) < 2:
            return order[0] if order and order[0].action.pk != pk else None
        return order[(place + 1) % len(order)]


def desk_of(source: Source, *, actor: Actor) -> Desk:
    """The cards of a source in the order of its text. Four queries however many there are."""
    actions = list(source.actions.select_related("passage", "decided_by"))
    taken = [a for a in actions if a.decision == Action.Decision.TAKEN]
    prefetch_related_objects(taken, Prefetch("measures", Measure.objects.select_related("plan")))
    measures = {action.pk: list(action.measures.all()) for action in taken}
    for action in actions:
        action.source = source
    proposer = Proposer(source, actions)
    cards = [Card(a, proposer, measures.get(a.pk, []), a.text) for a in actions]
    is_current = not hasattr(source, "corrected_by")
    return Desk(source, cards, is_current and is_office(actor, source.organization))
