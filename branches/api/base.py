"""The views' common ground: the person with today's posts, and the acts of the transition tables."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from rest_framework import mixins, viewsets
from rest_framework.response import Response

from branches.access import Actor
from common.api.changes import etag
from common.clock import today


class Scoped(viewsets.GenericViewSet):
    """A view whose queryset holds only what the asking person may see: what is out of sight is 404."""

    @cached_property
    def actor(self) -> Actor:
        """The asking person with today's posts; one query."""
        return Actor.on(self.request.user, today())

    @property
    def is_drawing_the_schema(self) -> bool:
        """Nobody asks: the description of the API is being made."""
        return getattr(self, "swagger_fake_view", False)


class Listed(mixins.ListModelMixin, mixins.RetrieveModelMixin, Scoped):
    """A list and one of it; one that has a version carries it as its ETag."""

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """One of the list."""
        subject = self.get_object()
        return self.shown(subject)

    def shown(self, subject: Any, *, status: int = 200) -> Response:
        """The subject as it stands now, with its version."""
        response = Response(self.get_serializer(subject).data, status=status)
        if hasattr(subject, "version"):
            response.headers["ETag"] = etag(subject.version)
        return response
