"""What is asked when an urgent task is given out."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from branches.models import Organization, Post, User
from tracker.forms.plans import kinds_below
from tracker.transitions.forms import day as day_field
from tracker.transitions.forms import plain_text


class UrgentForm(forms.Form):
    """Title, what is asked, what shows it, by when, who, and the leader who ordered it."""

    title = forms.CharField(label=_("What is to be done"), max_length=120)
    requirement = plain_text(_("What is asked"), required=False)
    deliverable = forms.CharField(label=_("Deliverable"), max_length=200)
    due = day_field(_("Due date"))
    hour = forms.TimeField(
        label=_("By what time"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("Stands with the task; reminders count days."),
    )
    responsible_leader = forms.ModelChoiceField(User.objects.none(), label=_("Leader who orders it"))
    evidence_required = forms.BooleanField(label=_("evidence required"), required=False)
    receiver_kinds = forms.MultipleChoiceField(
        label=_("Received by all of kind"), required=False, widget=forms.CheckboxSelectMultiple
    )
    receivers = forms.ModelMultipleChoiceField(
        Organization.objects.none(),
        label=_("Also received by"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    keep_reason = forms.CharField(label=_("Why both are needed"), max_length=200, required=False)
    load_consent = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Leader who consents to the load"),
        help_text=_("Some units would be over their ceiling. This is kept with the plan."),
        empty_label=_("– choose –"),
        required=False,
    )

    def __init__(self, *args: Any, organization: Organization, day: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization
        posts = Post.objects.held_on(day).filter(
            organization=organization, role__in=[Post.Role.SECRETARY, Post.Role.LEADER]
        )
        leaders = User.objects.filter(pk__in=posts.values("user"), is_active=True).order_by("pk")
        for name in ("responsible_leader", "load_consent"):
            self.fields[name].queryset = leaders  # type: ignore[attr-defined]
        self.fields["receiver_kinds"].choices = kinds_below(organization)  # type: ignore[attr-defined]
        within = Organization.objects.below(organization).active_on(day)
        self.fields["receivers"].queryset = within  # type: ignore[attr-defined]

    @property
    def chosen_receivers(self) -> list[Organization]:
        """The units that are ticked: they alone are drawn, not the whole tree."""
        known = [int(str(v)) for v in self["receivers"].value() or [] if str(v).isdecimal()]
        return list(self.fields["receivers"].queryset.filter(pk__in=known))  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        nobody = not cleaned.get("receiver_kinds") and not cleaned.get("receivers")
        if nobody and not {"receivers", "receiver_kinds"} & set(self.errors):
            self.add_error("receivers", _("Choose who receives it."))
        return cleaned

    def values(self) -> dict[str, Any]:
        """The fields of the measure."""
        names = ("title", "requirement", "deliverable", "due", "responsible_leader", "evidence_required")
        values = {name: self.cleaned_data[name] for name in (*names, "receiver_kinds")}
        if hour := self.cleaned_data["hour"]:
            values["due_words"] = _now("before %(hour)s") % {"hour": f"{hour:%H:%M}"}
        return values
