"""Shares as people read them."""

from __future__ import annotations

from django import template

from common import saying

register = template.Library()


@register.simple_tag
def share(value: float | None) -> str:
    """0.864 → 86.4%; "—" where there was nothing to divide."""
    return saying.percent(None if value is None else 100 * value)
