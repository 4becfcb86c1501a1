"""A draft laid before those who will receive it: their comments, and the office's answers."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from branches.api.serializers import OrganizationInSight
from common.api.changes import once
from common.api.fields import Strict
from common.api.pages import Numbered
from common.clock import now
from tracker.api.given import taken
from tracker.api.subjects import Subjects
from tracker.comment_list import STATES, Filter, comments_for
from tracker.consultation import answer, comment
from tracker.models import Comment, Measure

LONGEST = 2000


class CommentSerializer(serializers.ModelSerializer):
    """What a unit says of one measure, and the answer."""

    organization_name = serializers.CharField(source="organization.short_name", read_only=True)
    author_name = serializers.CharField(source="author.name", read_only=True)

    class Meta:
        model = Comment
        fields = (
            "id", "measure", "organization", "organization_name", "text", "author", "author_name", "at", "verdict",
            "reason", "answered_by", "answered_at",
        )  # fmt: skip
        read_only_fields = fields


class Said(Strict):
    """A unit's comment on a measure of the plan. Said again before it is answered, it takes the earlier one's place."""

    measure = serializers.PrimaryKeyRelatedField(queryset=Measure.objects.none())
    organization = OrganizationInSight()
    text = serializers.CharField(max_length=LONGEST)

    def get_fields(self) -> Any:
        """With the measures in sight."""
        fields: Any = super().get_fields()
        fields["measure"].queryset = Measure.objects.visible_to(self.context["view"].actor)
        return fields


class Answered(Strict):
    """The office's answer with its reason."""

    verdict = serializers.ChoiceField(choices=Comment.Verdict.choices)
    reason = serializers.CharField(max_length=LONGEST)


class Consulted(Subjects):
    """The comments on a plan."""

    @extend_schema(
        methods=["GET"],
        responses=CommentSerializer(many=True),
        parameters=[
            OpenApiParameter("state", enum=list(STATES)),
            OpenApiParameter("unit", int),
        ],
        filters=False,
    )
    @extend_schema(methods=["POST"], request=Said, responses={201: CommentSerializer})
    @action(detail=True, methods=["get", "post"], filter_backends=[], pagination_class=Numbered)
    def comments(self, request: Request, pk: Any = None) -> Response:
        """The comments one may read; sent, a comment of a unit one speaks for."""
        plan = self.get_object()
        if request.method == "GET":
            wanted = Filter.of(request.query_params)
            rows = [row for row in comments_for(plan, self.actor) if wanted.keeps(row)]
            page: Any = self.paginator.paginate_queryset(rows, request, self)
            return self.get_paginated_response(CommentSerializer(page, many=True).data)
        given = taken(Said, self)
        if given["measure"].plan_id != plan.pk:
            raise Http404

        def say() -> Response:
            said = comment(
                given["measure"],
                organization=given["organization"],
                text=given["text"],
                actor=self.actor,
                at=now(),
            )
            return Response(CommentSerializer(said).data, status=201)

        return once(request, say)

    @extend_schema(request=Answered, responses=CommentSerializer)
    @action(detail=True, methods=["post"], url_path=r"comments/(?P<comment>\d{1,18})/answer")
    def answer(self, request: Request, pk: Any = None, comment: str = "") -> Response:
        """Answer a comment. 409 when somebody else has answered it."""
        plan = self.get_object()
        found = get_object_or_404(
            Comment, pk=int(comment), pk__in=[row.pk for row in comments_for(plan, self.actor)]
        )
        given = taken(Answered, self)

        def reply() -> Response:
            return Response(CommentSerializer(answer(found, actor=self.actor, at=now(), **given)).data)

        return once(request, reply)
