"""What programs read of the tracker, and what they send."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from branches.api.serializers import OrganizationInSight
from common.api.fields import Strict
from common.clock import local_date, now
from common.workdays import Calendar
from tracker.lights import light_of
from tracker.models import (
    Action,
    Event,
    Evidence,
    Finding,
    Inspection,
    Measure,
    Notice,
    Plan,
    Source,
    Task,
)
from tracker.notices import sentence_of
from tracker.transitions import available_acts


class Acts(serializers.Serializer):
    """An act that this person may see beside the subject now; ``reason`` says why it is not allowed."""

    act = serializers.CharField()
    label = serializers.CharField()
    allowed = serializers.BooleanField()
    reason = serializers.CharField()
    fields = serializers.ListField(child=serializers.CharField())


class _WithActs(serializers.ModelSerializer):
    """Names the acts on a single subject; in lists they are left out."""

    acts = serializers.SerializerMethodField()

    def get_fields(self) -> Any:
        """All fields; without the acts inside a list."""
        fields = super().get_fields()
        if isinstance(self.parent, serializers.ListSerializer):
            fields.pop("acts", None)
        return fields

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


class PlanSerializer(_WithActs):
    """A plan. Its measures stand under ``/measures/?plan=``."""

    class Meta:
        model = Plan
        fields = (
            "id", "organization", "title", "kind", "period", "state", "number", "two_reviews", "comments_until",
            "issued_at", "reminders_paused_until", "version", "acts",
        )  # fmt: skip
        read_only_fields = fields


class PlanCreation(Strict):
    """A new draft."""

    organization = OrganizationInSight()
    title = serializers.CharField(max_length=200)
    period = serializers.CharField(max_length=6)
    kind = serializers.ChoiceField(choices=Plan.Kind.choices, default=Plan.Kind.LIST)
    two_reviews = serializers.BooleanField(default=False)


class MeasureSerializer(_WithActs):
    """A measure of a plan; ``actions`` are the spans of the source it comes from."""

    class Meta:
        model = Measure
        fields = (
            "id", "plan", "position", "state", "title", "requirement", "theme", "actions", "no_source_reason",
            "responsible_leader", "lead", "supporting", "deliverable", "evidence_required", "evidence_note",
            "target_number", "target_unit", "target_of", "weight", "due", "due_words", "cadence", "review_on",
            "receiver_kinds", "version", "acts",
        )  # fmt: skip
        read_only_fields = fields


class TaskSerializer(_WithActs):
    """One organisation's share of a measure. ``light`` is that of today and no state."""

    title = serializers.CharField(read_only=True)
    plan = serializers.IntegerField(source="measure.plan_id", read_only=True)
    organization_name = serializers.CharField(source="organization.short_name", read_only=True)
    light = serializers.SerializerMethodField()

    class Meta:
        model = Task
        fields = (
            "id", "measure", "plan", "title", "organization", "organization_name", "occurrence", "state", "light",
            "handler", "issued_on", "acknowledge_by", "original_due", "due", "percent", "number", "progress",
            "progress_at", "returns", "submitted_at", "completed_at", "done_late", "version", "acts",
        )  # fmt: skip
        read_only_fields = fields

    def get_light(self, task: Task) -> str:
        """green, yellow, red, done or none."""
        context = self.root.context if hasattr(self.root, "context") else self.context
        calendar = context.setdefault("calendar", None) or Calendar.load()
        context["calendar"] = calendar
        return light_of(task, day=local_date(now()), calendar=calendar).value


class EventSerializer(serializers.ModelSerializer):
    """One event of a history: who did what, when, from which state to which."""

    said = serializers.DictField(read_only=True)
    actor_name = serializers.CharField(source="actor.name", read_only=True, default=None)

    class Meta:
        model = Event
        fields = ("sequence", "act", "at", "actor", "actor_name", "from_state", "to_state", "said", "hash")
        read_only_fields = fields


class EvidenceSerializer(serializers.ModelSerializer):
    """A file that stands as evidence of a task."""

    media_type = serializers.CharField(source="file.media_type", read_only=True)
    size = serializers.IntegerField(source="file.size", read_only=True)
    sha256 = serializers.CharField(source="file.sha256", read_only=True)

    class Meta:
        model = Evidence
        fields = ("id", "name", "media_type", "size", "sha256", "added_by", "added_at")
        read_only_fields = fields


class Upload(Strict):
    """A file, as multipart/form-data."""

    file = serializers.FileField()


class SourceSerializer(serializers.ModelSerializer):
    """A document; its actions stand under ``/sources/{id}/actions/``."""

    class Meta:
        model = Source
        fields = (
            "id", "organization", "title", "category", "issuer", "number", "dated", "text", "sha256", "corrects",
            "rules_version", "created_at", "version",
        )  # fmt: skip
        read_only_fields = fields


class SourceLine(SourceSerializer):
    """A document in a list: without its text."""

    class Meta(SourceSerializer.Meta):
        fields = tuple(name for name in SourceSerializer.Meta.fields if name != "text")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]


class SourceCreation(Strict):
    """A document to keep and to read."""

    organization = OrganizationInSight()
    title = serializers.CharField(max_length=200)
    category = serializers.ChoiceField(choices=Source.Category.choices, default=Source.Category.SPEECH)
    issuer = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    number = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    dated = serializers.DateField()
    text = serializers.CharField(trim_whitespace=False)


class ActionSerializer(serializers.ModelSerializer):
    """Something definite to do, ``text`` verbatim from ``start`` to ``end`` of the source."""

    text = serializers.CharField(read_only=True)

    class Meta:
        model = Action
        fields = (
            "id", "start", "end", "text", "kinds", "done", "slots", "why", "added_by_hand", "decision", "reason",
        )  # fmt: skip
        read_only_fields = fields


class FindingSerializer(_WithActs):
    """A finding of an inspection and what became of it."""

    class Meta:
        model = Finding
        fields = (
            "id",
            "number",
            "organization",
            "found_by",
            "origin",
            "fact",
            "kind",
            "state",
            "due",
            "version",
            "acts",
        )
        read_only_fields = fields


class InspectionSerializer(_WithActs):
    """An inspection with its modes and its time."""

    class Meta:
        model = Inspection
        fields = (
            "id", "number", "organization", "plan", "purpose", "scheduled", "concentrated", "sampled", "key_point",
            "state", "starts_on", "ends_on", "version", "acts",
        )  # fmt: skip
        read_only_fields = fields


class NoticeSerializer(serializers.ModelSerializer):
    """A notice in the reader's language."""

    sentence = serializers.SerializerMethodField()

    class Meta:
        model = Notice
        fields = ("id", "kind", "sentence", "task", "created_at", "read_at")
        read_only_fields = fields

    def get_sentence(self, notice: Notice) -> str:
        """What the bell's list says."""
        return str(sentence_of(notice))
