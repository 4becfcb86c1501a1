"""``/audit/``: the audit log, for auditors alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from branches.access import Actor
from branches.models import Organization, Post, User
from common.clock import start_of_day
from common.errors import NotAllowed
from common.models import AuditEntry, Workday

PAGE = 100
DUTY = frozenset({Post.Role.AUDITOR})
Kind = AuditEntry.Kind

TONES = {
    Kind.SIGN_IN_FAILED: "warn",
    Kind.LOCKED_OUT: "bad",
    Kind.REFUSAL: "warn",
    Kind.ACCOUNT: "info",
    Kind.POST: "info",
    Kind.SETTING: "info",
}
ACTS = {
    "create": gettext_lazy("account created"),
    "reset_password": gettext_lazy("new initial password"),
    "disable": gettext_lazy("account disabled"),
    "enable": gettext_lazy("account enabled"),
    "second_factor_on": gettext_lazy("second factor switched on"),
    "second_factor_off": gettext_lazy("second factor switched off"),
    "recovery_codes": gettext_lazy("new recovery codes"),
    "appoint": gettext_lazy("post granted"),
    "end": gettext_lazy("post ended"),
    "add": gettext_lazy("added"),
    "change": gettext_lazy("changed"),
    "delete": gettext_lazy("deleted"),
    "import": gettext_lazy("imported"),
    "feed_on": gettext_lazy("calendar address made"),
    "feed_off": gettext_lazy("calendar address revoked"),
}
SAID_FIRST = {"act", "step", "account", "organization"}
READ_IN_ORDER = (
    "setting",
    "list",
    "file",
    "method",
    "path",
    "superior",
    "year",
    "official",
    "day",
    "before",
    "kind",
    "stage",
    "name",
)
SETTINGS = {"calendar": gettext_lazy("Working-day calendar"), "loop": gettext_lazy("steps of the loop")}
STEPS = {
    "code": gettext_lazy("wrong code"),
    "provider": gettext_lazy("through the organization's own sign-in"),
}


def entries_visible_to(actor: Actor) -> QuerySet[AuditEntry]:
    """The lines an auditor may read: all at a root, else those of accounts that belong to their subtrees.

    Nobody else reads any. Lines about nobody known (a mistyped account) are for auditors at a root.
    """
    duties = [post for post in actor.posts if post.role in DUTY]
    if any(post.organization.parent_id is None for post in duties):
        return AuditEntry.objects.all()
    if not duties:
        return AuditEntry.objects.none()
    place = actor.duty_scope(DUTY, "organization__path")
    people = User.objects.filter(place | Q(pk__in=Post.objects.filter(place).values("user")))
    return AuditEntry.objects.filter(
        Q(actor__in=people.values("pk")) | Q(account__in=people.values("username"))
    )


class Filter(forms.Form):
    """What the auditor looks for. A value that means nothing narrows nothing."""

    q = forms.CharField(required=False, max_length=100)
    kind = forms.ChoiceField(required=False, choices=[("", gettext_lazy("All kinds")), *Kind.choices])
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    success = forms.ChoiceField(
        required=False,
        choices=[
            ("", gettext_lazy("Done and refused")),
            ("no", gettext_lazy("Only refused")),
        ],
    )

    def narrow(self, found: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """Apply what was understood."""
        given = self.cleaned_data
        if given.get("q"):
            found = found.filter(Q(account__icontains=given["q"]) | Q(actor__name__icontains=given["q"]))
        if given.get("kind"):
            found = found.filter(kind=given["kind"])
        if given.get("since"):
            found = found.filter(at__gte=start_of_day(given["since"]))
        if given.get("until"):
            found = found.filter(at__lt=start_of_day(given["until"] + timedelta(days=1)))
        if given.get("success"):
            found = found.filter(success=False)
        return found


def narrowed(request: HttpRequest) -> tuple[Filter, QuerySet[AuditEntry]]:
    """The filter of the address and the lines it leaves, newest first; NotAllowed for whoever is no auditor."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not actor.roles & DUTY:
        raise NotAllowed(_("Only an auditor may read the audit log."))
    form = Filter(request.GET)
    form.is_valid()
    return form, form.narrow(entries_visible_to(actor))


@require_GET
@never_cache
def audit(request: HttpRequest) -> HttpResponse:
    """Newest first, a hundred a page."""
    form, found = narrowed(request)
    if (cursor := _cursor(request.GET.get("after", ""))) is not None:
        at, pk = cursor
        found = found.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk))
    entries = list(found.select_related("actor")[: PAGE + 1])
    rows = entries[:PAGE]
    last = rows[-1] if len(entries) > PAGE else None
    return render(
        request,
        "branches/audit.html",
        {
            "rows": [
                (entry, TONES.get(Kind(entry.kind), "neutral"), words)
                for entry, words in zip(rows, in_words(rows), strict=True)
            ],
            "after": f"{last.at.isoformat()}_{last.pk}" if last else "",
            "kinds": Kind.choices,
            "given": form.data,
            "problem": form.errors,
            "narrowed": any(form.data.get(name) for name in form.fields),
        },
    )


def in_words(entries: list[AuditEntry]) -> list[str]:
    """What each line says beyond its kind: the act, whom and what it concerned. Two queries, however many lines."""
    people = User.objects.in_bulk({entry.data["user"] for entry in entries if "user" in entry.data})
    codes = {entry.data["organization"] for entry in entries if "organization" in entry.data}
    places = dict(Organization.objects.filter(code__in=codes).values_list("code", "short_name"))
    return [_in_words(entry, people, places) for entry in entries]


def _in_words(entry: AuditEntry, people: dict[int, User], places: dict[str, str]) -> str:
    data: dict[str, Any] = dict(entry.data)
    about = people.get(data.pop("user", 0))
    role = data.pop("role", "")
    data = {name: _plain(name, value) for name, value in data.items()}
    parts = [
        ACTS.get(data.get("act", ""), data.get("act")),
        STEPS.get(data.get("step", ""), data.get("step")),
        about.name if about else data.get("account"),
        places.get(data.get("organization", ""), data.get("organization")),
        Post.Role(role).label if role in Post.Role.values else role,
        *(data[name] for name in sorted(data.keys() - SAID_FIRST, key=_place)),
    ]
    return " · ".join(str(part) for part in parts if part not in ("", None))


def _place(name: str) -> tuple[int, str]:
    """Where a detail stands in its line: as `READ_IN_ORDER` has it. PostgreSQL keeps no order of its own."""
    known = name in READ_IN_ORDER
    return (READ_IN_ORDER.index(name) if known else len(READ_IN_ORDER), name)


def _plain(name: str, value: Any) -> Any:
    """A detail as people read it: the name of a setting, a list in one line, a mark only where it is set."""
    if name == "setting":
        return SETTINGS.get(value, value)
    if name == "official":
        return pgettext("calendar", "official") if value else ""
    if name in {"kind", "before"} and value in Workday.Kind.values:
        return Workday.Kind(value).label
    return "、".join(map(str, value)) if isinstance(value, list) else value


def _cursor(text: str) -> tuple[datetime, int] | None:
    moment, _mark, pk = text.rpartition("_")
    try:
        at = datetime.fromisoformat(moment)
        return (at, int(pk)) if at.tzinfo else None
    except ValueError:
        return None
