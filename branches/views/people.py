"""Form fields in which an organization or a person is typed and found within somebody's reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from branches.models import Organization, User
from common.errors import Refused

T = TypeVar("T")
SUGGESTED = 200
"""Offered while typing; everything else is found by its code, account or full name."""


class OrganizationField(forms.CharField):
    """An organization among ``found``, by code, short or full name. ``list_id`` names its datalist."""

    def __init__(
        self, found: QuerySet[Organization], *, list_id: str = "organizations", **kwargs: Any
    ) -> None:
        self.found = found
        widget = forms.TextInput(attrs={"list": list_id, "autocomplete": "off"})
        super().__init__(max_length=100, widget=widget, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value.code if isinstance(value, Organization) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value).strip()
        if not text:
            return None
        matching = list(self.found.filter(code=text)[:1]) or list(
            self.found.filter(Q(short_name=text) | Q(name=text))[:2]
        )
        if not matching:
            raise forms.ValidationError(
                _("There is no such organization in your reach. Enter its code or full name.")
            )
        if len(matching) > 1:
            raise forms.ValidationError(_("Several organizations have this name. Enter the code."))
        return matching[0]

    def suggestions(self) -> list[Organization]:
        """What the browser offers while something is typed."""
        return list(self.found.order_by("path")[:SUGGESTED])


class PersonField(forms.CharField):
    """A person among ``found``, by account or, where it is nobody else's, by name."""

    def __init__(self, found: QuerySet[User], *, list_id: str = "people", **kwargs: Any) -> None:
        self.found = found
        widget = forms.TextInput(attrs={"list": list_id, "autocomplete": "off", "spellcheck": "false"})
        super().__init__(max_length=150, widget=widget, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value.username if isinstance(value, User) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value).strip()
        if not text:
            return None
        matching = list(self.found.filter(username=text)[:1]) or list(self.found.filter(name=text)[:2])
        if not matching:
            raise forms.ValidationError(_("There is no such account in your reach. Enter the account name."))
        if len(matching) > 1:
            raise forms.ValidationError(_("Several people have this name. Enter the account."))
        return matching[0]

    def suggestions(self) -> list[User]:
        """What the browser offers while something is typed."""
        return list(self.found.filter(is_active=True).order_by("name")[:SUGGESTED])


def refuse_into(form: forms.Form, refusal: Any) -> None:
    """Put a refusal beside the fields it names, what was typed staying where it is."""
    named = {name: sentence for name, sentence in refusal.fields.items() if name in form.fields}
    for name, sentence in named.items():
        form.add_error(name, str(sentence))
    if str(refusal) not in map(str, named.values()):
        form.add_error(None, str(refusal))


def tried(form: forms.Form, act: Callable[[], T]) -> T | None:
    """Do an act whose refusal belongs into this form; None where it was refused."""
    try:
        return act()
    except Refused as refusal:
        refuse_into(form, refusal)
        return None


def day_field(label: Any, **kwargs: Any) -> forms.DateField:
    """A day, by the browser's own calendar."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, **kwargs)
