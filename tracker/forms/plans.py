"""What is asked when a plan is drawn up and its measures are settled."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from branches.models import Area, Organization, Post, Tag, User
from common.periods import Period
from tracker.forms.variants import VariantsField
from tracker.models import Measure, Plan

LEADING = (Post.Role.CHIEF, Post.Role.SECRETARY, Post.Role.DEPUTY_SECRETARY, Post.Role.LEADER)


class LeaderChoice(forms.ModelChoiceField):
    """People with a leading post at or above the issuer, shown with their post."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj}（{obj.leading_post}）"


def leaders_for(organization: Organization, *, day: date) -> list[User]:
    """Who may be named responsible leader: leading posts of the issuer and above it. One query.

    Each carries ``leading_post``, the title of the post.
    """
    posts = (
        Post.objects.held_on(day)
        .filter(
            organization__path__in=organization.paths_above(itself=True),
            role__in=LEADING,
            user__is_active=True,
        )
        .select_related("user", "organization")
        .order_by("-organization__path", "pk")
    )
    found: dict[int, User] = {}
    for post in posts:
        post.user.leading_post = post.title  # type: ignore[attr-defined]
        found.setdefault(post.user_id, post.user)
    return list(found.values())


def kinds_below(organization: Organization) -> list[tuple[str, Any]]:
    """The kinds of organisation that exist at or below the issuer, as choices. One query."""
    present = set(
        Organization.objects.below(organization).order_by().values_list("kind", flat=True).distinct()
    )
    return [(kind.value, kind.label) for kind in Organization.Kind if kind in present]


