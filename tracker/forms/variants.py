"""The field in which somebody says what is asked of some otherwise than of the rest."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.errors import Refused
from tracker.variants import HELP, read_variants, said_of

MAX_CHARACTERS = 10_000


class VariantsField(forms.CharField):
    """Lines ``党支部：…``; the cleaned value is that of ``Measure.variants``."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs = {"label": _("Asked of some otherwise"), "help_text": HELP} | kwargs
        widget = forms.Textarea(attrs={"rows": 3})
        super().__init__(widget=widget, max_length=MAX_CHARACTERS, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return said_of(value) if isinstance(value, dict) else value

    def clean(self, value: Any) -> Any:
        """Raises ValidationError with the sentence about the line that cannot be read."""
        if isinstance(value, dict):
            value = "\n".join(f"{key}：{' '.join(str(asked).split())}" for key, asked in value.items())
        try:
            return read_variants(super().clean(value))
        except Refused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
