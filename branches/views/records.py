"""Pages of what hangs on an organisation: its posts, terms of office and ratings, and the areas of a work committee."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from branches import accounts, keeping
from branches.access import Actor
from branches.keeping import ORGANIZERS, Hand
from branches.models import Area, Organization, Post, Term
from branches.views.keeping import hand_of, page, place_of
from branches.views.keeping_forms import (
    AppointForm,
    AreaForm,
    HandOverForm,
    RatingForm,
    ShiftForm,
    TermForm,
    reach_of,
)
from branches.views.people import tried
from common.errors import NotAllowed


def _granting(request: HttpRequest, code: str) -> tuple[Organization, Hand]:
    organization, hand = place_of(request, code), hand_of(request)
    if reason := keeping.why_not_appoint(hand.actor, organization):
        raise NotAllowed(reason)
    return organization, hand


def _given(hand: Hand) -> dict[str, Any]:
    return {"actor": hand.actor, "at": hand.at, "address": hand.address}


@never_cache
def appoint(request: HttpRequest, code: str) -> HttpResponse:
    """A post in this organisation for a person."""
    organization, hand = _granting(request, code)
    form = AppointForm(request.POST or None, actor=hand.actor)
    if form.is_valid():
        fields = dict(form.cleaned_data)
        person = fields.pop("person")
        if tried(
            form, lambda: accounts.grant_post(person, organization=organization, **fields, **_given(hand))
        ):
            messages.success(request, _("The post is granted."))
            return redirect("branches:organization", code=code)
    title = _("Appoint somebody in %(name)s") % {"name": organization.short_name}
    return page(request, form, organization, title=title, submit=_("Appoint"))


def _post_in(organization: Organization, pk: int) -> Post:
    found = (
        Post.objects.select_related("organization", "user").filter(pk=pk, organization=organization).first()
    )
    if found is None:
        raise Http404
    return found


@never_cache
def hand_over(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """The holder's post ends the day before the successor's begins: first both, afterwards the act."""
    organization, hand = _granting(request, code)
    post = _post_in(organization, pk)
    form = HandOverForm(request.POST or None, actor=hand.actor, post=post)
    effects: list[str] = []
    if form.is_valid():
        person, since = form.cleaned_data["person"], form.cleaned_data["since"]
        if "confirm" in request.POST:
            if tried(form, lambda: accounts.hand_over_post(post, to=person, since=since, **_given(hand))):
                messages.success(request, _("%(name)s takes the post over.") % {"name": person})
                return redirect("branches:organization", code=code)
        else:
            said = {
                "old": post.user,
                "new": person,
                "role": post.get_role_display(),
                "day": f"{since:%Y-%m-%d}",
            }
            effects = [
                _("%(new)s is %(role)s from %(day)s on; the post of %(old)s ends the day before.") % said,
                _(
                    "Tasks stay with the organization; nothing is lost. The former holder no longer sees them."
                ),
            ]
    title = _("Hand over: %(post)s") % {"post": post.title}
    return page(request, form, organization, title=title, effects=effects, confirm=_("Hand over"))


def _recording(request: HttpRequest, code: str) -> tuple[Organization, Hand]:
    organization, hand = place_of(request, code), hand_of(request)
    if reason := keeping.why_not_record(hand.actor, organization):
        raise NotAllowed(reason)
    return organization, hand


@never_cache
def term(request: HttpRequest, code: str) -> HttpResponse:
    """A term of office that begins; the one before ends."""
    organization, hand = _recording(request, code)
    form = TermForm(request.POST or None)
    if form.is_valid():
        begun = tried(form, lambda: keeping.begin_term(organization, hand=hand, **form.cleaned_data))
        if begun:
            said = {"day": f"{begun.due_on:%Y-%m-%d}"}
            messages.success(request, _("The term is entered; its re-election is due on %(day)s.") % said)
            return redirect("branches:organization", code=code)
    title = _("New term of office of %(name)s") % {"name": organization.short_name}
    return page(request, form, organization, title=title, submit=_("Enter the term"))


@never_cache
def shift(request: HttpRequest, code: str) -> HttpResponse:
    """The re-election earlier or later than due, with the superior's approval."""
    organization, hand = _recording(request, code)
    running = get_object_or_404(
        Term.objects.running().select_related("organization"), organization=organization
    )
    form = ShiftForm(request.POST or None, initial={"due_on": running.due_on})
    if (
        form.is_valid()
        and tried(form, lambda: keeping.shift_term(running, hand=hand, **form.cleaned_data)) is not None
    ):
        messages.success(request, _("The new day of the re-election is saved."))
        return redirect("branches:organization", code=code)
    title = _("Shift the re-election of %(name)s") % {"name": organization.short_name}
    return page(request, form, organization, title=title, submit=_("Save"))


