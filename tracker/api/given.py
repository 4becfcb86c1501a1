"""What a program sends, checked by the very forms of the pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from common.errors import Refused
from tracker.forms.variants import VariantsField

_PLAIN = (str, int, float)


def fields_sent(request: Any) -> dict[str, Any]:
    """The fields of a request's body; a body that is no object has none."""
    data = request.data
    return {name: data[name] for name in data} if hasattr(data, "keys") else {}


def taken(kind: Any, view: Any, data: Any = None) -> dict[str, Any]:
    """What a serializer makes of a body, or of a part of it. Raises ValidationError (400) with the fields."""
    serializer = kind(data=view.request.data if data is None else data, context={"view": view})
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


def form_data(given: Mapping[str, Any], form: forms.BaseForm, *, also: Iterable[str] = ()) -> dict[str, Any]:
    """JSON as the data of a form: numbers as they are typed, null as an empty field, lists where several may be chosen.

    ``also`` are names that belong to the request and not to the form. Raises Refused naming every field that the form
    does not have, or whose value is of a kind that no form could send.
    """
    data: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name, value in given.items():
        field = form.fields.get(name)
        if field is None:
            if name not in also:
                wrong[name] = _("There is no such field.")
            continue
        try:
            data[name] = _as_typed(value, field)
        except TypeError:
            wrong[name] = _("This field takes a value of another kind.")
        except UnicodeError:
            wrong[name] = _(
                "The text contains characters that no document has. Save it as text and try again."
            )
    if wrong:
        raise invalid(wrong)
    return data


def checked(form: forms.BaseForm) -> dict[str, Any]:
    """The cleaned data of a bound form. Raises Refused with the sentence of each field that is not right."""
    if not form.is_valid():
        raise invalid({name: " ".join(map(str, errors)) for name, errors in form.errors.items()})
    return form.cleaned_data


def as_sent(form: forms.ModelForm) -> dict[str, Any]:
    """What a form shows of its instance, as data to send: the ground on which a change lays its fields."""
    return {
        name: [getattr(item, "pk", item) for item in value] if isinstance(value, list) else value
        for name, value in form.initial.items()
        if name in form.fields
    }


def invalid(fields: Mapping[str, str]) -> Refused:
    """The refusal of input, with a sentence for each field."""
    from common.api.errors import WORDS

    return Refused(WORDS["invalid"], code="invalid", fields=fields)


def _as_typed(value: Any, field: forms.Field) -> Any:
    several = getattr(field.widget, "allow_multiple_selected", False)
    if value is None:
        return [] if several else ""
    if isinstance(value, bool):
        if not isinstance(field, forms.BooleanField):
            raise TypeError
        return value
    if isinstance(value, list):
        if not several or not all(isinstance(item, _PLAIN) for item in value):
            raise TypeError
        return [_text(item) for item in value]
    if isinstance(value, dict) and isinstance(field, VariantsField):
        return {_text(key): _text(asked) for key, asked in value.items() if _is_plain(asked)}
    if not isinstance(value, _PLAIN):
        raise TypeError
    return _text(value)


def _is_plain(value: Any) -> bool:
    if not isinstance(value, _PLAIN):
        raise TypeError
    return True


def _text(value: Any) -> str:
    text = str(value)
    text.encode()  # half of a surrogate pair, which JSON can carry and no database keeps
    return text


def must_fit(request: Any, **fits: bool) -> None:
    """Refuse the query's values that nothing can be made of. Raises Refused naming each."""
    wrong = {
        name: _("Nothing fits this value.")
        for name, fit in fits.items()
        if not fit and request.query_params.get(name)
    }
    if wrong:
        raise invalid(wrong)