class PlanForm(forms.ModelForm):
    """The head of a plan."""

    half = forms.ChoiceField(label=_("Period"))
    until_year = forms.TypedChoiceField(
        label=_("Over several years, until the end of"), required=False, coerce=int, empty_value=None
    )

    class Meta:
        model = Plan
        fields = ["organization", "title", "kind", "two_reviews"]
        help_texts = {
            "two_reviews": _("The committee reviews first, then the issuing organization."),
        }

    def __init__(self, *args: Any, offices: list[Organization], day: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present = Period.of(day)
        periods = [present, present.next, Period(day.year), Period(day.year + 1)]
        self.fields["half"].choices = [(p.code, p.label) for p in periods]  # type: ignore[attr-defined]
        years = range(day.year + 1, day.year + 6)
        self.fields["until_year"].choices = [("", "—"), *((year, str(year)) for year in years)]  # type: ignore[attr-defined]
        self.fields["organization"].queryset = Organization.objects.filter(  # type: ignore[attr-defined]
            pk__in=[o.pk for o in offices]
        )
        self.fields["organization"].empty_label = None  # type: ignore[attr-defined]
        in_branches = all(o.kind == Organization.Kind.BRANCH for o in offices)
        self.fields["kind"].initial = Plan.Kind.ACTIVITY if in_branches else Plan.Kind.LIST
        kinds = [choice for choice in Plan.Kind.choices if choice[0] != Plan.Kind.URGENT]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
        if len(offices) == 1:
            self.fields["organization"].widget = forms.HiddenInput()
            self.fields["organization"].initial = offices[0].pk
        self.order_fields(["organization", "title", "half", "until_year", "kind", "two_reviews"])


class MeasureForm(forms.ModelForm):
    """Everything a measure says. Nothing but the title is required while it is a draft; the preview asks for the rest."""

    variants = VariantsField(required=False)
    responsible_leader = LeaderChoice(User.objects.none(), label=_("Responsible leader"), required=False)
    receiver_kinds = forms.MultipleChoiceField(
        label=_("Received by all of kind"), required=False, widget=forms.CheckboxSelectMultiple
    )
    receivers = forms.ModelMultipleChoiceField(
        Organization.objects.none(),
        label=_("Also received by"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Measure
        fields = [
            "title",
            "requirement",
            "variants",
            "theme",
            "starts_on",
            "due",
            "cadence",
            "event",
            "event_days",
            "due_words",
            "responsible_leader",
            "lead",
            "supporting",
            "business",
            "weight",
            "deliverable",
            "target_number",
            "target_unit",
            "target_of",
            "evidence_required",
            "evidence_note",
            "receiver_kinds",
            "receiver_area",
            "receiver_tag",
            "receiver_rating",
            "receivers",
            "no_source_reason",
        ]
        widgets = {
            "title": forms.Textarea(attrs={"rows": 2}),
            "requirement": forms.Textarea(attrs={"rows": 4}),
            "starts_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "due": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "supporting": forms.TextInput,
        }

    def __init__(
        self, *args: Any, plan: Plan, leaders: list[User], kinds: list[tuple[str, Any]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.plan = plan
        within = Organization.objects.below(plan.organization)
        self.fields["lead"].queryset = within.filter(  # type: ignore[attr-defined]
            ~Q(kind=Organization.Kind.BRANCH) | Q(pk=plan.organization_id)
        )
        self.fields["lead"].empty_label = "—"  # type: ignore[attr-defined]
        self.fields["weight"].required = False
        leader = self.fields["responsible_leader"]
        leader.queryset = User.objects.filter(pk__in=[u.pk for u in leaders])  # type: ignore[attr-defined]
        leader.choices = [("", "—"), *((u.pk, leader.label_from_instance(u)) for u in leaders)]  # type: ignore[attr-defined]
        self.fields["receiver_kinds"].choices = kinds  # type: ignore[attr-defined]
        self.fields["receivers"].queryset = within  # type: ignore[attr-defined]
        area, tag = self.fields["receiver_area"], self.fields["receiver_tag"]
        area.queryset = Area.objects.filter(organization__in=within)  # type: ignore[attr-defined]
        tag.queryset = Tag.objects.filter(organizations__in=within).distinct()  # type: ignore[attr-defined]
        area.empty_label = tag.empty_label = "—"  # type: ignore[attr-defined]
        self.fields["due"].help_text = _("A day by which it is done once. With a cadence: not needed.")
        self.fields["no_source_reason"].required = False

    @property
    def chosen_receivers(self) -> list[Organization]:
        """The named organisations, as typed or as saved: they alone are drawn, not the whole tree."""
        wanted = self["receivers"].value() or []
        ids = [value.pk if hasattr(value, "pk") else value for value in wanted]
        known = [int(i) for i in ids if str(i).isdigit()]
        return list(self.fields["receivers"].queryset.filter(pk__in=known))  # type: ignore[attr-defined]

    def clean_weight(self) -> int:
        """What is not said stays."""
        weight = self.cleaned_data["weight"]
        return self.instance.weight if weight is None else weight

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        due, period = cleaned.get("due"), Period.parse(self.plan.period)
        if due and not 2000 <= due.year <= 2100:
            self.add_error("due", _("Check the year of this date."))
        if due and due < period.first_day:
            self.add_error("due", _("This date lies before the plan's period. Choose a later day."))
        starts = cleaned.get("starts_on")
        if starts and due and starts > due:
            self.add_error("starts_on", _("It begins after it is due. Choose an earlier day."))
        if cleaned.get("event") and not cleaned.get("event_days"):
            self.add_error("event_days", _("Say how many days after the event it is due."))
        number = cleaned.get("target_number")
        if number is not None and number < 0:
            self.add_error("target_number", _("A target cannot be below zero."))
        if number is not None and not cleaned.get("target_unit"):
            self.add_error("target_unit", _("Say in which unit the target is counted."))
        return cleaned

    def values(self) -> dict[str, Any]:
        """The cleaned fields of the measure itself, without the named receivers."""
        return {name: value for name, value in self.cleaned_data.items() if name != "receivers"}


class ManyForm(forms.Form):
    """Values for several measures at once; what is left empty stays as it is."""

    responsible_leader = LeaderChoice(User.objects.none(), label=_("Responsible leader"), required=False)
    receiver_kinds = forms.MultipleChoiceField(
        label=_("Received by all of kind"), required=False, widget=forms.CheckboxSelectMultiple
    )
    due = forms.DateField(label=_("Due date"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    cadence = forms.ChoiceField(
        label=_("Cadence"), required=False, choices=[("", "—"), *Measure.Cadence.choices[1:]]
    )
    deliverable = forms.CharField(label=_("Deliverable"), required=False, max_length=200)

    def __init__(self, *args: Any, leaders: list[User], kinds: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        leader = self.fields["responsible_leader"]
        leader.queryset = User.objects.filter(pk__in=[u.pk for u in leaders])  # type: ignore[attr-defined]
        leader.choices = [("", "—"), *((u.pk, leader.label_from_instance(u)) for u in leaders)]  # type: ignore[attr-defined]
        self.fields["receiver_kinds"].choices = kinds  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("due") and cleaned.get("cadence"):
            self.add_error("cadence", _("Give either a date or a cadence."))
        return cleaned

    def values(self) -> dict[str, Any]:
        """What was filled in. A date makes a measure that is done once; a cadence needs no date."""
        filled = {name: value for name, value in self.cleaned_data.items() if value}
        if "due" in filled:
            filled["cadence"] = Measure.Cadence.ONCE
        elif "cadence" in filled:
            filled["due"] = None
        return filled