@never_cache
def rating(request: HttpRequest, code: str) -> HttpResponse:
    """What the organisation was rated for a year."""
    organization, hand = _recording(request, code)
    known = {"year": hand.actor.day.year, "decided_on": hand.actor.day}
    if organization.parent:
        known["decided_by"] = organization.parent.name
    form = RatingForm(request.POST or None, initial=known)
    if (
        form.is_valid()
        and tried(form, lambda: keeping.rate(organization, hand=hand, **form.cleaned_data)) is not None
    ):
        messages.success(request, _("The rating is recorded."))
        return redirect("branches:organization", code=code)
    title = _("Rating of %(name)s") % {"name": organization.short_name}
    return page(request, form, organization, title=title, submit=_("Record the rating"))


def _organizer(request: HttpRequest) -> Hand:
    hand = hand_of(request)
    if not hand.actor.roles & ORGANIZERS:
        raise NotAllowed(_("Only a system administrator looks after areas."))
    return hand


def _area(hand: Hand, pk: int) -> Area:
    within = hand.actor.duty_scope(ORGANIZERS, "organization__path")
    return get_object_or_404(Area.objects.filter(within).select_related("organization", "liaison"), pk=pk)


@never_cache
def areas(request: HttpRequest) -> HttpResponse:
    """The areas in reach with their liaisons and sizes, and a new one."""
    hand = _organizer(request)
    actor: Actor = hand.actor
    committees = reach_of(actor).filter(kind=Organization.Kind.WORK_COMMITTEE)
    form = AreaForm(request.POST or None, actor=actor, committees=committees)
    if (
        form.is_valid()
        and tried(form, lambda: keeping.save_area(None, hand=hand, **form.cleaned_data)) is not None
    ):
        messages.success(request, _("The area is saved."))
        return redirect("branches:areas")
    found = keeping.areas_of(actor)
    lists = {
        "organizations": list(committees.order_by("path")[:50]),
        "people": form.fields["liaison"].suggestions(),  # type: ignore[attr-defined]
    }
    context = {"areas": found, "form": form, "lists": lists}
    return render(request, "branches/areas.html", context, status=422 if form.is_bound else 200)


@never_cache
def area(request: HttpRequest, pk: int) -> HttpResponse:
    """Another name or liaison of an area."""
    hand = _organizer(request)
    found = _area(hand, pk)
    known = {"name": found.name, "liaison": found.liaison}
    form = AreaForm(request.POST or None, initial=known, actor=hand.actor)
    if (
        form.is_valid()
        and tried(
            form,
            lambda: keeping.save_area(found, organization=found.organization, hand=hand, **form.cleaned_data),
        )
        is not None
    ):
        messages.success(request, _("The area is saved."))
        return redirect("branches:areas")
    title = _("Area %(name)s") % {"name": found.name}
    return page(request, form, found.organization, title=title, submit=_("Save"), area=found)


@require_POST
def remove_area(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an area away."""
    hand = _organizer(request)
    keeping.remove_area(_area(hand, pk), hand=hand)
    messages.success(request, _("The area is removed; its organizations now stand in none."))
    return redirect("branches:areas")
