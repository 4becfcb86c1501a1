"""What was read in a source, decided on action by action: taken up by a measure, or set aside with a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from branches.api.base import Listed
from common.api.changes import once
from common.api.fields import Strict
from common.clock import now
from tracker.api.given import as_sent, checked, fields_sent, form_data, taken
from tracker.api.measures import MeasureFields, MeasureSerializer
from tracker.deciding import Card, Desk, desk_of
from tracker.forms.plans import MeasureForm, kinds_below, leaders_for
from tracker.models import Action, Measure, Plan, Source
from tracker.plans import add_measure, merge_actions
from tracker.sources import add_action, set_aside

ONE = r"actions/(?P<number>\d{1,18})"


class ProposalSerializer(serializers.Serializer):
    """The measure proposed for an undecided action; nothing of it is decided."""

    title = serializers.CharField()
    requirement = serializers.CharField()
    theme = serializers.CharField()
    due = serializers.DateField(allow_null=True)
    due_words = serializers.CharField()
    cadence = serializers.CharField()
    target_number = serializers.DecimalField(12, 2, allow_null=True)
    target_unit = serializers.CharField()
    target_of = serializers.CharField()
    deliverable = serializers.CharField()
    owners = serializers.ListField(child=serializers.CharField())
    receiver_kinds = serializers.ListField(child=serializers.CharField())


class ActionSerializer(serializers.ModelSerializer):
    """Something definite to do, ``text`` verbatim from ``start`` to ``end`` of the source, and what became of it.

    ``vague`` are words that a person must still turn into a date; ``measures`` those that took it up.
    """

    text = serializers.CharField(read_only=True)
    vague = serializers.ListField(child=serializers.CharField(), read_only=True)
    measures = serializers.ListField(child=serializers.IntegerField(), read_only=True)
    may_undo = serializers.BooleanField(read_only=True)
    proposal = ProposalSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Action
        fields = (
            "id", "start", "end", "text", "kinds", "done", "slots", "why", "added_by_hand", "decision", "reason",
            "decided_by", "decided_at", "vague", "measures", "may_undo", "proposal",
        )  # fmt: skip
        read_only_fields = fields

    def to_representation(self, instance: Any) -> Any:
        """A card of the reading page as what it is about, with what stands beside it."""
        return super().to_representation(_Told(instance))


class _Told:
    """A card's action, with what the card knows of it."""

    def __init__(self, card: Card) -> None:
        self._action = card.action
        self.vague, self.may_undo, self.proposal = list(card.vague), card.may_undo, card.proposal
        self.measures = [measure.pk for measure in card.measures]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._action, name)


class Words(Strict):
    """Words that stand in the text in one piece; of several places, the one nearest to the character ``near``."""

    words = serializers.CharField(max_length=300)
    near = serializers.IntegerField(min_value=0, max_value=10_000_000, default=0)


class Acceptance(MeasureFields):
    """Into which plan, and what of the proposal to say otherwise. ``again`` makes a further measure of the same words."""

    title = serializers.CharField(max_length=120, required=False)
    plan = serializers.IntegerField()
    again = serializers.BooleanField(required=False)


class Why(Strict):
    """Why no measure is needed."""

    reason = serializers.CharField(max_length=300)


class ManyAside(Why):
    """Actions of the source and why none of them needs a measure."""

    actions = serializers.ListField(child=serializers.IntegerField(), max_length=2000)


class Coverage(serializers.Serializer):
    """How far a source is decided on, and which undecided actions are best looked at together."""

    decided = serializers.IntegerField()
    total = serializers.IntegerField(help_text="actions to do")
    exhortation = serializers.ListField(child=serializers.IntegerField())
    reported_done = serializers.ListField(child=serializers.IntegerField())
    others = serializers.ListField(child=serializers.IntegerField())
    vague = serializers.ListField(child=serializers.IntegerField())


class _Chosen(Strict):
    """A draft of the source's own organisation, or one of its measures."""

    def get_fields(self) -> Any:
        fields: Any = super().get_fields()
        source = getattr(self.context["view"], "source", None)
        own = source.organization_id if source else None
        if "plan" in fields:
            open_plans = Plan.objects.filter(organization=own).exclude(state=Plan.State.CLOSED)
            fields["plan"].queryset = open_plans.select_related("organization")
        if "measure" in fields:
            measures = Measure.objects.filter(plan__organization=own)
            fields["measure"].queryset = measures.select_related("plan__organization")
        return fields


class _Into(_Chosen):
    plan = serializers.PrimaryKeyRelatedField(queryset=Plan.objects.none())
    again = serializers.BooleanField(default=False)


class Into(_Chosen):
    """The measure that takes it up."""

    measure = serializers.PrimaryKeyRelatedField(queryset=Measure.objects.none())


