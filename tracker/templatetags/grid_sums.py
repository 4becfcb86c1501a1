"""The sums at the edges of the grid of lights: a thousand on a page, drawn like its cells without the template engine."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from common.templatetags.ui import light
from tracker.grid import Sum

register = template.Library()


@register.simple_tag
def edge_cells(sums: Iterable[Sum]) -> SafeString:
    """The cells behind a row, one for each light; a sum leads to the list it was counted from."""
    return format_html_join("", '<td class="edge {}">{}</td>', ((one.light, _linked(one)) for one in sums))


@register.simple_tag
def foot_cells(sums: Iterable[Sum]) -> SafeString:
    """The cells below the columns for one light."""
    return format_html_join("", "<td>{}</td>", ((_linked(one),) for one in sums))


@register.simple_tag
def counted_lights(sums: Iterable[Sum]) -> SafeString:
    """The lights of a unit with their numbers, for a phone; those that count nothing are left out."""
    return format_html_join("", "{}", ((light(one.light, one.count),) for one in sums if one.count))


def _linked(one: Sum) -> SafeString | int | str:
    return format_html('<a href="{}">{}</a>', one.url, one.count) if one.url else one.count or ""
