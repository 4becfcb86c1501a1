"""What plans, measures, tasks and the other subjects share: their acts, their history, and the version one has seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from branches.api.base import Listed
from common.api.changes import once, version_named
from common.clock import now
from common.errors import Stale
from tracker.api.given import fields_sent, form_data
from tracker.events import history
from tracker.models import Event, Measure, Plan
from tracker.transitions import act_form, available_acts, decide, perform, transitions_of


class Acts(serializers.Serializer):
    """An act that this person may see beside the subject now; ``reason`` says why it is not allowed."""

    act = serializers.CharField()
    label = serializers.CharField()
    allowed = serializers.BooleanField()
    reason = serializers.CharField()
    fields = serializers.ListField(child=serializers.CharField())


class WithActs(serializers.ModelSerializer):
    """Names the acts on a single subject; in lists they are left out."""

    acts = serializers.SerializerMethodField()

    def get_fields(self) -> Any:
        """All fields; without the acts inside a list."""
        fields = super().get_fields()
        if isinstance(self.parent, serializers.ListSerializer):
            fields.pop("acts", None)
        return fields

    @cached_property
    def _readable_fields(self) -> list[serializers.Field]:
        """Chosen once, where the library chooses them anew for every row of a list: a fifth of its time."""
        return [field for field in self.fields.values() if not field.write_only]

    @extend_schema_field(Acts(many=True))
    def get_acts(self, subject: Any) -> list[dict[str, Any]]:
        """What feeds the buttons of the page."""
        actor = getattr(self.context.get("view"), "actor", None)
        if actor is None:
            return []
        return [
            {
                "act": offer.act,
                "label": str(offer.label),
                "allowed": offer.decision.allowed,
                "reason": str(offer.decision.reason),
                "fields": list(offer.transition.form.base_fields),
            }
            for offer in available_acts(subject, actor=actor, at=now())
        ]


class EventSerializer(serializers.ModelSerializer):
    """One event of a history: who did what, when, from which state to which."""

    said = serializers.DictField(read_only=True)
    actor_name = serializers.CharField(source="actor.name", read_only=True, default=None)

    class Meta:
        model = Event
        fields = ("sequence", "act", "at", "actor", "actor_name", "from_state", "to_state", "said", "hash")
        read_only_fields = fields


class Subjects(Listed):
    """A list of subjects with a state: their acts and their history."""

    @extend_schema(request=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["post"], url_path=r"acts/(?P<act>[a-z_]{2,40})")
    def acts(self, request: Request, pk: Any = None, act: str = "") -> Response:
        """Do an act of the transition table with the fields its form asks for. Needs If-Match.

        The subject names its acts and their fields under ``acts``. 412 when somebody else acted first, 403 with the
        reason when this person may not, 400 with the fields otherwise; nothing is half-done.
        """
        subject = self.get_object()
        row = transitions_of(subject.KIND).get(act)
        if row is None or not row.offered or not row.who:
            raise Http404
        version, at = version_named(request), now()
        given = self._inputs(request, subject, act, at=at)
        return once(
            request,
            lambda: self.shown(
                self.fresh(perform(subject, act, actor=self.actor, at=at, given=given, version=version))
            ),
        )

    @extend_schema(responses=EventSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filter_backends=[])
    def events(self, request: Request, pk: Any = None) -> Response:
        """The history of the subject, oldest first."""
        rows = history(self.get_object()).select_related("actor")
        return Response(EventSerializer(rows, many=True).data)

    def fresh(self, subject: Any) -> Any:
        """The subject with what its answer prints; still in sight, or as it was left."""
        return self.get_queryset().filter(pk=subject.pk).first() or subject

    def _inputs(self, request: Request, subject: Any, act: str, *, at: Any) -> dict[str, Any]:
        """What was sent as the act's form takes it; an act that is refused anyway is left to say why."""
        sent = fields_sent(request)
        if not decide(subject, act, actor=self.actor, at=at).allowed:
            return {}
        return form_data(sent, act_form(subject, act, actor=self.actor, at=at))


@contextmanager
def unchanged(subject: Any, version: int) -> Iterator[None]:
    """Hold a subject as it was seen while a verb that takes no version changes it, in one transaction.

    The rows are locked in the verbs' own order, the plan before its measure. Raises Stale.
    """
    with transaction.atomic():
        if isinstance(subject, Measure):
            Plan.objects.select_for_update(of=("self",)).get(pk=subject.plan_id)
        locked = type(subject)._default_manager.select_for_update(of=("self",)).filter(pk=subject.pk).first()
        if locked is None or locked.version != version:
            raise Stale(
                _("Somebody else acted on this in the meantime. Look at the present state and decide again.")
            )
        yield
