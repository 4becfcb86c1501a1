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


def lead_to_error(form: BaseForm) -> None:
    """Let the browser open the page at the first field that is wrong, instead of at the top."""
    first = next((name for name in form.fields if name in form.errors), None) if form.is_bound else None
    if first:
        for field in form.fields.values():
            field.widget.attrs.pop("autofocus", None)
        form.fields[first].widget.attrs["autofocus"] = True
