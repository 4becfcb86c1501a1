"""``/api/v1/notices/``: what the bell tells a person."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from branches.api.base import Listed
from common.clock import now
from tracker.models import Notice
from tracker.notices import mark_read, sentence_of


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


class Notices(Listed):
    """One's own notices."""

    serializer_class = NoticeSerializer
    filterset_fields = {"read_at": ["isnull"], "kind": ["exact"]}
    ordering = ("-created_at", "-pk")

    def get_queryset(self) -> QuerySet[Notice]:
        """One's own, nobody else's."""
        if self.is_drawing_the_schema:
            return Notice.objects.none()
        return Notice.objects.filter(recipient=self.actor.user)

    @extend_schema(request=None, responses=NoticeSerializer)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: Any = None) -> Response:
        """Mark it as read; doing so twice is the same."""
        notice = self.get_object()
        mark_read(Notice.objects.filter(pk=notice.pk), user=self.actor.user, at=now())
        return self.shown(self.get_queryset().get(pk=notice.pk))