class Decided(Listed):
    """The actions of a source."""

    source: Source

    @extend_schema(methods=["GET"], responses=ActionSerializer(many=True), filters=False)
    @extend_schema(methods=["POST"], request=Words, responses={201: ActionSerializer})
    @action(detail=True, methods=["get", "post"], filter_backends=[], pagination_class=None)
    def actions(self, request: Request, pk: Any = None) -> Response:
        """What the reading found in it, with offsets, and what became of each; sent, words marked by hand as one more."""
        desk = self.desk()
        if request.method == "GET":
            return Response(ActionSerializer(desk.cards, many=True).data)
        desk.require_office()
        given = taken(Words, self)

        def mark() -> Response:
            made = add_action(self.source, actor=self.actor, at=now(), **given)
            return self._card(made.pk, status=201)

        return once(request, mark)

    @extend_schema(responses=Coverage, filters=False)
    @action(detail=True, methods=["get"], filter_backends=[])
    def coverage(self, request: Request, pk: Any = None) -> Response:
        """The share of its actions that became part of a measure or were set aside, and what waits for a decision."""
        desk = self.desk()
        waiting = [card for card in desk.cards if card.state == Action.Decision.OPEN]
        talk = {card.action.pk for card in desk.talk}
        done = {card.action.pk for card in waiting if card.action.done}
        ids = [card.action.pk for card in waiting]
        return Response(
            {
                "decided": desk.coverage.decided,
                "total": desk.coverage.total,
                "exhortation": [pk for pk in ids if pk in talk],
                "reported_done": [pk for pk in ids if pk in done],
                "others": [pk for pk in ids if pk not in talk | done],
                "vague": [card.action.pk for card in desk.vague],
            }
        )

    @extend_schema(responses=ActionSerializer, filters=False)
    @action(detail=True, methods=["get"], url_path=ONE, filter_backends=[])
    def one_action(self, request: Request, pk: Any = None, number: str = "") -> Response:
        """One action with the measure proposed for it."""
        self.desk()
        return self._card(int(number))

    @extend_schema(request=Acceptance, responses={201: MeasureSerializer})
    @action(detail=True, methods=["post"], url_path=f"{ONE}/accept")
    def accept(self, request: Request, pk: Any = None, number: str = "") -> Response:
        """Make the proposed measure, as it stands or with other fields. 409 when it was decided on meanwhile."""
        card = self._decidable(number)
        sent = fields_sent(request)
        own = {name: sent.pop(name) for name in ("plan", "again") if name in sent}
        into = taken(_Into, self, own)
        values: dict[str, Any] = card.proposal.fields() if card.proposal else {"title": card.text[:120]}
        receivers: Any = ()
        if sent:
            form = self._form(into["plan"], values, sent)
            receivers = checked(form)["receivers"]
            values = form.values()

        def make() -> Response:
            measure = add_measure(
                into["plan"],
                actor=self.actor,
                at=now(),
                fields=values,
                actions=[card.action],
                receivers=receivers,
                again=into["again"],
            )
            return Response(MeasureSerializer(measure, context={"view": self}).data, status=201)

        return once(request, make)

    @extend_schema(request=Why, responses=ActionSerializer)
    @action(detail=True, methods=["post"], url_path=f"{ONE}/set-aside")
    def aside(self, request: Request, pk: Any = None, number: str = "") -> Response:
        """Say why it needs no measure. 409 when it was decided on meanwhile."""
        return self._decision(
            number, Why, lambda card, given: set_aside([card.action], actor=self.actor, at=now(), **given)
        )

    @extend_schema(request=Into, responses=ActionSerializer)
    @action(detail=True, methods=["post"], url_path=f"{ONE}/merge")
    def merge(self, request: Request, pk: Any = None, number: str = "") -> Response:
        """Let a measure that is not issued yet take it up. 409 when it was decided on meanwhile."""
        return self._decision(
            number,
            Into,
            lambda card, given: merge_actions(given["measure"], [card.action], actor=self.actor, at=now()),
        )

    @extend_schema(request=None, responses=ActionSerializer)
    @action(detail=True, methods=["post"], url_path=f"{ONE}/undo")
    def undo(self, request: Request, pk: Any = None, number: str = "") -> Response:
        """Take the decision back: it is undecided again."""
        return self._decision(number, Strict, lambda card, _given: card.take_back(actor=self.actor, at=now()))

    @extend_schema(request=ManyAside, responses=Coverage)
    @action(detail=True, methods=["post"], url_path="set-aside")
    def sweep(self, request: Request, pk: Any = None) -> Response:
        """Set several aside at once, such as the exhortation of its closing words; all or none."""
        desk = self.desk()
        desk.require_office()
        given = taken(ManyAside, self)
        wanted = set(given["actions"])
        chosen = [card.action for card in desk.cards if card.action.pk in wanted]
        if len(chosen) < len(wanted):
            raise serializers.ValidationError({"actions": [_unknown(wanted - {a.pk for a in chosen})]})

        def set_them() -> Response:
            set_aside(chosen, reason=given["reason"], actor=self.actor, at=now())
            return self.coverage(request, pk)

        return once(request, set_them)

    def desk(self) -> Desk:
        """The cards of the source in sight."""
        self.source = self.get_object()
        return desk_of(self.source, actor=self.actor)

    def _decidable(self, number: str) -> Card:
        """The card of an action that this person may decide on."""
        desk = self.desk()
        card = desk.card(int(number))
        if card is None:
            raise Http404
        desk.require_office()
        return card

    def _decision(self, number: str, kind: Any, verb: Callable[[Card, Any], Any]) -> Response:
        card = self._decidable(number)
        given = taken(kind, self)

        def decide() -> Response:
            verb(card, given)
            return self._card(card.action.pk)

        return once(self.request, decide)

    def _card(self, pk: int, *, status: int = 200) -> Response:
        card = desk_of(self.source, actor=self.actor).card(pk)
        if card is None:
            raise Http404
        return Response(ActionSerializer(card).data, status=status)

    def _form(self, plan: Plan, values: dict[str, Any], sent: dict[str, Any]) -> MeasureForm:
        measure = Measure(plan=plan, **{"lead": plan.organization, **values})
        more: Any = {
            "plan": plan,
            "leaders": leaders_for(plan.organization, day=self.actor.day),
            "kinds": kinds_below(plan.organization),
        }
        empty = MeasureForm(instance=measure, **more)
        return MeasureForm(as_sent(empty) | form_data(sent, empty), instance=measure, **more)


def _unknown(ids: set[int]) -> str:
    field = serializers.PrimaryKeyRelatedField(read_only=True)
    return str(field.error_messages["does_not_exist"]).format(pk_value=min(ids))
