"""Puts ``request.actor`` beside ``request.user``: the person with today's posts, read once."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from branches.access import Actor
from branches.models import User
from common.clock import today


class ActorMiddleware:
    """After authentication. Posts are read at each request, so a withdrawn right ends at once."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        def load() -> Actor | None:
            return Actor.on(cast(User, request.user), today()) if request.user.is_authenticated else None

        request.actor = SimpleLazyObject(load)  # type: ignore[attr-defined]
        return self.get_response(request)
