"""``/api/v1/measures/``: what a plan asks for, drawn up, settled and amended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from branches.api.serializers import OrganizationSerializer
from branches.models import Organization
from common.api.changes import once, version_named
from common.api.fields import Strict
from common.clock import now
from tracker.api.given import as_sent, checked, fields_sent, form_data, taken
from tracker.api.numbers import WithNumbers
from tracker.api.subjects import WithActs, unchanged
from tracker.forms.plans import MeasureForm, kinds_below, leaders_for
from tracker.issuing import receivers_of
from tracker.models import Action, Measure, Plan
from tracker.plans import (
    add_measure,
    declare_event,
    edit_measure,
    merge_measures,
    move_measure,
    remove_measure,
    split_measure,
)
from tracker.transitions.parties import require_edit


class MeasureSerializer(WithActs):
    """A measure of a plan; ``actions`` are the spans of the source it comes from, ``receivers`` those named one by one."""

    class Meta:
        model = Measure
        fields = (
            "id", "plan", "position", "state", "title", "requirement", "variants", "theme", "actions", "no_source_reason",
            "responsible_leader", "lead", "supporting", "business", "deliverable", "evidence_required",
            "evidence_note",
            "target_number", "target_unit", "target_of", "weight", "starts_on", "due", "event", "event_days",
            "due_words", "cadence", "review_on", "receiver_kinds", "receiver_area", "receiver_tag",
            "receiver_rating", "receivers", "carried_from", "breaks_down", "version", "acts",
        )  # fmt: skip
        read_only_fields = fields


class MeasureFields(serializers.Serializer):
    """What the office settles about a measure; a change may name some of it, the rest stays."""

    title = serializers.CharField(max_length=120)
    requirement = serializers.CharField(required=False)
    variants = serializers.DictField(
        child=serializers.CharField(),
        required=False,
        help_text="What some kinds of organization or roles are asked otherwise: {kind or role: text}.",
    )
    theme = serializers.ChoiceField(choices=Measure.Theme.choices, required=False)
    starts_on = serializers.DateField(required=False, allow_null=True)
    due = serializers.DateField(required=False, allow_null=True)
    cadence = serializers.ChoiceField(choices=Measure.Cadence.choices, required=False)
    event = serializers.CharField(required=False, help_text="Counted from a day that somebody declares.")
    event_days = serializers.IntegerField(required=False, allow_null=True)
    due_words = serializers.CharField(required=False)
    responsible_leader = serializers.IntegerField(required=False, allow_null=True)
    lead = serializers.IntegerField(required=False, allow_null=True)
    supporting = serializers.CharField(required=False)
    business = serializers.CharField(required=False, help_text="The business matter it serves, in words.")
    weight = serializers.IntegerField(required=False, min_value=1, max_value=100)
    deliverable = serializers.CharField(required=False)
    target_number = serializers.DecimalField(12, 2, required=False, allow_null=True)
    target_unit = serializers.CharField(required=False)
    target_of = serializers.CharField(required=False)
    evidence_required = serializers.BooleanField(required=False)
    evidence_note = serializers.CharField(required=False)
    receiver_kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=Organization.Kind.choices), required=False
    )
    receiver_area = serializers.IntegerField(required=False, allow_null=True)
    receiver_tag = serializers.IntegerField(required=False, allow_null=True)
    receiver_rating = serializers.CharField(required=False)
    receivers = serializers.ListField(child=serializers.IntegerField(), required=False)
    no_source_reason = serializers.CharField(required=False)


class MeasureCreation(MeasureFields):
    """A new measure of a plan, with the actions it takes up or the reason why it has no source.

    ``again`` lets actions that are taken already give one more measure.
    """

    plan = serializers.IntegerField()
    actions = serializers.ListField(child=serializers.IntegerField(), required=False)
    again = serializers.BooleanField(required=False)


class _Anchors(Strict):
    """The part of a creation that no form of the page asks for."""

    plan = serializers.PrimaryKeyRelatedField(queryset=Plan.objects.none())
    actions = serializers.PrimaryKeyRelatedField(queryset=Action.objects.none(), many=True, required=False)
    again = serializers.BooleanField(default=False)

    def get_fields(self) -> Any:
        """With what the asking person may name: the rest does not exist."""
        fields: Any = super().get_fields()
        actor = self.context["view"].actor
        fields["plan"].queryset = Plan.objects.visible_to(actor).select_related("organization")
        seen = Action.objects.filter(actor.scope("source__organization__path"))
        fields["actions"].child_relation.queryset = seen.select_related("source__organization")
        return fields


class Title(Strict):
    """The title of the second part."""

    title = serializers.CharField(max_length=120)


class Place(Strict):
    """The number in the plan's list, counted from 1."""

    to = serializers.IntegerField(min_value=1, max_value=100_000)


class DayOfEvent(Strict):
    """The local day on which the event took place."""

    on = serializers.DateField()


class OtherMeasure(Strict):
    """Another measure of the same plan."""

    other = serializers.PrimaryKeyRelatedField(queryset=Measure.objects.none())

    def get_fields(self) -> Any:
        """With the measures in sight."""
        fields: Any = super().get_fields()
        fields["other"].queryset = Measure.objects.visible_to(self.context["view"].actor).select_related(
            "plan__organization"
        )
        return fields


