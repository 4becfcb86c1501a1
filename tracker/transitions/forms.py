"""The inputs of acts, checked in one place for pages, commands, jobs and the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from branches.access import Actor
from branches.models import Organization, Post, User
from common.clock import local_date
from common.periods import Period
from common.workdays import Calendar
from tracker.models import Base, Evidence, Finding, Plan, StoredFile, Task


def plain_text(label: Any, *, required: bool = True, rows: int = 3, limit: int = 2000) -> forms.CharField:
    """A text field; NUL and other control characters are refused by Django's own validator."""
    return forms.CharField(
        label=label, required=required, max_length=limit, widget=forms.Textarea(attrs={"rows": rows})
    )


def day(label: Any, *, required: bool = True) -> forms.DateField:
    return forms.DateField(
        label=label, required=required, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class TasksField(forms.ModelMultipleChoiceField):
    """Some of a measure's tasks, by unit and occurrence."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Any) -> str:
        unit = obj.organization.short_name
        return f"{unit}（{obj.occurrence}）" if obj.occurrence else unit


class ActForm(forms.Form):
    """Base of all act forms; knows the subject, the actor and the moment. Without fields it asks nothing."""

    def __init__(self, *args: Any, subject: Any, actor: Actor | None, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subject, self.actor, self.at = subject, actor, at
        self.today = local_date(at)
        self.prepare()

    def prepare(self) -> None:
        """Narrow choices to the subject."""

    def require_not_past(self, name: str) -> None:
        """Add an error when a date that was entered lies before today."""
        value = self.cleaned_data.get(name)
        if value and value < self.today:
            self.add_error(name, _("This date has already passed. Choose today or a later day."))


def people_of(organization: Organization, on: Any) -> Any:
    """Active users with a post in exactly this organisation on a day."""
    posts = Post.objects.held_on(on).filter(organization=organization)
    return User.objects.filter(pk__in=posts.values("user"), is_active=True).order_by("pk")


class ReasonForm(ActForm):
    reason = plain_text(_("Reason"))


class RemarkForm(ActForm):
    remark = plain_text(_("Remark"), required=False)


class RequiredRemarkForm(ActForm):
    remark = plain_text(_("Remark"))


class AcknowledgeForm(ActForm):
    handler = forms.ModelChoiceField(
        User.objects.none(), label=_("Responsible person"), empty_label=None, required=True
    )

    def prepare(self) -> None:
        self.fields["handler"].queryset = people_of(self.subject.organization, self.today)  # type: ignore[attr-defined]
        if self.actor:
            self.initial.setdefault("handler", self.actor.user.pk)


def ask_number(form: ActForm) -> None:
    """Ask for the number towards the measure's target, if it has one; of a share with a base, for a count of it."""
    measure = form.subject.measure
    if measure.target_number is None:
        del form.fields["number"]
        return
    field = form.fields["number"]
    field.label = _("Number reached (target %(target)s)") % {"target": measure.target}
    if measure.target_unit.strip() not in {"%", "％"}:
        return
    base = Base.objects.filter(measure=measure, organization=form.subject.organization_id).first()
    if base:
        said = {"base": f"{base.number.normalize():f}", "target": measure.target}
        field.label = _("How many of %(base)s (target %(target)s)") % said
        at_most = (
            _("At most %(base)s: that is the base of your unit. Ask the office if the base is wrong.") % said
        )
        field.validators.append(MaxValueValidator(base.number, message=at_most))


class ReportForm(ActForm):
    """阶段反馈: what was done, per cent, problems, next step; the number towards a target where there is one."""

    progress = plain_text(_("What was done"))
    percent = forms.IntegerField(label=_("Per cent done"), min_value=0, max_value=100)
    number = forms.DecimalField(
        label=_("Number reached"), min_value=0, max_digits=12, decimal_places=2, required=False
    )
    problems = plain_text(_("Problems"), required=False, rows=2)
    next_step = plain_text(_("Next step"), required=False, rows=2)

    def prepare(self) -> None:
        ask_number(self)
        self.initial.setdefault("percent", self.subject.percent)
        self.initial.setdefault("number", self.subject.number)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        percent = cleaned.get("percent")
        if percent is not None and percent < self.subject.percent and not cleaned.get("problems"):
            self.add_error(
                "problems", _("The per cent falls. Say under “Problems” why, so that the reader understands.")
            )
        return cleaned


class SubmitForm(ActForm):
    """报结: the branch declares the work done."""

    progress = plain_text(_("How it was done"))
    number = forms.DecimalField(label=_("Number reached"), min_value=0, max_digits=12, decimal_places=2)

    def prepare(self) -> None:
        ask_number(self)
        self.initial.setdefault("progress", self.subject.progress)
        self.initial.setdefault("number", self.subject.number)


class AttachForm(ActForm):
    """A file that already lies in the store, under the name people gave it."""

    file = forms.ModelChoiceField(StoredFile.objects.all())
    name = forms.CharField(label=_("File name"), max_length=120)
    replaces = forms.ModelChoiceField(Evidence.objects.none(), label=_("Newer version of"), required=False)

    def prepare(self) -> None:
        self.fields["replaces"].queryset = self._current()  # type: ignore[attr-defined]
        self.fields["replaces"].error_messages["invalid_choice"] = _(
            "The file to replace is not there any more, or was already replaced. Open the page again."
        )

    def clean_file(self) -> StoredFile:
        file = self.cleaned_data["file"]
        if file.scan == StoredFile.Scan.INFECTED:
            raise forms.ValidationError(
                _(
                    "The scanner found malicious software in this file. Scan your device and attach a clean file."
                )
            )
        if self._current().filter(file=file).exists():
            raise forms.ValidationError(_("This file is already attached."))
        return file

    def _current(self) -> Any:
        return self.subject.evidence.current()


class ReturnForm(ActForm):
    reason = plain_text(_("Reason for the return"))
    due = day(_("New short date"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.require_not_past("due")
        return cleaned


class ReopenForm(ActForm):
    reason = plain_text(_("Reason"))
    due = day(_("New due date"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.require_not_past("due")
        return cleaned


class ReopenTasksForm(ReopenForm):
    """Why a measure goes back to work, with which of its completed tasks, and by when these are due now."""

    tasks = TasksField(Task.objects.none(), label=_("Tasks to be reopened"))

    def prepare(self) -> None:
        # all of them are understood, so that the same form sent twice is known again; only the completed are offered
        field: Any = self.fields["tasks"]
        own = Task.objects.filter(measure=self.subject).select_related("organization")
        field.queryset = own.order_by("organization__path", "occurrence")
        done = field.queryset.filter(state=Task.State.DONE)
        field.choices = [(task.pk, field.label_from_instance(task)) for task in done]


class PauseForm(ActForm):
    until = day(_("Paused until"))
    reason = plain_text(_("Reason"))

    def prepare(self) -> None:
        self.fields["until"].help_text = _(
            "Up to and including this day nobody is reminded of this plan; what would have been sent is not sent later. "
            "Dates and lights stay as they are."
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.require_not_past("until")
        return cleaned


class AskExtensionForm(ActForm):
    reason = plain_text(_("Reason and progress so far"))
    until = day(_("New date asked for"))

    def clean_until(self) -> Any:
        until = self.cleaned_data["until"]
        if until <= self.subject.due:
            raise forms.ValidationError(_("Choose a day after the present due date."))
        return until


class ExtendForm(ActForm):
    """What the granted request sets; performed by the system."""

    due = forms.DateField()
    extension = forms.IntegerField()


class ReassignForm(ActForm):
    reason = plain_text(_("Reason"))
    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("New responsible unit"))
    due = day(_("Due date there"))

    def prepare(self) -> None:
        issuer = self.subject.measure.plan.organization
        taken = self.subject.measure.tasks.filter(occurrence=self.subject.occurrence).values("organization")
        self.fields["organization"].queryset = (  # type: ignore[attr-defined]
            Organization.objects.below(issuer).active_on(self.today).exclude(pk__in=taken)
        )
        self.initial.setdefault("due", self.subject.due)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.require_not_past("due")
        return cleaned


class ReserveForm(ActForm):
    reason = plain_text(_("Reason"))
    review_on = day(_("Look at it again on"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.require_not_past("review_on")
        return cleaned


class CarryForwardForm(ActForm):
    """结转: the named next plan, of the same organisation and not closed."""

    to = forms.ModelChoiceField(Plan.objects.none(), label=_("Into the plan"), empty_label=None)
    remark = plain_text(_("Remark"), required=False)

    def prepare(self) -> None:
        self.fields["to"].queryset = next_plans(self.subject)  # type: ignore[attr-defined]


def next_plans(measure: Any) -> Any:
    """The plans a measure may be carried into: of the same issuer, not closed, made later than its own."""
    plan = measure.plan
    end = Period.parse(plan.period).end
    others = Plan.objects.filter(organization=plan.organization_id).exclude(state=Plan.State.CLOSED)
    later = [pk for pk, code in others.values_list("pk", "period") if Period.parse(code).end > end]
    return others.filter(pk__in=later).order_by("period", "pk")


class SuspendForm(ActForm):
    reason = plain_text(_("Reason"))
    until = day(_("Look at it again on"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.require_not_past("until")
        return cleaned


class ConsultForm(ActForm):
    until = day(_("Comments until"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.require_not_past("until")
        return cleaned


class ClearedForm(ActForm):
    """What stands in the way of giving out tasks: clashes nobody settled; units over their ceiling, without consent."""

    load_consent = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Leader who consents to the load"),
        help_text=_("Some units would be over their ceiling. This is kept with the plan."),
        empty_label=_("– choose –"),
    )
    tasks = forms.IntegerField(required=False, label=_("Tasks in the preview"), widget=forms.HiddenInput)
    """What is given out is what was seen, if the number is sent along."""

    def prepare(self) -> None:
        from tracker.clashes import clashes_in, overloads_in
        from tracker.issuing import targets_of

        targets = targets_of(self.subject, day=self.today, calendar=Calendar.load())
        self.unsettled = [clash for clash in clashes_in(targets) if clash.kept is None]
        if overloads_in(self.subject, targets):
            self.fields["load_consent"].queryset = self.leaders()  # type: ignore[attr-defined]
        else:
            del self.fields["load_consent"]

    def leaders(self) -> Any:
        """Those who may decide for the issuing organisation today."""
        posts = Post.objects.held_on(self.today).filter(
            organization=self.subject.organization, role__in=[Post.Role.SECRETARY, Post.Role.LEADER]
        )
        return User.objects.filter(pk__in=posts.values("user"), is_active=True).order_by("pk")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.unsettled:
            sentence = ngettext(
                "%(count)s clash with other work is not settled: merge, move or keep it on the preview.",
                "%(count)s clashes with other work are not settled: merge, move or keep them on the preview.",
                len(self.unsettled),
            )
            self.add_error(None, sentence % {"count": len(self.unsettled)})
        return cleaned


class IssueForm(ClearedForm):
    """印发: who approved it. The number is assigned by the system."""

    approved_by = forms.ModelChoiceField(User.objects.none(), label=_("Approved by"), empty_label=None)
    field_order = ("approved_by", "load_consent")

    def prepare(self) -> None:
        super().prepare()
        self.fields["approved_by"].queryset = self.leaders()  # type: ignore[attr-defined]


class SupplementForm(ClearedForm):
    """增补: why."""

    reason = plain_text(_("Reason"))
    field_order = ("reason", "load_consent")


class AssignFindingForm(ActForm):
    kind = forms.ChoiceField(label=_("Kind of rectification"), choices=Finding.Kind.choices)
    due = day(pgettext_lazy("finding", "Due date"))
    responsible_leader = forms.ModelChoiceField(
        User.objects.none(), label=_("Responsible leader"), required=False
    )
    standard = forms.CharField(label=_("Standard of completion"), max_length=200)

    def prepare(self) -> None:
        above = self.subject.organization.paths_above(itself=True)
        posts = Post.objects.held_on(self.today).filter(
            organization__path__in=above, role__in=[Post.Role.SECRETARY, Post.Role.LEADER, Post.Role.CHIEF]
        )
        self.fields["responsible_leader"].queryset = User.objects.filter(  # type: ignore[attr-defined]
            pk__in=posts.values("user"), is_active=True
        ).order_by("pk")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.require_not_past("due")
        return cleaned


class RectifyForm(ActForm):
    measures = plain_text(_("Measures"))
    handler = forms.ModelChoiceField(User.objects.none(), label=_("Responsible person"), empty_label=None)

    def prepare(self) -> None:
        self.fields["handler"].queryset = people_of(self.subject.organization, self.today)  # type: ignore[attr-defined]


class ProgressForm(ActForm):
    progress = plain_text(_("What was done"))


class ConclusionForm(ActForm):
    conclusion = plain_text(_("Conclusion"), rows=5, limit=5000)
