"""The one door for acts: shows the form of an act, performs it, and keeps what was typed when it cannot.

A page of any subject of the transition tables owns its address and its sight, this module does the rest:

    def act(request, pk, act):
        finding = get_object_or_404(Finding.objects.visible_to(actor_of(request)), pk=pk)
        return act_page(request, finding, act, page=reverse("tracker:finding", args=[pk]))

    path("findings/<int:pk>/<slug:act>/", act, name="finding_act")   # always <page of the subject>/<act>/

The subject's page offers the acts as buttons:

    context["offers"] = offers_for(finding, actor=actor, at=now())
    {% include "tracker/partials/acts.html" with page=request.path version=finding.version %}

and shows its history with ``tracker.timeline.timeline_of`` and ``tracker/partials/timeline.html``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from branches.access import Actor
from common.clock import now
from common.errors import NotAllowed, Refused, Stale
from tracker.events import canonical, history
from tracker.models import Event
from tracker.models.subject import Subject
from tracker.timeline import lines_of
from tracker.transitions import Decision, Offer, act_form, available_acts, decide, perform, transitions_of
from tracker.transitions.forms import ActForm
from tracker.variants import said_of

Before = Callable[[Any], Any]
"""Runs between checking the inputs and performing; takes the subject, returns it as it then stands."""


def actor_of(request: HttpRequest) -> Actor:
    """Who is signed in, with today's posts."""
    return cast(Actor, request.actor)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Button:
    """An offer as a page shows it: ``asks`` says whether its form has anything to fill in or to think over."""

    offer: Offer

    @property
    def act(self) -> str:
        return self.offer.act

    @property
    def label(self) -> str:
        return str(self.offer.label)

    @property
    def allowed(self) -> bool:
        return self.offer.decision.allowed

    @property
    def reason(self) -> str:
        return str(self.offer.decision.reason)

    @property
    def primary(self) -> bool:
        return self.offer.transition.primary

    @property
    def dangerous(self) -> bool:
        return self.offer.transition.dangerous

    @property
    def asks(self) -> bool:
        return self.dangerous or bool(self.offer.transition.form.base_fields)


def offers_for(subject: Subject, *, actor: Actor, at: datetime) -> list[Button]:
    """The acts this person may see beside a subject, as buttons, those that close its present state first."""
    buttons = [Button(offer) for offer in available_acts(subject, actor=actor, at=at)]
    return sorted(buttons, key=lambda button: (not button.primary, button.dangerous))


def act_page(
    request: HttpRequest,
    subject: Subject,
    act: str,
    *,
    page: str,
    about: str = "",
    before: Before | None = None,
    context: dict[str, Any] | None = None,
) -> HttpResponse:
    """The page of one act on a subject that the caller has already fetched within the reader's sight.

    ``page`` is the subject's address: where success leads, unless the form names a safe ``next``.
    ``about`` is a template that says, above the form, what the act is about; ``context`` feeds it.
    A form that cannot be carried out comes back with everything that was typed: 422 for an input, 409 after
    somebody else acted (with what happened meanwhile), the status of the refusal otherwise. The same form sent
    twice is done once. Raises Http404 for an act that has no form here.
    """
    row = transitions_of(subject.KIND).get(act)
    if row is None or not row.offered or not row.who:
        raise Http404
    door = _Door(request, subject, act, page, about, context or {}, now())
    if request.method == "POST":
        return door.post(before)
    decision = door.decide()
    if not decision.allowed:
        raise _refusal(decision)
    return door.show(act_form(subject, act, actor=door.actor, at=door.at))


