"""Pages on which organisations are added, changed, moved, merged and ended. What cannot be undone is shown first."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.cache import never_cache

from branches import keeping
from branches.access import Actor
from branches.keeping import Consequences, Hand
from branches.models import Organization
from branches.tree import CHANGEABLE
from branches.views.keeping_forms import DetailsForm, EndForm, MergeForm, MoveForm, NewOrganizationForm
from branches.views.organizations import in_sight
from branches.views.people import OrganizationField, PersonField, refuse_into, tried
from common.addresses import client_address
from common.clock import now
from common.errors import NotAllowed, Refused, Stale


def hand_of(request: HttpRequest) -> Hand:
    """Who acts now, and from where."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return Hand(actor, now(), client_address(request))


def place_of(request: HttpRequest, code: str) -> Organization:
    """The organisation of an address, in sight; any other does not exist."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return get_object_or_404(in_sight(actor).select_related("parent", "area"), code=code)


def _kept(request: HttpRequest, code: str) -> tuple[Organization, Hand]:
    """The organisation and the hand of an administrator who keeps it; raises NotAllowed for anybody else."""
    organization, hand = place_of(request, code), hand_of(request)
    hand.keep(organization)
    return organization, hand


def page(request: HttpRequest, form: forms.Form, organization: Organization, **more: Any) -> HttpResponse:
    """The one page of these acts: a form, and where it has been filled in and is grave, what it will do.

    With ``confirm`` the act is one of two steps: the first looks at its effects.
    """
    if "confirm" in more:
        more["submit"] = _("Look at what it does")
    lists = {}
    for field in form.fields.values():
        if isinstance(field, OrganizationField | PersonField):
            name = "organizations" if isinstance(field, OrganizationField) else "people"
            lists[name] = field.suggestions()
    context = {"form": form, "organization": organization, "lists": lists} | more
    status = 422 if form.is_bound and not more.get("effects") else 200
    return render(request, "branches/organizations/act.html", context, status=status)


@never_cache
def add(request: HttpRequest, code: str) -> HttpResponse:
    """A new organisation directly below this one."""
    parent, hand = _kept(request, code)
    if parent.kind == Organization.Kind.BRANCH:
        raise Refused(_("A branch has no organizations below it. Choose a committee as the superior."))
    form = NewOrganizationForm(request.POST or None, actor=hand.actor, place=parent)
    if form.is_valid():
        fields = {k: v for k, v in form.cleaned_data.items() if k != "version"}
        added = tried(form, lambda: keeping.add_below(parent, hand=hand, **fields))
        if added:
            messages.success(request, _("%(name)s is added.") % {"name": added.short_name})
            return redirect("branches:organization", code=added.code)
    title = _("New organization below %(name)s") % {"name": parent.short_name}
    return page(request, form, parent, title=title, submit=_("Add"))


@never_cache
def change(request: HttpRequest, code: str) -> HttpResponse:
    """Names, department, area, tags, members, second superior, linked leader."""
    organization, hand = _kept(request, code)
    tags = list(organization.tags.values_list("name", flat=True))
    known = {name: getattr(organization, name) for name in CHANGEABLE}
    known |= {"tags": tags, "version": organization.version}
    form = DetailsForm(request.POST or None, initial=known, actor=hand.actor, place=organization)
    # A second superior or leader out of reach stays as it is, when it is not touched.
    for name in ("second_superior", "linked_leader"):
        field = form.fields[name]
        assert isinstance(field, OrganizationField | PersonField)
        if known[name]:
            field.found = field.found.model.objects.filter(pk=known[name].pk) | field.found  # type: ignore[operator]
    if form.is_valid():
        fields = {name: form.cleaned_data[name] for name in CHANGEABLE}
        version = form.cleaned_data["version"]
        try:
            keeping.change(
                organization,
                fields=fields,
                tags=form.cleaned_data["tags"],
                version=-1 if version is None else version,
                hand=hand,
            )
        except Stale as stale:
            return _show_both(request, form, organization, stale)
        except NotAllowed:
            raise
        except Refused as refusal:
            refuse_into(form, refusal)
        else:
            messages.success(request, _("The changes are saved."))
            return redirect("branches:organization", code=code)
    title = _("Change %(name)s") % {"name": organization.short_name}
    return page(request, form, organization, title=title, submit=_("Save"))


def _show_both(
    request: HttpRequest, form: DetailsForm, organization: Organization, stale: Stale
) -> HttpResponse:
    """What was typed stays in the fields; beside each that differs stands what somebody else has saved."""
    form.add_error(None, str(stale))
    for name in CHANGEABLE:
        present = getattr(organization, name)
        if present != form.cleaned_data.get(name):
            form.add_error(
                name, _("Now saved: %(value)s") % {"value": "—" if present in (None, "") else present}
            )
    form.data = {**request.POST.dict(), "version": str(organization.version)}
    title = _("Change %(name)s") % {"name": organization.short_name}
    return page(request, form, organization, title=title, submit=_("Save mine all the same"))


@never_cache
def move(request: HttpRequest, code: str) -> HttpResponse:
    """Under another superior: first what goes along and who sees it then, afterwards the act."""
    organization, hand = _kept(request, code)
    form = MoveForm(request.POST or None, actor=hand.actor)
    effects: list[str] = []
    if form.is_valid():
        to, since = form.cleaned_data["to"], form.cleaned_data["since"]
        if "confirm" in request.POST:
            if tried(form, lambda: keeping.move(organization, to=to, since=since, hand=hand)):
                messages.success(
                    request,
                    _("%(name)s now stands below %(to)s.") % {"name": organization.short_name, "to": to},
                )
                return redirect("branches:organization", code=code)
        else:
            found = keeping.consequences(organization, day=hand.actor.day)
            effects = [*_going_along(found), *_seen_otherwise(organization, to)]
    title = _("Move %(name)s") % {"name": organization.short_name}
    return page(request, form, organization, title=title, effects=effects, confirm=_("Move it"))


def _going_along(found: Consequences) -> list[str]:
    lines = [
        ngettext(
            "%(count)s organization below it goes along, %(branches)s of them branches.",
            "%(count)s organizations below it go along, %(branches)s of them branches.",
            found.below,
        )
        % {"count": found.below, "branches": found.branches}
        if found.below
        else _("Nothing stands below it.")
    ]
    lines.append(
        ngettext(
            "%(count)s person with a post in them keeps it.",
            "%(count)s people with posts in them keep them.",
            found.people,
        )
        % {"count": found.people}
    )
    return lines


def _seen_otherwise(organization: Organization, to: Organization) -> list[str]:
    above = Organization.objects.above(organization)
    then = list(Organization.objects.above(to, itself=True))
    before = [one for one in above if one not in then]
    lines = []
    if before:
        names = "、".join(one.short_name for one in before)
        lines.append(_("No longer in the sight of: %(names)s.") % {"names": names})
    new = [one.short_name for one in then if not organization.path.startswith(one.path)]
    if new:
        lines.append(_("From now on in the sight of: %(names)s.") % {"names": "、".join(new)})
    lines.append(_("Tasks, findings and their history go along. Reports on earlier days keep the old place."))
    return lines


@never_cache
def retire(request: HttpRequest, code: str) -> HttpResponse:
    """The end of an organisation: first whose posts end with it, afterwards the act."""
    organization, hand = _kept(request, code)
    form = EndForm(request.POST or None, actor=hand.actor)
    effects: list[str] = []
    if form.is_valid():
        if "confirm" in request.POST:
            if tried(
                form, lambda: keeping.retire(organization, last_day=form.cleaned_data["last_day"], hand=hand)
            ):
                messages.success(request, _("%(name)s has ended.") % {"name": organization.short_name})
                return redirect("branches:organization", code=code)
        else:
            found = keeping.consequences(organization, day=hand.actor.day)
            if found.children:
                form.add_error(None, _still_below(found, organization))
            else:
                effects = _ending(found)
    title = _("End %(name)s") % {"name": organization.short_name}
    return page(request, form, organization, title=title, effects=effects, confirm=_("End the organization"))


def _still_below(found: Consequences, organization: Organization) -> str:
    return ngettext(
        "%(count)s organization stands directly below %(name)s. Move, merge or end it first.",
        "%(count)s organizations stand directly below %(name)s. Move, merge or end them first.",
        found.children,
    ) % {"count": found.children, "name": organization.short_name}


def _ending(found: Consequences) -> list[str]:
    posts = "、".join(f"{post.user}（{post.get_role_display()}）" for post in found.own_posts[:20])
    count = len(found.own_posts)
    lines = []
    if count:
        lines.append(
            ngettext(
                "%(count)s post ends with it: %(posts)s.", "%(count)s posts end with it: %(posts)s.", count
            )
            % {"count": count, "posts": posts + ("…" if count > 20 else "")}
        )
    else:
        lines.append(_("Nobody holds a post in it."))
    lines.append(
        _("Its records stay readable. Open tasks stay its own until somebody reassigns or withdraws them.")
    )
    lines.append(_("It cannot be opened again."))
    return lines


@never_cache
def merge(request: HttpRequest, code: str) -> HttpResponse:
    """Into another of its kind: first what moves over and ends, afterwards the act."""
    organization, hand = _kept(request, code)
    form = MergeForm(request.POST or None, actor=hand.actor, organization=organization)
    effects: list[str] = []
    if form.is_valid():
        into, last_day = form.cleaned_data["into"], form.cleaned_data["last_day"]
        if "confirm" in request.POST:
            if tried(form, lambda: keeping.merge(organization, into=into, last_day=last_day, hand=hand)):
                said = {"name": organization.short_name, "into": into.short_name}
                messages.success(request, _("%(name)s is merged into %(into)s.") % said)
                return redirect("branches:organization", code=into.code)
        else:
            found = keeping.consequences(organization, day=hand.actor.day)
            effects = [_moving_over(found, into), *_ending(found)]
    title = _("Merge %(name)s into another") % {"name": organization.short_name}
    return page(
        request, form, organization, title=title, effects=effects, confirm=pgettext("organization", "Merge")
    )


def _moving_over(found: Consequences, into: Organization) -> str:
    if not found.children:
        return _("Nothing stands below it.")
    return ngettext(
        "%(count)s organization directly below it, with %(below)s in all, comes to stand below %(into)s.",
        "%(count)s organizations directly below it, with %(below)s in all, come to stand below %(into)s.",
        found.children,
    ) % {"count": found.children, "below": found.below, "into": into.short_name}