class Measures(WithNumbers):
    """Measures of plans in sight; a receiver sees what it received or is asked about."""

    serializer_class = MeasureSerializer
    filterset_fields = ("plan", "state", "theme", "cadence")
    ordering_fields = ("position", "due")
    ordering = ("pk",)

    def get_queryset(self) -> QuerySet[Measure]:
        """Measures in sight; of the receivers named, those in sight."""
        if self.is_drawing_the_schema:
            return Measure.objects.none()
        units = Organization.objects.visible_to(self.actor).order_by("path")
        return (
            Measure.objects.visible_to(self.actor)
            .select_related("plan__organization")
            .prefetch_related("actions", Prefetch("receivers", units))
        )

    @extend_schema(request=MeasureCreation, responses={201: MeasureSerializer})
    def create(self, request: Request) -> Response:
        """Add a measure to a plan, from words of a source or by hand."""
        sent = fields_sent(request)
        own = {name: sent.pop(name) for name in ("plan", "actions", "again") if name in sent}
        anchors = taken(_Anchors, self, own)
        plan = anchors["plan"]
        require_edit(self.actor, plan)
        form = self._form(plan, Measure(plan=plan, lead=plan.organization), sent)
        cleaned = checked(form)

        def make() -> Response:
            measure = add_measure(
                plan,
                actor=self.actor,
                at=now(),
                fields=form.values(),
                receivers=cleaned["receivers"],
                actions=anchors.get("actions", []),
                again=anchors["again"],
            )
            return self.shown(self.fresh(measure), status=201)

        return once(request, make)

    @extend_schema(request=MeasureFields, responses=MeasureSerializer)
    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Change some fields of a measure that is not issued yet. Needs If-Match."""
        measure, version, sent = self.get_object(), version_named(request), fields_sent(request)
        require_edit(self.actor, measure.plan)
        form = self._form(measure.plan, Measure.objects.get(pk=measure.pk), sent)
        cleaned = checked(form)
        fields = {name: value for name, value in form.values().items() if name in sent}
        receivers = cleaned["receivers"] if "receivers" in sent else None
        edited = edit_measure(
            measure, actor=self.actor, at=now(), fields=fields, receivers=receivers, version=version
        )
        return self.shown(self.fresh(edited))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Take a measure out of the draft; what it had taken up is undecided again. Needs If-Match."""
        measure = self.get_object()
        remove_measure(measure, actor=self.actor, at=now(), version=version_named(request))
        return Response(status=204)

    @extend_schema(responses=OrganizationSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filter_backends=[])
    def receivers(self, request: Request, pk: Any = None) -> Response:
        """Who receives it as things are today, by kind, area, tag and rating or by name; those in sight."""
        measure = self.get_object()
        found = receivers_of(measure, measure.plan, day=self.actor.day).visible_to(self.actor)
        page = self.paginate_queryset(found.order_by("pk"))
        return self.get_paginated_response(OrganizationSerializer(page, many=True).data)

    @extend_schema(request=Place, responses=MeasureSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: Any = None) -> Response:
        """Put it at another number of the list. Needs If-Match."""
        return self._changed(Place, lambda m, given: move_measure(m, actor=self.actor, at=now(), **given))

    @extend_schema(request=Title, responses={201: MeasureSerializer})
    @action(detail=True, methods=["post"])
    def split(self, request: Request, pk: Any = None) -> Response:
        """A second measure from the same words, next to the first. Needs If-Match."""

        def verb(measure: Measure, given: Any) -> Measure:
            return split_measure(measure, actor=self.actor, at=now(), **given)

        return self._changed(Title, verb, status=201)

    @extend_schema(request=OtherMeasure, responses=MeasureSerializer)
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: Any = None) -> Response:
        """Take another measure of the plan up into this one. Needs If-Match."""
        return self._changed(
            OtherMeasure, lambda m, given: merge_measures(m, given["other"], actor=self.actor, at=now())
        )

    @extend_schema(request=DayOfEvent, responses=MeasureSerializer)
    @action(detail=True, methods=["post"])
    def declare(self, request: Request, pk: Any = None) -> Response:
        """Say on which day the event took place that starts its clock. Needs If-Match."""
        return self._changed(
            DayOfEvent, lambda m, given: declare_event(m, actor=self.actor, at=now(), **given)
        )

    def _changed(self, kind: Any, verb: Callable[[Measure, Any], Measure], *, status: int = 200) -> Response:
        """The measure after a verb that found it as the request saw it."""
        measure, version = self.get_object(), version_named(self.request)
        given = taken(kind, self)

        def do() -> Response:
            with unchanged(measure, version):
                after = verb(measure, given)
            return self.shown(self.fresh(after), status=status)

        return once(self.request, do)

    def _form(self, plan: Plan, measure: Measure, sent: dict[str, Any]) -> MeasureForm:
        """The page's form with what was sent laid over what the measure says."""
        more: Any = {
            "plan": plan,
            "leaders": leaders_for(plan.organization, day=self.actor.day),
            "kinds": kinds_below(plan.organization),
        }
        empty = MeasureForm(instance=measure, **more)
        return MeasureForm(as_sent(empty) | form_data(sent, empty), instance=measure, **more)
