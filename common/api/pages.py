"""Pages of long lists, found by their neighbour's place: page 10,000 costs as much as page 1."""

from __future__ import annotations

from rest_framework.pagination import CursorPagination


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
