"""Forms of the pages on which organisations are looked after."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from branches.access import Actor
from branches.accounts import accounts_kept_by
from branches.keeping import ORGANIZERS
from branches.models import Area, Organization, Post, Rating, User
from branches.models.organization import MOST_MEMBERS, OrganizationQuerySet
from branches.views.people import OrganizationField, PersonField, day_field

Kind = Organization.Kind
CODE = re.compile(r"\w[\w.@+-]{0,29}")


def reach_of(actor: Actor) -> OrganizationQuerySet:
    """The active organisations that an administrator keeps."""
    return Organization.objects.filter(actor.duty_scope(ORGANIZERS, "path")).active_on(actor.day)


def people_of(actor: Actor) -> QuerySet[User]:
    """The people a keeper knows."""
    return accounts_kept_by(actor).order_by()


class TagsField(forms.CharField):
    """Words with 、 or a comma between them."""

    def prepare_value(self, value: Any) -> Any:
        return "、".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> Any:
        words = [word.strip() for word in re.split("[、,，;；]", super().clean(value))]
        if any(len(word) > 30 for word in words):
            raise forms.ValidationError(_("A tag has at most 30 characters."))
        return list(dict.fromkeys(word for word in words if word))


class DetailsForm(forms.Form):
    """What may change of an organisation at any time."""

    name = forms.CharField(label=pgettext_lazy("organization", "Full name"), max_length=100)
    short_name = forms.CharField(
        label=gettext_lazy("Short name"),
        max_length=40,
        help_text=gettext_lazy("As it is said; stands on all lists."),
    )
    unit = forms.CharField(
        label=gettext_lazy("Department"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("The department as people say it."),
    )
    area = forms.ModelChoiceField(
        Area.objects.none(), label=gettext_lazy("Area"), required=False, empty_label="—"
    )
    tags = TagsField(
        label=gettext_lazy("Tags"),
        required=False,
        help_text=gettext_lazy("Words to choose receivers by, with 、 between them."),
    )
    full_members = forms.IntegerField(label=gettext_lazy("Full members"), min_value=0, max_value=MOST_MEMBERS)
    probationary_members = forms.IntegerField(
        label=gettext_lazy("Probationary members"), min_value=0, max_value=MOST_MEMBERS
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, actor: Actor, place: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        above = Area.objects.filter(organization__path__in=place.paths_above(itself=True))
        area = self.fields["area"]
        assert isinstance(area, forms.ModelChoiceField)
        area.queryset = above.select_related("organization")
        self.fields["second_superior"] = OrganizationField(
            reach_of(actor),
            label=gettext_lazy("Second superior"),
            required=False,
            help_text=gettext_lazy("Only under dual leadership. Code or name."),
        )
        self.fields["linked_leader"] = PersonField(
            people_of(actor),
            label=gettext_lazy("Linked leader"),
            required=False,
            help_text=gettext_lazy("The leader who looks after this organization. Account or name."),
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in ("full_members", "probationary_members"):
            cleaned.setdefault(name, 0)
        return cleaned


class NewOrganizationForm(DetailsForm):
    """A new organisation below one."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Kind)
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=30,
        help_text=gettext_lazy("Letters and digits; stays the same for ever."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    active_from = day_field(gettext_lazy("Active from"))

    field_order = ("kind", "code", "name", "short_name", "unit", "active_from")

    def __init__(self, *args: Any, actor: Actor, place: Organization, **kwargs: Any) -> None:
        super().__init__(*args, actor=actor, place=place, **kwargs)
        self.initial.setdefault("active_from", actor.day)
        self.initial.setdefault("kind", Kind.BRANCH)
        self.initial.setdefault("full_members", 0)
        self.initial.setdefault("probationary_members", 0)
        self.order_fields(self.field_order)

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"].strip()
        if not CODE.fullmatch(code):
            raise forms.ValidationError(_("Use only letters, digits and . _ @ + - here, without spaces."))
        return code


class MoveForm(forms.Form):
    """Where to, from when."""

    since = day_field(pgettext_lazy("day", "From"))
    field_order = ("to", "since")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["since"] = actor.day
        self.fields["to"] = OrganizationField(
            reach_of(actor).exclude(kind=Kind.BRANCH),
            label=gettext_lazy("New superior"),
            help_text=gettext_lazy("Code or name."),
        )
        self.order_fields(self.field_order)


class EndForm(forms.Form):
    """The last day."""

    last_day = day_field(gettext_lazy("Last day"))

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["last_day"] = actor.day


class MergeForm(EndForm):
    """Into which one, after which day."""

    field_order = ("into", "last_day")

    def __init__(self, *args: Any, actor: Actor, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, actor=actor, **kwargs)
        alike = reach_of(actor).filter(kind=organization.kind).exclude(pk=organization.pk)
        self.fields["into"] = OrganizationField(
            alike, label=gettext_lazy("Merge into"), help_text=gettext_lazy("Of the same kind. Code or name.")
        )
        self.order_fields(self.field_order)


class TermForm(forms.Form):
    """A term that begins."""

    number = forms.IntegerField(
        label=gettext_lazy("Which term"),
        min_value=1,
        max_value=999,
        required=False,
        help_text=gettext_lazy("Its number, as in “the 5th committee”."),
    )
    began_on = day_field(pgettext_lazy("term", "Began on"))
    due_on = day_field(
        pgettext_lazy("term", "Re-election due"),
        required=False,
        help_text=gettext_lazy("Left empty: by the length laid down for the kind."),
    )
    approval = forms.CharField(
        label=gettext_lazy("Approval"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("The superior's document that approved the result."),
    )


class ShiftForm(forms.Form):
    """Another day for the re-election of the running term."""

    due_on = day_field(pgettext_lazy("term", "Re-election due"))
    approval = forms.CharField(
        label=gettext_lazy("Approved by"),
        max_length=200,
        help_text=gettext_lazy("Who approved it, and the document. Normally a shift is at most one year."),
    )


class RatingForm(forms.Form):
    """What an organisation was rated for a year."""

    year = forms.IntegerField(label=gettext_lazy("Year"), min_value=1990, max_value=2199)
    kind = forms.ChoiceField(label=pgettext_lazy("rating", "Rating"), choices=Rating.Kind)
    stars = forms.TypedChoiceField(
        label=gettext_lazy("Stars"),
        choices=[("", "—"), *((n, "★" * n) for n in range(5, 0, -1))],
        coerce=int,
        empty_value=None,
        required=False,
    )
    decided_on = day_field(gettext_lazy("Decided on"))
    decided_by = forms.CharField(label=gettext_lazy("Decided by"), max_length=100)


class AreaForm(forms.Form):
    """An area of a work committee."""

    name = forms.CharField(label=pgettext_lazy("area", "Name"), max_length=40)

    def __init__(
        self, *args: Any, actor: Actor, committees: QuerySet[Organization] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["liaison"] = PersonField(
            people_of(actor),
            label=gettext_lazy("Area liaison"),
            required=False,
            help_text=gettext_lazy("Who looks after the units of the area. Account or name."),
        )
        if committees is not None:
            self.fields["organization"] = OrganizationField(
                committees, label=gettext_lazy("Work committee"), help_text=gettext_lazy("Code or name.")
            )
            if committees.count() == 1:
                self.initial["organization"] = committees.first()


class AppointForm(forms.Form):
    """A person for a role of one organisation."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Post.Role)
    since = day_field(pgettext_lazy("day", "From"))
    until = day_field(pgettext_lazy("day", "Until"), required=False)
    field_order = ("person", "role", "since", "until")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["since"] = actor.day
        self.fields["person"] = PersonField(
            people_of(actor).exclude(pk=actor.user.pk),
            label=gettext_lazy("Person"),
            help_text=gettext_lazy("Account or name."),
        )
        self.order_fields(self.field_order)


class HandOverForm(forms.Form):
    """Who takes a post over, and when."""

    since = day_field(gettext_lazy("First day of the successor"))
    field_order = ("person", "since")

    def __init__(self, *args: Any, actor: Actor, post: Post, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["since"] = actor.day
        others = people_of(actor).exclude(pk__in=[actor.user.pk, post.user_id])
        self.fields["person"] = PersonField(
            others, label=gettext_lazy("Successor"), help_text=gettext_lazy("Account or name.")
        )
        self.order_fields(self.field_order)
