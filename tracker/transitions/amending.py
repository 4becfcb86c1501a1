"""调整要求: an issued measure says something else from now on, and everybody who works on it hears of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from branches.models import Post, User
from common.clock import local_date
from tracker.forms.plans import LeaderChoice, leaders_for
from tracker.forms.variants import VariantsField
from tracker.models import Extension, Measure, Task
from tracker.notices import notify_units
from tracker.transitions.engine import Context, Sentence, perform
from tracker.transitions.forms import ActForm, day, plain_text
from tracker.transitions.many import record_for_many
from tracker.variants import said_of

WORDS = ("requirement", "variants", "deliverable", "responsible_leader", "evidence_note", "due")
"""What an amendment may change; title, target and receivers are another measure."""


class AmendForm(ActForm):
    """New wording beside the present one. What is left out or left as it is stays; ``cleaned_data`` has the changes."""

    requirement = plain_text(_("What is asked"), required=False, rows=5, limit=5000)
    variants = VariantsField(required=False)
    deliverable = forms.CharField(label=_("Deliverable"), required=False, max_length=200)
    responsible_leader = LeaderChoice(User.objects.none(), label=_("Responsible leader"), required=False)
    evidence_note = forms.CharField(label=_("Which evidence"), required=False, max_length=200)
    due = day(_("Due date"), required=False)
    reason = plain_text(_("Why it is amended"))
    confirmed_by = forms.ModelChoiceField(User.objects.none(), label=_("Confirmed by"), empty_label=None)

    def prepare(self) -> None:
        measure = self.subject
        leaders = leaders_for(measure.plan.organization, day=self.today)
        present = measure.responsible_leader
        field: Any = self.fields["responsible_leader"]
        known = {user.pk for user in leaders}
        field.queryset = User.objects.filter(pk__in={*known, *([present.pk] if present else [])})
        field.choices = [
            *([(present.pk, present.name)] if present and present.pk not in known else []),
            *((user.pk, field.label_from_instance(user)) for user in leaders),
        ]
        posts = Post.objects.held_on(self.today).filter(
            organization=measure.plan.organization_id, role__in=[Post.Role.SECRETARY, Post.Role.LEADER]
        )
        issuers = User.objects.filter(pk__in=posts.values("user"), is_active=True).order_by("pk")
        self.fields["confirmed_by"].queryset = issuers  # type: ignore[attr-defined]
        if measure.due is None:
            del self.fields["due"]
        else:
            self.fields["due"].help_text = _("Only a later day: the units acknowledged the present one.")
        if not measure.evidence_required:
            del self.fields["evidence_note"]
        for name in self.words:
            before = getattr(measure, name)
            self.initial.setdefault(name, before)
            # what was asked so far may be put otherwise, not left empty; left out altogether it stays
            can_go = name in {"evidence_note", "variants"} or (self.is_bound and name not in self.data)
            self.fields[name].required = bool(before) and not can_go

    @property
    def words(self) -> list[str]:
        """The fields of this measure that may change."""
        return [name for name in WORDS if name in self.fields]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in self.words:
            if name in self.errors:
                continue
            before, after = getattr(self.subject, name), cleaned.get(name)
            if isinstance(after, str):
                after = cleaned[name] = after.replace("\r\n", "\n").strip()
                before = before.replace("\r\n", "\n").strip()
            if name not in self.data or after == before:
                del cleaned[name]
            elif name == "due" and after < before:
                sentence = _(
                    "A due date is not brought forward, because the units acknowledged the present one. "
                    "Withdraw the measure and issue it anew, so that they acknowledge the earlier date."
                )
                self.add_error(name, sentence)
        if "due" in cleaned:
            self.require_not_past("due")
        return cleaned


class AmendedForm(ActForm):
    """What a task's history keeps of the amendment of its measure; written by the system."""

    requirement = forms.CharField(label=_("What is asked"), required=False)
    variants = forms.CharField(label=_("Asked of some otherwise"), required=False)
    deliverable = forms.CharField(label=_("Deliverable"), required=False)
    responsible_leader = forms.CharField(label=_("Responsible leader"), required=False)
    evidence_note = forms.CharField(label=_("Which evidence"), required=False)
    due = forms.DateField(label=_("Due date"), required=False)
    confirmed_by = forms.CharField(label=_("Confirmed by"))


def something_changes(context: Context) -> Sentence | None:
    if not set(WORDS) & set(context.given):
        return _("Nothing is changed yet: alter the wording, the leader or the date.")
    return None


def amend(context: Context) -> None:
    """The measure takes its new words; the history keeps the old ones beside them."""
    measure = context.subject
    for name in WORDS:
        if name in context.given:
            context.notes[f"{name}_before"] = _plain(getattr(measure, name))
            context.notes[name] = _plain(context.given[name])
            setattr(measure, name, context.given[name])


def announce(context: Context) -> None:
    """Each open task gets the event, its later date and one notice to its unit; requests for that date or less lapse.

    A task whose own date is later already keeps it. The version of the tasks rises, so that nobody hands in a form
    that was opened under the old words without having seen the new ones.
    """
    measure: Measure = context.subject
    open_tasks = Task.objects.filter(measure=measure).open()
    tasks = list(open_tasks.select_for_update(of=("self",)).select_related("organization").order_by("pk"))
    said = {
        **context.notes,
        "reason": context.given["reason"],
        "confirmed_by": _plain(context.given["confirmed_by"]),
    }
    without_due = {name: value for name, value in said.items() if not name.startswith("due")}
    due = context.given.get("due")
    later = {task.pk for task in tasks if due and task.due < due}
    record_for_many(
        tasks,
        "amend",
        at=context.at,
        said={task.pk: said if task.pk in later else without_due for task in tasks},
        fields=("due", "in_hand_since", "version"),
    )
    if due:
        outdated = Extension.objects.filter(
            task__measure=measure, state=Extension.State.PENDING, until__lte=due
        )
        for extension in outdated.order_by("pk"):
            perform(extension, "lapse", actor=None, at=context.at)
    for task in tasks:
        task.measure = measure
    notify_units(tasks, "amended", at=context.at, said=context.given)


def amended(context: Context) -> None:
    """The task's side of it: its own later date, and a new version."""
    task, given = context.subject, context.given
    task.version += 1
    if due := given.get("due"):
        context.notes["due_before"] = task.due
        task.due = due
        task.in_hand_since = local_date(context.at)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return said_of(value)
    return {"id": value.pk, "name": str(value)} if hasattr(value, "pk") else value
