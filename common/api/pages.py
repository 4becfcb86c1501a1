"""Pages of long lists, found by their neighbour's place: page 10,000 costs as much as page 1."""

from __future__ import annotations

from typing import Any

from rest_framework.pagination import CursorPagination, PageNumberPagination
from rest_framework.response import Response


class Pages(CursorPagination):
    """``?cursor=`` goes on, ``?page_size=`` up to 200. The order always ends with the key, so it is complete."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering = ("pk",)

    def get_ordering(self, request, queryset, view):  # type: ignore[no-untyped-def]
        """The order asked for, or the view's own, made unique by the key."""
        ordering = super().get_ordering(request, queryset, view)
        return ordering if {"pk", "-pk", "id", "-id"} & set(ordering) else (*ordering, "pk")


class Numbered(PageNumberPagination):
    """Pages of what is computed as a whole: ``?page=`` from 1, ``?page_size=`` up to 200. No such page is 404."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"

    def get_paginated_response(self, data: Any) -> Response:
        """The same shape as every list, with how many there are in all."""
        assert self.page is not None
        return Response(
            {
                "count": self.page.paginator.count,
                "next": self.get_next_link(),
                "previous": self.get_previous_link(),
                "results": data,
            }
        )
