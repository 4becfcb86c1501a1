"""Serializers that take nothing they do not know."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers


class Strict(serializers.Serializer):
    """Refuses fields it does not have: a misspelt one would otherwise be lost in silence."""

    def to_internal_value(self, data: Any) -> Any:
        """The checked input. Raises ValidationError naming each unknown field."""
        if isinstance(data, dict) or hasattr(data, "keys"):
            unknown = set(data.keys()) - set(self.fields)
            if unknown:
                raise serializers.ValidationError(
                    {name: [_("There is no such field.")] for name in sorted(unknown)}
                )
        return super().to_internal_value(data)
