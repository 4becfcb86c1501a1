"""Refusals of verbs, shown in the form that asked."""

from __future__ import annotations

from django.forms import BaseForm

from common.errors import Refused


def put(form: BaseForm, refusal: Refused) -> None:
    """Add a refusal's sentences beside the fields they are about, or above the form where it has none of them."""
    known = {name: sentence for name, sentence in refusal.fields.items() if name in form.fields}
    for name, sentence in known.items():
        form.add_error(name, str(sentence))
    if not known:
        form.add_error(None, str(refusal))
