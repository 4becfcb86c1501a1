"""``/findings/``: what was found, who puts it right by when, and who closed it out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from branches.access import Actor
from branches.models import Organization
from common.clock import local_date, now
from common.errors import NotAllowed, Refused
from common.workdays import Calendar
from tracker import evidence
from tracker.chain import chain_of
from tracker.finding_list import GROUPS, FindingFilter, glance
from tracker.inspections import ELSEWHERE, kept_by, record_finding
from tracker.models import Finding
from tracker.timeline import timeline_of
from tracker.transitions import decide
from tracker.transitions.forms import plain_text
from tracker.views.acts import act_page, actor_of, offers_for
from tracker.views.evidence import attach_along

SUGGESTED = 300
"""Organisations offered while typing; every other one is found by its code or its full name."""
WITH_FILES = frozenset({"report", "submit"})
"""Acts whose page also takes proof, so that text and photos go in together."""


class FindingForm(forms.Form):
    """A fault that did not come from a visit: named by an inspection tour, in a speech, or by the unit itself."""

    found_by = forms.ModelChoiceField(
        Organization.objects.none(), label=gettext_lazy("Kept by"), empty_label=None
    )
    origin = forms.ChoiceField(
        label=gettext_lazy("Origin"), choices=[(origin.value, origin.label) for origin in ELSEWHERE]
    )
    organization = forms.CharField(
        label=gettext_lazy("Responsible unit"),
        max_length=100,
        widget=forms.TextInput(attrs={"list": "units", "autocomplete": "off"}),
        help_text=gettext_lazy("Code, short or full name."),
    )
    fact = plain_text(gettext_lazy("What was found"), rows=4)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        own = [organization.pk for organization in kept_by(actor)]
        self.fields["found_by"].queryset = Organization.objects.filter(pk__in=own)  # type: ignore[attr-defined]

    def clean_organization(self) -> Organization:
        """The one organisation in sight that is meant."""
        text = self.cleaned_data["organization"].strip()
        in_sight = Organization.objects.visible_to(self.actor)
        found = list(in_sight.filter(Q(code=text) | Q(short_name=text) | Q(name=text))[:2])
        if len(found) != 1:
            raise forms.ValidationError(
                _("Several organizations have this name. Enter the code.")
                if found
                else _("No organization in your sight is called that. Enter its code or full name.")
            )
        return found[0]


@require_GET
def finding_list(request: HttpRequest) -> HttpResponse:
    """``/findings/``: the findings in sight, those without a date and the most urgent first."""
    actor, today, calendar = actor_of(request), local_date(now()), Calendar.load()
    chosen = FindingFilter(request.GET, actor=actor, day=today)
    counts = chosen.counts()
    rows, following = chosen.page()
    keeper = bool(kept_by(actor))
    shown = [name for name in GROUPS if keeper or name not in {"found", "dropped"}]
    return render(
        request,
        "tracker/findings/list.html",
        {
            "filter": chosen,
            "tabs": [(name, GROUPS[name], counts[name], name == chosen.group) for name in shown],
            "rows": [(row, glance(row, day=today, calendar=calendar)) for row in rows],
            "next": following,
            "kinds": Finding.Kind.choices,
            "may_record": keeper,
        },
    )


@require_http_methods(["GET", "POST"])
def finding_new(request: HttpRequest) -> HttpResponse:
    """``/findings/new/``: a finding that did not come from a visit."""
    actor = actor_of(request)
    own = kept_by(actor)
    if not own:
        raise NotAllowed(_("Only inspectors and offices record findings."))
    form = FindingForm(request.POST or None, actor=actor, initial={"found_by": own[0].pk})
    if request.method == "POST" and form.is_valid():
        try:
            finding = record_finding(actor=actor, at=now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Recorded. Now assign it, with a date and a standard."))
            return redirect("tracker:finding", finding.pk)
    units = Organization.objects.visible_to(actor).values_list("code", "short_name")[:SUGGESTED]
    return render(
        request,
        "tracker/findings/new.html",
        {"form": form, "one_unit": len(own) == 1, "units": units},
        status=422 if form.is_bound else 200,
    )


@require_GET
def finding_page(request: HttpRequest, pk: int) -> HttpResponse:
    """``/findings/<pk>/``: the fact, who puts it right and how, and what can be done now."""
    actor, at, calendar = actor_of(request), now(), Calendar.load()
    finding = _finding(actor, pk)
    today = local_date(at)
    visit = finding.visit
    return render(
        request,
        "tracker/findings/finding.html",
        {
            "finding": finding,
            "glance": glance(finding, day=today, calendar=calendar),
            "offers": offers_for(finding, actor=actor, at=at),
            "evidence": evidence.shown(finding.evidence.select_related("file", "added_by"), actor=actor),
            "may_attach": decide(finding, "attach", actor=actor, at=at).allowed,
            "accept": evidence.ACCEPT,
            "chain": list(reversed(chain_of(finding.organization, day=today))),
            "lines": timeline_of(finding),
            "inspection": visit.inspection if visit and actor.sees(visit.inspection.organization) else None,
        },
    )


def finding_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """``/findings/<pk>/<act>/``: the form of one act, with the fact above it."""
    finding = _finding(actor_of(request), pk)
    uploads = act in WITH_FILES
    return act_page(
        request,
        finding,
        act,
        page=reverse("tracker:finding", args=[pk]),
        about="tracker/findings/_about.html",
        context={
            "finding": finding,
            "glance": glance(finding, day=local_date(now()), calendar=Calendar.load()),
            "uploads": uploads,
            "accept": evidence.ACCEPT,
            "evidence": evidence.shown(finding.evidence.select_related("file"), actor=actor_of(request))
            if uploads
            else [],
        },
        before=(lambda subject: attach_along(request, subject)) if uploads else None,
    )


def _finding(actor: Actor, pk: int) -> Finding:
    findings = Finding.objects.visible_to(actor).select_related(
        "organization",
        "found_by",
        "visit__inspection__organization",
        "handler",
        "responsible_leader",
        "recorded_by",
        "submitted_by",
        "closed_by",
    )
    return get_object_or_404(findings, pk=pk)


urlpatterns: list = [
    path("findings/", finding_list, name="findings"),
    path("findings/new/", finding_new, name="finding_new"),
    path("findings/<int:pk>/", finding_page, name="finding"),
    path("findings/<int:pk>/<slug:act>/", finding_act, name="finding_act"),
]