@dataclass
class _Door:
    request: HttpRequest
    subject: Any
    act: str
    page: str
    about: str
    context: dict[str, Any]
    at: datetime

    @property
    def actor(self) -> Actor:
        return actor_of(self.request)

    def decide(self) -> Decision:
        return decide(self.subject, self.act, actor=self.actor, at=self.at)

    def post(self, before: Before | None) -> HttpResponse:
        version = self._version()
        form = act_form(self.subject, self.act, actor=self.actor, at=self.at, data=self.request.POST)
        if version != self.subject.version:
            return self._overtaken(form, version)
        if not (decision := self.decide()).allowed:
            return self.show(form, status=_refusal(decision).status)
        if not form.is_valid():
            return self.show(form, status=422)
        subject = self.subject
        try:
            if before:
                subject = before(subject)
            done = perform(
                subject,
                self.act,
                actor=self.actor,
                at=self.at,
                given=self.request.POST,
                version=subject.version,
            )
        except Stale:
            self._reload()
            return self._overtaken(form, version)
        except Refused as refusal:
            self._reload()
            form.add_error(None, str(refusal))
            return self.show(form, status=refusal.status)
        return self._onwards(done)

    def show(self, form: ActForm, *, status: int = 200, meanwhile: list[Event] | None = None) -> HttpResponse:
        decision = self.decide()
        row = transitions_of(self.subject.KIND)[self.act]
        return render(
            self.request,
            "tracker/act.html",
            {
                **self.context,
                "subject": self.subject,
                "act": self.act,
                "label": row.label,
                "dangerous": row.dangerous,
                "form": form,
                "page": self.page,
                "next": self._next,
                "about": self.about,
                "decision": decision,
                "meanwhile": lines_of(meanwhile) if meanwhile else [],
                "typed": _typed(form) if not decision.allowed else [],
                "draft": self._draft,
            },
            status=status,
        )

    def _overtaken(self, form: ActForm, version: int) -> HttpResponse:
        """Somebody acted since the form was drawn: what they did, and the form with what was typed."""
        since = max(0, self.subject.version - version)
        events = list(reversed(history(self.subject).order_by("-sequence")[:since]))
        if events and form.is_valid() and self._is_repeat(events[-1], form):
            messages.info(self.request, _("This had already been done."))
            return self._away()
        return self.show(form, status=409, meanwhile=events)

    def _is_repeat(self, event: Event, form: ActForm) -> bool:
        entered = {name: value for name, value in form.cleaned_data.items() if value not in (None, "")}
        plain = json.loads(canonical({name: _as_kept(value) for name, value in entered.items()}))
        said = {name: _without_names(value) for name, value in event.said.items()}
        mine = event.act == self.act and event.actor_id == self.actor.user.pk
        return mine and all(said.get(name) == value for name, value in plain.items())

    def _onwards(self, done: Subject) -> HttpResponse:
        label = transitions_of(done.KIND)[self.act].label
        messages.success(self.request, _("Done: %(act)s") % {"act": label})
        return self._away()

    def _away(self) -> HttpResponse:
        response = HttpResponseRedirect(self._next or self.page)
        response.status_code = 303
        # tells tasks.js which draft has arrived; readable by script on purpose, and gone when it was read
        secure = self.request.is_secure()
        response.set_cookie("draft_sent", self._draft, max_age=600, samesite="Lax", secure=secure)
        return response

    @property
    def _next(self) -> str:
        """Where the form or the address wants to go afterwards, if that is on this site."""
        wanted = self.request.POST.get("next") or self.request.GET.get("next", "")
        here = {self.request.get_host()}
        return wanted if url_has_allowed_host_and_scheme(wanted, here, self.request.is_secure()) else ""

    @property
    def _draft(self) -> str:
        return f"u{self.actor.user.pk}.{self.subject.KIND}.{self.subject.pk}.{self.act}"

    def _version(self) -> int:
        try:
            return int(self.request.POST["version"])
        except (KeyError, ValueError):
            raise Refused(_("This form is incomplete. Open the page again and send it once more.")) from None

    def _reload(self) -> None:
        self.subject.refresh_from_db()


def _as_kept(value: Any) -> Any:
    """An input as the history keeps it, people and organisations by their ids alone."""
    if isinstance(value, dict):
        return said_of(value)
    if hasattr(value, "iterator"):
        return [{"id": one.pk} for one in value]
    return {"id": value.pk} if hasattr(value, "pk") else value


def _without_names(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_names(one) for one in value]
    return {"id": value["id"]} if isinstance(value, dict) and "id" in value else value


def _refusal(decision: Decision) -> Refused:
    kind = NotAllowed if decision.code == "not_allowed" else Refused
    return kind(decision.reason, code=decision.code)


def _typed(form: ActForm) -> list[tuple[str, str]]:
    """What somebody wrote into a form that can no longer be sent, to be copied elsewhere."""
    if not form.is_bound:
        return []
    texts = ((form[name].label, form[name].value()) for name in form.fields)
    return [(str(label), str(value)) for label, value in texts if value not in (None, "")]
