"""``/users/``: the accounts, for those who look after them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from branches import accounts
from branches.access import Actor
from branches.accounts import DUTY_OF, KEEPERS, accounts_kept_by, unended_posts, why_not
from branches.models import Organization, Post, SecondFactor, User
from branches.views.people import OrganizationField, refuse_into
from common.addresses import client_address
from common.clock import local_date, now, today
from common.errors import NotAllowed, Refused

PAGE = 50

STATES = {
    "active": (gettext_lazy("Active accounts"), Q(is_active=True)),
    "disabled": (gettext_lazy("Disabled accounts"), Q(is_active=False)),
    "unused": (gettext_lazy("Never signed in"), Q(last_login__isnull=True, is_active=True)),
    "idle": (gettext_lazy("Without a post today"), Q()),
}


def keeper(request: HttpRequest) -> Actor:
    """The administrator or security officer who asks; anybody else is refused with the reason."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not actor.roles & KEEPERS:
        raise NotAllowed(_("Only system administrators and security officers look after accounts."))
    return actor


def in_sight(actor: Actor, pk: int) -> User:
    """An account this keeper may see; any other does not exist for them."""
    user = accounts_kept_by(actor).select_related("organization").filter(pk=pk).first()
    if user is None:
        raise Http404
    return user


def narrowed(request: HttpRequest) -> tuple[str, str, QuerySet[User]]:
    """What is searched for, the group that is chosen (or nothing), and the accounts in reach that fit, by account
    name, each with today's posts as ``held``.
    """
    actor = keeper(request)
    q, state = request.GET.get("q", "").replace("\0", "").strip()[:100], request.GET.get("state", "")
    state = state if state in STATES else ""
    found = accounts_kept_by(actor)
    if q:
        found = found.filter(Q(username__icontains=q) | Q(name__icontains=q))
    if state:
        found = found.filter(STATES[state][1])
    if state == "idle":
        found = found.exclude(pk__in=Post.objects.held_on(actor.day).values("user"))
    held = Post.objects.held_on(actor.day).select_related("organization")
    return q, state, found.order_by("username").prefetch_related(Prefetch("posts", held, to_attr="held"))


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The accounts in reach, by account name; the filter stays in the address."""
    actor = keeper(request)
    q, state, found = narrowed(request)
    if after := request.GET.get("after", "").replace("\0", ""):
        found = found.filter(username__gt=after)
    rows = list(found[: PAGE + 1])
    more = len(rows) > PAGE
    return render(
        request,
        "branches/users.html",
        {
            "rows": rows[:PAGE],
            "next": rows[PAGE - 1].username if more else "",
            "q": q,
            "state": state,
            "states": [(name, label) for name, (label, _q) in STATES.items()],
            "narrowed": bool(q or state or after),
            "may_create": bool(actor.roles & DUTY_OF["create"]),
        },
    )


class AccountForm(forms.Form):
    """A new account: who, under which name, and whose."""

    username = forms.CharField(
        label=gettext_lazy("Account"),
        max_length=150,
        help_text=gettext_lazy(
            "What the person types to sign in, for example the staff number. It cannot be changed."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True, "spellcheck": "false"}),
    )
    name = forms.CharField(
        label=pgettext_lazy("person", "Name"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)
    phone = forms.RegexField(
        r"\s*\+?[\d -]{5,20}\s*",
        label=gettext_lazy("Phone number"),
        required=False,
        error_messages={"invalid": gettext_lazy("This is no phone number.")},
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"] = OrganizationField(
            reach_of(actor, "create"),
            label=gettext_lazy("Kept by"),
            help_text=gettext_lazy("The organization the person belongs to. It gives no rights; posts do."),
        )


class PersonForm(AccountForm):
    """What may change of an account: everything but its name and whose it is."""

    field_order = ("name", "email", "phone")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, actor=actor, **kwargs)
        for name in ("username", "organization"):
            del self.fields[name]


class PostForm(forms.Form):
    """A role in an organization from a day on."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Post.Role)
    since = forms.DateField(
        label=pgettext_lazy("day", "From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=pgettext_lazy("day", "Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    field_order = ("organization", "role", "since", "until")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["since"] = actor.day
        self.fields["organization"] = OrganizationField(
            reach_of(actor, "posts"),
            label=gettext_lazy("Party organization"),
            help_text=gettext_lazy("Code or name."),
        )
        self.order_fields(self.field_order)


def suggestions(form: forms.Form) -> list[Organization]:
    """What the browser offers while an organization is typed."""
    field = form.fields["organization"]
    assert isinstance(field, OrganizationField)
    return field.suggestions()


def reach_of(actor: Actor, act: str) -> Any:
    """The organizations in which this keeper may do an act on accounts."""
    return Organization.objects.filter(actor.duty_scope(DUTY_OF[act], "path")).active_on(actor.day)


@never_cache
def create(request: HttpRequest) -> HttpResponse:
    """A new account; its initial password is shown once, in this answer."""
    actor = keeper(request)
    if not actor.roles & DUTY_OF["create"]:
        raise NotAllowed(accounts.NEEDS[DUTY_OF["create"]])
    form = AccountForm(request.POST or None, actor=actor)
    if form.is_valid():
        try:
            user, password = accounts.create_account(
                **form.cleaned_data, actor=actor, at=now(), address=client_address(request)
            )
        except Refused as refusal:
            refuse_into(form, refusal)
        else:
            return _hand_out(request, user, password)
    return render(request, "branches/user_new.html", {"form": form, "suggestions": suggestions(form)})


def _hand_out(request: HttpRequest, user: User, password: str) -> HttpResponse:
    context = {"user_shown": user, "password": password, "address": request.build_absolute_uri("/")}
    return render(request, "branches/initial_password.html", context)


ACTS = ("reset_password", "disable", "enable", "reset_second_factor")


@require_GET
@never_cache
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One account: its posts, then and now, and what may be done with it."""
    return _detail(request, in_sight(keeper(request), pk))


def _detail(request: HttpRequest, user: User, form: PostForm | None = None) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    open_posts = unended_posts(user, day=actor.day)
    why = {act: why_not(actor, act, user, day_posts=open_posts) for act in (*ACTS, "posts", "change")}
    if form is None and not why["posts"]:
        form = PostForm(actor=actor)
    past = (
        Post.objects.filter(user=user, until__lt=actor.day).select_related("organization").order_by("-until")
    )
    reach = DUTY_OF["posts"]
    return render(
        request,
        "branches/user.html",
        {
            "user_shown": user,
            "posts": [(post, actor.has_duty(reach, post.organization)) for post in open_posts],
            "past": list(past[:50]),
            "why": why,
            "password_since": local_date(user.password_since),
            "has_factor": SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).exists(),
            "form": form,
            "suggestions": suggestions(form) if form else [],
            "day": actor.day,
        },
        status=422 if form is not None and form.is_bound else 200,
    )


@never_cache
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Another name, e-mail address or phone number."""
    actor = keeper(request)
    user = in_sight(actor, pk)
    if reason := why_not(actor, "change", user, day_posts=unended_posts(user, day=actor.day)):
        raise NotAllowed(reason)
    known = {"name": user.name, "email": user.email, "phone": user.phone}
    form = PersonForm(request.POST or None, initial=known, actor=actor)
    if form.is_valid():
        given: dict[str, Any] = {"actor": actor, "at": now(), "address": client_address(request)}
        try:
            accounts.change_account(user, **form.cleaned_data, **given)
        except Refused as refusal:
            refuse_into(form, refusal)
        else:
            messages.success(request, _("The account is changed."))
            return redirect("branches:user", pk=pk)
    context = {"form": form, "user_shown": user}
    return render(request, "branches/user_change.html", context, status=422 if form.is_bound else 200)


@require_POST
@never_cache
def act(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One of the acts on an account."""
    actor = keeper(request)
    user = in_sight(actor, pk)
    if name not in ACTS:
        raise Http404
    given: dict[str, Any] = {"actor": actor, "at": now(), "address": client_address(request)}
    if name == "reset_password":
        return _hand_out(request, user, accounts.reset_password(user, **given))
    if name == "disable":
        accounts.disable(user, **given)
        messages.success(request, _("%(name)s is disabled; all sessions have ended.") % {"name": user.name})
    elif name == "enable":
        accounts.enable(user, **given)
        messages.success(request, _("%(name)s may sign in again.") % {"name": user.name})
    else:
        accounts.reset_second_factor(user, **given)
        messages.success(request, _("%(name)s now signs in with the password alone.") % {"name": user.name})
    return redirect("branches:user", pk=user.pk)


@require_POST
def grant(request: HttpRequest, pk: int) -> HttpResponse:
    """A post for this person."""
    actor = keeper(request)
    user = in_sight(actor, pk)
    if not actor.roles & DUTY_OF["posts"]:
        raise NotAllowed(accounts.NEEDS[DUTY_OF["posts"]])
    form = PostForm(request.POST, actor=actor)
    if form.is_valid():
        try:
            accounts.grant_post(
                user, **form.cleaned_data, actor=actor, at=now(), address=client_address(request)
            )
        except NotAllowed:
            raise
        except Refused as refusal:
            refuse_into(form, refusal)
        else:
            messages.success(request, _("The post is granted."))
            return redirect("branches:user", pk=user.pk)
    return _detail(request, user, form)


@require_POST
def withdraw(request: HttpRequest, pk: int, post: int) -> HttpResponse:
    """End a post; without a day, today is its last one."""
    actor = keeper(request)
    user = in_sight(actor, pk)
    found = Post.objects.select_related("organization", "user").filter(pk=post, user=user).first()
    if found is None:
        raise Http404
    given = request.POST.get("last_day", "")
    try:
        last_day = forms.DateField().clean(given) if given else today()
    except forms.ValidationError as error:
        raise Refused(_("Enter the last day as a date.")) from error
    accounts.withdraw_post(found, last_day=last_day, actor=actor, at=now(), address=client_address(request))
    messages.success(request, _("The post ends with this day."))
    return redirect("branches:user", pk=user.pk)
